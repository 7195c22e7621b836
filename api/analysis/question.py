"""What a reader asks of an analysis, what it finds, and the names and references that its answer needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import compress
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from api.analysis.folding import Folding
from api.filters import issues_of
from api.models import LAST_DAY, Affiliation, Clocks, Issue, Party, in_any
from schemas.fields import Ref

Reference = dict[str, str]
#: The fields that name records; any other collection's records are named by their ``summary``.
_NAMED_BY = {"events": "title", "proposals": "title"}


def reference(collection: str, record: Mapping[str, Any]) -> Reference:
    """The reference to a record, given as its answer.

    Args:
        collection: where the reference leads, such as `positions` for a position of any kind.
    """
    return Ref(collection, record["id"], record[_NAMED_BY.get(collection, "summary")]).as_answer()


def subject(collection: str, record: Mapping[str, Any]) -> Reference:
    """The reference to a record of any collection: as `reference`, with the name of the collection."""
    return {"collection": collection, **reference(collection, record)}


@dataclass(frozen=True, eq=False)
class Question:
    """The clocks, the filters, and the day that counts as today: ``as_of``, else the release's date.

    ``parties`` name the columns of an analysis, ``issues`` may name topics, ``fold`` tells whether what persons and bodies
    hold counts for those whom they represent. An empty filter is none.
    """

    connection: Connection
    clocks: Clocks
    today: date
    processes: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    fold: bool = True
    #: The release's date; nothing is known of what came after it.
    released_on: date = LAST_DAY
    #: The days between which what is found may lie; None is open.
    begin: date | None = None
    end: date | None = None
    #: Intermediate results for this question that several analyses use.
    known: dict[str, Any] = field(init=False, default_factory=dict)
    #: Foldings by which of the affiliations they are made of.
    _foldings: dict[tuple[bool, ...], Folding] = field(init=False, default_factory=dict)

    @property
    def knowing(self) -> Clocks:
        """The clocks without the day of valid time: all that was known, whenever it held."""
        return Clocks(None, self.clocks.known_at, self.clocks.modes)

    @property
    def of_all_modes(self) -> Clocks:
        """The clocks without the modes: for the subject of a question, whose modes filter only what is said of the subject."""
        return Clocks(self.clocks.as_of, self.clocks.known_at)

    def asks_for(self, first: date, last: date) -> bool:
        """Whether what may lie between two days may lie between those asked for."""
        return (self.begin is None or last >= self.begin) and (self.end is None or first <= self.end)

    def of_any_issue(self) -> "Question":
        """The same question without its filter by issue, for records that have none."""
        return replace(self, issues=())

    def of_all_processes(self) -> "Question":
        """The same question without its filter by process."""
        return replace(self, processes=())

    def of_all_parties(self) -> "Question":
        """The same question without its filter by party."""
        return replace(self, parties=())

    def within(self, model: Any, issue: Any = None) -> list[ColumnElement[bool]]:
        """The conditions that the filters by process and by issue put on the rows of a model."""
        found: list[ColumnElement[bool]] = []
        if self.processes:
            found.append(in_any(model.process_id, self.processes))
        if self.issues and issue is not None:
            found.append(issue.in_(issues_of(self.issues)))
        return found

    @cached_property
    def folding(self) -> Folding:
        """Whom something counts for that was done by the day."""
        return self._folding(self.clocks.as_of, past=True)

    @cached_property
    def standing(self) -> Folding:
        """Whom something counts for that was held on the day."""
        return self.standing_at(self.clocks)

    def standing_at(self, clocks: Clocks) -> Folding:
        """As `standing`, on the day of other clocks."""
        return self._folding(clocks.as_of, past=False)

    @cached_property
    def affiliations(self) -> Sequence[Any]:
        """Every affiliation that represents: the party, the represented party, the earliest and the latest day."""
        statement = select(Affiliation.party_id, Affiliation.other_id, Affiliation.earliest, Affiliation.latest)
        return self.connection.execute(statement).all()

    def _folding(self, day: date | None, *, past: bool) -> Folding:
        """Who may have represented whom on the day, or with ``past`` by then; ever, where there is no day."""
        valid = tuple(day is None or (one.earliest <= day and (past or one.latest >= day)) for one in self.affiliations)
        if valid not in self._foldings:
            self._foldings[valid] = Folding(compress(self.affiliations, valid), self.parties, fold=self.fold)
        return self._foldings[valid]

    @cached_property
    def names(self) -> "Names":
        """What parties and issues are called."""
        return Names(self.connection)


class Names:
    """What parties and issues are called, and which topic an issue belongs to."""

    def __init__(self, connection: Connection) -> None:
        self._parties: dict[str, str] = dict(connection.execute(select(Party.id, Party.name)).all())
        rows: Iterable[Row[Any]] = connection.execute(select(Issue.id, Issue.label, Issue.parent_id))
        self._issues = {row.id: row for row in rows}
        self._references: dict[str, Reference] = {}

    def party(self, id: str) -> Reference:
        if id not in self._references:
            self._references[id] = Ref("parties", id, self._parties[id]).as_answer()
        return self._references[id]

    def parties(self, ids: Iterable[str]) -> list[Reference]:
        """The parties in the order of their ids."""
        return [self.party(id) for id in sorted(set(ids))]

    def issue(self, id: str) -> Reference:
        return Ref("issues", id, self._issues[id].label).as_answer()

    def topic(self, id: str) -> Reference | None:
        """The topic of an issue."""
        parent = self._issues[id].parent_id
        return self.issue(parent) if parent else None

    def place(self, id: str) -> tuple[str, str]:
        """The sort key of issues: the topic, then the issue."""
        return self._issues[id].parent_id or id, id


@dataclass(frozen=True)
class Findings:
    """What an analysis found: the data, and what they rest on."""

    data: Any
    rests_on: dict[str, int]
