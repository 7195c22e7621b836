"""What an answer rests on: how many records, how many documents their evidence is in, and how many origins it goes back to.

Origins are counted as for the claim status: the outlets behind the evidence that asserts or confirms, writers' and analysts'
own judgements left out. Three papers that copy one agency are three documents and one origin.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from api.analysis.question import Question
from api.claims import ASSERTING, JUDGING
from api.models import Evidence
from schemas.vocabulary import Mode, Relation

#: With more records than this, all evidence is read and picked from here: databases take only so many values in a statement.
LISTED = 20_000


@dataclass
class Footing:
    """The documents and the origins behind each of some records, as the clocks show them."""

    documents: dict[str, set[str]] = field(default_factory=dict)
    origins: dict[str, set[str]] = field(default_factory=dict)

    def counts(self, subjects: Iterable[str]) -> tuple[int, int]:
        """How many different documents and origins some of the records have together."""
        named = list(subjects)
        return (
            len(set().union(*(self.documents.get(one, ()) for one in named))),
            len(set().union(*(self.origins.get(one, ()) for one in named))),
        )

    def rests_on(self, records: Iterable[str], subjects: Iterable[str]) -> dict[str, int]:
        """The counts as an answer states them. Different records may share evidence, as offers share their term's."""
        documents, origins = self.counts(set(subjects))
        return {"records": len(set(records)), "documents": documents, "origins": origins}


def footing(question: Question, subjects: Iterable[str]) -> Footing:
    """The documents and origins behind some records, in one statement."""
    wanted = set(subjects)
    statement = select(Evidence.subject, Evidence.source_id, Evidence.origin, Evidence.relation, Evidence.mode).where(
        Evidence.at(question.clocks)
    )
    if len(wanted) <= LISTED:
        statement = statement.where(Evidence.subject.in_(sorted(wanted)))
    found = Footing()
    for subject, source, origin, relation, mode in question.connection.execute(statement):
        if subject in wanted:
            found.documents.setdefault(subject, set()).add(source)
            if Relation.of(relation) in ASSERTING and Mode.of(mode) not in JUDGING:
                found.origins.setdefault(subject, set()).add(origin)
    return found
