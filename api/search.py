"""Full text over every collection: SQLite FTS5 or PostgreSQL's own, behind one interface.

What is searched is what a record says at every knowledge time: a field that only later evidence teaches is left out, so
that a search never tells what nobody could yet know.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Double,
    Float,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)

_WORD = re.compile(r"[^\W_]+")
_OPEN, _CLOSE = "\x02", "\x03"


#: Every record that search may find, the most worth finding first. As a table, since only so do readers find it in the schema
#: of their release.
_SEARCHED = Table(
    "searched",
    MetaData(),
    Column("number", Integer),
    *(Column(name, Text) for name in ("collection", "id", "title", "words", "vector")),
)
_FOUND = _SEARCHED.c
_FTS5 = Table("search", MetaData(), Column("rowid", Integer))
#: Where a load puts what search is to find, until all of it is there and can be put in order.
ENTRIES = "entries"
#: Up to so many hits are ranked by how well they match; more, by their score alone, which is fixed at load.
RANKED = 2000


class Entry(NamedTuple):
    """A record as search sees it. Of equally good hits, those of a higher score come first."""

    collection: str
    id: str
    title: str
    words: str
    score: int


class Hit(NamedTuple):
    """A record that search found; ``highlight`` is HTML-escaped text with the words found in ``<mark>``."""

    collection: str
    id: str
    title: str
    highlight: str


def create(connection: Connection) -> None:
    """Make the empty table of entries."""
    connection.exec_driver_sql(
        f"CREATE TABLE {ENTRIES} (collection text, id text, title text, words text, score integer)"
    )


def index(connection: Connection) -> None:
    """Make what is searched of the entries, numbered in the order of their scores."""
    numbered = (
        "SELECT row_number() OVER (ORDER BY score DESC, collection, id) AS number, collection, id, title, words "
        f"FROM {ENTRIES} ORDER BY 1"
    )
    if connection.dialect.name == "sqlite":
        statements = [
            "CREATE TABLE searched (number INTEGER PRIMARY KEY, collection TEXT, id TEXT, title TEXT, words TEXT)",
            f"INSERT INTO searched {numbered}",
            """CREATE VIRTUAL TABLE search USING fts5(title, words, content = 'searched', content_rowid = 'number',
               tokenize = 'porter unicode61 remove_diacritics 2')""",
            "INSERT INTO search(search, rank) VALUES ('hashsize', 16777216)",
            "INSERT INTO search(search) VALUES ('rebuild')",
            "INSERT INTO search(search) VALUES ('optimize')",
        ]
    else:
        numbered = numbered.replace("collection, id)", 'collection COLLATE "C", id COLLATE "C")')
        statements = [
            """CREATE TABLE searched (number bigint, collection text COLLATE "C", id text COLLATE "C", title text,
               words text, vector tsvector)""",
            f"""INSERT INTO searched SELECT number, collection, id, title, words,
                setweight(to_tsvector('english', title), 'A') || to_tsvector('english', words)
                FROM ({numbered}) AS numbered""",
            "CREATE INDEX searched_vector ON searched USING gin (vector)",
            "CREATE UNIQUE INDEX searched_number ON searched (number)",
            "ANALYZE searched",
        ]
    for statement in [
        *statements,
        "CREATE UNIQUE INDEX searched_record ON searched (collection, id)",
        f"DROP TABLE {ENTRIES}",
    ]:
        connection.exec_driver_sql(statement)


class _Sqlite:
    """How SQLite searches for a `phrase`: which rows match, how well, and what is shown of them."""

    def __init__(self, asked: BindParameter[str]) -> None:
        matching = text(f"search MATCH :{asked.key}").bindparams(asked)
        self.matches: ColumnElement[bool] = matching  # type: ignore[assignment]  # a condition, whatever its class
        self.alone: FromClause = _FTS5
        self.tables: FromClause = _SEARCHED.join(_FTS5, _FTS5.c.rowid == _FOUND.number)
        self.number: ColumnElement[int] = _FTS5.c.rowid
        self.rank: ColumnElement[float] = literal_column("bm25(search, 4.0, 1.0)", Float)
        self.marked: list[ColumnElement[Any]] = [
            literal_column(f"highlight(search, 0, '{_OPEN}', '{_CLOSE}')"),
            literal_column(f"snippet(search, 1, '{_OPEN}', '{_CLOSE}', '…', 40)"),
        ]


class _Postgres:
    """As of `_Sqlite`, on PostgreSQL."""

    def __init__(self, asked: BindParameter[str]) -> None:
        wanted = func.plainto_tsquery(literal_column("'english'::regconfig"), asked)
        marks = f"StartSel={_OPEN}, StopSel={_CLOSE}"
        self.matches: ColumnElement[bool] = _FOUND.vector.op("@@")(wanted)
        self.alone: FromClause = _SEARCHED
        self.tables: FromClause = _SEARCHED
        self.number: ColumnElement[int] = _FOUND.number
        # In double precision, as Python has it: the rank of the last hit must compare equal to itself on the next page.
        self.rank: ColumnElement[float] = -cast(func.ts_rank(_FOUND.vector, wanted), Double)
        self.marked: list[ColumnElement[Any]] = [
            func.ts_headline("english", _FOUND.title, wanted, f"{marks}, HighlightAll=true"),
            func.ts_headline("english", _FOUND.words, wanted, f"{marks}, MaxWords=40, MinWords=20"),
        ]


def phrase(dialect: str, typed: str) -> str:
    """What a reader typed, as the database's search takes it: every word, in any order; nothing in it is an operator."""
    return fts5(typed) if dialect == "sqlite" else typed


