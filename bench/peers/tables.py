"""The peers' tables for SQLAlchemy's ORM."""

import os

from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker


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


class Position(Base):
    """A position."""

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
    ended: Mapped[str]
    salience: Mapped[str]
    note: Mapped[str | None]
    first_reported_on: Mapped[str]
    claim_status: Mapped[str]
    evidence_count: Mapped[str]
    document_count: Mapped[str]
    origin_count: Mapped[str]
    process: Mapped[Process] = relationship(lazy="joined")
    party: Mapped[Party] = relationship(lazy="joined")
    issue: Mapped[Issue | None] = relationship(lazy="joined")


engine = create_engine(f"sqlite:///file:{os.environ.get('PEERS_DATABASE', '')}?mode=ro&immutable=1&uri=true")
Session = sessionmaker(engine)
