"""The claim status of a record: pure functions of its evidence, as `schemas.vocabulary.ClaimStatus` defines the rules."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

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


@dataclass(frozen=True, slots=True)
class Citation:
    """What a piece of evidence counts for. ``origin`` is the outlet that it goes back to; ``by_holder`` says whether its
    speaker holds what is claimed, or represents one who does.
    """

    source: str
    relation: Relation
    mode: Mode
    origin: str
    known_on: date
    by_holder: bool = False
    bears_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """How well a record is supported."""

    status: ClaimStatus
    first_reported_on: date
    evidence: int
    documents: int
    origins: int


@dataclass(frozen=True, slots=True)
class Version:
    """A record as one set of modes of evidence shows it, from ``known_from`` until the day before ``known_until``.

    ``hidden`` names the fields that only later evidence, or evidence of other modes, teaches.
    """

    modes: int
    known_from: date
    known_until: date | None
    claim: Claim
    hidden: frozenset[str]


def status(citations: Iterable[Citation]) -> ClaimStatus:
    """The claim status: the first rule that holds."""
    cited = list(citations)
    relations = {citation.relation for citation in cited}
    asserting = [citation for citation in cited if citation.relation in ASSERTING]
    if Relation.RETRACTS in relations:
        return ClaimStatus.RETRACTED
    if relations & DENYING and asserting:
        return ClaimStatus.DISPUTED
    if Relation.DENIES in relations:
        return ClaimStatus.DENIED
    if any(citation.by_holder and citation.mode in OPEN for citation in asserting):
        return ClaimStatus.CONFIRMED
    if relations & WITHHOLDING and all(citation.mode in CLOSED for citation in asserting):
        return ClaimStatus.UNCONFIRMED
    if len(origins(cited)) >= 2:
        return ClaimStatus.CORROBORATED
    return ClaimStatus.REPORTED


def origins(citations: Iterable[Citation]) -> set[str]:
    """The outlets that the assertions go back to, writers' and analysts' own judgements left out."""
    return {
        citation.origin for citation in citations if citation.relation in ASSERTING and citation.mode not in JUDGING
    }


def claim(citations: Sequence[Citation]) -> Claim:
    """The claim that a record's evidence amounts to."""
    return Claim(
        status=status(citations),
        first_reported_on=min(citation.known_on for citation in citations),
        evidence=len(citations),
        documents=len({citation.source for citation in citations}),
        origins=len(origins(citations)),
    )


def versions(citations: Sequence[Citation], beside: Sequence[Citation] = ()) -> Iterator[Version]:
    """Every version of a record that a reader can ask for by knowledge time and by modes of evidence.

    A record changes only on the days on which evidence becomes known, and only the modes that its evidence has make a
    difference; so there are few, and each is made once, at load.

    Args:
        beside: evidence of another record, from which this one has fields: it teaches these, and supports nothing here.
    """
    taught = frozenset().union(*(citation.bears_on for citation in (*citations, *beside)))
    modes = sorted({citation.mode for citation in (*citations, *beside)}, key=MODE_BIT.__getitem__)
    for size in range(1, len(modes) + 1):
        for chosen in combinations(modes, size):
            counted = [citation for citation in citations if citation.mode in chosen]
            if not counted:
                continue
            teaching = [*counted, *(citation for citation in beside if citation.mode in chosen)]
            first = min(citation.known_on for citation in counted)
            days = sorted({max(citation.known_on, first) for citation in teaching})
            for day, until in zip(days, [*days[1:], None], strict=True):
                known = [citation for citation in counted if citation.known_on <= day]
                told = (citation.bears_on for citation in teaching if citation.known_on <= day)
                yield Version(
                    modes=sum(MODE_BIT[mode] for mode in chosen),
                    known_from=day,
                    known_until=until,
                    claim=claim(known),
                    hidden=taught - frozenset().union(*told),
                )


def representation(
    affiliations: Iterable[tuple[str, str, date | None, date | None]],
) -> Callable[[str, frozenset[str], date | None, date | None], bool]:
    """Who speaks for whom, transitively.

    Args:
        affiliations: (party, represented party, earliest day, latest day) of each affiliation that represents; None is open.

    Returns:
        A function of (speaker, holders, earliest, latest day of speaking) that tells whether the speaker is or may then
        have represented one of the holders.
    """
    edges: dict[str, list[tuple[str, date, date]]] = {}
    for party, other, earliest, latest in affiliations:
        edges.setdefault(party, []).append((other, earliest or date.min, latest or date.max))

    def speaks_for(speaker: str, holders: frozenset[str], earliest: date | None, latest: date | None) -> bool:
        begin, end = earliest or date.min, latest or date.max
        reached, waiting = {speaker}, [speaker]
        while waiting:
            party = waiting.pop()
            if party in holders:
                return True
            for other, since, until in edges.get(party, ()):
                if since <= end and until >= begin and other not in reached:
                    reached.add(other)
                    waiting.append(other)
        return False

    return speaks_for
