"""The releases loaded so far, and what a load changes against the one before."""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, func, select
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
    """What a load did, in numbers of records. ``derived`` counts those that no seed file has, but that follow from one: offers."""

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
    """Whether a release of this id was loaded with other content."""
    with before.connect() as connection:
        loaded_digest = connection.scalar(select(Release.digest).where(Release.id == id))
    return loaded_digest is not None and loaded_digest != digest


def dated_after(before: Store, id: str, day: date) -> tuple[str, date] | None:
    """The id and date of the newest other release, if it is dated after this one, which would follow it; None otherwise.

    A release that was loaded before with the same date may be loaded again, whatever was loaded since.
    """
    with before.connect() as connection:
        releases = connection.execute(select(Release.id, Release.date).order_by(Release.number.desc())).all()
    if (id, day) in map(tuple, releases):
        return None
    newest = next((release for release in releases if release.id != id), None)
    return (newest.id, newest.date) if newest and newest.date > day else None


def _last_number(before: Store) -> int:
    with before.connect() as connection:
        return connection.execute(select(func.max(Release.number))).scalar_one()


class History:
    """The releases loaded so far, and what this one changes against the one before.

    Each process that makes rows adds the records of its blocks; the process that loads closes the history at the end.
    """

    def __init__(self, before: Store | None, seeds: Seeds, digest: str) -> None:
        self.before = before
        self.seeds = seeds
        self.digest = digest
        self.release: str = seeds.release["id"]
        self.date: date = seeds.release["date"]
        self.ref = Ref("releases", self.release, self.release)
        self.rebuilt = before is not None and before.release == self.release and before.digest == digest
        # A release that is loaded again is compared with the release before it, as it was when first loaded.
        again = before is not None and before.release == self.release
        self.compared: Any = Document.former if again else Document.content
        self.process = os.getpid()
        self.number = 1 if before is None else _last_number(before) + 1
        self.identity = _identity(digest, ())

    def add(self, written: list[Seed], by_table: Rows, counts: Counter[str]) -> None:
        """Add to ``by_table`` the rows of `Document` and `Change` for some records that are written in seeds, and count the changes."""
        contents = [orjson.dumps(seed.given, default=str, option=_AS_GIVEN).decode() for seed in written]
        former = self._former(written)
        by_table[Document.__tablename__] += (
            (seed.resource.name, seed.id, content, former.get((seed.resource.name, seed.id)))
            for seed, content in zip(written, contents, strict=True)
        )
        if self.rebuilt:
            return
        for seed, content in zip(written, contents, strict=True):
            old = former.get((seed.resource.name, seed.id))
            if old == content:
                continue
            action = Action.ADDED if old is None else Action.CHANGED
            counts[action.value] += 1
            differing = [] if old is None else _differing(orjson.loads(old), orjson.loads(content))
            by_table[Change.__tablename__].append(self._change(seed.ref, action, differing))

    def _former(self, written: list[Seed]) -> dict[tuple[str, str], str]:
        """The content of the same records in the release before, by collection and id."""
        if self.before is None:
            return {}
        if self.process != os.getpid():
            self.before.engine.dispose(close=False)  # its connections are the parent process's
            self.process = os.getpid()
        ids_by_collection: dict[str, list[str]] = defaultdict(list)
        for seed in written:
            ids_by_collection[seed.resource.name].append(seed.id)
        former: dict[tuple[str, str], str] = {}
        with self.before.connect() as connection:
            for collection, ids in ids_by_collection.items():
                for batch in _batches(ids, 500):
                    statement = select(Document.id, self.compared).where(
                        Document.collection == collection, Document.id.in_(batch), self.compared.is_not(None)
                    )
                    former.update(((collection, id), content) for id, content in connection.execute(statement))
        return former

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
            "date": self.date,
            "note": None,
            "absent": {},
        }
        return _ordered(
            Change,
            id=id,
            process_id=None,
            body=orjson.dumps(writer(ChangeSchema)(answer)).decode(),
            release_id=self.release,
            number=self.number,
            collection=ref.collection,
            action=action.value,
        )

    def close(self, connection: Connection, counts: Counter[str]) -> Loaded:
        """Store the history with this release, once all records are stored and counted. Returns what the load did."""
        releases = self._releases(connection)
        for collection, id, content in list(self._removed(connection)):
            fill(connection, Document.__tablename__, [(collection, id, None, content)])
            if not self.rebuilt:
                counts[Action.REMOVED.value] += 1
                named_by = self.seeds.table.by_name[collection].schema.named_by
                removed = Ref(collection, id, str(orjson.loads(content).get(named_by) or id))
                fill(connection, Change.__tablename__, [self._change(removed, Action.REMOVED, [])])
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
            releases.append(self._release(loaded))
        fill(connection, Release.__tablename__, releases)
        return loaded

    def _releases(self, connection: Connection) -> list[Row]:
        """The rows of the releases before this one, after copying their changes into the new database."""
        if self.before is None:
            return []
        with self.before.connect() as old:
            old_changes = select(Change.__table__)
            if not self.rebuilt:
                old_changes = old_changes.where(Change.release_id != self.release)
            for batch in old.execute(old_changes, execution_options=STREAMED).partitions():
                fill(connection, Change.__tablename__, [tuple(row) for row in batch])
            every = [dict(row) for row in old.execute(select(Release.__table__).order_by(Release.number)).mappings()]
        others = [release for release in every if self.rebuilt or release["id"] != self.release]
        if not self.rebuilt or self.before.build != build_digest():
            self.identity = _identity(self.digest, (release["identity"] for release in others))
        else:
            self.identity = self.before.identity
        for release in others:
            release["date"] = release["date"].isoformat()
            if release["id"] == self.release:
                release.update(build=build_digest(), identity=self.identity)
        return [_ordered(Release, **release) for release in others]

    def _removed(self, connection: Connection) -> Iterator[tuple[str, str, str]]:
        """The records of the release before that this one has no longer: collection, id and content.

        Both releases are read in the same order, side by side, so that memory stays bounded.
        """
        if self.before is None:
            return
        order = (Document.collection, Document.id)
        former = select(*order, self.compared).where(self.compared.is_not(None)).order_by(*order)
        current = select(*order).order_by(*order)
        # The result is closed when done: PostgreSQL makes no index on a table that a query still reads.
        with self.before.connect() as old, connection.execute(current, execution_options=STREAMED) as remaining:
            row = remaining.fetchone()
            for record in old.execute(former, execution_options=STREAMED):
                while row is not None and tuple(row) < tuple(record[:2]):
                    row = remaining.fetchone()
                if row is None or tuple(row) != tuple(record[:2]):
                    yield tuple(record)

    def _release(self, loaded: Loaded) -> Row:
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
            date=self.date.isoformat(),
            digest=self.digest,
            build=build_digest(),
            identity=self.identity,
            number=self.number,
        )


def _identity(digest: str, before: Iterable[str]) -> str:
    """The hash that identifies a loaded release. Two loads that may answer differently have different ones, so it covers the seeds,
    the code, and the identities of the releases before, since answers show what has changed since them.
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
