"""Positions and their four kinds: demands, responses, statements and offers."""

from schemas.fields import EdtfDate, Flag, Reference, References, Strings, Term, Text
from schemas.record import Cited
from schemas.vocabulary import Firmness, Lifecycle, PositionKind, Salience, Stance, Verdict


class PositionSchema(Cited):
    """One party's recorded stance on one issue over a period. Each record also carries the fields of its kind."""

    example = "us-no-talks-without-ukraine"
    named_by = "summary"
    dated_by = ("valid_from", "valid_until")

    kind = Term(PositionKind, dump_only=True)
    party = Reference("parties", "Who holds it.", required=True, holder=True)
    issue = Reference("issues", "The question it is about; null for an answer to a proposal as a whole.")
    stance = Term(
        Stance,
        "Toward the issue's proposition, or toward the proposal where there is no issue.",
        required=True,
    )
    summary = Text("What the party holds.", required=True)
    valid_from = EdtfDate(
        "Since when the party holds it; null: since it was first reported, or earlier.",
        title="Held since",
        bearable=True,
    )
    valid_until = EdtfDate("Until when the party held it; null while it does.", title="Held until", bearable=True)
    ended = Flag("Whether the period had ended by the day: `as_of`, else the release's date.", dump_only=True)
    salience = Term(Salience, load_default=Salience.NOT_STATED, allow_none=False)


class DemandSchema(PositionSchema):
    """A position that asks something of others."""

    example = "russia-guarantees-against-nato-expansion"
    issue = Reference("issues", "The question it is about.", required=True, proposition=True)
    addressees = References("parties", "Of whom it is asked.", title="Asked of")
    firmness = Term(Firmness, required=True)
    lifecycle = Term(
        Lifecycle,
        "What has become of it; null at a day before anyone had reported it.",
        title="What became of it",
        bearable=True,
    )
    consequence = Text("What a source says would follow from it.", title="Said to follow from it", bearable=True)


class ResponseSchema(PositionSchema):
    """A position that answers a proposal as a whole, one of its terms, or a demand: exactly one of the three is given in a seed."""

    example = "russia-answers-demilitarised-zones"
    stance = Term(
        Stance,
        "Toward the issue's proposition, or toward the proposal where there is no issue; implied by most verdicts.",
    )
    proposal = Reference("proposals", "The proposal that it answers; null at a day before anyone had reported it.")
    term = Reference("terms", "The term that it answers; null at a day before anyone had reported it.")
    demand = Reference("demands", "The demand that it answers; null at a day before anyone had reported it.")
    verdict = Term(Verdict, required=True)
    conditions = Strings("On which conditions.")
    reasons = Strings("For which reasons.")


class StatementSchema(PositionSchema):
    """A position declared without asking or answering."""

    example = "us-no-talks-without-ukraine"
    issue = Reference("issues", "The question it is about.", required=True, proposition=True)


class OfferSchema(PositionSchema):
    """A position that a proposer takes by putting forward a term: derived at load, never written by hand. Its evidence is the term's."""

    example = "us-plan-demilitarised-zones-by-united-states"
    proposal = Reference(
        "proposals", "The proposal; null at a day before anyone had reported it.", dump_only=True, allow_none=True
    )
    term = Reference("terms", "The term put forward.", dump_only=True)
