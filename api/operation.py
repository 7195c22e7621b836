"""The declaration of a view, from which its routes, its validation and its place in the contract are generated."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import IO, Any, SupportsInt
from urllib.parse import quote, urlencode

import orjson
import zstandard
from marshmallow import Schema
from sqlalchemy import Connection, select
from werkzeug.datastructures import MultiDict

from api.database import Store
from api.lanes import TakesLong
from api.memoize import memoized
from api.models import Clocks, Prepared
from api.parameters import read
from api.problems import GONE, Problem, Wrong
from api.reading.queries import clocks
from api.reading.records import Moved, record
from api.reading.refusals import unknown_names, unsearchable
from api.resource import Table
from schemas import VERSION_PATH
from schemas.fields import JsonSchema

IN_MEMORY = 4 * 2**20  # bytes of a body; a larger one is kept in a file while it is sent
JSON = "application/json"
CSVM = "application/csvm+json"
LINES = "application/x-ndjson"
QUOTED = 500  # characters of a query string; a longer one is left out of an address that a message suggests
#: The header with `Answer.total`.
TOTAL = "X-Total-Count"


@dataclass(frozen=True)
class Answer:
    """What a view returns: a body (bytes, chunks, or a file) and its media type.

    ``total`` is the number of records in the list, or of rows in the table. It is converted to an integer after the body has been read, so
    it may be an object that counts the rows as they are read (`Counted`).
    """

    body: bytes | Iterable[bytes] | Path
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    total: SupportsInt | None = None


@dataclass(frozen=True)
class Call:
    """What a view receives: the release, the table of resources, and the validated values of the path and the query.

    ``values`` has every parameter that the operation declares; ``arguments`` are the parameters of the query string, as given.
    ``path`` has its ids filled in, but no version. ``texts`` and ``exports`` are folders of the server; for ``hurried`` see `api.lanes`.
    """

    store: Store
    connection: Connection
    table: Table
    texts: Path | None
    exports: Path
    public_url: str | None
    host_url: Callable[[], str]
    path: str
    ids: dict[str, str]
    values: dict[str, Any]
    arguments: tuple[tuple[str, str], ...]
    hurried: bool = False
    #: Results that are needed again during this call.
    known: dict[str, Any] = field(init=False, default_factory=dict, compare=False)

    @classmethod
    def from_nowhere(cls, store: Store, connection: Connection, table: Table, path: str = "/", **more: Any) -> "Call":
        """A call without a request, as a load makes it. Its answer must not need a folder or the address of the host."""
        request = {"ids": {}, "values": {}, "arguments": (), **more}
        return cls(store, connection, table, None, Path(), None, lambda: "", path, **request)

    def take_time(self) -> None:
        """Called by a `quick` view before work that may take long.

        Raises:
            TakesLong: the request is hurried; the view is then called again in another thread (see `api.lanes`).
        """
        if self.hurried:
            raise TakesLong

    @property
    def clocks(self) -> Clocks:
        return clocks(self.values)

    @property
    def base(self) -> str:
        """The public address of the service, without a final slash."""
        return self.public_url or self.host_url().rstrip("/")

    @cached_property
    def here(self) -> str:
        """The path and query of this call in canonical spelling."""
        return self._address(self.arguments)

    def link(self, **changes: str | None) -> str:
        """This path and query with some parameters changed (None: removed), sorted by name. Values of the same name keep their order,
        since that of `by` and `columns` is the order of columns.
        """
        kept = tuple(one for one in self.arguments if one[0] not in changes)
        changed = tuple((name, value) for name, value in changes.items() if value is not None)
        return self._address(kept + changed) if changed or kept != self.arguments else self.here

    def _address(self, arguments: tuple[tuple[str, str], ...]) -> str:
        query = "&".join([_encoded(*pair) for pair in sorted(arguments, key=itemgetter(0))])
        return f"{VERSION_PATH}{self.path}?{query}" if query else f"{VERSION_PATH}{self.path}"

    def meta(self, **more: Any) -> dict[str, Any]:
        """The `meta` of every answer: the release, the clocks, and the path of its citation."""
        at = self.clocks
        return {
            "release": self.store.release,
            "as_of": at.as_of.isoformat() if at.as_of else None,
            "known_at": at.known_at.isoformat() if at.known_at else None,
            "mode": sorted(at.modes),
            "cite": f"{VERSION_PATH}/cite?path={quote(self.here, safe='/')}",
            **more,
        }


def non_empty(arguments: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The parameters of a query string that have a value; empty ones have no effect."""
    return tuple((name, value) for name, value in arguments if value != "")


@memoized(4096)
def _encoded(name: str, value: str) -> str:
    return urlencode([(name, value)], safe=",/:*")


