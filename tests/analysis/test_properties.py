"""What holds for any seeds: the matrix is what a reader works out by hand, gaps are symmetric, nothing known is forgotten, and a
citation replays its answer.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, make_url, select
from written import AFFILIATIONS, ISSUES, MODES, PARTIES, SOURCES, TODAY, Position, write

from api.analysis.footing import footing
from api.analysis.gap_history import history
from api.analysis.gaps import gaps
from api.analysis.latest import Cell, Held, by_column, cells, columns_of, latest, recorded
from api.analysis.latest import positions as all_positions
from api.analysis.matrix import matrix
from api.analysis.movements import movements
from api.analysis.question import Question
from api.analysis.timeline import timeline
from api.database import open_database
from api.loader import load
from api.models import Clocks
from api.models import Position as Row
from api.resources import RESOURCES
from schemas import dates
from schemas.vocabulary import Mode, Stance

STARTS = (None, "2021", "2022-03", "2022-06-01", "2022/2023-02", "2023?", "2023-05-01~", "2024-01", "/2022", "../2023")
ENDS = (None, None, None, "2022-12", "2023-06-01", "2024-03", "2024-06/..")
DAYS = (None, date(2021, 12, 31), date(2022, 6, 1), date(2023, 4, 30), date(2023, 5, 1), date(2024, 3, 1), TODAY)
FAR = date(9999, 12, 31)


@st.composite
def held(draw: st.DrawFn) -> Position:
    start, end = draw(st.sampled_from(STARTS)), draw(st.sampled_from(ENDS))
    if start and end:
        begin, over = dates.parse(start), dates.parse(end)
        if (over.latest or FAR) < (begin.earliest or date.min) or (over.earliest or FAR) < (begin.latest or date.min):
            end = None
    cited = draw(
        st.lists(
            st.tuples(st.sampled_from(sorted(SOURCES)), st.sampled_from(MODES)), min_size=1, max_size=3, unique=True
        )
    )
    told = max(date.fromisoformat(SOURCES[source]) for source, _ in cited)
    if start and (dates.parse(start).earliest or date.min) > told:
        start = None
    return Position(
        draw(st.sampled_from(PARTIES)),
        draw(st.sampled_from(sorted(ISSUES))),
        draw(st.sampled_from([stance.value for stance in Stance])),
        start,
        end,
        tuple(cited),
    )


BEGAN = st.sampled_from((None, "2022-02", "2023~", "2021/.."))
WORLDS = st.lists(held(), max_size=14)
CLOCKS = st.builds(
    Clocks,
    st.sampled_from(DAYS),
    st.sampled_from(DAYS),
    st.frozensets(st.sampled_from([Mode.of(mode) for mode in MODES]), max_size=2),
)
#: Loading a world takes most of an example's time: each is asked at several clocks.
MANY_CLOCKS = st.lists(CLOCKS, min_size=3, max_size=3)
MANY_DAYS = st.lists(st.sampled_from(DAYS[1:]), min_size=3, max_size=3)


@contextmanager
def loaded(positions: list[Position], began: str | None = None) -> Iterator[Connection]:
    with tempfile.TemporaryDirectory() as name:
        database = open_database(make_url(f"sqlite:///{name}/held.db"))
        load(write(Path(name) / "seeds", positions, began), database, RESOURCES)
        store = database.current()
        with store.connect() as connection:
            yield connection
        store.engine.dispose()


def asked(connection: Connection, clocks: Clocks, **more: Any) -> Question:
    return Question(connection, clocks, clocks.as_of or TODAY, **more)


class Naive:
    """One position as a reader of the seeds sees it at some clocks, worked out anew from what is written."""

    def __init__(self, number: int, given: Position, clocks: Clocks, began: str | None = None) -> None:
        self.id, self.given = f"held-{number:03}", given
        counted = [
            date.fromisoformat(SOURCES[source])
            for source, mode in given.cited
            if not clocks.modes or Mode.of(mode) in clocks.modes
        ]
        known = [day for day in counted if clocks.known_at is None or day <= clocks.known_at]
        self.reported = min(known, default=None)
        start = dates.parse(given.valid_from) if given.valid_from else None
        end = dates.parse(given.valid_until) if given.valid_until else None
        self.first = start.earliest if start else None
        self.last_first = start.latest if start else None
        self.first_end = (end.earliest or self.first or date.min) if end else FAR
        self.end = end.latest if end and end.latest else FAR
        process = dates.parse(began).earliest if began else None
        every = (date.fromisoformat(SOURCES[source]) for source, _ in given.cited)
        self.earliest = self.first or min(process or date.min, self.end, self.last_first or FAR, *every)

    def shown(self, clocks: Clocks) -> bool:
        return self.reported is not None and (clocks.as_of is None or (self.earliest <= clocks.as_of <= self.end))

    def span(self, as_of: date | None) -> tuple[date, date]:
        assert self.reported is not None
        if self.first is None:
            day = min(self.last_first or FAR, self.reported)
            return (date.min, date.min) if as_of and day > as_of else (day, day)
        return self.first, max(self.first, min(self.last_first or FAR, self.reported, self.end, as_of or FAR))

    def assumed(self, day: date | None) -> bool:
        """Whether some beginning and some end that the record allows leave the day out."""
        if day is None:
            return False
        assert self.reported is not None
        last = max(self.earliest, min(self.last_first or FAR, self.reported, self.end))
        return any(
            not begin <= day <= max(begin, end) for begin in {self.earliest, last} for end in {self.first_end, self.end}
        )

    def column(self, as_of: date | None) -> str:
        """The party that the holder spoke for when it took the position; each in this world speaks for one at a time."""
        assert self.reported is not None
        if self.first is None:
            begin = finish = min(self.last_first or FAR, self.reported)
        else:
            begin, finish = self.span(as_of)
        party = self.given.party
        for _ in PARTIES:
            spoken = [
                one["party"]
                for one in AFFILIATIONS.get(party, [])
                if one["represents"]
                and date.fromisoformat(one.get("valid_from", "0001-01-01")) <= finish
                and date.fromisoformat(one.get("valid_until", "9999-12-31")) >= begin
                and represents_on(one, as_of)
            ]
            if not spoken:
                break
            if len(spoken) > 1:
                return "several"
            party = spoken[0]
        return party


def represents_on(affiliation: dict[str, Any], day: date | None) -> bool:
    """Whether somebody represented another on a day."""
    return day is None or (
        affiliation.get("valid_from", "0001") <= day.isoformat() <= affiliation.get("valid_until", "9999")
    )


def by_hand(
    positions: list[Position], clocks: Clocks, began: str | None = None, *, fold: bool
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Every cell: the id of its latest position, and the stances of all that are not known to have begun before it."""
    rows = [Naive(number, given, clocks, began) for number, given in enumerate(positions)]
    found: dict[tuple[str, str], list[Naive]] = {}
    for row in rows:
        if row.shown(clocks):
            column = row.column(clocks.as_of) if fold else row.given.party
            columns = ("alba", "brava") if column == "several" else (column,)
            for party in columns:
                found.setdefault((row.given.issue, party), []).append(row)
    answer = {}
    for key, every in found.items():
        several = [row for row in every if row.end >= (clocks.as_of or TODAY)] or every
        top = max(several, key=lambda row: (row.span(clocks.as_of)[0], row.reported, row.id))
        begin, end = top.span(clocks.as_of)
        alike = {
            row.given.stance
            for row in several
            if row.span(clocks.as_of)[0] <= end and begin <= row.span(clocks.as_of)[1]
        }
        answer[key] = (top.id, *sorted(alike))
    return answer


