"""Timeline: what happened, and when it was first reported."""

from schemas.analyses.common import NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Day, EdtfDate, Integer, Reference, References, Subject, Term, Text
from schemas.record import FIRST_REPORTED, Mapping
from schemas.vocabulary import ClaimStatus


class TimelineEntrySchema(Mapping):
    """Something that happened, was put forward, asked or answered: when, and when the public first heard of it."""

    subject = Subject("The record.", **OUTPUT)
    kind = Text("Its kind within its collection; for a response the verdict, for a demand the firmness.", **OUTPUT)
    occurred_on = EdtfDate("When it happened; null if no source says.", **NULLABLE_OUTPUT)
    first_reported_on = Day("The day from which the public could know of it.", **OUTPUT)
    lag = Integer(
        "Days from the last day on which it can have happened to the first report; 0 if it can have happened on the day of the "
        "report or later; null if no last day is known.",
        **NULLABLE_OUTPUT,
    )
    actors = References(
        "parties", "The parties that acted: participants, hosts and mediators, proposers, the holder.", **OUTPUT
    )
    issue = Reference(
        "issues",
        "The issue of a demand or response; null for events, proposals and answers to a proposal as a whole.",
        **NULLABLE_OUTPUT,
    )
    summary = Text("What it is; null if the record has no summary.", **NULLABLE_OUTPUT)
    claim_status = Term(ClaimStatus, **OUTPUT)
    document_count = Integer("Distinct sources among its evidence.", **OUTPUT)
    origin_count = Integer("Distinct outlets that its assertions go back to.", **OUTPUT)
    time = Integer(
        "The first day on which it can have happened, or else its report, in milliseconds since 1970.", **OUTPUT
    )
    timeEnd = Integer(  # noqa: N815  # Grafana's own spelling
        "The last day on which it can have happened, in milliseconds since 1970; null if that is the first.",
        **NULLABLE_OUTPUT,
    )
    title = Text("A label for charts.", **OUTPUT)
    text = Text("A text to show with the label.", **OUTPUT)
    tags = Text("The collection, the kind and the actors, joined by commas as Grafana splits them.", **OUTPUT)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **OUTPUT)
