"""Diff: what changed from one proposal to another."""

from schemas.analyses.common import NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Counts, EdtfDate, Flag, Integer, Piece, Pieces, Reference, Strings, Term, Text
from schemas.record import Mapping
from schemas.vocabulary import Stance, TermChange


class DiffTermSchema(Mapping):
    """What became of one provision."""

    change = Term(TermChange, **OUTPUT)
    lineage = Text(
        "The key that the provision has in every version; null if the record gives it none.",
        longest=80,
        **NULLABLE_OUTPUT,
    )
    before = Reference("terms", "The term of the earlier proposal; null if it has none.", **NULLABLE_OUTPUT)
    after = Reference("terms", "The term of the later proposal; null if it has none.", **NULLABLE_OUTPUT)
    number_before = Integer(
        "The number of that term in the earlier proposal; null without the term.", **NULLABLE_OUTPUT
    )
    number_after = Integer("The number of that term in the later proposal; null without the term.", **NULLABLE_OUTPUT)
    issue_before = Reference(
        "issues", "The issue that the earlier term settled; null without the term.", **NULLABLE_OUTPUT
    )
    issue_after = Reference(
        "issues", "The issue that the later term settles; null without the term.", **NULLABLE_OUTPUT
    )
    stance_before = Term(
        Stance, "The stance that the earlier term took toward its issue; null without the term.", **NULLABLE_OUTPUT
    )
    stance_after = Term(
        Stance, "The stance that the later term takes toward its issue; null without the term.", **NULLABLE_OUTPUT
    )
    differs_in = Strings("Which of `number`, `issue`, `stance` and `summary` differ.", **OUTPUT)


class DiffSideSchema(Mapping):
    """One of two compared proposals."""

    proposal = Reference("proposals", "The proposal.", **OUTPUT)
    made_on = EdtfDate("When it was put forward; null if no source says.", **NULLABLE_OUTPUT)
    point_count = Integer("How many points it is said to have; null if no source says.", **NULLABLE_OUTPUT)
    term_count = Integer("How many of its terms are recorded.", **OUTPUT)
    terms_absent = Text("Why terms are missing; null if no reason is recorded.", **NULLABLE_OUTPUT)


class DiffSchema(Mapping):
    """What changed from one proposal to another."""

    before = Piece(DiffSideSchema, "The earlier proposal, given as `against`.", **OUTPUT)
    after = Piece(DiffSideSchema, "The later proposal, given in the path.", **OUTPUT)
    supersedes = Flag("Whether the later proposal is recorded as the next version of the earlier one.", **OUTPUT)
    comparable = Flag("Whether terms of both proposals are recorded.", **OUTPUT)
    counts = Counts("The number of provisions per kind of change.", **OUTPUT)
    terms = Pieces(DiffTermSchema, "Every recorded provision of either proposal.", **OUTPUT)
