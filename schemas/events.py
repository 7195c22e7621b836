"""Events: what is said to have happened."""

from schemas.fields import EdtfDate, References, Subjects, Term, Text
from schemas.record import Cited
from schemas.vocabulary import EventKind


class EventSchema(Cited):
    """Talks, a call, a meeting, a vote, testimony: something that is said to have happened."""

    example = "ushakov-sullivan-call"
    named_by = "title"
    dated_by = ("occurred_on",)
    announced = True

    kind = Term(EventKind, required=True)
    title = Text("What is said to have happened, in a few words.", longest=200, required=True)
    summary = Text("What is said to have happened.")
    occurred_on = EdtfDate("When.", bearable=True)
    place = Text("Where.", longest=200, bearable=True)
    participants = References("parties", "Who took part or acted.", holder=True)
    hosts = References("parties", "Who hosted it.")
    mediators = References("parties", "Who mediated.")
    outcome = Text("What came of it.", bearable=True)
    related = Subjects("Other records that it belongs with.")
