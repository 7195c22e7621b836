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
    "With `as_of`: it may have been held on the day, but the record does not confirm it: it may have begun later or ended "
    "earlier. False without `as_of`."
)


class FootingSchema(Mapping):
    """What an answer rests on."""

    records = Integer("Distinct records.", **_GIVEN)
    documents = Integer("Distinct sources among their evidence.", **_GIVEN)
    origins = Integer("Distinct outlets that their assertions go back to.", **_GIVEN)


class AnalysisMetaSchema(Mapping):
    """The context of an answer: the release, the clocks, the filters, and what it rests on."""

    release = Text("The release that the answer is from.", **_GIVEN)
    as_of = Day("The `as_of` that was asked for.", **_MAYBE)
    known_at = Day("The `known_at` that was asked for.", **_MAYBE)
    mode = Strings("The modes of evidence that count; empty means all.", **_GIVEN)
    cite = Link("Where to cite this answer.", **_GIVEN)
    day = Day("The day used as today: `as_of`, or else the release's date.", **_GIVEN)
    filters = Values("The other parameters that were asked for, by name.", **_GIVEN)
    rests_on = Piece(FootingSchema, "How many records, documents and origins it rests on.", **_GIVEN)


class HeldSchema(Mapping):
    """A recorded stance: the position that gives it, and who holds that position."""

    stance = Term(Stance, **_GIVEN)
    position = Reference("positions", "The position.", **_GIVEN)
    holder = Reference("parties", "The party that itself holds the position, before folding.", **_GIVEN)
    kind = Term(PositionKind, **_GIVEN)
    valid_from = EdtfDate("Since when it has been held; null means since it was first reported, or earlier.", **_MAYBE)
    valid_until = EdtfDate("Until when it was held.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    assumed = Flag(ASSUMED, **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class MatrixCellSchema(Mapping):
    """One party's latest stance on one issue."""

    party = Reference(
        "parties",
        "The party whose stance it is; with folding, this includes the stances of those who represent it.",
        **_GIVEN,
    )
    stance = Term(Stance, "The stance; null if simultaneous records contradict one another.", **_MAYBE)
    score = Number("Its score, −1 to 1; null if the stance is unclear or conflicting.", **_MAYBE)
    conflicting = Flag("Whether simultaneous records contradict one another; `records` then lists them.", **_GIVEN)
    ended = Flag("Whether the party had given it up by the day.", **_GIVEN)
    position = Reference("positions", "The latest position: the first of the records.", **_GIVEN)
    records = Pieces(HeldSchema, "The position behind it; if records conflict, one for each of the stances.", **_GIVEN)
    document_count = Integer("Distinct sources among the evidence of the records.", **_GIVEN)
    origin_count = Integer("Distinct outlets that the assertions of the records go back to.", **_GIVEN)
    claim_status = Term(ClaimStatus, "The claim status of the position; null if records conflict.", **_MAYBE)
    assumed = Flag(f"{ASSUMED} If records conflict: true if one of them is.", **_GIVEN)


class MatrixRowSchema(Mapping):
    """One issue, with each party's latest stance on it; a party without a cell has no recorded position."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic of the issue.", **_MAYBE)
    cells = Pieces(MatrixCellSchema, "The recorded stances, in the order of the parties' ids.", **_GIVEN)


class TopicCellSchema(Mapping):
    """One party's stances on the issues of one topic. A topic has no proposition, so they are counted, not merged."""

    party = Reference("parties", "The party whose stances they are.", **_GIVEN)
    stances = Counts(
        "The number of issues of the topic on which it takes each stance; `conflicting` counts those with conflicting records.",
        **_GIVEN,
    )
    assumed_count = Integer(
        "The number of these issues on which it is only assumed to have held its stance `as_of` the day.", **_GIVEN
    )


class MatrixTopicSchema(Mapping):
    """One topic, with what each party holds on its issues."""

    topic = Reference("issues", "The topic; null for issues without one.", **_MAYBE)
    issue_count = Integer("The number of its issues on which any party has a recorded stance.", **_GIVEN)
    cells = Pieces(TopicCellSchema, "The parties that have a stance on any of them.", **_GIVEN)


class MatrixChangeSchema(Mapping):
    """A cell that differs under the clock or the modes compared with."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    party = Reference("parties", "The party.", **_GIVEN)
    before = Piece(
        MatrixCellSchema, "The cell under the clocks and modes of the request; null if there is none.", **_MAYBE
    )
    after = Piece(MatrixCellSchema, "The cell under those of `compare`; null if there is none.", **_MAYBE)


class MatrixLineSchema(Mapping):
    """A row of the wide table: one issue. After these columns each party has two: its stance and its score."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic of the issue.", **_MAYBE)
    ended = References("parties", "The parties that had given up their stance by the day.", **_GIVEN)
    assumed = References("parties", "The parties only assumed to have held their stance `as_of` the day.", **_GIVEN)


