"""Silences: demands and proposals that an addressee has not answered.

Measure: an addressee is **silent** on a demand or a proposal where no response of its to it (for a proposal: to the whole or to any
term) is recorded by the day (``as_of``, else the release's date) that is more than a note that no answer came or that it would not
comment, or where it has taken its answer back since. Whoever represents the addressee answers for it. A position that it takes on the issue
without answering is no answer; it is shown beside. What is no longer outstanding is left out: a demand that had ended by the day or
that is met, dropped or superseded; a proposal that is accepted, rejected or lapsed, or that another one had superseded by then (or
is said to have, which is not recorded); and all that belongs to a process that was over before the last day that counts.

**Days** count from the last day on which it can have been asked: the last day that its date can mean, its first report where that is
earlier or where no date is known; to the day, or to that of ``known_at`` or of the release where it is earlier, after which nothing is
known. So they are never overstated. Between two days lie the silences on what may have been asked between them, as it stands on the
timeline.
"""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import select

from api.analysis.footing import rests_on
from api.analysis.latest import Cell, Held, cells, of_kind, positions, span_of, standing
from api.analysis.question import Findings, Question, Reference, subject
from api.analysis.reception import answered
from api.analysis.timeline import span
from api.claims import UNHELD
from api.filters import issues_of
from api.models import LAST_DAY, Process, Proposal, Term
from schemas.vocabulary import Lifecycle, PositionKind, ProposalStatus

CLOSED_DEMANDS = frozenset({Lifecycle.MET, Lifecycle.DROPPED, Lifecycle.SUPERSEDED})
CLOSED_PROPOSALS = frozenset({ProposalStatus.ACCEPTED, ProposalStatus.REJECTED, ProposalStatus.LAPSED})
Record = dict[str, Any]


def silences(question: Question) -> Findings:
    """Every silence, the longest first."""
    everyone = question.of_all_parties()
    stances = cells(standing(everyone), everyone.standing, question.today)
    answers = _Answers(question)
    over = _over(question)
    rows: list[Record] = []
    for held in positions(everyone, of_kind(PositionKind.DEMAND)):
        if _demand_open(held, question.today) and held.row.process_id not in over:
            rows += _silent("demands", held.record, held.record["valid_from"], question, answers, stances)
    for proposal in _open_proposals(question):
        if proposal["process"]["id"] in over:
            continue
        rows += _silent("proposals", proposal, proposal["made_on"], question, answers, stances)
    rows.sort(key=lambda row: (-row["days"], row["subject"]["collection"], row["subject"]["id"], row["silent"]["id"]))
    subjects = [f"{row['subject']['collection']}/{row['subject']['id']}" for row in rows]
    subjects += [f"responses/{row['noted']['id']}" for row in rows if row["noted"]]
    return Findings(rows, rests_on(question, subjects, subjects))


class _Answers:
    """The responses by what they answer."""

    def __init__(self, question: Question) -> None:
        self.folding = question.of_all_parties().folding
        self._to: dict[str, list[Held]] = {}
        every = question.of_any_issue().of_all_parties()
        for held in positions(every, of_kind(PositionKind.RESPONSE), history=True):
            if held.row.demand_id:
                self._to.setdefault(f"demands/{held.row.demand_id}", []).append(held)
            else:
                self._to.setdefault(f"proposals/{held.row.proposal_id}", []).append(held)

    def by(self, party: str, subject: str) -> list[Held]:
        """The answers of a party, or of those who represent it, to a record, the latest first."""
        own = [
            held
            for held in self._to.get(subject, ())
            if party in self.folding.reach(held.row.party_id, span_of(held, self.folding))
        ]
        return sorted(own, key=attrgetter("order"), reverse=True)


def _counted_until(question: Question) -> date:
    """The last day that counts: nothing is known of what came after ``known_at`` or the release."""
    return min(question.today, question.clocks.known_at or question.today, question.released_on)


def _over(question: Question) -> set[str]:
    """The processes that certainly ended before the last day that counts: in them no answer can be awaited."""
    ended = {
        id: orjson.loads(body)["ended_on"] for id, body in question.connection.execute(select(Process.id, Process.body))
    }
    until = _counted_until(question).isoformat()
    return {id for id, end in ended.items() if end and end["latest"] and end["latest"] < until}


def _demand_open(held: Held, today: date) -> bool:
    lifecycle = held.row.lifecycle
    return not held.ended(today) and not (lifecycle and Lifecycle.of(lifecycle) in CLOSED_DEMANDS)


def _open_proposals(question: Question) -> Iterator[Record]:
    """The proposals that await an answer on the day."""
    known = [
        (orjson.loads(body), earliest)
        for body, earliest in question.connection.execute(
            select(Proposal.body, Proposal.earliest).where(
                Proposal.at(question.knowing), Proposal.claim_status.not_in(UNHELD), *question.within(Proposal)
            )
        )
    ]
    on_issue: set[str] | None = None
    if question.issues:
        terms = select(Term.proposal_id).where(Term.issue_id.in_(issues_of(question.issues)), Term.at(question.clocks))
        on_issue = set(question.connection.scalars(terms))
    made = [(record, earliest <= question.today) for record, earliest in known]
    #: Whether each proposal that another one supersedes had been superseded by the day.
    superseded: dict[str, bool] = {}
    for record, by_then in made:
        if record["supersedes"]:
            id = record["supersedes"]["id"]
            superseded[id] = by_then or superseded.get(id, False)
    for record, by_then in made:
        status = ProposalStatus.of(record["status"]) if record["status"] else None
        # Where what superseded it is not recorded, nobody knows since when it was.
        closed = status in CLOSED_PROPOSALS or superseded.get(record["id"], status is ProposalStatus.SUPERSEDED)
        if by_then and not closed and (on_issue is None or record["id"] in on_issue):
            yield record


def _silent(
    collection: str,
    record: Record,
    asked_on: Record | None,
    question: Question,
    answers: _Answers,
    stances: dict[tuple[str, str], Cell],
) -> Iterator[Record]:
    askers: list[Reference] = record["proposers"] if collection == "proposals" else [record["party"]]
    until = _counted_until(question)
    since = _since(asked_on, record["first_reported_on"], until)
    if not question.asks_for(*span(asked_on, record["first_reported_on"])):
        return
    for addressee in record["addressees"]:
        if question.parties and not {addressee["id"], *(one["id"] for one in askers)} & set(question.parties):
            continue
        given = answers.by(addressee["id"], f"{collection}/{record['id']}")
        if answered(given):
            continue
        cell = stances.get((record["issue"]["id"], addressee["id"])) if record.get("issue") else None
        yield {
            "subject": subject(collection, record),
            "silent": addressee,
            "asked_by": askers,
            "issue": record.get("issue"),
            "asked_on": asked_on,
            "first_reported_on": record["first_reported_on"],
            "days": (until - since).days,
            "lifecycle": record.get("lifecycle"),
            "status": record.get("status"),
            "noted": given[0].reference("responses") if given else None,
            "stance": cell.stance if cell else None,
            "position": cell.records[0].reference() if cell else None,
            "assumed": bool(cell and cell.assumed),
            "first_reported": record["first_reported"],
        }


def _since(asked_on: Record | None, reported: str, until: date) -> date:
    """The last day on which it can have been asked."""
    latest_day = date.fromisoformat(asked_on["latest"]) if asked_on and asked_on["latest"] else LAST_DAY
    return min(latest_day, date.fromisoformat(reported), until)
