"""What the rows of several tables have in common, and which of them the clocks show."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Index, String, Text, and_, func, or_, text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from api.models.clocks import Clocks

#: Bytewise order on every database: PostgreSQL's own would pass over hyphens.
Key = String(200).with_variant(String(200, collation="C"), "postgresql")
#: What a column that must be comparable holds where a date is open or unknown.
FIRST_DAY, LAST_DAY = date.min, date.max


class Base(DeclarativeBase):
    """The declarative base of every table."""


class Recorded:
    """A row of a collection."""

    #: Which clocks a list of this collection can be asked with.
    clocks: ClassVar[tuple[str, ...]] = ()
    #: Whether the rows have a time of their own, for ``from`` and ``to``.
    dated: ClassVar[bool] = False
    #: The fields with other names of a record, by which a wrong id is explained. They are columns, or lists that search reads.
    other_names: ClassVar[tuple[str, ...]] = ()
    #: What limits its indexes to the rows that are shown where no clock is asked for; empty if that is all of them.
    index_where: ClassVar[Mapping[str, Any]] = {}

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    process_id: Mapped[str | None] = mapped_column(Key)
    #: The record's answer.
    body: Mapped[str] = mapped_column(Text)

    @classmethod
    def index_by(cls, column: str) -> None:
        """Give a column an index for lists that are narrowed or ordered by it, unless it has one."""
        table = cls.__table__  # type: ignore[attr-defined]  # every mapped class has one
        name = f"{table.name}_by_{column}"
        if name not in {index.name for index in table.indexes}:
            Index(name, table.c[column], table.c.id, **cls.index_where)

    @classmethod
    def at(cls, clocks: Clocks) -> ColumnElement[bool]:
        """The condition that picks the rows that the clocks show, one a record."""
        return true()

    @classmethod
    def named_in(cls, record: Mapping[str, Any]) -> Iterator[str]:
        """The other names of a record, by its fields."""
        for field in cls.other_names:
            value = record[field] or ()
            yield from [value] if isinstance(value, str) else value

    @classmethod
    def answer(cls, _clocks: Clocks) -> ColumnElement[str]:
        """The record's answer at the clocks, as a column ``body``."""
        return cls.body.label("body")


class Dated:
    """A row with a time of its own, which lies between two days: the strict bounds of its EDTF dates, both included. Where an end is open
    or unknown, `FIRST_DAY` or `LAST_DAY` stands for it.
    """

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
    # After the id, so that the id leads the key: records are looked up, and lists ordered, by it.
    modes: Mapped[int] = mapped_column(primary_key=True, sort_order=1)
    known_from: Mapped[date] = mapped_column(primary_key=True, sort_order=1)
    known_until: Mapped[date | None]
    #: Whether this is the version that all evidence shows.
    current: Mapped[bool]

    @classmethod
    def known(cls, clocks: Clocks) -> ColumnElement[bool]:
        """The condition that picks the version that the public could know at ``known_at``, from evidence of the modes. ``as_of`` makes no
        difference.
        """
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
    index_where: ClassVar[Mapping[str, Any]] = {
        "sqlite_where": text("current IS 1"),
        "postgresql_where": text("current IS true"),
    }
    #: Whether its time is a period over which it lasts: set by `api.resource.Resource`, by the fields that its schema is dated by.
    lasting: ClassVar[bool] = False
    # The columns that lists are narrowed or ordered by have an index of the current versions, for lists without clocks (`index_by`).
    #: Those that have one of all versions as well, for lists at any clocks.
    filtered_at_clocks: ClassVar[tuple[str, ...]] = ()
    #: Columns among `filtered_at_clocks` that are null in most rows. Their index of all versions leaves out these rows.
    mostly_null: ClassVar[tuple[str, ...]] = ()
    #: The column, if any, that says to which of the collections that share the table a row belongs; it is added to each index of all
    #: versions, so that one collection's rows are counted without reading the table.
    discriminator: ClassVar[tuple[str, ...]] = ()

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
    def answer(cls, clocks: Clocks) -> ColumnElement[str]:
        if clocks.as_of is None or not cls.lasting:
            return super().answer(clocks)
        # What may have lasted on the day had not ended by it. No text of an answer has a quotation mark without a backslash.
        return func.replace(cls.body, '"ended":true', '"ended":false').label("body")

    @classmethod
    def begun_by(cls, day: date) -> ColumnElement[bool]:
        """The condition that a row counts on a day. What lasts counts on the days on which it may have lasted. Anything else counts from
        the earliest day on which it can have been done: what is done stays done.
        """
        return and_(cls.earliest <= day, cls.latest >= day) if cls.lasting else cls.earliest <= day

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """The indexes that every such table has: ``…_by_…`` of the current versions, ``…_ever_by_…`` of all versions."""
        table = cls.__tablename__  # type: ignore[attr-defined]  # every mapped class has one
        narrowed = ("process_id", "claim_status", "first_reported_on", "earliest")
        return (
            Index(f"{table}_current", "id", **cls.index_where),
            *(Index(f"{table}_by_{column}", column, "id", **cls.index_where) for column in narrowed),
            Index(f"{table}_ever_by_subject", "subject", "id"),
            # With every column that the clocks ask for, so that counting reads the index alone.
            *(
                Index(
                    f"{table}_ever_by_{column}",
                    *(column, "id", *CLOCKED, *cls.discriminator),
                    **(_where(f"{column} IS NOT NULL") if column in cls.mostly_null else {}),
                )
                for column in cls.filtered_at_clocks
            ),
        )


CLOCKED = ("modes", "all_modes", "known_from", "known_until", "earliest", "latest")


def _where(condition: str) -> dict[str, Any]:
    """What makes an index leave out the rows that do not meet a condition, on every database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def in_any(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """Equality with one value, membership of several."""
    found: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return found
