"""Checking seeds: every record against its schema, every reference against the records, every rule of the data model.

The folder is read twice, so that memory stays bounded however many records there are. The first reading checks each record by
itself and writes it to a temporary file. The second, once all ids are known, resolves references and checks the rules. All faults
are collected before any is reported.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from marshal import dumps
from pathlib import Path
from typing import Any, TypeVar

from marshmallow import Schema

from api.loader import rules
from api.loader.faults import SHOWN, Fault, Place, SeedError, Unplaced, Unreadable, suggestion
from api.loader.joint_rules import broken_together
from api.loader.parallel import collecting_between_tasks, in_parallel
from api.loader.read import SHARED, Chunk, SeedFile, chunks, fault_at, find, mapping, records
from api.loader.record import (
    PartlyValid,
    Seed,
    field_of,
    load_by,
    name_of_raw,
    named,
    partly_valid,
    partly_valid_parts,
    record,
    valid_fields,
    with_parts,
    without_invalid_parts,
)
from api.loader.seeds import LENGTH, Seeds, Unknown
from api.resource import Table
from schemas.fields import Parts
from schemas.releases import ReleaseFileSchema, RetiredSchema

Progress = Callable[[str, int, int | None], None]
BLOCK = 2**18  # bytes of records that are handled at once

R = TypeVar("R")


@collecting_between_tasks()
def check(root: Path, table: Table, progress: Progress = lambda *_: None) -> Seeds:
    """Read and check a folder of seeds.

    Raises:
        SeedError: with every fault of the folder.
    """
    seeds, faults = first_reading(root, table, progress)
    finish_check(seeds, faults, progress)
    return seeds


def first_reading(root: Path, table: Table, progress: Progress) -> tuple[Seeds, list[Fault]]:
    """The first reading of a folder: every record by itself. Returns the seeds, and the faults found so far."""
    seeds = Seeds(table)
    seeds.files, faults, seeds.unread = find(
        root,
        [resource.name for resource in table if resource.seeded and resource.name != "processes"],
    )
    first = _FirstReading(table, {file: number for number, file in enumerate(seeds.files)})
    seeds.without_shared = None if (root / SHARED).is_dir() else root
    path = root / "release.yaml"
    if path.is_file() and (release := _mapping(path, ReleaseFileSchema, faults)):
        seeds.release = release[1]
    found = _ChunkResult()
    for file in seeds.files:
        if file.collection == "processes" and (
            process := _mapping(file.path, table.by_name["processes"].schema, faults)
        ):
            seeds.processes[file.folder] = process[1]["id"]
            first.take(file, Place(file.path), process[0], found)
    found.cuts.append(len(found.content))
    _merge(seeds, found, faults)
    parts: list[Chunk] = []
    for file in seeds.files:
        if file.collection != "processes":
            try:
                parts += chunks(file)
            except Unreadable as error:
                faults += error.faults
                seeds.unread.add(file.collection)
    seeds.size = sum(chunk.end - chunk.start for chunk in parts)
    done = 0
    for chunk, found in zip(parts, in_parallel(first, parts, seeds.size), strict=True):
        _merge(seeds, found, faults)
        done += chunk.end - chunk.start
        progress("reading (kB)", done >> 10, seeds.size >> 10)
    # The records inside those of an unreadable file, such as the terms of proposals, are unknown too.
    for collection in seeds.unread & table.by_name.keys():
        kinds = table.by_name[collection].schema._declared_fields.values()
        seeds.unread |= {kind.collection for kind in kinds if isinstance(kind, Parts)}
    for invalid in seeds.partly_valid:
        errors: list[Unknown] = []
        seeds.resolve_fields(table.by_name[invalid.collection].schema, invalid.data, invalid.place, errors)
        faults += _of_record(invalid.name, invalid.place, errors)
    return seeds, faults


def second_reading(
    seeds: Seeds,
    task: Callable[[tuple[int, int]], tuple[list[Fault], R]],
    take: Callable[[R], None],
    faults: list[Fault],
    progress: Callable[[int, int], None],
) -> None:
    """The second reading: ``task`` runs for each block of records, in several processes where that pays, and ``take`` receives the results
    in the order of the blocks, as long as there are no faults.

    Raises:
        SeedError: where there are faults, of the first reading or of this one.
    """
    done, count = 0, sum(len(known) for known in seeds.records.values())
    total = sum(size for _, size in seeds.blocks)
    faults += [fault_at(place, message) for place, message in broken_together(seeds)]
    for (_, size), (wrong, result) in zip(seeds.blocks, in_parallel(task, seeds.blocks, seeds.size), strict=True):
        faults += wrong
        if not faults:
            take(result)
        done += size
        progress(count * done // max(total, 1), count)
    if faults:
        raise SeedError(_of_one_cause(faults, seeds.without_shared))


def _of_one_cause(faults: list[Fault], without_shared: Path | None) -> list[Fault]:
    """The faults, with one in place of the references that may be unknown only because the folder of shared records is missing. A few
    are left as they are: they may be mistyped in a folder that needs no shared records.
    """
    missing = sorted({fault for fault in faults if fault.of_shared})
    if len(missing) <= SHOWN or without_shared is None:
        return faults
    told = f"contains no {SHARED}/, the folder for what several processes share; {len(missing)} references name what no other folder has"
    cause = Fault.of_file(without_shared, f"{told}, such as {'; '.join(map(str, missing[:SHOWN]))}")
    return [cause, *(fault for fault in faults if not fault.of_shared)]


def finish_check(seeds: Seeds, faults: list[Fault], progress: Progress) -> None:
    """The second reading of seeds that are only checked, not stored.

    Raises:
        SeedError: see `second_reading`.
    """

    def task(block: tuple[int, int]) -> tuple[list[Fault], None]:
        return [fault for seed in seeds.block(block) for fault in faults_of(seed, seeds)], None

    second_reading(seeds, task, lambda _: None, faults, lambda done, total: progress("checking (records)", done, total))


def faults_of(seed: Seed, seeds: Seeds) -> list[Fault]:
    """Resolve the references of a record and of its parts, check it against the rules, and return what is wrong with it."""
    faults: list[Fault] = []
    unresolved = seeds.unresolved
    for one in with_parts(seed):
        errors: list[Unknown] = []
        seeds.resolve(one, errors)
        if errors:
            faults += _of_record(rules.name_of_part(one, seed), one.place, errors)
    if seeds.unresolved == unresolved:
        faults += [fault_at(place, message) for place, message in rules.broken(seed, seeds)]
    return faults


def _of_record(name: str, place: Place, errors: list[Unknown]) -> Iterator[Fault]:
    """Faults of a record's references, each message preceded by the names of the record and of the field."""
    for there, message, of_shared in errors:
        fault = fault_at(there, f"{reduce(field_of, there.path[len(place.path) :], name)}: {message}")
        yield replace(fault, of_shared=of_shared)


