"""Flat tables: whole tables at stable addresses, for tools that read a table from a URL."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
from marshmallow import ValidationError

from api import exports
from api.contract import descriptors
from api.contract.descriptors import Described
from api.formats import ASKED, FORMATS, MARKED
from api.operation import CSVM, JSON, TOTAL, Answer, Call, Operation, ref
from api.parameters import Columns, explain, narrowing, paging, query
from api.problems import Wrong, invalid
from api.reading import conditions, refusals, selection
from api.reading.queries import ListQuery
from api.representations import Column, Counted, columns, parsed
from api.resource import Resource, Table
from api.views.named import of_path
from schemas.fields import Choice, Contract, Finding, JsonSchema, component
from schemas.fields.contract import shown

_MARKED = " or ".join(suffix.upper() for suffix in MARKED)
_BOM = Choice(("0", "1"), f"`1` begins {_MARKED} with a byte order mark, which Excel needs to recognise UTF-8.")
_METADATA = "-metadata.json"
_NOT_NARROWING = ("release", "format", "bom")
SMALL = 2**20  # bytes


@dataclass(frozen=True)
class FlatTable:
    """A flat table: what it holds, its parameters, its columns, and a function from a call to its records.

    ``path`` is without version and suffix. Without ids in it and required parameters it is a table of the whole release: it is listed and
    exported. ``row`` is the
    JSON Schema of a row in the contract. ``more`` returns the columns that follow the ``fixed`` ones and depend on the request.
    ``paged`` are the parameters that select a page, where the address without suffix serves pages; the table itself takes none of them.
    """

    path: str
    name: str
    about: str
    query: dict[str, Contract[Any]]
    fixed: tuple[Column, ...]
    records: Callable[[Call], Iterable[Mapping[str, Any]]]
    row: JsonSchema
    more: Callable[[Call], tuple[Column, ...]] | None = None
    key: str | None = "id"
    paged: tuple[str, ...] = ()
    examples: dict[str, Any] = field(default_factory=dict)

    @property
    def of_release(self) -> bool:
        """Whether it is a table of the whole release."""
        return "{" not in self.path and not any(kind.required for kind in self.query.values())

    def whole(self, call: Call) -> Call:
        """The call for the whole table."""
        return replace(call, path=self.path, ids={}, values=query(**self.query).load({}), arguments=())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns; empty if they depend on the request."""
        return () if self.more else tuple(column.name for column in self.fixed)

    def columns(self, call: Call) -> tuple[Column, ...]:
        """The columns that a call selects."""
        return picked((*self.fixed, *(self.more(call) if self.more else ())), call)

    def described(self, call: Call) -> Described:
        """The description of the table of a call."""
        shape = self.columns(call)
        return Described(self.name, self.about, shape, self.key if self.key in {one.name for one in shape} else None)


def flat_tables(table: Table) -> tuple[FlatTable, ...]:
    """The flat tables of the collections."""
    return tuple(_of_resource(resource) for resource in table if resource.has_table)


def _of_resource(resource: Resource) -> FlatTable:
    page = paging(resource)
    sort = page.pop("sort")
    return FlatTable(
        path=f"/{resource.name}",
        name=resource.name,
        about=resource.about,
        query={**narrowing(resource), "sort": sort},
        fixed=columns(resource.schema),
        records=lambda call: _records(call, resource),
        row=ref(f"{component(resource.schema)}Row"),
        paged=tuple(page),
    )


def _records(call: Call, resource: Resource) -> Iterator[Mapping[str, Any]]:
    asked = ListQuery(resource, call.values)
    refusals.check_ids(call.connection, asked)
    where = conditions.resolved_conditions(call.connection, asked, conditions.related(call.table, resource))
    return parsed(selection.streamed(call.connection, selection.select_rows(asked, where)))


def flat_operations(tables: Iterable[FlatTable]) -> Iterator[Operation]:
    """The operations of flat tables: each table in every format, and its descriptions."""
    for table in tables:
        yield from _operations(table)


def _operations(table: FlatTable) -> Iterator[Operation]:
    title = table.name[0].upper() + table.name[1:]
    taking = {
        "columns": tuple(f"{table.path}.{suffix}" for suffix, form in FORMATS.items() if not form.whole),
        "bom": tuple(f"{table.path}.{suffix}" for suffix in MARKED),
    }
    for suffix, form in FORMATS.items():
        own: dict[str, Contract[Any]] = {
            **({} if form.whole else {"columns": Columns(table.names)}),
            **({"bom": _BOM} if form.mark else {}),
        }
        in_pages = f"{table.path}?format={suffix}" if suffix in ASKED.values() else table.path
        chosen = "" if form.whole else " `columns` selects some of them."
        yield Operation(
            path=f"{table.path}.{suffix}",
            name=f"table{title}{suffix.capitalize()}",
            tag="tables",
            summary=f"The table of {table.name} as {suffix.upper()}",
            description=f"{table.about} Complete, without pages; new columns are only added at the end.{chosen}",
            view=partial(_table, table, suffix),
            query=query(**table.query, **own),
            content={form.essence: form.schema(table.row)},
            examples=table.examples,
            sends=("Link", TOTAL) if suffix == "csv" else (TOTAL,),
            elsewhere={
                **{name: paths for name, paths in taking.items() if name not in own},
                **dict.fromkeys(table.paged, (in_pages,)),
            },
        )
    yield Operation(
        path=f"{table.path}.schema.json",
        name=f"table{title}Schema",
        tag="tables",
        summary=f"The columns of the table of {table.name}",
        description="A Frictionless Table Schema.",
        view=lambda call: Answer(_schema(table, call)),
        query=query(),
        content={JSON: ref("TableSchema")},
        examples=table.examples,
    )
    yield Operation(
        path=f"{table.path}.csv{_METADATA}",
        name=f"table{title}Csvw",
        tag="tables",
        summary=f"The table of {table.name} as CSV on the Web",
        description="Describes the CSV at the same address without "
        f"`{_METADATA}`, under the same filters, in the W3C's “Metadata Vocabulary for Tabular Data”. `/csv-metadata.json` "
        "describes all tables together, with their foreign keys.",
        view=lambda call: Answer(_csvw(table, call), CSVM),
        query=query(**table.query, columns=Columns(table.names), bom=_BOM),
        content={CSVM: ref("CsvwTable")},
        examples=table.examples,
    )


