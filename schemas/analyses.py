"""The answers of the analyses. The functions of ``api.analysis`` give data of these shapes; the contract and the flat
tables are made from them.
"""

from typing import Any

from schemas.fields import (
    Counts,
    Day,
    DerivedId,
    EdtfDate,
    Flag,
    Integer,
    Link,
    Number,
    Piece,
    Pieces,
    Reference,
    References,
    Strings,
    Subject,
    Term,
    Text,
    Values,
)
from schemas.record import FIRST_REPORTED, Mapping
from schemas.vocabulary import (
    ClaimStatus,
    Direction,
    Lifecycle,
    Mode,
    PositionKind,
    ProposalStatus,
    Relation,
    Stance,
    TermChange,
    Verdict,
)

_GIVEN: dict[str, Any] = {"dump_only": True}
_MAYBE: dict[str, Any] = {"dump_only": True, "allow_none": True}
ASSUMED = (
    "With `as_of`: the record does not say that it was held on the day: its beginning, or its end, may lie on the other side. "
    "False without `as_of`."
)


class FootingSchema(Mapping):
    """What an answer rests on."""

    records = Integer("Different records.", **_GIVEN)
    documents = Integer("Different sources among their evidence.", **_GIVEN)
    origins = Integer("Different outlets that their assertions go back to.", **_GIVEN)


class AnalysisMetaSchema(Mapping):
    """What an analysis says of itself: the release, the clocks, the filters, and what it rests on."""

    release = Text("The release that it is from.", **_GIVEN)
    as_of = Day("The day of valid time that was asked for.", **_MAYBE)
    known_at = Day("The day of knowledge time that was asked for.", **_MAYBE)
    mode = Strings("The modes of evidence that count; all of them where none is named.", **_GIVEN)
    cite = Link("Where to cite this answer.", **_GIVEN)
    day = Day("The day that it takes for today: as_of, else the release's date.", **_GIVEN)
    filters = Values("What else was asked for, by parameter.", **_GIVEN)
    rests_on = Piece(FootingSchema, "How many records, documents and origins it rests on.", **_GIVEN)


class HeldSchema(Mapping):
    """A stance on record: the position that gives it, and who holds that."""

    stance = Term(Stance, **_GIVEN)
    position = Reference("positions", "The position.", **_GIVEN)
    holder = Reference("parties", "Who holds it by itself, before any folding.", **_GIVEN)
    kind = Term(PositionKind, **_GIVEN)
    valid_from = EdtfDate("Since when it is held; null: since it was first reported, or earlier.", **_MAYBE)
    valid_until = EdtfDate("Until when it was held.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    assumed = Flag(ASSUMED, **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class MatrixCellSchema(Mapping):
    """One party's latest stance on one issue."""

    party = Reference("parties", "Whose it is; with folding, also that of those who represent it.", **_GIVEN)
    stance = Term(Stance, "The stance; null where simultaneous records contradict one another.", **_MAYBE)
    score = Number("Its score, −1 to 1; null where the stance is unclear or conflicting.", **_MAYBE)
    conflicting = Flag("Whether simultaneous records contradict one another; `records` then has them all.", **_GIVEN)
    ended = Flag("Whether the party had given it up by the day.", **_GIVEN)
    position = Reference("positions", "The latest position: the first of the records.", **_GIVEN)
    records = Pieces(HeldSchema, "The position behind it; where they conflict, one for each of the stances.", **_GIVEN)
    document_count = Integer("Different sources among the evidence of the records.", **_GIVEN)
    origin_count = Integer("Different outlets that the assertions of the records go back to.", **_GIVEN)
    claim_status = Term(ClaimStatus, "That of the position; null where records conflict.", **_MAYBE)
    assumed = Flag(f"{ASSUMED} Where records conflict: of one of them.", **_GIVEN)


class MatrixRowSchema(Mapping):
    """One issue, with each party's latest stance on it; a party without a cell has no recorded position."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic that it belongs to.", **_MAYBE)
    cells = Pieces(MatrixCellSchema, "The recorded stances, in the order of the parties' ids.", **_GIVEN)


class TopicCellSchema(Mapping):
    """One party's stances on the issues of one topic. A topic has no proposition, so they are counted, not merged."""

    party = Reference("parties", "Whose they are.", **_GIVEN)
    stances = Counts(
        "How many issues of the topic it takes each stance on; `conflicting` where records conflict.", **_GIVEN
    )
    assumed_count = Integer("On how many of them it is only assumed to have held its stance `as_of` the day.", **_GIVEN)


class MatrixTopicSchema(Mapping):
    """One topic, with what each party holds on its issues."""

    topic = Reference("issues", "The topic; null for issues that belong to none.", **_MAYBE)
    issue_count = Integer("How many of its issues anyone has a recorded stance on.", **_GIVEN)
    cells = Pieces(TopicCellSchema, "The parties that have any.", **_GIVEN)


class MatrixChangeSchema(Mapping):
    """A cell that is another under the clock or the modes that it is compared with."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    party = Reference("parties", "The party.", **_GIVEN)
    before = Piece(MatrixCellSchema, "The cell as asked; null where there is none.", **_MAYBE)
    after = Piece(MatrixCellSchema, "The cell as compared; null where there is none.", **_MAYBE)


class MatrixLineSchema(Mapping):
    """A row of the wide table: one issue; behind these columns each party has one with its stance and one with its score."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic that it belongs to.", **_MAYBE)
    ended = References("parties", "Those who had given their stance up by the day.", **_GIVEN)
    assumed = References("parties", "Those who are only assumed to have held theirs `as_of` the day.", **_GIVEN)


