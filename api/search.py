"""Full text over the collections: SQLite FTS5 or PostgreSQL's own, behind one interface.

What is searched is what a record says at every knowledge time: a field that only later evidence teaches is left out, so
that a search never tells what nobody could yet know.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    text,
)

#: What is searched for: letters and digits.
WORD = re.compile(r"[^\W_]+")
#: A word that stands for every one that begins with it, and how many letters of it there must be.
BEGINNING = re.compile(r"([^\W_]+)\*(?![^\W_])")
LEAST_LETTERS = 2
MOST_WORDS = 200  # that are searched for in the place of those typed; with thousands, a search takes seconds
_OPEN, _CLOSE = "\x02", "\x03"


#: Every record that search may find, the most relevant first. It is a `Table` so that statements find it in the schema of their
#: release (``schema_translate_map``).
_SEARCHED = Table(
    "searched",
    MetaData(),
    Column("number", Integer),
    *(Column(name, Text) for name in ("collection", "id", "process", "title", "words", "vector")),
)
_FOUND = _SEARCHED.c
_FTS5 = Table("search", MetaData(), Column("rowid", Integer))
#: Where a load puts what search is to find, until all of it is there and can be put in order.
ENTRIES = "entries"
#: Every word that is searched. The search index has only stems, which may be shorter than the beginning of a word that a reader
#: typed. So the beginning is looked up here, and the words found are searched for.
VOCABULARY = "vocabulary"
_WORDS = Table(VOCABULARY, MetaData(), Column("plain", Text), Column("word", Text)).c


class Entry(NamedTuple):
    """A record as search sees it. Of hits that match alike, those of a higher score come first. ``process`` is what it belongs to, a
    process to itself; None where several may share it.
    """

    collection: str
    id: str
    title: str
    words: str
    score: int
    process: str | None


class TooManyWordsError(Exception):
    """More words begin with what a reader typed than can be searched for."""

    def __init__(self, begun: str) -> None:
        super().__init__(begun)
        self.begun = begun


class Hit(NamedTuple):
    """A record that search found; ``highlight`` is HTML-escaped text with the words found in ``<mark>``."""

    collection: str
    id: str
    title: str
    highlight: str


def create(connection: Connection) -> None:
    """Make the empty tables of entries and of words."""
    connection.exec_driver_sql(
        f"CREATE TABLE {ENTRIES} (collection text, id text, title text, words text, score integer, process text)"
    )
    bytewise = "" if connection.dialect.name == "sqlite" else 'COLLATE "C"'
    connection.exec_driver_sql(f"CREATE TABLE {VOCABULARY} (plain text {bytewise}, word text {bytewise})")


def words_of(entries: Iterable[Sequence[Any]]) -> set[tuple[str, str]]:
    """The rows of the vocabulary that entries make: each word in small letters and without accents, and in small letters alone.
    Numbers are left out: they may be many, and have no stem.
    """
    words = {word for entry in entries for text in entry[2:4] for word in WORD.findall(text.lower())}
    return {(_plain(word), word) for word in words if not word.isdecimal()}


def _plain(word: str) -> str:
    """A word without capitals and accents."""
    if word.isascii():
        return word.lower()
    return "".join(sign for sign in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(sign))


def index(connection: Connection) -> None:
    """Make what is searched of the entries, numbered in the order of their scores."""
    numbered = (
        "SELECT row_number() OVER (ORDER BY score DESC, collection, id) AS number, collection, id, process, title, words "
        f"FROM {ENTRIES} ORDER BY 1"
    )
    if connection.dialect.name == "sqlite":
        statements = [
            """CREATE TABLE searched (number INTEGER PRIMARY KEY, collection TEXT, id TEXT, process TEXT, title TEXT,
               words TEXT)""",
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
            """CREATE TABLE searched (number bigint, collection text COLLATE "C", id text COLLATE "C", process text, title text,
               words text, vector tsvector)""",
            f"""INSERT INTO searched SELECT number, collection, id, process, title, words,
                setweight(to_tsvector('english', title), 'A') || to_tsvector('english', words)
                FROM ({numbered}) AS numbered""",
            "CREATE INDEX searched_vector ON searched USING gin (vector)",
            "CREATE UNIQUE INDEX searched_number ON searched (number)",
            "ANALYZE searched",
            f"ANALYZE {VOCABULARY}",
        ]
    for statement in [
        *statements,
        "CREATE UNIQUE INDEX searched_record ON searched (collection, id)",
        f"CREATE UNIQUE INDEX vocabulary_key ON {VOCABULARY} (plain, word)",
        f"DROP TABLE {ENTRIES}",
    ]:
        connection.exec_driver_sql(statement)


def _unless_marked(place: ColumnElement[int], words: ColumnElement[str]) -> ColumnElement[str]:
    """The marked words of a hit, but null where a word is marked in its title (at a ``place`` above 0), which is then what is shown."""
    return case((place > 0, null()), else_=words)


class _Sqlite:
    """How SQLite searches for a `phrase`: which rows match, in their titles or only elsewhere, and what is shown of them."""

    def __init__(self, asked: BindParameter[str] | None = None) -> None:
        self.matches = self._matching(asked if asked is not None else bindparam("asked", type_=Text()))
        self.tiers = [
            self._matching(bindparam("titled", type_=Text())),
            self._matching(bindparam("other", type_=Text())),
        ]
        self.alone: FromClause = _FTS5
        self.tables: FromClause = _SEARCHED.join(_FTS5, _FTS5.c.rowid == _FOUND.number)
        self.number: ColumnElement[int] = _FTS5.c.rowid
        self.title = literal_column(f"highlight(search, 0, '{_OPEN}', '{_CLOSE}')", Text)
        marked_words: ColumnElement[str] = literal_column(f"snippet(search, 1, '{_OPEN}', '{_CLOSE}', '…', 40)", Text)
        self.words = _unless_marked(func.instr(self.title, _OPEN), marked_words)

    @staticmethod
    def _matching(asked: BindParameter[str]) -> ColumnElement[bool]:
        matching: Any = text(f"search MATCH :{asked.key}").bindparams(asked)
        condition: ColumnElement[bool] = matching
        return condition


class _Postgres:
    """What `_Sqlite` does, on PostgreSQL."""

    def __init__(self, asked: BindParameter[str] | None = None) -> None:
        typed = asked if asked is not None else bindparam("asked", type_=Text())
        wanted = func.to_tsquery(literal_column("'english'::regconfig"), typed)
        marks = f"StartSel={_OPEN}, StopSel={_CLOSE}"
        self.matches: ColumnElement[bool] = _FOUND.vector.op("@@")(wanted)
        titled = func.ts_filter(_FOUND.vector, literal_column("'{a}'::\"char\"[]")).op("@@", is_comparison=True)(wanted)
        self.tiers = [and_(self.matches, titled), and_(self.matches, not_(titled))]
        self.alone: FromClause = _SEARCHED
        self.tables: FromClause = _SEARCHED
        self.number: ColumnElement[int] = _FOUND.number
        self.title = func.ts_headline("english", _FOUND.title, wanted, f"{marks}, HighlightAll=true")
        marked_words = func.ts_headline("english", _FOUND.words, wanted, f"{marks}, MaxWords=40, MinWords=20")
        self.words = _unless_marked(func.strpos(self.title, _OPEN), marked_words)


def phrase(connection: Connection, typed: str) -> str:
    """What a reader typed, as the database's search takes it: every word, in any order, and for one that ends in ``*`` any that
    begins with it; nothing else in it is an operator.

    Raises:
        TooManyWordsError: too many words begin with one that ends in ``*``.
    """
    how = _SQLITE_QUERY if connection.dialect.name == "sqlite" else _POSTGRES_QUERY
    begun = BEGINNING.findall(typed)
    wanted = [[how.quoted(word)] for word in how.words(BEGINNING.sub(" ", typed))]
    wanted += [[how.quoted(one) + how.prefix] for one in begun if one.isdecimal()]
    wanted += [[how.quoted(word) for word in _begun(connection, one)] for one in begun if not one.isdecimal()]
    if not wanted or not all(wanted):
        return how.nothing
    return how.each.join(f"({how.any_of.join(words)})" for words in wanted)


def _begun(connection: Connection, typed: str) -> Sequence[str]:
    """The words that begin so."""
    plain = _plain(typed)
    begin_so = select(_WORDS.word).where(_WORDS.plain.between(plain, plain + "\U0010ffff"))
    words = connection.scalars(begin_so.limit(MOST_WORDS + 1)).all()
    if len(words) > MOST_WORDS:
        raise TooManyWordsError(typed)
    return words


class _Query(NamedTuple):
    """How a database's search is asked: its operators, its words, and what nothing matches."""

    each: str
    any_of: str
    prefix: str
    nothing: str
    words: Callable[[str], list[str]]
    quoted: Callable[[str], str]


