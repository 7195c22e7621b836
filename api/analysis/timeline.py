"""The timeline: events, proposals, demands and responses on one axis, each with when it happened and when it was first reported.

Measure: two dates an entry, ``occurred_on`` (valid time) and ``reported_on`` (knowledge time: the day from which the public could
know it, which is the last that the first report can have been on); the **lag** is the number of days from the last day on which it can
have happened to that: 0 where it can have happened on that day, or after it. Entries are in the order of the first day
on which they can have happened; one whose time is open or unknown stands at its first report. An event counts for an issue where it
is related to the issue, or to a record that is about it. Asked ``as_of``, it has all that can have happened by the day: a demand that
was dropped since was made all the same.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, select

from api.analysis.footing import rests_on
from api.analysis.latest import of_kind
from api.analysis.question import Findings, Question, Reference, subject
from api.filters import issues_of
from api.models import Event, Position, Proposal, Term
from api.reading.selection import streamed
from schemas.vocabulary import PositionKind, Precision

#: What has a place on the axis, and the fields of its answer that tell its time, its kind and who acted.
COLLECTIONS = ("events", "proposals", "demands", "responses")
_TIME = {"events": "occurred_on", "proposals": "made_on"}
_KIND = {"demands": "firmness", "responses": "verdict"}
_ACTORS = {"events": ("participants", "hosts", "mediators"), "proposals": ("proposers",)}
_CONCERNED = {"proposals": ("addressees", "intermediaries"), "demands": ("addressees",)}
_AT_ONCE = 500
#: What entries are ordered by: the time, the first report, the collection, the id.
_Place = tuple[int, str, str, str]


def timeline(question: Question, collections: tuple[str, ...] = ()) -> Findings:
    """Every entry of all collections, or of those named.

    The rows are made while they are read.
    """
    found = _found(question, collections)
    subjects = [f"{collection}/{id}" for _, _, collection, id in found]
    return Findings(_rows(question, found), rests_on(question, subjects, subjects))


def lines(question: Question, collections: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """The rows alone, without what they rest on."""
    return _rows(question, _found(question, collections))


def _found(question: Question, collections: tuple[str, ...]) -> list[_Place]:
    """The places of all entries, in order."""
    return sorted(
        place
        for collection in COLLECTIONS
        if not collections or collection in collections
        for place in _places(question, collection)
    )


def _rows(question: Question, found: list[_Place]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(found), _AT_ONCE):
        several = found[start : start + _AT_ONCE]
        records: dict[tuple[str, str], dict[str, Any]] = {}
        for collection in COLLECTIONS:
            ids = {id for _, _, of, id in several if of == collection}
            if ids:
                model = _model(collection)
                named = model.subject.in_(sorted(f"{collection}/{id}" for id in ids))
                rows = question.connection.execute(select(model.id, model.body).where(named, _shown(question, model)))
                records |= {(collection, id): orjson.loads(body) for id, body in rows if id in ids}
        for _, _, collection, id in several:
            yield _entry(collection, records[collection, id])


def _model(collection: str) -> Any:
    return {"events": Event, "proposals": Proposal}.get(collection, Position)


def _shown(question: Question, model: Any) -> ColumnElement[bool]:
    """What the clocks show. What was asked or answered by the day stays, even if it is no longer held on it."""
    return and_(model.known(question.clocks), model.within(None, question.clocks.as_of))


def _places(question: Question, collection: str) -> Iterator[_Place]:
    model = _model(collection)
    # The time of a position's row is the period over which it was held, which may go on long after it was taken.
    where: list[ColumnElement[bool]] = [
        _shown(question, model),
        model.within(None if model is Position else question.begin, question.end),
    ]
    if model is Position:
        where.append(of_kind(PositionKind.of(collection.removesuffix("s"))))
        where += question.within(Position, Position.issue_id)
    else:
        where += question.within(model)
    if question.issues and model is Proposal:
        where.append(Proposal.id.in_(_proposals_on(question)))
    related = _subjects_on(question) if question.issues and model is Event else None
    statement = select(model.body, model.earliest, model.latest).where(*where)
    for body, earliest, latest in streamed(question.connection, statement):
        record = orjson.loads(body)
        if related is not None and not any(f"{one['collection']}/{one['id']}" in related for one in record["related"]):
            continue
        if question.parties:
            actors, concerned = _parties(collection, record)
            if not _concerns(question, [*actors, *concerned], earliest, latest):
                continue
        first, last = span(record[_TIME.get(collection, "valid_from")], record["first_reported_on"])
        if not question.asks_for(first, last):
            continue
        yield milliseconds(first), record["first_reported_on"], collection, record["id"]


def _proposals_on(question: Question) -> Any:
    return select(Term.proposal_id).where(Term.issue_id.in_(issues_of(question.issues)), Term.at(question.clocks))


def _subjects_on(question: Question) -> set[str]:
    """Every record that is about the issues asked for: the issues, the terms and proposals on them, the positions."""
    issues = issues_of(question.issues)
    found: set[str] = set()
    for collection, ids in (
        ("issues", issues),
        ("terms", select(Term.id).where(Term.issue_id.in_(issues))),
        ("proposals", select(Term.proposal_id).where(Term.issue_id.in_(issues))),
    ):
        found |= {f"{collection}/{id}" for id in question.connection.scalars(ids)}
    held = select(Position.kind, Position.id).where(Position.issue_id.in_(issues))
    for kind, id in question.connection.execute(held):
        found |= {f"{kind}s/{id}", f"positions/{id}"}
    return found


def _parties(collection: str, record: dict[str, Any]) -> tuple[list[Reference], list[Reference]]:
    """Who acted, and who else is concerned; each once, in the order of the record."""
    named = _ACTORS.get(collection)
    acted = [one for name in named for one in record[name]] if named else [record["party"]]
    concerned = [one for name in _CONCERNED.get(collection, ()) for one in record[name]]
    return list({one["id"]: one for one in acted}.values()), concerned


def _concerns(question: Question, parties: list[Reference], earliest: date, latest: date) -> bool:
    """Whether one of the parties is, or then represented, one that was asked for."""
    return any(question.folding.columns(one["id"], (earliest, latest)) for one in parties)


def _entry(collection: str, record: dict[str, Any]) -> dict[str, Any]:
    actors, _ = _parties(collection, record)
    occurred = record[_TIME.get(collection, "valid_from")]
    first, last = span(occurred, record["first_reported_on"])
    about = subject(collection, record)
    title = about["name"]
    kind = record[_KIND.get(collection, "kind")]
    reported = date.fromisoformat(record["first_reported_on"])
    told = record["first_reported"]
    roughly = "about " if told["edtf"].endswith(("~", "%")) else ""
    by = roughly if told["precision"] == Precision.DAY.value else "by "
    return {
        "subject": about,
        "kind": kind,
        "occurred_on": occurred,
        "first_reported_on": record["first_reported_on"],
        "lag": max(0, (reported - date.fromisoformat(occurred["latest"])).days)
        if occurred and occurred["latest"]
        else None,
        "actors": actors,
        "issue": record.get("issue"),
        "summary": record["summary"],
        "claim_status": record["claim_status"],
        "document_count": record["document_count"],
        "origin_count": record["origin_count"],
        "time": milliseconds(first),
        "timeEnd": milliseconds(last) if last > first else None,
        "title": title,
        "text": f"{record['summary'] or title} (first reported {by}{reported}; {record['claim_status']})",
        "tags": ",".join([collection, kind, *(one["id"] for one in actors)]),
        "first_reported": record["first_reported"],
    }


def span(occurred: dict[str, Any] | None, reported: str) -> tuple[date, date]:
    """The days between which what happened stands on the axis."""
    earliest, latest = (occurred["earliest"], occurred["latest"]) if occurred else (None, None)
    first = date.fromisoformat(earliest or latest or reported)
    return first, max(first, date.fromisoformat(latest or earliest or reported))


def milliseconds(day: date) -> int:
    """The beginning of a day in milliseconds since 1970, as Grafana has times."""
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
