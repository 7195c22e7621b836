"""A folder of seeds that has been read. Its records are in a temporary file, their places in memory; references are resolved on demand."""

import os
import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property, lru_cache
from itertools import groupby
from marshal import loads
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NamedTuple
from weakref import finalize

from marshmallow import Schema

from api.claims import reported
from api.loader.faults import Place, Unplaced, suggestion
from api.loader.id_table import IdTable
from api.loader.read import SeedFile
from api.loader.record import PartlyValid, Seed, record, with_parts
from api.resource import Table
from schemas.dates import Edtf
from schemas.fields import Piece, Pieces, Ref, Reference, References, Subject, Subjects, href, slug

LENGTH = struct.Struct("<I")


class Known(Mapping[str, Seed]):
    """The records of one collection by id: each read from where it was put aside, its references resolved."""

    def __init__(self, seeds: "Seeds", collection: str) -> None:
        self.seeds = seeds
        names = list(seeds.table.by_name)
        #: Which collection this is, and of how many: a place is put down as one of as many numbers.
        self.number, self.collections = names.index(collection), len(names)
        self.collection = collection
        self.places = seeds.taken.setdefault(seeds.table.by_name[collection].model.__tablename__, IdTable())
        self._order = array("Q")
        self._read = lru_cache(maxsize=1024)(self._seed)
        self.ref = lru_cache(maxsize=16384)(self._ref)

    def __contains__(self, id: object) -> bool:
        place = self.places.get(id)
        return place is not None and place % self.collections == self.number

    def __getitem__(self, id: str) -> Seed:
        if id not in self:
            raise KeyError(id)
        return self._read(id)

    def __iter__(self) -> Iterator[str]:
        for place, _ in groupby(self._order):
            yield from (one.id for one in with_parts(self.seeds.at(place)) if one.resource.name == self.collection)

    def __len__(self) -> int:
        return len(self._order)

    @cached_property
    def by_other_name(self) -> dict[str, str]:
        """The ids of records by their other names, such as aliases and country codes, written as ids (`uk`, `gb`: `united-kingdom`)."""
        model = self.seeds.table.by_name[self.collection].model
        # References stay unresolved: a wrong one is why this is asked for.
        records = ((id, self._unresolved(id).data) for id in self) if model.other_names else ()
        return {slug(name): id for id, data in records for name in model.named_in(data)}

    def add(self, id: str, place: int) -> int | None:
        """Note where the record of an id was put aside. If the id is taken, return the place of the record that has it."""
        held = self.places.add(id, place * self.collections + self.number)
        if held is not None:
            return held // self.collections
        self._order.append(place)
        return None

    def _seed(self, id: str) -> Seed:
        seed = self._unresolved(id)
        for one in self._with_parts(seed):
            self.seeds.resolve(one, [])
        return seed

    def _unresolved(self, id: str) -> Seed:
        place = self.places.get(id)
        assert place is not None  # the caller has checked
        seed = self.seeds.at(place // self.collections)
        if seed.resource.name != self.collection:
            seed = next(one for part in seed.parts.values() for one in part if one.id == id)
        return seed

    def _ref(self, id: str) -> Ref | None:
        """The record as others name it; None where there is none."""
        return self._unresolved(id).ref if id in self else None

    @classmethod
    def _with_parts(cls, seed: Seed) -> Iterator[Seed]:
        yield from ([] if seed.parent is None else [seed.parent])
        yield from with_parts(seed)


class Unknown(NamedTuple):
    """A reference that names nothing: its place, the message, and whether that may be only because the folder of shared records is
    missing.
    """

    place: Place
    message: str
    of_shared: bool = False


class Sourced(NamedTuple):
    """What a citation has from its source. ``origin`` is the party that published it, or else the source itself."""

    published_on: Edtf | None
    known_on: date
    reported: Edtf
    address: str
    origin: Ref
    length: int | None


class Seeds:
    """A folder of seeds. Records are put aside in a file, in blocks; what stays in memory is where each id is there."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.release: dict[str, Any] = {}
        self.retired: list[dict[str, Any]] = []
        self.files: list[SeedFile] = []
        self.processes: dict[str | None, str] = {}
        self.size = 0
        #: How many references led to no record so far, whether reported as faults or not.
        self.unresolved = 0
        self.blocks: list[tuple[int, int]] = []
        #: For each table of the database, whose rows share one space of ids: the place of each.
        self.taken: dict[str, IdTable] = {}
        #: Collections and records that could not be read. They are faults already; references to them are not reported as well.
        self.unread: set[str] = set()
        #: The folder of seeds, if it contains no folder of shared records.
        self.without_shared: Path | None = None
        self.wrong: set[tuple[str, str]] = set()
        self.partly_valid: list[PartlyValid] = []
        #: Not a fault, since a text may not be at hand; the command line adds a note about it.
        self.unplaced = Unplaced()
        self.records = {resource.name: Known(self, resource.name) for resource in table}
        self.source = lru_cache(maxsize=65536)(self._source)
        with TemporaryFile() as aside:
            self._aside = os.dup(aside.fileno())
        finalize(self, os.close, self._aside)
        self._end = 0

    def of(self, collection: str) -> Known:
        return self.records[collection]

    @cached_property
    def successors(self) -> dict[str, list[str]]:
        """The ids of the proposals that supersede another one, by its id."""
        found: dict[str, list[str]] = {}
        known = self.records["proposals"]
        for id in known:
            if before := known[id].data["supersedes"]:
                found.setdefault(before.id, []).append(id)
        return found

    def _source(self, id: str) -> Sourced:
        source = self.records["sources"][id]
        data = source.data
        published, retrieved = data["published_on"], data["retrieved_on"]
        if published and published.earliest and published.earliest > retrieved:
            # A fault of the source. The later of the two is taken here, or its records would be reported as too early for it.
            retrieved = published.latest or published.earliest
        first = reported(published, retrieved)
        assert first.latest is not None  # it had been published when it was retrieved
        return Sourced(
            published,
            first.latest,
            first,
            data["url"] or href("sources", id),
            data["publisher"] or source.ref,
            data["length"],
        )

    def all(self) -> Iterator[Seed]:
        """Every record with its parts behind it, references resolved."""
        for block in self.blocks:
            for seed in self.block(block):
                for one in with_parts(seed):
                    self.resolve(one, [])
                yield from (one for one in with_parts(seed) if one.resource.name != "evidence")

    def keep(self, content: bytes, cuts: Iterable[int]) -> int:
        """Put records aside; returns where they begin. ``cuts`` are the ends of their blocks."""
        begin = self._end
        while content:
            written = os.pwrite(self._aside, content, self._end)
            self._end += written
            content = content[written:]
        start = 0
        for cut in cuts:
            self.blocks.append((begin + start, cut - start))
            start = cut
        return begin

    def at(self, place: int) -> Seed:
        """The record that was put aside at a place, references unresolved."""
        content = os.pread(self._aside, 4096, place)
        size = LENGTH.unpack_from(content)[0] + LENGTH.size
        if size > len(content):
            content = os.pread(self._aside, size, place)
        return self._again(memoryview(content)[LENGTH.size : size])

    def block(self, block: tuple[int, int]) -> Iterator[Seed]:
        """The records of a block, references unresolved."""
        content = memoryview(os.pread(self._aside, block[1], block[0]))
        at = 0
        while at < len(content):
            end = at + LENGTH.size + LENGTH.unpack_from(content, at)[0]
            yield self._again(content[at + LENGTH.size : end])
            at = end

    def _again(self, content: memoryview) -> Seed:
        number, collection, path, raw = loads(content)
        file = self.files[number]
        process = None if collection == "processes" else self.processes.get(file.folder)
        seed = record(self.table, self.table.by_name[collection], raw, Place(file.path, path), process, [])
        assert seed is not None  # it was right when it was put aside
        return seed

    def resolve(self, seed: Seed, faults: list[Unknown]) -> None:
        """Replace the ids that a record names by references to the records. An id that does not exist is a fault, whose message names
        neither record nor field.
        """
        self.resolve_fields(seed.resource.schema, seed.data, seed.place, faults)

    def resolve_fields(self, schema: type[Schema], data: dict[str, Any], place: Place, faults: list[Unknown]) -> None:
        """What `resolve` does, for some fields of a record."""
        for name, kind, single in _naming(schema):
            value = data.get(name)
            if not value:
                continue
            if single:
                if type(value) is str:
                    known = self.records[kind.collection].ref(value)
                    data[name] = known or self._one(kind.collection, value, place, (name,), faults)
            elif isinstance(kind, References):
                data[name] = [
                    self._one(kind.collection, id, place, (name, index), faults) if type(id) is str else id
                    for index, id in enumerate(value)
                ]
            elif isinstance(kind, Subject):
                data[name] = self._subject(value, place, (name,), faults)
            elif isinstance(kind, Subjects):
                data[name] = [
                    self._subject(one, place, (name, index), faults) if type(one) is str else one
                    for index, one in enumerate(value)
                ]
            elif isinstance(kind, Pieces):
                data[name] = [dict(one) for one in value]
                for index, one in enumerate(data[name]):
                    self.resolve_fields(kind.schema, one, place / name / index, faults)
            elif isinstance(kind, Piece):
                data[name] = dict(value)
                self.resolve_fields(kind.schema, data[name], place / name, faults)

    def _one(
        self, collection: str, id: str, place: Place, steps: tuple[str | int, ...], faults: list[Unknown]
    ) -> Ref | None:
        found = self.records[collection].ref(id)
        self.unresolved += found is None
        if found is None and collection not in self.unread and (collection, id) not in self.wrong:
            there = Place(place.file, (*place.path, *steps))
            resource = self.table.by_name[collection]
            told = f"“{id}” is not a known {resource.singular} id{self._meant(collection, id)}"
            faults.append(Unknown(there, told, of_shared=self.without_shared is not None and resource.shared))
        return found

    def _meant(self, collection: str, id: str) -> str:
        """What an unknown id may mean: the record with this other name, a record of another collection, or the nearest id."""
        if meant := self.records[collection].by_other_name.get(id):
            return f". Did you mean “{meant}”?"
        elsewhere = next((name for name, known in self.records.items() if id in known), None)
        return f"; it is one of the {elsewhere}" if elsewhere else suggestion(id, list(self.records[collection]))

    def _subject(self, subject: str, place: Place, steps: tuple[str | int, ...], faults: list[Unknown]) -> Ref | None:
        collection, _, id = subject.partition("/")
        if collection not in self.table.by_name:
            there = Place(place.file, (*place.path, *steps))
            hint = suggestion(collection, list(self.table.by_name))
            faults.append(Unknown(there, f"“{collection}” is not a known collection{hint}"))
            self.unresolved += 1
            return None
        return self._one(collection, id, place, steps, faults)


@cache
def _naming(schema: type[Schema]) -> tuple[tuple[str, Any, bool], ...]:
    """The fields of a schema that name records, and whether each is one reference."""
    return tuple(
        (name, kind, isinstance(kind, Reference))
        for name, kind in schema._declared_fields.items()
        if not kind.dump_only
        and (
            isinstance(kind, Reference | References | Subject | Subjects)
            or (isinstance(kind, Piece) and _naming(kind.schema))
        )
    )
