"""Storing a release: everything or nothing, with what it changes against the one before."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import cache
from marshal import dumps, loads
from pathlib import Path

from sqlalchemy import Connection

from api import holdings, search
from api.database import Database, Store, fill, index
from api.loader.build import build_digest
from api.loader.check import Progress, faults_of, finish_check, first_reading, second_reading
from api.loader.derive import Citations, complete, representing
from api.loader.faults import Fault, Place
from api.loader.history import History, Loaded, dated_after, is_taken, release_before
from api.loader.parallel import collecting_between_tasks
from api.loader.read import digest as seeds_digest
from api.loader.read import fault_at
from api.loader.record import Seed
from api.loader.rows import Row, Rows, edges, entry, rows
from api.loader.seeds import Seeds
from api.models import FIRST_DAY, LAST_DAY, Affiliation, Edge, Footing, Prepared, Retired, Total, Use
from api.reading import totals
from api.resource import Table
from schemas.fields import references_in

Prepare = Callable[[Connection, Store], Iterable[Row]]
#: The process or the shared record (as ``collection/id``) that names a record; and the named record's collection and id.
Used = tuple[str, str, str]


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
    seeds, faults = first_reading(root, table, progress)
    if faults:
        finish_check(seeds, faults, progress)
    digest = seeds_digest(root)
    before = release_before(database)
    if before and (refused := _refused(root, seeds, digest, before, replace=replace)):
        finish_check(seeds, refused, progress)
    with database.replacing() as connection:
        history = History(before, seeds, digest)
        counts = _store_records(connection, seeds, table, history, progress)
        fill(connection, Affiliation.__tablename__, _affiliations(seeds))
        fill(connection, Retired.__tablename__, list(_retired(seeds)))
        loaded = history.close(connection, counts)
        progress("indexing", 0, None)
        holdings.fill(connection)
        index(connection)
        progress("counting", 0, None)
        fill(connection, Total.__tablename__, list(totals.rows(connection, table)))
        fill(connection, Footing.__tablename__, list(totals.footing_rows(connection, table)))
        progress("preparing answers", 0, None)
        day = seeds.release["date"]
        store = Store(connection.engine, loaded.release, day, digest, build_digest(), history.identity)
        for answer in prepare(connection, store):
            fill(connection, Prepared.__tablename__, [answer])
    return loaded


def _refused(root: Path, seeds: Seeds, digest: str, before: Store, *, replace: bool) -> list[Fault]:
    """Why the release cannot follow those that were loaded before: its id is taken, or its date too early."""
    id: str = seeds.release["id"]
    faults = []
    if is_taken(before, id, digest) and not (replace and before.release == id):
        faults.append(_same_id(root, id))
    if newer := dated_after(before, id, seeds.release["date"]):
        faults.append(_too_early(root, id, seeds.release["date"], *newer))
    return faults


def _store_records(
    connection: Connection, seeds: Seeds, table: Table, history: History, progress: Progress
) -> Counter[str]:
    """Check the records for the second time and store their rows, block by block; return what `History.close` counts.

    Raises:
        SeedError: see `second_reading`.
    """
    counts: Counter[str] = Counter()
    words: set[tuple[str, str]] = set()
    uses: set[Used] = set()

    def store(content: bytes) -> None:
        rows_by_table, block_counts, block_words, block_uses = loads(content)
        counts.update(block_counts)
        words.update(block_words)
        uses.update(block_uses)
        for name, block_rows in rows_by_table.items():
            fill(connection, name, block_rows)

    task = _BlockRows(seeds, table, history)
    second_reading(seeds, task, store, [], lambda done, total: progress("storing (records)", done, total))
    fill(connection, search.VOCABULARY, sorted(words))
    fill(connection, Use.__tablename__, _uses(uses))
    return counts


def _same_id(root: Path, id: str) -> Fault:
    head, _, tail = id.rpartition("-")
    following = f"{head}-{int(tail) + 1}" if tail.isdigit() else f"{id}-2"
    return fault_at(
        Place(root / "release.yaml", ("id",)),
        f"id: release “{id}” is already loaded with different content; give the changed seeds a new id, such as “{following}” "
        "(or, while editing, replace the loaded release with --replace)",
    )


def _too_early(root: Path, id: str, day: date, newer: str, newer_day: date) -> Fault:
    return fault_at(
        Place(root / "release.yaml", ("date",)),
        f"release “{id}”: date: {day} is before {newer_day}, the date of the previously loaded release “{newer}”; "
        f"it must be {newer_day} or later (if {newer_day} was a mistake, correct it and reload “{newer}” with --replace)",
    )


def _retired(seeds: Seeds) -> Iterator[Row]:
    """Every id that is no longer used, under each collection that had it: positions hold the records of their four kinds."""
    seen = set()
    for one in seeds.retired:
        resource = seeds.table.by_name[one["collection"]]
        for name in (resource.name, seeds.table.of_model(resource.model).name):
            if (name, one["id"]) not in seen:
                seen.add((name, one["id"]))
                yield name, one["id"], one["successor"], one["note"]


def _uses(direct: set[Used]) -> list[Row]:
    """The rows of `Use`: what each process has or names, and what the shared records that it uses name in turn."""
    named_by_shared: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for user, collection, id in direct:
        if "/" in user:
            named_by_shared[user].append((collection, id))
    uses = {use for use in direct if "/" not in use[0]}
    pending = list(uses)
    while pending:
        process, collection, id = pending.pop()
        indirect = {(process, *record) for record in named_by_shared[f"{collection}/{id}"]} - uses
        uses |= indirect
        pending += indirect
    return sorted((collection, process, id) for process, collection, id in uses)


def _affiliations(seeds: Seeds) -> list[Row]:
    return [
        (party, other, (earliest or FIRST_DAY).isoformat(), (latest or LAST_DAY).isoformat())
        for party, other, earliest, latest in dict.fromkeys(representing(seeds))
    ]


class _BlockRows:
    """The task of making the rows of a block of records. Its result is marshalled: processes exchange that fastest."""

    def __init__(self, seeds: Seeds, table: Table, history: History) -> None:
        self.seeds = seeds
        self.table = table
        self.history = history
        self.citations = Citations(seeds)
        self.shared = {resource.name for resource in table if resource.shared}
        self._began = cache(self._beginning)

    def __call__(self, block: tuple[int, int]) -> tuple[list[Fault], bytes]:
        faults: list[Fault] = []
        by_table: Rows = defaultdict(list)
        counts: Counter[str] = Counter()
        uses: set[Used] = set()
        written: list[Seed] = []
        for seed in self.seeds.block(block):
            faults += faults_of(seed, self.seeds)
            if not faults:
                written += self._add(seed, by_table, counts, uses)
        if not faults:
            self.history.add(written, by_table, counts)
        return faults, dumps((dict(by_table), dict(counts), search.words_of(by_table[search.ENTRIES]), uses))

    def _add(self, seed: Seed, by_table: Rows, counts: Counter[str], uses: set[Used]) -> Iterator[Seed]:
        """Add the rows of a record, of its parts and of what derives from it; yield those that are written in the seeds."""
        process = self.seeds.of("processes").ref(seed.process) if seed.process else None
        began = self._began(seed.process) if seed.process else FIRST_DAY
        for one in complete(seed, self.seeds, self.table):
            grounds = self.citations.grounds(one)
            if one.resource.name != "offers":
                for piece, citation in zip(one.parts.get("evidence", ()), grounds.citations, strict=True):
                    piece.data.update(outlet=citation.origin, by_holder=citation.by_holder)
            by_table[one.resource.model.__tablename__] += rows(one, process, grounds, self.seeds.release["date"], began)
            by_table[Edge.__tablename__] += edges(one)
            if one.resource.name not in ("evidence", "offers"):
                by_table[search.ENTRIES].append(tuple(entry(one, grounds.citations)))
            uses.update(self._used_by(one))
            counts["records"] += 1
            if one.given:
                yield one
            else:
                counts["derived"] += 1

    def _beginning(self, process: str) -> date:
        started = self.seeds.of("processes")[process].data["started_on"]
        return (started and started.earliest) or FIRST_DAY

    def _used_by(self, seed: Seed) -> Iterator[Used]:
        """The records of shared collections that a record names, and the record itself if its collection is shared."""
        user = seed.process or seed.subject
        if seed.process and seed.resource.name in self.shared:
            yield user, seed.resource.name, seed.id
        for ref in references_in(seed.data):
            if ref.collection in self.shared:
                yield user, ref.collection, ref.id
