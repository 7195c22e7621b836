"""The database's tables: a projection of one release of the seeds, made anew by every load, never altered.

A row holds the columns that filters, sorts and analyses need, and its record's answer ready made (``body``).
A record with evidence has one row for each of its versions (see `api.claims.Version`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Date, Index, String, Text, and_, bindparam, or_, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from api.claims import MODE_BIT
from schemas.vocabulary import Mode

#: Bytewise order on every database: PostgreSQL's own would pass over hyphens.
Key = String(200).with_variant(String(200, collation="C"), "postgresql")

#: What a column that must be comparable holds where a date is open or unknown.
FIRST_DAY, LAST_DAY = date.min, date.max


#: Whether each clock is asked for, and the modes that count.
ClocksKind = tuple[bool, bool, frozenset[Mode]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """What an answer is asked to rest on: the day held, the day known, and the modes of evidence that count."""

    as_of: date | None = None
    known_at: date | None = None
    modes: frozenset[Mode] = field(default=frozenset())

    @classmethod
    def of_kind(cls, kind: ClocksKind) -> "Clocks":
        """Clocks of one kind with parameters in the place of their days, for statements that are made once; `days` fills them."""
        as_of, known_at, modes = kind
        first: Any = bindparam("as_of", type_=Date()) if as_of else None
        second: Any = bindparam("known_at", type_=Date()) if known_at else None
        return cls(first, second, modes)

    @property
    def kind(self) -> ClocksKind:
        """Which clocks are asked for, and the modes: what the statements depend on."""
        return self.as_of is not None, self.known_at is not None, self.modes

    @property
    def days(self) -> dict[str, date]:
        """The days that are asked for, by the names of their parameters."""
        days = {"as_of": self.as_of, "known_at": self.known_at}
        return {name: day for name, day in days.items() if day is not None}

    @property
    def mode_set(self) -> int:
        """The modes as the bits that the database stores; all of them where none is named."""
        return sum(MODE_BIT[mode] for mode in self.modes or Mode)


class Base(DeclarativeBase):
    """The declarative base of every table."""


class Recorded:
    """A row of a collection."""

    #: Which clocks a list of this collection can be asked with.
    clocks: ClassVar[tuple[str, ...]] = ()
    #: Whether the rows have a time of their own, for ``from`` and ``to``.
    dated: ClassVar[bool] = False

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    process_id: Mapped[str | None] = mapped_column(Key)
    #: The record's answer.
    body: Mapped[str] = mapped_column(Text)

    @classmethod
    def at(cls, clocks: Clocks) -> ColumnElement[bool]:
        """The condition that picks the rows that the clocks show, one a record."""
        return true()


class Dated:
    """A row with a time of its own: the days between which it lies, by strict bounds; the first and last day where open."""

    dated: ClassVar[bool] = True

    earliest: Mapped[date]
    latest: Mapped[date]

    @classmethod
    def within(cls, begin: date | None, end: date | None) -> ColumnElement[bool]:
        """The condition that a row's time may meet the span, both ends included."""
        return and_(
            true() if begin is None else cls.latest >= begin,
            true() if end is None else cls.earliest <= end,
        )


class Versioned:
    """A row that is one version of a record: what the public could know of it between two days, from evidence of some modes."""

    #: The modes of all of the record's evidence.
    all_modes: Mapped[int]
    modes: Mapped[int] = mapped_column(primary_key=True)
    known_from: Mapped[date] = mapped_column(primary_key=True)
    known_until: Mapped[date | None]
    #: Whether this is the version that all evidence shows.
    current: Mapped[bool]

    @classmethod
    def known(cls, clocks: Clocks) -> ColumnElement[bool]:
        """The condition that picks the version that the public could know; the day held makes no difference."""
        if clocks.known_at is None and not clocks.modes:
            return cls.current.is_(True)
        shown = cls.modes == cls.all_modes.bitwise_and(clocks.mode_set)
        if clocks.known_at is None:
            return and_(shown, cls.known_until.is_(None))
        return and_(
            shown,
            cls.known_from <= clocks.known_at,
            or_(cls.known_until.is_(None), cls.known_until > clocks.known_at),
        )


