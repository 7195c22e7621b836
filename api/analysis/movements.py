"""Movements: each change of a party's stance on an issue, whether it conceded or hardened, and toward whom.

Measure: the positions of a party on an issue in the order of `api.analysis.latest` make its course. After each of them the party has
a stance, or conflicting ones; a **movement** lies between two successive stances that differ, and is dated by the beginning of the
position that gives the new one. States in conflict are passed over, since their order is not known. A party that holds nothing on the
issue any more **gave its position up**: the movement goes to nothing, on the last day that ``valid_until`` can mean. What was taken up
again after a break is compared with what was held before it.

With scores s before and t after: the party **hardened** where it went on to the side that it was on, or took a side from 0
(s·(t−s) > 0, or s = 0); it **conceded** where it went against its side (s·(t−s) < 0), or gave the position up, unless that was since the
demand was met or replaced. Without both scores the direction is unclear. **Toward** are the other parties whose score of that day came
nearer, **away from** those whose score came to lie farther off; nothing counts as 0 for this.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import select

from api.analysis.folding import Folding
from api.analysis.footing import LISTED, footing
from api.analysis.latest import Held, by_column, columns_of, positions
from api.analysis.matrix import Findings
from api.analysis.question import Names, Question
from api.models import LAST_DAY, Evidence
from schemas.vocabulary import Direction, Lifecycle


@dataclass(frozen=True)
class Movement:
    """One change, as found: the party, the position before, the position after (None: nothing), and the day."""

    party: str
    issue: str
    before: Held
    after: Held | None
    day: date


class Standing:
    """The score of one party on one issue, day by day; None where it has none."""

    def __init__(self, course: list[Held]) -> None:
        self._course = sorted(course, key=attrgetter("order"))
        self._began = [held.began for held in self._course]
        #: The last day on which this position or one before it can have begun: how far back a simultaneous one may be.
        self._until = list(accumulate((held.began_at_most for held in self._course), max))
        over = {held.row.latest + timedelta(days=1) for held in course if held.row.latest != LAST_DAY}
        self._days = sorted({*self._began, *over})
        self._known: dict[int, float | None] = {}

    def on(self, day: date) -> float | None:
        """The score on a day."""
        span = bisect_right(self._days, day)
        if span not in self._known:
            self._known[span] = self._score(day)
        return self._known[span]

    def _score(self, day: date) -> float | None:
        top: Held | None = None
        for place in range(bisect_right(self._began, day) - 1, -1, -1):
            held = self._course[place]
            if top is not None and self._until[place] < top.began:
                break
            if held.row.latest < day:
                continue
            if top is None:
                top = held
            elif held.stance is not top.stance and held.simultaneous(top):
                return None
        return top.stance.score if top else None


#: Where everyone stands on an issue, by party.
Standings = dict[str, Standing]


def movements(question: Question) -> Findings:
    """Every movement, by the day on which it happened. ``as_of`` shows those that had happened by then.

    The rows are made while they are read: each names everyone whom it went toward or away from.
    """
    held, everyone = positions(question, history=True), question.of_all_parties().folding
    found = [
        movement
        for (issue, party), course in by_column(held, question.folding).items()
        for movement in changes(party, issue, course, question.today)
    ]
    found.sort(key=lambda movement: (movement.day, movement.issue, movement.party))
    records = [one.row for movement in found for one in (movement.before, movement.after) if one]
    behind = footing(question, (row.subject for row in records))
    standings: dict[str, Standings] = {}
    for (issue, party), course in by_column(held, everyone).items():
        standings.setdefault(issue, {})[party] = Standing(course)
    taught = _ends(question, [movement.before for movement in found if movement.after is None])
    names = question.names
    rows = (_row(movement, sides(movement, standings[movement.issue], everyone), taught, names) for movement in found)
    return Findings(rows, behind.rests_on((row.id for row in records), (row.subject for row in records)))


def changes(party: str, issue: str, course: list[Held], today: date) -> Iterator[Movement]:
    """The movements of one party on one issue."""
    ordered = sorted(course, key=attrgetter("order"))
    before: Held | None = None
    conflicting = False
    near: list[Held] = []
    for held in ordered:
        # What cannot have begun as late as this cannot have begun as late as anything behind it.
        near = [one for one in near if one.began_at_most >= held.began]
        conflicting = any(one.stance is not held.stance and one.simultaneous(held) for one in near)
        near.append(held)
        if conflicting:
            continue
        if before is not None and before.stance is not held.stance:
            yield Movement(party, issue, before, held, held.began)
        before = held
    if before is not None and not conflicting and all(held.ended(today) for held in ordered):
        last = max((held for held in ordered if held.stance is before.stance), key=lambda held: held.row.latest)
        yield Movement(party, issue, last, None, last.row.latest)


def direction(movement: Movement) -> Direction:
    """What a movement amounts to."""
    score = movement.before.stance.score
    if movement.after is None:
        ended = {Lifecycle.MET: Direction.FULFILLED, Lifecycle.SUPERSEDED: Direction.REPLACED}
        given = movement.before.row.lifecycle
        return ended.get(Lifecycle.of(given), Direction.CONCEDED) if given else Direction.CONCEDED
    after = movement.after.stance.score
    if score is None or after is None:
        return Direction.UNCLEAR
    return Direction.HARDENED if score == 0 or score * (after - score) > 0 else Direction.CONCEDED


def sides(movement: Movement, standings: Standings, everyone: Folding) -> tuple[list[str], list[str]]:
    """The parties that a movement went toward, and those that it went away from; not those whose own movement it is."""
    before, after = movement.before.stance.score, movement.after.stance.score if movement.after else 0.0
    toward: list[str] = []
    away: list[str] = []
    if before is None or after is None:
        return toward, away
    own = {movement.party, *columns_of(movement.before, everyone)}
    for party, standing in standings.items():
        score = standing.on(movement.day)
        if score is None or party in own:
            continue
        nearer = abs(before - score) - abs(after - score)
        if nearer > 0:
            toward.append(party)
        elif nearer < 0:
            away.append(party)
    return toward, away


def _ends(question: Question, given_up: list[Held]) -> dict[str, str]:
    """From which day the public could know that a position had ended, by subject: that of the evidence that teaches the end alone."""
    wanted = {held.row.subject for held in given_up}
    statement = select(Evidence.subject, Evidence.body).where(Evidence.at(question.clocks))
    if len(wanted) <= LISTED:
        statement = statement.where(Evidence.subject.in_(sorted(wanted)))
    found: dict[str, str] = {}
    for subject, body in question.connection.execute(statement):
        if subject not in wanted:
            continue
        evidence = orjson.loads(body)
        if "valid_until" in evidence["bears_on"]:
            found[subject] = min(evidence["known_on"], found.get(subject, evidence["known_on"]))
    return found


def _row(
    movement: Movement, beside: tuple[list[str], list[str]], taught: dict[str, str], names: Names
) -> dict[str, Any]:
    before, after = movement.before, movement.after
    reported = taught.get(before.row.subject, before.record["first_reported_on"])
    return {
        "party": names.party(movement.party),
        "issue": names.issue(movement.issue),
        "direction": direction(movement),
        "occurred_on": after.record["valid_from"] if after else before.record["valid_until"],
        "first_reported_on": after.record["first_reported_on"] if after else reported,
        "before_stance": before.row.stance,
        "before": before.reference(),
        "after_stance": after.row.stance if after else None,
        "after": after.reference() if after else None,
        "toward": names.parties(beside[0]),
        "away_from": names.parties(beside[1]),
    }
