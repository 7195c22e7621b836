"""A release in a schema of a PostgreSQL database, loaded into one server and read from it or from its replicas.

A schema is named for one load alone, and every statement of an answer names the schema that it reads: a server that has not
the release can only fail, never answer with another. Asking the servers what they have saves the failing.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from psycopg import Connection as Driver
from psycopg.errors import ConnectionTimeout, DeadlockDetected, OperationalError, SerializationFailure, UndefinedTable
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from api.database.store import (
    STATEMENTS,
    DatabaseError,
    NothingLoaded,
    Replaced,
    ServerState,
    Store,
    create,
    newest_release,
)

POLL_SECONDS = 1.0  # between two looks at the servers
CONNECT_SECONDS = 3  # a server that takes longer to connect to is passed over,
PATIENCE_SECONDS = 5.0  # and so is one that takes longer to say what it has
IDLE_SECONDS = 30.0  # so long after the last question the looking ends; the next question begins it again
#: A release that was dropped: by the next load but one, or on a replica, whose readers must not hold up what it replays.
_GONE = (UndefinedTable, SerializationFailure, DeadlockDetected)
_POINTER = "public.positions_pointer"
_LOCK = 0x504F5331
log = logging.getLogger("positions")


def _engine(url: URL, **more: Any) -> Engine:
    """An engine that prepares no statement at the server: a pooler gives each transaction another connection."""
    return create_engine(
        url,
        connect_args={"prepare_threshold": None},
        use_native_hstore=False,
        query_cache_size=STATEMENTS,
        **more,
    )


@dataclass(frozen=True)
class _Said:
    """What a server has: ``leads`` where it takes loads, and the number of each release by its schema, the newest first."""

    leads: bool
    releases: dict[str, int]
    newest: Any = None  # the row of the newest release; or NothingLoaded, where it cannot be read

    @property
    def schema(self) -> str | None:
        return next(iter(self.releases), None)

    @property
    def number(self) -> int:
        return next(iter(self.releases.values()), 0)


class _Server:
    """A server: its connections, and what it said when it was last asked."""

    def __init__(self, url: URL) -> None:
        hosts = {name: value for name, value in url.query.items() if name in ("host", "port")}
        self.name = url.set(query=hosts).render_as_string(hide_password=True)
        self.said: _Said | None = None  # None: it is passed over
        self.fault: str | None = None  # why it cannot be reached
        # No connection is tried before it is used: where it turns out to be broken, the answer is made anew.
        self.engine = _engine(url.set(query={"connect_timeout": str(CONNECT_SECONDS), **url.query}))
        event.listen(self.engine, "connect", self._connected)
        event.listen(self.engine, "handle_error", self._failed)
        self._open: set[Driver[Any]] = set()
        self._opening = threading.Lock()
        self._began = 0.0
        self._asking = threading.Thread()

    def reading(self, schema: str) -> Engine:
        """The engine, for one release."""
        return self.engine.execution_options(schema_translate_map={None: schema})

    def has(self, schema: str) -> bool:
        """Whether a release is here, as far as is known."""
        said = self.said
        return said is not None and schema in said.releases

    def ask(self) -> None:
        """Begin to ask for the releases, in a thread of its own: a server that hangs must hold up nobody."""
        if not self._asking.is_alive():
            self._began = time.monotonic()
            self._asking = threading.Thread(target=self._ask, daemon=True)
            self._asking.start()

    def hear(self, *, wait: bool) -> None:
        """Wait for the answer, or do not; one that is overdue is not coming."""
        left = self._began + PATIENCE_SECONDS - time.monotonic()
        if wait:
            self._asking.join(max(0.0, left))
        if self._asking.is_alive() and (wait or left <= 0):
            self._lose(f"no answer within {PATIENCE_SECONDS:.0f} s")
            self._hang_up()

    def close(self) -> None:
        """Close what is open and not in use."""
        if self._asking.ident is not None:
            self.hear(wait=True)
            self._asking.join()
        self.engine.dispose()

    def _ask(self) -> None:
        try:
            try:
                said = self._read()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                said = self._read()  # a connection that was kept had broken, which says nothing of the server now
        except DBAPIError as error:
            self._lose(str(error.orig))
            if isinstance(error.orig, ConnectionTimeout):
                self._hang_up()
            return
        if self.fault is not None:
            log.warning("%s answers again", self.name)
        self.said, self.fault = said, None

    def _read(self) -> _Said:
        with self.engine.connect() as connection:
            replica, loaded = connection.execute(
                text(f"SELECT pg_is_in_recovery(), to_regclass('{_POINTER}') IS NOT NULL")
            ).one()
            releases: dict[str, int] = {}
            if loaded:
                held = text(
                    f"SELECT schema, number FROM {_POINTER} JOIN pg_catalog.pg_namespace ON nspname = schema "
                    "ORDER BY number DESC"
                )
                releases = {row.schema: row.number for row in connection.execute(held)}
            newest: Any = None
            before, schema = self.said, next(iter(releases), None)
            if before is not None and before.schema == schema:
                newest = before.newest
            elif schema is not None:
                try:
                    newest = newest_release(connection, schema)
                except NothingLoaded as error:
                    newest = error
            return _Said(not replica, releases, newest)

    def _lose(self, reason: str) -> None:
        """Pass the server over until it answers again. One that answers, and refuses, says FATAL and why."""
        does, refusal = "does not answer", reason.partition("FATAL:")[2].strip()
        if refusal:
            does = "refuses"
            reason = (
                f"it says “{refusal}”; if this persists, check the role, the password and the database in the address"
            )
        if self.fault is None:
            log.warning("%s %s and is asked again every second: %s", self.name, does, reason)
        self.said, self.fault = None, reason

    def _hang_up(self) -> None:
        """End every connection, so that nobody waits on a server that hangs."""
        with self._opening:
            held = tuple(self._open)
        for connection in held:
            with suppress(OSError, OperationalError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def _connected(self, connection: Driver[Any], _record: Any) -> None:
        with self._opening:
            self._open = {one for one in self._open if not one.closed} | {connection}

    def _failed(self, context: Any) -> None:
        """Note what failed; an answer that it happened to is to be made anew."""
        error = context.original_exception
        if context.connection is None:
            self._lose(str(error))
        elif "schema_translate_map" in context.connection.get_execution_options():
            if context.is_disconnect:
                self._lose(str(error))
            elif isinstance(error, _GONE):
                self.said = None
            else:
                return
            if context.execution_context is not None:
                with suppress(OperationalError):
                    # SQLAlchemy leaves it to whoever raises, and closes none where the connection broke.
                    context.execution_context.cursor.close()
            raise Replaced(f"{self.name}: {error}") from error


class PostgresDatabase:
    """A release in a schema of a PostgreSQL database."""

    remote = True

    def __init__(self, url: URL, replicas: Sequence[URL] = ()) -> None:
        self.url = url
        self._primary = _Server(url)
        self._replicas = [_Server(replica) for replica in replicas]
        self._turns = count()
        self._looking = threading.Lock()
        self._watcher = threading.Thread()
        self._closed = threading.Event()
        self._looked = self._asked = float("-inf")
        self._schema: str | None = None
        self._number = 0
        self._store: Store | None = None
        self._fault = DatabaseError(f"{self} has not been contacted yet")

    def __str__(self) -> str:
        return self._primary.name

    def forget(self) -> None:
        """Look again at the next question."""
        self._looked = float("-inf")

    def servers(self) -> list[ServerState]:
        """The primary and the replicas, as they were seen last."""
        schema = self._schema or ""
        replicas = [
            ServerState(f"replica {number}", server.fault is None, server.has(schema), server.has(schema))
            for number, server in enumerate(self._replicas, 1)
        ]
        has = self._primary.has(schema)
        read = has and not any(replica.read for replica in replicas)
        return [ServerState("primary", self._primary.fault is None, has, read), *replicas]

    def close(self) -> None:
        """Close what is open and not in use."""
        self._closed.set()
        with self._looking:
            if self._watcher.ident is not None:
                self._watcher.join()
            for server in (self._primary, *self._replicas):
                server.close()

    def current(self) -> Store:
        """The release that is current now, as of a second ago; waits for the servers only where nothing is known of them.

        Raises:
            NothingLoaded: there is no release yet.
            DatabaseError: no server can be reached.
        """
        if (held := self.at_hand()) is not None:
            return held
        now = self._asked
        with self._looking:
            if self._looked < now:  # else another has looked meanwhile
                self._look()
            if self._store is not None and not self._watcher.is_alive():
                self._closed.clear()
                self._watcher = threading.Thread(target=self._watch, daemon=True)
                self._watcher.start()
        store = self._store
        if store is None:
            raise self._fault
        return store

    def at_hand(self) -> Store | None:
        """The release as of a second ago, while the servers are being asked."""
        self._asked = now = time.monotonic()
        looking = self._watcher.is_alive() and now - self._looked <= 2 * PATIENCE_SECONDS
        return self._store if looking else None

    def _watch(self) -> None:
        """Look again and again, in a thread of its own: if every answer waits on a server that hangs, this frees them."""
        while not self._closed.wait(POLL_SECONDS) and time.monotonic() - self._asked < IDLE_SECONDS:
            if self._looking.acquire(blocking=False):
                try:
                    self._look()
                finally:
                    self._looking.release()

    def _look(self) -> None:
        servers = (self._primary, *self._replicas)
        for server in servers:
            server.ask()
        for server in servers:
            server.hear(wait=server.fault is None or self._store is None)
        self._choose(self._primary.said, [server.said for server in servers if server.said is not None])
        self._looked = time.monotonic()

    def _choose(self, primary: _Said | None, heard: list[_Said]) -> None:
        """Announce what the primary has; where it is silent, the newest that a replica has, but nothing older than before."""
        leads = primary is not None and primary.leads
        said = primary if leads else max(heard, key=lambda one: one.number, default=None)
        if said is None:
            self._fault = DatabaseError(f"{self} (DATABASE_URL) cannot be read: {self._primary.fault}")
        elif said.schema is None:
            self._fault = NothingLoaded(f"{self} contains no release yet; run `positions load`")
            if leads:
                self._store = None
        elif isinstance(said.newest, NothingLoaded):
            self._fault = said.newest  # what is announced is still there
        elif self._store is None or (said.schema != self._schema and (leads or said.number > self._number)):
            if leads and said.number < self._number:
                log.warning("%s has lost what was loaded last: back to %s", self, said.newest.id)
            replicas = [(server, server.reading(said.schema)) for server in self._replicas]
            self._store = Store(
                self._primary.reading(said.schema),
                said.newest.id,
                said.newest.date,
                said.newest.digest,
                said.newest.build,
                said.newest.identity,
                replicas=partial(self._having, replicas, said.schema),
            )
            self._schema, self._number = said.schema, said.number

    def _having(self, replicas: Sequence[tuple[_Server, Engine]], schema: str) -> Iterable[Engine]:
        """The replicas that have a release, in turns."""
        having = [engine for server, engine in replicas if server.has(schema)]
        turn = next(self._turns) % len(having) if having else 0
        return having[turn:] + having[:turn]

    @contextmanager
    def replacing(self) -> Iterator[Connection]:
        """See `SqliteDatabase.replacing`."""
        self.close()  # a load forks, which no thread should see
        engine = _engine(self.url, poolclass=NullPool)
        try:
            with engine.begin() as connection:
                if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
                    raise DatabaseError(f"another load into {self} is running; wait until it has finished")
                connection.execute(
                    text(f"CREATE TABLE IF NOT EXISTS {_POINTER} (number bigint PRIMARY KEY, schema text NOT NULL)")
                )
                number = connection.scalar(text(f"SELECT coalesce(max(number), 0) + 1 FROM {_POINTER}"))
                # The number is not enough: a replica that became the primary may count it anew.
                schema = f"positions_release_{number}_{secrets.token_hex(4)}"
                connection.execute(text(f"CREATE SCHEMA {schema}"))
                connection.execute(text(f"SET LOCAL search_path TO {schema}, public"))
                within = connection.execution_options(schema_translate_map={None: schema})
                create(within)
                yield within
                connection.execute(
                    text(f"INSERT INTO {_POINTER} VALUES (:number, :schema)"),
                    {"number": number, "schema": schema},
                )
        except DBAPIError as error:
            raise DatabaseError(
                f"{self} could not be written: {error.orig}. The previous release is unchanged."
            ) from error
        with suppress(DBAPIError), engine.begin() as connection:  # somebody still reads it; the next load drops it
            self._sweep(connection, int(number or 0))
        self.forget()

    @staticmethod
    def _sweep(connection: Connection, number: int) -> None:
        """Drop the releases before the one before this: nobody reads them any more."""
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        for old, schema in connection.execute(
            text(f"SELECT number, schema FROM {_POINTER} WHERE number < :number"),
            {"number": number - 1},
        ).all():
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(text(f"DELETE FROM {_POINTER} WHERE number = :old"), {"old": old})
