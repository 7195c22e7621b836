"""The matrix: parties × issues, each cell the latest stance (see `api.analysis.latest`), with the positions behind it.

Measure: the stance of a party toward the proposition of an issue, on the five-step scale of the vocabulary ``stance``, after the
position coding of party-position data sets (a sign for the side, a size for the reservation). Nothing is averaged: a cell is one
record's stance, or it is conflicting. An issue on which a party has no cell is one on which it has no recorded position, which is
not the same as an undecided one.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from api.analysis import footing
from api.analysis.footing import Footing
from api.analysis.latest import Cell, by_issue, recorded
from api.analysis.question import Findings, Names, Question, reference
from api.holdings import assumed
from api.representations import Column
from schemas.vocabulary import Stance


def matrix(question: Question) -> Findings:
    """Parties × issues, issue by issue."""
    found = recorded(question)
    behind = footing_of(question, found.values())
    data = [
        {
            "issue": question.names.issue(issue),
            "topic": question.names.topic(issue),
            "cells": [_cell(cell, question.names, behind) for cell in group],
        }
        for issue, group in by_issue(found)
    ]
    return Findings(data, rests_on(question, found.values()))


def topics(question: Question) -> Findings:
    """The matrix with the issues folded into their topics: how often each party takes each stance."""
    found = recorded(question)
    tally: dict[str | None, dict[str, Counter[str]]] = {}
    issues: dict[str | None, set[str]] = {}
    perhaps: Counter[tuple[str | None, str]] = Counter()
    for cell in found.values():
        topic = (question.names.topic(cell.issue) or {}).get("id")
        issues.setdefault(topic, set()).add(cell.issue)
        counts = tally.setdefault(topic, {}).setdefault(cell.party, Counter())
        counts[cell.stance.value if cell.stance else "conflicting"] += 1
        perhaps[topic, cell.party] += cell.assumed
    data = [
        {
            "topic": question.names.issue(topic) if topic else None,
            "issue_count": len(issues[topic]),
            "cells": [
                {
                    "party": question.names.party(party),
                    "stances": dict(sorted(counts.items())),
                    "assumed_count": perhaps[topic, party],
                }
                for party, counts in sorted(parties.items())
            ],
        }
        for topic, parties in sorted(tally.items(), key=lambda item: item[0] or "")
    ]
    return Findings(data, rests_on(question, found.values()))


def sensitivity(question: Question, other: Question) -> Findings:
    """The cells that differ between two questions: what a finding depends on.

    A cell differs if it exists for one question only, if its stances differ, or if one of them has ended. Another record that gives
    the same stance makes no difference.
    """
    before, after = recorded(question), recorded(other)
    old, new = footing_of(question, before.values()), footing_of(other, after.values())
    differing = [
        key
        for key in {**before, **after}
        if (before[key].told if key in before else None) != (after[key].told if key in after else None)
    ]
    differing.sort(key=lambda key: (*question.names.place(key[0]), key[1]))
    data = [
        {
            "issue": question.names.issue(issue),
            "party": question.names.party(party),
            "before": _cell(before[issue, party], question.names, old) if (issue, party) in before else None,
            "after": _cell(after[issue, party], question.names, new) if (issue, party) in after else None,
        }
        for issue, party in differing
    ]
    return Findings(data, rests_on(question, before.values()))


def lines(question: Question) -> list[dict[str, Any]]:
    """The rows of the wide table: an issue, and the cells by party."""
    return [
        {
            "issue": question.names.issue(issue),
            "topic": question.names.topic(issue),
            "ended": question.names.parties(cell.party for cell in group if cell.ended),
            "assumed": question.names.parties(cell.party for cell in group if cell.assumed),
            "cells": {cell.party: cell for cell in group},
        }
        for issue, group in by_issue(recorded(question))
    ]


def party_columns(parties: Iterable[tuple[str, str]], taken: Iterable[str]) -> tuple[Column, ...]:
    """The columns of a wide table, two a party: its stance, and its score. ``parties`` are ids and names, ``taken`` are the
    names of columns that stand before them.
    """
    used, found = set(taken), []
    for id, name in parties:
        stem = id.replace("-", "_")
        while stem in used or f"{stem}_score" in used:
            stem += "_"
        used |= {stem, f"{stem}_score"}
        found += [
            Column(
                stem,
                "string",
                f"The stance of {name}; several, joined, where records conflict.",
                _stance_of(id),
                several=True,
                vocabulary=Stance,
            ),
            Column(f"{stem}_score", "number", f"The score of the stance of {name}.", _score_of(id)),
        ]
    return tuple(found)


def columns_asked(question: Question) -> list[tuple[str, str]]:
    """The parties that a wide table has columns for: those asked for, else those with a cell."""
    ids = question.parties or {party for _, party in recorded(question)}
    return [(id, question.names.party(id)["name"]) for id in sorted(ids)]


def _stance_of(party: str) -> Any:
    return lambda line: "; ".join(line["cells"][party].stances) if party in line["cells"] else None


def _score_of(party: str) -> Any:
    return lambda line: line["cells"][party].score if party in line["cells"] else None


def footing_of(question: Question, found: Iterable[Cell]) -> Footing:
    """What the cells with several records rest on; a single record states that itself."""
    return footing.footing(question, (held.row.subject for cell in found if cell.conflicting for held in cell.records))


def rests_on(question: Question, found: Iterable[Cell]) -> dict[str, int]:
    """The counts of an answer that some cells make."""
    records = [held.row for cell in found for held in cell.records]
    return footing.rests_on(question, (row.id for row in records), (row.subject for row in records))


def _cell(cell: Cell, names: Names, behind: Footing) -> dict[str, Any]:
    answers = [held.record for held in cell.records]
    records = [held_answer(one, assumed(one, cell.records[0].as_of)) for one in answers]
    return {
        "party": names.party(cell.party),
        "stance": cell.stance,
        "score": cell.score,
        "conflicting": cell.conflicting,
        "ended": cell.ended,
        "position": records[0]["position"],
        "records": records,
        **behind.support(answers, (held.row.subject for held in cell.records)),
        "assumed": any(one["assumed"] for one in records),
    }


def held_answer(answer: dict[str, Any], perhaps: bool) -> dict[str, Any]:
    """A position as the matrix shows it behind a cell."""
    return {
        "stance": answer["stance"],
        "position": reference("positions", answer),
        "holder": answer["party"],
        "kind": answer["kind"],
        "valid_from": answer["valid_from"],
        "valid_until": answer["valid_until"],
        "first_reported_on": answer["first_reported_on"],
        "claim_status": answer["claim_status"],
        "assumed": perhaps,
        "first_reported": answer["first_reported"],
    }
