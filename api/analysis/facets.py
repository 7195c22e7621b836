"""Facets: how many records of a collection have each value, or each combination of values, under the filters of its list.

Measure: a record counts once under each value that it has: under several where the field is a list, under none (null) where it has
none. So the counts of one facet add up to the number of records only where no record has several values. A facet is a filter of the
collection that has values to count (see `Filter`), or the process, the claim status or the mode where records have them.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from api.analysis.footing import LISTED
from api.analysis.question import Findings
from api.filters import Facet
from api.models import Clocks, Process
from api.reading import conditions, refusals, totals
from api.reading.queries import ListQuery
from api.representations import Column
from api.resource import Resource, Table
from schemas.vocabulary import words


def facets(connection: Connection, table: Table, asked: ListQuery, by: Sequence[str]) -> Findings:
    """The counts of a list's records by some of its facets, the largest first; ties in the order of the values."""
    refusals.check_ids(connection, asked)
    model = asked.resource.model
    where = conditions.resolved_conditions(connection, asked, conditions.related(table, asked.resource))
    parts = [_facet(asked, name) for name in by]
    columns = [part.column.label(f"facet_{number}") for number, part in enumerate(parts)]
    # A join with a list may find a record several times; nothing else does, and counting rows is quicker.
    records = func.count(model.id.distinct()) if any(part.joined is not None for part in parts) else func.count()
    statement = select(*columns, records.label("count")).select_from(model).where(*where)
    for part in parts:
        if part.joined is not None:
            statement = statement.outerjoin(part.joined, part.on)
    rows = connection.execute(statement.group_by(*(part.column for part in parts))).all()
    labels = [
        _labels(connection, table, asked.resource, name, {row[number] for row in rows if row[number] is not None})
        for number, name in enumerate(by)
    ]
    data = [
        {
            "values": [
                {"facet": name, "value": value, "label": labels[number].get(value)}
                for number, (name, value) in enumerate(zip(by, row, strict=False))
            ],
            "count": row[-1],
        }
        for row in sorted(rows, key=lambda row: (-row[-1], *(value or "" for value in row[:-1])))
    ]
    return Findings(data, _rests_on(connection, asked, where))


def columns(by: Sequence[str]) -> tuple[Column, ...]:
    """The columns of the counts as a table."""

    def cell(number: int, key: str) -> Any:
        return lambda row: row["values"][number][key]

    found = [
        column
        for number, name in enumerate(by)
        for column in (
            Column(name, "string", f"The value of {name}.", cell(number, "value")),
            Column(f"{name}_label", "string", f"The name of the value of {name}.", cell(number, "label")),
        )
    ]
    return (*found, Column("count", "integer", "How many records.", lambda row: row["count"], required=True))


def _facet(asked: ListQuery, name: str) -> Facet:
    resource = asked.resource
    for one in resource.filters:
        if one.name == name and one.facet:
            return one.facet(asked.clocks)
    return resource.by_process() if name == "process" else Facet(getattr(resource.model, name).expression)


def _labels(
    connection: Connection, table: Table, resource: Resource, name: str, values: set[str]
) -> dict[str | None, str]:
    """What the values of a facet are called: the names of records, the words of a vocabulary's terms; a key is its own name."""
    filters = {one.name: one for one in resource.filters}
    references = Process if name == "process" else filters[name].references if name in filters else None
    if references is None:
        is_key = name in filters and filters[name].key is not None
        return {value: value if is_key else words(value) for value in values}
    named_by = table.of_model(references).schema.named_by
    statement = select(references.id, references.body).where(references.at(Clocks()))
    if len(values) <= LISTED:  # else all are read, and these picked
        statement = statement.where(references.id.in_(sorted(values)))
    return {id: str(orjson.loads(body)[named_by]) for id, body in connection.execute(statement) if id in values}


def _rests_on(connection: Connection, asked: ListQuery, where: Sequence[Any]) -> dict[str, int]:
    """The records counted, and the documents and origins of their evidence, where they have any."""
    documents, origins = totals.footing(connection, asked, where)
    return {"records": totals.count(connection, asked, where), "documents": documents, "origins": origins}
