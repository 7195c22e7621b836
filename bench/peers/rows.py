"""Rows of CSV, as the standard library writes them into an answer that is streamed."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

#: The columns of the export: those of the table, and the names of what they refer to.
COLUMNS = (
    "id", "process_id", "kind", "party_id", "issue_id", "stance", "summary", "valid_from", "valid_until", "ended", "salience",
    "firmness", "lifecycle", "consequence", "verdict", "proposal_id", "term_id", "demand_id", "note", "first_reported_on",
    "claim_status", "evidence_count", "document_count", "origin_count",
)  # fmt: skip


class Echo:
    """A file that gives back what is written to it."""

    def write(self, value: str) -> str:
        """Give back the value."""
        return value


def csv_lines(positions: Iterable[Any]) -> Iterator[str]:
    """The lines of a table of positions."""
    writer = csv.writer(Echo())
    yield writer.writerow((*COLUMNS, "process", "party", "issue"))
    for one in positions:
        names = (one.process.name, one.party.name, one.issue.name if one.issue else None)
        yield writer.writerow((*(getattr(one, name) for name in COLUMNS), *names))
