"""Gaps: how far apart parties are, issue by issue.

Measure: the **distance** on an issue is the largest difference between two scores of the compared parties, divided by 2, the length of
the scale. It is 0 if all parties with a score agree, and 1 if two are opposites. It is the range of an ordinal position scale, as used
for the preference configurations of a negotiation. The order of the parties does not matter, and adding a party never makes it smaller.

Two kinds of stance are shown but do not count: stances without a score (unclear or conflicting), and stances that the party had given
up by the day (``as_of``, or without it the release's date). With fewer than two scores there is no distance. A distance is **assumed**
if it would be different without the stances that are only assumed to have been held on the day (see `api.holdings`).

A **blocker** opposes without reservation (its stance is ``opposes``) what another of the compared parties supports (score above 0). A
party is **missing** if it has no recorded position on the issue.
"""

from collections.abc import Sequence
from typing import Any

from api.analysis.footing import Footing
from api.analysis.latest import Cell, by_issue, recorded
from api.analysis.matrix import footing_of, rests_on
from api.analysis.question import Findings, Question
from schemas.vocabulary import Stance


def gaps(question: Question) -> Findings:
    """The gap on every issue on which a compared party has a recorded position, the widest first.

    The compared parties are the question's; if it names none, all parties with a recorded position on any issue.
    """
    found = recorded(question)
    compared = set(question.parties) or {party for _, party in found}
    behind = footing_of(question, found.values())
    data = [gap(question, issue, group, compared, behind) for issue, group in by_issue(found)]
    data.sort(key=lambda gap: -1 if gap["distance"] is None else gap["distance"], reverse=True)
    return Findings(data, rests_on(question, found.values()))


def gap(question: Question, issue: str, group: Sequence[Cell], compared: set[str], behind: Footing) -> dict[str, Any]:
    """The gap on one issue.

    Args:
        group: the cells of the issue.
        compared: the ids of the compared parties.
        behind: what the conflicting cells rest on.
    """
    names = question.names
    return {
        "issue": names.issue(issue),
        "topic": names.topic(issue),
        "distance": distance(group),
        "blockers": names.parties(blockers(group)),
        "missing": names.parties(compared - {cell.party for cell in group}),
        "ended": names.parties(cell.party for cell in group if cell.ended),
        "stances": [_stance(cell, question, behind) for cell in group],
        "assumed": distance(group) != distance([cell for cell in group if not cell.assumed]),
    }


def score_that_counts(cell: Cell) -> float | None:
    """The score that counts for a gap; None if the stance has no score or was given up."""
    return None if cell.ended else cell.score


def distance(compared: Sequence[Cell]) -> float | None:
    """The distance on one issue; None with fewer than two scores that count."""
    scores = [score for cell in compared if (score := score_that_counts(cell)) is not None]
    return (max(scores) - min(scores)) / 2 if len(scores) > 1 else None


def blockers(compared: Sequence[Cell]) -> set[str]:
    """The ids of the parties that block one issue."""
    held = [cell for cell in compared if score_that_counts(cell) is not None]
    wanted = any((cell.score or 0) > 0 for cell in held)
    return {cell.party for cell in held if wanted and cell.stance is Stance.OPPOSES}


def _stance(cell: Cell, question: Question, behind: Footing) -> dict[str, Any]:
    answers = [held.record for held in cell.records]
    return {
        "party": question.names.party(cell.party),
        "stance": cell.stance,
        "score": cell.score,
        "position": cell.records[0].reference(),
        "ended": cell.ended,
        "conflicting": cell.conflicting,
        "others": [held.reference() for held in cell.records[1:]],
        **behind.support(answers, (held.row.subject for held in cell.records)),
        "assumed": cell.assumed,
    }