class StanceLineSchema(Mapping):
    """A row of the long table of the matrix: one position behind a cell, so that where records conflict a cell has several rows."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic that it belongs to.", **_MAYBE)
    party = Reference("parties", "Whose stance it is; with folding, also that of those who represent it.", **_GIVEN)
    stance = Term(Stance, **_GIVEN)
    conflicting = Flag(
        "Whether simultaneous records contradict one another; the others are rows of their own.", **_GIVEN
    )
    ended = Flag("Whether the party had given it up by the day.", **_GIVEN)
    position = Reference("positions", "The position.", **_GIVEN)
    holder = Reference("parties", "Who holds it by itself, before any folding.", **_GIVEN)
    kind = Term(PositionKind, **_GIVEN)
    valid_from = EdtfDate("Since when it is held; empty: since it was first reported, or earlier.", **_MAYBE)
    valid_until = EdtfDate("Until when it was held.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    document_count = Integer("Different sources among its evidence.", **_GIVEN)
    origin_count = Integer("Different outlets that its assertions go back to.", **_GIVEN)
    assumed = Flag(ASSUMED, **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)
    since = EdtfDate(
        "Since when the party has held this stance, over all of its positions that agree; empty where records conflict.",
        later=True,
        **_MAYBE,
    )
    agreeing_count = Integer(
        "How many of its positions agree: the latest, and those before it without another stance between them.",
        later=True,
        **_GIVEN,
    )
    agreeing_document_count = Integer("Different sources among the evidence of those.", later=True, **_GIVEN)
    agreeing_origin_count = Integer("Different outlets that the assertions of those go back to.", later=True, **_GIVEN)


class GapStanceSchema(Mapping):
    """One party's stance in a gap."""

    party = Reference("parties", "The party.", **_GIVEN)
    stance = Term(Stance, "Its latest stance; null where its records conflict.", **_MAYBE)
    score = Number("Its score, −1 to 1; null where the stance is unclear or conflicting.", **_MAYBE)
    position = Reference("positions", "The position that gives it.", **_GIVEN)
    ended = Flag("Whether the party had given it up by the day; it then counts for nothing here.", **_GIVEN)
    conflicting = Flag(
        "Whether simultaneous records contradict one another; `others` then has those beside `position`.", **_GIVEN
    )
    others = References("positions", "Where they conflict: the other positions.", **_GIVEN)
    claim_status = Term(ClaimStatus, "That of the position; null where records conflict.", **_MAYBE)
    document_count = Integer("Different sources among the evidence of the records.", **_GIVEN)
    origin_count = Integer("Different outlets that the assertions of the records go back to.", **_GIVEN)
    assumed = Flag(f"{ASSUMED} Where records conflict: of one of them.", **_GIVEN)


