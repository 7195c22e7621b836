"""Stances: the matrix in long form. Who holds which position on what, since when, and how well that is supported.

A row is a position behind a cell of `api.analysis.matrix`. Beside the position's own fields it gives **since when** the party has held the
stance. That may be long before the position: an undated remark of today may repeat a proposal of two years ago.

Measure: the positions that **agree** are the latest one and the positions of the same stance before it, back to another stance or to
a time when none of them can have been held. The party has held the stance since the first of these began; if no beginning of that
one is recorded, since its first report or earlier. Their documents and origins are counted together. If records conflict there is
no stance, so ``since`` is None and each position is counted alone.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from operator import attrgetter
from typing import Any

from api.analysis import footing
from api.analysis.latest import Cell, Held, Narrow, answers, by_column, histories, recorded
from api.analysis.matrix import held_answer
from api.analysis.question import Question
from api.holdings import assumed
from api.models import FIRST_DAY
from schemas.dates import parse
from schemas.fields import date_answer

_AT_ONCE = 500  # cells whose positions are in memory


def stances(question: Question) -> Iterator[dict[str, Any]]:
    """The rows, in the order of topics, issues and parties; the positions of one cell are ordered from the latest back."""
    cells = recorded(question)
    agreeing = _agreeing(question, cells)
    remaining = iter(cells.items())
    while several := list(islice(remaining, _AT_ONCE)):
        runs = [agreeing.get(key) or list(cell.records) for key, cell in several]
        first = answers(question, (run[-1] for run in runs))
        behind = footing.footing(question, (held.row.subject for run in runs for held in run))
        for (_, cell), run in zip(several, runs, strict=True):
            for held in cell.records:
                agree = [held] if cell.conflicting else run
                documents, origins = behind.counts(one.row.subject for one in agree)
                answer = held.record
                yield {
                    "issue": question.names.issue(cell.issue),
                    "topic": question.names.topic(cell.issue),
                    "party": question.names.party(cell.party),
                    "conflicting": cell.conflicting,
                    "ended": cell.ended,
                    **held_answer(answer, assumed(answer, held.as_of)),
                    **footing.support(answer),
                    "since": None if cell.conflicting else _beginning(first[run[-1].row.id]),
                    "agreeing_count": len(agree),
                    "agreeing_document_count": documents,
                    "agreeing_origin_count": origins,
                }


def _agreeing(question: Question, cells: dict[tuple[str, str], Cell]) -> dict[tuple[str, str], list[Held]]:
    """For each cell that is not conflicting: the positions that agree, the latest first."""
    found: dict[tuple[str, str], list[Held]] = {}
    for held in histories(question):
        for key, course in by_column(held, question.standing).items():
            if key in cells and not cells[key].conflicting:
                found[key] = unbroken(course, cells[key].records[0])
    return found


def unbroken(course: Iterable[Narrow], last: Held) -> list[Held]:
    """The positions of a party on an issue that agree with ``last``, from the last back; see the module's measure.

    Args:
        course: all of the party's positions on the issue.
        last: the latest of them.
    """
    run = [last]
    for held in sorted(course, key=attrgetter("order"), reverse=True):
        if held.order >= last.order:
            continue
        if held.stance is not last.stance or held.began == FIRST_DAY:
            break  # a position that counts as begun on the first day is not known to have begun by the day of `as_of`
        if (run[-1].began - held.row.latest).days <= 1:
            run.append(held)
    return run


def _beginning(answer: dict[str, Any]) -> dict[str, Any]:
    """When a position began, as a date of an answer. Without a recorded beginning, it is some day up to the first report."""
    given: dict[str, Any] | None = answer["valid_from"]
    reported: str = answer["first_reported_on"]
    if given and (given["earliest"] or (given["latest"] and given["latest"] <= reported)):
        return given
    return date_answer(parse(f"/{reported}"))
