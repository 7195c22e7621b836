"""Answers arranged for pages: the columns of a matrix, the lines of an overview, positions grouped under headings."""

from collections import Counter
from collections.abc import Iterable
from typing import Any


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