@settings(max_examples=30)
@given(WORLDS, MANY_CLOCKS, BEGAN, st.booleans())
def test_the_matrix_is_what_a_reader_works_out_by_hand(
    positions: list[Position], several: list[Clocks], began: str | None, fold: bool
) -> None:
    with loaded(positions, began) as connection:
        for clocks in several:
            found = {
                key: (cell.records[0].row.id, *cell.stances)
                for key, cell in recorded(asked(connection, clocks, fold=fold)).items()
            }
            assert found == by_hand(positions, clocks, began, fold=fold)


@settings(max_examples=20)
@given(WORLDS, MANY_DAYS, st.sampled_from(("2022-02", "2023~", "2021-06-01")))
def test_nothing_lies_before_its_process_began(positions: list[Position], days: list[date], began: str) -> None:
    first = dates.parse(began).earliest
    assert first
    with loaded(positions, began) as connection:
        shown = {day: {held.row.id for held in all_positions(asked(connection, Clocks(day)))} for day in days}
        every = dict(connection.execute(select(Row.id, Row.earliest)).all())
    for number, one in enumerate(positions):
        id = f"held-{number:03}"
        start, end = (value and dates.parse(value) for value in (one.valid_from, one.valid_until))
        if not (start and start.earliest):
            known = [date.fromisoformat(SOURCES[source]) for source, _ in one.cited]
            known += [when.latest for when in (start, end) if when and when.latest]
            assert every[id] == min([first, *known])
            assert all(every[id] <= day for day in days if id in shown[day])


