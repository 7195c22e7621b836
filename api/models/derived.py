"""The tables that a load derives from the records, for readers and for the next load."""

from datetime import date

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.rows import CLOCKED, Base, Key, Versioned

_UNCERTAIN = text("began < began_by")


class Holding(Versioned, Base):
    """One version of a position on an issue, unless it is nobody's: a narrow table for finding the latest positions, which
    `api.holdings` makes from `Position`.
    """

    __tablename__ = "holdings"

    id: Mapped[str] = mapped_column(Key, primary_key=True)
    process_id: Mapped[str | None] = mapped_column(Key)
    issue_id: Mapped[str] = mapped_column(Key)
    party_id: Mapped[str] = mapped_column(Key)
    subject: Mapped[str] = mapped_column(Key)
    stance: Mapped[str] = mapped_column(String(40))
    first_reported_on: Mapped[date]
    earliest: Mapped[date]
    latest: Mapped[date]
    #: The day that it counts as having begun on, and the last day on which it can have begun.
    began: Mapped[date]
    began_by: Mapped[date]

    __table_args__ = (
        Index("holdings_by_began", "issue_id", "party_id", "began", *CLOCKED),
        Index(
            "holdings_by_began_by",
            *("issue_id", "party_id", "began_by", "began"),
            sqlite_where=_UNCERTAIN,
            postgresql_where=_UNCERTAIN,
        ),
    )


class Edge(Base):
    """One member of a list of references: which record names which other in which field."""

    __tablename__ = "edges"

    table: Mapped[str] = mapped_column(String(40), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    target_id: Mapped[str] = mapped_column(Key, primary_key=True)
    record_id: Mapped[str] = mapped_column(Key, primary_key=True)


class Affiliation(Base):
    """That one party represents another; dates as in `Dated`."""

    __tablename__ = "affiliations"

    party_id: Mapped[str] = mapped_column(Key, primary_key=True)
    other_id: Mapped[str] = mapped_column(Key, primary_key=True)
    earliest: Mapped[date] = mapped_column(primary_key=True)
    latest: Mapped[date] = mapped_column(primary_key=True)


class Document(Base):
    """A record's content as the seeds give it, kept to find what the next release changes; and as the release before gave it,
    kept in case this one is loaded again. Null where either has no such record.
    """

    __tablename__ = "documents"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(Key, primary_key=True)
    content: Mapped[str | None] = mapped_column(Text)
    former: Mapped[str | None] = mapped_column(Text)


class Retired(Base):
    """An id that is no longer used, the one to use in its place, and why."""

    __tablename__ = "retired"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(Key, primary_key=True)
    successor_id: Mapped[str | None] = mapped_column(Key)
    note: Mapped[str | None] = mapped_column(Text)


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


class Use(Base):
    """That a process uses a record of a collection that processes share: it has the record itself, or its records name it, directly or
    through others.
    """

    __tablename__ = "uses"

    collection: Mapped[str] = mapped_column(String(40), primary_key=True)
    process_id: Mapped[str] = mapped_column(Key, primary_key=True)
    id: Mapped[str] = mapped_column(Key, primary_key=True)

    __table_args__ = (Index("uses_of", "collection", "id"),)


class Prepared(Base):
    """An answer that is the same for everyone, made at load by the view that otherwise makes it on request."""

    __tablename__ = "prepared"

    path: Mapped[str] = mapped_column(Key, primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100))
    #: Compressed by zstd: of large answers, reading takes longer than decompressing.
    zstd: Mapped[bytes]
