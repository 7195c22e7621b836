"""The fields of the contract. Each knows both of its sides: what a seed file may hold, and what an answer holds.

``load`` reads the seed side and is strict (marshmallow's own fields take ``1_0`` as ten and let a trailing line end through);
``dump`` writes the answer side. ``shape(side)`` is the JSON Schema of one side, for OpenAPI and for editors.

A wrong value raises marshmallow's ``ValidationError`` with a message that ends a sentence about the value: “is empty …”.
"""

from schemas.fields.contract import Contract, Finding, JsonSchema, ListOf, Side, not_allowed, shown
from schemas.fields.dates import Day, EdtfDate, date_answer, day_hint
from schemas.fields.ids import DERIVED_ID_LENGTH, SLUG, SLUG_LENGTH, DerivedId, Slug, id_meant, slug
from schemas.fields.inner import Parts, Piece, Pieces, component, mapping_of
from schemas.fields.references import Ref, Reference, References, Subject, Subjects, href, references_in
from schemas.fields.scalars import Flag, Integer, Number
from schemas.fields.terms import Absent, BearableFields, Choice, Term, bearable_names
from schemas.fields.text import SELECTOR, Link, Pattern, Selector, Strings, Text, has_control, span
from schemas.fields.undeclared import Anything, Counts, Values

__all__ = [
    "DERIVED_ID_LENGTH",
    "SELECTOR",
    "SLUG",
    "SLUG_LENGTH",
    "Absent",
    "Anything",
    "BearableFields",
    "Choice",
    "Contract",
    "Counts",
    "Day",
    "DerivedId",
    "EdtfDate",
    "Finding",
    "Flag",
    "Integer",
    "JsonSchema",
    "Link",
    "ListOf",
    "Number",
    "Parts",
    "Pattern",
    "Piece",
    "Pieces",
    "Ref",
    "Reference",
    "References",
    "Selector",
    "Side",
    "Slug",
    "Strings",
    "Subject",
    "Subjects",
    "Term",
    "Text",
    "Values",
    "bearable_names",
    "component",
    "date_answer",
    "day_hint",
    "has_control",
    "href",
    "id_meant",
    "mapping_of",
    "not_allowed",
    "references_in",
    "shown",
    "slug",
    "span",
]
