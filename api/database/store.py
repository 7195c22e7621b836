"""A release that is open for reading, and the making of one: the same on both databases."""

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.schema import CreateColumn, CreateIndex

from api import search
from api.models import Base, Release

STATEMENTS = 200  # kept compiled by an engine; one takes up to some 50 kB
REMEMBERED = 10_000  # totals of a release, each a kilobyte at most


class DatabaseError(Exception):
    """The database cannot be used; the message says which, why and what to do."""


class NothingLoaded(DatabaseError):
    """There is no release in the database."""


class Replaced(DatabaseError):
    """The release being read is gone, because its server is or because another release replaced it. Look up the current one again."""


@dataclass(frozen=True)
class Store:
    """One release, open for reading."""

    engine: Engine
    release: str
    date: date
    #: The digests of its seeds, of the code that made its answers, and of all that these depend on: see `Release`.
    digest: str
    build: str
    identity: str
    #: The totals of lists that were counted since the release was opened, by question.
    totals: dict[Any, int] = field(default_factory=dict, compare=False, repr=False)
    #: The replicas that have the release now, in the order in which to try them before the engine.
    replicas: Callable[[], Iterable[Engine]] = tuple
    #: Where each thread keeps its connection from one answer to the next; None where connections go back to a pool.
    kept: threading.local | None = None

    def remembered(self, form: Hashable, values: Mapping[str, Any], count: Callable[[], int]) -> int:
        """A total, counted at the first question for it: a release never changes. ``values`` are those of the question's parameters, and
        may be long, so only their digest is kept.
        """
        question = form, hashlib.sha256(repr(sorted(values.items())).encode()).digest()
        total = self.totals.get(question)
        if total is None:
            if len(self.totals) >= REMEMBERED:
                self.totals.clear()
            total = self.totals[question] = count()
        return total

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for the answer that this thread makes: the thread's own, or one of the pool.

        Raises:
            Replaced, DatabaseError: see `connect`.
        """
        if self.kept is None:
            with self.connect() as connection:
                yield connection
            return
        held: Connection | None = getattr(self.kept, "connection", None)
        if held is None or held.closed or held.engine is not self.engine:
            if held is not None:
                held.close()
            held = self.kept.connection = self.connect()
        try:
            yield held
        except DBAPIError:
            held.close()
            raise

    def connect(self) -> Connection:
        """A connection for reading, which the caller closes.

        Raises:
            Replaced: another release took this one's place.
            DatabaseError: no server can be reached.
        """
        for engine in self.replicas():
            try:
                return engine.connect()
            except DBAPIError:
                continue  # the next has the release too
        try:
            return self.engine.connect()
        except DBAPIError as error:
            raise DatabaseError(f"the database cannot be read: {error.orig}") from error


@dataclass(frozen=True)
class ServerState:
    """A database server as the service sees it: whether it answers, has the release that is announced, and is read from.

    ``name`` is “primary”, or “replica” with the number of its place in the setting.
    """

    name: str
    up: bool
    has_release: bool
    read: bool


class Database(Protocol):
    """A place that keeps releases; as text, it says where, without passwords."""

    #: Whether reading waits for a server.
    remote: bool

    def current(self) -> Store:
        """The release that is current now.

        Raises:
            NothingLoaded: there is none yet.
            DatabaseError: it cannot be read.
        """

    def at_hand(self) -> Store | None:
        """The release that is current now, where that is known without waiting for a server.

        Raises:
            NothingLoaded, DatabaseError: see `current`.
        """

    def replacing(self) -> AbstractContextManager[Connection]:
        """A connection to an empty release; leaving the block makes it current, leaving it by an error leaves no trace.

        Raises:
            DatabaseError: it cannot be written, or another load is under way.
        """

    def servers(self) -> Sequence[ServerState]:
        """The servers as they were seen last; a file has none."""

    def forget(self) -> None:
        """Look up the current release again at the next request."""

    def close(self) -> None:
        """Close what is open and not in use."""


def newest_release(connection: Connection, schema: str | None = None) -> Any:
    """The row of the release that a file, or a schema, was made for.

    Raises:
        NothingLoaded: another version of the service made it.
    """
    statement = select(Release.__table__).order_by(Release.number.desc()).limit(1)
    try:
        return connection.execute(statement, execution_options={"schema_translate_map": {None: schema}}).one()
    except (DBAPIError, NoResultFound) as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        raise NothingLoaded(
            "the database was created by another version of the service; run `positions load` to recreate it"
        ) from error


def create(connection: Connection) -> None:
    """Make the tables without keys and indexes: filling a table that has none is much faster."""
    for table in Base.metadata.sorted_tables:
        columns = ", ".join(str(CreateColumn(column).compile(dialect=connection.dialect)) for column in table.columns)
        connection.exec_driver_sql(f'CREATE TABLE "{table.name}" ({columns})')
    search.create(connection)


def index(connection: Connection) -> None:
    """Make keys and indexes once the tables of a new release are full, and gather statistics (``ANALYZE``): without these, query
    plans are bad, including those of what the load itself still counts and prepares.
    """
    for table in Base.metadata.sorted_tables:
        key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        connection.exec_driver_sql(f'CREATE UNIQUE INDEX "{table.name}_key" ON "{table.name}" ({key})')
        for one in sorted(table.indexes, key=lambda one: str(one.name)):
            connection.execute(CreateIndex(one))
    search.index(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ANALYZE")
    else:
        for table in Base.metadata.sorted_tables:
            connection.exec_driver_sql(f'ANALYZE "{table.name}"')


def fill(connection: Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows to a table of the release that is being made; values are in the order of the table's columns."""
    if not rows:
        return
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
        return
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