def _table(table: FlatTable, suffix: str, call: Call) -> Answer:
    given = answer(table, call, suffix)
    if suffix == "csv":
        metadata = _beside(replace(call, path=f"{call.path}{_METADATA}"))
        given.headers["Link"] = f'<{metadata}>; rel="describedby"; type="{CSVM}"'
    return given


def _schema(table: FlatTable, call: Call) -> bytes:
    if call.ids:
        of_path(
            call, call.table.by_name[table.path.split("/")[1]], call.clocks
        )  # a record that does not exist has no table
    return orjson.dumps(descriptors.table_schema(table.described(call)))


def _csvw(table: FlatTable, call: Call) -> bytes:
    for _ in table.records(call):  # raises the problems that the table itself would
        break
    url = _beside(replace(call, path=call.path.removesuffix(_METADATA)))
    return orjson.dumps(descriptors.csvw_table(call.store, table.described(call), url))


def _beside(call: Call) -> str:
    """The address of a call, relative to its folder, so that a description is valid wherever the API is mounted."""
    path, mark, given = call.link().partition("?")
    return path.rpartition("/")[2] + mark + given


class _Format(Choice):
    """The format of a flat table. JSON is not one: the error for it says that JSON is the answer without `format`."""

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        if str(value).lower() == "json":
            raise ValidationError(
                "“json” is not an allowed value: without `format`, the answer is JSON, so leave it out. "
                "For a flat table as JSON, use the address listed at /v1/tables."
            )
        return super()._deserialize(value, attr, data, **kwargs)


def forms(about: str, names: tuple[str, ...]) -> dict[str, Contract[Any]]:
    """The parameters that request a flat table instead of the nested answer. ``names`` are its columns (see `Columns`)."""
    return {"format": _Format(tuple(ASKED.values()), about), "bom": _BOM, "columns": Columns(names)}


def contents(row: JsonSchema) -> dict[str, JsonSchema]:
    """The JSON Schemas of the flat tables that `forms` request, by media type; ``row`` is that of a row."""
    return {essence: FORMATS[suffix].schema(row) for essence, suffix in ASKED.items()}


def form_asked(call: Call) -> str | None:
    """The format of the flat table that a call requests; None for the nested answer.

    Raises:
        Problem: 400, if the call has `bom` without CSV, or `columns` without a flat table.
    """
    wanted: str | None = call.values.get("format")
    wrong = []
    if call.values.get("bom") == "1" and wanted not in MARKED:
        told = f"applies only to {_MARKED}; add {_given(MARKED)} or leave `bom` out."
        wrong.append(Wrong("bom", "1", told))
    if not wanted and (named := ",".join(call.values["columns"])):
        told = f"applies only to flat tables; add {_given(ASKED.values())} or leave `columns` out."
        wrong.append(Wrong("columns", named[:200], told))
    if wrong:
        raise invalid(wrong)
    return wanted


def _given(suffixes: Iterable[str]) -> str:
    return " or ".join(f"`format={suffix}`" for suffix in suffixes)


def picked(shape: tuple[Column, ...], call: Call) -> tuple[Column, ...]:
    """The columns of a table that a call names, in that order; all if it names none.

    Raises:
        Problem: 400, if the table lacks one of them.
    """
    named: tuple[str, ...] = call.values.get("columns") or ()
    there = {column.name: column for column in shape}
    allowed = list(there)
    wrong = [
        explain("columns", Finding.of(f"{shown(one)} is not one of the allowed values", one, allowed), one)
        for one in named
        if one not in there
    ]
    if wrong:
        raise invalid(wrong)
    return tuple(there[one] for one in named) or shape


def answer(table: FlatTable, call: Call, suffix: str) -> Answer:
    """A table in one format: from its exported file if the whole table is requested and exported, otherwise from the database."""
    form, bom = FORMATS[suffix], call.values.get("bom") == "1"
    folder = exports.made(call.exports, call.store) if _is_unfiltered(table, call) else None
    if folder is not None:
        file, rows = folder / f"{table.name}.{suffix}", exports.rows(folder)[table.name]
        if bom:
            return Answer(chain([form.mark], _chunks(file)), form.media_type, total=rows)
        # A small table is returned as bytes, so that it can be compressed and cached.
        return Answer(file if file.stat().st_size > SMALL else file.read_bytes(), form.media_type, total=rows)
    shape, records = table.columns(call), Counted(table.records(call))
    return Answer(form.written(shape, records, bom=bom), form.media_type, total=records)


def _is_unfiltered(table: FlatTable, call: Call) -> bool:
    narrowed = (value for name, value in call.values.items() if name not in _NOT_NARROWING)
    return table.of_release and all(value in (None, ()) for value in narrowed)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(SMALL):
            yield chunk
