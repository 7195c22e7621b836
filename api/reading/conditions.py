"""The conditions that the records of a list meet, as SQL.

A query as it was received is first resolved: a topic to its issues, words to a phrase that the database's search takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow.fields import Field
from sqlalchemy import BindParameter, ColumnElement, Connection, SelectBase, or_, select, union_all

from api import search
from api.filters import Filter
from api.models import Position, in_any
from api.parameters import narrowing
from api.problems import invalid
from api.reading.queries import ListQuery
from api.reading.refusals import too_many_words, unknown_names
from api.resource import Resource, Table
from schemas.vocabulary import PositionKind


def related(table: Table, resource: Resource) -> list[str]:
    """The collections under which search may have indexed the rows of a resource: all that share its table, if it holds every kind."""
    if resource.where is not None:
        return [resource.name]
    return [other.name for other in table if other.model is resource.model]


def resolved_conditions(connection: Connection, query: ListQuery, related: Sequence[str]) -> list[ColumnElement[bool]]:
    """The conditions of a query as it was received, which is resolved first; see `conditions`."""
    query = expanded(connection, query)
    if query.values.get("q"):
        words = phrase(connection, query.values, narrowing(query.resource))
        query = replace(query, values={**query.values, "q": words})
    return conditions(query, connection.dialect.name, related)


def expanded(connection: Connection, query: ListQuery) -> ListQuery:
    """The query with each id replaced by the ids that it stands for: a topic by its issues.

    The ids are looked up first, since with a sub-select SQLite expects many of them and reads all rows rather than an index.
    """
    wider = {
        one.name: _expanded_ids(connection, one, query.values[one.name])
        for one in query.resource.filters
        if one.stands_for and query.values.get(one.name)
    }
    part = query.part
    if part:
        for one in query.roles.values():
            if one.stands_for:
                part = (part[0], _expanded_ids(connection, one, part[1]))
    return replace(query, values={**query.values, **wider}, part=part) if wider or part else query


def _expanded_ids(connection: Connection, one: Filter, ids: Sequence[str]) -> tuple[str, ...]:
    assert one.stands_for is not None  # the caller has checked
    return tuple(sorted({*ids, *connection.scalars(one.stands_for(ids))}))


def phrase(connection: Connection, values: Mapping[str, Any], declared: Mapping[str, Field[Any]]) -> str:
    """The words that a reader typed (``q``) as `search.phrase` makes them.

    Args:
        declared: the parameters whose values may name something, so that one error tells all that is wrong.

    Raises:
        Problem: 400, where a ``*`` stands for too many words.
    """
    try:
        return search.phrase(connection, values["q"])
    except search.TooManyWordsError as error:
        told = too_many_words(values["q"], error)
        raise invalid([told, *unknown_names(connection, declared, values)]) from None


def conditions(query: ListQuery, dialect: str, related: Sequence[str]) -> list[ColumnElement[bool]]:
    """The WHERE conditions of a list, without those of paging.

    Args:
        query: its ids expanded; its ``q`` is a phrase for search, or the bind parameter that will hold one.
        related: the names of the collections under which search has indexed the rows, see `related`.
    """
    resource, values = query.resource, query.values
    model = resource.model
    found: list[ColumnElement[bool]] = [model.at(query.clocks)]
    if resource.where is not None:
        found.append(resource.where)
    found += [one.clause(values[one.name], query.clocks) for one in resource.filters if values.get(one.name)]
    if values.get("process"):
        found.append(resource.of_process(values["process"]))
    if values.get("claim_status"):
        found.append(in_any(model.claim_status, values["claim_status"]))
    if values.get("from") is not None or values.get("to") is not None:
        found.append(model.within(values.get("from"), values.get("to")))
    words = values.get("q")
    if isinstance(words, BindParameter) or words:
        found.append(model.id.in_(_matching(dialect, related, words)))
    if query.part:
        found.append(or_(*(one.clause(query.part[1], query.clocks) for one in query.roles.values())))
    return found


def _matching(dialect: str, related: Sequence[str], words: BindParameter[str] | str) -> SelectBase:
    """A sub-select of the ids of the rows that match. An offer has its text from its term, and is found by that."""
    found = search.matching_ids(dialect, related, words)
    if "offers" not in related:
        return found
    terms = search.matching_ids(dialect, ("terms",), words).subquery()
    offers = select(Position.id).join(terms, Position.term_id == terms.c.id)
    return union_all(found, offers.where(Position.kind == PositionKind.OFFER.value))