@settings(max_examples=30)
@given(WORLDS, MANY_CLOCKS, BEGAN)
def test_a_stance_is_assumed_where_the_record_allows_that_it_was_not_held(
    positions: list[Position], several: list[Clocks], began: str | None
) -> None:
    with loaded(positions, began) as connection:
        for clocks in several:
            every = (Naive(number, given, clocks, began) for number, given in enumerate(positions))
            by_id = {one.id: one for one in every}
            question = asked(connection, clocks)
            for cell in [cell for row in matrix(question).data for cell in row["cells"]]:
                expected = [by_id[one["position"]["id"]].assumed(clocks.as_of) for one in cell["records"]]
                assert [one["assumed"] for one in cell["records"]] == expected
                assert cell["assumed"] is any(expected)
            for gap in gaps(question).data:
                counted = [one for one in gap["stances"] if one["score"] is not None and not one["ended"]]
                certain = [one["score"] for one in counted if not one["assumed"]]
                least = (max(certain) - min(certain)) / 2 if len(certain) > 1 else None
                assert gap["assumed"] is (least != gap["distance"])


@settings(max_examples=30)
@given(WORLDS, MANY_DAYS)
def test_what_somebody_holds_counts_for_those_whom_they_represent_on_the_day(
    positions: list[Position], days: list[date]
) -> None:
    with loaded(positions) as connection:
        drawn = [
            (day, cell) for day in days for row in matrix(asked(connection, Clocks(day))).data for cell in row["cells"]
        ]
    for day, cell in drawn:
        for one in cell["records"]:
            reached, waiting = {one["holder"]["id"]}, [one["holder"]["id"]]
            while waiting:
                given = AFFILIATIONS.get(waiting.pop(), [])
                more = {each["party"] for each in given if each["represents"] and represents_on(each, day)} - reached
                reached |= more
                waiting += more
            assert cell["party"]["id"] in reached


@settings(max_examples=30)
@given(WORLDS, MANY_CLOCKS)
def test_a_cell_rests_on_the_evidence_of_its_records(positions: list[Position], several: list[Clocks]) -> None:
    with loaded(positions) as connection:
        for clocks in several:
            question = asked(connection, clocks)
            found = matrix(question)
            every = [cell for row in found.data for cell in row["cells"]]
            counted = {(cell["document_count"], cell["origin_count"], *subjects(cell)) for cell in every}
            together = {one for cell in every for one in subjects(cell)}
            behind = footing(question, together)
            assert counted == {(*behind.counts(subjects(cell)), *subjects(cell)) for cell in every}
            assert found.rests_on == behind.rests_on(together, together)


