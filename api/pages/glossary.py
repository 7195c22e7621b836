"""The labels and meanings of fields and terms, from their declarations."""

from collections.abc import Iterable
from typing import Any

from api.pages.humanize import plain
from api.resource import Table
from schemas.fields import Piece, Term
from schemas.vocabulary import VOCABULARIES, Vocabulary


class Glossary:
    """The labels and descriptions of fields, and the definitions of their terms."""

    def __init__(self, table: Table) -> None:
        self._fields: dict[tuple[str, str], Any] = {}
        for collection, name, field in _fields(table):
            self._fields.setdefault((collection, name), field)  # a record's own before those of its pieces
        self._vocabularies = _vocabularies(table)

    def label(self, collection: str, name: str) -> str:
        """The label of a field, a filter or a facet of a collection: the field's title, or else the name in words."""
        return getattr(self._fields.get((collection, name)), "title", None) or plain(name).capitalize()

    def describe(self, collection: str, name: str) -> str:
        """The description of a field; empty if there is no such field."""
        return getattr(self._fields.get((collection, name)), "description", "")

    def define(self, field: str, term: object, collection: str = "") -> str:
        """The definition of a term of a field's vocabulary; empty if it is not one of its terms."""
        vocabulary = self._vocabularies.get((collection, field)) or self._vocabularies.get(("", field))
        return next((one.definition for one in vocabulary or () if one.value == term), "")


def _fields(table: Table) -> list[tuple[str, str, Any]]:
    """Every field of every collection: the collection, the name and the declaration; fields of pieces come after those of records."""
    fields, waiting = [], [(resource.name, resource.schema) for resource in table]
    for collection, schema in waiting:
        for name, field in schema._declared_fields.items():
            fields.append((collection, name, field))
            if isinstance(field, Piece):
                waiting.append((collection, field.schema))
    return fields


def _vocabularies(table: Table) -> dict[tuple[str, str], Iterable[Vocabulary]]:
    """The vocabularies of fields by collection and name, and by name alone if all fields of that name have the same one."""
    vocabularies: dict[tuple[str, str], Iterable[Vocabulary]] = {
        ("", "absent"): VOCABULARIES["absent"],
        ("", "change"): VOCABULARIES["diff.change"],
        ("", "direction"): VOCABULARIES["movement.direction"],
    }
    by_name: dict[str, set[type[Vocabulary]]] = {}
    for collection, name, field in _fields(table):
        if isinstance(field, Term):
            vocabularies[collection, name] = field.vocabulary
            by_name.setdefault(name, set()).add(field.vocabulary)
    return vocabularies | {("", name): one for name, (one, *others) in by_name.items() if not others}
