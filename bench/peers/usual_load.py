"""The usual way to load a folder of YAML: PyYAML's C loader, marshmallow, SQLAlchemy's ORM, an index for each way in, FTS5.

The schemas are the project's own, used as marshmallow documents it (``Schema().load`` for every record, its terms and its
evidence), so that the same is checked of every field. References are checked by the database's foreign keys. What the project's
loader makes beyond that is left out: claim statuses, versions by the clocks, implied stances, history, rendered answers.

``python -m bench.peers.usual_load SEEDS DATABASE``
"""

import sys
from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema
from sqlalchemy import JSON, ForeignKey, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from schemas.dates import Edtf
from schemas.events import EventSchema
from schemas.evidence import EvidenceSchema
from schemas.issues import IssueSchema
from schemas.parties import PartySchema
from schemas.positions import DemandSchema, ResponseSchema, StatementSchema
from schemas.processes import ProcessSchema
from schemas.proposals import ProposalSchema, TermSchema
from schemas.sources import SourceSchema


class Base(DeclarativeBase):
    """The declarative base: what is a list or a mapping is kept as JSON."""

    type_annotation_map = {list[Any]: JSON, dict[str, Any]: JSON}  # noqa: RUF012  # SQLAlchemy's own way


class Recorded:
    """What every table has."""

    id: Mapped[str] = mapped_column(primary_key=True)
    note: Mapped[str | None]
    absent: Mapped[dict[str, Any]]


class Process(Recorded, Base):
    """A process."""

    __tablename__ = "processes"
    title: Mapped[str]
    summary: Mapped[str | None]
    started_on: Mapped[str | None]
    ended_on: Mapped[str | None]


class Party(Recorded, Base):
    """A party."""

    __tablename__ = "parties"
    name: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(index=True)
    aliases: Mapped[list[Any]]
    affiliations: Mapped[list[Any]]
    iso3166: Mapped[str | None]
    wikidata: Mapped[str | None]


class Issue(Recorded, Base):
    """An issue."""

    __tablename__ = "issues"
    label: Mapped[str] = mapped_column(index=True)
    proposition: Mapped[str | None]
    definition: Mapped[str]
    aliases: Mapped[list[Any]]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("issues.id"), index=True)


class Source(Recorded, Base):
    """A source."""

    __tablename__ = "sources"
    title: Mapped[str]
    authors: Mapped[list[Any]]
    publisher_id: Mapped[str | None] = mapped_column(ForeignKey("parties.id"), index=True)
    published_on: Mapped[str | None] = mapped_column(index=True)
    retrieved_on: Mapped[date]
    kind: Mapped[str] = mapped_column(index=True)
    language: Mapped[str]
    url: Mapped[str | None]
    relays: Mapped[list[Any]]
    length: Mapped[int | None]
    sha256: Mapped[str | None]
    reliability: Mapped[str]
    passed_over: Mapped[list[Any]]


class Evidence(Base):
    """A citation of one of the four kinds of record that have evidence."""

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(primary_key=True)
    position_id: Mapped[str | None] = mapped_column(ForeignKey("positions.id"), index=True)
    proposal_id: Mapped[str | None] = mapped_column(ForeignKey("proposals.id"), index=True)
    term_id: Mapped[str | None] = mapped_column(ForeignKey("terms.id"), index=True)
    event_id: Mapped[str | None] = mapped_column(ForeignKey("events.id"), index=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), index=True)
    selector: Mapped[str | None]
    digest: Mapped[str | None]
    relation: Mapped[str] = mapped_column(index=True)
    speaker_id: Mapped[str | None] = mapped_column(ForeignKey("parties.id"), index=True)
    speaker_description: Mapped[str | None]
    speaker_party_id: Mapped[str | None] = mapped_column(ForeignKey("parties.id"), index=True)
    mode: Mapped[str] = mapped_column(index=True)
    via_id: Mapped[str | None] = mapped_column(ForeignKey("parties.id"), index=True)
    credibility: Mapped[str]
    said_on: Mapped[str | None]
    bears_on: Mapped[list[Any]]
    note: Mapped[str | None]
    absent: Mapped[dict[str, Any]]


class Term(Recorded, Base):
    """A term."""

    __tablename__ = "terms"
    proposal_id: Mapped[str] = mapped_column(ForeignKey("proposals.id"), index=True)
    number: Mapped[int]
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id"), index=True)
    stance: Mapped[str] = mapped_column(index=True)
    summary: Mapped[str]
    lineage: Mapped[str | None] = mapped_column(index=True)
    assessment: Mapped[dict[str, Any] | None]
    evidence: Mapped[list[Evidence]] = relationship()


class Proposal(Recorded, Base):
    """A proposal."""

    __tablename__ = "proposals"
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(index=True)
    proposers: Mapped[list[Any]]
    addressees: Mapped[list[Any]]
    made_on: Mapped[str | None] = mapped_column(index=True)
    channel: Mapped[str] = mapped_column(index=True)
    intermediaries: Mapped[list[Any]]
    status: Mapped[str | None] = mapped_column(index=True)
    summary: Mapped[str]
    supersedes_id: Mapped[str | None] = mapped_column(ForeignKey("proposals.id"))
    related: Mapped[list[Any]]
    point_count: Mapped[int | None]
    terms: Mapped[list[Term]] = relationship()
    evidence: Mapped[list[Evidence]] = relationship()


