"""Which of several positions is a party's stance.

**The latest position** of a party on an issue is, of those that had not ended by the day (``as_of``, else the release's date), the
one that began last; of those, the one first reported last; of those, the one with the last id. Only where all had ended is it one
that had: what was taken up later and is over does not hide what goes on. *Began* is the earliest day that ``valid_from`` can mean. A
position whose beginning is open or unknown was held when it was first reported, so it began no later than then, and that day counts
as its beginning; where an answer is asked ``as_of`` an earlier day, such a position may have been held and is not known to have been,
and comes before all others (`api.holdings` says which positions are only assumed to have been held on a day).

**Simultaneous** are two positions of which neither is known to have begun after the other: the spans of days in which they can
have begun overlap. A span ends with the last day that ``valid_from`` can mean, with the first report, with the end of the
position, or with ``as_of``, whichever is first. Where the latest position and a simultaneous one say different things, the
party's stance is **conflicting**: both are shown, and it has no score.

A position whose claim is ``retracted``, or ``denied`` without anyone asserting it, is nobody's stance and takes no part. One that is
``disputed`` takes part; its claim status stands beside it.
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
    """One position as the clocks show it. Its answer is read only where it is needed."""

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
        """Whether the record does not say that it was held on the day that is asked for; see `api.holdings`."""
        return self.as_of is not None and assumed(self.record, self.as_of)

    @property
    def verdict(self) -> Verdict:
        return Verdict.of(self.row.verdict)

    @cached_property
    def begins(self) -> bool:
        """Whether a day is recorded before which it had not begun."""
        given = self.record["valid_from"]
        return bool(given and given["earliest"])

    @cached_property
    def began(self) -> date:
        """The day that it counts as having begun on."""
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
        """An upper bound of `began_by`, known without reading the answer."""
        return max(self.began, min(_day(self.row.first_reported_on), _day(self.row.latest), self.as_of or LAST_DAY))

    @property
    def held_by(self) -> date:
        """The day on which it is certain that it had begun, as far as its beginning and its first report tell."""
        return min(self._given_until or LAST_DAY, _day(self.row.first_reported_on))

    @property
    def _given_until(self) -> date | None:
        given = self.record["valid_from"]
        return date.fromisoformat(given["latest"]) if given and given["latest"] else None

    @property
    def order(self) -> tuple[date, date, str]:
        """The sort key by which the latest of several is the last."""
        return self.began, self.row.first_reported_on, self.row.id

    def ended(self, today: date) -> bool:
        """Whether it was over by the day."""
        over: bool = self.row.latest < today
        return over

    def simultaneous(self, other: "Held") -> bool:
        """Whether neither is known to have begun after the other."""
        if self.began > other.began_at_most or other.began > self.began_at_most:
            return False
        return self.began <= other.began_by and other.began <= self.began_by

    def reference(self, collection: str = "positions") -> Reference:
        return reference(collection, self.record)


class Narrow(Held):
    """A position as `Holding` has it, so that its answer is not read for when it began."""

    @property
    def record(self) -> dict[str, Any]:
        """As in `Held`, but not kept: there may be thousands, and keeping all costs more than reading a few of them twice."""
        return _answer(self.row)

    @cached_property
    def begins(self) -> bool:
        # One without a beginning counts as begun when it was first reported; it may have begun with its process.
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
    """The stance of one party on one issue: the latest position, and those simultaneous ones that say otherwise."""

    party: str
    issue: str
    records: tuple[Held, ...]
    today: date

    @property
    def conflicting(self) -> bool:
        return len(self.records) > 1

    @property
    def stance(self) -> Stance | None:
        """The stance; None where it is conflicting."""
        return None if self.conflicting else self.records[0].stance

    @property
    def score(self) -> float | None:
        """The stance's score; None where it is unclear or conflicting."""
        return self.stance.score if self.stance else None

    @property
    def stances(self) -> tuple[str, ...]:
        """Every stance that the records give, in order."""
        return tuple(sorted({held.stance.value for held in self.records}))

    @property
    def told(self) -> tuple[tuple[str, ...], bool]:
        """What distinguishes it from another cell: its stances, and whether they have ended."""
        return self.stances, self.ended

    @property
    def ended(self) -> bool:
        """Whether every record behind it was over by the day."""
        return all(held.ended(self.today) for held in self.records)

    @cached_property
    def assumed(self) -> bool:
        """Whether one of them is only assumed to have been held on the day."""
        return any(held.assumed for held in self.records)


