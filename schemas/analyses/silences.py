"""Silences: demands and proposals that an addressee has not answered."""

from schemas.analyses.common import ASSUMED, NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Day, EdtfDate, Flag, Integer, Reference, References, Subject, Term
from schemas.record import FIRST_REPORTED, Mapping
from schemas.vocabulary import Lifecycle, ProposalStatus, Stance


class SilenceSchema(Mapping):
    """A demand or a proposal that one of its addressees has not answered."""

    subject = Subject("The demand or proposal that is unanswered.", **OUTPUT)
    silent = Reference("parties", "The addressee that has not answered.", **OUTPUT)
    asked_by = References("parties", "The parties that asked.", **OUTPUT)
    issue = Reference("issues", "The issue that a demand is about; null for a proposal.", **NULLABLE_OUTPUT)
    asked_on = EdtfDate("When it was asked; null if no source says.", **NULLABLE_OUTPUT)
    first_reported_on = Day("The day from which the public could know of it.", **OUTPUT)
    days = Integer(
        "The minimum number of days without an answer: since the last day on which it can have been asked.", **OUTPUT
    )
    lifecycle = Term(
        Lifecycle, "What has become of the demand; null if that is not known, or for a proposal.", **NULLABLE_OUTPUT
    )
    status = Term(
        ProposalStatus, "Where the proposal stands; null if that is not known, or for a demand.", **NULLABLE_OUTPUT
    )
    noted = Reference(
        "responses",
        "A record stating that no answer came, or that none would be given; null if there is none.",
        **NULLABLE_OUTPUT,
    )
    stance = Term(
        Stance,
        "The addressee's latest stance on the issue, which is no answer; null if none is recorded, if records conflict, or for a proposal.",
        **NULLABLE_OUTPUT,
    )
    position = Reference(
        "positions",
        "The addressee's latest position on the issue; null if none is recorded, or for a proposal.",
        **NULLABLE_OUTPUT,
    )
    assumed = Flag(f"About that stance. {ASSUMED}", later=True, **OUTPUT)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **OUTPUT)
