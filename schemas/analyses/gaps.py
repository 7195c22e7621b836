"""Gaps: how far apart parties are, issue by issue."""

from schemas.analyses.common import ASSUMED, NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Day, Flag, Integer, Number, Pieces, Reference, References, Term
from schemas.record import Mapping
from schemas.vocabulary import ClaimStatus, Stance


class GapStanceSchema(Mapping):
    """One party's stance in a gap."""

    party = Reference("parties", "The party.", **OUTPUT)
    stance = Term(Stance, "Its latest stance; null if its records conflict.", **NULLABLE_OUTPUT)
    score = Number("Its score, −1 to 1; null if the stance is unclear or conflicting.", **NULLABLE_OUTPUT)
    position = Reference("positions", "The position that gives it.", **OUTPUT)
    ended = Flag("Whether the party had given it up by the day; it then does not count here.", **OUTPUT)
    conflicting = Flag("Whether simultaneous records contradict one another; `others` then lists the rest.", **OUTPUT)
    others = References("positions", "If records conflict: the other positions.", **OUTPUT)
    claim_status = Term(ClaimStatus, "The claim status of the position; null if records conflict.", **NULLABLE_OUTPUT)
    document_count = Integer("Distinct sources among the evidence of the records.", **OUTPUT)
    origin_count = Integer("Distinct outlets that the assertions of the records go back to.", **OUTPUT)
    assumed = Flag(f"{ASSUMED} If records conflict: true if one of them is.", **OUTPUT)


class GapLineSchema(Mapping):
    """A row of the table of gaps. After these columns each party has two: its stance and its score."""

    issue = Reference("issues", "The issue.", **OUTPUT)
    topic = Reference("issues", "The topic of the issue; null if it has none.", **NULLABLE_OUTPUT)
    distance = Number(
        "The largest difference between two scores, divided by 2: 0 is agreement, 1 the opposite; null with fewer than two scores.",
        **NULLABLE_OUTPUT,
    )
    blockers = References("parties", "The parties that oppose what another of the compared parties supports.", **OUTPUT)
    missing = References("parties", "The compared parties without a recorded position on it.", **OUTPUT)
    ended = References(
        "parties", "The parties that had given up their stance by the day, so it does not count here.", **OUTPUT
    )
    assumed = Flag(
        "Whether the distance would differ without the stances only assumed to have been held `as_of` the day.",
        **OUTPUT,
    )


class GapSchema(GapLineSchema):
    """How far apart the compared parties are on one issue."""

    stances = Pieces(GapStanceSchema, "The recorded stances, in the order of the parties' ids.", **OUTPUT)


class GapSpanLineSchema(GapLineSchema):
    """A row of the table of gaps over time. After these columns each party has two: its stance and its score."""

    since = Day(
        "The first day of the span; null if a position may have been held at any time before, and its process has no known beginning.",
        **NULLABLE_OUTPUT,
    )
    until = Day("The last day of the span; null if it lasts to the release's date.", **NULLABLE_OUTPUT)
    time = Integer("The first day of the span in milliseconds since 1970; null if `since` is.", **NULLABLE_OUTPUT)


class GapSpanSchema(GapSpanLineSchema, GapSchema):
    """A span of days on which the gap between the compared parties on one issue stayed the same."""
