"""The history of gaps: how far apart parties were, issue by issue, from day to day.

Measure: the gap of a day is that of `api.analysis.gaps` with ``as_of`` that day. It changes only on days on which a position may begin
or end, becomes certain or stops being so, or on which an affiliation begins or ends. Between these days it stays the same, so the
history of an issue is a list of spans. A day on which none of the parties may have held a position belongs to no span.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from api.analysis.footing import footing, rests_on
from api.analysis.gaps import gap
from api.analysis.latest import Cell, Narrow, answers, cells, histories
from api.analysis.question import Findings, Question
from api.analysis.timeline import milliseconds
from api.holdings import PERIOD, begun_by
from api.models import FIRST_DAY, LAST_DAY, Clocks, Holding, in_any

_DAY = timedelta(days=1)
#: The cells of one issue from a day on, until those of the next.
_State = tuple[date, list[Cell]]


def history(question: Question) -> Findings:
    """Every span of every issue that one of the parties of the question has held a position on, issue by issue, the first span first.

    ``begin`` and ``end`` of the question select the spans that meet that period.
    """
    found = spans(question)
    records = [held.row for one in found for cell in one["cells"].values() for held in cell.records]
    told = [{name: value for name, value in one.items() if name != "cells"} for one in found]
    return Findings(told, rests_on(question, (row.id for row in records), (row.subject for row in records)))


def spans(question: Question) -> list[dict[str, Any]]:
    """The rows of `history`, each with its ``cells`` by party."""
    holders = question.folding.holders
    assert holders is not None  # the question names parties
    found: list[dict[str, Any]] = []
    for held in histories(question, in_any(Holding.party_id, sorted(holders))):
        found += _spans_of_issue(question, held)
    # Sorting is stable: the spans of an issue stay in their order.
    return sorted(found, key=lambda one: question.names.place(one["issue"]["id"]))


def _spans_of_issue(question: Question, course: Sequence[Narrow]) -> Iterator[dict[str, Any]]:
    states = list(_states(question, course))
    conflicting = (
        held.row.subject for _, group in states for cell in group if cell.conflicting for held in cell.records
    )
    behind = footing(question, conflicting)
    compared = {*question.parties}
    rows = [
        (first, gap(question, course[0].row.issue_id, group, compared, behind) if group else None, group)
        for first, group in states
    ]
    merged = [next(same) for _, same in groupby(rows, key=itemgetter(1))]
    for number, (first, row, group) in enumerate(merged):
        until = merged[number + 1][0] - _DAY if number + 1 < len(merged) else None
        if row is not None and question.asks_for(first, until or LAST_DAY):
            since = None if first == FIRST_DAY else first
            yield {
                **row,
                "since": since,
                "until": until,
                "time": since and milliseconds(since),
                "cells": {cell.party: cell for cell in group},
            }


def _states(question: Question, course: Sequence[Narrow]) -> Iterator[_State]:
    """The cells of one issue on each day on which they may change, in the order of days, until today."""
    bodies = answers(question, course)
    issue = course[0].row.issue_id
    by_party = {party: dict(_cells(question, issue, party, course, bodies)) for party in sorted(question.parties)}
    standing: dict[str, Cell] = {}
    for day in sorted(set().union(*by_party.values())):
        for party, changes in by_party.items():
            if day in changes:
                cell = changes[day]
                standing.pop(party, None)
                if cell is not None:
                    standing[party] = cell
        yield day, [standing[party] for party in sorted(standing)]


def _cells(
    question: Question, issue: str, party: str, course: Sequence[Narrow], bodies: dict[str, dict[str, Any]]
) -> Iterator[tuple[date, Cell | None]]:
    """The cell of one party on one issue on each day on which it may change; None on days without one."""
    ever = question.folding
    mine = [held for held in course if party in ever.reach(held.row.party_id, (date.min, date.max))]
    changing = any(ever.timed(held.row.party_id) for held in mine)
    days = {day for held in mine for day in _turns(held, bodies[held.row.id])}
    if changing:
        days.update(
            day for affiliation in question.affiliations for day in (affiliation.earliest, _after(affiliation.latest))
        )
    for day in sorted(day for day in days if day <= question.today):
        clocks = Clocks(day, question.clocks.known_at, question.clocks.modes)
        held_on = [held for held in mine if held.row.earliest <= day <= held.row.latest]
        if not changing:
            held_on = _last(held_on, day)
        fresh = [_OnDay(held.row, day, bodies[held.row.id]) for held in held_on]
        yield day, cells(fresh, question.standing_at(clocks), day).get((issue, party))


class _OnDay(Narrow):
    """A position on a day, with its answer at hand."""

    def __init__(self, row: Any, day: date, answer: dict[str, Any]) -> None:
        super().__init__(row, day)
        self._answer = answer

    @property
    def record(self) -> dict[str, Any]:
        return self._answer


def _last(held_on: list[Narrow], day: date) -> list[Narrow]:
    """The positions that may be the latest or simultaneous with it, without those that certainly began before it."""
    begun = [held.row.began for held in held_on if held.row.began <= day]
    if not begun:
        return held_on
    last = max(begun)
    return [held for held in held_on if held.row.began <= day and held.row.began_by >= last]


def _turns(held: Narrow, answer: dict[str, Any]) -> Iterator[date]:
    """The days from which a position may count otherwise than on the day before."""
    row = held.row
    yield row.earliest
    yield _after(row.latest)
    yield row.began
    yield date.fromisoformat(begun_by(answer))
    begin, end = (answer[name] or {} for name in PERIOD)
    if end and (sure := end["earliest"] or begin.get("earliest")):
        yield _after(date.fromisoformat(sure))


def _after(day: date) -> date:
    return day if day == LAST_DAY else day + _DAY
