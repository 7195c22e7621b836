"""Storing a release: everything or nothing, with what it changes against the one before."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from marshal import dumps, loads
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from api import holdings, queries, search
from api.database import Database, DatabaseError, NothingLoaded, Store, fill, index
from api.loader.check import Progress, check, checked, read, second
from api.loader.compiled import writer
from api.loader.derive import Citations, complete, representing
from api.loader.faults import Fault, SeedError
from api.loader.read import digest as seeds_digest
from api.loader.record import Seed
from api.loader.rows import Row, columns, edges, entry, rows
from api.loader.seeds import Seeds
from api.loader.spread import collecting_between_tasks
from api.models import (
    FIRST_DAY,
    LAST_DAY,
    Affiliation,
    Change,
    Cited,
    Document,
    Edge,
    Footing,
    Prepared,
    Release,
    Retired,
    Total,
)
from api.resource import Table
from schemas.fields import Ref, href
from schemas.releases import ChangeSchema, ReleaseSchema
from schemas.vocabulary import Action

BATCH = 2000
_AS_GIVEN = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
#: Of a statement, never of a connection, which would keep it for what is executed next.
STREAMED = {"yield_per": BATCH}
Rows = dict[str, list[Row]]
Prepare = Callable[[Connection, Store], Iterable[Row]]

__all__ = ["Loaded", "build_digest", "load", "seeds_digest"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    release: str
    records: int
    added: int
    changed: int
    removed: int


@cache
def build_digest() -> str:
    """The SHA-256 of the code that makes answers: another build may answer otherwise from the same seeds."""
    total = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent.parent
    for folder in ("api", "schemas"):
        for path in sorted((root / folder).rglob("*.py")):
            total.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


@collecting_between_tasks()
def load(
    root: Path,
    database: Database,
    table: Table,
    *,
    replace: bool = False,
    progress: Progress = lambda *_: None,
    prepare: Prepare = lambda *_: (),
) -> Loaded:
    """Check a folder of seeds and make it the current release.

    Args:
        replace: load changed seeds under the id of the release that is loaded, in its place.
        prepare: makes the rows of `Prepared`, of the release as it will be.

    Raises:
        SeedError: the seeds are at fault; nothing was loaded.
        DatabaseError: the database cannot be written; nothing was loaded.
    """
    seeds, faults = read(root, table, progress)
    if faults:
        second(
            seeds,
            lambda block: ([one for seed in seeds.block(block) for one in checked(seed, seeds)], None),
            lambda _: None,
            faults,
            lambda *_: None,
        )
    digest = seeds_digest(root)
    before = _before(database)
    id: str = seeds.release["id"]
    if before and _taken(before, id, digest) and not (replace and before.release == id):
        check(root, table, progress)
        raise SeedError([_same_id(root, id)])
    with database.replacing() as connection:
        history = _History(before, seeds, digest)
        counts: Counter[str] = Counter()

        def take(content: bytes) -> None:
            made, counted = loads(content)
            counts.update(counted)
            for name, rows_ in made.items():
                fill(connection, name, rows_)

        second(
            seeds,
            _Stored(seeds, table, history),
            take,
            faults,
            lambda done, total: progress("storing (records)", done, total),
        )
        fill(connection, Affiliation.__tablename__, _affiliations(seeds))
        fill(
            connection,
            Retired.__tablename__,
            list(_retired(seeds)),
        )
        loaded = history.close(connection, counts)
        progress("indexing", 0, None)
        holdings.fill(connection)
        index(connection)
        progress("counting", 0, None)
        fill(connection, Total.__tablename__, list(queries.totals(connection, table)))
        fill(connection, Footing.__tablename__, list(queries.footings(connection, table)))
        progress("preparing answers", 0, None)
        store = Store(connection.engine, loaded.release, seeds.release["date"], digest, build_digest())
        for answer in prepare(connection, store):
            fill(connection, Prepared.__tablename__, [answer])
    return loaded


def _before(database: Database) -> Store | None:
    """The release that is loaded, its history readable; None where there is none.

    Raises:
        DatabaseError: it was made by another version of the service.
    """
    try:
        store = database.current()
        with store.connect() as connection:
            for model in (Release, Change, Document):
                connection.execute(select(model.__table__).limit(1))
    except NothingLoaded:
        return None
    except DBAPIError as error:
        raise DatabaseError(
            f"{database} was made by another version of the service, and its history cannot be read; "
            "remove it, or set DATABASE_URL to another, and load again"
        ) from error
    return store


def _taken(before: Store, id: str, digest: str) -> bool:
    """Whether a release of this name, now or earlier, had other content."""
    with before.connect() as connection:
        held = connection.scalar(select(Release.digest).where(Release.id == id))
    return held is not None and held != digest


def _retired(seeds: Seeds) -> Iterator[Row]:
    """Every id that is no longer used, under each collection that had it: positions hold the records of their four kinds."""
    seen = set()
    for one in seeds.retired:
        resource = seeds.table.by_name[one["collection"]]
        for name in (resource.name, seeds.table.of_model(resource.model).name):
            if (name, one["id"]) not in seen:
                seen.add((name, one["id"]))
                yield name, one["id"], one["successor"]


def _same_id(root: Path, id: str) -> Fault:
    head, _, tail = id.rpartition("-")
    following = f"{head}-{int(tail) + 1}" if tail.isdigit() else f"{id}-2"
    return Fault(
        str(root / "release.yaml"),
        1,
        1,
        f"id: “{id}” is loaded already, with other content; give the changed seeds an id of their own, such as {following} "
        "(or, while you are writing, load them in its place with --replace)",
    )


def _affiliations(seeds: Seeds) -> list[Row]:
    return [
        (party, other, (earliest or FIRST_DAY).isoformat(), (latest or LAST_DAY).isoformat())
        for party, other, earliest, latest in dict.fromkeys(representing(seeds))
    ]


class _Stored:
    """The task of making a block's rows: by table, in the form that processes hand to each other quickest."""

    def __init__(self, seeds: Seeds, table: Table, history: "_History") -> None:
        self.seeds = seeds
        self.table = table
        self.history = history
        self.citations = Citations(seeds) if seeds.sound else None

    def __call__(self, block: tuple[int, int]) -> tuple[list[Fault], bytes]:
        faults: list[Fault] = []
        made: Rows = defaultdict(list)
        counts: Counter[str] = Counter()
        given: list[Seed] = []
        for seed in self.seeds.block(block):
            faults += checked(seed, self.seeds)
            if not faults:
                given += self._take(seed, made, counts)
        if not faults:
            self.history.record(given, made, counts)
        return faults, dumps((dict(made), dict(counts)))

    def _take(self, seed: Seed, made: Rows, counts: Counter[str]) -> Iterator[Seed]:
        assert self.citations is not None  # rows are made of sound seeds alone
        process = self.seeds.of("processes").ref(seed.process) if seed.process else None
        for one in complete(seed, self.seeds, self.table):
            cited = self.citations.of(one) if issubclass(one.resource.model, Cited) else []
            if one.resource.name != "offers":
                for piece, citation in zip(one.parts.get("evidence", ()), cited, strict=True):
                    piece.data.update(origin=citation.origin, by_holder=citation.by_holder)
            made[one.resource.model.__tablename__] += rows(
                one, process, cited, self.seeds.release["date"], self.citations.beside(one)
            )
            made[Edge.__tablename__] += edges(one)
            if one.resource.name not in ("evidence", "offers"):
                made[search.ENTRIES].append(tuple(entry(one, cited)))
            counts["records"] += 1
            if one.given:
                yield one


