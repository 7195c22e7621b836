"""How answers are written: the nested envelope, and the rows of flat tables."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial, singledispatch
from typing import Any

import orjson
from marshmallow import Schema

from schemas.fields import (
    Absent,
    BearableFields,
    Contract,
    Day,
    EdtfDate,
    Flag,
    Integer,
    JsonSchema,
    Number,
    Parts,
    Piece,
    Pieces,
    Reference,
    References,
    Strings,
    Subject,
    Subjects,
    Term,
)
from schemas.record import Cited
from schemas.vocabulary import PositionKind, Precision, Stance, Vocabulary

Cell = str | int | float | bool | None
LIST_SEPARATOR = "; "


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a flat table: its name, its type in Frictionless Table Schema, and how its cell is taken from a record's answer."""

    name: str
    type: str
    description: str
    cell: Callable[[Mapping[str, Any]], Cell]
    #: Whether the cell is never empty.
    required: bool = False
    #: The table whose ids the cell holds; None if it holds none.
    references: str | None = None
    #: Whether the cell is a list, joined with `LIST_SEPARATOR`.
    several: bool = False
    #: The vocabulary of the cell, or of each value of its list; empty if it has none.
    vocabulary: Iterable[Vocabulary] = ()

    @property
    def terms(self) -> list[str | int]:
        """The terms of its vocabulary as they occur in cells; empty if it has none."""
        return [int(term) if self.type == "integer" else term.value for term in self.vocabulary]


@cache
def columns(schema: type[Schema]) -> tuple[Column, ...]:
    """The columns of a schema's flat table. Existing columns keep their place, so those added after the first promise come last: first the
    latest days of dates, then the fields marked ``later``.
    """
    first = (*_of_fields(schema, _columns, later=False), *_of_fields(schema, _latest, later=False))
    subject = _SUBJECT if issubclass(schema, Cited) else ()
    return (*first, *subject, *_of_fields(schema, _columns, later=True), *_of_fields(schema, _latest, later=True))


def _subject(record: Mapping[str, Any]) -> tuple[str, str]:
    """The collection and id by which evidence names a record: for an offer, those of its term."""
    shown = record["term"] if record.get("kind") == PositionKind.OFFER.value else record
    _, _, collection, id = shown["href"].split("/")
    return collection, id


_SUBJECT = (
    Column(
        "subject_collection",
        "string",
        "The collection of the record that its evidence is about: the record itself, or for an offer its term.",
        lambda record: _subject(record)[0],
        required=True,
    ),
    Column(
        "subject_id",
        "string",
        "The id of the record that its evidence is about, for joining the table of evidence: its own, or for an offer that of its term.",
        lambda record: _subject(record)[1],
        required=True,
    ),
)


def _of_fields(
    schema: type[Schema], made: Callable[[Any, str], Iterable[Column]], *, later: bool | None = None
) -> tuple[Column, ...]:
    """The columns of a schema's fields: of all, or only of those that are marked ``later`` (True) or are not (False)."""
    return tuple(
        column
        for name, kind in schema._declared_fields.items()
        if later is None or getattr(kind, "later", False) == later
        for column in made(kind, name)
    )


def _answered(kind: Contract[Any], name: str, type: str = "string") -> Iterable[Column]:
    """A column with the answered value unchanged."""
    yield Column(name, type, kind.description, lambda record: record[name], required=_given(kind))


def _given(kind: Contract[Any]) -> bool:
    """Whether every answer has a value in the field."""
    return not kind.allow_none


#: The columns of a field, from the field and its name. A type that is not registered has one column: the answered value, as a string.
_columns = singledispatch(_answered)
_columns.register(Integer, partial(_answered, type="integer"))
_columns.register(Number, partial(_answered, type="number"))
_columns.register(Flag, partial(_answered, type="boolean"))


@_columns.register
def _of_day(kind: Day, name: str) -> Iterator[Column]:
    # A table has the two dates of an event side by side: occurred_on and reported_on.
    column = "reported_on" if name == "first_reported_on" else name
    yield Column(column, "date", kind.description, lambda record: record[name], required=_given(kind))


