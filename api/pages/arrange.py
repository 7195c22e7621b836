"""Answers arranged for pages: the columns of a matrix, the lines of an overview, positions grouped under headings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

_YEAR = 365  # days
_MOST_TICKS = 8


def across(rows: Iterable[Any], cells_of: str = "cells") -> list[dict[str, str]]:
    """The parties of a matrix, or of gaps, those with the most recorded positions first. ``cells_of`` names the cells of a row."""
    parties = [cell["party"] for row in rows for cell in row[cells_of]]
    counts = Counter(party["id"] for party in parties)
    by_id = {party["id"]: party for party in parties}
    return [by_id[id] for id in sorted(counts, key=lambda id: (-counts[id], id))]


def stands(rows: Iterable[Any], long: Iterable[Any], page_of: str) -> dict[bool, list[dict[str, Any]]]:
    """The cells of a matrix as lines of an overview of a party or an issue (``page_of``): stances still held (False) and ended (True).

    A line for a party names the issue, under its topic; a line for an issue names the party, under the issue. Unless records conflict,
    ``since`` is the row of the ``long`` table of the matrix, which says since when the stance has been held.
    """
    lines: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    since = {(row["issue_id"], row["party_id"]): row for row in long if not row["conflicting"]}
    for row in rows:
        for cell in row["cells"]:
            heading, name = (row["topic"], row["issue"]) if page_of == "party" else (row["issue"], cell["party"])
            lines[cell["ended"]].append(
                {
                    "under": heading,
                    "line": name,
                    "cell": cell,
                    "since": since.get((row["issue"]["id"], cell["party"]["id"])),
                }
            )
    return lines


def grouped(collection: str, positions: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """The positions on the page of a party or an issue, grouped under headings: by party for an issue, by issue for a party. The positions
    that the party only voices come last, by the party that holds them.
    """
    groups: dict[tuple[bool, str], list[Any]] = {}
    for position in positions:
        voiced = position.get("role") == "speaker"
        if collection == "issues":
            heading = position["party"]["name"]
        elif voiced:
            heading = f"Voiced: positions of {position['party']['name']}"
        else:
            heading = position["issue"]["name"] if position["issue"] else "A proposal as a whole"
        groups.setdefault((voiced, heading), []).append(position)
    return [(heading, groups[voiced, heading]) for voiced, heading in sorted(groups)]


@dataclass(frozen=True)
class Period:
    """The time that bands show, from the first day to the day after the last. Places on a band are in percent of its width."""

    begin: date
    end: date

    def place(self, day: date) -> float:
        """The place of the beginning of a day."""
        return round((day - self.begin) / (self.end - self.begin) * 100, 3)

    @property
    def ticks(self) -> list[tuple[int, float]]:
        """Years that begin in it, and their places; not too many."""
        years = range(self.begin.year + 1, self.end.year + 1)
        return [(year, self.place(date(year, 1, 1))) for year in years[:: -(-len(years) // _MOST_TICKS) or 1]]


@dataclass(frozen=True)
class Course:
    """How the gap on one issue changed: its spans in order, each with its ``place`` and ``width`` on a band."""

    issue: dict[str, str]
    spans: list[dict[str, Any]]

    @property
    def compared(self) -> bool:
        """Whether there ever was a distance."""
        return any(span["distance"] is not None for span in self.spans)


def courses(rows: Sequence[Any], release: date) -> tuple[Period | None, list[Course]]:
    """A history of gaps as bands, issue by issue: the period that they show, None without rows, and each issue's spans.

    Neighbouring spans that look the same on a page are one. What has no known beginning begins at the left edge, a year before it ends at
    the latest. ``release`` is the date of the release, until which the last spans last.
    """
    if not rows:
        return None, []
    ends = [_end(row, release) for row in rows]
    begins = (_begin(row, _moved(end, -_YEAR)) for row, end in zip(rows, ends, strict=True))
    period = Period(min(begins), max(ends))
    found = []
    for _, same_issue in groupby(rows, key=lambda row: row["issue"]["id"]):
        spans = []
        for _, same in groupby(same_issue, key=_look):
            first, *others = same
            last = others[-1] if others else first
            begin, end = _begin(first, period.begin), _end(last, release)
            place = period.place(begin)
            spans.append({**first, "until": last["until"], "place": place, "width": period.place(end) - place})
        found.append(Course(spans[0]["issue"], spans))
    return period, found


def _begin(row: Any, otherwise: date) -> date:
    return date.fromisoformat(row["since"]) if row["since"] else otherwise


def _end(row: Any, release: date) -> date:
    return _moved(date.fromisoformat(row["until"]) if row["until"] else release, 1)


def _moved(day: date, days: int) -> date:
    """A day some days later or earlier; at most as far as the calendar goes."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _look(row: Any) -> Any:
    """What a page shows of a span of gaps, except when it was."""
    stances = [(held["party"]["id"], held["stance"], held["ended"], held["assumed"]) for held in row["stances"]]
    return row["distance"], row["assumed"], stances
