"""Proposals and their terms."""

from schemas.fields import EdtfDate, Integer, Parts, Piece, Pieces, Reference, References, Slug, Term, Text
from schemas.record import Cited, Mapping
from schemas.vocabulary import Channel, Level, ProposalKind, ProposalStatus, RelatedHow, Stance


class RelatedProposalSchema(Mapping):
    """A proposal that this one is related to, and how."""

    proposal = Reference("proposals", "The other proposal.", required=True)
    how = Term(RelatedHow, required=True)


class ProposalSchema(Cited):
    """One plan, offer or draft."""

    example = "us-phased-withdrawal-proposal"
    named_by = "title"
    dated_by = ("made_on",)

    title = Text("What it is called.", longest=200, required=True)
    kind = Term(ProposalKind, required=True)
    proposers = References("parties", "The parties that put it forward.", required=True, holder=True)
    addressees = References("parties", "The parties it is addressed to.")
    made_on = EdtfDate("When it was put forward.", bearable=True)
    channel = Term(Channel, required=True)
    intermediaries = References("parties", "The parties that conveyed it.")
    status = Term(ProposalStatus, "Where it stands; null for a `known_at` before this was reported.", bearable=True)
    summary = Text("What it provides.", required=True)
    supersedes = Reference("proposals", "The earlier version that it replaces.", title="Later version of")
    related = Pieces(RelatedProposalSchema, "Other proposals it is related to, and how.")
    point_count = Integer(
        "How many points it is said to have, whether recorded or not.",
        title="Points it is said to have",
        least=1,
        most=10000,
        bearable=True,
    )
    terms = Parts("terms", "proposal", "Its provisions, as far as recorded.")


class AssessmentSchema(Mapping):
    """What a source expects of a term."""

    expected_impact = Text("What it is expected to bring about.", longest=300)
    feasibility = Term(Level, "How feasible the source calls it.")


class TermSchema(Cited):
    """One provision of one proposal."""

    example = "us-plan-demilitarised-zones"
    named_by = "summary"
    dated_by = ("made_on",)

    proposal = Reference(
        "proposals",
        "The proposal it is a provision of; null for a `known_at` before that was reported.",
        dump_only=True,
        allow_none=True,
    )
    number = Integer("Its place in the proposal.", title="Point", least=1, most=10000, required=True)
    issue = Reference("issues", "The issue that it settles.", required=True, proposition=True)
    stance = Term(
        Stance,
        "The stance that it takes toward the issue's proposition.",
        load_default=Stance.SUPPORTS,
        allow_none=False,
    )
    summary = Text("What it provides.", required=True)
    lineage = Slug(
        "A key that the same provision has in every version of a proposal.", title="Key across versions", required=False
    )
    assessment = Piece(AssessmentSchema, "What a source expects of it; null if none says.", bearable=True)
