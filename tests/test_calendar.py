"""The feeds. The calendar has every event with a date, from its first day until the day after its last; feeds lead to pages."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from icalendar import Calendar
from support import Api

ATOM = "{http://www.w3.org/2005/Atom}"


def test_an_event_ends_on_the_day_after_the_last_on_which_it_may_have_been(api: Api) -> None:
    calendar = Calendar.from_ical(api.ask("/v1/feeds/events.ics").data)
    expected = {}
    for event in api.all("/v1/events"):
        when = event["occurred_on"] or {"earliest": None, "latest": None}
        if known := [date.fromisoformat(day) for day in (when["earliest"], when["latest"]) if day]:
            expected[event["title"]] = (known[0], known[-1] + timedelta(days=1))
    assert {str(event["SUMMARY"]): (event.start, event.end) for event in calendar.events} == expected
    assert any(end - start > timedelta(days=1) for start, end in expected.values())


def test_an_event_leads_to_its_page(api: Api) -> None:
    calendar = Calendar.from_ical(api.ask("/v1/feeds/events.ics").data)
    pages = [str(event["URL"]).removeprefix("http://localhost") for event in calendar.events]
    assert pages
    for path in pages:
        assert api.ask(path).content_type.startswith("text/html"), path


@pytest.mark.parametrize(
    ("edtf", "told"),
    [
        ("2030-01-02", "When: 2030-01-02 (EDTF)."),
        ("/2030-01-02", "When: 2030-01-02 or earlier, /2030-01-02 (EDTF)."),
        ("2030-01-02/", "When: 2030-01-02 or later, 2030-01-02/ (EDTF)."),
    ],
)
def test_a_day_that_is_only_a_bound_is_told_as_one(make_service: Any, world: Path, edtf: str, told: str) -> None:
    file = world / "spice-round" / "events.yaml"
    events = file.read_text(encoding="utf-8").replace("2030-01-02/2030-01-04", edtf)
    file.write_text(events, encoding="utf-8")
    calendar = Calendar.from_ical(Api(make_service(world).wsgi).ask("/v1/feeds/events.ics").data)
    assert told in [line for event in calendar.events for line in str(event["DESCRIPTION"]).splitlines()]


def test_a_change_leads_readers_to_its_page_before_its_data(api: Api) -> None:
    feed = ElementTree.fromstring(api.ask("/v1/feeds/changes.atom?limit=3").data)
    for one in (feed, *feed.iter(f"{ATOM}entry")):
        links = [link for link in one.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert [link.get("type") for link in links] == ["text/html", "application/json"]
        for link in links:
            response = api.ask(str(link.get("href")).removeprefix("http://localhost"))
            assert response.content_type.startswith(str(link.get("type")))