@_columns.register
def _of_date(kind: EdtfDate, name: str) -> Iterator[Column]:
    about, column = kind.description, name
    if name == "first_reported":  # its latest day is reported_on
        column = "reported_on"
        yield Column(
            f"{column}_earliest",
            "date",
            f"{about} Earliest day that it can mean; empty if open.",
            lambda record: record[name]["earliest"],
        )
    else:
        yield Column(
            name,
            "date",
            f"{about} Earliest day that it can mean; the latest if that is open.",
            lambda record: _plain(record[name]),
        )
    always = _given(kind)
    yield Column(f"{column}_edtf", "string", f"{about} As EDTF.", _member(name, "edtf"), required=always)
    yield Column(
        f"{column}_precision",
        "string",
        f"{about} Precision.",
        _member(name, "precision"),
        required=always,
        vocabulary=Precision,
    )


@_columns.register
def _of_term(kind: Term, name: str) -> Iterator[Column]:
    column = Column(
        name,
        "string",
        kind.description,
        lambda record: record[name],
        required=_given(kind),
        vocabulary=kind.vocabulary,
    )
    if all(term.value.isdecimal() for term in kind.vocabulary):
        # Grades such as “2”: readers of CSV take them for numbers, so they are numbers in every format of the table.
        column = replace(column, type="integer", cell=lambda record: record[name] and int(record[name]))
    yield column
    if kind.vocabulary is Stance:
        yield Column(
            f"{name}_score",
            "number",
            "The stance's score, −1 to 1; empty if there is none.",
            lambda record: _score(record[name]),
        )


@_columns.register
def _of_reference(kind: Reference, name: str) -> Iterator[Column]:
    yield Column(
        f"{name}_id",
        "string",
        kind.description,
        _member(name, "id"),
        required=_given(kind),
        references=kind.collection,
    )
    yield Column(f"{name}_label", "string", f"{kind.description} Name.", _member(name, "name"), required=_given(kind))


@_columns.register
def _of_references(kind: References, name: str) -> Iterator[Column]:
    ids, names = f"{kind.description} Joined with “; ”.", f"{kind.description} Names, joined with “; ”."
    yield _list(f"{name}_ids", ids, lambda record: [ref["id"] for ref in record[name]])
    yield _list(f"{name}_labels", names, lambda record: [ref["name"] for ref in record[name]])


@_columns.register
def _of_subject(kind: Subject, name: str) -> Iterator[Column]:
    about, always = kind.description, _given(kind)
    yield Column(f"{name}_collection", "string", f"{about} Collection.", _member(name, "collection"), required=always)
    yield Column(f"{name}_id", "string", about, _member(name, "id"), required=always)
    yield Column(f"{name}_label", "string", f"{about} Name.", _member(name, "name"), required=always)


@_columns.register
def _of_subjects(kind: Subjects, name: str) -> Iterator[Column]:
    yield _list(
        name,
        f"{kind.description} Joined with “; ”.",
        lambda record: [f"{ref['collection']}/{ref['id']}" for ref in record[name]],
    )


@_columns.register
def _of_strings(kind: Strings | BearableFields, name: str) -> Iterator[Column]:
    yield _list(name, f"{kind.description} Joined with “; ”.", lambda record: record[name])


@_columns.register
def _of_absent(kind: Absent, name: str) -> Iterator[Column]:
    yield _list(name, kind.description, lambda record: [f"{key}: {reason}" for key, reason in record[name].items()])


@_columns.register
def _of_piece(kind: Piece, name: str) -> Iterator[Column]:
    yield from _within(kind, name, _columns)


@_columns.register
def _of_pieces(kind: Pieces, name: str) -> Iterator[Column]:
    yield _list(
        name, f"{kind.description} Joined with “; ”.", lambda record: [_worded(kind, one) for one in record[name]]
    )


@_columns.register
def _of_parts(_kind: Parts, _name: str) -> Iterable[Column]:
    return ()  # they have a table of their own


@singledispatch
def _latest(_kind: Contract[Any], _name: str) -> Iterable[Column]:
    """The column of the last day that a date can mean, including a date in a piece; other types of field have none."""
    return ()


@_latest.register
def _latest_of_date(kind: EdtfDate, name: str) -> Iterator[Column]:
    if name != "first_reported":
        about = f"{kind.description} Latest day that it can mean; empty if open."
        yield Column(f"{name}_latest", "date", about, _member(name, "latest"))


@_latest.register
def _latest_of_piece(kind: Piece, name: str) -> Iterator[Column]:
    yield from _within(kind, name, _latest)


@_latest.register
def _latest_of_pieces(_kind: Pieces, _name: str) -> Iterable[Column]:
    return ()


