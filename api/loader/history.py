"""The releases so far, and what a load changes against the one before."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from api.database import Database, DatabaseError, NothingLoaded, Store, fill
from api.loader.build import build_digest
from api.loader.compiled import writer
from api.loader.faults import Unplaced
from api.loader.record import Seed
from api.loader.rows import Row, Rows, columns
from api.loader.seeds import Seeds
from api.models import Change, Document, Release
from schemas.fields import Ref, href
from schemas.releases import ChangeSchema, ReleaseSchema
from schemas.vocabulary import Action

_AS_GIVEN = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
#: Of a statement, never of a connection, which would keep it for what is executed next.
STREAMED = {"yield_per": 2000}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did. ``derived`` are those of the records that no seed has, but which follow from seeds: offers."""

    release: str
    records: int
    derived: int
    added: int
    changed: int
    removed: int
    unplaced: Unplaced


def release_before(database: Database) -> Store | None:
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
            f"{database} was created by another version of the service, so its history cannot be read; "
            "remove it, or set DATABASE_URL to another database, and load again"
        ) from error
    return store


def is_taken(before: Store, id: str, digest: str) -> bool:
    """Whether a release of this name, now or earlier, had other content."""
    with before.connect() as connection:
        held = connection.scalar(select(Release.digest).where(Release.id == id))
    return held is not None and held != digest


def dated_after(before: Store, id: str, day: date) -> tuple[str, date] | None:
    """The release that one of this id and date would come behind although it is dated after it; None where there is none.

    One that was loaded on this date already is gone back to, or loaded again, whatever came behind it.
    """
    with before.connect() as connection:
        found = connection.execute(select(Release.id, Release.date).order_by(Release.number.desc())).all()
    if (id, day) in map(tuple, found):
        return None
    newest = next((one for one in found if one.id != id), None)
    return (newest.id, newest.date) if newest and newest.date > day else None


class History:
    """The releases so far, and what this one changes against the one before.

    Blocks of records are noted in whatever processes they are made in; one process then closes it.
    """

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
        self.identity = _identity(digest, ())

    def record(self, given: list[Seed], made: Rows, counts: Counter[str]) -> None:
        """Add the rows of some records of this release, and of what is new in them, to ``made``, and count what is new."""
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
        """Store the history, this release included, when all records are stored and counted; what the load did comes back."""
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
            counts["derived"],
            counts[Action.ADDED.value],
            counts[Action.CHANGED.value],
            counts[Action.REMOVED.value],
            self.seeds.unplaced,
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
            for some in old.execute(old_changes, execution_options=STREAMED).partitions():
                fill(connection, Change.__tablename__, [tuple(row) for row in some])
            found = [dict(row) for row in old.execute(select(Release.__table__).order_by(Release.number)).mappings()]
        self.number = max(row["number"] for row in found) + 1
        kept = [row for row in found if self.rebuilt or row["id"] != self.release]
        same = self.rebuilt and self.before.build == build_digest()
        self.identity = self.before.identity if same else _identity(self.digest, (row["identity"] for row in kept))
        now = {"build": build_digest(), "identity": self.identity}
        return [
            _ordered(Release, **{**row, "date": row["date"].isoformat(), **(now if row["id"] == self.release else {})})
            for row in kept
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
            identity=self.identity,
            number=self.number,
        )


def _identity(digest: str, before: Iterable[str]) -> str:
    """What tells a release, as it is loaded, from every other that may answer otherwise: its seeds, the code, and the identities of the
    releases before, which say in turn what they were held against.
    """
    return hashlib.sha256("\0".join((digest, build_digest(), *before)).encode()).hexdigest()


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
