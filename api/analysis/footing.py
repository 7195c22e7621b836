"""What an answer rests on: how many records, how many documents their evidence is in, and how many origins it goes back to.

Origins are counted as for the claim status: the outlets behind the evidence that asserts or confirms, writers' and analysts'
own judgements left out. Three papers that copy one agency are three documents and one origin.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select

from api.analysis.question import Question
from api.models import Evidence

#: How many records a statement may name: databases take only so many values in one.
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

    def support(self, answers: Sequence[Mapping[str, Any]], subjects: Iterable[str]) -> dict[str, Any]:
        """How well some records, given as their answers, are supported: a single one by its own counts; if several conflict, there is no
        common claim status, and what they rest on is counted together.
        """
        if len(answers) == 1:
            return support(answers[0])
        documents, origins = self.counts(subjects)
        return {"claim_status": None, "document_count": documents, "origin_count": origins}

    def rests_on(self, records: Iterable[str], subjects: Iterable[str]) -> dict[str, int]:
        """The counts as an answer states them. Different records may share evidence, as offers share their term's."""
        documents, origins = self.counts(set(subjects))
        return {"records": len(set(records)), "documents": documents, "origins": origins}


def support(answer: Mapping[str, Any]) -> dict[str, Any]:
    """How well a record is supported, according to its answer at the clocks."""
    return {name: answer[name] for name in ("claim_status", "document_count", "origin_count")}


def footing(question: Question, subjects: Iterable[str]) -> Footing:
    """The documents and origins behind some records."""
    found = Footing()
    for subject, source, origin in evidence_of(question, subjects, Evidence.source_id, Evidence.counted_origin()):
        found.documents.setdefault(subject, set()).add(source)
        if origin:
            found.origins.setdefault(subject, set()).add(origin)
    return found


def evidence_of(question: Question, subjects: Iterable[str], *columns: Any) -> Iterator[Any]:
    """The evidence of some records as the clocks show it: of each piece the subject and some columns."""
    statement = select(Evidence.subject, *columns).where(Evidence.at(question.clocks))
    remaining = iter(sorted(set(subjects)))
    while listed := list(islice(remaining, LISTED)):
        yield from question.connection.execute(statement.where(Evidence.subject.in_(listed))).all()


def rests_on(question: Question, records: Iterable[str], subjects: Iterable[str]) -> dict[str, int]:
    """The counts of an answer that needs none for each of its records; see `Footing.rests_on`."""
    documents: set[str] = set()
    origins: set[str] = set()
    for _, source, origin in evidence_of(question, subjects, Evidence.source_id, Evidence.counted_origin()):
        documents.add(source)
        if origin:
            origins.add(origin)
    return {"records": len(set(records)), "documents": len(documents), "origins": len(origins)}
