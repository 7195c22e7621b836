"""The table: one entry per collection. From an entry come its routes, validation, filters, sorts, flat tables, contract,
facets, seed files and tests; see docs/extending.md.
"""

from api.filters import Filter, any_of, by_key, issue_or_topic, linked, subjects_of, term_issue, voiced_by
from api.models.collections import (
    Change,
    Event,
    Evidence,
    Issue,
    Party,
    Position,
    Process,
    Proposal,
    Release,
    Source,
    Term,
)
from api.resource import Part, Resource, Sort, Table
from schemas.events import EventSchema
from schemas.evidence import EvidenceSchema
from schemas.issues import IssueSchema
from schemas.parties import PartySchema
from schemas.positions import DemandSchema, OfferSchema, PositionSchema, ResponseSchema, StatementSchema
from schemas.processes import ProcessSchema
from schemas.proposals import ProposalSchema, TermSchema
from schemas.releases import ChangeSchema, ReleaseSchema
from schemas.sources import SourceSchema
from schemas.vocabulary import (
    Action,
    Channel,
    EventKind,
    Firmness,
    Lifecycle,
    PartyKind,
    PositionKind,
    ProposalKind,
    ProposalStatus,
    Relation,
    SourceKind,
    Stance,
    Verdict,
)

HOLDER = any_of(Position.party_id, Party, "The party that holds it.")
SPEAKER = voiced_by(Position, Party)
PROPOSER = linked("proposer", Proposal, Party, "The party that put it forward.", field="proposers")
ADDRESSEE = linked("addressee", Proposal, Party, "The party it is addressed to.", field="addressees")
INTERMEDIARY = linked("intermediary", Proposal, Party, "The party that conveyed it.", field="intermediaries")
PARTICIPANT = linked("participant", Event, Party, "The party that took part or acted.", field="participants")
HOST = linked("host", Event, Party, "The party that hosted it.", field="hosts")
MEDIATOR = linked("mediator", Event, Party, "The party that mediated.", field="mediators")
OF_PROPOSAL = any_of(Term.proposal_id, Proposal, "The proposal it is a provision of.")
ON_ISSUE = issue_or_topic(Position.issue_id)
ANSWERING = any_of(Position.proposal_id, Proposal, "The proposal it answers, as a whole or in one of its terms.")
OF_SOURCE = any_of(Evidence.source_id, Source, "The document cited.")

#: The filters of every kind of position. Offers have only what terms say, so a filter by any other field, such as `firmness`, belongs to
#: the kinds that have the field.
POSITION_FILTERS: tuple[Filter, ...] = (
    HOLDER,
    SPEAKER,
    ON_ISSUE,
    any_of(Position.stance, Stance, "The stance toward the issue's proposition."),
)
POSITION_SORTS = (
    Sort("first_reported_on", Position.first_reported_on),
    Sort("valid_from", Position.earliest),
)

PROCESSES = Resource(name="processes", model=Process, schema=ProcessSchema)

EVIDENCE = Resource(
    name="evidence",
    model=Evidence,
    schema=EvidenceSchema,
    seeded=False,
    searched=False,
    filters=(
        OF_SOURCE,
        any_of(Evidence.relation, Relation, "What the evidence does to its subject."),
        any_of(Evidence.speaker_id, Party, "The party that says so."),
        any_of(Evidence.speaker_party_id, Party, "The party that an unnamed speaker belongs to."),
        any_of(Evidence.via_id, Party, "The outlet that the source took it from."),
        by_key(
            Evidence.subject,
            "The record it is about, as `collection/id`; an offer finds the evidence of its term.",
            stands_for=subjects_of,
        ),
    ),
    sorts=(Sort("known_on", Evidence.known_on), Sort("said_on", Evidence.earliest)),
)

SOURCES = Resource(
    name="sources",
    model=Source,
    schema=SourceSchema,
    filters=(
        any_of(Source.kind, SourceKind, "The sort of document."),
        any_of(Source.publisher_id, Party, "The outlet that published it."),
        linked("relays", Source, Party, "The outlet whose reports it relays.", field="relays"),
        linked("author", Source, Party, "The party that wrote it.", field="authors"),
    ),
    sorts=(Sort("published_on", Source.earliest), Sort("known_on", Source.known_on)),
    parts=(Part(EVIDENCE, {"source": OF_SOURCE}),),
)

TERMS = Resource(
    name="terms",
    model=Term,
    schema=TermSchema,
    seeded=False,
    filters=(
        OF_PROPOSAL,
        issue_or_topic(Term.issue_id),
        any_of(Term.stance, Stance, "The stance that it takes toward the issue's proposition."),
        by_key(Term.lineage, "The key that the same provision has in every version of a proposal."),
    ),
    sorts=(Sort("number", Term.number), Sort("first_reported_on", Term.first_reported_on)),
)

POSITIONS = Resource(
    name="positions",
    model=Position,
    schema=PositionSchema,
    seeded=False,
    searched=False,
    filters=(any_of(Position.kind, PositionKind, "The kind of position."), *POSITION_FILTERS),
    sorts=POSITION_SORTS,
)

