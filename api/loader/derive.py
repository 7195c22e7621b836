"""What the seeds imply: the issue and the stance of responses, the offers that terms make, who represents whom, and the fields of
evidence that follow from its source.

**An offer** is held for as long as its proposal is put forward. A proposal that ``lapsed`` or was ``superseded`` no longer is, and its
offers end: on the day on which the later version was made, if one with a date is recorded, else by the day on which it was first
reported that the proposal was over. Offers that were accepted or rejected do not end by that. The end is known as soon as the evidence
that teaches it is: that of the later version, or that which bears on the proposal's ``status``. A status that no evidence bears on may
follow from any of the proposal's evidence, so it counts from the last.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple

from marshmallow import missing

from api.claims import Citation, Grounds, representation
from api.loader.record import Seed, mark, with_parts
from api.loader.seeds import Seeds
from api.models import Cited
from api.resource import Table, inherited
from schemas.dates import Edtf, parse
from schemas.fields import Parts, Ref, Reference, References, references_in
from schemas.record import Record
from schemas.vocabulary import IMPLIED_STANCE, OVER, TURNED_ROUND, PositionKind, Stance

KINDS = {
    "demands": PositionKind.DEMAND,
    "responses": PositionKind.RESPONSE,
    "statements": PositionKind.STATEMENT,
    "offers": PositionKind.OFFER,
}


def complete(seed: Seed, seeds: Seeds, table: Table) -> list[Seed]:
    """Complete a checked record and its parts in place. Returns them with all records derived from them, offers and evidence included."""
    made = [one for one in with_parts(seed) if one.resource.name != "evidence"]
    for outer in made:
        for inside in outer.resource.inside:
            dates = {name: outer.data[name] for name in inherited(inside.resource.schema)}
            for inner in outer.parts[inside.field]:
                inner.data.update({inside.named: outer.ref, **dates})
    data = seed.data
    if seed.resource.name == "sources":
        data["known_on"] = seeds.source(seed.id).known_on
    elif seed.resource.name == "proposals":
        made += [offer for term in seed.parts["terms"] for offer in _offers(term, seed, seeds, table)]
    elif seed.resource.name == "responses":
        _answer(seed, seeds)
    for one in made:
        if kind := KINDS.get(one.resource.name):
            one.data["kind"] = kind
    return made + [cited for one in made if "evidence" in one.parts for cited in _evidence(one, seeds)]


def _answer(response: Seed, seeds: Seeds) -> None:
    """Give a response the issue of what it answers, and the stance that its verdict implies unless it states one."""
    data = response.data
    term = seeds.of("terms")[data["term"].id] if data["term"] else None
    if term:
        assert term.parent is not None  # a term stands in its proposal
        data["proposal"], data["issue"] = term.parent.ref, term.data["issue"]
    elif data["demand"]:
        data["issue"] = seeds.of("demands")[data["demand"].id].data["issue"]
    if data["stance"] is None:
        implied = IMPLIED_STANCE[data["verdict"]]
        answered = (
            term.data["stance"]
            if term
            else seeds.of("demands")[data["demand"].id].data["stance"]
            if data["demand"]
            else Stance.SUPPORTS
        )
        turned = answered in (Stance.OPPOSES, Stance.OPPOSES_IN_PART)
        data["stance"] = TURNED_ROUND[implied] if turned else implied


class _End(NamedTuple):
    """The end of a proposal, and the evidence that teaches it."""

    when: Edtf
    taught_by: list[Seed]


def _end(proposal: Seed, seeds: Seeds) -> _End | None:
    """When a proposal ceased to be put forward, if it did."""
    if proposal.data["status"] not in OVER:
        return None
    later = [seeds.of("proposals")[id] for id in seeds.successors.get(proposal.id, ())]
    dated = [one for one in later if one.data["made_on"] and one.data["made_on"].latest]
    if dated:
        first = min(dated, key=lambda one: (one.data["made_on"].latest, one.id))
        return _End(first.data["made_on"], _bearing_on("made_on", first) or first.parts["evidence"])

    def known_on(cited: Seed) -> date:
        return seeds.source(cited.data["source"].id).known_on

    taught_by = _bearing_on("status", proposal) or [max(proposal.parts["evidence"], key=known_on)]
    known = min(known_on(one) for one in taught_by)
    made: Edtf | None = proposal.data["made_on"]
    return _End(parse(f"/{max(known, (made and made.earliest) or known)}"), taught_by)


def _bearing_on(name: str, subject: Seed) -> list[Seed]:
    return [one for one in subject.parts["evidence"] if name in one.data["bears_on"]]


def _offers(term: Seed, proposal: Seed, seeds: Seeds, table: Table) -> Iterator[Seed]:
    """Each proposer of a proposal holds what its terms provide."""
    if term.data["stance"] is Stance.UNCLEAR:
        return
    resource = table.by_name["offers"]
    end = _end(proposal, seeds)
    for proposer in proposal.data["proposers"]:
        id = f"{term.id}-by-{proposer.id}"
        data = {
            **_unsaid(resource.schema),
            "id": id,
            "party": proposer,
            "issue": term.data["issue"],
            "stance": term.data["stance"],
            "summary": term.data["summary"],
            "valid_from": proposal.data["made_on"],
            "valid_until": end and end.when,
            "proposal": term.data["proposal"],
            "term": term.ref,
        }
        yield Seed(resource, id, term.process, data, term.place, term)


def _unsaid(schema: type[Record]) -> dict[str, Any]:
    """Every field of a record, with the value that it has if the seeds leave it out."""
    return {name: default() if callable(default) else default for name, default in _defaults(schema)}


@cache
def _defaults(schema: type[Record]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (name, None if kind.load_default is missing else kind.load_default)
        for name, kind in schema._declared_fields.items()
        if not isinstance(kind, Parts)
    )


def _evidence(subject: Seed, seeds: Seeds) -> list[Seed]:
    ref = subject.ref
    for cited in subject.parts["evidence"]:
        id = cited.data["source"].id
        source = seeds.source(id)
        cited.id = f"{subject.id}-{id}-{mark(subject, cited)}"
        cited.data.update(
            id=cited.id,
            subject=ref,
            known_on=source.known_on,
            target=_target(cited.data["selector"], source.address),
            quote=None,
            published_on=source.published_on,
            origin=cited.data["via"] or source.origin,
        )
        cited.given.update(id=cited.id, subject=subject.subject)
    return subject.parts["evidence"]


def _target(selector: str | None, address: str) -> dict[str, Any] | None:
    """The passage as a specific resource of the W3C Web Annotation Data Model."""
    if selector is None:
        return None
    return {
        "type": "SpecificResource",
        "source": address,
        "selector": {
            "type": "FragmentSelector",
            "conformsTo": "http://tools.ietf.org/rfc/rfc5147",
            "value": selector,
        },
    }


_NOTHING: frozenset[str] = frozenset()


class Citations:
    """Makes the `Citation` of each piece of evidence, knowing who represents whom."""

    def __init__(self, seeds: Seeds) -> None:
        self.seeds = seeds
        self.speaks_for = representation(representing(seeds))
        self._known_since = lru_cache(maxsize=16384)(self._since)

    def grounds(self, seed: Seed) -> Grounds:
        """What the versions of a record with evidence rest on; nothing for one without."""
        if not issubclass(seed.resource.model, Cited):
            return Grounds()
        return Grounds(self._citations(seed), self._beside(seed), self._named(seed))

    def _citations(self, seed: Seed) -> list[Citation]:
        """The citations of a record; an offer's are those of its term."""
        cited = seed.parent if seed.resource.name == "offers" else seed
        assert cited is not None  # an offer's parent is its term
        holders = frozenset(self._holders(seed))
        return [self._citation(one, holders) for one in cited.parts["evidence"]]

    def _beside(self, seed: Seed) -> list[Citation]:
        """The evidence of other records that teaches a record's dates: those that it has from the record that it is written in; for an
        offer, when its proposal was made (``valid_from``) and when it ended.
        """
        outer = seed.parent
        if outer is None:
            return []
        if seed.resource.name == "offers":
            proposal = outer.parent
            assert proposal is not None  # an offer's parent is its term, a term's is its proposal
            teaching = [("valid_from", one) for one in _bearing_on("made_on", proposal)]
            if end := _end(proposal, self.seeds):
                teaching += [("valid_until", one) for one in end.taught_by]
        else:
            teaching = [(name, one) for name in inherited(seed.resource.schema) for one in _bearing_on(name, outer)]
        return [self._citation(one, frozenset())._replace(bears_on=frozenset({name})) for name, one in teaching]

    def _named(self, seed: Seed) -> dict[Ref, date]:
        """The records that a record names and that were not always known, and the day from which each was known."""
        return {ref: since for ref in references_in(seed.data) if (since := self._known_since(ref))}

    def _since(self, ref: Ref) -> date | None:
        if ref.collection == "sources":
            return self.seeds.source(ref.id).known_on
        if not issubclass(self.seeds.table.by_name[ref.collection].model, Cited):
            return None
        evidence = self.seeds.of(ref.collection)[ref.id].parts["evidence"]
        return min(self.seeds.source(one.data["source"].id).known_on for one in evidence)

    def _holders(self, seed: Seed) -> list[str]:
        found: list[str] = []
        for name, several in _holding(seed.resource.schema):
            if several:
                found += [ref.id for ref in seed.data[name]]
            elif seed.data[name]:
                found.append(seed.data[name].id)
        return found if found or seed.parent is None else self._holders(seed.parent)

    def _citation(self, cited: Seed, holders: frozenset[str]) -> Citation:
        data = cited.data
        source: str = data["source"].id
        known_on = self.seeds.source(source).known_on
        origin: Ref = data["via"] or self.seeds.source(source).origin
        by_holder = False
        if data["speaker"]:
            said: Edtf | None = data["said_on"]
            earliest, latest = (said.earliest, said.latest) if said else (known_on, known_on)
            by_holder = self.speaks_for(data["speaker"].id, holders, earliest, latest)
        return Citation(
            source=source,
            relation=data["relation"],
            mode=data["mode"],
            origin=origin.id
            if origin.collection == "parties"
            else f"sources/{origin.id}",  # a source may have a party's id
            reported=self.seeds.source(source).reported,
            by_holder=by_holder,
            bears_on=frozenset(data["bears_on"]) if data["bears_on"] else _NOTHING,
        )


@cache
def _holding(schema: type[Record]) -> tuple[tuple[str, bool], ...]:
    """The fields that name holders, and whether each names several."""
    return tuple(
        (name, isinstance(kind, References))
        for name, kind in schema._declared_fields.items()
        if isinstance(kind, Reference | References) and kind.holder
    )


def representing(seeds: Seeds) -> list[tuple[str, str, Any, Any]]:
    """The affiliations that represent: party, represented party, earliest and latest day (None: open).

    An affiliation with an unknown party is left out; the check of the affiliation reports that fault.
    """
    return [
        (
            seed.id,
            one["party"].id,
            one["valid_from"].earliest if one["valid_from"] else None,
            one["valid_until"].latest if one["valid_until"] else None,
        )
        for seed in seeds.of("parties").values()
        for one in seed.data["affiliations"]
        if one["represents"] and one["party"]
    ]