class GapLineSchema(Mapping):
    """A row of the table of gaps; behind these columns each party has one with its stance and one with its score."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic that it belongs to.", **_MAYBE)
    distance = Number(
        "The largest difference of two scores, over 2: 0 agreement, 1 the opposite; null with fewer than two scores.",
        **_MAYBE,
    )
    blockers = References("parties", "Those who oppose what another of the compared parties supports.", **_GIVEN)
    missing = References("parties", "Those without a recorded position on it.", **_GIVEN)
    ended = References(
        "parties", "Those who had given their stance up by the day, so that it counts for nothing here.", **_GIVEN
    )
    assumed = Flag(
        "Whether the distance would be another without the stances that are only assumed to have been held `as_of` the day.",
        **_GIVEN,
    )


class GapSchema(GapLineSchema):
    """How far apart the compared parties are on one issue."""

    stances = Pieces(GapStanceSchema, "The recorded stances, in the order of the parties' ids.", **_GIVEN)


class VerdictSchema(Mapping):
    """One party's latest answer to a proposal or a term."""

    party = Reference("parties", "Whose it is.", **_GIVEN)
    verdict = Term(Verdict, "How it answers; null where simultaneous records contradict one another.", **_MAYBE)
    stance = Term(
        Stance,
        "The stance of the latest answer toward the issue, or toward the proposal as a whole; null where answers conflict in it.",
        **_MAYBE,
    )
    conflicting = Flag("Whether simultaneous records contradict one another.", **_GIVEN)
    blocks = Flag("Whether it stands in the way of the term, or of the proposal.", **_GIVEN)
    response = Reference("responses", "The latest answer; where they conflict, one of them.", **_GIVEN)
    others = References("responses", "Where they conflict: the other answers.", **_GIVEN)
    conditions = Strings("On which conditions; empty where answers conflict, each of which has its own.", **_GIVEN)
    reasons = Strings("For which reasons; empty where answers conflict.", **_GIVEN)
    claim_status = Term(ClaimStatus, "That of the answer; null where answers conflict.", **_MAYBE)
    document_count = Integer("Different sources among the evidence.", **_GIVEN)
    origin_count = Integer("Different outlets that the assertions go back to.", **_GIVEN)
    assumed = Flag(f"{ASSUMED} Where answers conflict: of one of them.", **_GIVEN)


class ReceptionTermSchema(Mapping):
    """How one term was received; the row without a term is about the proposal as a whole."""

    term = Reference("terms", "The term; null: the proposal as a whole.", **_MAYBE)
    number = Integer("Its place in the proposal.", **_MAYBE)
    issue = Reference("issues", "The question that it settles.", **_MAYBE)
    stance = Term(Stance, "What it provides, toward the issue's proposition.", **_MAYBE)
    answers = Pieces(VerdictSchema, "The latest verdict of each party that has answered.", **_GIVEN)
    blockers = References("parties", "Those who stand in its way.", **_GIVEN)
    unanswered = References("parties", "Addressees without a recorded answer to it.", **_GIVEN)


class ReceptionSchema(Mapping):
    """How a proposal was received, as a whole and term by term."""

    proposal = Reference("proposals", "The proposal.", **_GIVEN)
    addressees = References("parties", "To whom it was put.", **_GIVEN)
    point_count = Integer("How many points it is said to have.", **_MAYBE)
    term_count = Integer("How many of its terms are recorded.", **_GIVEN)
    terms_absent = Text("Why terms are missing, where some are.", **_MAYBE)
    whole = Piece(ReceptionTermSchema, "The answers to the proposal as a whole.", **_GIVEN)
    terms = Pieces(ReceptionTermSchema, "The answers to each term, in their order.", **_GIVEN)
    blockers = References("parties", "Those who stand in the way of the whole or of any term.", **_GIVEN)
    unanswered = References("parties", "Addressees who have answered neither the whole nor any term.", **_GIVEN)


