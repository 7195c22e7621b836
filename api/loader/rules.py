"""The rules of the data model that concern more than one field: functions of a record that yield a place and a message for each
fault. Rules that no single record breaks are in `api.loader.joint_rules`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

from api.claims import ASSERTING
from api.loader.faults import Place, suggestion
from api.loader.record import Seed, mark
from api.loader.seeds import Seeds
from api.nearest import nearest
from schemas.dates import Edtf
from schemas.fields import Parts, Pieces, Ref, Reference
from schemas.record import Cited, Record
from schemas.record import Mapping as Inner
from schemas.vocabulary import IMPLIED_STANCE, OVER, ProposalStatus, Relation

Broken = Iterator[tuple[Place, str]]
Rule = Callable[[Seed, Seeds], Broken]
#: The rules by the collection that they concern; None for those of every collection.
_RULES: dict[str | None, list[Rule]] = defaultdict(list)


def rule(collection: str | None = None) -> Callable[[Rule], Rule]:
    """Declare a function as a rule: for the records of one collection, or for every record and every term."""

    def declare(function: Rule) -> Rule:
        _RULES[collection].append(function)
        return function

    return declare


def broken(seed: Seed, seeds: Seeds) -> Broken:
    """Every rule that a record or a part of it breaks, its references resolved."""
    for check in chain(_RULES[None], _RULES[seed.resource.name]):
        yield from check(seed, seeds)
    for term in seed.parts.get("terms", ()):
        yield from broken(term, seeds)


def name_of(seed: Seed) -> str:
    """The name of a record in messages."""
    return f"{seed.resource.name} “{seed.id}”"


def name_of_part(one: Seed, seed: Seed) -> str:
    """The name in messages of a record, or of one written in it: ``one`` in ``seed``. Evidence is named by what it is evidence for."""
    if one.resource.name != "evidence":
        return name_of(one)
    terms = seed.parts.get("terms", ())
    subject = next(
        term for term in (*terms, seed) if term is seed or any(one is cited for cited in term.parts["evidence"])
    )
    return f"{name_of(subject)}: evidence"


@rule()
def _absent(seed: Seed, _seeds: Seeds) -> Broken:
    fields = seed.resource.schema._declared_fields
    for name in seed.data.get("absent", {}):
        place = Place(seed.place.file, (*seed.place.path, "absent", name), key=True)
        if name not in fields:
            yield place, f"{name_of(seed)}: absent: unknown field “{name}”{suggestion(name, list(fields))}"
        elif seed.parts.get(name) if isinstance(fields[name], Parts) else seed.data.get(name):
            yield (
                place,
                f"{name_of(seed)}: absent: the field {name} has a value; give a reason only for a field that is absent",
            )


@rule()
def _periods(seed: Seed, _seeds: Seeds) -> Broken:
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


def _period(seed: Seed, dated_by: tuple[str, ...], data: dict[str, Any], place: Place) -> Broken:
    if len(dated_by) == 2 and (until := data[dated_by[1]]) and (since := data[dated_by[0]]):
        begin, end = dated_by
        if since.earliest and until.latest and since.earliest > until.latest:
            yield place / end, f"{name_of(seed)}: {end}: {until} is before {begin} ({since})"


@rule()
def _ahead(seed: Seed, seeds: Seeds) -> Broken:
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
        yield seed.place / field, f"{name_of(seed)}: {field}: {since} begins after {after}; {why}"


@cache
def _countries() -> dict[str, str]:
    """The codes of ISO 3166-1 alpha-2 by the usual names of what they stand for, as the time zone database keeps them."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return {name: code for code, name in (line.split("\t") for line in lines if not line.startswith("#"))}


@rule("parties")
def _country(party: Seed, _seeds: Seeds) -> Broken:
    code: str | None = party.data["iso3166"]
    countries = _countries()
    if code is None or code in countries.values():
        return
    # A wrong code is near to any other; the name tells which is meant, or that the code is an abbreviation of one.
    abbreviated = (one for one in countries if code in re.findall(r"\w+", one))
    meant = next(chain(nearest(party.data["name"], countries), abbreviated), None)
    hint = f". Did you mean “{countries[meant]}” ({meant})?" if meant else ""
    yield party.place / "iso3166", f"{name_of(party)}: iso3166: “{code}” is not a valid ISO 3166-1 alpha-2 code{hint}"


