"""Refusing ids that do not exist. An empty list would hide a misspelt id, so it is an error, which suggests the nearest ids."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from marshmallow.fields import Field
from sqlalchemy import Connection, select
from sqlalchemy.orm import InstrumentedAttribute

from api import search
from api.filters import Filter
from api.models import Clocks, in_any
from api.parameters import AnyOf, Behind, narrowing
from api.problems import Problem, Wrong, did_you_mean, invalid, refuse_unknown, suggest, unknown
from api.reading.queries import ListQuery
from api.resource import Resource
from schemas.fields import slug

NEAR = 2000  # ids, on each side of a wrong one among which a suggestion is looked for
SUGGESTED = 5  # wrong values of a parameter that get a suggestion; each suggestion costs as much as a list


def check_ids(connection: Connection, query: ListQuery) -> None:
    """Refuse the filters of a query that name what does not exist.

    Raises:
        Problem: 404, with the nearest ids; 400 if `q` cannot be searched for either (see `unsearchable`).
    """
    if nothing := [*unknown_names(connection, narrowing(query.resource), query.values)]:
        if wrong := [*unsearchable(connection, query.values)]:
            raise invalid([*nothing, *wrong])
        refuse_unknown(nothing)


def unknown_names(
    connection: Connection, declared: Mapping[str, Field[Any]], values: Mapping[str, Any]
) -> Iterator[Wrong]:
    """The values that name nothing, of the parameters that are declared to name something. The first few of each come with a suggestion."""
    for name, one in declared.items():
        given = values.get(name)
        if not given:
            continue
        if isinstance(one, Behind):
            yield from _unknown_ids(connection, name, one.resource.model, [given], one.resource)
        elif isinstance(one, AnyOf):
            if isinstance(one.refers_to, Filter):
                yield from _unknown_keys(connection, one.refers_to, given)
            elif one.refers_to is not None:
                yield from _unknown_ids(connection, name, one.refers_to, given)


def _unknown_ids(
    connection: Connection, name: str, model: type[Any], ids: Sequence[str], resource: Resource | None = None
) -> Iterator[Wrong]:
    """The ids that no record of a model has. ``name`` is the parameter that they are given by; ``resource`` tells which collection they
    are to be of where several share the model.
    """
    kind = resource.singular if resource else model.__name__.lower()
    found = set(connection.scalars(select(model.id).where(in_any(model.id, ids)))) if ids else set()
    for number, id in enumerate(id for id in ids if id not in found):
        hint = did_you_mean_id(connection, model, id, resource) if number < SUGGESTED else ""
        if not hint and not id.isascii():
            continue  # it cannot be an id, which is told already; only another name of a record is news
        yield Wrong(name, id, f"“{id}” is not a known {kind} id.{hint}")


def _unknown_keys(connection: Connection, one: Filter, keys: Sequence[str]) -> Iterator[Wrong]:
    """The values that no row has, of a filter whose values are not ids of records (its ``key``)."""
    column: Any = one.key
    wrong = [key for key in keys if connection.scalar(select(column).where(column == key).limit(1)) is None]
    if one.stands_for and wrong and connection.scalar(one.stands_for(wrong).limit(1)) is not None:
        wrong = [key for key in wrong if connection.scalar(one.stands_for([key]).limit(1)) is None]
    if not wrong:
        return
    held = list(connection.scalars(select(column).where(column.is_not(None)).distinct().limit(NEAR)))
    for number, key in enumerate(wrong):
        known = _known_as(connection, column.class_, column, key) if number < SUGGESTED else ()
        hint = suggest(known) or did_you_mean(key, held) if number < SUGGESTED else ""
        yield Wrong(one.name, key, f"“{key}” is not a known value.{hint}")


def did_you_mean_id(connection: Connection, model: type[Any], id: str, resource: Resource | None = None) -> str:
    """A sentence that suggests the ids of the records with this other name, or else the ids nearest to one that does not exist."""
    if known := _known_as(connection, model, model.id, id):
        return suggest(known)
    ids = select(model.id).where(model.at(Clocks()))
    if resource is not None and resource.where is not None:
        ids = ids.where(resource.where)
    near = [
        *connection.scalars(ids.where(model.id >= id[:3]).order_by(model.id).limit(NEAR)),
        *connection.scalars(ids.where(model.id >= id).order_by(model.id).limit(NEAR)),
        *connection.scalars(ids.where(model.id < id).order_by(model.id.desc()).limit(NEAR)),
    ]
    return did_you_mean(id, near)


def _known_as(connection: Connection, model: type[Any], key: InstrumentedAttribute[Any], name: str) -> list[str]:
    """The ids, or other keys, of the records with another name that is this one if both are written as ids: `gb`, `uk`, `Россия`."""
    columns = model.__table__.columns.keys()
    # One after the other, each by its own index.
    where = [getattr(model, field) == name.upper() for field in model.other_names if field in columns]
    if model.other_names and (words := search.phrase(connection, slug(name).replace("-", " "))):
        where.append(model.id.in_(search.matching_ids(connection.dialect.name, [model.__tablename__], words)))
    for clause in where:
        rows = connection.execute(select(key.label("key"), model.body).where(clause).order_by(model.id).limit(NEAR))
        named = (row.key for row in rows if slug(name) in map(slug, model.named_in(orjson.loads(row.body))))
        if found := [one for one in named if one]:
            return found
    return []


def unknown_place(connection: Connection, query: ListQuery) -> Problem:
    """The problem that ``after`` names no record, with the filters that name none."""
    declared = {**narrowing(query.resource), "after": Behind(query.resource)}
    return unknown(unknown_names(connection, declared, query.values))


def too_many_words(typed: str, error: search.TooManyWordsError) -> Wrong:
    """The error of a ``q`` in which too many words begin with what is before a ``*``."""
    return Wrong("q", typed, f"“{error.begun}*” matches more than {search.MOST_WORDS} words; give more letters.")


def unsearchable(connection: Connection, values: Mapping[str, Any]) -> Iterator[Wrong]:
    """The same error, if ``q`` has it."""
    try:
        search.phrase(connection, values.get("q") or "")
    except search.TooManyWordsError as error:
        yield too_many_words(values["q"], error)
