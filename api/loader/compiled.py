"""Python generated from the schemas, for speed: a reader that accepts valid records, and a writer of answers.

The schemas stay the only definition. A reader returns None for a record that it does not accept; marshmallow then reads it, or
explains what is wrong. Fields of types not named here are left to marshmallow. Tests compare both with marshmallow's own results.
"""

import linecache
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache
from types import NoneType
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing

from schemas import VERSION_PATH, dates
from schemas.fields import (
    SELECTOR,
    SLUG,
    SLUG_LENGTH,
    BearableFields,
    Day,
    DerivedId,
    EdtfDate,
    Flag,
    Integer,
    Link,
    Number,
    Parts,
    Pattern,
    Piece,
    Pieces,
    Ref,
    Reference,
    References,
    Selector,
    Slug,
    Strings,
    Subject,
    Term,
    Text,
    date_answer,
    has_control,
)
from schemas.vocabulary import Vocabulary

Data = dict[str, Any]
#: Reads the plain values of one record, as marshmallow's ``load`` would; None where they are not valid, or may not be.
Reader = Callable[[Data], Data | None]
#: Makes an answer of a record, as marshmallow's ``dump`` would.
Writer = Callable[[Data], Data]
#: Makes the values of a row of a record, as a database's driver takes them.
RowMaker = Callable[[Data], tuple[Any, ...]]

_ABSENT = object()


@cache
def reader(schema: type[Schema]) -> Reader:
    """The reader of a schema."""
    instance = schema()
    names: Data = {"ABSENT": _ABSENT, "slug": SLUG.fullmatch, "has_control": has_control, "Invalid": ValidationError}
    lines = ["def read(raw):", " if type(raw) is not dict: return None", " seen = 0"]
    for index, (name, field) in enumerate(instance.load_fields.items()):
        lines += _reading(name, field, f"v{index}", names)
    lines.append(" if seen != len(raw): return None")
    members = ", ".join(f"{name!r}: v{index}" for index, name in enumerate(instance.load_fields))
    lines.append(f" return {{{members}}}")
    made: Reader = _made("read", schema, lines, names)
    return made


def _reading(name: str, field: fields.Field[Any], value: str, names: Data) -> list[str]:
    names[f"field_{value}"] = field
    if field.required:
        without = "return None"
    elif callable(field.load_default):
        names[f"default_{value}"] = field.load_default
        without = f"{value} = default_{value}()"
    else:
        names[f"default_{value}"] = None if field.load_default is missing else field.load_default
        without = f"{value} = default_{value}" if field.load_default is not missing else "return None"
    empty = "pass" if field.allow_none else "return None"
    return [
        f" {value} = raw.get({name!r}, ABSENT)",
        f" if {value} is ABSENT: {without}",
        " else:",
        "  seen += 1",
        f"  if {value} is None: {empty}",
        "  else:",
        *(f"   {line}" for line in _taking(field, value, names)),
    ]


def _taking(field: fields.Field[Any], v: str, names: Data) -> list[str]:
    """The lines that read one value that is there, or return None."""
    kind = type(field)
    text = f"if type({v}) is not str: return None"
    if isinstance(field, Text) and kind is Text:
        return [
            text,
            f"{v} = ' '.join({v}.split())",
            f"if not {v} or len({v}) > {field.longest} or not {v}.isprintable() and has_control({v}): return None",
        ]
    if isinstance(field, Pattern) and kind in (Pattern, Slug):
        names[f"match_{v}"] = field.pattern.fullmatch
        return [text, f"if len({v}) > {field.longest} or not match_{v}({v}): return None"]
    if kind is Reference:
        return [text, f"if len({v}) > {SLUG_LENGTH} or not slug({v}): return None"]
    if kind is References:
        return [
            f"if type({v}) is not list: return None",
            *([f"if not {v}: return None"] if field.required else []),
            f"if len({v}) > 1 and len(set(map(str, {v}))) != len({v}): return None",
            f"for one in {v}:",
            f" if type(one) is not str or len(one) > {SLUG_LENGTH} or not slug(one): return None",
            f"{v} = list({v})",
        ]
    if isinstance(field, Term) and kind is Term:
        names[f"terms_{v}"] = {term.value: term for term in field.vocabulary}
        return [f"{v} = terms_{v}.get({v} if type({v}) is str else str({v}))", f"if {v} is None: return None"]
    if kind is EdtfDate:
        names[f"date_{v}"] = _edtf
        return [text, f"{v} = date_{v}({v})", f"if {v} is None: return None"]
    if kind is Day:
        names[f"day_{v}"] = _reads(field)
        return [text, f"{v} = day_{v}({v})", f"if {v} is None: return None"]
    if kind is Selector:
        names["selected"] = SELECTOR.fullmatch
        return [
            text,
            f"if not (match := selected({v})) or int(match[1]) >= int(match[2]): return None",
        ]
    if kind is Parts:
        return [f"if type({v}) is not list: return None"]
    return [f"try: {v} = field_{v}.deserialize({v})", "except Invalid: return None"]


