"""The dossier of a record: who asserts, confirms, denies it or declines to comment, where that goes back to, and what it amounts to.

Measure: nodes are the record, the speakers, the documents and the origins; each piece of evidence is one edge, with its relation, its
footing and the day from which the public could know it. **Documents** count papers, **origins** count voices: the outlets behind the
assertions (``via``, else the publisher, else the document itself), writers' and analysts' own judgements left out. The claim status
comes with the rule that gave it, the first that holds of those in the vocabulary ``claim_status``, and with the evidence that the
rule turns on. The stages show how the status came about: there is one for each day on which new evidence became known.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Row, select

from api.analysis.footing import footing
from api.analysis.question import Findings, Question
from api.claims import decides, representation, voices
from api.holdings import assumed, assumed_done
from api.models import Affiliation, Evidence
from api.resource import Resource
from schemas.vocabulary import ClaimStatus, Mode, PositionKind, Relation

Record = dict[str, Any]


def dossier(question: Question, resource: Resource, row: Row[Any]) -> Findings:
    """The claims graph of a record, given as its row at the clocks."""
    record, as_of = orjson.loads(row.body), question.clocks.as_of
    evidence = question.connection.execute(
        select(Evidence.__table__)
        .where(Evidence.subject == row.subject, Evidence.at(question.clocks))
        .order_by(Evidence.known_on, Evidence.id)
    ).all()
    spoken = _by_holder(question, evidence, record) if record.get("kind") == PositionKind.OFFER.value else None
    status = ClaimStatus.of(row.claim_status)
    claims = [_claim(one, one.by_holder if spoken is None else spoken[one.id]) for one in evidence]
    for claim in claims:
        relation, mode = Relation.of(claim["relation"]), Mode.of(claim["mode"])
        claim["decides"] = decides(status, relation, mode, by_holder=claim["by_holder"])
    sources = {claim["source"]["id"]: claim["source"] for claim in claims}
    data = {
        "subject": {
            "collection": resource.name,
            "id": row.id,
            "name": record[resource.schema.named_by],
            "href": record["href"],
        },
        "claim_status": status,
        "rule": status.definition,
        "relations": dict(Counter(claim["relation"] for claim in claims)),
        "modes": dict(Counter(claim["mode"] for claim in claims)),
        "claims": claims,
        "documents": [sources[id] for id in sorted(sources)],
        "origins": _voices(claims),
        "stages": _stages(question, resource, row),
        "assumed": (
            assumed(record, as_of, resource.schema.dated_by) if resource.model.lasting else assumed_done(row, as_of)
        ),
    }
    return Findings(data, footing(question, [row.subject]).rests_on([row.subject], [row.subject]))


def _claim(row: Row[Any], by_holder: bool) -> Record:
    given = orjson.loads(row.body)
    return {
        "evidence": row.id,
        "href": given["href"],
        **{name: given[name] for name in ("relation", "speaker", "speaker_description", "speaker_party")},
        "by_holder": bool(by_holder),
        **{name: given[name] for name in ("mode", "source", "origin", "known_on", "said_on")},
    }


def _voices(claims: Iterable[Record]) -> list[Record]:
    """The origins of the assertions, each with the documents that have it from there."""
    found: dict[tuple[str, str], Record] = {}
    for claim in claims:
        if voices(Relation.of(claim["relation"]), Mode.of(claim["mode"])):
            origin = claim["origin"]
            voice = found.setdefault((origin["collection"], origin["id"]), {"origin": origin, "documents": []})
            if claim["source"] not in voice["documents"]:
                voice["documents"].append(claim["source"])
    return [found[key] for key in sorted(found)]


def _stages(question: Question, resource: Resource, row: Row[Any]) -> list[Record]:
    model = resource.model
    clocks = question.clocks
    where = [model.id == row.id, model.modes == row.modes]
    if clocks.known_at:
        where.append(model.known_from <= clocks.known_at)
    rows = question.connection.execute(
        select(model.known_from, model.claim_status, model.evidence_count, model.document_count, model.origin_count)
        .where(*where)
        .order_by(model.known_from)
    )
    return [{**stage, "known_from": stage["known_from"].isoformat()} for stage in rows.mappings()]


def _by_holder(question: Question, evidence: Iterable[Row[Any]], offer: Record) -> dict[str, bool]:
    """Whether each speaker is or represents the holder of an offer. The evidence is that of the term, which may have several holders."""
    affiliations = question.connection.execute(
        select(Affiliation.party_id, Affiliation.other_id, Affiliation.earliest, Affiliation.latest)
    )
    speaks_for = representation(affiliations)
    holder = frozenset({offer["party"]["id"]})

    def spoken(row: Row[Any]) -> bool:
        said = orjson.loads(row.body)["said_on"] or {"earliest": str(row.known_on), "latest": str(row.known_on)}
        earliest, latest = (date.fromisoformat(said[end]) if said[end] else None for end in ("earliest", "latest"))
        return row.speaker_id is not None and speaks_for(row.speaker_id, holder, earliest, latest)

    return {row.id: spoken(row) for row in evidence}
