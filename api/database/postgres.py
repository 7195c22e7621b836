"""A release in a schema of a PostgreSQL database, loaded into one server and read from it or from its replicas.

Each load makes a schema with a name of its own, and every statement of an answer names the schema that it reads. So a server that
lacks the release can only fail, never answer from another release. Servers are asked what they have, so that this is rare.
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

POLL_SECONDS = 1.0  # between two polls of the servers
CONNECT_SECONDS = 3  # a server is not read from if connecting takes longer,
PATIENCE_SECONDS = 5.0  # or if its reply takes longer
IDLE_SECONDS = 30.0  # polling stops this long after the last request for the release; the next request starts it again
#: Errors that mean that the release was dropped while it was read: by a later load, or by a replica that replays one and cancels reads.
_GONE = (UndefinedTable, SerializationFailure, DeadlockDetected)
_POINTER = "public.positions_pointer"
_LOCK = 0x504F5331
log = logging.getLogger("positions")


def _engine(url: URL, **more: Any) -> Engine:
    """An engine without prepared statements: a pooler may give each transaction another connection, which does not know them."""
    return create_engine(
        url,
        connect_args={"prepare_threshold": None},
        use_native_hstore=False,
        query_cache_size=STATEMENTS,
        **more,
    )


@dataclass(frozen=True)
class _Reply:
    """What a server has: the number of each release by its schema, the newest first. ``leads`` if it is a primary, not a replica."""

    leads: bool
    releases: dict[str, int]
    newest: Any = None  # the row of the newest release, or NothingLoaded if it cannot be read

    @property
    def schema(self) -> str | None:
        return next(iter(self.releases), None)

    @property
    def number(self) -> int:
        return next(iter(self.releases.values()), 0)


class _Server:
    """A server: its connections, and its last reply to what releases it has."""

    def __init__(self, url: URL) -> None:
        hosts = {name: value for name, value in url.query.items() if name in ("host", "port")}
        self.name = url.set(drivername="postgresql", query=hosts).render_as_string(hide_password=True)
        self.reply: _Reply | None = None  # None: it is not read from
        self.fault: str | None = None  # why it cannot be reached
        # Connections are not tested before use: if one turns out to be broken, the answer is made again.
        self.engine = _engine(url.set(query={"connect_timeout": str(CONNECT_SECONDS), **url.query}))
        event.listen(self.engine, "connect", self._connected)
        event.listen(self.engine, "handle_error", self._failed)
        self._open: set[Driver[Any]] = set()
        self._opening = threading.Lock()
        self._asked_at = 0.0
        self._asking = threading.Thread()

    def reading(self, schema: str) -> Engine:
        """The engine, for one release."""
        return self.engine.execution_options(schema_translate_map={None: schema})

    def has(self, schema: str) -> bool:
        """Whether the server had a release when it last replied."""
        reply = self.reply
        return reply is not None and schema in reply.releases

    def ask(self) -> None:
        """Start asking for the releases, in a thread of its own, so that a server that hangs holds up nobody."""
        if not self._asking.is_alive():
            self._asked_at = time.monotonic()
            self._asking = threading.Thread(target=self._ask, daemon=True)
            self._asking.start()

    def receive(self, *, wait: bool) -> None:
        """Receive the reply, if need be after waiting for it; a server whose reply is overdue is not read from any longer."""
        left = self._asked_at + PATIENCE_SECONDS - time.monotonic()
        if wait:
            self._asking.join(max(0.0, left))
        if self._asking.is_alive() and (wait or left <= 0):
            self._lose(f"no answer within {PATIENCE_SECONDS:.0f} s")
            self._hang_up()

    def close(self) -> None:
        """Close what is open and not in use."""
        if self._asking.ident is not None:
            self.receive(wait=True)
            self._asking.join()
        self.engine.dispose()

    def _ask(self) -> None:
        try:
            try:
                reply = self._read()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                reply = self._read()  # a pooled connection had broken, which does not mean that the server is down
        except DBAPIError as error:
            self._lose(str(error.orig))
            if isinstance(error.orig, ConnectionTimeout):
                self._hang_up()
            return
        if self.fault is not None:
            log.warning("%s answers again", self.name)
        self.reply, self.fault = reply, None

    def _read(self) -> _Reply:
        with self.engine.connect() as connection:
            replica, loaded = connection.execute(
                text(f"SELECT pg_is_in_recovery(), to_regclass('{_POINTER}') IS NOT NULL")
            ).one()
            releases: dict[str, int] = {}
            if loaded:
                query = text(
                    f"SELECT schema, number FROM {_POINTER} JOIN pg_catalog.pg_namespace ON nspname = schema "
                    "ORDER BY number DESC"
                )
                releases = {row.schema: row.number for row in connection.execute(query)}
            newest: Any = None
            before, schema = self.reply, next(iter(releases), None)
            if before is not None and before.schema == schema:
                newest = before.newest
            elif schema is not None:
                try:
                    newest = newest_release(connection, schema)
                except NothingLoaded as error:
                    newest = error
            return _Reply(not replica, releases, newest)

    def _lose(self, reason: str) -> None:
        """Do not read from the server until it answers again. PostgreSQL begins the reason for refusing a connection with FATAL."""
        reason = " ".join(reason.split())
        trouble, refusal = "does not answer", reason.partition("FATAL:")[2].strip()
        if refusal:
            trouble = "refuses"
            reason = (
                f"it says “{refusal}”; if this persists, check the role, the password and the database in the address"
            )
        if self.fault is None:
            log.warning("%s %s: %s", self.name, trouble, reason)
        self.reply, self.fault = None, reason

    def _hang_up(self) -> None:
        """End every connection, so that nobody waits on a server that hangs."""
        with self._opening:
            connections = tuple(self._open)
        for connection in connections:
            with suppress(OSError, OperationalError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def _connected(self, connection: Driver[Any], _record: Any) -> None:
        with self._opening:
            self._open = {one for one in self._open if not one.closed} | {connection}

    def _failed(self, context: Any) -> None:
        """Note an error. If a release could not be read since it or its server is gone, raise `Replaced`: the answer is made again."""
        error = context.original_exception
        if context.connection is None:
            self._lose(str(error))
        elif "schema_translate_map" in context.connection.get_execution_options():
            if context.is_disconnect:
                self._lose(str(error))
            elif isinstance(error, _GONE):
                self.reply = None
            else:
                return
            if context.execution_context is not None:
                with suppress(OperationalError):
                    # SQLAlchemy leaves the cursor open if a listener raises, and may fail to close it if the connection broke.
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
        """Ask the servers again at the next request for the release."""
        self._looked = float("-inf")

    def servers(self) -> list[ServerState]:
        """The state of the primary and the replicas at the last poll."""
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
        """The current release, as of a second ago; waits for the servers only if they have not been polled recently.

        Raises:
            NothingLoaded: there is no release yet.
            DatabaseError: no server can be reached.
        """
        if (known := self.at_hand()) is not None:
            return known
        now = self._asked
        with self._looking:
            if self._looked < now:  # otherwise another thread has polled meanwhile
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
        """The release as of the last poll; None if the servers are not being polled."""
        self._asked = now = time.monotonic()
        polled = self._watcher.is_alive() and now - self._looked <= 2 * PATIENCE_SECONDS
        return self._store if polled else None

    def _watch(self) -> None:
        """Poll the servers, in a thread of its own: if all requests wait on a server that hangs, this frees them."""
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
            server.receive(wait=server.fault is None or self._store is None)
        self._choose(self._primary.reply, [server.reply for server in servers if server.reply is not None])
        self._looked = time.monotonic()

    def _choose(self, primary: _Reply | None, replies: list[_Reply]) -> None:
        """Choose the current release: the newest of the primary. Without a primary it is the newest of any replica, but never an older one
        than before.
        """
        leads = primary is not None and primary.leads
        reply = primary if leads else max(replies, key=lambda one: one.number, default=None)
        if reply is None:
            self._fault = DatabaseError(f"DATABASE_URL is {self}, which cannot be read: {self._primary.fault}")
        elif reply.schema is None:
            self._fault = NothingLoaded(f"{self} contains no release yet; run `positions load`")
            if leads:
                self._store = None
        elif isinstance(reply.newest, NothingLoaded):
            self._fault = reply.newest  # the release chosen before is still there
        elif self._store is None or (reply.schema != self._schema and (leads or reply.number > self._number)):
            if leads and reply.number < self._number:
                log.warning(
                    "%s no longer has the release that was loaded last; %s is served again", self, reply.newest.id
                )
            replicas = [(server, server.reading(reply.schema)) for server in self._replicas]
            self._store = Store(
                self._primary.reading(reply.schema),
                reply.newest.id,
                reply.newest.date,
                reply.newest.digest,
                reply.newest.build,
                reply.newest.identity,
                replicas=partial(self._with_release, replicas, reply.schema),
            )
            self._schema, self._number = reply.schema, reply.number

    def _with_release(self, replicas: Sequence[tuple[_Server, Engine]], schema: str) -> Iterable[Engine]:
        """The replicas that have a release, beginning with another one each time, so that reads are spread over them."""
        engines = [engine for server, engine in replicas if server.has(schema)]
        turn = next(self._turns) % len(engines) if engines else 0
        return engines[turn:] + engines[:turn]

    @contextmanager
    def replacing(self) -> Iterator[Connection]:
        """See `SqliteDatabase.replacing`."""
        self.close()  # a load forks, which is not safe while threads run
        engine = _engine(self.url, poolclass=NullPool)
        number = 0
        try:
            with engine.begin() as connection:
                if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK}):
                    raise DatabaseError(f"another load into {self} is running; wait until it has finished")
                connection.execute(
                    text(f"CREATE TABLE IF NOT EXISTS {_POINTER} (number bigint PRIMARY KEY, schema text NOT NULL)")
                )
                number = int(connection.scalar(text(f"SELECT coalesce(max(number), 0) + 1 FROM {_POINTER}")) or 1)
                # The number alone is not unique: a replica that became the primary may assign it again.
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
            kept = " The previous release is unchanged." if number > 1 else ""
            raise DatabaseError(f"{self} could not be written: {error.orig}.{kept}") from error
        with suppress(DBAPIError), engine.begin() as connection:  # if it is still being read, the next load drops it
            self._sweep(connection, number)
        self.forget()

    @staticmethod
    def _sweep(connection: Connection, number: int) -> None:
        """Drop all releases but this and the one before, which some requests may still read."""
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        for old, schema in connection.execute(
            text(f"SELECT number, schema FROM {_POINTER} WHERE number < :number"),
            {"number": number - 1},
        ).all():
            connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
            connection.execute(text(f"DELETE FROM {_POINTER} WHERE number = :old"), {"old": old})