_Held = TypeVar("_Held", bound=Held)


def histories(question: Question, *conditions: ColumnElement[bool]) -> Iterator[list[Narrow]]:
    """All positions ever held by the day, issue by issue, in the order of issues; those of one issue are in memory at a time."""
    where = [Holding.known(question.clocks), *question.within(Holding, Holding.issue_id), *conditions]
    statement = select(*_NARROW).where(*where).order_by(Holding.issue_id)
    for _, group in groupby(streamed(question.connection, statement), key=attrgetter("issue_id")):
        found = [Narrow(row, question.clocks.as_of) for row in group]
        yield [held for held in found if held.row.earliest <= question.today]


def positions(question: Question, *conditions: ColumnElement[bool], history: bool = False) -> list[Held]:
    """The positions that the clocks and the filters by process and issue show, in one statement; with ``history`` also those held
    before the day alone. The filter by party is left to `columns_of`, since a position may count for a party other than its holder.
    """
    clocks = question.knowing if history else question.clocks
    where = [Position.at(clocks), Position.claim_status.not_in(UNHELD), *question.within(Position, Position.issue_id)]
    statement = select(*_COLUMNS).where(*where, *conditions)
    rows: Iterable[Row[Any]] = question.connection.execute(statement)
    return [Held(row, question.clocks.as_of) for row in rows if not history or row.earliest <= question.today]


def answers(question: Question, several: Iterable[Held]) -> dict[str, dict[str, Any]]:
    """The answers of some hundreds of positions, as could be known, by id."""
    held = {one.row.id: one.row.subject for one in several}
    statement = select(Position.id, Position.body).where(
        Position.subject.in_(sorted(set(held.values()))), Position.known(question.clocks)
    )
    return {id: orjson.loads(body) for id, body in question.connection.execute(statement) if id in held}


def standing(question: Question) -> list[Narrow]:
    """The candidates for the latest positions: positions on an issue, without those that certainly began before another of the same
    party and issue that does not end before today.
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
    """The latest position and, after it, the simultaneous ones that say something else; ``said`` is what they say."""
    if len(several) == 1:
        return (several[0],)
    found = [one for one in several if not one.ended(today)] or several
    top = max(found, key=attrgetter("order"))
    others = [one for one in found if said(one) != said(top) and one.simultaneous(top)]
    return top, *sorted(others, key=attrgetter("order"), reverse=True)


def by_column(found: Iterable[_Held], folding: Folding) -> dict[tuple[str, str], list[_Held]]:
    """Positions by issue and by the party for which they count. Answers to a proposal as a whole are on no issue, and left out."""
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
    """The span in which a position can have been taken; all time if it does not matter whom its holder represented when."""
    if not folding.timed(held.row.party_id):
        return FIRST_DAY, LAST_DAY
    if not held.begins:
        return held.held_by, held.held_by
    return held.began, held.began_by


def cells(found: Iterable[Held], folding: Folding, today: date) -> dict[tuple[str, str], Cell]:
    """The stance of every party on every issue that it has a position on, by issue and party."""
    return {
        (issue, party): Cell(party, issue, latest(several, today), today)
        for (issue, party), several in by_column(found, folding).items()
    }


def recorded(question: Question) -> dict[tuple[str, str], Cell]:
    """The cells that answer a question, in the order of topics, issues and parties."""
    if "cells" not in question.known:
        found = cells(standing(question), question.standing, question.today)
        ordered = sorted(found.items(), key=lambda item: (*question.names.place(item[0][0]), item[0][1]))
        question.known["cells"] = dict(ordered)
    known: dict[tuple[str, str], Cell] = question.known["cells"]
    return known


def by_issue(found: dict[tuple[str, str], Cell]) -> Iterable[tuple[str, Sequence[Cell]]]:
    """Cells by issue; they come in the order of issues."""
    for issue, group in groupby(found.values(), key=attrgetter("issue")):
        yield issue, list(group)


def of_kind(kind: PositionKind) -> ColumnElement[bool]:
    """The condition that picks the positions of one kind."""
    return Position.kind == kind.value
