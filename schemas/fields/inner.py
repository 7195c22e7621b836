"""Fields that hold other fields: mappings inside a record, and records of other collections written inside it."""

from typing import Any

from marshmallow import Schema, fields

from schemas.fields.contract import Contract, JsonSchema, Side, each


class Piece(Contract[Any]):
    """A mapping inside a record, with a schema of its own."""

    def __init__(self, schema: type[Schema], description: str, **options: Any) -> None:
        super().__init__(description, **options)
        self.schema = schema
        self.nested = fields.Nested(schema)

    def shape(self, side: Side) -> JsonSchema:
        return {"$ref": f"#/components/schemas/{component(self.schema)}"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return self.nested.deserialize(self._expect(value, dict, "a mapping"))

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> Any:
        return self.nested._serialize(value, attr, obj)  # type: ignore[no-untyped-call]  # untyped in marshmallow


class Pieces(Piece):
    """A list of such mappings."""

    def __init__(self, schema: type[Schema], description: str, **options: Any) -> None:
        if not options.get("dump_only"):
            options.update(load_default=list, allow_none=False)
        super().__init__(schema, description, **options)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": super().shape(side), "maxItems": 10000}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return each(self._expect(value, list, "a list"), self._one)

    def _one(self, value: object) -> Any:
        return self.nested.deserialize(self._expect(value, dict, mapping_of(self.schema)))

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> Any:
        return [self.nested._serialize(one, attr, obj) for one in value]  # type: ignore[no-untyped-call]


def mapping_of(schema: type[Schema]) -> str:
    """What a message expects in the place of a mapping: “a mapping with …” and its required fields."""
    *names, last = [name for name, kind in schema._declared_fields.items() if kind.required]
    return f"a mapping with {', '.join(names)} and {last}" if names else f"a mapping with {last}"


def component(schema: type[Schema]) -> str:
    """The name of a schema in the contract's components."""
    return schema.__name__.removesuffix("Schema")


class Parts(Contract[list[Any]]):
    """Records of another collection written inside this one; ``subject_field`` is their field that then names this record."""

    def __init__(self, collection: str, parent: str, description: str, **options: Any) -> None:
        if not options.get("required"):
            options.update(load_default=list, allow_none=False)
        super().__init__(description, load_only=True, **options)
        self.collection = collection
        self.subject_field = parent

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": {"$ref": f"#/$defs/{self.collection}"}}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return self._expect(value, list, "a list of records")
