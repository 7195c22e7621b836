"""The closed vocabularies: every term that a field may hold, with its definition and, where it has one, its score.

Served whole at ``/v1/vocabularies``. Adding a term is a minor release of the contract; removing or renaming one is a major release.
"""

from enum import StrEnum
from typing import Any, Self


def words(term: str) -> str:
    """A term as words, such as “supports conditionally”."""
    return term.replace("_", " ")


class Vocabulary(StrEnum):
    """A closed list of terms. A term is a string with a ``definition`` and a ``score`` (None if it has none)."""

    definition: str
    score: float | None

    def __new__(cls, value: str, definition: str, score: float | None = None) -> Self:
        term = str.__new__(cls, value)
        term._value_ = value
        term.definition = definition
        term.score = score
        return term

    @property
    def label(self) -> str:
        """The term as words, for a reader."""
        return words(self.value)

    @classmethod
    def of(cls, value: str) -> Self:
        """The term with this value.

        Raises:
            ValueError: there is no such term.
        """
        found: Any = cls._value2member_map_.get(value)
        return found or cls(value)  # type: ignore[call-arg]  # an Enum is looked up by value alone, and explains what is wrong


class PartyKind(Vocabulary):
    """What sort of actor a party is."""

    STATE = "state", "A sovereign state."
    ALLIANCE = "alliance", "A military or political alliance of states."
    INTERGOVERNMENTAL_ORGANISATION = (
        "intergovernmental_organisation",
        "An organisation founded by states under a treaty.",
    )
    GOVERNMENT_BODY = (
        "government_body",
        "A ministry, agency, office or chamber of a state, or of an organisation of states.",
    )
    ARMED_GROUP = "armed_group", "An organised armed force that is not a state's."
    POLITICAL_PARTY = "political_party", "A party that stands for election."
    COALITION = "coalition", "Parties that act together for a purpose, without a founding treaty."
    COMPANY = "company", "A firm, whoever owns it."
    ASSOCIATION = "association", "An organisation of people, firms or others that states did not found."
    GROUP = "group", "People described together whose members the sources do not name."
    PERSON = "person", "One human being."
    MEDIA = "media", "An outlet or agency that publishes reports."


class Stance(Vocabulary):
    """How a party stands toward an issue's proposition."""

    SUPPORTS = "supports", "Wants the proposition to hold.", 1.0
    SUPPORTS_CONDITIONALLY = (
        "supports_conditionally",
        "Wants the proposition to hold, under conditions.",
        0.5,
    )
    UNDECIDED = "undecided", "Has said that it has not decided.", 0.0
    OPPOSES_IN_PART = (
        "opposes_in_part",
        "Objects to part of the proposition, or would put another in its place.",
        -0.5,
    )
    OPPOSES = "opposes", "Does not want the proposition to hold.", -1.0
    UNCLEAR = "unclear", "The evidence does not show on which side the party stands."


class Salience(Vocabulary):
    """How much weight the party itself gives to a position, as stated."""

    HIGH = "high", "The party calls it essential, central or most important."
    MEDIUM = "medium", "The party argues for it among other things."
    LOW = "low", "The party mentions it in passing."
    NOT_STATED = "not_stated", "The sources do not say."


class Verdict(Vocabulary):
    """How a response answers its subject."""

    ACCEPTED = "accepted", "Agreed to as it stands."
    ACCEPTED_IN_PRINCIPLE = "accepted_in_principle", "Agreed to as an aim; the particulars are still open."
    CONDITIONAL = "conditional", "Agreed to if stated conditions are met."
    PARTIAL = "partial", "Agreed to in some parts and not in others."
    RESERVATIONS = "reservations", "Concerns voiced without a verdict."
    CLARIFICATION_SOUGHT = "clarification_sought", "Asked to be made clearer before an answer."
    UNDER_REVIEW = "under_review", "Said to be under consideration."
    DEFERRED = "deferred", "Put off to a later time."
    COUNTER_PROPOSED = "counter_proposed", "Answered by another proposal in its place."
    INSISTED_ON = "insisted_on", "The subject is called non-negotiable."
    REJECTED = "rejected", "Not agreed to."
    REFUSED_TO_DISCUSS = "refused_to_discuss", "The party would not even talk about it."
    NO_RESPONSE = "no_response", "A source says that no answer came."
    DECLINED_TO_COMMENT = "declined_to_comment", "When asked, the party would not say."
    WITHDRAWN = "withdrawn", "An earlier answer was taken back."