def subjects(cell: dict[str, Any]) -> list[str]:
    return [f"statements/{record['position']['id']}" for record in cell["records"]]


@settings(max_examples=25)
@given(WORLDS, CLOCKS, st.permutations(PARTIES), st.integers(2, 5))
def test_gaps_are_symmetric_and_never_narrow_with_one_more_party(
    positions: list[Position], clocks: Clocks, order: list[str], many: int
) -> None:
    def measured(*parties: str) -> dict[str, Any]:
        return {gap["issue"]["id"]: gap for gap in gaps(asked(connection, clocks, parties=parties)).data}

    with loaded(positions) as connection:
        some, more = order[:many], order[: many + 1]
        forward, backward, wider = measured(*some), measured(*reversed(some)), measured(*more)
    assert forward == backward
    for issue, gap in forward.items():
        distance = gap["distance"]
        assert distance is None or 0 <= distance <= 1
        assert distance is None or wider[issue]["distance"] >= distance
        named = {one["party"]["id"] for one in gap["stances"]} | {party["id"] for party in gap["missing"]}
        assert named == set(some)


@settings(max_examples=25)
@given(WORLDS, st.sampled_from(DAYS[1:]), st.sampled_from(DAYS[1:]))
def test_who_knows_later_knows_no_less(positions: list[Position], one: date, other: date) -> None:
    earlier, later = sorted((one, other))
    with loaded(positions) as connection:

        def cells(day: date) -> set[tuple[str, str]]:
            return set(recorded(asked(connection, Clocks(None, day), fold=False)))

        def records(day: date) -> int:
            return timeline(asked(connection, Clocks(None, day))).rests_on["records"]

        assert cells(earlier) <= cells(later)
        assert records(earlier) <= records(later)


@settings(max_examples=25)
@given(WORLDS, CLOCKS)
def test_a_movement_leads_from_one_stance_to_another_one_or_to_nothing(
    positions: list[Position], clocks: Clocks
) -> None:
    with loaded(positions) as connection:
        question = asked(connection, clocks)
        found = list(movements(question).data)
    for row in found:
        assert row["before_stance"] != row["after_stance"]
        assert not {one["id"] for one in row["toward"]} & {one["id"] for one in row["away_from"]}
        assert row["party"]["id"] not in {one["id"] for one in (*row["toward"], *row["away_from"])}
        when = row["occurred_on"]
        assert when is None or clocks.as_of is None or (when["earliest"] or "0001") <= str(clocks.as_of)
    moved = [(row["party"]["id"], row["issue"]["id"]) for row in found if row["after"] is None]
    assert len(moved) == len(set(moved)), "a party gives its position on an issue up once"


@settings(max_examples=30)
@given(WORLDS, MANY_CLOCKS, st.booleans(), st.lists(st.sampled_from(PARTIES), max_size=2, unique=True))
def test_what_is_left_unread_makes_no_difference(
    positions: list[Position], several: list[Clocks], fold: bool, parties: list[str]
) -> None:
    with loaded(positions) as connection:
        for clocks in several:
            question = asked(connection, clocks, fold=fold, parties=tuple(parties))
            every = cells(all_positions(question), question.standing, question.today)
            assert said(recorded(question)) == said(every)


def said(found: dict[tuple[str, str], Cell]) -> dict[tuple[str, str], list[str]]:
    return {key: [held.row.id for held in cell.records] for key, cell in found.items()}


@settings(max_examples=30)
@given(WORLDS, MANY_CLOCKS, st.lists(st.sampled_from(PARTIES), max_size=2, unique=True))
def test_movements_are_those_of_looking_at_every_pair(
    positions: list[Position], several: list[Clocks], parties: list[str]
) -> None:
    with loaded(positions) as connection:
        for clocks in several:
            question = asked(connection, clocks, parties=tuple(parties))
            found = [
                (
                    row["issue"]["id"],
                    row["party"]["id"],
                    row["before"]["id"],
                    row["after"] and row["after"]["id"],
                    [one["id"] for one in row["toward"]],
                    [one["id"] for one in row["away_from"]],
                )
                for row in movements(question).data
            ]
            assert found == list(pairwise_movements(question))


