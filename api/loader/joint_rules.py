"""The rules of the data model that only several records break together."""

from collections.abc import Mapping
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from api.loader.faults import Place, suggestion
from api.loader.record import Seed
from api.loader.rules import Broken, name_of
from api.loader.seeds import Seeds


def broken_together(seeds: Seeds) -> Broken:
    """Every rule that no record breaks alone."""
    yield from _cycle(seeds.of("proposals"), "supersedes")
    yield from _cycle(seeds.of("issues"), "parent")
    yield from _representing_itself(seeds)
    yield from _retired(seeds)


def _cycle(group: Mapping[str, Seed], field: str) -> Broken:
    done: set[str] = set()
    for start in group:
        path: list[str] = []
        id: str | None = start
        while id and id not in done and id not in path:
            path.append(id)
            id = group[id].data[field].id if group[id].data[field] else None
        if id in path:
            circle = [*path[path.index(id) :], id]
            seed = group[id]
            yield seed.place / field, f"{name_of(seed)}: {field}: forms a circle: {' → '.join(circle)}"
        done.update(path)


class _Represents(NamedTuple):
    party: str
    other: str
    since: date
    until: date
    place: Place


def _representing_itself(seeds: Seeds) -> Broken:
    """A party that represents itself, be it by others: by affiliations that may all have been valid on one day."""
    found = [
        _Represents(
            seed.id,
            one["party"].id,
            (one["valid_from"] and one["valid_from"].earliest) or date.min,
            (one["valid_until"] and one["valid_until"].latest) or date.max,
            seed.place / "affiliations" / index / "party",
        )
        for seed in seeds.of("parties").values()
        for index, one in enumerate(seed.data["affiliations"])
        if one["represents"] and one["party"]
    ]
    # Who is represented by nobody, or by those alone who represent nobody, is in no circle: that leaves next to none.
    parties, others = {one.party for one in found}, {one.other for one in found}
    found = [one for one in found if one.party in others and one.other in parties]
    for day in sorted({one.since for one in found}):
        while circle := _circle([one for one in found if one.since <= day <= one.until]):
            first = next(one for one in found if [one.party, one.other] == circle[:2] and one.since <= day <= one.until)
            yield (
                first.place,
                f"parties “{first.party}”: affiliations: represents forms a circle: {' → '.join(circle)}",
            )
            found.remove(first)


def _circle(found: list[_Represents]) -> list[str]:
    """Parties of which each represents the next, the last being the first; empty where there is no such circle."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for one in found:
        order.add(one.party, one.other)
    try:
        order.prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _retired(seeds: Seeds) -> Broken:
    table = seeds.table
    successors = {(entry["collection"], entry["id"]): entry["successor"] for entry in seeds.retired}
    seen: set[tuple[str, str]] = set()
    for entry in seeds.retired:
        place: Place = entry["place"]
        name, id = entry["collection"], entry["id"]
        if name not in table.by_name:
            continue  # which the first reading has told
        if (name, id) in seen:
            yield place / "id", f"retired “{id}”: listed twice for {name}"
        seen.add((name, id))
        # The kinds of position share one space of ids.
        for other in (one.name for one in table if one.model is table.by_name[name].model):
            if id in seeds.of(other):
                yield (
                    place / "id",
                    f"retired “{id}”: this id is used in {other}; a retired id cannot be used again",
                )
        circle, successor = [id], entry["successor"]
        while successor and successor not in circle:
            circle.append(successor)
            successor = successors.get((name, successor))
        if successor == id:
            yield place / "successor", f"retired “{id}”: successor: forms a circle: {' → '.join([*circle, id])}"
        successor = entry["successor"]
        known = [*seeds.of(name), *(other["id"] for other in seeds.retired if other["collection"] == name)]
        if successor and successor not in known and name not in seeds.unread and (name, successor) not in seeds.wrong:
            yield (
                place / "successor",
                f"retired “{id}”: successor: “{successor}” is not a known {table.by_name[name].singular} id{suggestion(successor, known)}",
            )
