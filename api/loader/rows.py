"""From a complete record to its rows: one for each version of it, with its answer ready made.

A row is a tuple in the order of its table's columns, of values that every database's driver takes.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

import orjson

from api import search
from api.claims import Citation, Claim, Grounds, Version, origins, versions
from api.loader.compiled import selector, writer
from api.loader.record import Seed
from api.models import FIRST_DAY, LAST_DAY, Cited, Dated, Process
from schemas.dates import Edtf
from schemas.fields import Pieces, Ref, References, Strings, Text, date_answer, href, references_in
from schemas.record import Record

Row = tuple[Any, ...]
#: Rows by table.
Rows = dict[str, list[Row]]
#: The columns that say when, and by which evidence, a version is known; no answer has them.
KNOWLEDGE = ("modes", "known_from", "known_until", "current")
#: The columns that say how well a version is supported; its answer has the same fields, next to each other (`ANSWERED`).
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
    ordered = list(versions(grounds))
    all_modes = data["all_modes"] = ordered[-1].modes
    body, own = _own_places(model)
    # The last version rests on all evidence and hides nothing; it is made first. Every other that hides nothing differs from it only in
    # what is a version's own, which is replaced in its answer: to serialise each anew would take several times as long.
    last: Row = ()
    head = tail = ""
    for version in reversed(ordered):
        values = _own_values(version.claim)
        members = _members((*values, date_answer(version.claim.first_reported)))
        if not last or version.hidden or version.unknown:
            row = _row(seed, _as_known(seed, data, version, today), process_began)
            answer = row[body]
            if not last:
                begin = answer.rindex(_OWN_BEGINS)
                last, head, tail = row, answer[:begin], answer[begin + len(members) :]
        else:
            row, answer = last, head + members + tail
        cells = list(row)
        cells[body] = answer
        for place, value in zip(own, (*_knowledge(version, all_modes), *values), strict=True):
            cells[place] = value
        yield tuple(cells)


def _as_known(seed: Seed, data: dict[str, Any], version: Version, today: date) -> dict[str, Any]:
    """The values of a record's fields in one version: without what nobody could know yet, and with what is claimed then."""
    if version.unknown:
        data = {name: _known(value, version.unknown) for name, value in data.items()}
    data = {**data, **dict(zip(ANSWERED, _typed(version.claim), strict=True)), **dict.fromkeys(version.hidden)}
    model: Any = seed.resource.model
    until: Edtf | None = data[seed.resource.schema.dated_by[-1]] if model.lasting else None
    data["ended"] = bool(until and until.latest and until.latest < today)
    return data


def _known(value: Any, unknown: frozenset[Ref]) -> Any:
    """A field's value without references to records that nobody could know of yet."""
    if isinstance(value, list):
        return [one for one in value if unknown.isdisjoint(references_in(one))]
    return value if unknown.isdisjoint(references_in(value)) else None


def _members(values: tuple[Any, ...]) -> str:
    """The values of `ANSWERED` as JSON, as they stand in an answer."""
    return orjson.dumps(dict(zip(ANSWERED, values, strict=True)))[1:-1].decode()


def _knowledge(version: Version, all_modes: int) -> tuple[Any, ...]:
    """The values of the columns `KNOWLEDGE`."""
    ends = version.known_until
    current = ends is None and version.modes == all_modes
    return version.modes, version.known_from.isoformat(), ends and ends.isoformat(), current


def _own_values(claim: Claim) -> tuple[Any, ...]:
    """The values of the columns `OWN`."""
    return claim.first_reported_on.isoformat(), str(claim.status), claim.evidence, claim.documents, claim.origins


def _typed(claim: Claim) -> tuple[Any, ...]:
    """A claim's values in the order of `ANSWERED`."""
    return claim.first_reported_on, claim.status, claim.evidence, claim.documents, claim.origins, claim.first_reported


@cache
def columns(model: Any) -> tuple[str, ...]:
    """The names of a table's columns, in the order of rows."""
    return tuple(column.name for column in model.__table__.columns)


@cache
def _own_places(model: Any) -> tuple[int, tuple[int, ...]]:
    """The positions in a row of its body, and of the columns `KNOWLEDGE` and `OWN`."""
    names = columns(model)
    return names.index("body"), tuple(names.index(name) for name in KNOWLEDGE + OWN)


def _row(seed: Seed, data: dict[str, Any], process_began: date = FIRST_DAY) -> Row:
    """A row of a record: each column from the field of its name; ``party_id`` and the like from the reference of that name."""
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
        members = seed.data.get(name) or ()
        targets = (
            [ref.id for ref in members]
            if plain
            else [value.id for mapping in members for value in mapping.values() if isinstance(value, Ref)]
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


def entry(seed: Seed, citations: Sequence[Citation]) -> search.Entry:
    """A record's entry in the search index. Fields that are null until certain evidence is known are left out: a search at an earlier
    day must not find the record by them.
    """
    hidden = frozenset().union(*(citation.bears_on for citation in citations)) if citations else frozenset()
    words: list[str] = []
    for name, several in _searched(seed.resource.schema):
        value = seed.data.get(name)
        if value and name not in hidden:
            words += value if several else [str(value)]
    words.append(seed.id.replace("-", " "))
    resource = seed.resource
    process = seed.id if resource.model is Process else None if resource.shared else seed.process
    return search.Entry(resource.name, seed.id, seed.ref.name, " · ".join(words), _score(seed, citations), process)


def _score(seed: Seed, citations: Sequence[Citation]) -> int:
    """The rank of a record among search results, the highest first: context such as parties and issues, then what is claimed, by
    the number of origins that assert it, then sources.
    """
    if issubclass(seed.resource.model, Cited):
        return len(origins(citations))
    return 0 if issubclass(seed.resource.model, Dated) else 1000
