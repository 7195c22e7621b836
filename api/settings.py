"""Settings: read from the environment and checked on demand, never at import."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from api.nearest import nearest

SHIPPED_SEEDS = Path(__file__).resolve().parent.parent / "seeds"
DEFAULT_DATABASE = "sqlite:///positions.db"
DIALECTS = ("sqlite", "postgresql")
NAMES = (
    "POSITIONS_SEEDS",
    "POSITIONS_TEXTS_DIR",
    "POSITIONS_CACHE_MB",
    "POSITIONS_PUBLIC_URL",
    "DATABASE_URL",
    "DATABASE_REPLICA_URLS",
)
#: Scheme, host and path, of the characters that an address may have (RFC 3986).
_PUBLIC_URL = r"https?://[\w.:\[\]%~-]+(/[\w./%~!$&'()*+,;=:@-]*)?"
T = TypeVar("T")


class SettingError(Exception):
    """A setting that cannot be used; the message names it, its value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, each from the environment variable in its comment."""

    database: URL  # DATABASE_URL
    seeds: Path  # POSITIONS_SEEDS
    replicas: tuple[URL, ...] = ()  # DATABASE_REPLICA_URLS
    texts: Path | None = None  # POSITIONS_TEXTS_DIR
    cache_bytes: int = 64 * 2**20  # POSITIONS_CACHE_MB
    public_url: str | None = None  # POSITIONS_PUBLIC_URL

    @property
    def exports(self) -> Path:
        """The folder for the exports of releases: beside the SQLite file, or for PostgreSQL in the temporary folder."""
        if self.database.get_backend_name() == "sqlite":
            return Path(f"{Path(str(self.database.database)).absolute()}.exports")
        name = hashlib.sha256(self.database.render_as_string().encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"positions-{os.getuid()}-{name}"

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings.

        Raises:
            SettingError: one, for all values that cannot be used and all POSITIONS_ or DATABASE_REPLICA names that do not exist.
        """
        wrong = list(_misnamed(environment))

        def tried(make: Callable[..., T], *given: Any) -> T | None:
            try:
                return make(*given)
            except SettingError as error:
                wrong.append(str(error))
                return None

        get = environment.get
        database = tried(_database, "DATABASE_URL is", get("DATABASE_URL", "").strip() or DEFAULT_DATABASE)
        replicas = tried(_replicas, get("DATABASE_REPLICA_URLS") or "", database)
        texts = tried(_folder, "POSITIONS_TEXTS_DIR", get("POSITIONS_TEXTS_DIR"))
        cache_bytes = tried(_megabytes, "POSITIONS_CACHE_MB", get("POSITIONS_CACHE_MB") or "64")
        public_url = tried(_address, "POSITIONS_PUBLIC_URL", get("POSITIONS_PUBLIC_URL"))
        if wrong or database is None or replicas is None or cache_bytes is None:
            raise SettingError("\n".join(wrong))
        return cls(
            database=database,
            replicas=replicas,
            seeds=Path(get("POSITIONS_SEEDS") or SHIPPED_SEEDS),
            texts=texts,
            cache_bytes=cache_bytes,
            public_url=public_url,
        )


def _misnamed(environment: Mapping[str, str]) -> Iterator[str]:
    """A message for each variable whose name looks like a setting's but is not one."""
    for name in environment:
        if name.upper().startswith(("POSITION_", "POSITIONS_", "DATABASE_REPLICA")) and name not in NAMES:
            hint = _hint(nearest(name, NAMES, begin_alike=True))
            yield f"{name} is not one of the settings: {', '.join(NAMES)}.{hint}"


def _hint(near: list[str]) -> str:
    return f" Did you mean {near[0]}?" if near else ""


def _database(named: str, text: str) -> URL:
    """A database's address; ``named`` is the beginning of the error message."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        raise SettingError(
            f"{named} “{_without_secrets(text)}”, which is not a valid database address; "
            f"expected one such as {DEFAULT_DATABASE} or postgresql://user@host/name"
        ) from None
    dialect = url.get_backend_name()
    if dialect == "postgres":
        url, dialect = url.set(drivername="postgresql"), "postgresql"
    if dialect not in DIALECTS:
        hint = _hint(nearest(dialect, DIALECTS))
        raise SettingError(f"{named} an address for “{url.drivername}”; it must be for {' or '.join(DIALECTS)}.{hint}")
    if dialect == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.host:  # SQLAlchemy drops it, and would read or create a file elsewhere
        file = "/".join(filter(None, (url.host, url.database)))
        raise SettingError(f"{named} an SQLite address with only two slashes; did you mean sqlite:///{file}?")
    if not url.database or url.database == ":memory:":
        raise SettingError(
            f"{named} an address without a file name; the database cannot be in memory, since several workers share it"
        )
    if Path(url.database).is_dir():
        raise SettingError(f"{named} the address of {url.database}, which is a folder; expected a file")
    if url.query:
        raise SettingError(
            f"{named} an SQLite address with parameters ({', '.join(url.query)}), which have no effect; remove them"
        )
    return url


def _replicas(text: str, database: URL | None) -> tuple[URL, ...]:
    name = "DATABASE_REPLICA_URLS"
    if not text.strip():
        return ()
    if database is not None and database.get_backend_name() == "sqlite":
        raise SettingError(
            f"{name} is set, but DATABASE_URL is an SQLite file, which cannot have replicas; set DATABASE_URL to the "
            f"PostgreSQL primary (postgresql://user@host/name), or unset {name}"
        )
    found: list[URL] = []
    for number, part in enumerate(text.split(","), 1):
        url = _database(f"{name}: address {number} is", part.strip())
        if url.get_backend_name() == "sqlite":
            raise SettingError(
                f"{name}: address {number} is an SQLite file; expected PostgreSQL addresses (postgresql://user@host/name), "
                "separated by commas"
            )
        if url in found:
            raise SettingError(
                f"{name}: address {number} is the same as address {found.index(url) + 1}; list each replica once"
            )
        found.append(url)
    return tuple(found)


def _without_secrets(text: str) -> str:
    """An address without the parts that may be secret: everything before the host, and the parameters."""
    return re.sub(r"^.*@", "…@", text).partition("?")[0]


def _folder(name: str, text: str | None) -> Path | None:
    if not text:
        return None
    if not Path(text).is_dir():
        raise SettingError(f"{name} is “{text}”, which is not a folder")
    return Path(text)


def _megabytes(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65536:
        raise SettingError(f"{name} is “{text}”; it must be a whole number of megabytes from 0 to 65536")
    return int(text) * 2**20


def _has_port(text: str) -> bool:
    """Whether an address has a valid port, or none."""
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def _address(name: str, text: str | None) -> str | None:
    if text and not (re.fullmatch(_PUBLIC_URL, text) and _has_port(text)):
        raise SettingError(
            f"{name} is “{text}”; expected the public address, such as https://example.org or https://example.org/positions"
        )
    return text.rstrip("/") if text else None