@lru_cache(maxsize=65536)
def _edtf(text: str) -> dates.Edtf | None:
    try:
        return dates.parse(text)
    except ValueError:
        return None


def _reads(field: fields.Field[Any]) -> Callable[[str], Any]:
    @lru_cache(maxsize=65536)
    def read(text: str) -> Any:
        try:
            return field.deserialize(text)
        except ValidationError:
            return None

    return read


@cache
def writer(schema: type[Schema]) -> Writer:
    """The writer of a schema's answers. It expects a record with every field, as the loader completes it."""
    instance = schema()
    names: Data = {"date_answer": date_answer}
    members = []
    for index, (name, field) in enumerate(instance.dump_fields.items()):
        names[f"field_{index}"] = field
        members.append(f"  {name!r}: {_writing(field, name, index, names)},")
    made: Writer = _made("write", schema, ["def write(d):", " return {", *members, " }"], names)
    return made


def _writing(field: fields.Field[Any], name: str, index: int, names: Data) -> str:
    v = f"d[{name!r}]"
    kind = type(field)
    if kind in (Text, Slug, Pattern, Link, DerivedId, Term, Integer, Number, Flag, Strings, Selector, BearableFields):
        return v
    if kind is Day:
        return f"(None if {v} is None else {v}.isoformat())"
    if kind is EdtfDate:
        return f"(None if {v} is None else date_answer({v}))"
    if kind in (Reference, Subject):
        collection = "'collection': r.collection, " if kind is Subject else ""
        members = f"{collection}'id': r.id, 'name': r.name, 'href': f'{VERSION_PATH}/{{r.collection}}/{{r.id}}'"
        return f"(None if (r := {v}) is None else {{{members}}})"
    if kind is References:
        return (
            f"[{{'id': r.id, 'name': r.name, 'href': f'{VERSION_PATH}/{{r.collection}}/{{r.id}}'}} for r in {v} or ()]"
        )
    if isinstance(field, Pieces):
        names[f"piece_{index}"] = writer(field.schema)
        return f"[piece_{index}(one) for one in {v}]"
    if isinstance(field, Piece):
        names[f"piece_{index}"] = writer(field.schema)
        return f"(None if {v} is None else piece_{index}({v}))"
    return f"field_{index}._serialize({v}, {name!r}, d)"


@cache
def selector(schema: type[Schema], columns: tuple[str, ...]) -> RowMaker:
    """A function that makes the row of a record: each column has the value of the field of its name, or the id of the reference that
    it is named after (``party_id``: ``party``), else None.
    """
    names: Data = {"plain": plain}
    values = [_selecting(schema._declared_fields, name) for name in columns]
    made: RowMaker = _made(
        "select", schema, ["def select(d):", " return (", *(f"  {one}," for one in values), " )"], names
    )
    return made


def _selecting(fields_: Mapping[str, Any], name: str) -> str:
    kind = type(fields_.get(name))
    stem = name.removesuffix("_id")
    if stem != name and type(fields_.get(stem)) is Reference:
        return f"(None if (v := d.get({stem!r})) is None else v.id)"
    if kind is Term:
        return f"(None if (v := d.get({name!r})) is None else str(v))"
    if kind in (NoneType, Text, Slug, Integer, Flag):
        return f"d.get({name!r})"
    return f"plain(d.get({name!r}))"


def plain(value: Any) -> Any:
    """A value of a record as a database's driver takes it."""
    if isinstance(value, Ref):
        return f"{value.collection}/{value.id}"
    if isinstance(value, Vocabulary):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _made(name: str, schema: type[Schema], lines: list[str], names: Data) -> Any:
    """The function that some lines define. They are put into the line cache, where tracebacks look for source that is in no file."""
    source = "\n".join(lines)
    file = f"<{name} {schema.__name__}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)
    return names[name]
