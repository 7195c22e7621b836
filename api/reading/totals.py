"""How many records a list has, and what they rest on: prepared at load for the questions that are asked most, else counted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, literal, literal_column, select

from api.filters import Facet
from api.models import Cited, Clocks, Evidence, Footing, Issue, Total
from api.reading.conditions import conditions
from api.reading.queries import ListQuery
from api.resource import Resource, Table


def count(connection: Connection, query: ListQuery, where: Sequence[ColumnElement[bool]]) -> int:
    """How many rows meet the conditions: as prepared, or else counted."""
    prepared = prepared_total(connection, query)
    if prepared is not None:
        return prepared
    return int(connection.scalar(select(func.count()).select_from(query.resource.model).where(*where)) or 0)


def prepared_total(connection: Connection, query: ListQuery) -> int | None:
    """How many records a list has, if that was prepared at load: it is where one value narrows it, or none, and no clock."""
    narrowed = _narrowed(query)
    if query.clocks != Clocks() or query.part is not None or len(narrowed) > 1:
        return None
    name, values = next(iter(narrowed.items()), ("", [""]))
    if name in _UNPREPARED or len(values) > 1:
        return None
    return connection.scalar(_TOTAL, {"of": query.resource.name, "by": name, "as": values[0]})


_TOTAL = select(Total.records).where(
    Total.collection == bindparam("of"), Total.filter == bindparam("by"), Total.value == bindparam("as")
)
_UNPREPARED = ("from", "to", "q")
#: Fewer records than this are counted when they are asked for.
MANY = 200


def _narrowed(query: ListQuery) -> dict[str, Any]:
    """What narrows a list beside its clocks."""
    names = [*(one.name for one in query.resource.filters), "process", "claim_status", *_UNPREPARED]
    return {name: query.values[name] for name in names if query.values.get(name)}


def rows(connection: Connection, table: Table) -> Iterator[tuple[str, str, str, int]]:
    """The rows of `Total`: how many records each collection has, by value of each filter."""
    for model in dict.fromkeys(resource.model for resource in table):
        yield from _rows(connection, [resource for resource in table if resource.model is model])


def _rows(connection: Connection, resources: Sequence[Resource]) -> Iterator[tuple[str, str, str, int]]:
    """The totals of the collections of one table, which are counted together: it is large, and each count reads all of it."""
    model = resources[0].model
    kinds = [(resource.where, literal(resource.name)) for resource in resources if resource.where is not None]
    kind: Any = case(*kinds, else_=literal("")) if kinds else literal("")
    facets: dict[tuple[str, str], tuple[Select[Any], list[Resource]]] = {}
    for resource in resources:
        for name, facet in _facets(resource):
            statement = _by(facet, model, kind)
            # With the values in it: facets by different fields of one name differ in nothing else.
            sql = str(statement.compile(compile_kwargs={"literal_binds": True}))
            facets.setdefault((name, sql), (statement, []))[1].append(resource)
    for (name, _), (statement, those) in facets.items():
        counted: Counter[tuple[str, str]] = Counter()
        for of_kind, value, found in connection.execute(statement):
            for resource in those:
                if resource.where is None or resource.name == of_kind:
                    counted[resource.name, str(value)] += found
        yield from ((of, name, value, found) for (of, value), found in counted.items() if found >= MANY or not name)


def _by(facet: Facet, model: Any, kind: ColumnElement[Any]) -> Select[Any]:
    """How many rows of a table there are, by kind and by the values of a facet."""
    records = func.count(model.id.distinct()) if facet.joined is not None else func.count()
    statement = select(kind.label("of_kind"), facet.column.label("of_value"), records).select_from(model)
    if facet.joined is not None:
        statement = statement.join(facet.joined, facet.on)
    return statement.where(model.at(Clocks()), facet.column.is_not(None)).group_by("of_kind", "of_value")


def _facets(resource: Resource) -> Iterator[tuple[str, Facet]]:
    """What the records of a collection are counted by, by filter; by none, all together."""
    model = resource.model
    yield "", Facet(literal_column("''"))
    yield "process", resource.by_process()
    if "as_of" in model.clocks:
        yield "claim_status", Facet(model.claim_status.expression)
    for one in resource.filters:
        if one.facet:
            facet = one.facet(Clocks())
            yield one.name, facet
            if one.references is Issue and facet.joined is None and model is not Issue:
                yield one.name, Facet(Issue.parent_id.expression, Issue, Issue.id == facet.column)


def footing(connection: Connection, query: ListQuery, where: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
    """How many documents the evidence of the rows that meet the conditions is in, and how many origins it goes back to: as
    prepared, or else counted; none where the records have no evidence and are none.
    """
    model = query.resource.model
    if not issubclass(model, Cited | Evidence):
        return 0, 0
    if query.clocks == Clocks() and query.part is None and not _narrowed(query):
        prepared = select(Footing.documents, Footing.origins).where(Footing.collection == query.resource.name)
        if (found := connection.execute(prepared).first()) is not None:
            return found.documents, found.origins
    if model is not Evidence:
        where = (Evidence.subject.in_(select(model.subject).where(*where)), Evidence.at(query.clocks))
    counted = func.count(Evidence.source_id.distinct()), func.count(Evidence.counted_origin().distinct())
    documents, origins = connection.execute(select(*counted).where(*where)).one()
    return documents, origins


def footing_rows(connection: Connection, table: Table) -> Iterator[tuple[str, int, int]]:
    """The rows of `Footing`."""
    for resource in table:
        if issubclass(resource.model, Cited):
            query = ListQuery(resource, {})
            yield resource.name, *footing(connection, query, conditions(query, connection.dialect.name, ()))
