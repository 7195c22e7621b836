"""From a complete record to its rows: one for each version of it, with its answer ready made.

A row is a tuple in the order of its table's columns, of values that every database's driver takes.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

import orjson

from api import search
from api.claims import Citation, Claim, Grounds, origins, versions
from api.loader.compiled import selector, writer
from api.loader.record import Seed
from api.models import FIRST_DAY, LAST_DAY, Cited, Dated, Process
from schemas.dates import Edtf
from schemas.fields import Pieces, Ref, References, Strings, Text, date_answer, href, references_in
from schemas.record import Record

Row = tuple[Any, ...]
#: Rows by table.
Rows = dict[str, list[Row]]
#: What a version of a record has of its own in its row, and in its answer as well, side by side: so what is around it is made once.
KNOWLEDGE = ("modes", "known_from", "known_until", "current")
OWN = ("first_reported_on", "claim_status", "evidence_count", "document_count", "origin_count")
ANSWERED = (*OWN, "first_reported")
_OWN_BEGINS = f'"{OWN[0]}":'


def rows(
    seed: Seed, process: Ref | None, grounds: Grounds, today: date, process_began: date = FIRST_DAY
) -> Iterator[Row]:
    """The rows of one record.

    Args:
        today: the release's date.
        process_began: the earliest day on which the record's process can have begun; the first day where it is not known.
    """
    resource = seed.resource
    model: Any = resource.model
    data = {**seed.data, "href": href(resource.name, seed.id), "process": process}
    if not issubclass(model, Cited):
        yield _row(seed, data)
        return
    data["subject"] = seed.parent.subject if resource.name == "offers" and seed.parent else seed.subject
    made = list(versions(grounds))
    data["all_modes"] = everything = made[-1].modes
    body, own = _own_places(model)
    last: Row = ()
    before = after = ""
    for version in reversed(made):
        claim = version.claim
        values = (
            claim.first_reported_on.isoformat(),
            str(claim.status),
            claim.evidence,
            claim.documents,
            claim.origins,
        )
        answered = _answered((*values, date_answer(claim.first_reported)))
        if not last or version.hidden or version.unknown:
            # The last version is the one that all evidence shows, and hides nothing.
            known = {name: _known(value, version.unknown) for name, value in data.items()} if version.unknown else data
            shown = {**known, **dict(zip(ANSWERED, _typed(claim), strict=True)), **dict.fromkeys(version.hidden)}
            until: Edtf | None = shown[resource.schema.dated_by[-1]] if model.lasting else None
            shown["ended"] = bool(until and until.latest and until.latest < today)
            row = _row(seed, shown, process_began)
            answer = row[body]
            if not last:
                begin = answer.rindex(_OWN_BEGINS)
                last, before, after = row, answer[:begin], answer[begin + len(answered) :]
        else:
            row, answer = last, before + answered + after
        ends = version.known_until
        made_of = list(row)
        made_of[body] = answer
        knowledge = (
            version.modes,
            version.known_from.isoformat(),
            ends and ends.isoformat(),
            ends is None and version.modes == everything,
        )
        for place, value in zip(own, knowledge + values, strict=True):
            made_of[place] = value
        yield tuple(made_of)


def _known(value: Any, unknown: frozenset[Ref]) -> Any:
    """A field's value without the records that nobody could know of yet, and without what is said of them."""
    if isinstance(value, list):
        return [one for one in value if unknown.isdisjoint(references_in(one))]
    return value if unknown.isdisjoint(references_in(value)) else None


def _answered(values: tuple[Any, ...]) -> str:
    """The members of an answer that are a version's own, as they stand in it."""
    return orjson.dumps(dict(zip(ANSWERED, values, strict=True)))[1:-1].decode()


def _typed(claim: Claim) -> tuple[Any, ...]:
    """A claim's values in the order of `ANSWERED`."""
    return claim.first_reported_on, claim.status, claim.evidence, claim.documents, claim.origins, claim.first_reported


@cache
def columns(model: Any) -> tuple[str, ...]:
    """The names of a table's columns, in the order of rows."""
    return tuple(column.name for column in model.__table__.columns)


@cache
def _own_places(model: Any) -> tuple[int, tuple[int, ...]]:
    """Where in a row its body, and what is a version's own, stand."""
    names = columns(model)
    return names.index("body"), tuple(names.index(name) for name in KNOWLEDGE + OWN)


def _row(seed: Seed, data: dict[str, Any], process_began: date = FIRST_DAY) -> Row:
    """The columns that the model has, each from the field of its name, or from the reference that it is the id of."""
    schema = seed.resource.schema
    model: Any = seed.resource.model
    data["id"], data["process_id"] = seed.id, seed.process
    data["body"] = orjson.dumps(writer(schema)(data)).decode()
    if issubclass(model, Dated):
        begin, end = span(schema.dated_by, data, process_began)
        data["earliest"], data["latest"] = begin.isoformat(), end.isoformat()
    return selector(schema, columns(model))(data)


def span(fields: tuple[str, ...], data: dict[str, Any], process_began: date = FIRST_DAY) -> tuple[date, date]:
    """The days between which a record lies: from the first field's earliest to the last field's latest.

    Nothing lies before its process began: what has no beginning begins with it, or when it is known to have been at the latest,
    where that is earlier.
    """
    begin: Edtf | None = data.get(fields[0]) or data.get("published_on")
    end: Edtf | None = data.get(fields[-1]) or (data.get("published_on") if len(fields) == 1 else None)
    earliest = begin.earliest if begin else None
    if earliest is None:
        by = (begin and begin.latest, end and end.latest, data.get("first_reported_on"))
        earliest = min([process_began, *(day for day in by if day)])
    return earliest, (end and end.latest) or LAST_DAY


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
    resource = seed.resource
    process = seed.id if resource.model is Process else None if resource.shared else seed.process
    return search.Entry(resource.name, seed.id, seed.ref.name, " · ".join(words), _score(seed, cited), process)


def _score(seed: Seed, cited: Sequence[Citation]) -> int:
    """How much a record is worth finding: by the origins that assert it. What has no evidence is context, and comes first,
    but for the documents.
    """
    if issubclass(seed.resource.model, Cited):
        return len(origins(cited))
    return 0 if issubclass(seed.resource.model, Dated) else 1000
