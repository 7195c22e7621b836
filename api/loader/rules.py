"""The rules of the data model that no single field can check. Each is a function that yields a place and a message for each fault.

A rule of single records is marked with `rule`; what only several records break together is in `broken_together`.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from api.claims import ASSERTING
from api.loader.faults import Place, suggestion
from api.nearest import nearest
from api.resource import Table
from schemas.dates import Edtf
from schemas.fields import Parts, Pieces, Ref, Reference
from schemas.record import Cited, Record
from schemas.record import Mapping as Inner
from schemas.vocabulary import IMPLIED_STANCE, OVER, Relation

if TYPE_CHECKING:
    from api.loader.record import Seed
    from api.loader.seeds import Seeds

Broken = Iterator[tuple[Place, str]]
Rule = Callable[["Seed", "Seeds"], Broken]
#: The rules by the collection that they concern; None for those of every collection.
_RULES: dict[str | None, list[Rule]] = defaultdict(list)


def rule(collection: str | None = None) -> Callable[[Rule], Rule]:
    """Declare a function as a rule: for the records of one collection, or for every record and every term."""

    def declare(function: Rule) -> Rule:
        _RULES[collection].append(function)
        return function

    return declare


def broken(seed: "Seed", seeds: "Seeds") -> Broken:
    """Every rule that a record or a part of it breaks, its references resolved."""
    for check in chain(_RULES[None], _RULES[seed.resource.name]):
        yield from check(seed, seeds)
    for term in seed.parts.get("terms", ()):
        yield from broken(term, seeds)


def broken_together(seeds: "Seeds", table: Table) -> Broken:
    """Every rule that no record breaks alone."""
    yield from _cycle(seeds.of("proposals"), "supersedes")
    yield from _cycle(seeds.of("issues"), "parent")
    yield from _representing_itself(seeds)
    yield from _retired(seeds, table)


def _name(seed: "Seed") -> str:
    return f"{seed.resource.name} “{seed.id}”"


def called(one: "Seed", seed: "Seed") -> str:
    """What a record, or one written in it, is called in messages: evidence by what it is evidence for."""
    if one.resource.name != "evidence":
        return _name(one)
    terms = seed.parts.get("terms", ())
    subject = next(
        term for term in (*terms, seed) if term is seed or any(one is cited for cited in term.parts["evidence"])
    )
    return f"{_name(subject)}: evidence"


@rule()
def _absent(seed: "Seed", _seeds: "Seeds") -> Broken:
    fields = seed.resource.schema._declared_fields
    for name in seed.data.get("absent", {}):
        place = Place(seed.place.file, (*seed.place.path, "absent", name), key=True)
        if name not in fields:
            yield place, f"{_name(seed)}: absent: unknown field “{name}”{suggestion(name, list(fields))}"
        elif seed.parts.get(name) if isinstance(fields[name], Parts) else seed.data.get(name):
            yield (
                place,
                f"{_name(seed)}: absent: the field {name} has a value; give a reason only for a field that is absent",
            )


@rule()
def _periods(seed: "Seed", _seeds: "Seeds") -> Broken:
    """The period that a record, or a mapping in it, lies in must not end before it begins."""
    yield from _period(seed, seed.resource.schema.dated_by, seed.data, seed.place)
    for name, dated_by in _dated(seed.resource.schema):
        for index, one in enumerate(seed.data[name]):
            yield from _period(seed, dated_by, one, seed.place / name / index)


@cache
def _dated(schema: type[Record]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The lists of mappings that have a time, and the fields of a mapping that give it."""
    return tuple(
        (name, kind.schema.dated_by)
        for name, kind in schema._declared_fields.items()
        if isinstance(kind, Pieces) and issubclass(kind.schema, Inner) and kind.schema.dated_by
    )


def _period(seed: "Seed", dated_by: tuple[str, ...], data: dict[str, Any], place: Place) -> Broken:
    if len(dated_by) == 2 and (until := data[dated_by[1]]) and (since := data[dated_by[0]]):
        begin, end = dated_by
        if since.earliest and until.latest and since.earliest > until.latest:
            yield place / end, f"{_name(seed)}: {end}: {until} is before {begin} ({since})"


@rule()
def _ahead(seed: "Seed", seeds: "Seeds") -> Broken:
    """Nobody holds or proposes yet what begins after the release, or after all that tells of it; an event may be announced."""
    schema = seed.resource.schema
    if not issubclass(schema, Cited) or schema.announced or not schema.dated_by:
        return
    field = schema.dated_by[0]
    since: Edtf | None = seed.data.get(field)  # a term has its date from its proposal, later
    if since is None or since.earliest is None:
        return
    released: date | None = seeds.release.get("date")
    told = [
        seeds.source(cited["source"].id).known_on
        for cited in (one.data for one in seed.parts["evidence"])
        if field in cited["bears_on"] or (cited["relation"] in ASSERTING and not cited["bears_on"])
    ]
    after = None
    if released and since.earliest > released:
        after = f"the date of the release ({released}, in release.yaml)"
    elif told and since.earliest > (last := max(told)):
        after = f"{last}, when the latest evidence for it was known"
    if after:
        why = "something only announced must be recorded as an event"
        yield seed.place / field, f"{_name(seed)}: {field}: {since} begins after {after}; {why}"