class Firmness(Vocabulary):
    """How firm a demand is, as its holder states it (never inferred)."""

    NON_NEGOTIABLE = "non_negotiable", "Called beyond negotiation."
    PRECONDITION = "precondition", "To be met before talks or an agreement."
    CORE = "core", "Called central, without being called beyond negotiation."
    PREFERRED = "preferred", "Wished for; alternatives are named."
    TRADEABLE = "tradeable", "Offered as something that can be given up for something else."
    NOT_STATED = "not_stated", "The sources do not say how firm it is."


class Lifecycle(Vocabulary):
    """What has become of a demand."""

    ACTIVE = "active", "Still made."
    SOFTENED = "softened", "Still made, in a weaker form."
    HARDENED = "hardened", "Still made, in a stronger form."
    MET = "met", "Fulfilled."
    DROPPED = "dropped", "No longer made."
    SUPERSEDED = "superseded", "Replaced by another demand of the same party."


class PositionKind(Vocabulary):
    """Which of the four kinds a position is."""

    DEMAND = "demand", "Asks something of others."
    RESPONSE = "response", "Answers a proposal, one of its terms, or a demand."
    STATEMENT = "statement", "Declared without asking or answering."
    OFFER = (
        "offer",
        "Taken by putting forward a term of a proposal; it ends when the proposal lapses or a later version replaces it.",
    )


class ProposalKind(Vocabulary):
    """What sort of plan a proposal is."""

    CEASEFIRE = "ceasefire", "Ends or suspends the fighting."
    PEACE_PLAN = "peace_plan", "Settles the conflict as a whole."
    SECURITY_TREATY = "security_treaty", "Arranges the security of the parties."
    TRADE_AGREEMENT = "trade_agreement", "Arranges trade or other economic relations of the parties."
    TREATY = "treaty", "Settles another matter by a binding agreement, such as the climate or leaving a union."
    FRAMEWORK = "framework", "Lays the ground for later agreements."
    AMENDMENT = "amendment", "Changes part of a text that is being negotiated."
    RECOMMENDATION = "recommendation", "Advice by somebody who is not a party to the negotiation."


class ProposalStatus(Vocabulary):
    """Where a proposal stands."""

    FLOATED = "floated", "Circulated without being formally made."
    TABLED = "tabled", "Formally made."
    UNDER_NEGOTIATION = "under_negotiation", "Being negotiated."
    ACCEPTED = "accepted", "Agreed by those whose agreement it needs."
    REJECTED = "rejected", "Refused by one whose agreement it needs."
    SUPERSEDED = "superseded", "Replaced by a later version."
    LAPSED = "lapsed", "No longer pursued, without having been refused."


class Channel(Vocabulary):
    """How a proposal was conveyed."""

    DIRECT = "direct", "From party to party."
    INTERMEDIARY = "intermediary", "Through a third party."
    PUBLIC = "public", "Openly, to everyone."
    UNOFFICIAL = "unofficial", "By people without an official mandate."
    NOT_STATED = "not_stated", "The sources do not say."


class RelatedHow(Vocabulary):
    """How one proposal is related to another."""

    REVISES = "revises", "Is a changed version of the other."
    DRAWS_ON = "draws_on", "Takes provisions from the other."
    ANSWERS = "answers", "Was made in answer to the other."
    POSSIBLY_SAME_AS = "possibly_same_as", "May be the same proposal; the sources do not settle it."


class EventKind(Vocabulary):
    """What sort of event it is."""

    TALKS = "talks", "Negotiations over some time."
    CALL = "call", "A telephone or video call."
    MEETING = "meeting", "A meeting in one place."
    INTERVIEW = "interview", "An interview given to an outlet."
    STATEMENT = "statement", "Something said in public, or told to an outlet."
    LETTER = "letter", "A letter or a formal notification to another party."
    VOTE = "vote", "A vote of a body or of the people."
    TESTIMONY = "testimony", "Evidence given to a body."
    DECREE = "decree", "A binding decision of an authority."
    SIGNING = "signing", "An agreement is signed or ratified, or enters into force."
    CHANGE_OF_OFFICE = (
        "change_of_office",
        "Somebody takes or leaves an office, by election, appointment or resignation.",
    )
    MILITARY = "military", "Something that happened on the battlefield."


class SourceKind(Vocabulary):
    """What sort of document a source is."""

    NEWS_REPORT = "news_report", "Reports what happened or was said."
    ANALYSIS = "analysis", "Explains and judges what happened."
    OPINION = "opinion", "Argues the writer's view."
    OFFICIAL_DOCUMENT = (
        "official_document",
        "Issued by an authority or a party to the negotiation, published or leaked.",
    )
    TRANSCRIPT = "transcript", "The record of what was said."
    DATASET = "dataset", "Structured data."


