"""Events as a calendar (RFC 5545, RFC 7986)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from icalendar import Calendar, Event, vDuration
from icalendar.enums import STATUS, TRANSP

from api.embeds import explored
from schemas.vocabulary import ClaimStatus

#: Data changes with a release; calendars need not ask more often.
REFRESH = timedelta(hours=12)


def calendar(
    records: Iterable[Mapping[str, Any]], released: date, base: str, here: str, uid: Callable[[str, str], UUID]
) -> bytes:
    """Events, as the API serves them, as an iCalendar file.

    Args:
        base: the address of the service.
        here: the address of the calendar.
        uid: gives the permanent UUID for a kind of thing and an id.
    """
    made = Calendar.new(
        prodid="-//Positions//Events//EN",
        name="Positions: events",
        description="What is said to have happened. Events without a date are left out.",
        source=here,
        uid=uid("feeds", "events"),
        subcomponents=[_event(record, days, released, base, uid) for record in records if (days := _days(record))],
    )
    # Outlook reads the first; the second is standard and requires the parameter (RFC 7986, §5.7).
    made.add("X-PUBLISHED-TTL", vDuration(REFRESH))
    made.add("REFRESH-INTERVAL", vDuration(REFRESH, params={"VALUE": "DURATION"}))
    return bytes(made.to_ical())


def _days(record: Mapping[str, Any]) -> tuple[date, date] | None:
    """The first and the last day on which an event may have happened. If only one is known it is both; None without a date."""
    when: Mapping[str, str | None] = record["occurred_on"] or {}
    known = [date.fromisoformat(day) for day in (when.get("earliest"), when.get("latest")) if day]
    return (known[0], known[-1]) if known else None


def _when(date: Mapping[str, str | None]) -> str:
    """When an event happened, as its record says: a calendar can show neither EDTF nor a date with an open end."""
    day, bound = date["latest"], "or earlier"
    if date["latest"] is None:
        day, bound = date["earliest"], "or later"
    words = "" if date["earliest"] and date["latest"] else f"{day} {bound}, "
    return f"When: {words}{date['edtf']} (EDTF)."


def _event(
    record: Mapping[str, Any], days: tuple[date, date], released: date, base: str, uid: Callable[[str, str], UUID]
) -> Event:
    stamp = datetime.combine(released, time(), UTC)
    said = [
        record["summary"],
        record["outcome"],
        _when(record["occurred_on"]),
        f"Claim status: {record['claim_status']}.",
    ]
    return Event.new(
        uid=uid("events", record["id"]),
        summary=record["title"],
        description="\n".join(line for line in said if line),
        location=record["place"],
        start=days[0],
        end=days[1] + timedelta(days=1),  # exclusive (RFC 5545, §3.6.1)
        categories=[record["kind"]],
        status=STATUS.CONFIRMED if record["claim_status"] == ClaimStatus.CONFIRMED else STATUS.TENTATIVE,
        transparency=TRANSP.TRANSPARENT,
        url=base + explored(record["href"]),  # a page, since people open it
        stamp=stamp,
        last_modified=stamp,
    )