@cache
def _countries() -> dict[str, str]:
    """The codes of ISO 3166-1 alpha-2 by the usual names of what they stand for, as the time zone database keeps them."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return {name: code for code, name in (line.split("\t") for line in lines if not line.startswith("#"))}


@rule("parties")
def _country(party: "Seed", _seeds: "Seeds") -> Broken:
    code: str | None = party.data["iso3166"]
    countries = _countries()
    if code is None or code in countries.values():
        return
    # A wrong code is near to any other; the name tells which is meant, or that the code is an abbreviation of one.
    abbreviated = (one for one in countries if code in re.findall(r"\w+", one))
    meant = next(chain(nearest(party.data["name"], countries), abbreviated), None)
    hint = f". Did you mean “{countries[meant]}” ({meant})?" if meant else ""
    yield party.place / "iso3166", f"{_name(party)}: iso3166: “{code}” is not a valid ISO 3166-1 alpha-2 code{hint}"


@rule("sources")
def _published(source: "Seed", _seeds: "Seeds") -> Broken:
    published, retrieved = source.data["published_on"], source.data["retrieved_on"]
    if published and published.earliest and published.earliest > retrieved:
        what = f"{published} begins after retrieved_on ({retrieved}); a text must be published before it is retrieved"
        yield source.place / "published_on", f"{_name(source)}: published_on: {what}"


@rule("demands")
def _addressed(demand: "Seed", _seeds: "Seeds") -> Broken:
    party = demand.data["party"].id
    for index, addressee in enumerate(demand.data["addressees"]):
        if addressee.id == party:
            what = f"“{party}” is the demanding party; name only the parties it addresses"
            yield demand.place / "addressees" / index, f"{_name(demand)}: addressees[{index}]: {what}"


@rule()
def _propositions(seed: "Seed", seeds: "Seeds") -> Broken:
    """An issue that must have a proposition is no topic."""
    for name in _contested(seed.resource.schema):
        issue: Ref | None = seed.data[name]
        if issue and seeds.of("issues")[issue.id].data["proposition"] is None:
            below = [
                id
                for id, other in seeds.of("issues").items()
                if other.data["parent"] and other.data["parent"].id == issue.id
            ]
            meant = f"use one of its issues: {', '.join(below)}" if below else "use an issue (this topic has none yet)"
            yield seed.place / name, f"{_name(seed)}: {name}: “{issue.id}” is a topic; {meant}"


@cache
def _contested(schema: type[Record]) -> tuple[str, ...]:
    return tuple(
        name for name, kind in schema._declared_fields.items() if isinstance(kind, Reference) and kind.proposition
    )


@rule("responses")
def _answer(seed: "Seed", _seeds: "Seeds") -> Broken:
    given = [name for name in ("proposal", "term", "demand") if seed.data[name]]
    if len(given) != 1:
        found = " and ".join(given) if given else "none"
        yield seed.place, f"{_name(seed)}: expected exactly one of proposal, term and demand, found {found}"
        return
    if seed.data["issue"]:
        whys = {"term": "the term already gives it", "demand": "the demand already gives it"}
        why = whys.get(given[0], "a response to a whole proposal has none")
        yield seed.place / "issue", f"{_name(seed)}: issue: leave it out: {why}"
    if seed.data["verdict"] not in IMPLIED_STANCE and seed.data["stance"] is None:
        yield (
            seed.place,
            f"{_name(seed)}: the required field stance is missing; the verdict “{seed.data['verdict']}” implies none",
        )


@rule("responses")
def _answers_another(seed: "Seed", seeds: "Seeds") -> Broken:
    demand, party = seed.data["demand"], seed.data["party"]
    if demand and seeds.of("demands")[demand.id].data["party"] == party:
        what = f"“{demand.id}” is a demand of “{party.id}” itself; what became of a demand is its lifecycle"
        yield seed.place / "demand", f"{_name(seed)}: demand: {what}"


@rule("proposals")
def _superseded(seed: "Seed", seeds: "Seeds") -> Broken:
    """A proposal that supersedes another was not made before it, and that one is over."""
    if not seed.data["supersedes"]:
        return
    earlier = seeds.of("proposals")[seed.data["supersedes"].id]
    made, before = seed.data["made_on"], earlier.data["made_on"]
    if made and made.latest and before and before.earliest and before.earliest > made.latest:
        what = f"“{earlier.id}” was made later ({before}) than this ({made}); name the earlier version that this one replaces"
        yield seed.place / "supersedes", f"{_name(seed)}: supersedes: {what}"
    if (status := earlier.data["status"]) not in OVER:
        must = f"“{seed.id}” supersedes this proposal, so it must be superseded or lapsed"
        found = f"found {f'“{status}”' if status else 'no status'}; otherwise its offers would go on"
        yield earlier.place / "status", f"{_name(earlier)}: status: {must}, {found}"


@rule("proposals")
def _numbers(seed: "Seed", _seeds: "Seeds") -> Broken:
    seen: dict[int, str] = {}
    for term in seed.parts["terms"]:
        if (number := term.data["number"]) in seen:
            yield term.place / "number", f"{_name(term)}: number: {number} is already used by “{seen[number]}”"
        seen[number] = term.id


@rule("proposals")
def _offered(seed: "Seed", seeds: "Seeds") -> Broken:
    """The offers that terms make have ids of their own, which no other position may have."""
    for term in seed.parts["terms"]:
        for proposer in seed.data["proposers"]:
            id = f"{term.id}-by-{proposer.id}"
            for kind in ("demands", "responses", "statements"):
                if id in seeds.of(kind):
                    yield term.place / "id", f"{_name(term)}: the id of its offer, “{id}”, is already used in {kind}"


#: What teaches a field. What contests or takes back would do so with the whole record, whatever the fields that it names.
_TEACHING = (Relation.ASSERTS, Relation.CONFIRMS, Relation.CLARIFIES)


@rule()
def _citations(subject: "Seed", seeds: "Seeds") -> Broken:
    for cited in subject.parts.get("evidence", ()):
        yield from _citation(cited, subject, seeds)


@rule()
def _cited_twice(subject: "Seed", _seeds: "Seeds") -> Broken:
    evidence = subject.parts.get("evidence", ())
    if len(evidence) < 2:
        return  # most records: no marks need to be computed
    marks: set[tuple[str, str]] = set()
    for cited in evidence:
        same = (cited.data["source"].id, mark(subject, cited))
        if same in marks:
            yield (
                cited.place,
                f"{_name(subject)}: evidence: the same passage is cited twice in the same way; leave one out",
            )
        marks.add(same)


def _citation(cited: "Seed", subject: "Seed", seeds: "Seeds") -> Broken:
    source: Ref = cited.data["source"]
    if (selector := cited.data["selector"]) and (length := seeds.source(source.id).length):
        end = int(selector.rpartition(",")[2])
        if end > length:
            yield (
                cited.place / "selector",
                f"{_name(subject)}: evidence: selector: ends at {end}, but the text of “{source.id}” has only {length} characters",
            )
    said: Edtf | None = cited.data["said_on"]
    if said and said.earliest and said.earliest > (known := seeds.source(source.id).known_on):
        what = (
            f"{said} begins after {known}, when “{source.id}” was known; a source can only report what was already said"
        )
        yield cited.place / "said_on", f"{_name(subject)}: evidence: said_on: {what}"
    if cited.data["digest"] and not selector:
        yield (
            cited.place / "digest",
            f"{_name(subject)}: evidence: digest: a digest needs a selector that identifies the passage",
        )
    if (fields := cited.data["bears_on"]) and cited.data["relation"] not in _TEACHING:
        what = f"“{cited.data['relation']}” applies to a whole record, not to single fields"
        whole = f"leave bears_on out if the evidence is about all of {_name(subject)}"
        part = (
            f"for {fields[0]} alone, write relation: clarifies without bears_on, and absent: {{{fields[0]}: disputed}}"
        )
        yield cited.place / "bears_on", f"{_name(subject)}: evidence: bears_on: {what}; {whole}; {part}"
    for index, field in enumerate(fields):
        place = cited.place / "bears_on" / index
        if field not in (allowed := subject.resource.schema.bearable()):
            what = (
                f"“{field}” is not one of the fields of {subject.resource.name} that evidence can establish on its own"
            )
            hint = f": {', '.join(allowed) or 'none'}{suggestion(field, allowed)}"
            yield place, f"{_name(subject)}: evidence: bears_on: {what}{hint}"
        elif not subject.data.get(field):
            yield place, f"{_name(subject)}: evidence: bears_on: the field {field} has no value to establish"


def _cycle(group: Mapping[str, Any], field: str) -> Broken:
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
            yield seed.place / field, f"{_name(seed)}: {field}: forms a circle: {' → '.join(circle)}"
        done.update(path)


class _Represents(NamedTuple):
    party: str
    other: str
    since: date
    until: date
    place: Place


def _representing_itself(seeds: "Seeds") -> Broken:
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


@rule("issues")
def _topic(seed: "Seed", seeds: "Seeds") -> Broken:
    if (parent := seed.data["parent"]) and seeds.of("issues")[parent.id].data["proposition"] is not None:
        yield (
            seed.place / "parent",
            f"{_name(seed)}: parent: “{parent.id}” is an issue, since it has a proposition; expected a topic",
        )


def _retired(seeds: "Seeds", table: Table) -> Broken:
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


_telling = itemgetter("relation", "speaker", "speaker_description", "mode", "via", "selector", "said_on", "bears_on")


def mark(subject: "Seed", cited: "Seed") -> str:
    """What tells a citation from the others of its subject and source, whatever their order: eight hexadecimal digits."""
    if not cited.mark:
        told = "\0".join([subject.subject, *map(str, _telling(cited.given))])
        cited.mark = hashlib.sha256(told.encode()).hexdigest()[:8]
    return cited.mark
