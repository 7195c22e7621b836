"""Holdings: who held what when, in a narrow table indexed by party and issue.

The index finds the latest positions without reading the others. `api.analysis.latest` defines which position is the latest; this module
only leaves out positions that certainly began before it. It also says what the record confirms about a day.

**May have been held on a day** (``as_of``): the day lies between the first day on which the position can have begun and the last
day on which it can have ended. Lists and analyses show these positions. If no beginning is recorded, the first day is the first
on which the position's process can have begun.

**Assumed**: the position may have been held on the day, and the record does not confirm that it was. The record confirms it

- from the last day on which it can have begun: the earliest of the last day that ``valid_from`` can mean, the first report, and
  the position's end;
- until the first day on which it can have ended: the first day that ``valid_until`` can mean. A position without an end continues.
  If only the last day of the end is known, the position can have ended at once.

An approximate or uncertain date has the same bounds as the plain date. A record of something that does not last, such as an event, is
assumed until the last day on which it can have happened. Without ``as_of`` nothing is assumed: the position recorded last is shown,
whenever it was held.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Date,
    Join,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy import type_coerce as coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler

from api.claims import UNHELD
from api.models import FIRST_DAY, LAST_DAY, Clocks, Holding, Issue, Position

#: The fields that give the period of a position.
PERIOD = ("valid_from", "valid_until")
_OWN = ("began", "began_by")
_TAKEN = tuple(column.name for column in Holding.__table__.columns if column.name not in _OWN)


def fill(connection: Connection) -> None:
    """Fill the table `Holding` from `Position`, in the release that is being loaded."""
    dialect = connection.dialect.name
    held_by = _lesser(func.coalesce(_begun(dialect, "latest"), coerce(LAST_DAY, Date)), Position.first_reported_on)
    known = _begun(dialect, "earliest").is_not(None)
    began = case((known, Position.earliest), else_=held_by)
    ended = _lesser(held_by, Position.latest)
    began_by = case((and_(known, ended > Position.earliest), ended), else_=began)
    taken = [getattr(Position, name) for name in _TAKEN]
    rows = select(*taken, began, began_by).where(Position.issue_id.is_not(None), Position.claim_status.not_in(UNHELD))
    names = [*_TAKEN, *_OWN]
    # In the order of the look-ups, so that the rows of one party on one issue lie together.
    connection.execute(
        insert(Holding).from_select(names, rows.order_by(Position.issue_id, Position.party_id, began, Position.id))
    )


def _lesser(one: Any, other: Any) -> ColumnElement[Any]:
    return case((one < other, one), else_=other)


def _begun(dialect: str, end: str) -> ColumnElement[Any]:
    """The ``earliest`` or ``latest`` day that ``valid_from`` can mean, read from the answer. `Position.earliest` may be the process's day
    instead.
    """
    given = member(dialect, Position.body, "valid_from", end)
    return coerce(given, Date) if dialect == "sqlite" else cast(given, Date)


def member(dialect: str, body: Any, *path: str) -> ColumnElement[Any]:
    """A text inside a stored answer, by its path; for values that have no column of their own."""
    if dialect == "sqlite":
        return func.json_extract(body, f"$.{'.'.join(path)}")
    found: ColumnElement[Any] = cast(body, JSON)[path].as_string()
    return found


def assumed(record: Mapping[str, Any], day: date | None, period: tuple[str, ...] = PERIOD) -> bool:
    """Whether a position, or another record of something that lasts, is only assumed to have been held on a day.

    Args:
        record: the record's answer; the clocks must show the record on the day.
        day: the day of ``as_of``; None if it was not given.
        period: the fields with the beginning and the end.
    """
    if day is None:
        return False
    begin, end = (record[name] or {} for name in period)
    # Days of four-digit years are in order as they are written.
    asked = day.isoformat()
    return asked < begun_by(record, period) or bool(end and asked > (end["earliest"] or begin.get("earliest") or ""))


def begun_by(record: Mapping[str, Any], period: tuple[str, ...] = PERIOD) -> str:
    """The last day on which a position, or another record of something that lasts, can have begun; the arguments are those of `assumed`."""
    begin, end = (record[name] or {} for name in period)
    last: str = min(day for day in (begin.get("latest"), end.get("latest"), record["first_reported_on"]) if day)
    return max(last, begin.get("earliest") or last)


def assumed_done(row: Row[Any], day: date | None) -> bool:
    """Whether a record of something that does not last, given as its row, is only assumed to have happened by a day."""
    return day is not None and day < max(row.earliest, min(row.latest, row.first_reported_on))


def recent(
    clocks: Clocks,
    today: date,
    *conditions: ColumnElement[bool],
    parties: Collection[str] | None = None,
    whole: Collection[str] = (),
) -> Select[Any]:
    """For each party and issue: the latest position that the clocks show, and the positions that may have begun at the same time.

    A position is left out if it certainly began before another position of the same party and issue that had not ended by ``today``. If
    all of them had ended by then, it is left out if it certainly began before any other.

    Args:
        today: ``as_of``, or without it the release's date.
        conditions: further conditions on the rows of `Holding`.
        parties: the ids of the parties whose positions are selected; None selects all parties.
        whole: the ids of parties of whose positions none is left out.

    Returns:
        A statement that selects rows of `Holding`.
    """
    every = _every_cell()
    begun = (
        select(Holding.began)
        .where(Holding.issue_id == every.c.issue_id, Holding.party_id == every.c.party_id)
        .where(Holding.known(clocks), *conditions)
        .order_by(Holding.began.desc())
        .limit(1)
    )
    going_on = begun.where(Holding.latest >= today)
    first = coerce(FIRST_DAY, Date)
    latest = [going_on, begun] if clocks.as_of is None else [going_on.where(Holding.began <= clocks.as_of)]
    since: ColumnElement[Any] = func.coalesce(*(one.scalar_subquery() for one in latest), first)
    if whole:
        since = case((every.c.party_id.in_(sorted(whole)), first), else_=since)
    asked = every.c.party_id.is_not(None) if parties is None else every.c.party_id.in_(sorted(parties))
    cell = (
        select(every.c.issue_id, every.c.party_id, since.label("since"))
        .where(asked)
        .cte("cell")
        .prefix_with("MATERIALIZED")
    )
    uncertain = aliased(Holding)
    back = (
        select(func.min(uncertain.began))
        .where(uncertain.issue_id == cell.c.issue_id, uncertain.party_id == cell.c.party_id)
        .where(uncertain.began < uncertain.began_by)  # as the index has it
        .where(uncertain.began < cell.c.since, uncertain.began_by >= cell.c.since)
        .scalar_subquery()
    )
    # The positions that may have begun with the latest one of a cell lie in one stretch of the index. It begins with the earliest
    # position whose uncertain beginning reaches the latest one.
    stretch = [Holding.began >= func.coalesce(back, cell.c.since), Holding.began_by >= cell.c.since]
    if clocks.as_of is not None:
        # A position that is not known to have begun by the day ranks before all others.
        until = case((cell.c.since == first, coerce(LAST_DAY, Date)), else_=clocks.as_of)
        stretch += [Holding.began <= until, Holding.earliest <= clocks.as_of, Holding.latest >= clocks.as_of]
    same = and_(Holding.issue_id == cell.c.issue_id, Holding.party_id == cell.c.party_id)
    return (
        select(Holding.__table__)
        .select_from(_Then(cell, Holding.__table__, same))
        .where(Holding.known(clocks), *stretch, *conditions)
    )


def _every_cell() -> Any:
    """Every pair of an issue and a party with a position on it, found by stepping through the index."""

    def least(issue: Any, after: Any = None) -> Any:
        found = select(func.min(Holding.party_id)).where(Holding.issue_id == issue)
        return (found if after is None else found.where(Holding.party_id > after)).scalar_subquery()

    begin = select(Issue.id.label("issue_id"), least(Issue.id).label("party_id")).cte("every_cell", recursive=True)
    return begin.union_all(
        select(begin.c.issue_id, least(begin.c.issue_id, begin.c.party_id)).where(begin.c.party_id.is_not(None))
    )


class _Then(Join):
    """A join that reads its left side first. SQLite would otherwise read the whole table and search the few cells for each row."""

    inherit_cache = True


@compiles(_Then, "sqlite")
def _then(element: _Then, compiler: SQLCompiler, **options: Any) -> str:
    plain: str = compiler.visit_join(element, **options)  # type: ignore[no-untyped-call]
    return plain.replace(" JOIN ", " CROSS JOIN ", 1)
