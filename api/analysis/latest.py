"""The latest position: which of a party's positions on an issue gives its stance.

**The latest position** is chosen among the positions that had not ended by the day (``as_of``, or without it the release's date).
It is the position that began last; of several, the one first reported last; of several, the one with the last id. If all positions had
ended by the day, it is chosen among all of them. So a later position that has ended does not hide an earlier one that continues.

A position **began** on the earliest day that ``valid_from`` can mean. If its beginning is open or unknown, it began no later
than its first report, because it was held then, and it counts as begun on that day. If ``as_of`` is earlier than that day, the position
may have been held and is not known to have been; it then ranks before all others. `api.holdings` says which positions are
only assumed to have been held on a day.

Two positions are **simultaneous** if neither is known to have begun after the other, that is, if the spans of days on which they can have
begun overlap. A span ends with the earliest of: the last day that ``valid_from`` can mean, the first report, the end of the
position, and ``as_of``. If the latest position and a simultaneous one have different stances, the party's stance is
**conflicting**: both positions are shown, and there is no score.

A position whose claim is ``retracted``, or ``denied`` while nothing asserts it, gives no stance. A ``disputed`` position does, with
its claim status beside it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, Row, and_, select

from api.analysis.folding import Folding
from api.analysis.question import Question, Reference, reference
from api.claims import UNHELD
from api.holdings import assumed, recent
from api.models import FIRST_DAY, LAST_DAY, Holding, Position
from api.reading.selection import streamed
from schemas.vocabulary import PositionKind, Stance, Verdict

_COLUMNS = (
    Position.id,
    Position.process_id,
    Position.kind,
    Position.party_id,
    Position.issue_id,
    Position.stance,
    Position.subject,
    Position.earliest,
    Position.latest,
    Position.first_reported_on,
    Position.claim_status,
    Position.proposal_id,
    Position.term_id,
    Position.demand_id,
    Position.verdict,
    Position.lifecycle,
    Position.body,
)
_NARROW: tuple[Any, ...] = (
    Holding.id,
    Holding.process_id,
    Holding.party_id,
    Holding.issue_id,
    Holding.stance,
    Holding.subject,
    Holding.earliest,
    Holding.latest,
    Holding.first_reported_on,
    Holding.began,
    Holding.began_by,
)


@dataclass(eq=False)
class Held:
    """One position as the clocks show it. Its answer is read only when it is needed."""

    row: Row[Any]
    as_of: date | None = None

    @cached_property
    def record(self) -> dict[str, Any]:
        """The position's answer."""
        return _answer(self.row)

    @cached_property
    def stance(self) -> Stance:
        return Stance.of(self.row.stance)

    @property
    def assumed(self) -> bool:
        """Whether it is only assumed to have been held on the day of ``as_of``; see `api.holdings`."""
        return self.as_of is not None and assumed(self.record, self.as_of)

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(self.row.verdict)

    @cached_property
    def begins(self) -> bool:
        """Whether the record gives the first day on which it can have begun."""
        given = self.record["valid_from"]
        return bool(given and given["earliest"])

    @cached_property
    def began(self) -> date:
        """The day on which it counts as begun."""
        if self.begins:
            return _day(self.row.earliest)
        return FIRST_DAY if self.as_of and self.held_by > self.as_of else self.held_by

    @cached_property
    def began_by(self) -> date:
        """The last day on which it can have begun."""
        if not self.begins:
            return self.began
        return max(self.began, min(self._given_until or LAST_DAY, self.began_at_most))

    @cached_property
    def began_at_most(self) -> date:
        """An upper bound of `began_by` that needs no reading of the answer."""
        return max(self.began, min(_day(self.row.first_reported_on), _day(self.row.latest), self.as_of or LAST_DAY))

    @property
    def held_by(self) -> date:
        """The first day by which it had certainly begun, according to ``valid_from`` and the first report."""
        return min(self._given_until or LAST_DAY, _day(self.row.first_reported_on))

    @property
    def _given_until(self) -> date | None:
        given = self.record["valid_from"]
        return date.fromisoformat(given["latest"]) if given and given["latest"] else None

    @property
    def order(self) -> tuple[date, date, str]:
        """The sort key that puts the latest of several positions last."""
        return self.began, self.row.first_reported_on, self.row.id

    def ended(self, today: date) -> bool:
        """Whether it had ended before the day."""
        over: bool = self.row.latest < today
        return over

    def simultaneous(self, other: "Held") -> bool:
        """Whether neither position is known to have begun after the other."""
        if self.began > other.began_at_most or other.began > self.began_at_most:
            return False
        return self.began <= other.began_by and other.began <= self.began_by

    def reference(self, collection: str = "positions") -> Reference:
        return reference(collection, self.record)


