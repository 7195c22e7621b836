"""The reception of a proposal: terms × parties, the latest verdict in each cell, who stands in the way, who has not answered.

Measure: the latest answer of a party to a term, by the rule of `api.analysis.latest` with the verdict as what is said; the answers
to the proposal as a whole likewise. An answer **blocks** where its verdict is ``rejected`` or ``refused_to_discuss``, or where it
is ``insisted_on`` and the term does not provide what is insisted on (its stance has another sign, or none). Where simultaneous
answers conflict, one that blocks is enough. Reservations, conditions and counter-proposals do not block by themselves.

The proposal and its terms are the subject: ``mode`` filters the answers to them, and does not hide them.

**Unanswered** by an addressee is a term to which it has no recorded answer, whatever it answered to the whole; and the proposal,
where it has answered neither the whole nor any term. A note that no answer came or that none would be given is no answer, and
neither is one that was taken back.
"""

from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import select

from api.analysis.footing import Footing, footing
from api.analysis.latest import Held, columns_of, latest, of_kind, positions
from api.analysis.question import Findings, Question, Reference, reference
from api.models import Position, Term
from schemas.vocabulary import PositionKind, Stance, Verdict

BLOCKING = frozenset({Verdict.REJECTED, Verdict.REFUSED_TO_DISCUSS})
UNSAID = frozenset({Verdict.NO_RESPONSE, Verdict.DECLINED_TO_COMMENT, Verdict.WITHDRAWN})
_OF_ANSWER = ("verdict", "stance", "response", "claim_status", "document_count", "origin_count")
_verdict = attrgetter("verdict")


def reception(question: Question, proposal: dict[str, Any]) -> Findings:
    """How a proposal, given as its answer at the clocks, was received."""
    terms = [
        orjson.loads(body)
        for body in question.connection.scalars(
            select(Term.body)
            .where(
                Term.proposal_id == proposal["id"],
                Term.at(question.of_all_modes),
                *question.within(Term, Term.issue_id),
            )
            .order_by(Term.number, Term.id)
        )
    ]
    found = positions(question.of_any_issue(), Position.proposal_id == proposal["id"], of_kind(PositionKind.RESPONSE))
    placed = by_term(found, question)
    behind = footing(question, (held.row.subject for held in found))
    addressees = _asked(proposal["addressees"], question)
    whole = _row(None, placed.get(None, {}), addressees, question, behind)
    rows = [_row(term, placed.get(term["id"], {}), addressees, question, behind) for term in terms]
    heard = {party for of_term in placed.values() for party, held in of_term.items() if answered(held)}
    shown = [
        held for key in (None, *(term["id"] for term in terms)) for held in _shown(placed.get(key, {}), question.today)
    ]
    data = {
        "proposal": reference("proposals", proposal),
        "addressees": addressees,
        "point_count": proposal["point_count"],
        "term_count": len(terms),
        "terms_absent": proposal["absent"].get("terms"),
        "whole": whole,
        "terms": rows,
        "blockers": question.names.parties(party["id"] for row in (whole, *rows) for party in row["blockers"]),
        "unanswered": [party for party in addressees if party["id"] not in heard],
    }
    rests = behind.rests_on((held.row.id for held in shown), (held.row.subject for held in shown))
    return Findings(data, rests)


def by_term(found: Iterable[Held], question: Question) -> dict[str | None, dict[str, list[Held]]]:
    """Answers by the term that they answer (None: the proposal as a whole) and by the party for which they count.

    Answers to a term that nobody could know of yet are under an empty id: they answer neither the whole nor a term that is shown.
    """
    placed: dict[str | None, dict[str, list[Held]]] = {}
    for held in found:
        # Only an answer to the whole is on no issue.
        term = held.row.term_id or (None if held.row.issue_id is None else "")
        for party in columns_of(held, question.folding):
            placed.setdefault(term, {}).setdefault(party, []).append(held)
    return placed


def answered(answers: Iterable[Held]) -> bool:
    """Whether somebody's answers amount to one: more than a note that none came, and not taken back since."""
    ordered = sorted(answers, key=attrgetter("order"))
    real = any(held.verdict not in UNSAID for held in ordered)
    return real and ordered[-1].verdict is not Verdict.WITHDRAWN


def blocks(answers: Iterable[Held], provides: str | None) -> bool:
    """Whether one of a party's latest answers stands in the way of a term that provides this stance (None: of the whole)."""
    return any(
        held.verdict in BLOCKING or (held.verdict is Verdict.INSISTED_ON and not _granted(held.stance, provides))
        for held in answers
    )


def lines(findings: Findings) -> list[dict[str, Any]]:
    """The reception as a table: one row for each party and term that it has answered or is yet to answer."""
    data, found = findings.data, []
    for row in (data["whole"], *data["terms"]):
        common = {"proposal": data["proposal"], **{name: row[name] for name in ("term", "number", "issue")}}
        silent = {party["id"] for party in row["unanswered"]}
        found += [{**common, **answer, "answered": answer["party"]["id"] not in silent} for answer in row["answers"]]
        named = {answer["party"]["id"] for answer in row["answers"]}
        for party in row["unanswered"]:
            if party["id"] not in named:
                none: dict[str, Any] = {**dict.fromkeys(_OF_ANSWER), "others": []}
                flags = dict.fromkeys(("answered", "conflicting", "blocks", "assumed"), False)
                found.append({**common, "party": party, **none, **flags})
    return found


def _granted(stance: Stance, provides: str | None) -> bool:
    given = Stance.of(provides).score if provides else 1.0
    return given is not None and stance.score is not None and given * stance.score > 0


def _asked(addressees: list[Reference], question: Question) -> list[Reference]:
    """The addressees, or only those that were asked for."""
    return [one for one in addressees if not question.parties or one["id"] in question.parties]


def _shown(of_term: dict[str, list[Held]], today: date) -> list[Held]:
    return [held for several in of_term.values() for held in latest(several, today, _verdict)]


def _row(
    term: dict[str, Any] | None,
    answers: dict[str, list[Held]],
    addressees: list[Reference],
    question: Question,
    behind: Footing,
) -> dict[str, Any]:
    provides = term["stance"] if term else None
    standing = {party: latest(several, question.today, _verdict) for party, several in sorted(answers.items())}
    cells = [_cell(party, several, provides, question, behind) for party, several in standing.items()]
    heard = {party for party, several in answers.items() if answered(several)}
    return {
        "term": reference("terms", term) if term else None,
        "number": term["number"] if term else None,
        "issue": term["issue"] if term else None,
        "stance": provides,
        "answers": cells,
        "blockers": [cell["party"] for cell in cells if cell["blocks"]],
        "unanswered": [party for party in addressees if party["id"] not in heard],
    }


def _cell(
    party: str, several: tuple[Held, ...], provides: str | None, question: Question, behind: Footing
) -> dict[str, Any]:
    top, *others = several
    agreed = all(held.stance is top.stance for held in others)
    return {
        "party": question.names.party(party),
        "verdict": None if others else top.row.verdict,
        "stance": top.row.stance if agreed else None,
        "conflicting": bool(others),
        "blocks": blocks(several, provides),
        "response": top.reference("responses"),
        "others": [held.reference("responses") for held in others],
        "conditions": [] if others else top.record["conditions"],
        "reasons": [] if others else top.record["reasons"],
        **behind.support([held.record for held in several], (held.row.subject for held in several)),
        "assumed": any(held.assumed for held in several),
    }
