"""The matrix: each party's latest stance on each issue."""

from schemas.analyses.common import ASSUMED, NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Counts, Day, EdtfDate, Flag, Integer, Number, Piece, Pieces, Reference, References, Term
from schemas.record import FIRST_REPORTED, Mapping
from schemas.vocabulary import ClaimStatus, PositionKind, Stance


class HeldSchema(Mapping):
    """A recorded stance: the position that gives it, and who holds that position."""

    stance = Term(Stance, **OUTPUT)
    position = Reference("positions", "The position.", **OUTPUT)
    holder = Reference("parties", "The party that itself holds the position, before folding.", **OUTPUT)
    kind = Term(PositionKind, **OUTPUT)
    valid_from = EdtfDate(
        "Since when it has been held; null means since it was first reported, or earlier.", **NULLABLE_OUTPUT
    )
    valid_until = EdtfDate("Until when it was held; null while it still is.", **NULLABLE_OUTPUT)
    first_reported_on = Day("The day from which the public could know of it.", **OUTPUT)
    claim_status = Term(ClaimStatus, **OUTPUT)
    assumed = Flag(ASSUMED, **OUTPUT)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **OUTPUT)


class MatrixCellSchema(Mapping):
    """One party's latest stance on one issue."""

    party = Reference(
        "parties",
        "The party whose stance it is; with folding, this includes the stances of those who represent it.",
        **OUTPUT,
    )
    stance = Term(Stance, "The stance; null if simultaneous records contradict one another.", **NULLABLE_OUTPUT)
    score = Number("Its score, −1 to 1; null if the stance is unclear or conflicting.", **NULLABLE_OUTPUT)
    conflicting = Flag("Whether simultaneous records contradict one another; `records` then lists them.", **OUTPUT)
    ended = Flag("Whether the party had given it up by the day.", **OUTPUT)
    position = Reference("positions", "The latest position: the first of the records.", **OUTPUT)
    records = Pieces(HeldSchema, "The position behind it; if records conflict, one for each of the stances.", **OUTPUT)
    document_count = Integer("Distinct sources among the evidence of the records.", **OUTPUT)
    origin_count = Integer("Distinct outlets that the assertions of the records go back to.", **OUTPUT)
    claim_status = Term(ClaimStatus, "The claim status of the position; null if records conflict.", **NULLABLE_OUTPUT)
    assumed = Flag(f"{ASSUMED} If records conflict: true if one of them is.", **OUTPUT)


class MatrixRowSchema(Mapping):
    """One issue, with each party's latest stance on it; a party without a cell has no recorded position."""

    issue = Reference("issues", "The issue.", **OUTPUT)
    topic = Reference("issues", "The topic of the issue; null if it has none.", **NULLABLE_OUTPUT)
    cells = Pieces(MatrixCellSchema, "The recorded stances, in the order of the parties' ids.", **OUTPUT)


class TopicCellSchema(Mapping):
    """One party's stances on the issues of one topic. A topic has no proposition, so they are counted, not merged."""

    party = Reference("parties", "The party whose stances they are.", **OUTPUT)
    stances = Counts(
        "The number of issues of the topic on which it takes each stance; `conflicting` counts those with conflicting records.",
        **OUTPUT,
    )
    assumed_count = Integer(
        "The number of these issues on which it is only assumed to have held its stance `as_of` the day.", **OUTPUT
    )


class MatrixTopicSchema(Mapping):
    """One topic, with what each party holds on its issues."""

    topic = Reference("issues", "The topic; null for issues without one.", **NULLABLE_OUTPUT)
    issue_count = Integer("The number of its issues on which any party has a recorded stance.", **OUTPUT)
    cells = Pieces(TopicCellSchema, "The parties that have a stance on any of them.", **OUTPUT)


class MatrixChangeSchema(Mapping):
    """A cell that differs under the clock or the modes compared with."""

    issue = Reference("issues", "The issue.", **OUTPUT)
    party = Reference("parties", "The party.", **OUTPUT)
    before = Piece(
        MatrixCellSchema,
        "The cell under the clocks and modes of the request; null if there is none.",
        **NULLABLE_OUTPUT,
    )
    after = Piece(MatrixCellSchema, "The cell under those of `compare`; null if there is none.", **NULLABLE_OUTPUT)


class MatrixLineSchema(Mapping):
    """A row of the wide table: one issue. After these columns each party has two: its stance and its score."""

    issue = Reference("issues", "The issue.", **OUTPUT)
    topic = Reference("issues", "The topic of the issue; empty if it has none.", **NULLABLE_OUTPUT)
    ended = References("parties", "The parties that had given up their stance by the day.", **OUTPUT)
    assumed = References("parties", "The parties only assumed to have held their stance `as_of` the day.", **OUTPUT)


class StanceLineSchema(Mapping):
    """A row of the matrix in long form: one position behind a cell. A cell with conflicting records has several rows."""

    issue = Reference("issues", "The issue.", **OUTPUT)
    topic = Reference("issues", "The topic of the issue; empty if it has none.", **NULLABLE_OUTPUT)
    party = Reference(
        "parties",
        "The party whose stance it is; with folding, this includes the stances of those who represent it.",
        **OUTPUT,
    )
    stance = Term(Stance, **OUTPUT)
    conflicting = Flag("Whether simultaneous records contradict one another; each has a row of its own.", **OUTPUT)
    ended = Flag("Whether the party had given it up by the day.", **OUTPUT)
    position = Reference("positions", "The position.", **OUTPUT)
    holder = Reference("parties", "The party that itself holds the position, before folding.", **OUTPUT)
    kind = Term(PositionKind, **OUTPUT)
    valid_from = EdtfDate(
        "Since when it has been held; empty means since it was first reported, or earlier.", **NULLABLE_OUTPUT
    )
    valid_until = EdtfDate("Until when it was held; empty while it still is.", **NULLABLE_OUTPUT)
    first_reported_on = Day("The day from which the public could know of it.", **OUTPUT)
    claim_status = Term(ClaimStatus, **OUTPUT)
    document_count = Integer("Distinct sources among its evidence.", **OUTPUT)
    origin_count = Integer("Distinct outlets that its assertions go back to.", **OUTPUT)
    assumed = Flag(ASSUMED, **OUTPUT)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **OUTPUT)
    since = EdtfDate(
        "Since when the party has held this stance, across all its positions that agree; empty if records conflict.",
        later=True,
        **NULLABLE_OUTPUT,
    )
    agreeing_count = Integer(
        "How many of its positions agree: the latest, and those before it with no other stance in between.",
        later=True,
        **OUTPUT,
    )
    agreeing_document_count = Integer("Distinct sources among the evidence of those positions.", later=True, **OUTPUT)
    agreeing_origin_count = Integer(
        "Distinct outlets that the assertions of those positions go back to.", later=True, **OUTPUT
    )
