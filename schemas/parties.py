"""Parties: whoever acts, speaks or reports."""

from schemas.fields import EdtfDate, Flag, Pattern, Pieces, Reference, Strings, Term, Text
from schemas.record import Mapping, OfProcess
from schemas.vocabulary import PartyKind


class AffiliationSchema(Mapping):
    """An affiliation of one party with another: in which role, and when."""

    dated_by = ("valid_from", "valid_until")

    party = Reference("parties", "The party it belongs to.", required=True)
    role = Text("Its role there, such as “president”.", longest=200, required=True)
    represents = Flag(
        "Whether the role speaks on that party's behalf (a president, a spokesman, a ministry; not a legislature or a faction).",
        title="Speaks for it",
        load_default=False,
        allow_none=False,
    )
    valid_from = EdtfDate("Since when.", title="Since")
    valid_until = EdtfDate("Until when.", title="Until")


class PartySchema(OfProcess):
    """A state, organisation, body, group or person that acts, speaks or reports."""

    example = "russia"
    named_by = "name"

    name = Text("What it is called, in English.", longest=200, required=True)
    kind = Term(PartyKind, required=True)
    aliases = Strings("Other names and spellings.", title="Also called")
    affiliations = Pieces(AffiliationSchema, "The parties it belongs to, in which role and when.")
    iso3166 = Pattern(
        "The country code of a state (ISO 3166-1 alpha-2).",
        title="Country code (ISO 3166)",
        pattern="[A-Z]{2}",
        form="an ISO 3166-1 alpha-2 code such as UA",
        longest=2,
    )
    wikidata = Pattern(
        "Its item in Wikidata.", pattern="Q[1-9][0-9]{0,9}", form="a Wikidata item such as Q159", longest=11
    )
