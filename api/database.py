"""Where a release is kept: made whole aside, then switched to at once, so that readers see the old one or the new one.

On SQLite a release is a file that is never altered (opened ``immutable``) and replaced by a rename. On PostgreSQL it is a
schema of its own, made in one transaction that ends by pointing to it; the release before stays until the next load, for
answers that are under way.
"""

import fcntl
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.errors import UndefinedTable
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.schema import CreateColumn, CreateIndex

from api import search
from api.models import Base, Release

APPLICATION_ID = 0x504F5331  # "POS1", in the header of the project's SQLite files
PAGE = 8192  # bytes; several answers fit in a page
SORTING = 64 * 2**20  # bytes of memory that making an index may take
POLL_SECONDS = 1.0  # how long a PostgreSQL reader may take to notice a new release


REMEMBERED = 10_000  # totals of a release, each a few hundred bytes


class DatabaseError(Exception):
    """The database cannot be used; the message says which, why and what to do."""


class NothingLoaded(DatabaseError):
    """There is no release in the database."""


class Replaced(DatabaseError):
    """The release went away after it was looked up, because another took its place: look again."""


@dataclass(frozen=True)
class Store:
    """One release, open for reading."""

    engine: Engine
    release: str
    date: date
    digest: str
    build: str
    #: The totals of lists that were counted since the release was opened, by question.
    totals: dict[Any, int] = field(default_factory=dict, compare=False, repr=False)

    def remembered(self, question: Any, count: Callable[[], int]) -> int:
        """A total, counted at the first question for it: a release never changes."""
        total = self.totals.get(question)
        if total is None:
            if len(self.totals) >= REMEMBERED:
                self.totals.clear()
            total = self.totals[question] = count()
        return total

    def connect(self) -> Connection:
        """A connection for reading.

        Raises:
            Replaced: another release took this one's place.
            DatabaseError: the server cannot be reached.
        """
        try:
            return self.engine.connect()
        except DBAPIError as error:
            raise DatabaseError(f"the database cannot be read: {error.orig}") from error


def open_database(url: URL) -> "SqliteDatabase | PostgresDatabase":
    """The database at an address; nothing is opened yet."""
    return SqliteDatabase(url) if url.get_backend_name() == "sqlite" else PostgresDatabase(url)


def _store(engine: Engine) -> Store:
    with engine.connect() as connection:
        try:
            row = connection.execute(select(Release.__table__).order_by(Release.number.desc()).limit(1)).one()
        except (DBAPIError, NoResultFound) as error:
            raise NothingLoaded(
                "the database was made by another version of the service; `positions load` makes it anew"
            ) from error
        return Store(engine, row.id, row.date, row.digest, row.build)


def _create(connection: Connection) -> None:
    """Make the tables without keys and indexes: filling a table that has none is much faster."""
    for table in Base.metadata.sorted_tables:
        columns = ", ".join(str(CreateColumn(column).compile(dialect=connection.dialect)) for column in table.columns)
        connection.exec_driver_sql(f'CREATE TABLE "{table.name}" ({columns})')
    search.create(connection)


def index(connection: Connection) -> None:
    """Make keys and indexes, once the tables of the release that is being made are full."""
    for table in Base.metadata.sorted_tables:
        key = ", ".join(f'"{column.name}"' for column in table.primary_key.columns)
        connection.exec_driver_sql(f'CREATE UNIQUE INDEX "{table.name}_key" ON "{table.name}" ({key})')
        for one in sorted(table.indexes, key=lambda one: str(one.name)):
            connection.execute(CreateIndex(one))
    search.index(connection)


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


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_ino, found.st_mtime_ns, found.st_size)