class Relation(Vocabulary):
    """What a piece of evidence does to the record it is about."""

    ASSERTS = "asserts", "Says that it is so."
    CONFIRMS = "confirms", "Says that an earlier report of it is right."
    NOT_CONFIRMED = "not_confirmed", "Says that nobody would or could confirm it."
    DENIES = "denies", "Says that it is not so."
    DISPUTES = "disputes", "Says that a part of it is not so, or doubts it."
    CLARIFIES = "clarifies", "Adds to it without asserting it anew."
    RETRACTS = "retracts", "Takes back an earlier assertion of it."
    DECLINES_TO_COMMENT = "declines_to_comment", "Says that somebody, asked about it, would not comment."


class Mode(Vocabulary):
    """The footing on which something is said."""

    ON_RECORD = "on_record", "By a named person or body speaking openly."
    OFFICIAL_DOCUMENT = "official_document", "In a document that an authority published."
    LEAKED_DOCUMENT = "leaked_document", "In a document that was not meant to be published."
    ANONYMOUS = "anonymous", "By somebody whose name is withheld."
    UNATTRIBUTED = "unattributed", "Stated as fact, or attributed to unnamed officials in general."
    ANALYST = "analyst", "By an analyst judging from outside."
    AUTHOR = "author", "The writer's own inference or opinion."


class Reliability(Vocabulary):
    """How far a source can be relied on: the letters of the Admiralty scale (NATO AJP-2.1)."""

    A = "A", "Completely reliable."
    B = "B", "Usually reliable."
    C = "C", "Fairly reliable."
    D = "D", "Not usually reliable."
    E = "E", "Unreliable."
    F = "F", "Reliability cannot be judged."


class Credibility(Vocabulary):
    """How credible one citation is: the figures of the Admiralty scale (NATO AJP-2.1)."""

    CONFIRMED = "1", "Confirmed by other sources."
    PROBABLY_TRUE = "2", "Probably true."
    POSSIBLY_TRUE = "3", "Possibly true."
    DOUBTFUL = "4", "Doubtfully true."
    IMPROBABLE = "5", "Improbable."
    CANNOT_BE_JUDGED = "6", "Truth cannot be judged."


class ClaimStatus(Vocabulary):
    """How well a record is supported, derived from its evidence: the first rule that holds gives the status."""

    RETRACTED = "retracted", "Some evidence retracts it."
    DENIED = "denied", "Some evidence denies it, and none asserts it."
    DISPUTED = "disputed", "Some evidence disputes it, or some denies it and some asserts it."
    CONFIRMED = (
        "confirmed",
        (
            "A holder, or somebody who represents a holder, is reported to say so on the record or in an official document. "
            "The reliability of the source is graded separately."
        ),
    )
    UNCONFIRMED = (
        "unconfirmed",
        (
            "Some evidence says that it was not confirmed or that somebody declined to comment. "
            "If any evidence asserts it, all of that is anonymous or unattributed."
        ),
    )
    CORROBORATED = "corroborated", "Two or more independent origins assert it."
    REPORTED = (
        "reported",
        (
            "At most one origin asserts it, no holder does so on the record or in an official document, "
            "and nothing denies, disputes or retracts it."
        ),
    )


class Absence(Vocabulary):
    """Why a value that readers will look for is absent."""

    NOT_STATED = "not_stated", "The sources do not state it."
    NOT_PUBLIC = "not_public", "It exists but has not been made public."
    DISPUTED = "disputed", "The sources contradict one another on it."
    NOT_YET_RECORDED = "not_yet_recorded", "The project has not recorded it yet."


class Level(Vocabulary):
    """A rough degree, as a source gives it."""

    HIGH = "high", "High."
    MEDIUM = "medium", "Medium."
    LOW = "low", "Low."


class Precision(Vocabulary):
    """How finely a date is given."""

    DAY = "day", "One day."
    MONTH = "month", "One month."
    SEASON = "season", "One season of a year."
    YEAR = "year", "One year."
    DECADE = "decade", "Ten years."
    CENTURY = "century", "A hundred years."
    INTERVAL = "interval", "A span between two dates, or with one end open or unknown."


class Action(Vocabulary):
    """What a release did to a record."""

    ADDED = "added", "Was not in the release before."
    CHANGED = "changed", "Was in the release before with other content."
    REMOVED = "removed", "Is no longer in the data."


