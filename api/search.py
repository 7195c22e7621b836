"""Full text over every collection: SQLite FTS5 or PostgreSQL's own, behind one interface.

What is searched is what a record says at every knowledge time: a field that only later evidence teaches is left out, so
that a search never tells what nobody could yet know.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
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
#: The numbers of the hits of a page, and the least and the greatest of them.
_NUMBERS = bindparam("numbers", type_=Integer(), expanding=True)
_LOW, _HIGH = bindparam("low", type_=Integer()), bindparam("high", type_=Integer())
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
        # The sign keeps FTS5 from beginning its search anew for each number; the bounds are its own.
        self.among: ColumnElement[bool] = and_(
            literal_column("+search.rowid", Integer).in_(_NUMBERS), self.number.between(_LOW, _HIGH)
        )


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
        self.among: ColumnElement[bool] = and_(self.number.in_(_NUMBERS), self.number.between(_LOW, _HIGH))


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
    """The statements of one form of search, made once; what was typed is their parameter ``asked``, as a `phrase`.

    ``shown`` gives, for collections of which not every record counts, the condition that a record of an id does.
    ``collections`` None means every record of every collection, which is the quickest.
    """

    def __init__(
        self,
        dialect: str,
        collections: Iterable[str] | None,
        shown: Mapping[str, Callable[[ColumnElement[str]], ColumnElement[bool]]],
    ) -> None:
        self.how = how = _how(dialect, bindparam("asked", type_=Text()))
        self.where: list[ColumnElement[bool]] = [how.matches]
        self.tables = how.alone
        if collections is not None:
            self.tables = how.tables
            whole = [name for name in sorted(collections) if name not in shown]
            counts = (and_(_FOUND.collection == name, counts(_FOUND.id)) for name, counts in sorted(shown.items()))
            self.where.append(or_(_FOUND.collection.in_(whole), *counts))
        self.count = self._select(func.count())
        self.best = _Ordered(self, [how.rank, how.number])
        self.first = _Ordered(self, [how.number])
        # What is shown of a hit costs more than finding it, so it is worked out for those of a page alone.
        self.marked = (
            select(how.number, _FOUND.collection, _FOUND.id, _FOUND.title, *how.marked)
            .select_from(how.tables)
            .where(how.matches, how.among)
        )

    def _select(self, *columns: Any) -> Select[Any]:
        return select(*columns).select_from(self.tables).where(*self.where)

    def total(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """How many hits there are."""
        return int(connection.scalar(self.count, parameters) or 0)

    def page(
        self,
        connection: Connection,
        parameters: Mapping[str, Any],
        total: int,
        after: str | None,
        limit: int,
    ) -> list[Hit]:
        """Some of so many hits, those behind one (``collection/id``), the best first.

        Raises:
            LookupError: ``after`` is not among the hits.
        """
        ordered = self.best if total <= RANKED else self.first
        given = {**parameters, "limit": limit}
        statement = ordered.page
        if after is not None:
            collection, _, id = after.partition("/")
            here = connection.execute(ordered.place, {**parameters, "collection": collection, "id": id}).first()
            if here is None:
                raise LookupError(after)
            statement = ordered.behind
            given.update((f"here_{number}", value) for number, value in enumerate(here))
        numbers = list(connection.scalars(statement, given))
        if not numbers:
            return []
        among = {"numbers": numbers, "low": min(numbers), "high": max(numbers)}
        hits = {number: _hit(row) for number, *row in connection.execute(self.marked, {**parameters, **among})}
        return [hits[number] for number in numbers]


class _Ordered:
    """The hits in the order of some keys: a page of them, the place of one, and the page behind a place."""

    def __init__(self, search: Search, keys: list[ColumnElement[Any]]) -> None:
        number = search.how.number
        every = search._select(number).order_by(*keys).limit(bindparam("limit"))
        named = select(_FOUND.number).where(_FOUND.collection == bindparam("collection"), _FOUND.id == bindparam("id"))
        here = [bindparam(f"here_{place}", type_=key.type) for place, key in enumerate(keys)]
        self.page = every
        self.place = search._select(*keys).where(number == named.scalar_subquery())
        self.behind = every.where(tuple_(*keys) > tuple_(*here) if len(keys) > 1 else keys[0] > here[0])


def _hit(row: Sequence[Any]) -> Hit:
    collection, id, title, marked_title, marked_words = row
    shown = marked_title if _OPEN in marked_title else marked_words or title
    marked = html.escape(shown, quote=False).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return Hit(collection, id, title, marked)


def fts5(asked: str) -> str:
    """What a reader typed as an FTS5 query: every word, in any order; nothing in it is an operator."""
    return " ".join(f'"{word}"' for word in _WORD.findall(asked)) or '""'
