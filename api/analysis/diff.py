"""The difference of two proposals: what became of each provision from the one to the other.

Measure: provisions are the same where their ``lineage`` is, the key that the record gives a provision across versions; where one
proposal has several of a lineage they are paired in the order of their numbers. A provision without a lineage is ``unmatched``: it
is not called new because nobody recorded that it is old. Where no terms of one proposal are recorded, nothing of the other is called
added or removed: each is ``not_recorded``, and the reason that the record gives is served beside the numbers of points. A filter by
issue picks the provisions that settle it on either side; it does not change what became of them.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import orjson
from sqlalchemy import select

from api.analysis.footing import footing
from api.analysis.question import Findings, Question, reference
from api.models import Term
from schemas.vocabulary import TermChange

Record = dict[str, Any]
_COMPARED = ("number", "issue", "stance", "summary")


def diff(question: Question, after: Record, before: Record) -> Findings:
    """What changed from one proposal to another, both given as their answers at the clocks."""
    terms = _terms(question, (before["id"], after["id"]))
    old, new = terms.get(before["id"], []), terms.get(after["id"], [])
    settling = _settling(question, [one["id"] for one in (*old, *new)])
    pairs = [pair for pair in _pairs(old, new) if any(one and one["id"] in settling for one in pair)]
    rows = [_row(left, right, comparable=bool(old and new)) for left, right in pairs]
    data = {
        "before": _side(before, len(old)),
        "after": _side(after, len(new)),
        "supersedes": bool(after["supersedes"]) and after["supersedes"]["id"] == before["id"],
        "comparable": bool(old and new),
        "counts": dict(sorted(Counter(row["change"].value for row in rows).items())),
        "terms": rows,
    }
    shown = [one["id"] for pair in pairs for one in pair if one]
    subjects = [f"proposals/{one['id']}" for one in (before, after)] + [f"terms/{id}" for id in shown]
    return Findings(data, footing(question, subjects).rests_on(subjects, subjects))


def _terms(question: Question, proposals: tuple[str, ...]) -> dict[str | None, list[Record]]:
    """The terms of some proposals that the clocks show, by proposal, in their order."""
    statement = select(Term.proposal_id, Term.body).where(Term.proposal_id.in_(proposals), Term.at(question.clocks))
    found: dict[str | None, list[Record]] = {}
    for proposal, body in question.connection.execute(statement.order_by(Term.number, Term.id)):
        found.setdefault(proposal, []).append(orjson.loads(body))
    return found


def _settling(question: Question, terms: Sequence[str]) -> set[str]:
    """Which of some terms the filters ask for."""
    where = (Term.id.in_(terms), Term.at(question.clocks), *question.within(Term, Term.issue_id))
    return set(question.connection.scalars(select(Term.id).where(*where)))


def _pairs(old: list[Record], new: list[Record]) -> list[tuple[Record | None, Record | None]]:
    """Both sides of every provision: first those of the later proposal in their order, then what only the earlier one has."""
    waiting: dict[str, list[Record]] = {}
    for term in old:
        waiting.setdefault(term["lineage"] or "", []).append(term)
    of_lineage: dict[str, list[Record]] = {}
    for term in new:
        of_lineage.setdefault(term["lineage"] or "", []).append(term)
    pairs: list[tuple[Record | None, Record | None]] = [(None, term) for term in of_lineage.pop("", [])]
    pairs += [(term, None) for term in waiting.pop("", [])]
    for lineage in {**of_lineage, **waiting}:
        pairs += zip_longest(waiting.get(lineage, ()), of_lineage.get(lineage, ()))
    return sorted(pairs, key=_place)


def _place(pair: tuple[Record | None, Record | None]) -> tuple[bool, int, str]:
    term = pair[1] or pair[0] or {}
    return pair[1] is None, term["number"], term["id"]


def _row(old: Record | None, new: Record | None, *, comparable: bool) -> Record:
    differing = [name for name in _COMPARED if old and new and _value(old, name) != _value(new, name)]
    term = new or old or {}
    return {
        "change": _change(old, new, differing, comparable=comparable),
        "lineage": term["lineage"],
        "before": reference("terms", old) if old else None,
        "after": reference("terms", new) if new else None,
        **{
            f"{name}_{side}": one and one[name]
            for name in _COMPARED[:3]
            for side, one in (("before", old), ("after", new))
        },
        "differs_in": differing,
    }


def _change(old: Record | None, new: Record | None, differing: list[str], *, comparable: bool) -> TermChange:
    if not comparable:
        return TermChange.NOT_RECORDED
    if old and new:
        if not differing:
            return TermChange.UNCHANGED
        return TermChange.MOVED if differing == ["number"] else TermChange.REWORDED
    if (new or old or {})["lineage"] is None:
        return TermChange.UNMATCHED
    return TermChange.ADDED if new else TermChange.REMOVED


def _value(term: Record, name: str) -> Any:
    return term[name]["id"] if name == "issue" else term[name]


def _side(proposal: Record, terms: int) -> Record:
    return {
        "proposal": reference("proposals", proposal),
        "made_on": proposal["made_on"],
        "point_count": proposal["point_count"],
        "term_count": terms,
        "terms_absent": proposal["absent"].get("terms"),
    }