@dataclass
class _ChunkResult:
    """The result of the first reading of a chunk: its records as bytes, the ids and where they are, the ends of blocks, and faults."""

    content: bytearray = field(default_factory=bytearray)
    ids: list[tuple[str, str, int, tuple[str | int, ...]]] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    retired: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    wrong: set[tuple[str, str]] = field(default_factory=set)
    partly_valid: list[PartlyValid] = field(default_factory=list)
    unplaced: Unplaced = field(default_factory=Unplaced)


class _FirstReading:
    """The task of reading a chunk for the first time: each record by itself."""

    def __init__(self, table: Table, numbers: dict[SeedFile, int]) -> None:
        self.table = table
        self.numbers = numbers

    def __call__(self, chunk: Chunk) -> _ChunkResult:
        found = _ChunkResult()
        try:
            for place, raw in records(chunk):
                if chunk.file.collection == "retired":
                    if entry := load_by(RetiredSchema, raw, place, "retired", found.faults):
                        found.retired.append({**entry, "place": place})
                    self.check_collection(place, raw, found.faults)
                else:
                    self.take(chunk.file, place, raw, found)
        except Unreadable as error:
            found.faults += error.faults
            found.unread.add(chunk.file.collection)
        if found.content and (not found.cuts or found.cuts[-1] < len(found.content)):
            found.cuts.append(len(found.content))
        return found

    def check_collection(self, place: Place, raw: Any, faults: list[Fault]) -> None:
        """Check that the collection named by an entry of a retired id exists, whatever else is wrong with the entry."""
        name = valid_fields(RetiredSchema, raw).get("collection")
        if name is not None and name not in self.table.by_name:
            known = list(self.table.by_name)
            said = f"“{name}” is not a known collection{suggestion(name, known) or '.'} Known collections: {', '.join(known)}"
            faults.append(fault_at(place / "collection", f"{name_of_raw('retired', raw)}: collection: {said}"))

    def take(self, file: SeedFile, place: Place, raw: Any, found: _ChunkResult) -> None:
        before = len(found.faults)
        resource = self.table.by_name[file.collection]
        seed = record(self.table, resource, raw, place, None, found.faults)
        if len(found.faults) > before:
            found.wrong.update(named(self.table, resource, raw))
        if seed is None:
            found.partly_valid += partly_valid(self.table, resource, raw, place)
            return
        at = len(found.content)
        for one in with_parts(seed):
            if one.resource.name != "evidence":
                found.ids.append((one.resource.name, one.id, at, one.place.path))
            elif one.data["selector"] is None:
                named_too = len(found.unplaced.first) < SHOWN
                found.unplaced.add(Unplaced(1, [(one.place, rules.name_of_part(one, seed))] if named_too else []))
        if len(found.faults) > before:
            found.partly_valid += partly_valid_parts(self.table, resource, raw, place)
            raw = without_invalid_parts(self.table, resource, raw)
        content = dumps((self.numbers[file], file.collection, place.path, raw))
        found.content += LENGTH.pack(len(content)) + content
        if len(found.content) - (found.cuts[-1] if found.cuts else 0) >= BLOCK:
            found.cuts.append(len(found.content))


