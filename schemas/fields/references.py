"""References to other records: of one collection, or of any."""

import re
from typing import Any, NamedTuple

from marshmallow import ValidationError

from schemas import VERSION_PATH
from schemas.fields.contract import Contract, JsonSchema, ListOf, Side, shown
from schemas.fields.ids import DERIVED_ID_LENGTH, SLUG, SLUG_LENGTH, id_hint

_SUBJECT = re.compile(rf"[a-z]+/{SLUG.pattern}", re.ASCII)


class Ref(NamedTuple):
    """A reference that the loader has resolved: the record's collection, id and name."""

    collection: str
    id: str
    name: str

    def as_answer(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "href": href(self.collection, self.id)}


def references_in(value: object) -> list[Ref]:
    """The records that a resolved value refers to, including those inside lists and mappings."""
    if isinstance(value, Ref):
        return [value]
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found: list[Ref] = []
    for one in within:
        kind = type(one)  # compared, since isinstance is slower: a load checks each value of each record here
        if kind is Ref:
            found.append(one)
        elif kind is list or kind is dict:
            found += references_in(one)
    return found


def href(collection: str, id: str) -> str:
    """The canonical path of a record."""
    return f"{VERSION_PATH}/{collection}/{id}"


class Reference(Contract[Any]):
    """One record of a collection.

    Args:
        holder: whether it is the party that holds what the record claims, which decides the claim status.
        proposition: whether it must be an issue with a proposition, not a topic.
    """

    def __init__(
        self, collection: str, description: str, *, holder: bool = False, proposition: bool = False, **options: Any
    ) -> None:
        super().__init__(description, **options)
        self.collection = collection
        self.holder = holder
        self.proposition = proposition

    def shape(self, side: Side) -> JsonSchema:
        if side == "answer":
            return {"$ref": "#/components/schemas/Reference"}
        return {
            "type": "string",
            "pattern": f"^{SLUG.pattern}$",
            "description": f"The id of a record in {self.collection}.",
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        if not isinstance(value, str) or len(value) > SLUG_LENGTH or not SLUG.fullmatch(value):
            form = f"; expected the id of one of the {self.collection}: lower-case letters and digits, words joined by single hyphens"
            raise ValidationError(f"{shown(value)} is not a valid id{id_hint(value, self.collection) or form}")
        return value

    def _serialize(self, value: Ref | None, attr: str | None, obj: object, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else value.as_answer()


class References(ListOf):
    """Any number of records of a collection."""

    def __init__(self, collection: str, description: str, *, holder: bool = False, **options: Any) -> None:
        super().__init__(Reference(collection, description, required=True), description, **options)
        self.collection = collection
        self.holder = holder


class Subject(Contract[Any]):
    """Any record of any collection, written ``collection/id``."""

    def shape(self, side: Side) -> JsonSchema:
        if side == "answer":
            return {"$ref": "#/components/schemas/Subject"}
        return {"type": "string", "pattern": f"^{_SUBJECT.pattern}$"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, "a record as collection/id")
        if len(text) > DERIVED_ID_LENGTH or not _SUBJECT.fullmatch(text):
            raise ValidationError(f"{shown(text)} is not a valid record; expected collection/id")
        return text

    def _serialize(self, value: Ref | None, attr: str | None, obj: object, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else {"collection": value.collection, **value.as_answer()}


class Subjects(ListOf):
    """Any number of records of any collections."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(Subject(description, required=True), description, **options)