class _History:
    """The releases so far, and what this one changes against the one before."""

    def __init__(self, before: Store | None, seeds: Seeds, digest: str) -> None:
        self.before = before
        self.seeds = seeds
        self.digest = digest
        self.release: str = seeds.release["id"]
        self.ref = Ref("releases", self.release, self.release)
        self.rebuilt = before is not None and before.release == self.release and before.digest == digest
        # What is loaded again is held against the release before itself, as it was when it was loaded first.
        again = before is not None and before.release == self.release
        self.earlier: Any = Document.former if again else Document.content
        self.process = os.getpid()
        self.number = 1

    def record(self, given: list[Seed], made: Rows, counts: Counter[str]) -> None:
        """Take note of records of this release."""
        contents = [orjson.dumps(seed.given, default=str, option=_AS_GIVEN).decode() for seed in given]
        before = self._contents(given)
        made[Document.__tablename__] += (
            (seed.resource.name, seed.id, content, before.get((seed.resource.name, seed.id)))
            for seed, content in zip(given, contents, strict=True)
        )
        if self.rebuilt:
            return
        for seed, content in zip(given, contents, strict=True):
            old = before.get((seed.resource.name, seed.id))
            if old == content:
                continue
            action = Action.ADDED if old is None else Action.CHANGED
            counts[action.value] += 1
            differing = [] if old is None else _differing(orjson.loads(old), orjson.loads(content))
            made[Change.__tablename__].append(self._change(seed.ref, action, differing))

    def _contents(self, given: list[Seed]) -> dict[tuple[str, str], str]:
        """What the release before held under the same ids."""
        if self.before is None:
            return {}
        if self.process != os.getpid():
            self.before.engine.dispose(close=False)  # its connections are the parent process's
            self.process = os.getpid()
        wanted: dict[str, list[str]] = defaultdict(list)
        for seed in given:
            wanted[seed.resource.name].append(seed.id)
        found: dict[tuple[str, str], str] = {}
        with self.before.connect() as connection:
            for collection, ids in wanted.items():
                for part in _batches(ids, 500):
                    statement = select(Document.id, self.earlier).where(
                        Document.collection == collection, Document.id.in_(part), self.earlier.is_not(None)
                    )
                    found.update(((collection, id), content) for id, content in connection.execute(statement))
        return found

    def _change(self, ref: Ref, action: Action, fields: list[dict[str, Any]]) -> Row:
        id = f"{self.release}-{ref.collection}-{ref.id}"
        answer: dict[str, Any] = {
            "id": id,
            "href": href("changes", id),
            "release": self.ref,
            "record": ref,
            "collection": ref.collection,
            "action": action,
            "fields_changed": fields,
            "note": None,
            "absent": {},
        }
        return _ordered(
            Change,
            id=id,
            process_id=None,
            body=orjson.dumps(writer(ChangeSchema)(answer)).decode(),
            release_id=self.release,
            collection=ref.collection,
            action=action.value,
        )

    def close(self, connection: Connection, counts: Counter[str]) -> Loaded:
        """Store the history, this release included."""
        releases = self._releases(connection)
        for collection, id, content in list(self._removed(connection)):
            fill(connection, Document.__tablename__, [(collection, id, None, content)])
            if not self.rebuilt:
                counts[Action.REMOVED.value] += 1
                named_by = self.seeds.table.by_name[collection].schema.named_by
                gone = Ref(collection, id, str(orjson.loads(content).get(named_by) or id))
                fill(connection, Change.__tablename__, [self._change(gone, Action.REMOVED, [])])
        loaded = Loaded(
            self.release,
            counts["records"],
            counts[Action.ADDED.value],
            counts[Action.CHANGED.value],
            counts[Action.REMOVED.value],
        )
        if not self.rebuilt:
            releases.append(self._row(loaded))
        fill(connection, Release.__tablename__, releases)
        return loaded

    def _releases(self, connection: Connection) -> list[Row]:
        """The releases so far; their changes are copied."""
        if self.before is None:
            return []
        with self.before.connect() as old:
            old_changes = select(Change.__table__)
            if not self.rebuilt:
                old_changes = old_changes.where(Change.release_id != self.release)
            for rows_ in old.execute(old_changes, execution_options=STREAMED).partitions():
                fill(connection, Change.__tablename__, [tuple(row) for row in rows_])
            found = [dict(row) for row in old.execute(select(Release.__table__).order_by(Release.number)).mappings()]
        self.number = max(row["number"] for row in found) + 1
        return [
            _ordered(
                Release,
                **{
                    **row,
                    "date": row["date"].isoformat(),
                    "build": build_digest() if row["id"] == self.release else row["build"],
                },
            )
            for row in found
            if self.rebuilt or row["id"] != self.release
        ]

    def _removed(self, connection: Connection) -> Iterator[tuple[str, str, str]]:
        """What the release before held and this one does not: both read in order, side by side."""
        if self.before is None:
            return
        order = (Document.collection, Document.id)
        held = select(*order, self.earlier).where(self.earlier.is_not(None)).order_by(*order)
        now = select(*order).order_by(*order)
        # Closed when done: PostgreSQL makes no index on a table that a query still reads.
        with self.before.connect() as old, connection.execute(now, execution_options=STREAMED) as lasting:
            kept = lasting.fetchone()
            for was in old.execute(held, execution_options=STREAMED):
                while kept is not None and tuple(kept) < tuple(was[:2]):
                    kept = lasting.fetchone()
                if kept is None or tuple(kept) != tuple(was[:2]):
                    yield tuple(was)

    def _row(self, loaded: Loaded) -> Row:
        answer = {
            **self.seeds.release,
            "href": href("releases", self.release),
            "absent": {},
            "digest": self.digest,
            "record_count": loaded.records,
            "added": loaded.added,
            "changed": loaded.changed,
            "removed": loaded.removed,
        }
        return _ordered(
            Release,
            id=self.release,
            process_id=None,
            body=orjson.dumps(ReleaseSchema().dump(answer)).decode(),
            date=self.seeds.release["date"].isoformat(),
            digest=self.digest,
            build=build_digest(),
            number=self.number,
        )


def _differing(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    names = [*after, *(name for name in before if name not in after)]
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _ordered(model: Any, **values: Any) -> Row:
    return tuple(map(values.__getitem__, columns(model)))


def _batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
