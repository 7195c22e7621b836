"""Reception: how a proposal was received, as a whole and term by term."""

from schemas.analyses.common import ASSUMED, NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Flag, Integer, Piece, Pieces, Reference, References, Strings, Term, Text
from schemas.record import Mapping
from schemas.vocabulary import ClaimStatus, Stance, Verdict


class VerdictSchema(Mapping):
    """One party's latest answer to a proposal or a term."""

    party = Reference("parties", "The party that answers.", **OUTPUT)
    verdict = Term(Verdict, "How it answers; null if simultaneous records contradict one another.", **NULLABLE_OUTPUT)
    stance = Term(
        Stance,
        "The stance of the latest answer toward the issue, or toward the proposal as a whole; null if answers conflict on it.",
        **NULLABLE_OUTPUT,
    )
    conflicting = Flag("Whether simultaneous records contradict one another.", **OUTPUT)
    blocks = Flag("Whether it blocks the term, or the proposal.", **OUTPUT)
    response = Reference("responses", "The latest answer; if answers conflict, one of them.", **OUTPUT)
    others = References("responses", "If answers conflict: the other answers.", **OUTPUT)
    conditions = Strings("The conditions of the answer; empty if answers conflict, as each has its own.", **OUTPUT)
    reasons = Strings("The reasons given for the answer; empty if answers conflict.", **OUTPUT)
    claim_status = Term(ClaimStatus, "The claim status of the answer; null if answers conflict.", **NULLABLE_OUTPUT)
    document_count = Integer("Distinct sources among the evidence.", **OUTPUT)
    origin_count = Integer("Distinct outlets that the assertions go back to.", **OUTPUT)
    assumed = Flag(f"{ASSUMED} If answers conflict: true if one of them is.", **OUTPUT)


class ReceptionTermSchema(Mapping):
    """How one term was received, or, without a term, the proposal as a whole."""

    term = Reference("terms", "The term; null means the proposal as a whole.", **NULLABLE_OUTPUT)
    number = Integer("The number of the term in the proposal; null for the proposal as a whole.", **NULLABLE_OUTPUT)
    issue = Reference("issues", "The issue that the term settles; null for the proposal as a whole.", **NULLABLE_OUTPUT)
    stance = Term(
        Stance,
        "The stance that the term takes toward the issue's proposition; null for the proposal as a whole.",
        **NULLABLE_OUTPUT,
    )
    answers = Pieces(VerdictSchema, "The latest verdict of each party that has answered.", **OUTPUT)
    blockers = References("parties", "The parties that block it.", **OUTPUT)
    unanswered = References("parties", "Addressees without a recorded answer to it.", **OUTPUT)


class ReceptionSchema(Mapping):
    """How a proposal was received, as a whole and term by term."""

    proposal = Reference("proposals", "The proposal.", **OUTPUT)
    addressees = References("parties", "The parties it was addressed to.", **OUTPUT)
    point_count = Integer("How many points it is said to have; null if no source says.", **NULLABLE_OUTPUT)
    term_count = Integer("How many of its terms are recorded.", **OUTPUT)
    terms_absent = Text("Why terms are missing; null if no reason is recorded.", **NULLABLE_OUTPUT)
    whole = Piece(ReceptionTermSchema, "The answers to the proposal as a whole.", **OUTPUT)
    terms = Pieces(ReceptionTermSchema, "The answers to each term, in their order.", **OUTPUT)
    blockers = References("parties", "The parties that block the whole or any term.", **OUTPUT)
    unanswered = References("parties", "Addressees that have answered neither the whole nor any term.", **OUTPUT)


class ReceptionLineSchema(Mapping):
    """One party's latest answer to one term, or to the proposal as a whole."""

    proposal = Reference("proposals", "The proposal.", **OUTPUT)
    term = Reference("terms", "The term; empty means the proposal as a whole.", **NULLABLE_OUTPUT)
    number = Integer("The number of the term in the proposal; empty for the proposal as a whole.", **NULLABLE_OUTPUT)
    issue = Reference(
        "issues", "The issue that the term settles; empty for the proposal as a whole.", **NULLABLE_OUTPUT
    )
    party = Reference("parties", "The party that answers, or has yet to answer.", **OUTPUT)
    answered = Flag("Whether an answer is recorded.", **OUTPUT)
    verdict = Term(Verdict, "How it answers; empty if it has not, or if records conflict.", **NULLABLE_OUTPUT)
    stance = Term(Stance, "The stance of the latest answer; empty if answers conflict on it.", **NULLABLE_OUTPUT)
    conflicting = Flag("Whether simultaneous records contradict one another.", **OUTPUT)
    blocks = Flag("Whether it blocks the term, or the proposal.", **OUTPUT)
    response = Reference("responses", "The latest answer; empty if there is none.", **NULLABLE_OUTPUT)
    others = References("responses", "If answers conflict: the other answers.", **OUTPUT)
    claim_status = Term(
        ClaimStatus,
        "The claim status of the answer; empty if there is none, or if answers conflict.",
        **NULLABLE_OUTPUT,
    )
    document_count = Integer("Distinct sources among the evidence; empty without an answer.", **NULLABLE_OUTPUT)
    origin_count = Integer(
        "Distinct outlets that the assertions go back to; empty without an answer.", **NULLABLE_OUTPUT
    )
    assumed = Flag(f"{ASSUMED} If answers conflict: true if one of them is.", **OUTPUT)
