"""The component schemas of the contract: generated from the schemas of answers, or written here if an answer has no schema."""

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
from schemas.vocabulary import Precision


def components(table: Table) -> dict[str, JsonSchema]:
    """Every shape of the contract, by name.

    Raises:
        TypeError: if two schemas would have the same name.
    """
    found = dict(_PLAIN)
    schemas: dict[str, type[Schema]] = {}

    def add(schema: type[Schema]) -> None:
        name = component(schema)
        if name in _PLAIN or schemas.setdefault(name, schema) is not schema:
            raise TypeError(
                f"the contract already has a shape “{name}”: rename {schema.__name__} in {schema.__module__}"
            )
        found[name] = answer_schema(schema)

    for resource in table:
        name = component(resource.schema)
        add(resource.schema)
        for field, kind in resource.schema._declared_fields.items():
            if table.may_be_unknown(resource, kind):
                found[name]["properties"][field] = _property(kind, nullable=True)
        for inner in _pieces(resource.schema):
            add(inner)
        found[f"{name}List"] = _list(ref(name))
        if resource.has_more:
            inside = {one.field: one.resource.schema for one in resource.inside}
            listed = {"evidence": EvidenceSchema, **inside} if issubclass(resource.model, Cited) else inside
            more: dict[str, JsonSchema] = {
                field: {"type": "array", "items": ref(component(schema))} for field, schema in listed.items()
            }
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
            add(each)
    return {name: found[name] for name in sorted(found)}


def _pieces(schema: type[Schema]) -> Iterable[type[Schema]]:
    for kind in schema._declared_fields.values():
        if isinstance(kind, Piece):
            yield kind.schema
            yield from _pieces(kind.schema)


def answer_schema(schema: type[Schema]) -> JsonSchema:
    """The JSON Schema of an answer: every key is always present, and keys may be added within a version."""
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
    return {"description": kind.description, **shape}


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
_URL: JsonSchema = {"type": "string", "format": "uri"}
_COUNT: JsonSchema = {"type": "integer", "format": "int64", "minimum": 0}
_SIZE: JsonSchema = {"type": "integer", "format": "int32", "minimum": 1}
_STATUS: JsonSchema = {"type": "integer", "format": "int32"}
_DAY: JsonSchema = {"type": "string", "format": "date"}
_MAYBE_DAY: JsonSchema = {"type": ["string", "null"], "format": "date"}
_MAPPING: JsonSchema = {"type": "object"}


def _said(description: str, shape: JsonSchema) -> JsonSchema:
    """A shape with its description."""
    return {"description": description, **shape}


def _array(description: str, item: JsonSchema) -> JsonSchema:
    return {"description": description, "type": "array", "items": item}


def _licence(of: str) -> JsonSchema:
    return _object(
        f"The licence of the {of}.",
        name=_said("Its SPDX identifier.", _TEXT),
        url=_said("Where its text is.", _URL),
    )


_RECORD = {
    "id": _said("Its id, unique within its collection.", _TEXT),
    "name": _said("Its name: the field that names a record of its collection.", _TEXT),
    "href": _said("Its path.", _PATH),
}
_COLLECTION = _said("Its collection.", _TEXT)

_CSVW: dict[str, JsonSchema] = {
    "@context": _array("The namespace of the vocabulary, and the language of the descriptions.", {}),
    "dc:license": _object("The licence of the data.", **{"@id": _said("Its address.", _URL)}),
    "dc:modified": _said("The date of the release.", _MAPPING),
    "schema:version": _said("The id of the release.", _TEXT),
}
_CSVW_TABLE = {
    "url": _said("The address of the CSV, relative to this description.", _PATH),
    "tableSchema": _said("Its columns, keys and foreign keys.", _MAPPING),
}


