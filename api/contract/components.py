"""The shapes of the contract: what answers hold, from the schemas that write them, and the few shapes that are plain."""

from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

from marshmallow import Schema

from api.formats import FORMATS
from api.models import Cited
from api.operation import ref
from api.problems import KINDS
from api.representations import columns, or_null, row_schema
from api.resource import Table
from schemas.analyses import ANSWERS
from schemas.evidence import EvidenceSchema
from schemas.fields import JsonSchema, Piece, bearable_names, component
from schemas.proposals import TermSchema
from schemas.vocabulary import Precision


def components(table: Table) -> dict[str, JsonSchema]:
    """Every shape of the contract, by name."""
    found = dict(_PLAIN)
    for resource in table:
        name = component(resource.schema)
        found[name] = answer_schema(resource.schema)
        for field, kind in resource.schema._declared_fields.items():
            if table.may_be_unknown(resource, kind):
                found[name]["properties"][field] = _property(kind, nullable=True)
        for inner in _pieces(resource.schema):
            found[component(inner)] = answer_schema(inner)
        found[f"{name}List"] = _list(ref(name))
        if issubclass(resource.model, Cited):
            more: dict[str, JsonSchema] = {"evidence": {"type": "array", "items": ref(component(EvidenceSchema))}}
            if resource.name == "proposals":
                more["terms"] = {"type": "array", "items": ref(component(TermSchema))}
            whole = found[name]
            found[f"{name}InFull"] = {
                **whole,
                "properties": {**whole["properties"], **more},
                "required": [*whole["required"], *more],
            }
        if resource.has_table:
            found[f"{name}Row"] = row_schema(columns(resource.schema))
    found["BearableField"] = bearable_names(name for resource in table for name in resource.schema.bearable())
    for schema in ANSWERS:
        for each in (schema, *_pieces(schema)):
            found[component(each)] = answer_schema(each)
    return {name: found[name] for name in sorted(found)}


def _pieces(schema: type[Schema]) -> Iterable[type[Schema]]:
    for kind in schema._declared_fields.values():
        if isinstance(kind, Piece):
            yield kind.schema
            yield from _pieces(kind.schema)


def answer_schema(schema: type[Schema]) -> JsonSchema:
    """What an answer holds: every key is always present, and keys may be added within a version."""
    properties = {name: _property(kind) for name, kind in schema._declared_fields.items() if not kind.load_only}
    return {
        "type": "object",
        "description": cleandoc(schema.__doc__ or ""),
        "required": list(properties),
        "properties": properties,
    }


def _property(kind: Any, *, nullable: bool = False) -> JsonSchema:
    shape = kind.shape("answer")
    if (nullable or kind.allow_none) and shape:
        shape = or_null(shape)
    return shape if "$ref" in shape else {"description": kind.description, **shape}


def _list(item: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "required": ["data", "page", "links", "meta"],
        "properties": {
            "data": {"type": "array", "items": item},
            "page": ref("Page"),
            "links": ref("PageLinks"),
            "meta": ref("Meta"),
        },
    }


def _object(description: str, **properties: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "description": description,
        "required": list(properties),
        "properties": properties,
    }


_TEXT: JsonSchema = {"type": "string"}
_MAYBE: JsonSchema = {"type": ["string", "null"]}
_PATH: JsonSchema = {"type": "string", "format": "uri-reference"}
_MAYBE_PATH: JsonSchema = {"type": ["string", "null"], "format": "uri-reference"}
_COUNT: JsonSchema = {"type": "integer", "format": "int64", "minimum": 0}
_DAY: JsonSchema = {"type": "string", "format": "date"}
_MAYBE_DAY: JsonSchema = {"type": ["string", "null"], "format": "date"}


_LICENCE = _object("A licence.", name=_TEXT, url={"type": "string", "format": "uri"})


_CSVW: dict[str, JsonSchema] = {
    "@context": {"type": "array", "items": {}},
    "dc:license": _object("The licence.", **{"@id": {"type": "string", "format": "uri"}}),
    "dc:modified": {"type": "object"},
    "schema:version": _TEXT,
}


