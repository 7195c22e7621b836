"""The claim status of a record: pure functions of its evidence, by the rules that `schemas.vocabulary.ClaimStatus` defines; and who
represents whom, on which it depends.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

from schemas.dates import Edtf, parse
from schemas.fields import Ref
from schemas.vocabulary import ClaimStatus, Mode, Relation

ASSERTING = frozenset({Relation.ASSERTS, Relation.CONFIRMS})
DENYING = frozenset({Relation.DENIES, Relation.DISPUTES})
WITHHOLDING = frozenset({Relation.NOT_CONFIRMED, Relation.DECLINES_TO_COMMENT})
OPEN = frozenset({Mode.ON_RECORD, Mode.OFFICIAL_DOCUMENT})
CLOSED = frozenset({Mode.ANONYMOUS, Mode.UNATTRIBUTED})
JUDGING = frozenset({Mode.ANALYST, Mode.AUTHOR})
#: Positions with these claim statuses are nobody's.
UNHELD = (ClaimStatus.RETRACTED.value, ClaimStatus.DENIED.value)

#: Each mode's bit in the sets of modes that the database stores.
MODE_BIT: dict[Mode, int] = {mode: 1 << place for place, mode in enumerate(Mode)}


class Citation(NamedTuple):
    """What a piece of evidence counts for. ``origin`` is the outlet that it goes back to; ``by_holder`` says whether its
    speaker holds what is claimed, or represents one who does.
    """

    source: str
    relation: Relation
    mode: Mode
    origin: str
    #: When its source could first be read.
    reported: Edtf
    by_holder: bool = False
    bears_on: frozenset[str] = frozenset()

    @property
    def known_on(self) -> date:
        """The day from which the public could know it: the last on which its source can have been new."""
        assert self.reported.latest is not None  # the project has retrieved it
        return self.reported.latest


class Claim(NamedTuple):
    """How well a record is supported."""

    status: ClaimStatus
    first_reported_on: date
    evidence: int
    documents: int
    origins: int
    first_reported: Edtf


class Version(NamedTuple):
    """A record as one set of modes of evidence shows it, from ``known_from`` until the day before ``known_until``.

    ``hidden`` names the fields that only later evidence, or evidence of other modes, teaches; ``unknown`` the records which it
    names that nobody could know of yet.
    """

    modes: int
    known_from: date
    known_until: date | None
    claim: Claim
    hidden: frozenset[str]
    unknown: frozenset[Ref]


#: What one citation says, as bits; those of a record's citations together decide its status.
_ASSERTS, _DENIES, _COUNTERS, _RETRACTS, _WITHHOLDS, _BY_HOLDER, _NOT_CLOSED, _COUNTED = (1 << bit for bit in range(8))


@cache
def _says(relation: Relation, mode: Mode, by_holder: bool) -> int:
    asserts = relation in ASSERTING
    said = (
        (_ASSERTS, asserts),
        (_DENIES, relation is Relation.DENIES),
        (_COUNTERS, relation in DENYING),
        (_RETRACTS, relation is Relation.RETRACTS),
        (_WITHHOLDS, relation in WITHHOLDING),
        (_BY_HOLDER, asserts and by_holder and mode in OPEN),
        (_NOT_CLOSED, asserts and mode not in CLOSED),
        (_COUNTED, asserts and mode not in JUDGING),
    )
    return sum(bit for bit, holds in said if holds)


@cache
def _ruled(said: int, several: bool) -> ClaimStatus:
    """The first rule that holds. ``several``: the assertions go back to two outlets or more."""
    if said & _RETRACTS:
        return ClaimStatus.RETRACTED
    if said & _DENIES and not said & _ASSERTS:
        return ClaimStatus.DENIED
    if said & _COUNTERS:
        return ClaimStatus.DISPUTED
    if said & _BY_HOLDER:
        return ClaimStatus.CONFIRMED
    if said & _WITHHOLDS and not said & _NOT_CLOSED:
        return ClaimStatus.UNCONFIRMED
    return ClaimStatus.CORROBORATED if several else ClaimStatus.REPORTED


#: For each claim status, what a citation must say for the status to follow from it.
_TURNS_ON = {
    ClaimStatus.RETRACTED: _RETRACTS,
    ClaimStatus.DISPUTED: _COUNTERS | _ASSERTS,
    ClaimStatus.DENIED: _DENIES,
    ClaimStatus.CONFIRMED: _BY_HOLDER,
    ClaimStatus.UNCONFIRMED: _WITHHOLDS | _ASSERTS,
    ClaimStatus.CORROBORATED: _COUNTED,
    ClaimStatus.REPORTED: _ASSERTS,
}


def decides(status: ClaimStatus, relation: Relation, mode: Mode, *, by_holder: bool) -> bool:
    """Whether the claim status that a record has follows from this piece of its evidence."""
    return bool(_says(relation, mode, by_holder) & _TURNS_ON[status])


def voices(relation: Relation, mode: Mode) -> bool:
    """Whether what such evidence goes back to counts as an origin: it asserts, and is no judgement of a writer or an analyst."""
    return bool(_says(relation, mode, by_holder=False) & _COUNTED)


def _said(citations: Iterable[Citation]) -> int:
    said = 0
    for one in citations:
        said |= _says(one.relation, one.mode, one.by_holder)
    return said


def origins(citations: Iterable[Citation]) -> set[str]:
    """The outlets that the assertions go back to, writers' and analysts' own judgements left out."""
    return {one.origin for one in citations if voices(one.relation, one.mode)}


def claim(citations: Sequence[Citation]) -> Claim:
    """The claim that a record's evidence amounts to."""
    outlets = len(origins(citations))
    return Claim(
        _ruled(_said(citations), outlets >= 2),
        min([one.known_on for one in citations]),
        len(citations),
        len({one.source for one in citations}),
        outlets,
        first(one.reported for one in citations),
    )


