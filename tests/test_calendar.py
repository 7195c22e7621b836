"""The calendar of events: every event with a date, from its first day until the day after its last."""

from datetime import date, timedelta

from icalendar import Calendar
from support import Api


def test_an_event_ends_on_the_day_after_the_last_on_which_it_may_have_been(api: Api) -> None:
    calendar = Calendar.from_ical(api.ask("/v1/feeds/events.ics").data)
    expected = {}
    for event in api.all("/v1/events"):
        when = event["occurred_on"] or {"earliest": None, "latest": None}
        if known := [date.fromisoformat(day) for day in (when["earliest"], when["latest"]) if day]:
            expected[event["title"]] = (known[0], known[-1] + timedelta(days=1))
    assert {str(event["SUMMARY"]): (event.start, event.end) for event in calendar.events} == expected
    assert any(end - start > timedelta(days=1) for start, end in expected.values())
