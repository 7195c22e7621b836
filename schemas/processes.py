"""Negotiation processes."""

from schemas.fields import EdtfDate, Text
from schemas.record import Record


class ProcessSchema(Record):
    """One negotiation process. All other records belong to one process, or are shared by several."""

    example = "ukraine-war"
    named_by = "title"
    dated_by = ("started_on", "ended_on")

    title = Text("What it is called.", longest=200, required=True)
    summary = Text("What it is about.", required=True)
    started_on = EdtfDate("When it began.")
    ended_on = EdtfDate("When it ended; null while it continues.")
