"""The database's tables: a projection of one release of the seeds, recreated by every load and never altered.

A row of a collection holds the columns that filters, sorts and analyses need, and its record's answer ready made (``body``).
A record with evidence has one row for each of its versions (see `api.claims.Version`).
"""

from api.models.clocks import Clocks, ClocksKind
from api.models.collections import (
    Change,
    Event,
    Evidence,
    Issue,
    Party,
    Position,
    Process,
    Proposal,
    Release,
    Source,
    Term,
)
from api.models.derived import Affiliation, Document, Edge, Footing, Holding, Prepared, Retired, Total, Use
from api.models.rows import FIRST_DAY, LAST_DAY, Base, Cited, Dated, Key, Recorded, in_any

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "Affiliation",
    "Base",
    "Change",
    "Cited",
    "Clocks",
    "ClocksKind",
    "Dated",
    "Document",
    "Edge",
    "Event",
    "Evidence",
    "Footing",
    "Holding",
    "Issue",
    "Key",
    "Party",
    "Position",
    "Prepared",
    "Process",
    "Proposal",
    "Recorded",
    "Release",
    "Retired",
    "Source",
    "Term",
    "Total",
    "Use",
    "in_any",
]