class StanceLineSchema(Mapping):
    """A row of the matrix in long form: one position behind a cell. A cell with conflicting records has several rows."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic of the issue.", **_MAYBE)
    party = Reference(
        "parties",
        "The party whose stance it is; with folding, this includes the stances of those who represent it.",
        **_GIVEN,
    )
    stance = Term(Stance, **_GIVEN)
    conflicting = Flag("Whether simultaneous records contradict one another; each has a row of its own.", **_GIVEN)
    ended = Flag("Whether the party had given it up by the day.", **_GIVEN)
    position = Reference("positions", "The position.", **_GIVEN)
    holder = Reference("parties", "The party that itself holds the position, before folding.", **_GIVEN)
    kind = Term(PositionKind, **_GIVEN)
    valid_from = EdtfDate("Since when it has been held; empty means since it was first reported, or earlier.", **_MAYBE)
    valid_until = EdtfDate("Until when it was held.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    document_count = Integer("Distinct sources among its evidence.", **_GIVEN)
    origin_count = Integer("Distinct outlets that its assertions go back to.", **_GIVEN)
    assumed = Flag(ASSUMED, **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)
    since = EdtfDate(
        "Since when the party has held this stance, across all its positions that agree; empty if records conflict.",
        later=True,
        **_MAYBE,
    )
    agreeing_count = Integer(
        "How many of its positions agree: the latest, and those before it with no other stance in between.",
        later=True,
        **_GIVEN,
    )
    agreeing_document_count = Integer("Distinct sources among the evidence of those positions.", later=True, **_GIVEN)
    agreeing_origin_count = Integer(
        "Distinct outlets that the assertions of those positions go back to.", later=True, **_GIVEN
    )


class GapStanceSchema(Mapping):
    """One party's stance in a gap."""

    party = Reference("parties", "The party.", **_GIVEN)
    stance = Term(Stance, "Its latest stance; null if its records conflict.", **_MAYBE)
    score = Number("Its score, −1 to 1; null if the stance is unclear or conflicting.", **_MAYBE)
    position = Reference("positions", "The position that gives it.", **_GIVEN)
    ended = Flag("Whether the party had given it up by the day; it then does not count here.", **_GIVEN)
    conflicting = Flag("Whether simultaneous records contradict one another; `others` then lists the rest.", **_GIVEN)
    others = References("positions", "If records conflict: the other positions.", **_GIVEN)
    claim_status = Term(ClaimStatus, "The claim status of the position; null if records conflict.", **_MAYBE)
    document_count = Integer("Distinct sources among the evidence of the records.", **_GIVEN)
    origin_count = Integer("Distinct outlets that the assertions of the records go back to.", **_GIVEN)
    assumed = Flag(f"{ASSUMED} If records conflict: true if one of them is.", **_GIVEN)