@rule("sources")
def _published(source: Seed, _seeds: Seeds) -> Broken:
    published, retrieved = source.data["published_on"], source.data["retrieved_on"]
    if published and published.earliest and published.earliest > retrieved:
        what = f"{published} begins after retrieved_on ({retrieved}); a text must be published before it is retrieved"
        yield source.place / "published_on", f"{name_of(source)}: published_on: {what}"


@rule("demands")
def _addressed(demand: Seed, _seeds: Seeds) -> Broken:
    party = demand.data["party"].id
    for index, addressee in enumerate(demand.data["addressees"]):
        if addressee.id == party:
            what = f"“{party}” is the demanding party; name only the parties it addresses"
            yield demand.place / "addressees" / index, f"{name_of(demand)}: addressees[{index}]: {what}"


@rule()
def _propositions(seed: Seed, seeds: Seeds) -> Broken:
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
            yield seed.place / name, f"{name_of(seed)}: {name}: “{issue.id}” is a topic; {meant}"


@cache
def _contested(schema: type[Record]) -> tuple[str, ...]:
    return tuple(
        name for name, kind in schema._declared_fields.items() if isinstance(kind, Reference) and kind.proposition
    )


@rule("responses")
def _answer(seed: Seed, _seeds: Seeds) -> Broken:
    given = [name for name in ("proposal", "term", "demand") if seed.data[name]]
    if len(given) != 1:
        found = " and ".join(given) if given else "none"
        yield seed.place, f"{name_of(seed)}: expected exactly one of proposal, term and demand, found {found}"
        return
    if seed.data["issue"]:
        whys = {"term": "the term already gives it", "demand": "the demand already gives it"}
        why = whys.get(given[0], "a response to a whole proposal has none")
        yield seed.place / "issue", f"{name_of(seed)}: issue: leave it out: {why}"
    if seed.data["verdict"] not in IMPLIED_STANCE and seed.data["stance"] is None:
        yield (
            seed.place,
            f"{name_of(seed)}: the required field stance is missing; the verdict “{seed.data['verdict']}” implies none",
        )


@rule("responses")
def _answers_another(seed: Seed, seeds: Seeds) -> Broken:
    demand, party = seed.data["demand"], seed.data["party"]
    if demand and seeds.of("demands")[demand.id].data["party"] == party:
        what = f"“{demand.id}” was made by “{party.id}” itself; record what became of it as the demand's lifecycle"
        yield seed.place / "demand", f"{name_of(seed)}: demand: {what}"


#: The statuses of proposals that await nothing more. Who offered what was accepted or rejected may hold it still.
_CLOSED = OVER | {ProposalStatus.ACCEPTED, ProposalStatus.REJECTED}


@rule("proposals")
def _superseded(seed: Seed, seeds: Seeds) -> Broken:
    """A proposal that supersedes another was not made before it, and the other is no longer open."""
    if not seed.data["supersedes"]:
        return
    earlier = seeds.of("proposals")[seed.data["supersedes"].id]
    made, before = seed.data["made_on"], earlier.data["made_on"]
    if made and made.latest and before and before.earliest and before.earliest > made.latest:
        what = f"“{earlier.id}” was made later ({before}) than this ({made}); name the earlier version that this one replaces"
        yield seed.place / "supersedes", f"{name_of(seed)}: supersedes: {what}"
    status: ProposalStatus | None = earlier.data["status"]
    if status not in _CLOSED:
        found = f"found {f'“{status}”' if status else 'none'}, but “{seed.id}” supersedes this proposal"
        yield earlier.place / "status", f"{name_of(earlier)}: status: {found}; write superseded, or its offers go on"


@rule("proposals")
def _numbers(seed: Seed, _seeds: Seeds) -> Broken:
    seen: dict[int, str] = {}
    for term in seed.parts["terms"]:
        if (number := term.data["number"]) in seen:
            yield term.place / "number", f"{name_of(term)}: number: {number} is already used by “{seen[number]}”"
        seen[number] = term.id