class ReceptionLineSchema(Mapping):
    """One party's latest answer to one term, or to the proposal as a whole."""

    proposal = Reference("proposals", "The proposal.", **_GIVEN)
    term = Reference("terms", "The term; empty: the proposal as a whole.", **_MAYBE)
    number = Integer("Its place in the proposal.", **_MAYBE)
    issue = Reference("issues", "The question that it settles.", **_MAYBE)
    party = Reference("parties", "Who answers, or is yet to answer.", **_GIVEN)
    answered = Flag("Whether an answer is recorded.", **_GIVEN)
    verdict = Term(Verdict, "How it answers; empty where it has not, or where records conflict.", **_MAYBE)
    stance = Term(Stance, "The stance of the latest answer; empty where answers conflict in it.", **_MAYBE)
    conflicting = Flag("Whether simultaneous records contradict one another.", **_GIVEN)
    blocks = Flag("Whether it stands in the way.", **_GIVEN)
    response = Reference("responses", "The latest answer.", **_MAYBE)
    others = References("responses", "Where they conflict: the other answers.", **_GIVEN)
    claim_status = Term(
        ClaimStatus, "That of the answer; empty where there is none, or where answers conflict.", **_MAYBE
    )
    document_count = Integer("Different sources among the evidence.", **_MAYBE)
    origin_count = Integer("Different outlets that the assertions go back to.", **_MAYBE)
    assumed = Flag(f"{ASSUMED} Where answers conflict: of one of them.", **_GIVEN)


class DiffTermSchema(Mapping):
    """What became of one provision."""

    change = Term(TermChange, **_GIVEN)
    lineage = Text("The provision's key across versions.", longest=80, **_MAYBE)
    before = Reference("terms", "The term of the earlier proposal.", **_MAYBE)
    after = Reference("terms", "The term of the later proposal.", **_MAYBE)
    number_before = Integer("Its place before.", **_MAYBE)
    number_after = Integer("Its place after.", **_MAYBE)
    issue_before = Reference("issues", "The question that it settled.", **_MAYBE)
    issue_after = Reference("issues", "The question that it settles.", **_MAYBE)
    stance_before = Term(Stance, "What it provided, toward its issue.", **_MAYBE)
    stance_after = Term(Stance, "What it provides, toward its issue.", **_MAYBE)
    differs_in = Strings("Which of number, issue, stance and summary differ.", **_GIVEN)


class DiffSideSchema(Mapping):
    """One of two compared proposals."""

    proposal = Reference("proposals", "The proposal.", **_GIVEN)
    made_on = EdtfDate("When it was put forward.", **_MAYBE)
    point_count = Integer("How many points it is said to have.", **_MAYBE)
    term_count = Integer("How many of its terms are recorded.", **_GIVEN)
    terms_absent = Text("Why terms are missing, where some are.", **_MAYBE)


class DiffSchema(Mapping):
    """What changed from one proposal to another."""

    before = Piece(DiffSideSchema, "The earlier one: `against`.", **_GIVEN)
    after = Piece(DiffSideSchema, "The later one: that of the path.", **_GIVEN)
    supersedes = Flag("Whether the record has the later one as the next version of the earlier one.", **_GIVEN)
    comparable = Flag("Whether terms of both are recorded.", **_GIVEN)
    counts = Counts("How many provisions underwent each change.", **_GIVEN)
    terms = Pieces(DiffTermSchema, "Every recorded provision of either.", **_GIVEN)