class GapLineSchema(Mapping):
    """A row of the table of gaps. After these columns each party has two: its stance and its score."""

    issue = Reference("issues", "The issue.", **_GIVEN)
    topic = Reference("issues", "The topic of the issue.", **_MAYBE)
    distance = Number(
        "The largest difference between two scores, divided by 2: 0 is agreement, 1 the opposite; null with fewer than two scores.",
        **_MAYBE,
    )
    blockers = References("parties", "The parties that oppose what another of the compared parties supports.", **_GIVEN)
    missing = References("parties", "The compared parties without a recorded position on it.", **_GIVEN)
    ended = References(
        "parties", "The parties that had given up their stance by the day, so it does not count here.", **_GIVEN
    )
    assumed = Flag(
        "Whether the distance would differ without the stances only assumed to have been held `as_of` the day.",
        **_GIVEN,
    )


class GapSchema(GapLineSchema):
    """How far apart the compared parties are on one issue."""

    stances = Pieces(GapStanceSchema, "The recorded stances, in the order of the parties' ids.", **_GIVEN)


class VerdictSchema(Mapping):
    """One party's latest answer to a proposal or a term."""

    party = Reference("parties", "The party that answers.", **_GIVEN)
    verdict = Term(Verdict, "How it answers; null if simultaneous records contradict one another.", **_MAYBE)
    stance = Term(
        Stance,
        "The stance of the latest answer toward the issue, or toward the proposal as a whole; null if answers conflict on it.",
        **_MAYBE,
    )
    conflicting = Flag("Whether simultaneous records contradict one another.", **_GIVEN)
    blocks = Flag("Whether it blocks the term, or the proposal.", **_GIVEN)
    response = Reference("responses", "The latest answer; if answers conflict, one of them.", **_GIVEN)
    others = References("responses", "If answers conflict: the other answers.", **_GIVEN)
    conditions = Strings("The conditions of the answer; empty if answers conflict, as each has its own.", **_GIVEN)
    reasons = Strings("The reasons given for the answer; empty if answers conflict.", **_GIVEN)
    claim_status = Term(ClaimStatus, "The claim status of the answer; null if answers conflict.", **_MAYBE)
    document_count = Integer("Distinct sources among the evidence.", **_GIVEN)
    origin_count = Integer("Distinct outlets that the assertions go back to.", **_GIVEN)
    assumed = Flag(f"{ASSUMED} If answers conflict: true if one of them is.", **_GIVEN)


class ReceptionTermSchema(Mapping):
    """How one term was received, or, without a term, the proposal as a whole."""

    term = Reference("terms", "The term; null means the proposal as a whole.", **_MAYBE)
    number = Integer("Its place in the proposal.", **_MAYBE)
    issue = Reference("issues", "The issue that it settles.", **_MAYBE)
    stance = Term(Stance, "The stance that it takes toward the issue's proposition.", **_MAYBE)
    answers = Pieces(VerdictSchema, "The latest verdict of each party that has answered.", **_GIVEN)
    blockers = References("parties", "The parties that block it.", **_GIVEN)
    unanswered = References("parties", "Addressees without a recorded answer to it.", **_GIVEN)


class ReceptionSchema(Mapping):
    """How a proposal was received, as a whole and term by term."""

    proposal = Reference("proposals", "The proposal.", **_GIVEN)
    addressees = References("parties", "The parties it was addressed to.", **_GIVEN)
    point_count = Integer("How many points it is said to have.", **_MAYBE)
    term_count = Integer("How many of its terms are recorded.", **_GIVEN)
    terms_absent = Text("Why terms are missing, if any are.", **_MAYBE)
    whole = Piece(ReceptionTermSchema, "The answers to the proposal as a whole.", **_GIVEN)
    terms = Pieces(ReceptionTermSchema, "The answers to each term, in their order.", **_GIVEN)
    blockers = References("parties", "The parties that block the whole or any term.", **_GIVEN)
    unanswered = References("parties", "Addressees that have answered neither the whole nor any term.", **_GIVEN)


