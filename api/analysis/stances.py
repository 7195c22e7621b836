"""The matrix in long form: who holds which position on what, since when, and how well that is supported.

A row is a position behind a cell of `api.analysis.matrix`. Beside what that position says by itself, it tells **since when** the party
has held the stance: an undated remark of today does not make new what a proposal of two years ago says. The positions that *agree* with
the latest are those of the same stance before it, back to the first of another stance, or to a time in which none of them can have been
held. The party has held the stance since the first of them began; where no beginning of that is recorded, since its first report or
earlier. What they rest on is counted together. Where records conflict there is no stance to have been held, and each position stands by
itself.
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
    """The rows: in the order of topics, issues and parties, and of a cell's positions the latest first."""
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
    """For each cell without conflict the positions that agree, the latest first."""
    found: dict[tuple[str, str], list[Held]] = {}
    for held in histories(question):
        for key, course in by_column(held, question.standing).items():
            if key in cells and not cells[key].conflicting:
                found[key] = unbroken(course, cells[key].records[0])
    return found


def unbroken(course: Iterable[Narrow], last: Held) -> list[Held]:
    """Of a party's positions on an issue, the last, and those before it that say the same without another stance between them, or a
    time in which none of them can have been held; the last first.
    """
    run = [last]
    for held in sorted(course, key=attrgetter("order"), reverse=True):
        if held.order >= last.order:
            continue
        if held.stance is not last.stance or held.began == FIRST_DAY:
            break  # what counts as begun on the first day is not known to have begun by the day that is asked for
        if (run[-1].began - held.row.latest).days <= 1:
            run.append(held)
    return run


def _beginning(answer: dict[str, Any]) -> dict[str, Any]:
    """When a position began, as an answer states dates. Without a recorded beginning it had begun by its first report at the latest."""
    given: dict[str, Any] | None = answer["valid_from"]
    reported: str = answer["first_reported_on"]
    if given and (given["earliest"] or (given["latest"] and given["latest"] <= reported)):
        return given
    return date_answer(parse(f"/{reported}"))