class Position(Recorded, Base):
    """A demand, response, statement or offer."""

    __tablename__ = "positions"
    kind: Mapped[str] = mapped_column(index=True)
    party_id: Mapped[str] = mapped_column(ForeignKey("parties.id"), index=True)
    issue_id: Mapped[str | None] = mapped_column(ForeignKey("issues.id"), index=True)
    stance: Mapped[str | None] = mapped_column(index=True)
    summary: Mapped[str]
    valid_from: Mapped[str | None] = mapped_column(index=True)
    valid_until: Mapped[str | None]
    salience: Mapped[str]
    addressees: Mapped[list[Any] | None]
    firmness: Mapped[str | None] = mapped_column(index=True)
    lifecycle: Mapped[str | None] = mapped_column(index=True)
    consequence: Mapped[str | None]
    proposal_id: Mapped[str | None] = mapped_column(ForeignKey("proposals.id"), index=True)
    term_id: Mapped[str | None] = mapped_column(ForeignKey("terms.id"), index=True)
    demand_id: Mapped[str | None] = mapped_column(ForeignKey("positions.id"), index=True)
    verdict: Mapped[str | None] = mapped_column(index=True)
    conditions: Mapped[list[Any] | None]
    reasons: Mapped[list[Any] | None]
    term: Mapped[Term | None] = relationship()
    evidence: Mapped[list[Evidence]] = relationship()


class Event(Recorded, Base):
    """An event."""

    __tablename__ = "events"
    kind: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    summary: Mapped[str | None]
    occurred_on: Mapped[str | None] = mapped_column(index=True)
    place: Mapped[str | None]
    participants: Mapped[list[Any]]
    hosts: Mapped[list[Any]]
    mediators: Mapped[list[Any]]
    outcome: Mapped[str | None]
    related: Mapped[list[Any]]
    evidence: Mapped[list[Evidence]] = relationship()


#: In an order in which what is referred to comes first.
COLLECTIONS: tuple[tuple[str, type[Schema], type[Base], str | None], ...] = (
    ("parties", PartySchema, Party, None),
    ("issues", IssueSchema, Issue, None),
    ("sources", SourceSchema, Source, None),
    ("proposals", ProposalSchema, Proposal, None),
    ("demands", DemandSchema, Position, "demand"),
    ("responses", ResponseSchema, Position, "response"),
    ("statements", StatementSchema, Position, "statement"),
    ("events", EventSchema, Event, None),
)
REFERENCES = {
    "party",
    "issue",
    "source",
    "speaker",
    "speaker_party",
    "via",
    "publisher",
    "parent",
    "supersedes",
    "proposal",
    "term",
    "demand",
}
_evidence_schema, _term_schema = EvidenceSchema(), TermSchema()


def load(seeds: Path, database: Path) -> int:
    """Load a folder of seeds into a database that does not exist yet; returns the number of records, citations not counted."""
    engine = create_engine(f"sqlite:///{database}")
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys = ON"))
    Base.metadata.create_all(engine)
    count = 0
    with Session(engine) as session:
        for folder in sorted(path for path in seeds.iterdir() if path.is_dir()):
            if (folder / "process.yaml").is_file():
                session.add(Process(**_values(ProcessSchema().load(_read(folder / "process.yaml")))))
            for name, schema, model, kind in COLLECTIONS:
                for path in _files(folder, name):
                    made = list(_records(_read(path), schema(), model, kind))
                    session.add_all(made)
                    session.commit()
                    count += len(made)
        session.execute(
            text("CREATE VIRTUAL TABLE search USING fts5(summary, id UNINDEXED, tokenize = 'porter unicode61')")
        )
        for table, words in (
            ("positions", "summary"),
            ("terms", "summary"),
            ("proposals", "title"),
            ("events", "title"),
        ):
            session.execute(text(f"INSERT INTO search SELECT {words}, id FROM {table}"))
        session.commit()
    return count


def _files(folder: Path, name: str) -> list[Path]:
    single = folder / f"{name}.yaml"
    return [single] if single.is_file() else sorted((folder / name).glob("*.yaml"))


def _read(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return yaml.load(file, yaml.CSafeLoader)


def _records(raw: list[dict[str, Any]], schema: Schema, model: type[Base], kind: str | None) -> Iterator[Base]:
    for one in raw:
        loaded = schema.load(one)
        inner: dict[str, Any] = {"kind": kind} if kind else {}
        if "evidence" in loaded:
            inner["evidence"] = _citations(loaded.pop("evidence"))
        offers: list[Base] = []
        if "terms" in loaded:
            inner["terms"] = []
            for raw_term in loaded.pop("terms"):
                term = _term_schema.load(raw_term)
                cited = term.pop("evidence")
                inner["terms"].append(Term(**_values(term), evidence=_citations(cited)))
                offers += (_offer(loaded, term, party, cited) for party in loaded["proposers"])
        yield model(**_values(loaded), **inner)
        yield from offers


def _offer(proposal: dict[str, Any], term: dict[str, Any], party: str, cited: list[dict[str, Any]]) -> Position:
    """The position that a proposer takes by putting a term forward."""
    return Position(
        id=f"{term['id']}-by-{party}",
        kind="offer",
        party_id=party,
        issue_id=term["issue"],
        stance=term["stance"].value,
        summary=term["summary"],
        valid_from=_plain(proposal["made_on"]),
        salience="not_stated",
        proposal_id=proposal["id"],
        term_id=term["id"],
        absent={},
        evidence=_citations(cited),
    )


def _citations(raw: list[dict[str, Any]]) -> list[Evidence]:
    return [Evidence(**_values(one)) for one in _evidence_schema.load(raw, many=True)]


def _values(loaded: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_id" if name in REFERENCES else name: _plain(value) for name, value in loaded.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Edtf):
        return value.text
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


if __name__ == "__main__":
    print(load(Path(sys.argv[1]), Path(sys.argv[2])))