def _within(kind: Piece, name: str, made: Callable[[Any, str], Iterable[Column]]) -> Iterator[Column]:
    """The columns of the fields of a piece."""
    for inner in _of_fields(kind.schema, made):
        # Camel case, which other standards use, becomes snake case like that of all columns.
        plain = re.sub("(?<=[a-z])[A-Z]", lambda found: f"_{found[0].lower()}", inner.name)
        given = inner.required and _given(kind)
        yield replace(inner, name=f"{name}_{plain}", cell=_inside(name, inner), required=given)


def _inside(name: str, inner: Column) -> Callable[[Mapping[str, Any]], Cell]:
    return lambda record: inner.cell(record[name]) if record[name] else None


def _member(name: str, key: str) -> Callable[[Mapping[str, Any]], Cell]:
    """The cell with one member of a field's value; empty if the field is null."""
    return lambda record: record[name] and record[name][key]


def _list(name: str, about: str, values: Callable[[Mapping[str, Any]], Iterable[str]]) -> Column:
    """The column of several values, joined."""
    return Column(name, "string", about, lambda record: _join(values(record)), several=True)


def _worded(kind: Pieces, one: Mapping[str, Any]) -> str:
    """One of several pieces as words."""
    return ", ".join(
        str(cell)
        for column in _of_fields(kind.schema, _columns)
        if not column.name.endswith(("_label", "_precision", "_edtf"))
        and (cell := column.cell(one)) not in (None, "", False)
    )


def _join(values: Iterable[str]) -> str | None:
    several = list(values)
    joined = LIST_SEPARATOR.join(several)
    if joined.count(";") >= len(several):  # one is in a value
        joined = LIST_SEPARATOR.join([value.replace(";", ",") for value in several])
    return joined or None


def _plain(value: Mapping[str, str | None] | None) -> str | None:
    return (value["earliest"] or value["latest"]) if value else None


def _score(value: str | None) -> float | None:
    return Stance.of(value).score if value else None


class Counted:
    """Records that are counted as they are read; ``int()`` gives the number read so far."""

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self._records = records
        self._number = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for record in self._records:
            self._number += 1
            yield record

    def __int__(self) -> int:
        return self._number


def flat(shape: tuple[Column, ...], records: Iterable[Mapping[str, Any]]) -> Iterator[list[Cell]]:
    """Records as rows of cells."""
    cells = [column.cell for column in shape]
    for record in records:
        yield [cell(record) for cell in cells]


def parsed(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Rows with a body, and perhaps a role, as records."""
    roles: bool | None = None
    for row in rows:
        if roles is None:
            roles = "role" in row._fields
        record: dict[str, Any] = orjson.loads(row.body)
        record["role"] = row.role if roles else None
        yield record


def envelope(data: bytes, **beside: Any) -> bytes:
    """The envelope: ``data``, which is JSON already, and the other members."""
    return b'{"data":' + data + b"," + orjson.dumps(beside)[1:]


def extended(body: str | bytes, **members: bytes) -> bytes:
    """A record's answer with more members, which are JSON already."""
    more = b"".join(b',"' + name.encode() + b'":' + value for name, value in members.items())
    whole = body.encode() if isinstance(body, str) else body
    return whole[:-1] + more + b"}"


def array(items: Iterable[bytes]) -> bytes:
    """JSON values as a JSON array."""
    return b"[" + b",".join(items) + b"]"


def array_of_lines(text: str | None) -> bytes:
    """JSON values, each in a line, as a JSON array."""
    return b"[" + (text or "").replace("\n", ",").encode() + b"]"


def lines(text: str | None) -> list[str]:
    """The lines of a text, separated by line feeds only: a body may contain Unicode's other line separators."""
    return text.split("\n") if text else []


def or_null(shape: JsonSchema) -> JsonSchema:
    """The JSON Schema of a value of this shape, or null. Null is not added to an enumeration: generators make a type of that."""
    if "type" not in shape or "enum" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    return {**shape, "type": [shape["type"], "null"]}


def row_schema(shape: Iterable[Column], *, more: bool = False) -> JsonSchema:
    """The JSON Schema of a row as an object with every column; ``more`` means that it has other columns too."""
    properties = {}
    for column in shape:
        cell = _cell_schema(column)
        properties[column.name] = {"description": column.description, **(cell if column.required else or_null(cell))}
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        **({"additionalProperties": {"type": ["string", "number", "null"]}} if more else {}),
    }


def _cell_schema(column: Column) -> JsonSchema:
    """The JSON Schema of a cell that is not empty. A list is a joined string, so its terms are left out."""
    if column.type == "date":
        return {"type": "string", "format": "date"}
    return {"type": column.type, **({"enum": column.terms} if column.terms and not column.several else {})}
