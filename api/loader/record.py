"""One record by itself: read by its schema, with its parts, and every fault in it at its place."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError

from api.loader.compiled import reader
from api.loader.faults import Fault, Place, suggestion
from api.loader.read import fault_at
from api.resource import Resource, Table
from schemas.fields import Finding, Parts, Piece, Ref, mapping_of, shown

#: The record that another is written in, for messages: its collection, and what stands there.
Within = tuple[str, Any]


@dataclass(slots=True)
class Seed:
    """One record as the seeds give it. ``given`` is its content before references were resolved, for telling changes; ``parent``
    the record that it is written in, unless it is evidence.
    """

    resource: Resource
    id: str
    process: str | None
    data: dict[str, Any]
    place: Place
    parent: "Seed | None" = None
    parts: dict[str, list["Seed"]] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    #: See the function `mark`, which computes it when it is first needed.
    mark: str = ""
    _ref: Ref | None = None

    @property
    def subject(self) -> str:
        return f"{self.resource.name}/{self.id}"

    @property
    def ref(self) -> Ref:
        if self._ref is None:
            self._ref = Ref(self.resource.name, self.id, str(self.data[self.resource.schema.named_by]))
        return self._ref


_TELLING = itemgetter("relation", "speaker", "speaker_description", "mode", "via", "selector", "said_on", "bears_on")


def mark(subject: Seed, cited: Seed) -> str:
    """Eight hexadecimal digits that distinguish a citation from the others of the same subject and source, in whatever order."""
    if not cited.mark:
        told = "\0".join([subject.subject, *map(str, _TELLING(cited.given))])
        cited.mark = hashlib.sha256(told.encode()).hexdigest()[:8]
    return cited.mark


def with_parts(seed: Seed) -> Iterator[Seed]:
    """A record and all records written inside it, the record first."""
    yield seed
    for part in seed.parts.values():
        for one in part:
            yield from with_parts(one)


def record(
    table: Table,
    resource: Resource,
    raw: Any,
    place: Place,
    process: str | None,
    faults: list[Fault],
    parent: Seed | None = None,
    within: Within | None = None,
) -> Seed | None:
    """A record with its parts, references unresolved; None if it is invalid, with its faults added to ``faults``."""
    data = load_by(resource.schema, raw, place, resource.name, faults, within)
    if data is None:
        _check_parts_of_invalid(table, resource, raw, place, faults)
        return None
    data.setdefault("id", "")
    parts = [(name, kind, data.pop(name)) for name, kind in _parts(resource.schema)]
    here = (resource.name, raw)
    seed = Seed(resource, data["id"], process, data, place, parent, given=dict(data))
    for name, kind, raws in parts:
        if kind.required and not raws:
            faults.append(
                fault_at(
                    place / name,
                    f"{resource.name} “{seed.id}”: {name} must not be empty; a record without {name} cannot be loaded",
                )
            )
        inner = table.by_name[kind.collection]
        # Evidence does not refer to its subject, so most records form no cycle and are freed without the garbage collector.
        above = None if inner.name == "evidence" else seed
        made = [
            record(table, inner, one, Place(place.file, (*place.path, name, index)), process, faults, above, here)
            for index, one in enumerate(raws)
        ]
        seed.parts[name] = [one for one in made if one is not None]
        if above is not None:
            for one in seed.parts[name]:
                one.given[kind.subject_field] = seed.id
    return seed


@cache
def _parts(schema: type[Schema]) -> tuple[tuple[str, Parts], ...]:
    return tuple((name, kind) for name, kind in schema._declared_fields.items() if isinstance(kind, Parts))


def _check_parts_of_invalid(table: Table, resource: Resource, raw: Any, place: Place, faults: list[Fault]) -> None:
    """Check the parts of an invalid record too, so that all faults are reported in one run."""
    for inner, one, there in _parts_of(table, resource, raw, place):
        load_by(inner.schema, one, there, inner.name, faults, (resource.name, raw))


def named(table: Table, resource: Resource, raw: Any) -> Iterator[tuple[str, str]]:
    """The collections and ids of a record and of its parts, as they stand there."""
    if isinstance(raw, dict):
        yield resource.name, str(raw.get("id"))
        for name, kind in _parts(resource.schema):
            for one in raw[name] if isinstance(raw.get(name), list) else ():
                yield from named(table, table.by_name[kind.collection], one)


class PartlyValid(NamedTuple):
    """The valid fields of an invalid record: their references are checked all the same."""

    collection: str
    name: str
    place: Place
    data: dict[str, Any]


def partly_valid(
    table: Table, resource: Resource, raw: Any, place: Place, within: Within | None = None
) -> Iterator[PartlyValid]:
    """The valid fields of an invalid record, and of each of its parts."""
    yield PartlyValid(resource.name, name_of_raw(resource.name, raw, within), place, valid_fields(resource.schema, raw))
    for inner, one, there in _parts_of(table, resource, raw, place):
        yield from partly_valid(table, inner, one, there, (resource.name, raw))


def partly_valid_parts(table: Table, resource: Resource, raw: Any, place: Place) -> Iterator[PartlyValid]:
    """The valid fields of those parts of a record that are invalid."""
    for inner, one, there in _parts_of(table, resource, raw, place):
        if load_by(inner.schema, one, there, "", None) is None:
            yield from partly_valid(table, inner, one, there, (resource.name, raw))
        else:
            yield from partly_valid_parts(table, inner, one, there)


def _parts_of(table: Table, resource: Resource, raw: Any, place: Place) -> Iterator[tuple[Resource, Any, Place]]:
    """The parts of a record as they stand there, each with its place."""
    if isinstance(raw, dict):
        for name, kind in _parts(resource.schema):
            for index, one in enumerate(raw[name] if isinstance(raw.get(name), list) else ()):
                yield table.by_name[kind.collection], one, place / name / index


def valid_fields(schema: type[Schema], raw: Any) -> dict[str, Any]:
    """The fields of an invalid record that are valid by themselves."""
    if not isinstance(raw, dict):
        return {}
    try:
        found: dict[str, Any] = _loader(schema).load(raw)
    except ValidationError as error:
        found = error.valid_data if isinstance(error.valid_data, dict) else {}
    return found


def without_invalid_parts(table: Table, resource: Resource, raw: dict[str, Any]) -> dict[str, Any]:
    """A record without its invalid parts, whose faults have been reported already."""
    kept = dict(raw)
    for name, kind in _parts(resource.schema):
        inner = table.by_name[kind.collection]
        kept[name] = [
            without_invalid_parts(table, inner, one)
            for one in raw.get(name) or ()
            if load_by(inner.schema, one, Place(Path()), "", None) is not None
        ]
    return kept


def load_by(
    schema: type[Schema],
    raw: Any,
    place: Place,
    collection: str,
    faults: list[Fault] | None,
    within: Within | None = None,
) -> dict[str, Any] | None:
    """A record as its schema reads it; None if it is invalid. Its faults are added to ``faults``, unless that is None."""
    read = reader(schema)(raw)
    if read is not None:
        return read
    if not isinstance(raw, dict):
        if faults is not None:
            said = f"expected {mapping_of(schema)}, found {shown(raw)}"
            faults.append(fault_at(place, f"{name_of_raw(collection, raw, within)}: {said}"))
        return None
    try:
        return _loader(schema).load(raw)  # type: ignore[no-any-return]
    except ValidationError as error:
        if faults is not None:
            faults += _explain(schema, error.messages, place, name_of_raw(collection, raw, within))
        return None


def name_of_raw(collection: str, raw: Any, within: Within | None = None) -> str:
    """The name in messages of a record as it is written: by its id; evidence, and what has no id, by the record that it is written in."""
    if isinstance(raw, dict) and isinstance(raw.get("id"), str) and collection != "evidence":
        return f"{collection} “{raw['id']}”"
    return f"{name_of_raw(*within)}: {collection}" if within else collection


@cache
def _loader(schema: type[Schema]) -> Schema:
    return schema()


def _explain(schema: type[Schema] | None, messages: Any, place: Place, name: str) -> Iterator[Fault]:
    """Marshmallow's errors as faults in their places, in the project's words."""
    if isinstance(messages, list):
        for message in messages:
            said = str(message)
            if isinstance(message, Finding):
                hint = suggestion(message.found, message.allowed)
                said += f"{hint and f'{hint} Allowed'}: {', '.join(message.allowed)}"
            yield fault_at(place, f"{name}: {said}")
        return
    for key, inner in messages.items():
        field_ = schema._declared_fields.get(key) if schema and isinstance(key, str) else None
        if inner == ["Unknown field."]:
            names = [each for each, kind in (schema._declared_fields if schema else {}).items() if not kind.dump_only]
            made = schema is not None and key in schema._declared_fields
            what = (
                f"“{key}” is computed by the service; leave it out"
                if made
                else f"unknown field “{key}”{suggestion(key, names) or '.'} Known fields: {', '.join(names)}"
            )
            yield fault_at(Place(place.file, (*place.path, key), key=True), f"{name}: {what}")
        elif inner == ["Missing data for required field."]:
            yield fault_at(place, f"{name}: the required field {key} is missing{_form(field_)}")
        elif inner == ["Field may not be null."]:
            yield fault_at(place / key, f"{field_of(name, key)}: must not be empty{_form(field_)}")
        else:
            nested = field_.schema if isinstance(field_, Piece) else (schema if isinstance(key, int) else None)
            yield from _explain(nested, inner, place / key, field_of(name, key))


def field_of(name: str, key: str | int) -> str:
    """The name in messages of a value inside the thing named ``name``."""
    return f"{name}: {key}" if isinstance(key, str) else f"{name}[{key}]"


def _form(field_: Any) -> str:
    """What a missing field may hold, where that is a closed list."""
    allowed = field_.shape("seed").get("enum") if field_ is not None else None
    return f"; it must be one of: {', '.join(allowed)}" if allowed else ""