class ReceptionLineSchema(Mapping):
    """One party's latest answer to one term, or to the proposal as a whole."""

    proposal = Reference("proposals", "The proposal.", **_GIVEN)
    term = Reference("terms", "The term; empty means the proposal as a whole.", **_MAYBE)
    number = Integer("Its place in the proposal.", **_MAYBE)
    issue = Reference("issues", "The issue that it settles.", **_MAYBE)
    party = Reference("parties", "The party that answers, or has yet to answer.", **_GIVEN)
    answered = Flag("Whether an answer is recorded.", **_GIVEN)
    verdict = Term(Verdict, "How it answers; empty if it has not, or if records conflict.", **_MAYBE)
    stance = Term(Stance, "The stance of the latest answer; empty if answers conflict on it.", **_MAYBE)
    conflicting = Flag("Whether simultaneous records contradict one another.", **_GIVEN)
    blocks = Flag("Whether it blocks the term, or the proposal.", **_GIVEN)
    response = Reference("responses", "The latest answer.", **_MAYBE)
    others = References("responses", "If answers conflict: the other answers.", **_GIVEN)
    claim_status = Term(
        ClaimStatus, "The claim status of the answer; empty if there is none, or if answers conflict.", **_MAYBE
    )
    document_count = Integer("Distinct sources among the evidence.", **_MAYBE)
    origin_count = Integer("Distinct outlets that the assertions go back to.", **_MAYBE)
    assumed = Flag(f"{ASSUMED} If answers conflict: true if one of them is.", **_GIVEN)


class DiffTermSchema(Mapping):
    """What became of one provision."""

    change = Term(TermChange, **_GIVEN)
    lineage = Text("The key that the provision has in every version.", longest=80, **_MAYBE)
    before = Reference("terms", "The term of the earlier proposal.", **_MAYBE)
    after = Reference("terms", "The term of the later proposal.", **_MAYBE)
    number_before = Integer("Its place in the earlier proposal.", **_MAYBE)
    number_after = Integer("Its place in the later proposal.", **_MAYBE)
    issue_before = Reference("issues", "The issue that it settled.", **_MAYBE)
    issue_after = Reference("issues", "The issue that it settles.", **_MAYBE)
    stance_before = Term(Stance, "The stance that it took toward its issue.", **_MAYBE)
    stance_after = Term(Stance, "The stance that it takes toward its issue.", **_MAYBE)
    differs_in = Strings("Which of `number`, `issue`, `stance` and `summary` differ.", **_GIVEN)


class DiffSideSchema(Mapping):
    """One of two compared proposals."""

    proposal = Reference("proposals", "The proposal.", **_GIVEN)
    made_on = EdtfDate("When it was put forward.", **_MAYBE)
    point_count = Integer("How many points it is said to have.", **_MAYBE)
    term_count = Integer("How many of its terms are recorded.", **_GIVEN)
    terms_absent = Text("Why terms are missing, if any are.", **_MAYBE)


class DiffSchema(Mapping):
    """What changed from one proposal to another."""

    before = Piece(DiffSideSchema, "The earlier proposal, given as `against`.", **_GIVEN)
    after = Piece(DiffSideSchema, "The later proposal, given in the path.", **_GIVEN)
    supersedes = Flag("Whether the later proposal is recorded as the next version of the earlier one.", **_GIVEN)
    comparable = Flag("Whether terms of both proposals are recorded.", **_GIVEN)
    counts = Counts("The number of provisions per kind of change.", **_GIVEN)
    terms = Pieces(DiffTermSchema, "Every recorded provision of either proposal.", **_GIVEN)