_PLAIN: dict[str, JsonSchema] = {
    "Date": _object(
        "A date as recorded (EDTF level 1), with the earliest and latest day that it can mean; null means open or unknown.",
        edtf=_TEXT,
        earliest=_MAYBE_DAY,
        latest=_MAYBE_DAY,
        precision={"type": "string", "enum": [term.value for term in Precision]},
    ),
    "Reference": _object("A record: its id, its name and its path.", id=_TEXT, name=_TEXT, href=_PATH),
    "Subject": _object("A record of any collection.", collection=_TEXT, id=_TEXT, name=_TEXT, href=_PATH),
    "Links": _object("Links.", self=_PATH),
    "PageLinks": _object("Links; `next` is null on the last page.", self=_PATH, first=_PATH, next=_MAYBE_PATH),
    "Page": _object(
        "The page: how many records it may hold, how many there are in all, and the `after` of the next page (null on the last).",
        limit={"type": "integer", "format": "int64", "minimum": 1},
        total=_COUNT,
        next=_MAYBE,
    ),
    "Meta": _object(
        "The release, clocks and modes that the answer is based on, and the path of its citation.",
        release=_TEXT,
        as_of=_MAYBE_DAY,
        known_at=_MAYBE_DAY,
        mode={"type": "array", "items": _TEXT},
        cite=_PATH,
    ),
    "Problem": _object(
        "A problem (RFC 9457).",
        type=_PATH,
        title=_TEXT,
        status={"type": "integer", "format": "int32"},
        detail=_TEXT,
        instance=_PATH,
        errors={
            "type": "array",
            "items": _object(
                "A parameter that cannot be used.",
                parameter=_TEXT,
                value=_MAYBE,
                message=_TEXT,
                allowed={"type": "array", "items": _TEXT},
            ),
        },
        error=_object("`detail` again, for clients that look for it here.", message=_TEXT),
    ),
    "ProblemKind": _object(
        f"One of the {len(KINDS)} kinds of problem.",
        name=_TEXT,
        href=_PATH,
        status={"type": "integer", "format": "int32"},
        title=_TEXT,
        meaning=_TEXT,
    ),
    "Vocabulary": _object(
        "A closed vocabulary.",
        name=_TEXT,
        definition=_TEXT,
        terms={
            "type": "array",
            "items": _object(
                "A term.",
                term=_TEXT,
                label=_TEXT,
                definition=_TEXT,
                score={"type": ["number", "null"], "format": "double"},
            ),
        },
    ),
    "Service": _object(
        "The entry point: what the service has, and where.",
        name=_TEXT,
        about=_TEXT,
        release=_object("The release that is loaded.", id=_TEXT, date=_DAY, digest=_TEXT),
        collections={"type": "array", "items": _object("A collection.", name=_TEXT, href=_PATH, about=_TEXT)},
        views={"type": "array", "items": _object("A view.", name=_TEXT, href=_PATH, about=_TEXT)},
        documentation=_PATH,
        contract=_PATH,
        licences=_object("The licences.", code=_LICENCE, data=_LICENCE),
    ),
    "HitList": _list(
        _object("A record that was found.", collection=_TEXT, id=_TEXT, name=_TEXT, href=_PATH, highlight=_TEXT)
    ),
    "TableSchema": {
        "type": "object",
        "description": "A Frictionless Table Schema.",
        "required": ["fields", "missingValues"],
        "properties": {
            "fields": {"type": "array", "items": {"type": "object"}},
            "missingValues": {"type": "array", "items": _TEXT},
            "primaryKey": {"type": "array", "items": _TEXT},
        },
    },
    "CsvwTable": _object(
        "A table, described by the W3C's “Metadata Vocabulary for Tabular Data”.",
        **_CSVW,
        url=_PATH,
        tableSchema={"type": "object"},
    ),
    "CsvwGroup": _object(
        "All tables, described by the W3C's “Metadata Vocabulary for Tabular Data”.",
        **_CSVW,
        tables={
            "type": "array",
            "items": _object("A table.", url=_PATH, tableSchema={"type": "object"}),
        },
    ),
    "FlatTable": _object(
        "A flat table: its addresses, its columns, its number of rows, and the size and SHA-256 of its CSV.",
        name=_TEXT,
        about=_TEXT,
        rows=_COUNT,
        bytes=_COUNT,
        sha256=_TEXT,
        **dict.fromkeys(FORMATS, _PATH),
        schema=_PATH,
        csvw=_PATH,
        columns={"type": "array", "items": {"type": "object"}},
    ),
    "Option": _object("A choice: its label and its value.", __text=_TEXT, __value=_TEXT),
    "VegaLite": {
        "type": "object",
        "description": "A Vega-Lite specification; see its `$schema`.",
        "required": ["$schema", "description", "data"],
        "properties": {
            "$schema": {"type": "string", "format": "uri"},
            "description": _TEXT,
            "data": _object("Where the data is.", url={"type": "string", "format": "uri"}),
        },
    },
    "Embed": _object(
        "The code that embeds a page (oEmbed 1.0).",
        version={"type": "string", "enum": ["1.0"]},
        type={"type": "string", "enum": ["rich"]},
        title=_TEXT,
        provider_name=_TEXT,
        provider_url={"type": "string", "format": "uri"},
        html=_TEXT,
        width={"type": "integer", "format": "int32", "minimum": 1},
        height={"type": "integer", "format": "int32", "minimum": 1},
    ),
    "Export": _object(
        "The whole release as one file.",
        name=_TEXT,
        about=_TEXT,
        href=_PATH,
        media_type=_TEXT,
        bytes=_COUNT,
        sha256=_TEXT,
    ),
    "DataPackage": _object(
        "A Frictionless Data Package.",
        profile=_TEXT,
        name=_TEXT,
        title=_TEXT,
        version=_TEXT,
        created={"type": "string", "format": "date-time"},
        licenses={"type": "array", "items": {"type": "object"}},
        resources={"type": "array", "items": {"type": "object"}},
    ),
}
