"""Facets: how many records have each value."""

from schemas.analyses.common import NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Integer, Pieces, Text
from schemas.record import Mapping


class FacetValueSchema(Mapping):
    """One value of one facet."""

    facet = Text("The name of the facet.", **OUTPUT)
    value = Text("The value; null for records without one.", **NULLABLE_OUTPUT)
    label = Text("The value in words, or the name of the record; null without a value.", **NULLABLE_OUTPUT)


class FacetCountSchema(Mapping):
    """The number of records with these values. A record with several values of a facet counts under each."""

    values = Pieces(FacetValueSchema, "One value of each facet asked for, in that order.", **OUTPUT)
    count = Integer("The number of records.", **OUTPUT)
