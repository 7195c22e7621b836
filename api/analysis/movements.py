"""Movements: each change of a party's stance on an issue, whether it conceded, hardened, reversed or dropped it, and toward whom.

Measure: the positions of a party on an issue in the order of `api.analysis.latest` make its course. After each of them the party has
a stance, or conflicting ones; a **movement** lies between two successive stances that differ, and is dated by the beginning of the
position that gives the new one. The course runs through all processes, since an issue may be negotiated in several; a movement is
found under the process of either position. States in conflict are passed over, since their order is not known. A party that holds
nothing on the issue any more **gave its position up**: the movement goes to nothing, on the last day that ``valid_until`` can mean.
What was taken up again after a break is compared with what was held before it. Where a later position ends and one from before it
goes on, no movement leads back to that: nobody recorded one.

With scores s before and t after: the party **hardened** where it went on to the side that it was on, or took a side from 0
(s·(t−s) > 0, or s = 0); it **reversed** where it crossed to the other side (s·t < 0), which is as often a turn away from a deal as toward
one; it **conceded** where it went against its side short of that. A position given up was **dropped**, unless the demand was met or
replaced: that nothing is held any more tells of no step to the other side. Without both scores the direction of any other movement is
unclear. **Toward** are the other parties whose score of that day came nearer, **away from** those whose score came to lie farther off; a
movement to nothing has no score to measure by, and goes toward nobody.

Each movement has the claim status and the counts of the record that it rests on: the position after it. That a position was given up
rests on the evidence that teaches its end, where some teaches that alone (``bears_on``), and on no other: who once held a thing openly
has not confirmed that it was dropped. Else it has those of the record that was given up. The end of an offer rests on the evidence that
its proposal had lapsed or was replaced.
Asked ``as_of``, it is **assumed** where the position after it may have begun later than the day.

It **lies** between the first and the last day on which the position after it can have begun, or that before it have ended.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from heapq import heappop, heappush, merge
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from api.analysis.footing import evidence_of, rests_on, support
from api.analysis.latest import Narrow, answers, by_column, columns_of, histories
from api.analysis.question import Findings, Names, Question, reference
from api.claims import Citation, Claim, claim, reported
from api.holdings import begun_by, member
from api.models import LAST_DAY, Evidence, Holding, Proposal, Source, in_any
from schemas.dates import Edtf, parse
from schemas.fields import date_answer
from schemas.vocabulary import Direction, Lifecycle, Mode, PositionKind, ProposalStatus, Relation, Stance


@dataclass(frozen=True, slots=True)
class Movement:
    """One change, as found: the party, the position before, the position after (None: nothing), and the day.

    ``own`` are the parties whose movement it is, wherever they stand themselves.
    """

    day: date
    issue: str
    party: str
    before: Narrow
    after: Narrow | None
    own: tuple[str, ...] = ()

    @property
    def processes(self) -> set[str]:
        """The processes that it is found under: those of its positions."""
        return {held.row.process_id for held in (self.before, self.after) if held}


#: From a day on the score of a party is another, or it has none.
Shift = tuple[date, str, float | None]
#: The parties of each score, in the order of their ids.
Standings = dict[float, list[str]]
_AT_ONCE = 500


def movements(question: Question) -> Findings:
    """Every movement, by the day on which it happened. ``as_of`` shows those that had happened by then.

    The rows are made while they are read: each names everyone whom it went toward or away from.
    """
    found = [by_issue for by_issue in _found(question) if by_issue[0]]
    held = {
        one.row.id: one.row.subject for moved, _ in found for each in moved for one in (each.before, each.after) if one
    }
    return Findings(_rows(question, found), rests_on(question, held, held.values()))


def lines(question: Question) -> Iterator[dict[str, Any]]:
    """The rows alone, without what they rest on."""
    return _rows(question, [by_issue for by_issue in _found(question) if by_issue[0]])


def _found(question: Question) -> Iterator[tuple[list[Movement], list[Shift]]]:
    """The movements on each issue, and how the scores of all parties shifted, both by the day."""
    everyone = question.of_all_parties().folding
    for held in histories(question.of_all_processes(), *_on_issues_of(question)):
        standing = by_column(held, everyone)
        moving = by_column(held, question.folding) if question.parties else standing
        moved = [
            replace(movement, own=(party, *columns_of(movement.before, everyone)))
            for (issue, party), course in moving.items()
            for movement in changes(party, issue, course, question.today)
        ]
        if question.processes:
            moved = [movement for movement in moved if movement.processes & {*question.processes}]
        if question.begin or question.end:
            moved = list(_between(question, moved))
        if moved:
            moved.sort(key=_place)
            shifts = [(day, party, score) for (_, party), course in standing.items() for day, score in scores(course)]
            yield moved, sorted(shifts, key=itemgetter(0))


def _on_issues_of(question: Question) -> list[ColumnElement[bool]]:
    """The condition that somebody holds something on the issue in the processes that are asked for."""
    if not question.processes:
        return []
    there = aliased(Holding)
    return [Holding.issue_id.in_(select(there.issue_id).where(in_any(there.process_id, question.processes)))]


def _between(question: Question, moved: list[Movement]) -> Iterator[Movement]:
    """Of the movements on one issue those that may lie between the days asked for."""
    given_up = answers(question, (movement.before for movement in moved if movement.after is None))
    for movement in moved:
        if movement.after:
            first, last = movement.after.began, movement.after.began_by
        else:
            first, last = _over(movement.before, given_up[movement.before.row.id]["valid_until"])
        if question.asks_for(first, last):
            yield movement


def _over(held: Narrow, ended: Mapping[str, Any] | None) -> tuple[date, date]:
    """The first and the last day on which a position can have ended. What ended by a day can have done so as soon as it had begun."""
    last: date = held.row.latest
    if ended is None:
        return last, last
    return date.fromisoformat(ended["earliest"]) if ended["earliest"] else min(held.began, last), last


def _place(movement: Movement) -> tuple[date, str, str]:
    return movement.day, movement.issue, movement.party


def changes(party: str, issue: str, course: list[Narrow], today: date) -> Iterator[Movement]:
    """The movements of one party on one issue."""
    ordered = sorted(course, key=attrgetter("order"))
    before: Narrow | None = None
    conflicting = False
    #: The last day on which a position of each stance can have begun, of those so far.
    began_by: dict[Stance, date] = {}
    for held in ordered:
        conflicting = any(day >= held.began for stance, day in began_by.items() if stance is not held.stance)
        began_by[held.stance] = max(held.began_by, began_by.get(held.stance, held.began_by))
        if conflicting:
            continue
        if before is not None and before.stance is not held.stance:
            yield Movement(held.began, issue, party, before, held)
        before = held
    if before is not None and not conflicting and all(held.ended(today) for held in ordered):
        last = max((held for held in ordered if held.stance is before.stance), key=lambda held: held.row.latest)
        yield Movement(last.row.latest, issue, party, last, None)


def scores(course: list[Narrow]) -> Iterator[tuple[date, float | None]]:
    """The score of one party on one issue as it goes: each day on which it changed, with what it was from then on."""
    ordered = sorted(course, key=attrgetter("order"))
    over = {held.row.latest + timedelta(days=1) for held in course if held.row.latest != LAST_DAY}
    standing: list[int] = []  # what had begun and had not ended, the latest first
    began_by: dict[Stance, list[tuple[int, int]]] = {}  # the same by stance, what can have begun last first
    begun, score = 0, None
    for day in sorted({*(held.began for held in ordered), *over}):
        while begun < len(ordered) and ordered[begun].began <= day:
            heappush(standing, -begun)
            heappush(began_by.setdefault(ordered[begun].stance, []), (-ordered[begun].began_by.toordinal(), begun))
            begun += 1
        while standing and ordered[-standing[0]].row.latest < day:
            heappop(standing)
        for several in began_by.values():
            while several and ordered[several[0][1]].row.latest < day:
                heappop(several)
        top = ordered[-standing[0]] if standing else None
        since = top.began.toordinal() if top else 0
        unknown = top is None or any(
            several and -several[0][0] >= since for stance, several in began_by.items() if stance is not top.stance
        )
        now = None if unknown or top is None else top.stance.score
        if now != score:
            score = now
            yield day, score


def direction(movement: Movement, became: Lifecycle | None) -> Direction:
    """What a movement amounts to. ``became`` tells what became of a position that was given up."""
    score = movement.before.stance.score
    if movement.after is None:
        if became is Lifecycle.MET:
            return Direction.FULFILLED
        return Direction.REPLACED if became is Lifecycle.SUPERSEDED else Direction.DROPPED
    after = movement.after.stance.score
    if score is None or after is None:
        return Direction.UNCLEAR
    if score * after < 0:
        return Direction.REVERSED
    return Direction.HARDENED if score == 0 or score * (after - score) > 0 else Direction.CONCEDED


def sides(movement: Movement, standings: Standings) -> tuple[list[str], list[str]]:
    """The parties that a movement went toward, and those that it went away from; not those whose own movement it is."""
    before, after = movement.before.stance.score, movement.after.stance.score if movement.after else None
    toward: list[str] = []
    away: list[str] = []
    if before is None or after is None:
        return toward, away
    for score, parties in standings.items():
        nearer = abs(before - score) - abs(after - score)
        if nearer > 0:
            toward += parties
        elif nearer < 0:
            away += parties
    for own in movement.own:
        for several in (toward, away):
            if own in several:
                several.remove(own)
    return sorted(toward), sorted(away)


def _beside(moved: list[Movement], shifts: list[Shift]) -> Iterator[tuple[Movement, tuple[list[str], list[str]]]]:
    """The movements on one issue, each with its sides as all parties stood on its day."""
    standings: Standings = {}
    known: dict[str, float] = {}
    shifted = 0
    for movement in moved:
        while shifted < len(shifts) and shifts[shifted][0] <= movement.day:
            _, party, score = shifts[shifted]
            shifted += 1
            if party in known:
                standing = standings[known.pop(party)]
                del standing[bisect_left(standing, party)]
            if score is not None:
                known[party] = score
                insort(standings.setdefault(score, []), party)
        yield movement, sides(movement, standings)


def _rows(question: Question, found: list[tuple[list[Movement], list[Shift]]]) -> Iterator[dict[str, Any]]:
    ordered = merge(*(_beside(*by_issue) for by_issue in found), key=lambda one: _place(one[0]))
    while several := list(islice(ordered, _AT_ONCE)):
        both = (one for movement, _ in several for one in (movement.before, movement.after) if one)
        positions = answers(question, both)
        ends = _ends(question, [positions[movement.before.row.id] for movement, _ in several if movement.after is None])
        for movement, beside in several:
            yield _row(movement, beside, positions, ends, question.names, question.clocks.as_of)


class End(NamedTuple):
    """How a position came to an end: what became of it, where that is told, and the claim that it ended, where some evidence teaches
    that alone.
    """

    became: Lifecycle | None
    claim: Claim | None


def _ends(question: Question, given_up: list[dict[str, Any]]) -> dict[str, End]:
    """The ends of positions, given as their answers, by id. An offer ended with its proposal; see `api.loader.derive`.

    What the evidence of an end clarifies of the record, it asserts of the end.
    """
    offered = {
        one["id"]: one["proposal"]["id"]
        for one in given_up
        if one["kind"] == PositionKind.OFFER.value and one["proposal"]
    }
    replaced = _replaced(question, set(offered.values()))
    became: dict[str, Any] = {one["id"]: one.get("lifecycle") for one in given_up}
    #: The record whose evidence teaches the end, and the field that this evidence bears on.
    taught_by = {one["id"]: (f"{one['kind']}s/{one['id']}", "valid_until") for one in given_up}
    for id, proposal in offered.items():
        later = replaced.get(proposal)
        taught_by[id] = (f"proposals/{later}", "made_on") if later else (f"proposals/{proposal}", "status")
        became[id] = Lifecycle.SUPERSEDED if proposal in replaced else None
    cited: dict[str, list[tuple[list[str], tuple[Any, ...]]]] = {}
    columns = (Evidence.source_id, Evidence.relation, Evidence.mode, Evidence.outlet, Evidence.by_holder)
    for subject, body, *piece in evidence_of(
        question, (subject for subject, _ in taught_by.values()), Evidence.body, *columns
    ):
        cited.setdefault(subject, []).append((orjson.loads(body)["bears_on"], tuple(piece)))
    sources = sorted({piece[0] for several in cited.values() for _, piece in several})
    statement = select(Source.id, Source.body).where(Source.id.in_(sources))
    new = {id: _reported(orjson.loads(body)) for id, body in question.connection.execute(statement)}

    def claimed(subject: str, field: str) -> Claim | None:
        every = cited.get(subject, [])
        teaching = [piece for bears_on, piece in every if field in bears_on]
        if field == "made_on" and not teaching:
            # Whoever tells of the later version tells that it replaced the earlier one.
            teaching = [piece for _, piece in every]
        return claim([_citation(new, *piece) for piece in teaching]) if teaching else None

    return {
        id: End(Lifecycle.of(became[id]) if became[id] else None, claimed(*taught)) for id, taught in taught_by.items()
    }


def _replaced(question: Question, proposals: set[str]) -> dict[str, str | None]:
    """Which of some proposals had been superseded, and by which one, where that is recorded and has a date."""
    if not proposals:
        return {}
    known = Proposal.known(question.clocks)
    told = (Proposal.id.in_(sorted(proposals)), Proposal.status == ProposalStatus.SUPERSEDED.value)
    found: dict[str, str | None] = dict.fromkeys(question.connection.scalars(select(Proposal.id).where(known, *told)))
    before = member(question.connection.dialect.name, Proposal.body, "supersedes", "id")
    later = select(before, Proposal.id).where(known, before.in_(sorted(proposals)), Proposal.latest < LAST_DAY)
    first_last = later.order_by(Proposal.latest.desc(), Proposal.id.desc())
    return found | dict(question.connection.execute(first_last).all())


def _citation(new: Mapping[str, Edtf], source: str, relation: str, mode: str, origin: str, by_holder: bool) -> Citation:
    said = Relation.ASSERTS if relation == Relation.CLARIFIES else Relation.of(relation)
    return Citation(source, said, Mode.of(mode), origin, new[source], by_holder)


def _reported(source: dict[str, Any]) -> Edtf:
    published = source["published_on"]
    return reported(published and parse(published["edtf"]), date.fromisoformat(source["retrieved_on"]))


def _row(
    movement: Movement,
    beside: tuple[list[str], list[str]],
    positions: dict[str, dict[str, Any]],
    ends: dict[str, End],
    names: Names,
    today: date | None,
) -> dict[str, Any]:
    before = positions[movement.before.row.id]
    after = positions[movement.after.row.id] if movement.after else None
    told, rests = (after or before)["first_reported"], support(after or before)
    end = None if after else ends[before["id"]]
    if end and end.claim:
        told = date_answer(end.claim.first_reported)
        rests = {
            "claim_status": end.claim.status,
            "document_count": end.claim.documents,
            "origin_count": end.claim.origins,
        }
    return {
        "party": names.party(movement.party),
        "issue": names.issue(movement.issue),
        "direction": direction(movement, end and end.became),
        "occurred_on": after["valid_from"] if after else before["valid_until"],
        "first_reported_on": told["latest"],
        "before_stance": before["stance"],
        "before": reference("positions", before),
        "after_stance": after["stance"] if after else None,
        "after": reference("positions", after) if after else None,
        "toward": [names.party(party) for party in beside[0]],
        "away_from": [names.party(party) for party in beside[1]],
        **rests,
        "assumed": bool(after and today and begun_by(after) > today.isoformat()),
        "first_reported": told,
    }