def pairwise_movements(question: Question) -> Iterator[tuple[Any, ...]]:
    """The movements as docs/analyses.md tells them, by holding every position against every other one."""
    held = all_positions(question, history=True)
    everyone = question.of_all_parties().folding
    standing = by_column(held, everyone)
    moves = []
    for (issue, party), several in by_column(held, question.folding).items():
        course = sorted(several, key=lambda one: one.order)
        free = [
            one
            for place, one in enumerate(course)
            if not any(other.stance != one.stance and other.simultaneous(one) for other in course[:place])
        ]
        moves += [
            (after.began, issue, party, before, after)
            for before, after in pairwise(free)
            if before.stance != after.stance
        ]
        if free and free[-1] is course[-1] and all(one.ended(question.today) for one in course):
            last = max((one for one in course if one.stance == free[-1].stance), key=lambda one: one.row.latest)
            moves.append((last.row.latest, issue, party, last, None))
    for day, issue, party, before, after in sorted(moves, key=lambda move: move[:3]):
        toward, away = [], []
        was, now = before.stance.score, after.stance.score if after else None
        for (about, other), course in sorted(standing.items()):
            score = score_on(day, course)
            if about != issue or other in (party, *columns_of(before, everyone)) or None in (score, was, now):
                continue
            nearer = abs(was - score) - abs(now - score)
            if nearer:
                (toward if nearer > 0 else away).append(other)
        yield issue, party, before.row.id, after and after.row.id, toward, away


def score_on(day: date, course: list[Held]) -> Any:
    begun = [one for one in course if one.began <= day <= one.row.latest]
    if not begun:
        return None
    top, *others = latest(begun, day)
    return None if others else top.stance.score


def test_days_of_the_properties_lie_around_those_of_the_sources() -> None:
    known = [date.fromisoformat(day) for day in SOURCES.values()]
    assert min(day for day in DAYS if day) < min(known) < max(known) <= TODAY - timedelta(days=1)


@settings(max_examples=40)
@given(WORLDS, MANY_CLOCKS, st.permutations(PARTIES), st.integers(2, 5), st.booleans())
def test_a_span_of_the_history_is_the_gap_of_each_of_its_days(
    positions: list[Position], several: list[Clocks], order: list[str], many: int, fold: bool
) -> None:
    with loaded(positions) as connection:
        for clocks in several:
            knowing = Clocks(None, clocks.known_at, clocks.modes)
            told = history(asked(connection, knowing, parties=tuple(order[:many]), fold=fold)).data
            bounds = [day for one in told for day in (one["since"], one["until"]) if day]
            near = {day + timedelta(days=days) for day in [*bounds, TODAY] for days in (-1, 0, 1)}
            for day in sorted(day for day in {*near, *DAYS[1:]} if day <= TODAY):
                on_day = Clocks(day, knowing.known_at, knowing.modes)
                expected = gaps(asked(connection, on_day, parties=tuple(order[:many]), fold=fold)).data
                shown = [
                    one
                    for one in told
                    if (one["since"] or day) <= day and (one["until"] is None or day <= one["until"])
                ]
                assert [gap_of(one) for one in sorted(shown, key=issue_of)] == sorted(expected, key=issue_of), day
        for before, after in pairwise(told):
            if before["issue"] == after["issue"]:
                assert before["until"] < after["since"]
                assert before["until"] + timedelta(days=1) < after["since"] or gap_of(before) != gap_of(after)


def gap_of(span: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in span.items() if name not in ("since", "until", "time")}


def issue_of(gap: dict[str, Any]) -> str:
    id: str = gap["issue"]["id"]
    return id
