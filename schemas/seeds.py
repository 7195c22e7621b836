"""JSON Schemas of the seed files, generated from the schemas that load them: editors use them to complete and check."""

from inspect import cleandoc
from typing import Any

from marshmallow import Schema

from schemas.fields import BearableFields, JsonSchema, Parts, Piece, Pieces, bearable_names, component
from schemas.record import Record

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_schema(schema: type[Schema], parts: dict[str, type[Record]], *, many: bool) -> JsonSchema:
    """The JSON Schema of a file of records (``many``) or of one mapping. ``parts`` are the schemas of all records by collection."""
    found: dict[str, JsonSchema] = {}
    one = _mapping(schema, parts, found)
    whole: JsonSchema = {"type": "array", "items": one} if many else one
    return {"$schema": DIALECT, **whole, "$defs": dict(sorted(found.items()))}


def _mapping(schema: type[Schema], parts: dict[str, type[Record]], found: dict[str, JsonSchema]) -> JsonSchema:
    fields = {name: kind for name, kind in schema._declared_fields.items() if not kind.dump_only}
    return {
        "type": "object",
        "description": cleandoc(schema.__doc__ or ""),
        "properties": {name: _property(kind, parts, found) for name, kind in fields.items()},
        "required": [name for name, kind in fields.items() if kind.required],
        "additionalProperties": False,
    }


def _property(kind: Any, parts: dict[str, type[Record]], found: dict[str, JsonSchema]) -> JsonSchema:
    if isinstance(kind, BearableFields):
        found["bearable"] = bearable_names(name for each in parts.values() for name in each.bearable())
    if isinstance(kind, Parts):
        inner = parts[kind.collection]
        if kind.collection not in found:
            found[kind.collection] = {}  # ends the recursion if records contain records of their own collection
            found[kind.collection] = _mapping(inner, parts, found)
        shape: JsonSchema = {"type": "array", "items": {"$ref": f"#/$defs/{kind.collection}"}}
    elif isinstance(kind, Piece):
        found.setdefault(component(kind.schema), _mapping(kind.schema, parts, found))
        inner_ref: JsonSchema = {"$ref": f"#/$defs/{component(kind.schema)}"}
        shape = {"type": "array", "items": inner_ref} if isinstance(kind, Pieces) else inner_ref
    else:
        shape = _scalar(kind.shape("seed"))
    return {"description": kind.description, **shape}


def _scalar(shape: JsonSchema) -> JsonSchema:
    """The JSON Schema of a scalar. It also allows numbers where the text may be digits: to an editor, 2024 in YAML is a number."""
    if shape.get("type") == "string" and "enum" in shape:
        return {
            **shape,
            "type": ["string", "integer"],
            "enum": [*shape["enum"], *(int(one) for one in shape["enum"] if one.isdigit())],
        }
    if shape.get("type") == "string" and "maxLength" in shape and "examples" in shape:
        return {**shape, "type": ["string", "integer"]}
    return shape