class Direction(Vocabulary):
    """What a change of a party's stance on an issue amounts to, by the scores of the stances before and after."""

    CONCEDED = (
        "conceded",
        "It weakened its stance without crossing to the other side, whether or not anyone gave something for it.",
    )
    HARDENED = "hardened", "It strengthened its stance, or took a side after having been undecided."
    REVERSED = "reversed", "It crossed to the other side."
    DROPPED = (
        "dropped",
        (
            "It no longer holds the position, or the offer that showed it has lapsed, and none is recorded in its place; "
            "that it accepts the opposite is not said."
        ),
    )
    FULFILLED = "fulfilled", "It no longer asks, because what it asked for was done."
    REPLACED = (
        "replaced",
        "The demand, or the proposal that offered it, was replaced by another one, and no other position on the issue is recorded.",
    )
    UNCLEAR = "unclear", "One of the two stances has no score, so the change has no direction."


class TermChange(Vocabulary):
    """What became of a provision from one proposal to another; two provisions are the same if they have the same lineage."""

    ADDED = "added", "Only the later proposal has it."
    REMOVED = "removed", "Only the earlier proposal has it."
    REWORDED = "reworded", "Both have it, and what it provides differs."
    MOVED = "moved", "Both have it with the same content, in another place."
    UNCHANGED = "unchanged", "Both have it with the same content in the same place."
    UNMATCHED = "unmatched", "The record gives it no lineage, so it is unknown whether the other has it."
    NOT_RECORDED = "not_recorded", "No terms of the other proposal are recorded, so nothing can be compared."


#: The stance toward a term that a verdict implies. A verdict not listed here implies none, so the record must state one.
IMPLIED_STANCE: dict[Verdict, Stance] = {
    Verdict.ACCEPTED: Stance.SUPPORTS,
    Verdict.ACCEPTED_IN_PRINCIPLE: Stance.SUPPORTS_CONDITIONALLY,
    Verdict.CONDITIONAL: Stance.SUPPORTS_CONDITIONALLY,
    Verdict.CLARIFICATION_SOUGHT: Stance.UNDECIDED,
    Verdict.UNDER_REVIEW: Stance.UNDECIDED,
    Verdict.DEFERRED: Stance.UNDECIDED,
    Verdict.COUNTER_PROPOSED: Stance.OPPOSES_IN_PART,
    Verdict.REJECTED: Stance.OPPOSES,
    Verdict.NO_RESPONSE: Stance.UNCLEAR,
    Verdict.DECLINED_TO_COMMENT: Stance.UNCLEAR,
    Verdict.WITHDRAWN: Stance.UNCLEAR,
}

#: The opposite of each stance: what a stance toward a proposition means toward the opposite proposition.
TURNED_ROUND: dict[Stance, Stance] = {
    Stance.SUPPORTS: Stance.OPPOSES,
    Stance.SUPPORTS_CONDITIONALLY: Stance.OPPOSES_IN_PART,
    Stance.UNDECIDED: Stance.UNDECIDED,
    Stance.OPPOSES_IN_PART: Stance.SUPPORTS_CONDITIONALLY,
    Stance.OPPOSES: Stance.SUPPORTS,
    Stance.UNCLEAR: Stance.UNCLEAR,
}

#: The statuses of proposals that nobody puts forward any more: their proposers no longer hold what they offered.
OVER = frozenset({ProposalStatus.SUPERSEDED, ProposalStatus.LAPSED})

#: The vocabularies by the name under which `/v1/vocabularies` serves them: that of their field.
VOCABULARIES: dict[str, type[Vocabulary]] = {
    "party.kind": PartyKind,
    "stance": Stance,
    "position.kind": PositionKind,
    "position.salience": Salience,
    "response.verdict": Verdict,
    "demand.firmness": Firmness,
    "demand.lifecycle": Lifecycle,
    "proposal.kind": ProposalKind,
    "proposal.status": ProposalStatus,
    "proposal.channel": Channel,
    "proposal.related.how": RelatedHow,
    "term.assessment.feasibility": Level,
    "event.kind": EventKind,
    "source.kind": SourceKind,
    "source.reliability": Reliability,
    "evidence.relation": Relation,
    "evidence.mode": Mode,
    "evidence.credibility": Credibility,
    "claim_status": ClaimStatus,
    "absent": Absence,
    "date.precision": Precision,
    "change.action": Action,
    "movement.direction": Direction,
    "diff.change": TermChange,
}