def _how(dialect: str, asked: BindParameter[str] | str) -> "_Sqlite | _Postgres":
    if isinstance(asked, str):
        asked = bindparam("asked", phrase(dialect, asked), Text)
    return _Sqlite(asked) if dialect == "sqlite" else _Postgres(asked)


def matching_ids(dialect: str, collections: Iterable[str], asked: BindParameter[str] | str) -> Select[Any]:
    """A sub-select of the ids in some collections that match what a reader typed, or the `phrase` that a parameter will hold."""
    how = _how(dialect, asked)
    named = _FOUND.collection.in_(sorted(collections))
    return select(_FOUND.id).select_from(how.tables).where(how.matches, named)


class Search:
    """One search. ``shown`` gives, for collections of which not every record counts, the ids of those that do.

    ``collections`` None means every record of every collection, which is the quickest.
    """

    def __init__(
        self,
        connection: Connection,
        asked: str,
        collections: Iterable[str] | None,
        shown: Mapping[str, Select[Any]],
    ) -> None:
        self.connection = connection
        self.how = _how(connection.dialect.name, asked)
        self.where: list[ColumnElement[bool]] = [self.how.matches]
        self.tables = self.how.alone
        if collections is not None:
            self.tables = self.how.tables
            whole = [name for name in sorted(collections) if name not in shown]
            counts = (and_(_FOUND.collection == name, _FOUND.id.in_(ids)) for name, ids in sorted(shown.items()))
            self.where.append(or_(_FOUND.collection.in_(whole), *counts))
        self.total = int(self.connection.scalar(self._select(func.count())) or 0)

    def _select(self, *columns: Any) -> Select[Any]:
        return select(*columns).select_from(self.tables).where(*self.where)

    def page(self, after: tuple[str, str] | None, limit: int) -> list[Hit]:
        """The hits behind one, the best first.

        Raises:
            LookupError: ``after`` is not among the hits.
        """
        keys: list[ColumnElement[Any]] = [self.how.number]
        if self.total <= RANKED:
            keys.insert(0, self.how.rank)
        statement = self._select(self.how.number).order_by(*keys).limit(limit)
        if after is not None:
            named = select(_FOUND.number).where(_FOUND.collection == after[0], _FOUND.id == after[1])
            last = self._select(*keys).where(self.how.number == named.scalar_subquery())
            here = self.connection.execute(last).first()
            if here is None:
                raise LookupError(after)
            statement = statement.where(tuple_(*keys) > tuple_(*here) if len(keys) > 1 else keys[0] > here[0])
        # What is shown of a hit costs more than finding it, so it is worked out for those of the page alone.
        numbers = list(self.connection.scalars(statement))
        shown = (
            select(self.how.number, _FOUND.collection, _FOUND.id, _FOUND.title, *self.how.marked)
            .select_from(self.how.tables)
            .where(self.how.matches, self.how.number.in_(numbers))
        )
        hits = {number: _hit(row) for number, *row in self.connection.execute(shown)}
        return [hits[number] for number in numbers]


def _hit(row: Sequence[Any]) -> Hit:
    collection, id, title, marked_title, marked_words = row
    shown = marked_title if _OPEN in marked_title else marked_words or title
    marked = html.escape(shown, quote=False).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return Hit(collection, id, title, marked)


def fts5(asked: str) -> str:
    """What a reader typed as an FTS5 query: every word, in any order; nothing in it is an operator."""
    return " ".join(f'"{word}"' for word in _WORD.findall(asked)) or '""'