class Cited(Dated, Versioned, Recorded):
    """A row of a collection whose records have evidence: one version of one record."""

    clocks: ClassVar[tuple[str, ...]] = ("as_of", "known_at", "mode")
    #: The columns by which lists are narrowed, and those that need an index at other clocks as well.
    filtered: ClassVar[tuple[str, ...]] = ()
    ever_filtered: ClassVar[tuple[str, ...]] = ()

    #: The record that the evidence is about, as ``collection/id``.
    subject: Mapped[str] = mapped_column(Key)
    first_reported_on: Mapped[date]
    claim_status: Mapped[str] = mapped_column(String(20))
    evidence_count: Mapped[int]
    document_count: Mapped[int]
    origin_count: Mapped[int]

    @classmethod
    def at(cls, clocks: Clocks) -> ColumnElement[bool]:
        shown = cls.known(clocks)
        return shown if clocks.as_of is None else and_(shown, cls.begun_by(clocks.as_of))

    @classmethod
    def begun_by(cls, day: date) -> ColumnElement[bool]:
        """What is done stays done: a row counts from the earliest day that it can have been."""
        return cls.earliest <= day

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        table = cls.__tablename__  # type: ignore[attr-defined]  # every mapped class has one
        listed = ("process_id", "claim_status", *cls.filtered, *cls.ever_filtered, "first_reported_on", "earliest")
        return (
            _of_current(f"{table}_current", "id"),
            *(_of_current(f"{table}_by_{column}", column, "id") for column in listed),
            Index(f"{table}_ever_by_subject", "subject", "id"),
            # With all that the clocks ask, so that counting reads the index alone.
            *(Index(f"{table}_ever_by_{column}", column, "id", *_CLOCKED) for column in cls.ever_filtered),
        )


_CLOCKED = ("modes", "all_modes", "known_from", "known_until", "earliest", "latest")


def _of_current(name: str, *columns: str) -> Index:
    """An index of the versions that are shown where no clock is asked for, which are the fewer."""
    return Index(name, *columns, sqlite_where=text("current IS 1"), postgresql_where=text("current IS true"))


def _listed(table: str, *columns: str) -> tuple[Index, ...]:
    """The indexes of a table whose rows are stored whole, for lists narrowed or ordered by some columns."""
    return tuple(Index(f"{table}_by_{column}", column, "id") for column in columns)


class Process(Recorded, Base):
    """One negotiation process."""

    __tablename__ = "processes"


class Party(Recorded, Base):
    """One party."""

    __tablename__ = "parties"
    __table_args__ = _listed("parties", "process_id", "kind", "name")

    kind: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Key)


class Issue(Recorded, Base):
    """One issue or topic."""

    __tablename__ = "issues"
    __table_args__ = _listed("issues", "process_id", "label", "parent_id")

    label: Mapped[str] = mapped_column(Key)
    proposition: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(Key)


class Source(Dated, Recorded, Base):
    """One document."""

    __tablename__ = "sources"
    __table_args__ = _listed("sources", "process_id", "kind", "publisher_id", "earliest", "known_on")
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
    filtered: ClassVar[tuple[str, ...]] = ("kind", "status", "channel")

    kind: Mapped[str] = mapped_column(String(40))
    status: Mapped[str | None] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Text)


class Term(Cited, Base):
    """One version of a term of a proposal. Its time is its proposal's."""

    __tablename__ = "terms"
    filtered: ClassVar[tuple[str, ...]] = ("stance", "lineage", "number")
    ever_filtered: ClassVar[tuple[str, ...]] = ("proposal_id", "issue_id")

    proposal_id: Mapped[str] = mapped_column(Key)
    number: Mapped[int]
    issue_id: Mapped[str] = mapped_column(Key)
    stance: Mapped[str] = mapped_column(String(40))
    lineage: Mapped[str | None] = mapped_column(Key)
    summary: Mapped[str] = mapped_column(Text)


class Position(Cited, Base):
    """One version of a position: a demand, a response, a statement or an offer. Its time is the period over which it was held."""

    __tablename__ = "positions"
    filtered: ClassVar[tuple[str, ...]] = ("kind", "stance", "firmness", "lifecycle", "verdict")
    ever_filtered: ClassVar[tuple[str, ...]] = ("party_id", "issue_id", "proposal_id", "term_id", "demand_id")

    kind: Mapped[str] = mapped_column(String(40))
    party_id: Mapped[str] = mapped_column(Key)
    issue_id: Mapped[str | None] = mapped_column(Key)
    stance: Mapped[str] = mapped_column(String(40))
    score: Mapped[float | None]
    summary: Mapped[str] = mapped_column(Text)
    ended: Mapped[bool]
    firmness: Mapped[str | None] = mapped_column(String(40))
    lifecycle: Mapped[str | None] = mapped_column(String(40))
    proposal_id: Mapped[str | None] = mapped_column(Key)
    term_id: Mapped[str | None] = mapped_column(Key)
    demand_id: Mapped[str | None] = mapped_column(Key)
    verdict: Mapped[str | None] = mapped_column(String(40))

    @classmethod
    def begun_by(cls, day: date) -> ColumnElement[bool]:
        """A position counts on the days on which it may have been held."""
        return and_(cls.earliest <= day, cls.latest >= day)