def reported(published: Edtf | None, retrieved: date) -> Edtf:
    """When a source could first be read: when it was published, and at the latest on the day on which the project retrieved it."""
    if published and published.latest and published.latest <= retrieved:
        return published
    if published is None or published.earliest is None or published.earliest > retrieved:
        return parse(f"/{retrieved}")
    return parse(
        str(retrieved) if published.earliest == retrieved else f"{published.text.partition('/')[0]}/{retrieved}"
    )


def first(several: Iterable[Edtf]) -> Edtf:
    """When the first of several was, each of which has a latest day."""
    dates = set(several)
    if len(dates) == 1:
        return dates.pop()
    by = min(dates, key=lambda one: (one.latest or date.max, one.earliest or date.min, one.text))
    earliest = min([one.earliest or date.min for one in dates])
    if earliest == (by.earliest or date.min):
        return by
    return parse(f"{'' if earliest == date.min else earliest}/{by.latest}")


_NOTHING: frozenset[Any] = frozenset()


class Grounds(NamedTuple):
    """What the versions of a record rest on.

    ``beside`` is evidence of another record, from which this one has fields: it teaches these, and supports nothing here. ``named``
    has the records that this one names, and the day from which the public could know of each, whatever the modes: whoever reports
    an answer also tells what it answers.
    """

    citations: Sequence[Citation] = ()
    beside: Sequence[Citation] = ()
    named: Mapping[Ref, date] = {}


def versions(grounds: Grounds) -> Iterator[Version]:
    """Every version of a record that a reader can ask for by knowledge time and by modes of evidence.

    A record changes only on the days on which evidence becomes known, and only the modes that its evidence has make a
    difference; so there are few, and each is made once, at load.
    """
    citations, beside, named = grounds
    every = (*citations, *beside)
    taught = _NOTHING.union(*[one.bears_on for one in every])
    modes = sorted({one.mode for one in every}, key=MODE_BIT.__getitem__)
    for size in range(1, len(modes) + 1):
        for chosen in combinations(modes, size):
            counted = [one for one in citations if one.mode in chosen]
            if not counted:
                continue
            bits = sum([MODE_BIT[mode] for mode in chosen])
            days = {one.known_on for one in counted}
            teaching: Sequence[Citation] = counted
            if beside:
                first = min(days)
                teaching = [*counted, *(one for one in beside if one.mode in chosen)]
                days.update([max(one.known_on, first) for one in teaching])
            if named:
                first = min(days)
                days.update([day for day in named.values() if day > first])
            if len(days) == 1:
                told = taught and taught.difference(*[one.bears_on for one in teaching])
                yield Version(bits, days.pop(), None, claim(counted), told, _NOTHING)
                continue
            ordered = sorted(days)
            for day, until in zip(ordered, [*ordered[1:], None], strict=True):
                known = [one for one in counted if one.known_on <= day]
                told = taught and taught.difference(*[one.bears_on for one in teaching if one.known_on <= day])
                unknown = named and frozenset(ref for ref, since in named.items() if since > day)
                yield Version(bits, day, until, claim(known), told, unknown or _NOTHING)


#: Days from one to another, both included.
Span = tuple[date, date]


class Representation:
    """Who represents whom, transitively. An affiliation counts where it may have been valid on some day of the span asked for.

    Args:
        affiliations: (party, represented party, earliest day, latest day) of each affiliation that represents; None is open.
    """

    def __init__(self, affiliations: Iterable[tuple[str, str, date | None, date | None]]) -> None:
        #: Whom each party represents directly, and from when until when.
        self.edges: dict[str, list[tuple[str, date, date]]] = {}
        for party, other, earliest, latest in affiliations:
            self.edges.setdefault(party, []).append((other, earliest or date.min, latest or date.max))

    def represented(self, party: str, span: Span) -> list[str]:
        """Those whom a party may have represented directly."""
        begin, end = span
        return [other for other, since, until in self.edges.get(party, ()) if since <= end and until >= begin]

    def reach(self, party: str, span: Span) -> set[str]:
        """The party, and all that it may have represented, directly or through others."""
        reached, waiting = {party}, [party]
        while waiting:
            for other in self.represented(waiting.pop(), span):
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
        return reached


def representation(
    affiliations: Iterable[tuple[str, str, date | None, date | None]],
) -> Callable[[str, frozenset[str], date | None, date | None], bool]:
    """A function of (speaker, holders, earliest, latest day of speaking) that tells whether the speaker is or may then have
    represented one of the holders; see `Representation`.
    """
    known = Representation(affiliations)

    def speaks_for(speaker: str, holders: frozenset[str], earliest: date | None, latest: date | None) -> bool:
        return not holders.isdisjoint(known.reach(speaker, (earliest or date.min, latest or date.max)))

    return speaks_for