def _quoted_lexeme(word: str) -> str:
    """A word as PostgreSQL takes it, or, where it has more than letters and digits, all the words in it: ``cease-fire``."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    parts = [f"'{part}'" for part in WORD.findall(word)]
    return f"('{escaped}' | ({' & '.join(parts)}))" if parts and parts != [f"'{word}'"] else f"'{escaped}'"


_SQLITE_QUERY = _Query(" AND ", " OR ", "*", '""', WORD.findall, '"{}"'.format)
#: PostgreSQL takes more than letters and digits for one word: U.S., 24/7.
_POSTGRES_QUERY = _Query(" & ", " | ", ":*", "", str.split, _quoted_lexeme)


def matching_ids(dialect: str, collections: Iterable[str], asked: BindParameter[str] | str) -> Select[Any]:
    """A sub-select of the ids in some collections that match a `phrase`, or that which a parameter will hold."""
    if isinstance(asked, str):
        asked = bindparam("asked", asked, Text)
    how = _Sqlite(asked) if dialect == "sqlite" else _Postgres(asked)
    named = _FOUND.collection.in_(sorted(collections))
    return select(_FOUND.id).select_from(how.tables).where(how.matches, named)


class Search:
    """The statements of one form of search, made once; `asked` gives their parameters.

    Hits with every word in the title come first. Among these, and among the others, a higher score comes first; it is fixed at load.
    So only the hits of the page are read, however many there are.

    ``shown`` gives, for collections of which not every record counts, the condition that a record of an id does.
    ``collections`` None means every record of every collection, which is the quickest. ``within`` gives the condition that a record
    counts by its process, its collection and its id.
    """

    def __init__(
        self,
        dialect: str,
        collections: Iterable[str] | None,
        shown: Mapping[str, Callable[[ColumnElement[str]], ColumnElement[bool]]],
        within: Callable[[ColumnElement[str], ColumnElement[str], ColumnElement[str]], ColumnElement[bool]]
        | None = None,
    ) -> None:
        self.dialect = dialect
        how = _Sqlite() if dialect == "sqlite" else _Postgres()
        counted: FromClause = how.alone if within is None and collections is None else how.tables
        where = [] if within is None else [within(_FOUND.process, _FOUND.collection, _FOUND.id)]
        if collections is not None:
            whole = [name for name in sorted(collections) if name not in shown]
            counts = (and_(_FOUND.collection == name, counts(_FOUND.id)) for name, counts in sorted(shown.items()))
            where.append(or_(_FOUND.collection.in_(whole), *counts))
        self._count = select(func.count()).select_from(counted).where(how.matches, *where)
        named = select(_FOUND.number).where(_FOUND.collection == bindparam("collection"), _FOUND.id == bindparam("id"))
        self._places, self._pages = [], []
        # Where all of the words are in the title, the others need no marking, which costs as much as finding them.
        for matches, words in zip(how.tiers, (null(), how.words), strict=True):
            hits = select(how.number).select_from(how.tables).where(matches, *where)
            self._places.append(hits.where(how.number == named.scalar_subquery()))
            columns = (_FOUND.collection, _FOUND.id, _FOUND.title, how.title, words)
            behind = hits.with_only_columns(*columns).where(how.number > bindparam("behind", type_=Integer()))
            self._pages.append(behind.order_by(how.number).limit(bindparam("limit")))

    def asked(self, words: str) -> dict[str, str]:
        """A `phrase`, as parameters of the statements."""
        if self.dialect != "sqlite":
            return {"asked": words}
        return {"asked": words, "titled": f"{{title}} : ({words})", "other": f"({words}) NOT ({{title}} : ({words}))"}

    def total(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """How many hits there are."""
        return int(connection.scalar(self._count, parameters) or 0)

    def page(self, connection: Connection, parameters: Mapping[str, Any], after: str | None, limit: int) -> list[Hit]:
        """Some hits, the best first: those behind one (``collection/id``), or the first.

        Raises:
            LookupError: ``after`` is not among the hits.
        """
        tier, behind = (0, 0) if after is None else self._place(connection, parameters, after)
        hits: list[Hit] = []
        for statement in self._pages[tier:]:
            given = {**parameters, "behind": behind, "limit": limit - len(hits)}
            hits += map(_hit, connection.execute(statement, given).all())
            if len(hits) == limit:
                break
            behind = 0
        return hits

    def _place(self, connection: Connection, parameters: Mapping[str, Any], hit: str) -> tuple[int, int]:
        collection, _, id = hit.partition("/")
        for tier, statement in enumerate(self._places):
            number = connection.scalar(statement, {**parameters, "collection": collection, "id": id})
            if number is not None:
                return tier, number
        raise LookupError(hit)


def _hit(row: Sequence[Any]) -> Hit:
    collection, id, title, marked_title, marked_words = row
    shown = marked_title if _OPEN in marked_title else marked_words or title
    marked = html.escape(shown, quote=False).replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>")
    return Hit(collection, id, title, marked)