_PLAIN: dict[str, JsonSchema] = {
    "Date": _object(
        "A date as recorded, with the first and last day that it can mean.",
        edtf=_said("The date in EDTF level 1 (ISO 8601-2), such as `2024-01`, `2023~` or `2025-11/..`.", _TEXT),
        earliest=_said("The first day that it can mean; null if its start is open or unknown.", _MAYBE_DAY),
        latest=_said("The last day that it can mean; null if its end is open or unknown.", _MAYBE_DAY),
        precision=_said(
            "How finely it is given; `/vocabularies` defines the terms.",
            {"type": "string", "enum": [term.value for term in Precision]},
        ),
    ),
    "Reference": _object("A reference to a record.", **_RECORD),
    "Subject": _object("A reference to a record of any collection.", collection=_COLLECTION, **_RECORD),
    "Links": _object("Links.", self=_said("The path and query of this answer.", _PATH)),
    "PageLinks": _object(
        "Links.",
        self=_said("The path and query of this page.", _PATH),
        first=_said("The first page.", _PATH),
        next=_said("The next page; null on the last page.", _MAYBE_PATH),
    ),
    "Page": _object(
        "The page of a list.",
        limit=_said("The maximum number of records on the page.", {"type": "integer", "format": "int64", "minimum": 1}),
        total=_said("The number of records in the whole list.", _COUNT),
        next=_said("The `after` of the next page; null on the last page.", _MAYBE),
    ),
    "Meta": _object(
        "What the answer is based on.",
        release=_said("The id of the release.", _TEXT),
        as_of=_said("The `as_of` of the request; null if it had none.", _MAYBE_DAY),
        known_at=_said("The `known_at` of the request; null if it had none.", _MAYBE_DAY),
        mode=_array("The modes of evidence that count; empty means all.", _TEXT),
        cite=_said("The path of the citation of this answer.", _PATH),
    ),
    "Problem": _object(
        "A problem (RFC 9457).",
        type=_said("The path of the kind of problem, which describes it.", _PATH),
        title=_said("The kind of problem in a few words.", _TEXT),
        status=_said("The HTTP status code.", _STATUS),
        detail=_said("What was wrong with this request, for a person to read.", _TEXT),
        instance=_said("The path and query of the request; long ones are cut.", _PATH),
        errors=_array(
            "The parameters that cannot be used; empty if the problem is not about parameters.",
            _object(
                "A parameter that cannot be used.",
                parameter=_said("Its name; `id` is the one in the path.", _TEXT),
                value=_said("Its value as given; long ones are cut.", _MAYBE),
                message=_said("What is wrong with it.", _TEXT),
                allowed=_array("All allowed values or names, if they are a closed set; otherwise empty.", _TEXT),
            ),
        ),
        error=_object(
            "For clients that look for the message here.", message=_said("The same text as `detail`.", _TEXT)
        ),
    ),
    "ProblemKind": _object(
        f"One of the {len(KINDS)} kinds of problem.",
        name=_said("Its name, the last part of its path.", _TEXT),
        href=_said("Its path, which problems have as their `type`.", _PATH),
        status=_said("The HTTP status code.", _STATUS),
        title=_said("The kind in a few words.", _TEXT),
        meaning=_said("When it occurs.", _TEXT),
    ),
    "Vocabulary": _object(
        "A closed vocabulary.",
        name=_said("The field that it belongs to, such as `demand.firmness`.", _TEXT),
        definition=_said("What its terms describe.", _TEXT),
        terms=_array(
            "All its terms.",
            _object(
                "A term.",
                term=_said("The term as it occurs in fields and parameters.", _TEXT),
                label=_said("The term in words.", _TEXT),
                definition=_said("What it means.", _TEXT),
                score=_said(
                    "For stances: the score, −1 to 1; null if it has none.",
                    {"type": ["number", "null"], "format": "double"},
                ),
            ),
        ),
    ),
    "Service": _object(
        "The entry point: what the service has, and where.",
        name=_said("The name of the service.", _TEXT),
        about=_said("What it serves.", _TEXT),
        release=_object(
            "The release that is loaded.",
            id=_said("Its id.", _TEXT),
            date=_said("Its date.", _DAY),
            digest=_said("The SHA-256 of its seed files, in hexadecimal.", _TEXT),
        ),
        collections=_array(
            "All collections.",
            _object(
                "A collection.",
                name=_said("Its name.", _TEXT),
                href=_said("The path of its list.", _PATH),
                about=_said("What it holds.", _TEXT),
            ),
        ),
        views=_array(
            "The analyses, feeds, exports and other views.",
            _object(
                "A view.",
                name=_said("Its name.", _TEXT),
                href=_said("Its path, with an example where it needs an id or a parameter.", _PATH),
                about=_said("What it shows.", _TEXT),
            ),
        ),
        documentation=_said("The path of the documentation, a page to read.", _PATH),
        contract=_said("The path of this contract.", _PATH),
        licences=_object("The licences.", code=_licence("code"), data=_licence("data")),
    ),
    "HitList": _list(
        _object(
            "A record that was found.",
            collection=_COLLECTION,
            **_RECORD,
            highlight=_said("Its text as HTML, with the words found in `<mark>`.", _TEXT),
        )
    ),
    "TableSchema": {
        "type": "object",
        "description": "A Frictionless Table Schema.",
        "required": ["fields", "missingValues"],
        "properties": {
            "fields": _array("The columns, in order.", _MAPPING),
            "missingValues": _array("The cell values that stand for null.", _TEXT),
            "primaryKey": _array("The column that identifies a row; absent if there is none.", _TEXT),
        },
    },
    "CsvwTable": _object(
        "A table, described by the W3C's “Metadata Vocabulary for Tabular Data”.", **_CSVW, **_CSVW_TABLE
    ),
    "CsvwGroup": _object(
        "All tables, described by the W3C's “Metadata Vocabulary for Tabular Data”.",
        **_CSVW,
        tables=_array("The tables.", _object("A table.", **_CSVW_TABLE)),
    ),
    "FlatTable": _object(
        "A flat table of the whole release.",
        name=_said("Its name.", _TEXT),
        about=_said("What a row is.", _TEXT),
        rows=_said("The number of rows.", _COUNT),
        bytes=_said("The size of its CSV in bytes.", _COUNT),
        sha256=_said("The SHA-256 of its CSV, in hexadecimal.", _TEXT),
        **{suffix: _said(f"Its path as {suffix.upper()}.", _PATH) for suffix in FORMATS},
        schema=_said("The path of its Frictionless Table Schema.", _PATH),
        csvw=_said("The path of its description as CSV on the Web.", _PATH),
        columns=_array("Its columns, as in the Table Schema.", _MAPPING),
    ),
    "Option": _object(
        "A choice, with the names that Grafana expects.",
        __text=_said("The label to show.", _TEXT),
        __value=_said("The id to filter by.", _TEXT),
    ),
    "VegaLite": {
        "type": "object",
        "description": "A Vega-Lite specification; see its `$schema`.",
        "required": ["$schema", "description", "data"],
        "properties": {
            "$schema": _said("The version of Vega-Lite.", _URL),
            "description": _said("What the chart shows, for readers who cannot see it.", _TEXT),
            "data": _object("Where the data is.", url=_said("The absolute address of the flat table.", _URL)),
        },
    },
    "Embed": _object(
        "The code that embeds a page (oEmbed 1.0).",
        version=_said("The version of oEmbed.", {"type": "string", "enum": ["1.0"]}),
        type=_said("The type of oEmbed answer.", {"type": "string", "enum": ["rich"]}),
        title=_said("The title of the page.", _TEXT),
        provider_name=_said("The name of the service.", _TEXT),
        provider_url=_said("The address of the service.", _URL),
        html=_said("The code to paste: an `iframe`.", _TEXT),
        width=_said("The width of the frame in pixels.", _SIZE),
        height=_said("The height of the frame in pixels.", _SIZE),
    ),
    "Export": _object(
        "The whole release as one file.",
        name=_said("The name of the file.", _TEXT),
        about=_said("What it contains.", _TEXT),
        href=_said("Its path.", _PATH),
        media_type=_said("Its media type.", _TEXT),
        bytes=_said("Its size in bytes.", _COUNT),
        sha256=_said("Its SHA-256, in hexadecimal.", _TEXT),
    ),
    "DataPackage": _object(
        "A Frictionless Data Package.",
        profile=_said("The profile of Data Package.", _TEXT),
        name=_said("The name of the package.", _TEXT),
        title=_said("The title of the package.", _TEXT),
        version=_said("The id of the release.", _TEXT),
        created=_said("The date of the release, as midnight in UTC.", {"type": "string", "format": "date-time"}),
        licenses=_array("The licence of the data.", _MAPPING),
        resources=_array("The tables: path, size, checksum and Table Schema of each.", _MAPPING),
    ),
}
