"""The list and descriptions of all flat tables, and the whole release as files."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from api import exports
from api.database import Store
from api.exports import Content, Sheet
from api.formats import FORMATS
from api.operation import CSVM, JSON, LINES, Answer, Call, Operation, enveloped, json_answer, ref
from api.parameters import query
from api.problems import UNAVAILABLE, Problem
from api.reading import conditions, selection
from api.reading.queries import ListQuery
from api.resource import Table
from api.views.flat import FlatTable
from schemas import VERSION_PATH
from schemas.fields import JsonSchema

log = logging.getLogger("positions")
_BINARY: JsonSchema = {"type": "string", "format": "binary"}
_TEXT: JsonSchema = {"type": "string"}
PATIENCE = 1.0  # seconds to wait for exports that are being created; enough for those of a small release


@dataclass(frozen=True)
class _File:
    """One export: its file, and its entry in the contract."""

    file: str
    media_type: str
    shape: JsonSchema
    name: str
    summary: str
    description: str


_FILES = (
    _File(
        file=exports.ARCHIVE,
        media_type="application/zip",
        shape=_BINARY,
        name="exportCsv",
        summary="Every table as CSV, in one archive",
        description="All flat tables, with every column described as a Frictionless Data Package and as CSV on the Web. "
        "The same release gives the same bytes.",
    ),
    _File(
        file=exports.SQLITE,
        media_type="application/vnd.sqlite3",
        shape=_BINARY,
        name="exportSqlite",
        summary="Every table in one SQLite database",
        description="All flat tables with their keys, and two tables that describe the release and every column. "
        "For Datasette, Metabase, Superset and anything else that reads a database.",
    ),
    _File(
        file=exports.LINES,
        media_type=LINES,
        shape=_TEXT,
        name="exportLines",
        summary="Every record as JSON Lines",
        description="Each line is `{collection, record}`, the record nested as in its collection. A position of any kind is filed "
        "under `positions`; the record's `href` is that by which a change names it, `/statements/…` or the like.",
    ),
    _File(
        file=exports.SUMS,
        media_type="text/plain",
        shape=_TEXT,
        name="exportChecksums",
        summary="The checksums of the exports",
        description="SHA-256, in the format of `sha256sum --check`.",
    ),
)
_MEDIA_TYPES = {one.file: one.media_type for one in _FILES}


def export_operations(tables: Sequence[FlatTable]) -> Iterator[Operation]:
    """The operations that list and export the tables of the whole release."""
    whole = _whole(tables)
    yield Operation(
        path="/tables",
        name="listTables",
        tag="tables",
        summary="List the flat tables",
        description="Every table with its addresses, columns and number of rows, and the size and SHA-256 of its CSV.",
        view=lambda call: _list_tables(call, whole),
        query=query(),
        content={JSON: enveloped({"type": "array", "items": ref("FlatTable")})},
    )
    yield Operation(
        path="/datapackage.json",
        name="getDataPackage",
        tag="tables",
        summary="The tables as a data package",
        description="A Frictionless Data Package of every table: columns, keys, sizes and checksums. Paths are relative to its address.",
        view=lambda call: Answer(_folder(call, whole).joinpath(exports.PACKAGE).read_bytes()),
        query=query(),
        content={JSON: ref("DataPackage")},
    )
    yield Operation(
        path="/csv-metadata.json",
        name="getCsvw",
        tag="tables",
        summary="The tables as CSV on the Web",
        description="Every table in the W3C's “Metadata Vocabulary for Tabular Data”: columns, types, lists, keys, and the "
        "foreign keys that every row has. Its addresses are relative to its own.",
        view=lambda call: Answer(_folder(call, whole).joinpath(exports.CSVW).read_bytes(), CSVM),
        query=query(),
        content={CSVM: ref("CsvwGroup")},
    )
    declare = partial(Operation, tag="exports", query=query())
    yield declare(
        path="/exports",
        name="listExports",
        summary="The whole release as files",
        description="Every export with its size and SHA-256. The files are made once per release, at its load or the first request.",
        view=lambda call: _list_exports(call, whole),
        content={JSON: enveloped({"type": "array", "items": ref("Export")})},
    )
    for one in _FILES:
        yield declare(
            path=f"/exports/{one.file}",
            name=one.name,
            summary=one.summary,
            description=one.description,
            view=partial(_download, whole, one),
            content={one.media_type: one.shape},
        )


def make_exports(
    table: Table, tables: Sequence[FlatTable], store: Store, shelf: Path, progress: exports.Progress
) -> Path:
    """Create the exports of a release before they are requested, and return their folder.

    Raises:
        OSError: they cannot be written.
    """
    with store.connect() as connection:
        call = Call.from_nowhere(store, connection, table)
        return exports.exported(shelf, store, lambda: _content(call, _whole(tables)), progress)


def _whole(tables: Sequence[FlatTable]) -> tuple[FlatTable, ...]:
    """The tables of the whole release."""
    return tuple(table for table in tables if table.of_release)


def _folder(call: Call, tables: Sequence[FlatTable]) -> Path:
    """The folder of the exports; creates them unless another process is doing so.

    Raises:
        Problem: 503, if another process is creating them and takes long, since waiting would block one of the worker's few threads;
            or if they cannot be written, as on a full disk.
    """
    try:
        return exports.exported(call.exports, call.store, lambda: _content(call, tables), patience=PATIENCE)
    except exports.Underway:
        raise Problem(
            UNAVAILABLE,
            f"The files of release “{call.store.release}” are still being prepared. Try again shortly.",
            headers={"Retry-After": "10"},
        ) from None
    except OSError as error:
        log.error("the exports of %s could not be created: %s", call.store.release, error)
        raise Problem(
            UNAVAILABLE,
            f"The files of release “{call.store.release}” cannot be created now. The operator finds the reason in the log.",
            headers={"Retry-After": "600"},
        ) from None


def _content(call: Call, tables: Sequence[FlatTable]) -> Content:
    return Content([_sheet(table, table.whole(call)) for table in tables], _lines(call))


def _sheet(table: FlatTable, call: Call) -> Sheet:
    return Sheet(table.name, table.about, table.columns(call), table.key, lambda: table.records(call))


def _lines(call: Call) -> Iterator[bytes]:
    """Every record once: a record of several collections is in the widest of them."""
    for resource in call.table:
        if resource.where is None:
            asked = ListQuery(resource, {})
            begin = b'{"collection":' + orjson.dumps(resource.name) + b',"record":'
            where = conditions.conditions(asked, call.connection.dialect.name, ())
            for row in selection.streamed(call.connection, selection.select_rows(asked, where)):
                yield begin + row.body.encode() + b"}\n"


def _list_tables(call: Call, tables: Sequence[FlatTable]) -> Answer:
    listed = exports.manifest(_folder(call, tables))["tables"]
    return json_answer([_table(one) for one in listed], call)


def _table(one: dict[str, Any]) -> dict[str, Any]:
    name = one["name"]
    return {
        "name": name,
        "about": one["about"],
        "rows": one["rows"],
        "bytes": one["bytes"],
        "sha256": one["sha256"],
        **{suffix: f"{VERSION_PATH}/{name}.{suffix}" for suffix in FORMATS},
        "schema": f"{VERSION_PATH}/{name}.schema.json",
        "csvw": f"{VERSION_PATH}/{name}.csv-metadata.json",
        "columns": one["schema"]["fields"],
    }


def _list_exports(call: Call, tables: Sequence[FlatTable]) -> Answer:
    listed = exports.manifest(_folder(call, tables))["files"]
    return json_answer([_export(one) for one in listed], call)


def _export(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": one["name"],
        "about": one["about"],
        "href": f"{VERSION_PATH}/exports/{one['name']}",
        "media_type": _MEDIA_TYPES[one["name"]],
        "bytes": one["bytes"],
        "sha256": one["sha256"],
    }


def _download(tables: Sequence[FlatTable], one: _File, call: Call) -> Answer:
    shown = "inline" if one.file == exports.SUMS else "attachment"
    headers = {"Content-Disposition": f'{shown}; filename="{one.file}"'}
    return Answer(_folder(call, tables) / one.file, one.media_type, headers)