def _merge(seeds: Seeds, found: _ChunkResult, faults: list[Fault]) -> None:
    """Add what was found in one chunk. An id that is taken is a fault."""
    begin = seeds.keep(bytes(found.content), found.cuts)
    seeds.retired += found.retired
    faults += found.faults
    seeds.unread |= found.unread
    seeds.wrong |= found.wrong
    seeds.partly_valid += found.partly_valid
    seeds.unplaced.add(found.unplaced)
    for collection, id, at, path in found.ids:
        holder = seeds.records[collection].add(id, begin + at)
        if holder is not None:
            faults.append(_taken(seeds, collection, id, (begin + at, path), holder))


def _taken(seeds: Seeds, collection: str, id: str, here: tuple[int, tuple[str | int, ...]], holder: int) -> Fault:
    other = next(one for one in with_parts(seeds.at(holder)) if one.id == id)
    there = fault_at(other.place / "id", "")
    place = Place(seeds.at(here[0]).place.file, (*here[1], "id"))
    said = f"this id is already used by the {other.resource.singular} at {there.file}:{there.line}"
    return fault_at(place, f"{collection} “{id}”: {said}")


def _mapping(path: Path, schema: type[Schema], faults: list[Fault]) -> tuple[Any, dict[str, Any]] | None:
    """The one mapping of a file: its plain values, and the values as the schema reads them. None if it is at fault."""
    try:
        raw = mapping(path)
    except Unreadable as error:
        faults += error.faults
        return None
    data = load_by(schema, raw, Place(path), path.stem, faults)
    return None if data is None else (raw, data)
