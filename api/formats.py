"""The formats of flat tables. An entry of `FORMATS` defines a suffix, a value of `format`, an acceptable media type and a file of the
exports, and their descriptions in the contract.
"""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

from api.operation import JSON, LINES
from api.representations import Cell, Column, flat
from schemas.fields import JsonSchema

_RUNNABLE = frozenset("=+-@\t\r")
_ROWS_A_BATCH = 500


@dataclass(frozen=True)
class Batch:
    """Some rows of a table, in the order of its columns; ``first`` marks the first batch."""

    columns: tuple[Column, ...]
    rows: list[list[Cell]]
    first: bool

    @cached_property
    def objects(self) -> list[bytes]:
        """Each row as a JSON object."""
        names = [column.name for column in self.columns]
        return [orjson.dumps(dict(zip(names, row, strict=True))) for row in self.rows]


def batches(columns: tuple[Column, ...], records: Iterable[Mapping[str, Any]]) -> Iterator[Batch]:
    """Records as rows of a table, some at a time."""
    remaining, first = flat(columns, records), True
    while rows := list(islice(remaining, _ROWS_A_BATCH)):
        yield Batch(columns, rows, first)
        first = False


@dataclass(frozen=True)
class Format:
    """One format of flat tables. A table is its ``head``, the ``body`` of each batch of rows, and its ``tail``.

    ``schema`` makes the JSON Schema of a table from that of a row. ``mark`` is what `bom` puts first; empty if the format takes no `bom`.
    ``whole`` means that rows always have every column: the contract describes them, so the format does not take `columns`.
    """

    suffix: str
    media_type: str
    body: Callable[[Batch], bytes]
    head: Callable[[tuple[Column, ...]], bytes] = lambda _columns: b""
    tail: bytes = b""
    schema: Callable[[JsonSchema], JsonSchema] = lambda _row: {"type": "string"}
    mark: bytes = b""
    whole: bool = False

    @property
    def essence(self) -> str:
        """The media type without its parameters, as the contract and an Accept header name it."""
        return self.media_type.partition(";")[0]

    def written(
        self, columns: tuple[Column, ...], records: Iterable[Mapping[str, Any]], *, bom: bool
    ) -> Iterator[bytes]:
        """Records as a table, in chunks."""
        if bom:
            yield self.mark
        yield self.head(columns)
        for batch in batches(columns, records):
            yield self.body(batch)
        yield self.tail


def _csv(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Rows as CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(
        [None if cell is None else _safe(cell) for cell in row] for row in rows
    )
    return buffer.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, str):
        if "\n" in cell or "\r" in cell:
            cell = " ".join(cell.split())
        return f"'{cell}" if cell[:1] in _RUNNABLE else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return cell


#: The formats by suffix, in the order of the contract.
FORMATS = {
    one.suffix: one
    for one in (
        Format(
            "csv",
            "text/csv; charset=utf-8",
            head=lambda columns: _csv([[column.name for column in columns]]),
            body=lambda batch: _csv(batch.rows),
            mark=BOM_UTF8,
        ),
        Format(
            "json",
            JSON,
            head=lambda _columns: b"[",
            body=lambda batch: (b"" if batch.first else b",\n") + b",\n".join(batch.objects),
            tail=b"]\n",
            schema=lambda row: {"type": "array", "items": row},
            whole=True,
        ),
        Format("ndjson", LINES, body=lambda batch: b"\n".join(batch.objects) + b"\n"),
    )
}
#: The values of `format`, by media type. JSON is not one of them: it is the nested answer, which `format` replaces.
ASKED = {one.essence: suffix for suffix, one in FORMATS.items() if one.media_type != JSON}
#: The suffixes of the formats that take `bom`.
MARKED = tuple(suffix for suffix, one in FORMATS.items() if one.mark)