class SqliteDatabase:
    """A release in a file."""

    def __init__(self, url: URL) -> None:
        self.path = Path(str(url.database)).absolute()
        self._seen: tuple[int, int, int] | None = None
        self._store: Store | None = None
        self._opening = threading.Lock()

    def __str__(self) -> str:
        return str(self.path)

    def forget(self) -> None:
        """Look again at the next question: every look is at the file itself, so there is nothing to forget."""

    def current(self) -> Store:
        """The release that is current now; costs one look at the file when nothing has changed.

        Raises:
            NothingLoaded: there is no file yet.
            DatabaseError: the file is not the project's.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            found = None
        if found is None or found.st_size == 0:
            raise NothingLoaded(f"there is no database at {self.path} yet; `positions load` makes it")
        seen = _identity(found)
        held = self._store
        if held is None or seen != self._seen:
            with self._opening:
                held = self._store
                if held is None or seen != self._seen:
                    self._refuse_foreign()
                    fresh = _store(self._engine(f"file:{quote(str(self.path))}?mode=ro&immutable=1", seen))
                    self._store, self._seen = fresh, seen
                    if held is not None:
                        held.engine.dispose()  # what others still read with it is closed when they are done
                    held = fresh
        return held

    @contextmanager
    def replacing(self) -> Iterator[Connection]:
        """A connection to an empty release; leaving the block makes it current, leaving it by an error leaves no trace.

        Raises:
            DatabaseError: the file cannot be written, or another load is under way.
        """
        self._refuse_foreign()
        aside = self.path.with_name(f"{self.path.name}.new")
        with self._alone():
            aside.unlink(missing_ok=True)
            engine = self._engine(f"file:{quote(str(aside))}?mode=rwc")
            try:
                with engine.connect() as connection:
                    connection.exec_driver_sql(f"PRAGMA page_size = {PAGE}")
                    connection.exec_driver_sql("PRAGMA journal_mode = OFF")  # the file is nobody's until it is renamed
                    connection.exec_driver_sql("PRAGMA synchronous = OFF")
                    connection.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")
                    connection.exec_driver_sql(f"PRAGMA cache_size = -{SORTING // 1024}")
                    connection.exec_driver_sql("PRAGMA temp_store = FILE")  # indexes are sorted in files, not in memory
                    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.exec_driver_sql("BEGIN")
                    _create(connection)
                    yield connection
                    connection.exec_driver_sql("COMMIT")
                    connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
                    connection.exec_driver_sql("ANALYZE")
                engine.dispose()
                with aside.open("rb") as file:
                    os.fsync(file.fileno())
                aside.replace(self.path)
            except (DBAPIError, OSError) as error:
                reason = getattr(error, "orig", None) or error
                raise DatabaseError(
                    f"{self.path} could not be written: {reason}. The release before is untouched."
                ) from error
            finally:
                engine.dispose()
                aside.unlink(missing_ok=True)

    def _engine(self, uri: str, seen: tuple[int, int, int] | None = None) -> Engine:
        """An engine on a file; where ``seen`` is given, on none but that file, whatever may take its name."""

        def connect() -> sqlite3.Connection:
            # isolation_level None: the driver must not begin and end transactions by itself, or DDL would be outside ours.
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
            if seen is not None and not (self.path.exists() and _identity(self.path.stat()) == seen):
                connection.close()
                raise Replaced(f"{self.path} was replaced")
            return connection

        # SQLite's own pool has one connection a thread and closes those of other threads.
        engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=8, max_overflow=64)

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")

        return engine

    def _refuse_foreign(self) -> None:
        """Never read or overwrite a file that is somebody else's."""
        if not self.path.exists() or self.path.stat().st_size == 0:
            return
        with self.path.open("rb") as file:
            header = file.read(72)
        if not header.startswith(b"SQLite format 3\0"):
            raise DatabaseError(f"{self.path} is not an SQLite file; set DATABASE_URL to another, or remove it")
        if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
            raise DatabaseError(
                f"{self.path} is an SQLite database of another program; set DATABASE_URL to another file"
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self.path.exists() and not stat.S_IMODE(self.path.stat().st_mode) & 0o222:
            raise DatabaseError(
                f"{self.path} is read-only; make it writable (chmod u+w) or set DATABASE_URL to another file"
            )
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            file = lock.open("w")
        except OSError as error:
            raise DatabaseError(
                f"{self.path.parent} cannot be written to: {error.strerror}; set DATABASE_URL to a file elsewhere"
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DatabaseError(f"another load into {self.path} is under way; wait for it") from None
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)


def _missed(context: Any) -> None:
    """A table of a release that is not there: two loads have passed since the release was looked up."""
    if isinstance(context.original_exception, UndefinedTable):
        raise Replaced("the release was replaced") from context.original_exception


class PostgresDatabase:
    """A release in a schema of a PostgreSQL database."""

    _POINTER = "public.positions_pointer"
    _LOCK = 0x504F5331

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine = create_engine(url, pool_pre_ping=True)
        event.listen(self._engine, "handle_error", _missed)
        self._looked = 0.0
        self._schema: str | None = None
        self._store: Store | None = None

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    def forget(self) -> None:
        """Look again at the next question."""
        self._looked = float("-inf")

    def current(self) -> Store:
        """The release that is current now, looked for at most once a second.

        Raises:
            NothingLoaded: there is no release yet.
            DatabaseError: the server cannot be reached.
        """
        now = time.monotonic()
        if self._store is None or now - self._looked > POLL_SECONDS:
            try:
                with self._engine.connect() as connection:
                    schema = self._pointer(connection)
            except DBAPIError as error:
                raise DatabaseError(f"{self} cannot be read: {error.orig}") from error
            if schema is None:
                raise NothingLoaded(f"there is no release in {self} yet; `positions load` makes one")
            if schema != self._schema or self._store is None:
                self._store = _store(self._engine.execution_options(schema_translate_map={None: schema}))
                self._schema = schema
            self._looked = now
        return self._store

    @contextmanager
    def replacing(self) -> Iterator[Connection]:
        """As of `SqliteDatabase.replacing`."""
        try:
            with self._engine.begin() as connection:
                if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": self._LOCK}):
                    raise DatabaseError(f"another load into {self} is under way; wait for it")
                connection.execute(
                    text(
                        f"CREATE TABLE IF NOT EXISTS {self._POINTER} (number bigint PRIMARY KEY, schema text NOT NULL)"
                    )
                )
                number = connection.scalar(text(f"SELECT coalesce(max(number), 0) + 1 FROM {self._POINTER}"))
                schema = f"positions_release_{number}"
                connection.execute(text(f"CREATE SCHEMA {schema}"))
                connection.execute(text(f"SET LOCAL search_path TO {schema}, public"))
                within = connection.execution_options(schema_translate_map={None: schema})
                _create(within)
                yield within
                connection.execute(
                    text(f"INSERT INTO {self._POINTER} VALUES (:number, :schema)"),
                    {"number": number, "schema": schema},
                )
        except DBAPIError as error:
            raise DatabaseError(
                f"{self} could not be written: {error.orig}. The release before is untouched."
            ) from error
        with suppress(DBAPIError):  # somebody still reads it; the next load drops it
            self._sweep(int(number or 0))
        self.forget()

    def _pointer(self, connection: Connection) -> str | None:
        if not inspect(connection).has_table(self._POINTER.partition(".")[2], schema="public"):
            return None
        schema: str | None = connection.scalar(text(f"SELECT schema FROM {self._POINTER} ORDER BY number DESC LIMIT 1"))
        return schema

    def _sweep(self, number: int) -> None:
        """Drop the releases before the one before this: nobody reads them any more."""
        with self._engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            for old, schema in connection.execute(
                text(f"SELECT number, schema FROM {self._POINTER} WHERE number < :number"),
                {"number": number - 1},
            ).all():
                connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
                connection.execute(text(f"DELETE FROM {self._POINTER} WHERE number = :old"), {"old": old})
