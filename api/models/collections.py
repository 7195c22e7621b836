"""The tables of the collections: one for each, but that the four kinds of position share one."""

from datetime import date
from typing import ClassVar

from sqlalchemy import ColumnElement, Index, String, Text, and_, case, true
from sqlalchemy.orm import Mapped, mapped_column

from api.claims import ASSERTING, JUDGING
from api.models.clocks import Clocks
from api.models.rows import Base, Cited, Dated, Key, Recorded


class Process(Recorded, Base):
    """One negotiation process."""

    __tablename__ = "processes"


class Party(Recorded, Base):
    """One party."""

    __tablename__ = "parties"
    other_names: ClassVar[tuple[str, ...]] = ("aliases", "iso3166")

    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Key)
    iso3166: Mapped[str | None] = mapped_column(Key)


class Issue(Recorded, Base):
    """One issue or topic."""

    __tablename__ = "issues"
    other_names: ClassVar[tuple[str, ...]] = ("aliases",)

    label: Mapped[str] = mapped_column(Key)
    parent_id: Mapped[str | None] = mapped_column(Key)


class Source(Dated, Recorded, Base):
    """One document."""

    __tablename__ = "sources"
    clocks: ClassVar[tuple[str, ...]] = ("known_at",)

    kind: Mapped[str] = mapped_column(String(40))
    publisher_id: Mapped[str | None] = mapped_column(Key)
    sha256: Mapped[str | None] = mapped_column(String(64))
    known_on: Mapped[date]

    @classmethod
    def at(cls, clocks: Clocks) -> ColumnElement[bool]:
        return true() if clocks.known_at is None else cls.known_on <= clocks.known_at


class Proposal(Cited, Base):
    """One version of a proposal."""

    __tablename__ = "proposals"

    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Text)


class Term(Cited, Base):
    """One version of a term of a proposal. Its time is its proposal's."""

    __tablename__ = "terms"
    filtered_at_clocks: ClassVar[tuple[str, ...]] = ("proposal_id", "issue_id")

    #: Null where nobody could know of the proposal yet.
    proposal_id: Mapped[str | None] = mapped_column(Key)
    number: Mapped[int]
    issue_id: Mapped[str] = mapped_column(Key)
    stance: Mapped[str] = mapped_column(String(40))
    lineage: Mapped[str | None] = mapped_column(Key)


class Position(Cited, Base):
    """One version of a position: a demand, a response, a statement or an offer. Its time is the period over which it was held."""

    __tablename__ = "positions"
    filtered_at_clocks: ClassVar[tuple[str, ...]] = ("party_id", "issue_id", "proposal_id", "term_id", "demand_id")
    mostly_null: ClassVar[tuple[str, ...]] = ("proposal_id", "term_id", "demand_id")
    discriminator: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Mapped[str] = mapped_column(String(40))
    party_id: Mapped[str] = mapped_column(Key)
    issue_id: Mapped[str | None] = mapped_column(Key)
    stance: Mapped[str] = mapped_column(String(40))
    firmness: Mapped[str | None] = mapped_column(String(40))
    lifecycle: Mapped[str | None] = mapped_column(String(40))
    proposal_id: Mapped[str | None] = mapped_column(Key)
    term_id: Mapped[str | None] = mapped_column(Key)
    demand_id: Mapped[str | None] = mapped_column(Key)
    verdict: Mapped[str | None] = mapped_column(String(40))


class Event(Cited, Base):
    """One version of an event."""

    __tablename__ = "events"

    kind: Mapped[str] = mapped_column(String(40))


class Evidence(Dated, Recorded, Base):
    """One citation. Its time is when it was said, else when its source was published."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("evidence_by_mode", "mode", "id"),
        # What the footing of an analysis reads, so that it reads the index alone.
        Index("evidence_footing", "subject", "known_on", "mode", "relation", "outlet", "source_id"),
    )
    clocks: ClassVar[tuple[str, ...]] = ("known_at", "mode")

    subject: Mapped[str] = mapped_column(Key)
    source_id: Mapped[str] = mapped_column(Key)
    relation: Mapped[str] = mapped_column(String(40))
    mode: Mapped[str] = mapped_column(String(40))
    speaker_id: Mapped[str | None] = mapped_column(Key)
    speaker_party_id: Mapped[str | None] = mapped_column(Key)
    via_id: Mapped[str | None] = mapped_column(Key)
    outlet: Mapped[str] = mapped_column(Key)
    by_holder: Mapped[bool]
    known_on: Mapped[date]

    @classmethod
    def at(cls, clocks: Clocks) -> ColumnElement[bool]:
        return and_(
            true() if clocks.known_at is None else cls.known_on <= clocks.known_at,
            cls.mode.in_(sorted(clocks.modes)) if clocks.modes else true(),
        )

    @classmethod
    def counted_origin(cls) -> ColumnElement[str | None]:
        """The origin where it counts as one, as `api.claims.voices` has it; else null."""
        return case((and_(cls.relation.in_(sorted(ASSERTING)), cls.mode.not_in(sorted(JUDGING))), cls.outlet))


class Release(Recorded, Base):
    """One load of the data."""

    __tablename__ = "releases"

    date: Mapped[date]
    digest: Mapped[str] = mapped_column(String(64))
    #: The digest of the code that made the answers.
    build: Mapped[str] = mapped_column(String(64))
    #: The digest of all that its answers depend on: its seeds, the code, the releases before it.
    identity: Mapped[str] = mapped_column(String(64))
    #: Counts loads. Lists sorted by date are in this order: releases may share a date, and their ids do not sort by age.
    number: Mapped[int]


class Change(Recorded, Base):
    """What one release did to one record."""

    __tablename__ = "changes"

    release_id: Mapped[str] = mapped_column(Key)
    #: The release's number.
    number: Mapped[int]
    collection: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))
