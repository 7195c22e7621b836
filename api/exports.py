"""Exports: a whole release as files, made once, after a load or at the first request for one of them, and kept until the release
is replaced.

The files of a release are in a folder named by the release's identity, which covers the releases before it, and by the digest of
the code. They are written to a temporary folder, which is then renamed, so that a file is either whole or not there. The same release,
loaded onto the same history by the same code, gives the same bytes.
"""

import fcntl
import hashlib
import math
import os
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import orjson

from api.contract.descriptors import LICENCE, Described, csvw_group, data_package, foreign_keys, table_schema
from api.database import Store
from api.formats import FORMATS, batches

ARCHIVE, SQLITE, LINES, PACKAGE, CSVW, SUMS = (
    "positions-csv.zip",
    "positions.sqlite",
    "positions.jsonl",
    "datapackage.json",
    "csv-metadata.json",
    "SHA256SUMS",
)
MANIFEST = "manifest.json"
KEPT_RELEASES = 2
#: The prefix of the temporary folders that exports are written to.
_UNFINISHED = ".new-"
#: Seconds between two attempts to take the lock.
_PAUSE = 0.02
_CHUNK = 2**20
#: The archive's compression level: higher ones take several times as long for files a tenth smaller.
_LEVEL = 2
#: A stage, how much of it is done, and how much there is.
Progress = Callable[[str, int, int | None], None]
_TYPES = {"integer": "INTEGER", "number": "REAL", "boolean": "BOOLEAN", "date": "DATE"}
_README = """\
# Positions, release {release}

Who holds which position on what, since when, according to whom. Data of {date}, under CC BY 4.0.

Each file is one table: UTF-8, comma-separated, a header line, empty where there is no value, lists joined with "; ".
`datapackage.json` (Frictionless Data Package) and `csv-metadata.json` (CSV on the Web) describe every column. A text that a
spreadsheet would take for a formula begins with an apostrophe.

Cite as: Positions, release {release} ({date}), digest {digest}.
"""


