"""The ids of records: those that curators write, and those that the loader derives."""

import re
from typing import Any

from schemas.fields.contract import Contract, JsonSchema, Side
from schemas.fields.text import Pattern

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
SLUG_LENGTH = 80  # characters of an id that a curator writes
DERIVED_ID_LENGTH = (
    200  # characters of an id that the loader makes of others, as an offer's of its term's and its proposer's
)


class Slug(Pattern):
    """The id of a record: lower-case words and digits joined by hyphens, beginning with a letter.

    ``some_derived`` tells that the loader makes some of these ids, so that answers have longer ones than seeds.
    """

    #: The collection that the id must be of; empty if any id is allowed.
    collection = ""

    def __init__(
        self,
        description: str = "Unique within its collection, and never reused.",
        *,
        longest: int = SLUG_LENGTH,
        some_derived: bool = False,
        **options: Any,
    ) -> None:
        self.some_derived = some_derived
        form = f"a valid id (lower-case letters and digits, words joined by single hyphens, a letter first, at most {longest} characters)"
        super().__init__(description, pattern=SLUG.pattern, form=form, longest=longest, **options)

    def shape(self, side: Side) -> JsonSchema:
        shape = super().shape(side)
        return {**shape, "maxLength": DERIVED_ID_LENGTH} if self.some_derived and side == "answer" else shape

    def hint(self, text: str) -> str:
        return id_hint(text, self.collection)


def id_hint(value: object, collection: str = "") -> str:
    """The end of a sentence that suggests the id that a value can mean (see `id_meant`); empty if it can mean none."""
    id = id_meant(value, collection)
    return f". As an id it would be “{id}”" if id else ""


def id_meant(value: object, collection: str = "") -> str:
    """A value that is not an id, such as a name or the path of a record, written as one; empty if that is not possible.

    Args:
        collection: the collection of the record; a path that leads to it is removed.
    """
    name = value if isinstance(value, str) else ""
    if collection:
        name = re.sub(rf"^(.*/)?{collection}/", "", name)
    # Typographic quotes, unusual spaces and zero-width characters become hyphens like any other sign. Letters with accents are not
    # replaced, since the result could be the id of another record.
    plain = re.sub(r"\W+", "-", name)
    id = slug(plain) if plain.isascii() else ""
    return id if len(id) <= SLUG_LENGTH and SLUG.fullmatch(id) else ""


def slug(name: str) -> str:
    """A name in lower case, its words joined by hyphens. Letters of every alphabet stay, so the result is an id only if it is ASCII."""
    return "-".join(re.findall(r"[^\W_]+", name.lower()))


class DerivedId(Contract[str]):
    """The id of a record that the loader derives; longer than a slug, and never read from a seed."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "maxLength": DERIVED_ID_LENGTH}
