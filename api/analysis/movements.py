"""Movements: the changes of a party's stance on an issue, the direction of each, and toward whom it went.

Measure: the **course** of a party on an issue is its positions on it, in the order of `api.analysis.latest`. After each position
the party has a stance, or conflicting ones. A **movement** lies between two successive stances that differ. Its day is the
beginning of the position that gives the new stance.

- The course runs through all processes, because an issue may be negotiated in several. A movement belongs to the processes of
  both its positions.
- Conflicting stances are skipped, because their order is not known.
- A party that no longer holds anything on the issue **gave its position up**. That movement has no position after it. Its day is
  the last day that ``valid_until`` can mean.
- A position taken up again after a break is compared with the position before the break.
- If a later position ends and an earlier one continues, there is no movement back to the earlier one, because nobody recorded one.

Let s be the score before and t the score after. The party

- **hardened** if it moved further to its own side, or took a side from 0: s·(t−s) > 0, or s = 0;
- **reversed** if it crossed to the other side: s·t < 0. It may thereby move toward the others or away from them;
- **conceded** if it moved against its side without crossing: s·(t−s) < 0 and s·t ≥ 0.

If one of the two stances has no score, the direction is **unclear**. A position that was given up is **fulfilled** if the demand
was met, **replaced** if it was superseded, and otherwise **dropped**: a party that holds nothing has not moved to the other side.

**Toward** are the other parties to whose score on that day the party came nearer. **Away from** are those from whose score it moved
farther. Both are empty if there is no position after the movement, because there is no score to measure by.

Each movement has the claim status and the counts of one record: the position after it. If the position was given up, they are
those of the evidence that teaches only the end (``bears_on``), if there is any, because a party that once held a thing openly
has not confirmed that it dropped it. Otherwise they are those of the record that was given up. The end of an offer rests on the
evidence that its proposal had lapsed or was replaced.

With ``as_of``, a movement is **assumed** if the position after it may have begun later than that day.

A movement can have happened between two days: from the first to the last day on which the position after it can have begun, or, if
the position was given up, on which it can have ended.
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
    """One change, as found: the party, the position before, the position after (None if it gave its position up), and the day.

    ``own`` are the parties whose movement it is: ``party``, and every party for which the position before counts.
    """

    day: date
    issue: str
    party: str
    before: Narrow
    after: Narrow | None
    own: tuple[str, ...] = ()

    @property
    def processes(self) -> set[str]:
        """The processes that the movement belongs to: those of its two positions."""
        return {held.row.process_id for held in (self.before, self.after) if held}


#: A day, a party, and the party's score from that day on; None is no score.
Shift = tuple[date, str, float | None]
#: The parties of each score, in the order of their ids.
Standings = dict[float, list[str]]
_AT_ONCE = 500


def movements(question: Question) -> Findings:
    """Every movement, in the order of their days; with ``as_of``, only those that had happened by that day.

    The rows are made while they are read, because each names every party that it went toward or away from.
    """
    found = [by_issue for by_issue in _found(question) if by_issue[0]]
    held = {
        one.row.id: one.row.subject for moved, _ in found for each in moved for one in (each.before, each.after) if one
    }
    return Findings(_rows(question, found), rests_on(question, held, held.values()))


def lines(question: Question) -> Iterator[dict[str, Any]]:
    """The rows of `movements` without its counts of records, documents and origins."""
    return _rows(question, [by_issue for by_issue in _found(question) if by_issue[0]])


def _found(question: Question) -> Iterator[tuple[list[Movement], list[Shift]]]:
    """For each issue with movements: the movements, and the changes of all parties' scores, both in the order of their days."""
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
    """The condition that the requested processes have a position on the issue; none if no process is requested."""
    if not question.processes:
        return []
    there = aliased(Holding)
    return [Holding.issue_id.in_(select(there.issue_id).where(in_any(there.process_id, question.processes)))]


def _between(question: Question, moved: list[Movement]) -> Iterator[Movement]:
    """The movements on one issue that may have happened between the requested days."""
    given_up = answers(question, (movement.before for movement in moved if movement.after is None))
    for movement in moved:
        if movement.after:
            first, last = movement.after.began, movement.after.began_by
        else:
            first, last = _over(movement.before, given_up[movement.before.row.id]["valid_until"])
        if question.asks_for(first, last):
            yield movement


def _over(held: Narrow, ended: Mapping[str, Any] | None) -> tuple[date, date]:
    """The first and the last day on which a position can have ended.

    If only the last day is recorded, the position can have ended on the day on which it began.
    """
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
    #: For each stance, the last day on which one of the positions so far can have begun.
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
    """The score of one party on one issue over time: each day on which it changed, with the score from that day on."""
    ordered = sorted(course, key=attrgetter("order"))
    over = {held.row.latest + timedelta(days=1) for held in course if held.row.latest != LAST_DAY}
    standing: list[int] = []  # the positions that had begun and had not ended, the latest first
    began_by: dict[Stance, list[tuple[int, int]]] = {}  # the same by stance, first the one that can have begun last
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
    """The direction of a movement. ``became`` is the lifecycle of a position that was given up, if it is known."""
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
    """The parties that a movement went toward, and the parties that it went away from, without the parties whose own movement it is."""
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
    """The movements on one issue, each with its `sides` by the scores of all parties on its day."""
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
    """The end of a position: its lifecycle, if that is recorded, and the claim that it ended, if some evidence teaches only the end."""

    became: Lifecycle | None
    claim: Claim | None


def _ends(question: Question, given_up: list[dict[str, Any]]) -> dict[str, End]:
    """The ends of positions, by id. ``given_up`` are the positions' answers. An offer ends with its proposal; see `api.loader.derive`.

    Evidence of an end that only clarifies the record asserts the end.
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
            # A source that reports the later version also reports that it replaced the earlier one.
            teaching = [piece for _, piece in every]
        return claim([_citation(new, *piece) for piece in teaching]) if teaching else None

    return {
        id: End(Lifecycle.of(became[id]) if became[id] else None, claimed(*taught)) for id, taught in taught_by.items()
    }


def _replaced(question: Question, proposals: set[str]) -> dict[str, str | None]:
    """The proposals that were superseded, each with the proposal that superseded it, or None if none with a date is recorded."""
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
