"""The peers' tables for SQLAlchemy's ORM, and the questions that are the same for those who use it."""

import os
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ForeignKey, Select, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker


class Base(DeclarativeBase):
    """The declarative base."""


class Process(Base):
    """A process."""

    __tablename__ = "processes"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Party(Base):
    """A party."""

    __tablename__ = "parties"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Issue(Base):
    """An issue."""

    __tablename__ = "issues"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Source(Base):
    """A source."""

    __tablename__ = "sources"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Evidence(Base):
    """A citation."""

    __tablename__ = "evidence"
    id: Mapped[int] = mapped_column(primary_key=True)
    position_id: Mapped[str] = mapped_column(ForeignKey("positions.id"))
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"))
    selector: Mapped[str | None]
    digest: Mapped[str | None]
    relation: Mapped[str]
    speaker_id: Mapped[str | None] = mapped_column(ForeignKey("parties.id"))
    speaker_description: Mapped[str | None]
    mode: Mapped[str]
    via_id: Mapped[str | None] = mapped_column(ForeignKey("parties.id"))
    credibility: Mapped[str]
    said_on: Mapped[str | None]
    note: Mapped[str | None]
    known_on: Mapped[str]
    source: Mapped[Source] = relationship(lazy="joined")
    speaker: Mapped[Party | None] = relationship(lazy="joined", foreign_keys=[speaker_id])
    via: Mapped[Party | None] = relationship(lazy="joined", foreign_keys=[via_id])


class Position(Base):
    """A position. Its references come with it, its evidence when it is asked for."""

    __tablename__ = "positions"
    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(ForeignKey("processes.id"))
    kind: Mapped[str]
    party_id: Mapped[str] = mapped_column(ForeignKey("parties.id"))
    issue_id: Mapped[str | None] = mapped_column(ForeignKey("issues.id"))
    stance: Mapped[str]
    summary: Mapped[str]
    valid_from: Mapped[str | None]
    valid_until: Mapped[str | None]
    ended: Mapped[bool]
    salience: Mapped[str]
    firmness: Mapped[str | None]
    lifecycle: Mapped[str | None]
    consequence: Mapped[str | None]
    verdict: Mapped[str | None]
    proposal_id: Mapped[str | None]
    term_id: Mapped[str | None]
    demand_id: Mapped[str | None]
    note: Mapped[str | None]
    first_reported_on: Mapped[str]
    claim_status: Mapped[str]
    evidence_count: Mapped[int]
    document_count: Mapped[int]
    origin_count: Mapped[int]
    began_on: Mapped[str]
    process: Mapped[Process] = relationship(lazy="joined")
    party: Mapped[Party] = relationship(lazy="joined")
    issue: Mapped[Issue | None] = relationship(lazy="joined")
    evidence: Mapped[list[Evidence]] = relationship(order_by=Evidence.id)


engine = create_engine(f"sqlite:///file:{os.environ.get('PEERS_DATABASE', '')}?mode=ro&immutable=1&uri=true")
Sessions = sessionmaker(engine)


def page(db: Session, party: str | None, limit: int, after: str) -> dict[str, Any]:
    """A page of positions, by keyset, with the exact total."""
    where = [Position.party_id == party] if party else []
    total = db.scalar(select(func.count()).select_from(Position).where(*where))
    rows = db.scalars(select(Position).where(*where, Position.id > after).order_by(Position.id).limit(limit)).all()
    return {"data": rows, "total": total, "next": rows[-1].id if len(rows) == limit else None}


def found(db: Session, q: str, limit: int) -> dict[str, Any]:
    """The positions whose summary has the words, the best first, with what was found marked."""
    total = db.scalar(text("SELECT count(*) FROM search WHERE search MATCH :q"), {"q": q})
    hits = db.execute(
        text(
            "SELECT id, summary AS name, highlight(search, 0, '<mark>', '</mark>') AS highlight "
            "FROM search WHERE search MATCH :q ORDER BY rank LIMIT :limit"
        ),
        {"q": q, "limit": limit},
    )
    return {"data": hits.mappings().all(), "total": total, "next": None}


def latest(db: Session) -> Sequence[Position]:
    """The latest position of each party on each issue."""
    order = (Position.began_on.desc(), Position.id.desc())
    place = func.row_number().over(partition_by=(Position.party_id, Position.issue_id), order_by=order)
    ranked = select(Position.id, place.label("place")).where(Position.issue_id.is_not(None)).subquery()
    return db.scalars(select(Position).join(ranked, ranked.c.id == Position.id).where(ranked.c.place == 1)).all()


def everything() -> Select[tuple[Position]]:
    """Every position, to be read as it is sent."""
    return select(Position).order_by(Position.id).execution_options(yield_per=1000)
