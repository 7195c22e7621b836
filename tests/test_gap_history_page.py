"""The page of the history of gaps: bands of time, issue by issue, with the spans that they stand for."""

import itertools
import re
from datetime import date
from typing import Any

import pytest
from support import Api

from api.pages.arrange import Period, courses
from api.palette import apart


def test_the_history_of_gaps_shows_every_span_and_its_place(api: Api) -> None:
    parties = "aldoria,borovia,castella"
    spans = api.data("/v1/gaps/history", parties=parties)
    text = api.ask("/explore/gaps/history", parties=parties).text
    shown = re.findall(r"<td>(<svg class=\"band\".*?)</td>", text, re.DOTALL)
    assert len(shown) == len({span["issue"]["id"] for span in spans})
    days = {day for span in spans for day in (span["since"], span["until"]) if day}
    for course in shown:
        bands = [
            (style, float(place), float(width))
            for style, place, width in re.findall(r'<rect class="([^"]+)" x="([\d.]+)%" width="([\d.]+)%"', course)
        ]
        times = re.findall(r'<span class="when">(.*?):</span>', course)
        assert len(bands) == len(times) > 0
        for (_, place, width), (_, following, _) in itertools.pairwise(bands):
            assert place + width <= following + 0.01
        assert all(0 <= place < place + width <= 100.01 for _, place, width in bands)
        assert {*re.findall(r"\d{4}-\d\d-\d\d", " ".join(times))} <= days
    for span in spans:
        of_issue = next(one for one in courses_of(text) if span["issue"]["href"].replace("/v1/", "/explore/") in one)
        assert f'<rect class="{apart(span["distance"])}' in of_issue


def courses_of(text: str) -> list[str]:
    """The rows of the table of a history."""
    return text.partition('<table class="history">')[2].split("<tr>")


def test_the_band_of_a_span_is_as_long_as_it_lasted() -> None:
    rows = [
        span("dam", None, "2020-12-31", None),
        span("dam", "2021-01-01", "2021-12-31", 1.0),
        span("dam", "2022-01-01", "2022-06-30", 1.0),
        span("dam", "2022-07-01", None, 0.25),
        span("toll", "2021-01-01", "2021-12-31", None),
    ]
    period, (dam, toll) = courses(rows, date(2022, 12, 31))
    assert period is not None
    assert [(one["since"], one["until"], one["distance"]) for one in dam.spans] == [
        (None, "2020-12-31", None),
        ("2021-01-01", "2022-06-30", 1.0),
        ("2022-07-01", None, 0.25),
    ]
    assert period.begin == date(2020, 1, 2)  # 365 days before the first of January
    places = [place for one in dam.spans for place in (one["place"], one["place"] + one["width"])]
    assert places == sorted(places)
    assert (places[0], round(places[-1], 3)) == (0, 100)
    assert round(toll.spans[0]["width"], 1) == 33.3
    assert (dam.compared, toll.compared) == (True, False)
    assert [year for year, _ in period.ticks] == [2021, 2022, 2023]
    assert courses([], date(2022, 12, 31)) == (None, [])
    first, _ = courses([span("dam", None, "0001-01-02", None)], date(9999, 12, 31))
    assert first == Period(date.min, date(1, 1, 3))


def span(issue: str, since: str | None, until: str | None, distance: float | None) -> dict[str, Any]:
    return {
        "issue": {"id": issue},
        "since": since,
        "until": until,
        "distance": distance,
        "assumed": False,
        "stances": [],
    }


@pytest.mark.parametrize(("query", "told"), [("", False), ("?parties=borovia", True), ("?party=borovia", True)])
def test_the_history_of_gaps_of_fewer_than_two_parties_is_of_two_others(api: Api, query: str, told: bool) -> None:
    text = api.ask(f"/explore/gaps/history{query}").text
    assert len(set(re.findall(r'<option value="(\w+)" selected>', text)[:2])) == 2
    assert ("One party has no distance" in text) == told
    assert 'class="band"' in text
    assert api.ask(f"/embed/gaps/history{query}").status_code == 400
    assert api.ask("/explore/gaps/history?from=never").status_code == 400


def test_a_period_without_a_gap_says_so(api: Api) -> None:
    text = api.ask("/explore/gaps/history", parties="aldoria,borovia", to="1900-01-01").text
    assert "None of them has held a position in this period." in text
