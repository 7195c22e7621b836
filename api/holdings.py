"""Who held what when, in a narrow table indexed by party and issue, so that the latest positions are found without reading the
others. `api.analysis.latest` defines which is the latest. This module only leaves out positions that certainly began before it, and
tells what the record says of a day.

**What may have been held on a day** (``as_of``) is what lists and analyses show: the day lies between the first day of the position's
beginning and the last of its end. Where no beginning is recorded, the first day is that on which its process can have begun.

**Assumed** is a position on a day on which it may have been held and the record does not say that it was. The record says so from the
last day on which it can have begun (the last that ``valid_from`` can mean, its first report, or its end, whichever is first) until the
first day on which it can have ended (the first that ``valid_until`` can mean). A position without an end goes on. An end of which only
the last day is known can have come at once. An approximate or uncertain date has the bounds of the plain one. What is done at a time and
does not last, such as an event, is assumed until the last day on which it can have been done. Without ``as_of`` nothing is assumed: what
was recorded last is shown, whenever it was held.
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
    """Make the rows of `Holding` of those of `Position`, in the release that is being made."""
    dialect = connection.dialect.name
    held_by = _lesser(func.coalesce(_begun(dialect, "latest"), coerce(LAST_DAY, Date)), Position.first_reported_on)
    known = _begun(dialect, "earliest").is_not(None)
    began = case((known, Position.earliest), else_=held_by)
    ended = _lesser(held_by, Position.latest)
    began_by = case((and_(known, ended > Position.earliest), ended), else_=began)
    taken = [getattr(Position, name) for name in _TAKEN]
    rows = select(*taken, began, began_by).where(Position.issue_id.is_not(None), Position.claim_status.not_in(UNHELD))
    names = [*_TAKEN, *_OWN]
    # In the order in which they are looked for, so that those of one party on one issue lie together.
    connection.execute(
        insert(Holding).from_select(names, rows.order_by(Position.issue_id, Position.party_id, began, Position.id))
    )


def _lesser(one: Any, other: Any) -> ColumnElement[Any]:
    return case((one < other, one), else_=other)


def _begun(dialect: str, end: str) -> ColumnElement[Any]:
    """The ``earliest`` or ``latest`` day that ``valid_from`` can mean, which no column has: `Position.earliest` may be that of the
    process.
    """
    given = member(dialect, Position.body, "valid_from", end)
    return coerce(given, Date) if dialect == "sqlite" else cast(given, Date)


def member(dialect: str, body: Any, *path: str) -> ColumnElement[Any]:
    """A text within an answer, which no column has."""
    if dialect == "sqlite":
        return func.json_extract(body, f"$.{'.'.join(path)}")
    found: ColumnElement[Any] = cast(body, JSON)[path].as_string()
    return found


def assumed(record: Mapping[str, Any], day: date | None, period: tuple[str, ...] = PERIOD) -> bool:
    """Whether what lasts, and is shown by the clocks, is only assumed to have been so on a day.

    Args:
        record: a position, or another record that lasts, as its answer.
        day: the day that is asked for; None is no day.
        period: the fields of the record that give its beginning and its end.
    """
    if day is None:
        return False
    begin, end = (record[name] or {} for name in period)
    # Days of four-digit years are in order as they are written.
    asked = day.isoformat()
    return asked < begun_by(record, period) or bool(end and asked > (end["earliest"] or begin.get("earliest") or ""))


def begun_by(record: Mapping[str, Any], period: tuple[str, ...] = PERIOD) -> str:
    """The last day on which a position, or another record that lasts, can have begun; see `assumed`."""
    begin, end = (record[name] or {} for name in period)
    last: str = min(day for day in (begin.get("latest"), end.get("latest"), record["first_reported_on"]) if day)
    return max(last, begin.get("earliest") or last)


def assumed_done(row: Row[Any], day: date | None) -> bool:
    """Whether what is done at a time, and does not last, is only assumed to have been done by a day. It is given as its row."""
    return day is not None and day < max(row.earliest, min(row.latest, row.first_reported_on))


def recent(
    clocks: Clocks,
    today: date,
    *conditions: ColumnElement[bool],
    parties: Collection[str] | None = None,
    whole: Collection[str] = (),
) -> Select[Any]:
    """The positions on issues that the clocks show, as `Holding` has them, without those that certainly began before another of the
    same party on the same issue that had not ended by today, or before any other where all had: the latest of each, and what may
    have begun with it.

    Args:
        today: ``as_of``, or else the release's date.
        conditions: what else is asked of the rows of `Holding`.
        parties: those whose positions are asked for; everybody's where it is None.
        whole: parties of whom nothing is left out.
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
    # What may have begun with the latest of a cell lies in one stretch of the index, from the first that is uncertain enough.
    stretch = [Holding.began >= func.coalesce(back, cell.c.since), Holding.began_by >= cell.c.since]
    if clocks.as_of is not None:
        # A position that is not known to have begun by the day comes before all others.
        until = case((cell.c.since == first, coerce(LAST_DAY, Date)), else_=clocks.as_of)
        stretch += [Holding.began <= until, Holding.earliest <= clocks.as_of, Holding.latest >= clocks.as_of]
    same = and_(Holding.issue_id == cell.c.issue_id, Holding.party_id == cell.c.party_id)
    return (
        select(Holding.__table__)
        .select_from(_Then(cell, Holding.__table__, same))
        .where(Holding.known(clocks), *stretch, *conditions)
    )


def _every_cell() -> Any:
    """Every issue with every party that has a position on it: from one entry of the index to the next."""

    def least(issue: Any, after: Any = None) -> Any:
        found = select(func.min(Holding.party_id)).where(Holding.issue_id == issue)
        return (found if after is None else found.where(Holding.party_id > after)).scalar_subquery()

    begin = select(Issue.id.label("issue_id"), least(Issue.id).label("party_id")).cte("every_cell", recursive=True)
    return begin.union_all(
        select(begin.c.issue_id, least(begin.c.issue_id, begin.c.party_id)).where(begin.c.party_id.is_not(None))
    )


class _Then(Join):
    """A join that reads its left side first; SQLite would rather read all of the table, and search the few cells for each row."""

    inherit_cache = True


@compiles(_Then, "sqlite")
def _then(element: _Then, compiler: SQLCompiler, **options: Any) -> str:
    plain: str = compiler.visit_join(element, **options)  # type: ignore[no-untyped-call]
    return plain.replace(" JOIN ", " CROSS JOIN ", 1)