DEMANDS = Resource(
    name="demands",
    model=Position,
    schema=DemandSchema,
    where=Position.kind == PositionKind.DEMAND.value,
    filters=(
        *POSITION_FILTERS,
        linked("addressee", Position, Party, "The party it is asked of.", field="addressees"),
        any_of(Position.firmness, Firmness, "How firm the demand is, as stated."),
        any_of(Position.lifecycle, Lifecycle, "What has become of the demand."),
    ),
    sorts=POSITION_SORTS,
)

RESPONSES = Resource(
    name="responses",
    model=Position,
    schema=ResponseSchema,
    where=Position.kind == PositionKind.RESPONSE.value,
    filters=(
        *POSITION_FILTERS,
        ANSWERING,
        any_of(Position.term_id, Term, "The term that it answers."),
        any_of(Position.demand_id, Position, "The demand that it answers."),
        any_of(Position.verdict, Verdict, "The verdict of the answer."),
    ),
    sorts=POSITION_SORTS,
)

STATEMENTS = Resource(
    name="statements",
    model=Position,
    schema=StatementSchema,
    where=Position.kind == PositionKind.STATEMENT.value,
    filters=POSITION_FILTERS,
    sorts=POSITION_SORTS,
)

OFFERS = Resource(
    name="offers",
    model=Position,
    schema=OfferSchema,
    where=Position.kind == PositionKind.OFFER.value,
    seeded=False,
    searched=False,
    filters=(
        *POSITION_FILTERS,
        any_of(Position.proposal_id, Proposal, "The proposal whose term is put forward."),
        any_of(Position.term_id, Term, "The term put forward."),
    ),
    sorts=POSITION_SORTS,
)

PROPOSALS = Resource(
    name="proposals",
    model=Proposal,
    schema=ProposalSchema,
    filters=(
        PROPOSER,
        ADDRESSEE,
        any_of(Proposal.kind, ProposalKind, "The sort of plan."),
        any_of(Proposal.status, ProposalStatus, "Where the proposal stands."),
        any_of(Proposal.channel, Channel, "How the proposal was conveyed."),
        term_issue(Proposal.id),
    ),
    sorts=(Sort("first_reported_on", Proposal.first_reported_on), Sort("made_on", Proposal.earliest)),
    parts=(Part(TERMS, {"proposal": OF_PROPOSAL}), Part(RESPONSES, {"proposal": ANSWERING})),
)

EVENTS = Resource(
    name="events",
    model=Event,
    schema=EventSchema,
    filters=(
        any_of(Event.kind, EventKind, "The sort of event."),
        PARTICIPANT,
        HOST,
        MEDIATOR,
    ),
    sorts=(Sort("first_reported_on", Event.first_reported_on), Sort("occurred_on", Event.earliest)),
)

VOICES = {"holder": HOLDER, "speaker": SPEAKER}

PARTIES = Resource(
    name="parties",
    model=Party,
    schema=PartySchema,
    filters=(
        any_of(Party.kind, PartyKind, "The sort of actor."),
        by_key(Party.iso3166, "The country code of a state (ISO 3166-1 alpha-2)."),
        linked("affiliation", Party, Party, "A party it belongs to.", field="affiliations"),
    ),
    sorts=(Sort("name", Party.name),),
    parts=(
        Part(POSITIONS, VOICES),
        Part(DEMANDS, VOICES),
        Part(RESPONSES, VOICES),
        Part(STATEMENTS, VOICES),
        Part(OFFERS, VOICES),
        Part(PROPOSALS, {"proposer": PROPOSER, "addressee": ADDRESSEE, "intermediary": INTERMEDIARY}),
        Part(EVENTS, {"participant": PARTICIPANT, "host": HOST, "mediator": MEDIATOR}),
    ),
)

ISSUES = Resource(
    name="issues",
    model=Issue,
    schema=IssueSchema,
    filters=(any_of(Issue.parent_id, Issue, "The topic."),),
    sorts=(Sort("label", Issue.label),),
    parts=(Part(POSITIONS, {"issue": ON_ISSUE}),),
)

RELEASES = Resource(
    name="releases",
    model=Release,
    schema=ReleaseSchema,
    seeded=False,
    searched=False,
    sorts=(Sort("date", Release.number),),
)

CHANGES = Resource(
    name="changes",
    model=Change,
    schema=ChangeSchema,
    seeded=False,
    searched=False,
    filters=(
        any_of(Change.release_id, Release, "The release that made the change."),
        by_key(Change.collection, "The record's collection."),
        any_of(Change.action, Action, "What the release did to the record."),
    ),
    sorts=(Sort("date", Change.number),),
)

RESOURCES = Table(
    (
        PROCESSES,
        PARTIES,
        ISSUES,
        SOURCES,
        PROPOSALS,
        TERMS,
        POSITIONS,
        DEMANDS,
        RESPONSES,
        STATEMENTS,
        OFFERS,
        EVENTS,
        EVIDENCE,
        RELEASES,
        CHANGES,
    )
)