@rule("proposals")
def _offered(seed: Seed, seeds: Seeds) -> Broken:
    """The offers that terms make have ids of their own, which no other position may have."""
    for term in seed.parts["terms"]:
        for proposer in seed.data["proposers"]:
            id = f"{term.id}-by-{proposer.id}"
            for kind in ("demands", "responses", "statements"):
                if id in seeds.of(kind):
                    yield term.place / "id", f"{name_of(term)}: the id of its offer, “{id}”, is already used in {kind}"


#: What teaches a field. What contests or takes back would do so with the whole record, whatever the fields that it names.
_TEACHING = (Relation.ASSERTS, Relation.CONFIRMS, Relation.CLARIFIES)


@rule()
def _citations(subject: Seed, seeds: Seeds) -> Broken:
    for cited in subject.parts.get("evidence", ()):
        yield from _citation(cited, subject, seeds)


@rule()
def _cited_twice(subject: Seed, _seeds: Seeds) -> Broken:
    evidence = subject.parts.get("evidence", ())
    if len(evidence) < 2:
        return  # most records: no marks need to be computed
    marks: set[tuple[str, str]] = set()
    for cited in evidence:
        same = (cited.data["source"].id, mark(subject, cited))
        if same in marks:
            yield (
                cited.place,
                f"{name_of(subject)}: evidence: the same passage is cited twice in the same way; leave one out",
            )
        marks.add(same)


def _citation(cited: Seed, subject: Seed, seeds: Seeds) -> Broken:
    source: Ref = cited.data["source"]
    if (selector := cited.data["selector"]) and (length := seeds.source(source.id).length):
        end = int(selector.rpartition(",")[2])
        if end > length:
            yield (
                cited.place / "selector",
                f"{name_of(subject)}: evidence: selector: ends at {end}, but the text of “{source.id}” has only {length} characters",
            )
    said: Edtf | None = cited.data["said_on"]
    if said and said.earliest and said.earliest > (known := seeds.source(source.id).known_on):
        what = (
            f"{said} begins after {known}, when “{source.id}” was known; a source can only report what was already said"
        )
        yield cited.place / "said_on", f"{name_of(subject)}: evidence: said_on: {what}"
    if cited.data["speaker_party"] and (speaker := cited.data["speaker"]):
        yield (
            cited.place / "speaker_party",
            f"{name_of(subject)}: evidence: speaker_party: “{speaker.id}” is named; record whom it belongs to in its affiliations",
        )
    if cited.data["digest"] and not selector:
        yield (
            cited.place / "digest",
            f"{name_of(subject)}: evidence: digest: a digest needs a selector that identifies the passage",
        )
    if (fields := cited.data["bears_on"]) and cited.data["relation"] not in _TEACHING:
        what = f"“{cited.data['relation']}” applies to a whole record, not to single fields"
        whole = f"leave bears_on out if the evidence is about all of {name_of(subject)}"
        part = (
            f"for {fields[0]} alone, write relation: clarifies without bears_on, and absent: {{{fields[0]}: disputed}}"
        )
        yield cited.place / "bears_on", f"{name_of(subject)}: evidence: bears_on: {what}; {whole}; {part}"
    for index, field in enumerate(fields):
        place = cited.place / "bears_on" / index
        if field not in (allowed := subject.resource.schema.bearable()):
            what = (
                f"“{field}” is not one of the fields of {subject.resource.name} that evidence can establish on its own"
            )
            hint = f": {', '.join(allowed) or 'none'}{suggestion(field, allowed)}"
            yield place, f"{name_of(subject)}: evidence: bears_on: {what}{hint}"
        elif not subject.data.get(field):
            yield place, f"{name_of(subject)}: evidence: bears_on: the field {field} has no value to establish"


@rule("issues")
def _topic(seed: Seed, seeds: Seeds) -> Broken:
    if (parent := seed.data["parent"]) and seeds.of("issues")[parent.id].data["proposition"] is not None:
        yield (
            seed.place / "parent",
            f"{name_of(seed)}: parent: “{parent.id}” is an issue, since it has a proposition; expected a topic",
        )
