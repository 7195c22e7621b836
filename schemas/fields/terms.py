"""Values from a closed set: terms of vocabularies, words, and the reasons why fields are absent."""

from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

from marshmallow import ValidationError

from schemas.fields.contract import Contract, JsonSchema, ListOf, Side, not_allowed, shown
from schemas.vocabulary import Absence, Vocabulary


class Term(Contract[Vocabulary]):
    """A term of a closed vocabulary."""

    def __init__(self, vocabulary: type[Vocabulary], description: str | None = None, **options: Any) -> None:
        super().__init__(description or cleandoc(vocabulary.__doc__ or ""), **options)
        self.vocabulary = vocabulary

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "enum": [term.value for term in self.vocabulary]}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Vocabulary:
        try:
            return self.vocabulary.of(str(value))
        except ValueError:
            allowed = [term.value for term in self.vocabulary]
            raise not_allowed(f"{shown(value)} is not one of the allowed values", value, allowed) from None


class Choice(Contract[str]):
    """One of the given words."""

    def __init__(self, words: tuple[str, ...], description: str, **options: Any) -> None:
        super().__init__(description, **options)
        self.words = list(words)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "enum": self.words}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        if value not in self.words:
            raise not_allowed(f"{shown(value)} is not one of the allowed values", value, self.words)
        return str(value)


class BearableField(Contract[str]):
    """The name of a ``bearable`` field. Which names are valid depends on the record, so the loader's rules check them."""

    def shape(self, side: Side) -> JsonSchema:
        return {"$ref": "#/components/schemas/BearableField" if side == "answer" else "#/$defs/bearable"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return self._expect(value, str, "a field name")


class BearableFields(ListOf):
    """Names of ``bearable`` fields of one record."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(BearableField(description, required=True), description, **options)


def bearable_names(names: Iterable[str]) -> JsonSchema:
    """The JSON Schema of the name of a bearable field, which is one of these."""
    return {
        "type": "string",
        "description": "A field that one piece of evidence may establish on its own, after the record itself was known.",
        "enum": sorted(set(names)),
    }


class Absent(Contract[dict[str, Absence]]):
    """The reasons why fields are absent, by field."""

    def __init__(self) -> None:
        description = "The reason for each absent field that readers may look for."
        super().__init__(description, load_default=dict, allow_none=False, tail=True)
        self._reason = Term(Absence)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "object", "additionalProperties": self._reason.shape(side)}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        named = self._expect(value, dict, "a mapping of field names to reasons")
        found: dict[str, Absence] = {}
        errors: dict[str, Any] = {}
        for name, reason in named.items():
            try:
                found[str(name)] = Absence.of(self._reason.deserialize(reason))
            except ValidationError as error:
                errors[str(name)] = error.messages
        if errors:
            raise ValidationError(errors)
        return found
