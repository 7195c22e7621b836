"""From a complete record to its rows: one for each version of it, with its answer ready made.

A row is a tuple in the order of its table's columns, of values that every database's driver takes.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

import orjson

from api import search
from api.claims import Citation, Claim, origins, versions
from api.loader.compiled import writer
from api.loader.record import Seed
from api.models import FIRST_DAY, LAST_DAY, Cited, Dated
from api.resource import Resource
from schemas.dates import Edtf
from schemas.fields import Pieces, Ref, References, Strings, Text, href
from schemas.record import Record
from schemas.vocabulary import Vocabulary

Row = tuple[Any, ...]
#: The fields that a version of a record has of its own; they end its answer, so that what is before is made once.
OWN = ("first_reported_on", "claim_status", "evidence_count", "document_count", "origin_count")


def rows(
    seed: Seed, process: Ref | None, cited: Sequence[Citation], today: date, beside: Sequence[Citation] = ()
) -> Iterator[Row]:
    """The rows of one record. ``today`` is the release's date; ``beside`` as of `api.claims.versions`."""
    data = {**seed.data, "href": href(seed.resource.name, seed.id), "process": process}
    if not issubclass(seed.resource.model, Cited):
        yield _row(seed, data, {})
        return
    subject = seed.parent.subject if seed.resource.name == "offers" and seed.parent else seed.subject
    made = list(versions(cited, beside))
    everything = made[-1].modes
    shared: list[Any] | None = None
    places = _own_places(seed.resource)
    for version in reversed(made):
        own = _claim(version.claim)
        knowledge = (
            version.modes,
            version.known_from.isoformat(),
            version.known_until.isoformat() if version.known_until else None,
            version.modes == everything and version.known_until is None,
        )
        if shared is None or version.hidden:
            # The last version is the one that all evidence shows, and hides nothing.
            shown = {**data, **own, **dict.fromkeys(version.hidden)}
            until: Edtf | None = shown.get("valid_until")
            shown["ended"] = bool(until and until.latest and until.latest < today)
            row = list(_row(seed, shown, {"subject": subject, "all_modes": everything}))
            if shared is None:
                shared = list(row)
        else:
            row = shared.copy()
            row[places[0]] = row[places[0]][: row[places[0]].rindex(_OWN_BEGINS)] + orjson.dumps(own)[1:].decode()
        row[places[1] : places[2]] = knowledge
        row[places[3] : places[4]] = (_plain(value) for value in own.values())
        yield tuple(row)


_OWN_BEGINS = f'"{OWN[0]}":'


def columns(model: Any) -> tuple[str, ...]:
    """The names of a table's columns, in the order of rows."""
    return tuple(column.name for column in model.__table__.columns)


@cache
def _names(resource: Resource) -> tuple[str, ...]:
    return columns(resource.model)


@cache
def _own_places(resource: Resource) -> tuple[int, ...]:
    """Where in a row its body, and what is a version's own, stand."""
    names = columns(resource.model)
    knowledge, own = names.index("modes"), names.index(OWN[0])
    assert names[knowledge : knowledge + 4] == ("modes", "known_from", "known_until", "current"), names
    assert names[own : own + len(OWN)] == OWN, names
    return names.index("body"), knowledge, knowledge + 4, own, own + len(OWN)


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "first_reported_on": claim.first_reported_on,
        "claim_status": claim.status,
        "evidence_count": claim.evidence,
        "document_count": claim.documents,
        "origin_count": claim.origins,
    }


def _row(seed: Seed, data: dict[str, Any], more: dict[str, Any]) -> Row:
    """The columns that the model has, each from the field of its name, or from the reference that it is the id of."""
    found: dict[str, Any] = {
        **more,
        "id": seed.id,
        "process_id": seed.process,
        "body": orjson.dumps(writer(seed.resource.schema)(data)).decode(),
    }
    if issubclass(seed.resource.model, Dated):
        found["earliest"], found["latest"] = (day.isoformat() for day in span(seed.resource.schema.dated_by, data))
    if "stance" in data:
        found["score"] = data["stance"].score
    return tuple(found[name] if name in found else _value(name, data) for name in _names(seed.resource))


def _value(name: str, data: dict[str, Any]) -> Any:
    value = data.get(name)
    if value is None and name.endswith("_id"):
        value = data.get(name[:-3])
    if isinstance(value, Ref):
        return value.id if name.endswith("_id") else f"{value.collection}/{value.id}"
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Vocabulary):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def span(fields: tuple[str, ...], data: dict[str, Any]) -> tuple[date, date]:
    """The days between which a record lies: from the first field's earliest to the last field's latest."""
    begin: Edtf | None = data.get(fields[0]) or data.get("published_on")
    end: Edtf | None = data.get(fields[-1]) or (data.get("published_on") if len(fields) == 1 else None)
    return (begin and begin.earliest) or FIRST_DAY, (end and end.latest) or LAST_DAY


@cache
def _listing(schema: type[Record]) -> tuple[tuple[str, bool], ...]:
    """The fields that are lists of references (True), or lists of mappings with references in them."""
    return tuple(
        (name, isinstance(kind, References))
        for name, kind in schema._declared_fields.items()
        if isinstance(kind, References | Pieces)
    )


def edges(seed: Seed) -> Iterator[Row]:
    """The members of a record's lists of references."""
    table = seed.resource.model.__tablename__
    for name, plain in _listing(seed.resource.schema):
        named = seed.data.get(name) or ()
        targets = (
            [ref.id for ref in named]
            if plain
            else [value.id for one in named for value in one.values() if isinstance(value, Ref)]
        )
        for target in dict.fromkeys(targets):
            yield table, name, target, seed.id


@cache
def _searched(schema: type[Record]) -> tuple[tuple[str, bool], ...]:
    """The fields that search reads, and whether each holds several texts."""
    return tuple(
        (name, isinstance(kind, Strings))
        for name, kind in schema._declared_fields.items()
        if name != schema.named_by and (isinstance(kind, Strings) or (isinstance(kind, Text) and kind.searched))
    )


def entry(seed: Seed, cited: Sequence[Citation]) -> search.Entry:
    """What search may find a record by: what it says at every knowledge time."""
    later = frozenset().union(*(one.bears_on for one in cited)) if cited else frozenset()
    words: list[str] = []
    for name, several in _searched(seed.resource.schema):
        value = seed.data.get(name)
        if value and name not in later:
            words += value if several else [str(value)]
    words.append(seed.id.replace("-", " "))
    return search.Entry(seed.resource.name, seed.id, seed.ref.name, " · ".join(words), _score(seed, cited))


def _score(seed: Seed, cited: Sequence[Citation]) -> int:
    """How much a record is worth finding: by the outlets that assert it. What has no evidence is context, and comes first,
    but for the documents.
    """
    if issubclass(seed.resource.model, Cited):
        return len(origins(cited))
    return 0 if issubclass(seed.resource.model, Dated) else 1000
