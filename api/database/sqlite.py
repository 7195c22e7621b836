"""A release in an SQLite file, which is never altered and is replaced by a rename."""

import fcntl
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from api.database.store import STATEMENTS, DatabaseError, NothingLoaded, Replaced, Store, create, newest_release

APPLICATION_ID = 0x504F5331  # "POS1", in the header of the project's SQLite files
PAGE = 8192  # bytes; several answers fit in a page
#: A look at the file releases the GIL, which costs an answer from the cache half of its time when threads wait for it.
LOOK_SECONDS = 0.05
SORTING = 64 * 2**20  # bytes of memory that making an index may take


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_ino, found.st_mtime_ns, found.st_size)


class SqliteDatabase:
    """A release in a file."""

    remote = False

    def __init__(self, url: URL) -> None:
        self.path = Path(str(url.database)).absolute()
        self._seen: tuple[int, int, int] | None = None
        self._look_at = 0.0
        self._store: Store | None = None
        self._opening = threading.Lock()
        self._kept = threading.local()

    def __str__(self) -> str:
        return str(self.path)

    def forget(self) -> None:
        """Look up the current release again at the next request."""
        self._look_at = 0.0

    def servers(self) -> tuple[()]:
        """None: a file is read without one."""
        return ()

    def close(self) -> None:
        """Close what is open and not in use, this thread's connection included."""
        held: Connection | None = self._kept.__dict__.pop("connection", None)
        if held is not None:
            held.close()
        if self._store is not None:
            self._store.engine.dispose()

    def current(self) -> Store:
        """The release that is current now, or was when the file was looked at, `LOOK_SECONDS` ago at most.

        Raises:
            NothingLoaded: there is no file yet.
            DatabaseError: the file is not the project's.
        """
        now = time.monotonic()
        if self._store is not None and now < self._look_at:
            return self._store
        try:
            found = self.path.stat()
        except FileNotFoundError:
            found = None
        if found is None or found.st_size == 0:
            raise NothingLoaded(f"there is no database at {self.path} yet; run `positions load`")
        seen = _identity(found)
        held = self._store
        if held is None or seen != self._seen:
            with self._opening:
                held = self._store
                if held is None or seen != self._seen:
                    self._refuse_foreign()
                    engine = self._engine(f"file:{quote(str(self.path))}?mode=ro&immutable=1", seen)
                    with engine.connect() as connection:
                        row = newest_release(connection)
                    fresh = Store(engine, row.id, row.date, row.digest, row.build, row.identity, kept=self._kept)
                    self._store, self._seen = fresh, seen
                    if held is not None:
                        held.engine.dispose()  # connections in use are closed when their readers are done
                    held = fresh
        self._look_at = now + LOOK_SECONDS
        return held

    def at_hand(self) -> Store:
        """See `current`, which waits for nobody."""
        return self.current()

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
                    connection.exec_driver_sql("PRAGMA journal_mode = OFF")  # nobody reads the file until it is renamed
                    connection.exec_driver_sql("PRAGMA synchronous = OFF")
                    connection.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")
                    connection.exec_driver_sql(f"PRAGMA cache_size = -{SORTING // 1024}")
                    connection.exec_driver_sql("PRAGMA temp_store = FILE")  # indexes are sorted in files, not in memory
                    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                    connection.exec_driver_sql("BEGIN")
                    create(connection)
                    yield connection
                    connection.exec_driver_sql("COMMIT")
                engine.dispose()
                with aside.open("rb") as file:
                    os.fsync(file.fileno())
                aside.replace(self.path)
                self.forget()
            except (DBAPIError, OSError) as error:
                reason = getattr(error, "orig", None) or error
                kept = " The previous release is unchanged." if self.path.exists() else ""
                raise DatabaseError(f"{self.path} could not be written: {reason}.{kept}") from error
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

        # SQLite's own pool has one connection a thread and closes those of other threads. Readers begin no transaction
        # that would have to be rolled back, and what a load leaves is removed.
        engine = create_engine(
            "sqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=64,
            pool_reset_on_return=None,
            query_cache_size=STATEMENTS,
        )

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
            raise DatabaseError(f"{self.path} is not an SQLite file; remove it, or set DATABASE_URL to another file")
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
                f"{self.path.parent} cannot be written to: {error.strerror}; set DATABASE_URL to a file in another folder"
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DatabaseError(f"another load into {self.path} is running; wait until it has finished") from None
            # The file stays: if it were removed, a process that had opened it meanwhile would hold a different lock from the next one.
            yield
