"""Events: what is said to have happened."""

from schemas.fields import EdtfDate, References, Subjects, Term, Text
from schemas.record import Cited
from schemas.vocabulary import EventKind


class EventSchema(Cited):
    """Something that is said to have happened: talks, a call, a meeting, a vote, testimony."""

    example = "ushakov-sullivan-call"
    named_by = "title"
    dated_by = ("occurred_on",)
    announced = True

    kind = Term(EventKind, required=True)
    title = Text("What is said to have happened, in a few words.", longest=200, required=True)
    summary = Text("What is said to have happened.")
    occurred_on = EdtfDate("When it happened.", bearable=True)
    place = Text("Where it happened.", longest=200, bearable=True)
    participants = References("parties", "The parties that took part or acted.", holder=True)
    hosts = References("parties", "The parties that hosted it.")
    mediators = References("parties", "The parties that mediated.")
    outcome = Text("What came of it.", bearable=True)
    related = Subjects("Other records that belong with it.")
