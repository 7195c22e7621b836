"""Positions and their four kinds: demands, responses, statements and offers."""

from schemas.fields import EdtfDate, Flag, Reference, References, Slug, Strings, Term, Text
from schemas.record import Cited
from schemas.vocabulary import Firmness, Lifecycle, PositionKind, Salience, Stance, Verdict


class PositionSchema(Cited):
    """One party's recorded stance on one issue over a period. Each record also has the fields of its kind."""

    example = "us-no-talks-without-ukraine"
    named_by = "summary"
    dated_by = ("valid_from", "valid_until")

    id = Slug(required=True, some_derived=True)
    kind = Term(PositionKind, dump_only=True)
    party = Reference("parties", "The party that holds it.", required=True, holder=True)
    issue = Reference("issues", "The issue it is about; null for an answer to a proposal as a whole.")
    stance = Term(
        Stance,
        "The stance toward the issue's proposition; if there is no issue, toward the proposal.",
        required=True,
    )
    summary = Text("What the party holds.", required=True)
    valid_from = EdtfDate(
        "Since when the party has held it; null means since it was first reported, or earlier.",
        title="Held since",
        bearable=True,
    )
    valid_until = EdtfDate("Until when the party held it; null while it still does.", title="Held until", bearable=True)
    ended = Flag("Whether the position had ended by `as_of`, or else by the release's date.", dump_only=True)
    salience = Term(Salience, load_default=Salience.NOT_STATED, allow_none=False)


class DemandSchema(PositionSchema):
    """A position that asks something of others."""

    example = "russia-guarantees-against-nato-expansion"
    issue = Reference("issues", "The issue it is about.", required=True, proposition=True)
    addressees = References("parties", "The parties it is asked of.", title="Asked of")
    firmness = Term(Firmness, required=True)
    lifecycle = Term(
        Lifecycle,
        "What has become of it; null for a `known_at` before this was reported.",
        title="What became of it",
        bearable=True,
    )
    consequence = Text("What a source says would follow from it.", title="Said to follow from it", bearable=True)


class ResponseSchema(PositionSchema):
    """A position that answers exactly one of these: a proposal as a whole, one of its terms, or a demand."""

    example = "russia-answers-demilitarised-zones"
    stance = Term(
        Stance,
        "The stance toward the issue's proposition; if there is no issue, toward the proposal. Most verdicts imply it.",
    )
    proposal = Reference("proposals", "The proposal that it answers; null for a `known_at` before that was reported.")
    term = Reference("terms", "The term that it answers; null for a `known_at` before that was reported.")
    demand = Reference("demands", "The demand that it answers; null for a `known_at` before that was reported.")
    verdict = Term(Verdict, required=True)
    conditions = Strings("The conditions of the answer.")
    reasons = Strings("The reasons given for the answer.")


class StatementSchema(PositionSchema):
    """A position declared without asking or answering."""

    example = "us-no-talks-without-ukraine"
    issue = Reference("issues", "The issue it is about.", required=True, proposition=True)


class OfferSchema(PositionSchema):
    """A position that a proposer takes by putting forward a term. It is derived from the term, and its evidence is the term's."""

    example = "us-plan-demilitarised-zones-by-united-states"
    proposal = Reference(
        "proposals", "The proposal; null for a `known_at` before it was reported.", dump_only=True, allow_none=True
    )
    term = Reference("terms", "The term put forward.", dump_only=True)