@dataclass(frozen=True)
class Sheet(Described):
    """One table to export: its description, and a function that reads its records."""

    records: Callable[[], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Content:
    """What is exported: the tables, and every record as a line."""

    sheets: Sequence[Sheet]
    lines: Iterable[bytes]


class Underway(Exception):
    """The exports of a release are being made by another thread or process."""


#: When this process first waited for each folder that another thread or process makes.
_awaited: dict[Path, float] = {}


def exported(
    shelf: Path,
    store: Store,
    content: Callable[[], Content],
    progress: Progress = lambda *_: None,
    patience: float = math.inf,
) -> Path:
    """The folder of a release's exports, which is made first if it is not there yet.

    Args:
        patience: for how many seconds this process waits, all its requests together, while another thread or process makes it.

    Raises:
        Underway: it is still being made.
        PermissionError: there is no folder in which it can be made.
    """
    root = _writable(shelf)
    folder = root / _name(store)
    if not folder.is_dir():
        with _locked(root, lambda: _awaited.setdefault(folder, time.monotonic()) + patience):
            if not folder.is_dir():
                _make(root, folder, store, content(), progress)
    return folder


def made(shelf: Path, store: Store) -> Path | None:
    """The folder of a release's exports, if it is there."""
    for root in _roots(shelf):
        folder = root / _name(store)
        if folder.is_dir() and _own(root):
            return folder
    return None


def _name(store: Store) -> str:
    return f"{store.identity[:16]}-{store.build[:16]}"


@lru_cache(maxsize=KEPT_RELEASES)
def manifest(folder: Path) -> Any:
    """What a folder of exports holds: its tables and its files, with sizes and checksums."""
    return orjson.loads((folder / MANIFEST).read_bytes())


@lru_cache(maxsize=KEPT_RELEASES)
def rows(folder: Path) -> Mapping[str, int]:
    """How many rows each table in a folder of exports has."""
    return {one["name"]: one["rows"] for one in manifest(folder)["tables"]}


def _roots(shelf: Path) -> tuple[Path, Path]:
    """The folder itself, and one in the temporary folder, for use if the first cannot be written to."""
    name = hashlib.sha256(str(shelf).encode()).hexdigest()[:16]
    return shelf, Path(tempfile.gettempdir()) / f"positions-{os.getuid()}-{name}"


def _own(root: Path) -> bool:
    """Whether a folder is this user's own: what another put there is not served."""
    return not root.is_symlink() and root.stat().st_uid == os.getuid()


def _writable(shelf: Path) -> Path:
    for root in _roots(shelf):
        try:
            root.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            continue
        if _own(root) and os.access(root, os.W_OK):
            return root
    raise PermissionError(f"exports cannot be written to {shelf} or to the temporary folder")


@contextmanager
def _locked(root: Path, until: Callable[[], float]) -> Iterator[None]:
    """Hold the lock on making exports. ``until`` gives the time at which to give up; it is called only if another holds the lock.

    Raises:
        Underway: another still holds it at that time.
    """
    with (root / ".lock").open("w") as lock:
        while not _acquired(lock):
            if time.monotonic() >= until():
                raise Underway
            time.sleep(_PAUSE)
        yield


def _acquired(lock: IO[str]) -> bool:
    """Try to take the lock; whether it was free."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(root: Path, folder: Path, store: Store, content: Content, progress: Progress) -> None:
    for interrupted in root.glob(f"{_UNFINISHED}*"):  # whoever holds the lock is alone: nothing else is being made
        shutil.rmtree(interrupted, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=root))
    try:
        tables = _tables(unfinished, store, content.sheets, progress)
        with (unfinished / LINES).open("wb") as lines:
            lines.writelines(content.lines)
        for name, text in _descriptors(store, content.sheets, tables).items():
            (unfinished / name).write_bytes(text)
        files = [_file(unfinished / name, about) for name, about in _FILES.items()]
        (unfinished / SUMS).write_text("".join(f"{one['sha256']}  {one['name']}\n" for one in files), encoding="ascii")
        (unfinished / MANIFEST).write_bytes(orjson.dumps({"tables": tables, "files": files}))
        _sweep(root)
        unfinished.rename(folder)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if isinstance(error, sqlite3.OperationalError):  # how SQLite reports a full disk
            raise OSError(str(error)) from error
        raise


_FILES = {
    ARCHIVE: "Every table as CSV, with a Frictionless Data Package that describes them.",
    SQLITE: "Every table in one SQLite database, for Datasette, Metabase, Superset, DBeaver and the like.",
    LINES: "Every record as nested JSON, one a line, each with its collection.",
}


def _sweep(root: Path) -> None:
    """Remove the exports of all but the newest releases."""
    folders = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(_UNFINISHED)]
    oldest_first = sorted(folders, key=lambda path: path.stat().st_mtime)
    for folder in oldest_first[: -(KEPT_RELEASES - 1)]:  # one less: the next release is about to join them
        shutil.rmtree(folder, ignore_errors=True)


def _file(path: Path, about: str) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "name": path.name,
            "about": about,
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _tables(folder: Path, store: Store, sheets: Sequence[Sheet], progress: Progress) -> list[dict[str, Any]]:
    """Write the tables, the archive and the database in one pass over each table. Returns the tables as the manifest lists them."""
    tables: list[dict[str, Any]] = []
    names = {sheet.name for sheet in sheets}
    with (
        zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
        closing(sqlite3.connect(folder / SQLITE, isolation_level=None, check_same_thread=False)) as database,
        ThreadPoolExecutor(
            max_workers=1
        ) as packer,  # compression releases the interpreter lock: the next table is written meanwhile
    ):
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN")
        packing: list[Future[None]] = []
        for number, sheet in enumerate(sheets):
            progress("exporting", number, len(sheets))
            tables.append(_table(folder, database, sheet, names))
            packing.append(packer.submit(_pack, archive, folder / f"{sheet.name}.csv", store.date))
        for sheet in sheets:
            _index(database, sheet, names)
        _dictionary(database, store, tables)
        database.execute("COMMIT")
        for future in packing:
            future.result()
        readme = _README.format(release=store.release, date=store.date, digest=store.digest)
        for name, text in {**_descriptors(store, sheets, tables), "README.md": readme.encode()}.items():
            archive.writestr(_entry(name, store.date), text)
        progress("exporting", len(sheets), len(sheets))
    return tables


def _pack(archive: zipfile.ZipFile, path: Path, day: date) -> None:
    entry = _entry(path.name, day)
    entry.file_size = path.stat().st_size  # so that the archive uses ZIP64 where it is needed
    with path.open("rb") as file, archive.open(entry, "w") as target:
        shutil.copyfileobj(file, target, _CHUNK)


def _entry(name: str, day: date) -> zipfile.ZipInfo:
    """An entry with fixed metadata: the same bytes whenever and wherever it is made."""
    entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def _table(folder: Path, database: sqlite3.Connection, sheet: Sheet, names: set[str]) -> dict[str, Any]:
    """Write one table in each format and into the database."""
    rows = 0
    insert = _declare(database, sheet, names)
    with ExitStack() as opened:
        files = {suffix: opened.enter_context((folder / f"{sheet.name}.{suffix}").open("wb")) for suffix in FORMATS}
        for suffix, form in FORMATS.items():
            files[suffix].write(form.head(sheet.columns))
        for batch in batches(sheet.columns, sheet.records()):
            database.executemany(insert, batch.rows)
            rows += len(batch.rows)
            for suffix, form in FORMATS.items():
                files[suffix].write(form.body(batch))
        for suffix, form in FORMATS.items():
            files[suffix].write(form.tail)
    written = _file(folder / f"{sheet.name}.csv", sheet.about)
    return {
        "name": sheet.name,
        "about": sheet.about,
        "rows": rows,
        "bytes": written["bytes"],
        "sha256": written["sha256"],
        "schema": {**table_schema(sheet), "foreignKeys": foreign_keys(sheet, names)},
    }


def _descriptors(store: Store, sheets: Sequence[Sheet], tables: list[dict[str, Any]]) -> dict[str, bytes]:
    """The files that describe the tables, by name."""
    descriptors = {PACKAGE: data_package(store, tables), CSVW: csvw_group(store, sheets)}
    return {name: orjson.dumps(one, option=orjson.OPT_INDENT_2) for name, one in descriptors.items()}


def _declare(database: sqlite3.Connection, sheet: Sheet, names: set[str]) -> str:
    """Create a table in the database. Returns the statement that inserts a row."""
    lines = []
    for column in sheet.columns:
        line = f"{_quoted(column.name)} {_TYPES.get(column.type, 'TEXT')}"
        if column.name == sheet.key:
            line += " PRIMARY KEY"
        if column.required or column.name == sheet.key:
            line += " NOT NULL"
        if column.references in names:
            line += f" REFERENCES {_quoted(str(column.references))} (id)"
        lines.append(line)
    name = _quoted(sheet.name)
    database.execute(f"CREATE TABLE {name} (\n  {f',{chr(10)}  '.join(lines)}\n)")
    marks = ", ".join("?" * len(sheet.columns))
    return f"INSERT INTO {name} VALUES ({marks})"


def _index(database: sqlite3.Connection, sheet: Sheet, names: set[str]) -> None:
    """Create indexes on a table's references, after its rows are inserted, which is faster."""
    for column, _ in sheet.references(names):
        name = _quoted(f"{sheet.name}_{column.name}")
        database.execute(f"CREATE INDEX {name} ON {_quoted(sheet.name)} ({_quoted(column.name)})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _dictionary(database: sqlite3.Connection, store: Store, tables: list[dict[str, Any]]) -> None:
    """Describe the release and the columns in tables of the database itself."""
    database.execute(
        'CREATE TABLE "about_release" ("id" TEXT PRIMARY KEY NOT NULL, "date" DATE, "digest" TEXT, "licence" TEXT)'
    )
    database.execute(
        "INSERT INTO about_release VALUES (?, ?, ?, ?)",
        (store.release, store.date.isoformat(), store.digest, LICENCE["name"]),
    )
    database.execute(
        'CREATE TABLE "about_columns" ("table_name" TEXT NOT NULL, "position" INTEGER NOT NULL, "column_name" TEXT NOT NULL, '
        '"type" TEXT NOT NULL, "description" TEXT NOT NULL, PRIMARY KEY ("table_name", "column_name"))'
    )
    database.executemany(
        "INSERT INTO about_columns VALUES (?, ?, ?, ?, ?)",
        [
            (table["name"], number, one["name"], one["type"], one["description"])
            for table in tables
            for number, one in enumerate(table["schema"]["fields"], 1)
        ],
    )
