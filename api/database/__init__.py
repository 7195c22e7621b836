"""Where a release is kept: it is made in full beside the old one, then switched to at once, so that readers see either the old or the
new one.

On SQLite a release is a file that is never altered (opened ``immutable``) and replaced by a rename. On PostgreSQL it is a
schema of its own, made in one transaction that ends by pointing to it; the release before stays until the next load, for
answers that are under way. Replicas of a PostgreSQL server share the reading.
"""

from collections.abc import Sequence

from sqlalchemy.engine import URL

from api.database.sqlite import SqliteDatabase
from api.database.store import Database, DatabaseError, NothingLoaded, Replaced, Store, fill, index

__all__ = [
    "Database",
    "DatabaseError",
    "NothingLoaded",
    "Replaced",
    "SqliteDatabase",
    "Store",
    "fill",
    "index",
    "open_database",
]


def open_database(url: URL, replicas: Sequence[URL] = ()) -> Database:
    """The database at an address; nothing is opened yet.

    Args:
        replicas: PostgreSQL servers to read from. Loads pass none: only the primary knows for certain what was loaded before.
    """
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(url)
    from api.database.postgres import PostgresDatabase  # noqa: PLC0415  # its driver takes long to import, and memory

    return PostgresDatabase(url, replicas)