class TimelineEntrySchema(Mapping):
    """Something that happened, was put forward, asked or answered: when, and when the public first heard of it."""

    subject = Subject("The record.", **_GIVEN)
    kind = Text("Its kind within its collection; for a response the verdict, for a demand the firmness.", **_GIVEN)
    occurred_on = EdtfDate("When it happened; null if no source says.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    lag = Integer(
        "Days from the last day on which it can have happened to the first report; 0 if it can have happened on the day of the "
        "report or later; null if no last day is known.",
        **_MAYBE,
    )
    actors = References(
        "parties", "The parties that acted: participants, hosts and mediators, proposers, the holder.", **_GIVEN
    )
    issue = Reference("issues", "The issue it is about, if there is one.", **_MAYBE)
    summary = Text("What it is.", **_MAYBE)
    claim_status = Term(ClaimStatus, **_GIVEN)
    document_count = Integer("Distinct sources among its evidence.", **_GIVEN)
    origin_count = Integer("Distinct outlets that its assertions go back to.", **_GIVEN)
    time = Integer(
        "The first day on which it can have happened, or else its report, in milliseconds since 1970.", **_GIVEN
    )
    timeEnd = Integer(  # noqa: N815  # Grafana's own spelling
        "The last day on which it can have happened, in milliseconds since 1970; null if that is the first.", **_MAYBE
    )
    title = Text("A label for charts.", **_GIVEN)
    text = Text("A text to show with the label.", **_GIVEN)
    tags = Text("The collection, the kind and the actors, joined by commas as Grafana splits them.", **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class MovementSchema(Mapping):
    """One change of a party's stance on an issue."""

    party = Reference("parties", "The party that moved.", **_GIVEN)
    issue = Reference("issues", "The issue on which it moved.", **_GIVEN)
    direction = Term(Direction, **_GIVEN)
    occurred_on = EdtfDate("When it took the new stance or gave up the old one; null if no source says.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of the change.", **_GIVEN)
    before_stance = Term(Stance, "The stance before.", **_GIVEN)
    before = Reference("positions", "The position before.", **_GIVEN)
    after_stance = Term(Stance, "The stance after; null if the position was given up and no other taken.", **_MAYBE)
    after = Reference("positions", "The position after.", **_MAYBE)
    toward = References(
        "parties",
        "The parties to whose stance on that day it came nearer; none if the position was given up.",
        **_GIVEN,
    )
    away_from = References(
        "parties",
        "The parties from whose stance on that day it moved away; none if the position was given up.",
        **_GIVEN,
    )
    claim_status = Term(
        ClaimStatus,
        "The claim status of the position after; if the position was given up, of its end.",
        later=True,
        **_GIVEN,
    )
    document_count = Integer("Distinct sources among the evidence of that position.", later=True, **_GIVEN)
    origin_count = Integer("Distinct outlets that its assertions go back to.", later=True, **_GIVEN)
    assumed = Flag(
        "With `as_of`: the position after may have begun later than the day. False without `as_of`.",
        later=True,
        **_GIVEN,
    )
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class SilenceSchema(Mapping):
    """A demand or a proposal that one of its addressees has not answered."""

    subject = Subject("The demand or proposal that is unanswered.", **_GIVEN)
    silent = Reference("parties", "The addressee that has not answered.", **_GIVEN)
    asked_by = References("parties", "The parties that asked.", **_GIVEN)
    issue = Reference("issues", "The issue that a demand is about; null for a proposal.", **_MAYBE)
    asked_on = EdtfDate("When it was asked; null if no source says.", **_MAYBE)
    first_reported_on = Day("The day from which the public could know of it.", **_GIVEN)
    days = Integer("Days since the last day on which it can have been asked, so a minimum.", **_GIVEN)
    lifecycle = Term(Lifecycle, "What has become of the demand.", **_MAYBE)
    status = Term(ProposalStatus, "Where the proposal stands.", **_MAYBE)
    noted = Reference("responses", "A record stating that no answer came, or that none would be given.", **_MAYBE)
    stance = Term(Stance, "The latest stance of the addressee on the issue, which is not an answer.", **_MAYBE)
    position = Reference("positions", "The position that gives that stance.", **_MAYBE)
    assumed = Flag(f"About that stance. {ASSUMED}", later=True, **_GIVEN)
    first_reported = EdtfDate(FIRST_REPORTED, later=True, **_GIVEN)


class ClaimSchema(Mapping):
    """What one piece of evidence does to a record, and who says so."""

    evidence = DerivedId("The evidence.", **_GIVEN)
    href = Link("The path of the evidence.", **_GIVEN)
    relation = Term(Relation, **_GIVEN)
    speaker = Reference("parties", "Who says so; null if the source names nobody.", **_MAYBE)
    speaker_description = Text("Who says so, as the source describes them.", longest=300, **_MAYBE)
    by_holder = Flag("Whether the speaker holds the claimed position, or represents a party that does.", **_GIVEN)
    mode = Term(Mode, **_GIVEN)
    source = Reference("sources", "The document that says so.", **_GIVEN)
    origin = Subject("The outlet that it goes back to, or else the document.", **_GIVEN)
    known_on = Day("The day from which the public could know it.", **_GIVEN)
    said_on = EdtfDate("When it was said.", **_MAYBE)
    decides = Flag("Whether the claim status follows from this evidence.", **_GIVEN)


class OriginSchema(Mapping):
    """An outlet that assertions go back to, and the documents that repeat it: one voice, however many papers."""

    origin = Subject("The outlet, or else the document.", **_GIVEN)
    documents = References("sources", "The documents that took it from there.", **_GIVEN)


class StageSchema(Mapping):
    """How well the record was supported from a given day on."""

    known_from = Day("The day.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    evidence_count = Integer("Pieces of evidence by then.", **_GIVEN)
    document_count = Integer("Distinct sources by then.", **_GIVEN)
    origin_count = Integer("Distinct outlets by then.", **_GIVEN)


class DossierSchema(Mapping):
    """The claims graph of one record: who says what about it, where each claim comes from, and what they amount to."""

    subject = Subject("The record.", **_GIVEN)
    claim_status = Term(ClaimStatus, **_GIVEN)
    rule = Text("The rule that gave the claim status, which is the first that holds.", **_GIVEN)
    relations = Counts("How many pieces of evidence assert, confirm, deny and so on.", **_GIVEN)
    modes = Counts("How many pieces of evidence rest on each footing.", **_GIVEN)
    claims = Pieces(ClaimSchema, "Every piece of evidence, in the order in which it became known.", **_GIVEN)
    documents = References("sources", "The distinct documents.", **_GIVEN)
    origins = Pieces(
        OriginSchema,
        "The distinct origins of its assertions, without the judgements of writers and analysts.",
        **_GIVEN,
    )
    stages = Pieces(StageSchema, "How the claim status came about: one stage for each day with new evidence.", **_GIVEN)
    assumed = Flag(
        "With `as_of`: the record does not confirm that what it reports held on the day, or was done by then. False without `as_of`.",
        **_GIVEN,
    )


class FacetValueSchema(Mapping):
    """One value of one facet."""

    facet = Text("The facet.", **_GIVEN)
    value = Text("The value; null for records without one.", **_MAYBE)
    label = Text("Its name.", **_MAYBE)


class FacetCountSchema(Mapping):
    """The number of records with these values. A record with several values of a facet counts under each."""

    values = Pieces(FacetValueSchema, "One value of each facet asked for, in that order.", **_GIVEN)
    count = Integer("The number of records.", **_GIVEN)


class CitationSchema(Mapping):
    """How to cite an answer so that readers can retrieve it again."""

    path = Link("The path that returns the same answer again: it pins the release.", **_GIVEN)
    url = Link("The same path with the address of this server.", **_GIVEN)
    title = Text("What the answer is.", **_GIVEN)
    release = Text("The release.", **_GIVEN)
    released_on = Day("Its date.", **_GIVEN)
    release_sha256 = Text("The SHA-256 of its seed files.", **_GIVEN)
    as_of = Day("The `as_of`, if one was asked for.", **_MAYBE)
    known_at = Day("The `known_at`, if one was asked for.", **_MAYBE)
    media_type = Text("The media type of the answer.", **_GIVEN)
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
