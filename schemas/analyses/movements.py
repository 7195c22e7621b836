"""Movements: changes of stance."""

from schemas.analyses.common import NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Day, EdtfDate, Flag, Integer, Reference, References, Term
from schemas.record import FIRST_REPORTED, Mapping
from schemas.vocabulary import ClaimStatus, Direction, Stance


class MovementSchema(Mapping):
    """One change of a party's stance on an issue."""

    party = Reference("parties", "The party that moved.", **OUTPUT)
    issue = Reference("issues", "The issue on which it moved.", **OUTPUT)
    direction = Term(Direction, **OUTPUT)
    occurred_on = EdtfDate(
        "When it took the new stance or gave up the old one; null if no source says.", **NULLABLE_OUTPUT
    )
    first_reported_on = Day("The day from which the public could know of the change.", **OUTPUT)
    before_stance = Term(Stance, "The stance before.", **OUTPUT)
    before = Reference("positions", "The position before.", **OUTPUT)
    after_stance = Term(
        Stance, "The stance after; null if the position was given up and no other taken.", **NULLABLE_OUTPUT
    )
    after = Reference("positions", "The position after.", **NULLABLE_OUTPUT)
    toward = References(
        "parties",
        "The parties to whose stance on that day it came nearer; none if the position was given up.",
        **OUTPUT,
    )
    away_from = References(
        "parties",
        "The parties from whose stance on that day it moved away; none if the position was given up.",
        **OUTPUT,
    )
    claim_status = Term(
        ClaimStatus,
        "The claim status of the position after; if the position was given up, of its end.",
        later=True,
        **OUTPUT,
    )
    document_count = Integer("Distinct sources among the evidence of that position.", later=True, **OUTPUT)
    origin_count = Integer("Distinct outlets that its assertions go back to.", later=True, **OUTPUT)
    assumed = Flag(
        "With `as_of`: the position after may have begun later than the day. False without `as_of`.",
        later=True,
        **OUTPUT,
    )
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **OUTPUT)