@dataclass(frozen=True)
class Operation:
    """The declaration of a view. ``path`` is without the version; ``content`` has the JSON Schema of each media type that it can return.

    ``prepared`` are the queries, each as pairs of name and value, whose answers a load computes and stores if the release is so ``large``
    that they take long. They depend on nothing but the release.

    ``sends`` are headers of some or all of its answers, in addition to those that every operation sends.

    ``elsewhere`` has the paths of the same data in other formats or in pages, by the name of a parameter that they take and this path
    does not. Such a path may have a query string.

    A ``quick`` view reads a page or a record, which takes no noticeable time; before anything longer it calls `Call.take_time`.
    `api.lanes` says what that is for.
    """

    path: str
    name: str
    tag: str
    summary: str
    description: str
    view: Callable[[Call], Answer]
    query: Schema
    content: dict[str, JsonSchema]
    examples: dict[str, Any] = field(default_factory=dict)
    sends: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quick: bool = False
    prepared: tuple[tuple[tuple[str, str], ...], ...] = ()
    large: Callable[[Connection], bool] = lambda _connection: True

    @property
    def paged(self) -> bool:
        """Whether its answer is a page of a list. A table with a suffix is never paged."""
        return "after" in self.query.fields and "." not in self.path

    def read(
        self,
        arguments: "MultiDict[str, str]",
        connection: Connection,
        table: Table,
        ids: Mapping[str, str],
        release: str,
    ) -> dict[str, Any]:
        """The values of its parameters in a query string; ``ids`` are those of the path, ``release`` is the loaded one.

        Raises:
            Problem: 400, with every wrong parameter, followed by everything else that could not be answered.
        """
        return read(
            self.query,
            arguments,
            unknown_in=partial(self._unanswerable, connection, table, ids, release),
            elsewhere=partial(self._addresses_taking, arguments, ids),
        )

    def _addresses_taking(self, arguments: "MultiDict[str, str]", ids: Mapping[str, str], name: str) -> Iterator[str]:
        """The addresses ``elsewhere`` that take a parameter, each with the whole query string unless that is long."""
        query = urlencode(list(arguments.items(multi=True)), safe=",/:*")
        for path in self.elsewhere.get(name, ()):
            more = f"{'&' if '?' in path else '?'}{query}" if len(query) <= QUOTED else ""
            yield f"{VERSION_PATH}{filled(path, ids)}{more}"

    def _unanswerable(
        self, connection: Connection, table: Table, ids: Mapping[str, str], release: str, found: dict[str, Any]
    ) -> Iterator[Wrong]:
        """Errors of well-formed values: ids in the path or in parameters that name nothing, a ``*`` that matches too many words, and a
        release that is not loaded.
        """
        resource = table.by_name.get(self.path.split("/")[1])
        if resource and self.path.startswith(f"/{resource.name}/{{id}}"):
            try:
                record(connection, resource, ids["id"], Clocks())
            except Problem as problem:
                yield Wrong("id", ids["id"][:200], problem.detail)
            except Moved:
                pass  # the view redirects to the new id
        yield from unknown_names(connection, self.query.fields, found)
        yield from unsearchable(connection, found)
        if told := _not_loaded(found, release):
            yield Wrong("release", found["release"], told)

    def run(self, call: Call) -> Answer:
        """Answer a call.

        Raises:
            Problem: 410, where the call pins a release that is not the one loaded.
        """
        if told := _not_loaded(call.values, call.store.release):
            raise Problem(GONE, told)
        return self._prepared_answer(call) or self.view(call)

    def _prepared_answer(self, call: Call) -> Answer | None:
        """The answer that the load stored, if this query is one of ``prepared`` and it stored one."""
        if call.arguments not in self.prepared or call.values.get("format"):
            return None
        stored = select(Prepared.media_type, Prepared.zstd).where(Prepared.path == call.here)
        row = call.connection.execute(stored).first()
        return Answer(zstandard.decompress(row.zstd), row.media_type) if row else None


def _not_loaded(values: Mapping[str, Any], release: str) -> str:
    """The message about a pinned release that is not the loaded one; empty if it is, or if none is pinned."""
    pinned = values.get("release")
    if not isinstance(pinned, str) or pinned == release:  # a tuple is a filter
        return ""
    return f"Release “{pinned}” is not loaded; the loaded release is “{release}”."


def filled(path: str, ids: Mapping[str, str]) -> str:
    """A declared path with ids in the place of its parameters: ``/parties/{id}`` becomes ``/parties/russia``."""
    for name, id in ids.items():
        path = path.replace(f"{{{name}}}", id)
    return path


def buffered(body: bytes | Iterable[bytes] | Path) -> bytes | IO[bytes]:
    """The whole body of an answer: in memory, or as an open file if it is a file or has more than `IN_MEMORY` bytes."""
    if isinstance(body, bytes):
        return body
    if isinstance(body, Path):
        return body.open("rb")
    parts: list[bytes] = []
    length = 0
    chunks = iter(body)
    for chunk in chunks:
        parts.append(chunk)
        length += len(chunk)
        if length > IN_MEMORY:
            break
    else:
        return b"".join(parts)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # it outlives this function
    try:
        file.writelines(chain(parts, chunks))
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def in_memory(body: bytes | Iterable[bytes] | Path) -> bytes:
    """The whole body of an answer in memory, whatever its size."""
    if isinstance(body, Path):
        return body.read_bytes()
    return body if isinstance(body, bytes) else b"".join(body)


def json_answer(data: Any, call: Call, **meta: Any) -> Answer:
    """Data in the envelope of a single answer."""
    return Answer(orjson.dumps({"data": data, "links": {"self": call.here}, "meta": call.meta(**meta)}))


def ref(name: str) -> JsonSchema:
    """A reference to a component of the contract."""
    return {"$ref": f"#/components/schemas/{name}"}


def enveloped(data: JsonSchema) -> JsonSchema:
    """The shape of a single answer with this data."""
    return {
        "type": "object",
        "required": ["data", "links", "meta"],
        "properties": {"data": data, "links": ref("Links"), "meta": ref("Meta")},
    }