class Narrow(Held):
    """A position as `Holding` has it. When it began is known without reading its answer."""

    @property
    def record(self) -> dict[str, Any]:
        """The position's answer, not kept as in `Held`: keeping thousands costs more than reading a few of them twice."""
        return _answer(self.row)

    @cached_property
    def begins(self) -> bool:
        # A position without a beginning counts as begun when it was first reported, but may have begun with its process.
        found: bool = self.row.earliest == self.row.began
        return found

    @cached_property
    def began(self) -> date:
        began = _day(self.row.began)
        return FIRST_DAY if self.as_of and not self.begins and began > self.as_of else began

    @cached_property
    def began_by(self) -> date:
        if not self.begins:
            return self.began
        return max(self.began, min(_day(self.row.began_by), self.as_of or LAST_DAY))

    @property
    def began_at_most(self) -> date:
        return self.began_by

    @property
    def held_by(self) -> date:
        return _day(self.row.began)


def _answer(row: Row[Any]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(row.body)
    return found


def _day(value: Any) -> date:
    day: date = value
    return day


@dataclass(frozen=True, eq=False)
class Cell:
    """The stance of one party on one issue: the latest position, and the simultaneous positions with another stance."""

    party: str
    issue: str
    records: tuple[Held, ...]
    today: date

    @property
    def conflicting(self) -> bool:
        return len(self.records) > 1

    @property
    def stance(self) -> Stance | None:
        """The stance; None if it is conflicting."""
        return None if self.conflicting else self.records[0].stance

    @property
    def score(self) -> float | None:
        """The stance's score; None if the stance is unclear or conflicting."""
        return self.stance.score if self.stance else None

    @property
    def stances(self) -> tuple[str, ...]:
        """The different stances of the records, sorted by name."""
        return tuple(sorted({held.stance.value for held in self.records}))

    @property
    def told(self) -> tuple[tuple[str, ...], bool]:
        """The values by which cells are compared: the stances, and whether they have ended."""
        return self.stances, self.ended

    @property
    def ended(self) -> bool:
        """Whether every record behind it had ended before the day."""
        return all(held.ended(self.today) for held in self.records)

    @cached_property
    def assumed(self) -> bool:
        """Whether at least one of the records is only assumed to have been held on the day."""
        return any(held.assumed for held in self.records)


_Held = TypeVar("_Held", bound=Held)


def histories(question: Question, *conditions: ColumnElement[bool]) -> Iterator[list[Narrow]]:
    """All positions that can have begun by the day, in one list per issue, in the order of issue ids. One issue at a time is in memory."""
    where = [Holding.known(question.clocks), *question.within(Holding, Holding.issue_id), *conditions]
    statement = select(*_NARROW).where(*where).order_by(Holding.issue_id)
    for _, group in groupby(streamed(question.connection, statement), key=attrgetter("issue_id")):
        found = [Narrow(row, question.clocks.as_of) for row in group]
        yield [held for held in found if held.row.earliest <= question.today]


def positions(question: Question, *conditions: ColumnElement[bool], history: bool = False) -> list[Held]:
    """The positions that the clocks and the filters by process and issue show, read with one statement; with ``history``, also positions
    that were held only before the day. The filter by party is applied by `columns_of`, because a position may count for a party other
    than its holder.
    """
    clocks = question.knowing if history else question.clocks
    where = [Position.at(clocks), Position.claim_status.not_in(UNHELD), *question.within(Position, Position.issue_id)]
    statement = select(*_COLUMNS).where(*where, *conditions)
    rows: Iterable[Row[Any]] = question.connection.execute(statement)
    return [Held(row, question.clocks.as_of) for row in rows if not history or row.earliest <= question.today]


def answers(question: Question, several: Iterable[Held]) -> dict[str, dict[str, Any]]:
    """The answers of some hundreds of positions, as they could be known at the clocks, by id."""
    held = {one.row.id: one.row.subject for one in several}
    statement = select(Position.id, Position.body).where(
        Position.subject.in_(sorted(set(held.values()))), Position.known(question.clocks)
    )
    return {id: orjson.loads(body) for id, body in question.connection.execute(statement) if id in held}


def standing(question: Question) -> list[Narrow]:
    """The candidates for the latest positions. A position is left out if it certainly began before another position of the same party and
    issue that does not end before the day.
    """
    folding = question.standing
    within = question.within(Holding, Holding.issue_id)
    found = recent(question.clocks, question.today, *within, parties=folding.holders, whole=folding.changing).subquery()
    same = and_(*(getattr(Position, column.name) == found.c[column.name] for column in Position.__table__.primary_key))
    wanted = (*(found.c[column.key] for column in _NARROW), Position.body)
    rows = question.connection.execute(select(*wanted).join_from(found, Position, same)).all()
    return [Narrow(row, question.clocks.as_of) for row in rows]


def latest(
    several: Sequence[Held], today: date, said: Callable[[Held], Any] = attrgetter("stance")
) -> tuple[Held, ...]:
    """The latest position and, after it, the simultaneous positions that differ from it in ``said``."""
    if len(several) == 1:
        return (several[0],)
    found = [one for one in several if not one.ended(today)] or several
    top = max(found, key=attrgetter("order"))
    others = [one for one in found if said(one) != said(top) and one.simultaneous(top)]
    return top, *sorted(others, key=attrgetter("order"), reverse=True)


def by_column(found: Iterable[_Held], folding: Folding) -> dict[tuple[str, str], list[_Held]]:
    """Positions by issue and by the party for which they count. Answers to a proposal as a whole have no issue and are left out."""
    placed: dict[tuple[str, str], list[_Held]] = {}
    for held in found:
        issue = held.row.issue_id
        if issue is not None:
            for party in columns_of(held, folding):
                placed.setdefault((issue, party), []).append(held)
    return placed


def columns_of(held: Held, folding: Folding) -> tuple[str, ...]:
    """The parties for which a position counts."""
    return folding.columns(held.row.party_id, span_of(held, folding))


def span_of(held: Held, folding: Folding) -> tuple[date, date]:
    """The first and the last day on which a position can have been taken; all time if its holder always represents the same parties."""
    if not folding.timed(held.row.party_id):
        return FIRST_DAY, LAST_DAY
    if not held.begins:
        return held.held_by, held.held_by
    return held.began, held.began_by


def cells(found: Iterable[Held], folding: Folding, today: date) -> dict[tuple[str, str], Cell]:
    """The cells by issue and party: one for each party and issue with a position."""
    return {
        (issue, party): Cell(party, issue, latest(several, today), today)
        for (issue, party), several in by_column(found, folding).items()
    }


def recorded(question: Question) -> dict[tuple[str, str], Cell]:
    """The cells of a question by issue and party, in the order of topics, issues and parties."""
    if "cells" not in question.known:
        found = cells(standing(question), question.standing, question.today)
        ordered = sorted(found.items(), key=lambda item: (*question.names.place(item[0][0]), item[0][1]))
        question.known["cells"] = dict(ordered)
    known: dict[tuple[str, str], Cell] = question.known["cells"]
    return known


def by_issue(found: dict[tuple[str, str], Cell]) -> Iterable[tuple[str, Sequence[Cell]]]:
    """The cells of each issue; ``found`` must be in the order of issues."""
    for issue, group in groupby(found.values(), key=attrgetter("issue")):
        yield issue, list(group)


def of_kind(kind: PositionKind) -> ColumnElement[bool]:
    """The condition that selects the positions of one kind."""
    return Position.kind == kind.value
