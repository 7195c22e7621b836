"""Single records, by id. Their statements are built once and kept: building one takes longer than running it."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, or_, select

from api.models import Change, Cited, Clocks, ClocksKind, Evidence, Position, Release, Retired
from api.problems import GONE, Problem, not_found
from api.reading.queries import FORMS
from api.reading.refusals import did_you_mean_id
from api.reading.selection import aggregated
from api.resource import Resource
from schemas.vocabulary import Action, PositionKind


class Moved(Exception):
    """A record has another id now."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class MovedTo(Exception):
    """The path asked for has another address now, since a record in it has another id."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def in_words(at: Clocks) -> str:
    """The clocks in words, for messages."""
    parts = [
        f"as_of {at.as_of}" if at.as_of else "",
        f"known_at {at.known_at}" if at.known_at else "",
        f"mode {','.join(sorted(at.modes))}" if at.modes else "",
    ]
    return ", ".join(part for part in parts if part)


def record(connection: Connection, resource: Resource, id: str, at: Clocks) -> Any:
    """The row of one record, with every column.

    Raises:
        Problem: 404 where there is none, or none that the clocks show; 410 where it was withdrawn or removed; `Moved` where it was renamed.
    """
    return _row(connection, resource, id, at, _of_record)


def whole(connection: Connection, resource: Resource, id: str, at: Clocks) -> Any:
    """The row that a record's own page is made of: its ``id`` and ``body``, the bodies of its ``evidence`` in the order in which it became
    known and, of a proposal, those of its ``terms`` in order. Both are `aggregated` (None: there are none).

    Raises:
        Problem, Moved: see `record`.
    """
    return _row(connection, resource, id, at, _of_whole)


def _row(
    connection: Connection,
    resource: Resource,
    id: str,
    at: Clocks,
    statement: Callable[[Resource, ClocksKind], Select[Any]],
) -> Any:
    model = resource.model
    if "\0" in id:  # which PostgreSQL cannot even be asked for
        raise not_found(f"“{id}” is not a known {resource.singular} id.")
    row = connection.execute(statement(resource, at.kind), {**at.days, "of": id}).first()
    if row is not None:
        return row
    where = [model.id == id] if resource.where is None else [model.id == id, resource.where]
    known = connection.execute(select(model.id).where(*where).limit(1)).first()
    if known is not None:
        raise not_found(f"The {resource.singular} “{id}” exists, but not under the requested clocks ({in_words(at)}).")
    itself = and_(Retired.collection == resource.name, Retired.id == id)
    term = and_(Retired.collection == "terms", Retired.id.in_(_terms(resource, id)))
    retired = connection.execute(
        select(Retired.id, Retired.successor_id, Retired.note).where(or_(itself, term))
    ).first()
    if retired is None:
        if release := _removed_by(connection, resource, id):
            raise Problem(GONE, f"The {resource.singular} “{id}” was removed in release “{release}”.")
        raise not_found(
            f"“{id}” is not a known {resource.singular} id.{did_you_mean_id(connection, model, id, resource)}"
        )
    if retired.successor_id is None:
        why = f": {retired.note}" if retired.note else "."
        raise Problem(GONE, f"The {resource.singular} “{id}” was withdrawn{why}")
    raise Moved(retired.successor_id + id.removeprefix(retired.id))


def _terms(resource: Resource, id: str) -> list[str]:
    """The ids of the terms from which an offer of this id can have been made: an offer is gone when its term is."""
    if resource.name not in ("offers", "positions"):
        return []
    return [id[: by.start()] for by in re.finditer("-by-", id)]


def _removed_by(connection: Connection, resource: Resource, id: str) -> str | None:
    """The release that removed a record, if any did: what curators delete and do not retire is in the changes alone."""
    every = resource.model is Position and resource.where is None
    names = [f"{kind}s" for kind in PositionKind] if every else [resource.name]
    subjects = [f"{name}-{id}" for name in names] + [f"terms-{term}" for term in _terms(resource, id)]
    ids = [Release.id + f"-{subject}" for subject in subjects]
    last = select(Change.release_id, Change.action).join(Release, Change.id.in_(ids)).order_by(Release.number.desc())
    change = connection.execute(last.limit(1)).first()
    return change.release_id if change is not None and change.action == Action.REMOVED.value else None


@lru_cache(maxsize=FORMS)
def _of_record(resource: Resource, kind: ClocksKind) -> Select[Any]:
    model = resource.model
    columns = [column for column in model.__table__.columns if column.name != "body"]
    return _of_id(resource, kind, *columns, model.answer(Clocks.of_kind(kind)))


@lru_cache(maxsize=FORMS)
def _of_whole(resource: Resource, kind: ClocksKind) -> Select[Any]:
    model, at = resource.model, Clocks.of_kind(kind)
    below: dict[str, Select[Any]] = {}
    if issubclass(model, Cited):
        cited = select(Evidence.body).where(Evidence.subject == model.subject, Evidence.at(at))
        below["evidence"] = cited.order_by(Evidence.known_on, Evidence.id)
    for inside in resource.inside:
        inner = inside.resource.model
        rows = select(inner.body).where(inside.column == model.id, inner.at(at))
        below[inside.field] = rows.order_by(*inside.order)
    parts = (aggregated(rows.correlate(model)).scalar_subquery().label(name) for name, rows in below.items())
    return _of_id(resource, kind, model.id, model.answer(at), *parts)


def _of_id(resource: Resource, kind: ClocksKind, *columns: Any) -> Select[Any]:
    model = resource.model
    where = [] if resource.where is None else [resource.where]
    return select(*columns).where(model.id == bindparam("of"), *where, model.at(Clocks.of_kind(kind)))
