"""Lists of choices in the format of Grafana's variable queries."""

from collections.abc import Iterator

import orjson

from api.operation import JSON, Answer, Call, Operation, ref
from api.parameters import narrowing, query
from api.reading import conditions, refusals, selection
from api.reading.queries import ListQuery
from api.representations import array, parsed
from api.resource import Resource, Table

OFFERED = ("parties", "issues", "proposals")


def option_operations(table: Table) -> Iterator[Operation]:
    """The choices for the most frequent filters of dashboards."""
    for name in OFFERED:
        yield _operation(table.by_name[name])


def _operation(resource: Resource) -> Operation:
    return Operation(
        path=f"/options/{resource.name}",
        name=f"listOptions{resource.name.capitalize()}",
        tag="tables",
        summary=f"The {resource.name} to choose from",
        description="The label and id of each record, ordered by label, under the filters of the collection. "
        "For a dashboard's variable (in Grafana, a variable query of the Infinity data source).",
        view=lambda call: _options(call, resource),
        query=query(**narrowing(resource)),
        content={JSON: {"type": "array", "items": ref("Option")}},
    )


def _options(call: Call, resource: Resource) -> Answer:
    asked = ListQuery(resource, call.values)
    refusals.check_ids(call.connection, asked)
    where = conditions.resolved_conditions(call.connection, asked, conditions.related(call.table, resource))
    records = parsed(call.connection.execute(selection.select_rows(asked, where)))
    found = sorted((str(record[resource.schema.named_by]), str(record["id"])) for record in records)
    return Answer(array(orjson.dumps({"__text": text, "__value": value}) for text, value in found))
