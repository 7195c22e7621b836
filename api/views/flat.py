"""The flat layer: whole tables at stable addresses, for the tools that read a table from a URL."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from api import exports
from api.contract import descriptors
from api.contract.descriptors import Described
from api.operation import CSV, CSVM, JSON, LINES, TOTAL, Answer, Call, Operation, ref
from api.parameters import narrowing, query
from api.problems import Wrong, invalid
from api.reading import queries
from api.reading.queries import ListQuery
from api.representations import Column, Counted, as_array, as_csv, as_lines, columns, parsed
from api.resource import Resource, Table
from schemas.fields import Choice, Contract, JsonSchema, component

MEDIA_TYPES = {"csv": CSV, "json": JSON, "ndjson": LINES}
#: The forms that are asked for with `format`, in the place of what is nested.
FORMATS = ("csv", "ndjson")
_BOM = Choice(("0", "1"), "1: begin CSV with a byte order mark, which Excel needs to see UTF-8.")
_METADATA = "-metadata.json"
_NOT_NARROWING = ("release", "format", "bom")
SMALL = 2**20  # bytes


@dataclass(frozen=True)
class FlatTable:
    """A table of the flat layer: what it is, what narrows it, and how a call gives its columns and its records.

    ``path`` is without version and suffix. A path without parameters is a table of the whole release: it is listed and exported.
    ``row`` is the JSON Schema of a row in the contract; the columns may be more than it names.
    """

    path: str
    name: str
    about: str
    query: dict[str, Contract[Any]]
    columns: Callable[[Call], tuple[Column, ...]]
    records: Callable[[Call], Iterable[Mapping[str, Any]]]
    row: JsonSchema
    key: str | None = "id"
    examples: dict[str, Any] = field(default_factory=dict)

    def whole(self, call: Call) -> Call:
        """The call that gives the whole table."""
        return replace(call, path=self.path, ids={}, values=query(**self.query).load({}), arguments=())

    def described(self, call: Call) -> Described:
        """The table of a call as it is described."""
        return Described(self.name, self.about, self.columns(call), self.key)


def flat_tables(table: Table) -> tuple[FlatTable, ...]:
    """The flat table of every resource that has one."""
    return tuple(_of_resource(resource) for resource in table if resource.tabled)


def _of_resource(resource: Resource) -> FlatTable:
    orders = [name for one in resource.sorts for name in (one.name, f"-{one.name}")]
    sort = Choice(("id", "-id", *orders), "The order; `-` reverses it, and the id settles ties.")
    shape = columns(resource.schema)
    return FlatTable(
        path=f"/{resource.name}",
        name=resource.name,
        about=(resource.schema.__doc__ or "").strip().split("\n")[0],
        query={**narrowing(resource), "sort": sort},
        columns=lambda _call: shape,
        records=lambda call: _records(call, resource),
        row=ref(f"{component(resource.schema)}Row"),
    )


def _records(call: Call, resource: Resource) -> Iterator[Mapping[str, Any]]:
    asked = ListQuery(resource, call.values)
    queries.check_ids(call.connection, asked)
    where = queries.resolved_conditions(call.connection, asked, queries.related(call.table, resource))
    return parsed(queries.streamed(call.connection, queries.select_rows(asked, where)))


def flat_operations(tables: Iterable[FlatTable]) -> Iterator[Operation]:
    """The operations of flat tables: each as CSV, as a JSON array and as JSON Lines, and its columns."""
    for table in tables:
        yield from _operations(table)


def _operations(table: FlatTable) -> Iterator[Operation]:
    title = table.name[0].upper() + table.name[1:]
    shapes: dict[str, tuple[str, JsonSchema, dict[str, Contract[Any]]]] = {
        "csv": ("text/csv", {"type": "string"}, {"bom": _BOM}),
        "json": (JSON, {"type": "array", "items": table.row}, {}),
        "ndjson": (LINES, {"type": "string"}, {}),
    }
    for suffix, (media_type, shape, more) in shapes.items():
        yield Operation(
            path=f"{table.path}.{suffix}",
            name=f"table{title}{suffix.capitalize()}",
            tag="tables",
            summary=f"The table of {table.name} as {suffix.upper()}",
            description=f"{table.about} Complete, without pages, one row a record; columns are only ever added at the end.",
            view=partial(_table, table, suffix),
            query=query(**table.query, **more),
            content={media_type: shape},
            examples=table.examples,
            sends=("Link", TOTAL) if suffix == "csv" else (TOTAL,),
        )
    yield Operation(
        path=f"{table.path}.schema.json",
        name=f"table{title}Schema",
        tag="tables",
        summary=f"The columns of the table of {table.name}",
        description="A Frictionless Table Schema.",
        view=lambda call: Answer(orjson.dumps(descriptors.table_schema(table.described(call)))),
        query=query(),
        content={JSON: ref("TableSchema")},
        examples=table.examples,
    )
    yield Operation(
        path=f"{table.path}.csv{_METADATA}",
        name=f"table{title}Csvw",
        tag="tables",
        summary=f"The table of {table.name} as CSV on the Web",
        description="What the W3C's “Metadata Vocabulary for Tabular Data” says of the CSV at the same address without "
        f"`{_METADATA}`, under the same filters; `/csv-metadata.json` has the tables together, with their foreign keys.",
        view=lambda call: Answer(_csvw(table, call), CSVM),
        query=query(**table.query, bom=_BOM),
        content={CSVM: ref("CsvwTable")},
        examples=table.examples,
    )


def _table(table: FlatTable, suffix: str, call: Call) -> Answer:
    given = answer(table, call, suffix)
    if suffix == "csv":
        metadata = _beside(replace(call, path=f"{call.path}{_METADATA}"))
        given.headers["Link"] = f'<{metadata}>; rel="describedby"; type="{CSVM}"'
    return given


def _csvw(table: FlatTable, call: Call) -> bytes:
    url = _beside(replace(call, path=call.path.removesuffix(_METADATA)))
    return orjson.dumps(descriptors.csvw_table(call.store, table.described(call), url))


def _beside(call: Call) -> str:
    """The address of a call, relative to what lies beside it: a description holds wherever the API is mounted."""
    path, mark, given = call.link().partition("?")
    return path.rpartition("/")[2] + mark + given


def forms(about: str) -> dict[str, Contract[Any]]:
    """The parameters that ask for a flat table in the place of what is nested."""
    return {"format": Choice(FORMATS, about), "bom": _BOM}


def form_asked(call: Call) -> str | None:
    """The flat form that a call asks for in the place of what is nested.

    Raises:
        Problem: 400, where it asks for a byte order mark in anything but CSV.
    """
    wanted: str | None = call.values.get("format")
    if call.values.get("bom") == "1" and wanted != "csv":
        raise invalid([Wrong("bom", "1", "goes before CSV alone; give `format=csv` as well, or leave it out.")])
    return wanted


def answer(table: FlatTable, call: Call, suffix: str) -> Answer:
    """A table in one of its forms: from its file where the whole table is asked for and has one, else as it is read."""
    media_type, bom = MEDIA_TYPES[suffix], call.values.get("bom") == "1"
    folder = exports.made(call.exports, call.store) if _is_unfiltered(table, call) else None
    if folder is not None:
        file, rows = folder / f"{table.name}.{suffix}", exports.rows(folder)[table.name]
        if bom:
            return Answer(chain([BOM_UTF8], _chunks(file)), media_type, total=rows)
        # What is small is given whole, so that it can be compressed and kept.
        return Answer(file if file.stat().st_size > SMALL else file.read_bytes(), media_type, total=rows)
    shape, records = table.columns(call), Counted(table.records(call))
    return Answer(written(shape, records, suffix, bom=bom), media_type, total=records)


def written(
    shape: tuple[Column, ...], records: Iterable[Mapping[str, Any]], suffix: str, *, bom: bool
) -> Iterator[bytes]:
    """A table in one of its forms, in chunks."""
    if suffix == "csv":
        return as_csv(shape, records, bom=bom)
    return as_array(shape, records) if suffix == "json" else as_lines(shape, records)


def _is_unfiltered(table: FlatTable, call: Call) -> bool:
    narrowed = (value for name, value in call.values.items() if name not in _NOT_NARROWING)
    return "{" not in table.path and all(value in (None, ()) for value in narrowed)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(SMALL):
            yield chunk