class Holding(Versioned, Base):
    """One version of a position on an issue that is somebody's, narrow, for those who look for the latest: made of `Position`
    by `api.holdings`.
    """

    __tablename__ = "holdings"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    process_id: Mapped[str | None] = mapped_column(Key)
    issue_id: Mapped[str] = mapped_column(Key)
    party_id: Mapped[str] = mapped_column(Key)
    subject: Mapped[str] = mapped_column(Key)
    stance: Mapped[str] = mapped_column(String(40))
    lifecycle: Mapped[str | None] = mapped_column(String(40))
    first_reported_on: Mapped[date]
    earliest: Mapped[date]
    latest: Mapped[date]
    #: The day that it counts as having begun on, and the last day on which it can have begun.
    began: Mapped[date]
    began_by: Mapped[date]

    __table_args__ = (
        Index("holdings_by_began", "issue_id", "party_id", "began"),
        Index("holdings_by_began_by", "issue_id", "party_id", "began_by", "began", "latest"),
    )


class Event(Cited, Base):
    """One version of an event."""

    __tablename__ = "events"
    filtered: ClassVar[tuple[str, ...]] = ("kind",)

    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(Text)


class Evidence(Dated, Recorded, Base):
    """One citation. Its time is when it was said, else when its source was published."""

    __tablename__ = "evidence"
    __table_args__ = (
        *_listed(
            "evidence",
            *("process_id", "subject", "source_id", "relation", "mode", "speaker_id", "via_id", "earliest", "known_on"),
        ),
        # What the footing of an analysis reads, so that it reads the index alone.
        Index("evidence_footing", "subject", "known_on", "mode", "relation", "origin", "source_id"),
    )
    clocks: ClassVar[tuple[str, ...]] = ("known_at", "mode")

    subject: Mapped[str] = mapped_column(Key)
    source_id: Mapped[str] = mapped_column(Key)
    relation: Mapped[str] = mapped_column(String(40))
    mode: Mapped[str] = mapped_column(String(40))
    speaker_id: Mapped[str | None] = mapped_column(Key)
    via_id: Mapped[str | None] = mapped_column(Key)
    origin: Mapped[str] = mapped_column(Key)
    by_holder: Mapped[bool]
    known_on: Mapped[date]

    @classmethod
    def at(cls, clocks: Clocks) -> ColumnElement[bool]:
        return and_(
            true() if clocks.known_at is None else cls.known_on <= clocks.known_at,
            cls.mode.in_(sorted(clocks.modes)) if clocks.modes else true(),
        )


class Release(Recorded, Base):
    """One load of the data."""

    __tablename__ = "releases"

    date: Mapped[date]
    digest: Mapped[str] = mapped_column(String(64))
    #: The digest of the code that made the answers.
    build: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]


class Change(Recorded, Base):
    """What one release did to one record."""

    __tablename__ = "changes"
    __table_args__ = _listed("changes", "process_id", "release_id", "collection", "action")

    release_id: Mapped[str] = mapped_column(Key)
    collection: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))


class Edge(Base):
    """One member of a list of references: which record names which other in which field."""

    __tablename__ = "edges"

    table: Mapped[str] = mapped_column(String(40), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    target_id: Mapped[str] = mapped_column(Key, primary_key=True)
    record_id: Mapped[str] = mapped_column(Key, primary_key=True)


class Affiliation(Base):
    """That one party represents another; dates as of `Dated`."""

    __tablename__ = "affiliations"

    party_id: Mapped[str] = mapped_column(Key, primary_key=True)
    other_id: Mapped[str] = mapped_column(Key, primary_key=True)
    earliest: Mapped[date] = mapped_column(primary_key=True)
    latest: Mapped[date] = mapped_column(primary_key=True)


class Document(Base):
    """A record's content as the seeds give it, kept to tell what the next release changes; and as the release before gave it,
    kept for the case that this one is loaded again. Null where the one or the other has no such record.
    """

    __tablename__ = "documents"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(Key, primary_key=True)
    content: Mapped[str | None] = mapped_column(Text)
    former: Mapped[str | None] = mapped_column(Text)


class Retired(Base):
    """An id that is no longer used, and the one to use in its place."""

    __tablename__ = "retired"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(Key, primary_key=True)
    successor_id: Mapped[str | None] = mapped_column(Key)


class Total(Base):
    """How many records of a collection a list without clocks has, narrowed by one value of one filter, or by none.

    Prepared at load; where a value has few, nothing is prepared, since counting them is as quick.
    """

    __tablename__ = "totals"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    filter: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Key, primary_key=True)
    records: Mapped[int]


class Footing(Base):
    """How many documents the evidence of a collection is in, and how many origins it goes back to, without clocks. Prepared at load."""

    __tablename__ = "footings"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    documents: Mapped[int]
    origins: Mapped[int]


class Prepared(Base):
    """An answer that is the same for all who ask: made at load by the view that makes it anew for everybody else."""

    __tablename__ = "prepared"

    path: Mapped[str] = mapped_column(Key, primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100))
    body: Mapped[bytes]


def in_any(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Equality with one value, membership of several."""
    found: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return found