class TimelineEntrySchema(Mapping):
    """Something that happened, was put forward, asked or answered: when, and when the public first heard of it."""

    subject = Subject("The record.", **_GIVEN)
    kind = Text("Its kind within its collection; of a response the verdict, of a demand its firmness.", **_GIVEN)
    occurred_on = EdtfDate("When; null where no source tells.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    lag = Integer(
        "Days from the last day on which it can have happened to the first report; 0 where it can have happened on the day of the "
        "report or after it; null where no last day is known.",
        **_MAYBE,
    )
    actors = References("parties", "Who acted: participants, proposers, the holder.", **_GIVEN)
    issue = Reference("issues", "The question that it is about, where there is one.", **_MAYBE)
    summary = Text("What it is.", **_MAYBE)
    claim_status = Term(ClaimStatus, **_GIVEN)
    document_count = Integer("Different sources among its evidence.", **_GIVEN)
    origin_count = Integer("Different outlets that its assertions go back to.", **_GIVEN)
    time = Integer(
        "Milliseconds since 1970 to the first day on which it can have happened, else to its report.", **_GIVEN
    )
    timeEnd = Integer(  # noqa: N815  # Grafana's own spelling
        "Milliseconds since 1970 to the last day on which it can have happened; null where that is the first.", **_MAYBE
    )
    title = Text("What to write on a chart.", **_GIVEN)
    text = Text("What to write beside it.", **_GIVEN)
    tags = Text("The collection, the kind and the actors, joined by commas as Grafana splits them.", **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class MovementSchema(Mapping):
    """One change of a party's stance on an issue."""

    party = Reference("parties", "Who moved.", **_GIVEN)
    issue = Reference("issues", "On what.", **_GIVEN)
    direction = Term(Direction, **_GIVEN)
    occurred_on = EdtfDate("When it took the new stance, or gave the old one up; null where no source tells.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of the change.", **_GIVEN)
    before_stance = Term(Stance, "The stance before.", **_GIVEN)
    before = Reference("positions", "The position before.", **_GIVEN)
    after_stance = Term(Stance, "The stance after; null where the position was given up for nothing.", **_MAYBE)
    after = Reference("positions", "The position after.", **_MAYBE)
    toward = References("parties", "Those to whose stance of that day it came nearer.", **_GIVEN)
    away_from = References("parties", "Those from whose stance of that day it went away.", **_GIVEN)
    claim_status = Term(
        ClaimStatus,
        "That of the position after; of the one before, where it was given up for nothing.",
        later=True,
        **_GIVEN,
    )
    document_count = Integer("Different sources among the evidence of that position.", later=True, **_GIVEN)
    origin_count = Integer("Different outlets that its assertions go back to.", later=True, **_GIVEN)
    assumed = Flag(
        "With `as_of`: the position after may have begun later than the day. False without `as_of`.",
        later=True,
        **_GIVEN,
    )
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class SilenceSchema(Mapping):
    """A demand or a proposal that one of its addressees has not answered."""

    subject = Subject("What is unanswered.", **_GIVEN)
    silent = Reference("parties", "Who has not answered.", **_GIVEN)
    asked_by = References("parties", "Who asked.", **_GIVEN)
    issue = Reference("issues", "The question that a demand is about; null for a proposal.", **_MAYBE)
    asked_on = EdtfDate("When it was asked; null where no source tells.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    days = Integer("Days since: from the last day on which it can have been asked, so at the least.", **_GIVEN)
    lifecycle = Term(Lifecycle, "What has become of the demand.", **_MAYBE)
    status = Term(ProposalStatus, "Where the proposal stands.", **_MAYBE)
    noted = Reference("responses", "A record that says that no answer came, or that none would be given.", **_MAYBE)
    stance = Term(Stance, "Its own latest stance on the issue: a position that it has taken is no answer.", **_MAYBE)
    position = Reference("positions", "The position that gives that stance.", **_MAYBE)
    assumed = Flag(f"Of that stance. {ASSUMED}", later=True, **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class ClaimSchema(Mapping):
    """What one piece of evidence does to a record, and on whose word."""

    evidence = DerivedId("The evidence.", **_GIVEN)
    href = Link("Its path.", **_GIVEN)
    relation = Term(Relation, **_GIVEN)
    speaker = Reference("parties", "Who says so; null where the source names nobody.", **_MAYBE)
    speaker_description = Text("Who says so, as far as the source tells.", longest=300, **_MAYBE)
    by_holder = Flag("Whether the speaker holds what is claimed, or represents one who does.", **_GIVEN)
    mode = Term(Mode, **_GIVEN)
    source = Reference("sources", "In which document.", **_GIVEN)
    origin = Subject("The outlet, or else the document, that it goes back to.", **_GIVEN)
    known_on = Day("The day from which the public could know it.", **_GIVEN)
    said_on = EdtfDate("When it was said.", **_MAYBE)
    decides = Flag("Whether the claim status follows from it.", **_GIVEN)


class OriginSchema(Mapping):
    """An outlet that assertions go back to, and the documents that carry them: one voice, however many papers."""

    origin = Subject("The outlet, or else the document.", **_GIVEN)
    documents = References("sources", "The documents that have it from there.", **_GIVEN)


class StageSchema(Mapping):
    """How well the record was supported from one day on."""

    known_from = Day("From this day.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    evidence_count = Integer("Pieces of evidence by then.", **_GIVEN)
    document_count = Integer("Different sources by then.", **_GIVEN)
    origin_count = Integer("Different outlets by then.", **_GIVEN)


class DossierSchema(Mapping):
    """The claims graph of one record: who says what about it, where that goes back to, and what it amounts to."""

    subject = Subject("The record.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    rule = Text("The rule that gave the claim status: the first that holds.", **_GIVEN)
    relations = Counts("How many pieces of evidence assert, confirm, deny and so on.", **_GIVEN)
    modes = Counts("How many pieces of evidence rest on each footing.", **_GIVEN)
    claims = Pieces(ClaimSchema, "Every piece of evidence, in the order in which it became known.", **_GIVEN)
    documents = References("sources", "The different documents.", **_GIVEN)
    origins = Pieces(
        OriginSchema, "The different origins of its assertions, writers' and analysts' judgements left out.", **_GIVEN
    )
    stages = Pieces(StageSchema, "How the claim status came about, day by day of new evidence.", **_GIVEN)
    assumed = Flag(
        "With `as_of`: the record does not say that what it tells of held on the day, or was done by it. False without `as_of`.",
        **_GIVEN,
    )


class FacetValueSchema(Mapping):
    """One value of one facet."""

    facet = Text("The facet.", **_GIVEN)
    value = Text("The value; null where the record has none.", **_MAYBE)
    label = Text("Its name.", **_MAYBE)


class FacetCountSchema(Mapping):
    """How many records have these values. A record with several values of a facet counts under each."""

    values = Pieces(FacetValueSchema, "One value of each facet asked for, in that order.", **_GIVEN)
    count = Integer("How many records.", **_GIVEN)


class CitationSchema(Mapping):
    """How to cite an answer so that it can be had again."""

    path = Link("The path that gives the answer again: it pins the release, and with it everything else.", **_GIVEN)
    url = Link("The same with the address of this server.", **_GIVEN)
    title = Text("What the answer is.", **_GIVEN)
    release = Text("The release.", **_GIVEN)
    released_on = Day("Its date.", **_GIVEN)
    release_sha256 = Text("The SHA-256 of its seed files.", **_GIVEN)
    as_of = Day("The day of valid time, where one was asked for.", **_MAYBE)
    known_at = Day("The day of knowledge time, where one was asked for.", **_MAYBE)
    media_type = Text("What the answer is written in.", **_GIVEN)
    bytes = Integer("The length of its body, uncompressed.", **_GIVEN)
    sha256 = Text("The SHA-256 of its body, uncompressed.", **_GIVEN)
    text = Text("The citation as a sentence.", **_GIVEN)
    bibtex = Text("The citation in BibTeX.", **_GIVEN)
    csl = Values("The citation in CSL-JSON.", **_GIVEN)


#: What the analyses answer with; the schemas inside them come along.
ANSWERS = (
    AnalysisMetaSchema,
    MatrixRowSchema,
    MatrixTopicSchema,
    MatrixChangeSchema,
    GapSchema,
    ReceptionSchema,
    DiffSchema,
    TimelineEntrySchema,
    MovementSchema,
    SilenceSchema,
    DossierSchema,
    FacetCountSchema,
    CitationSchema,
)
