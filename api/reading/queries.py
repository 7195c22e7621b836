"""Lists as SQL: plain functions that lead from a query to conditions, and from these to ordered rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import orjson
from marshmallow.fields import Field
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    SelectBase,
    Text,
    bindparam,
    case,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from api import search
from api.models import (
    Clocks,
    ClocksKind,
    Party,
    Position,
    in_any,
)
from api.parameters import AnyOf, Behind, narrowing
from api.problems import Problem, Wrong, did_you_mean, invalid, refuse_unknown, suggest, unknown
from api.resource import Filter, Part, Resource, Table
from schemas.fields import slug
from schemas.vocabulary import Mode, PositionKind

FORMS = (
    128  # forms of queries whose statements a worker keeps (see `api.reading.lists`); those of one form take some 90 kB
)
AT_ONCE = 1000  # rows that are fetched together when a long result is streamed
NEAR = 2000  # ids on each side of a wrong one among which a suggestion is looked for
SUGGESTED = 5  # wrong values of a parameter that get a suggestion; each suggestion costs as much as a list


@dataclass(frozen=True)
class ListQuery:
    """A request for a list: the collection and the values of the query string. For a sub-collection, ``part`` has its declaration and the
    ids of the parent.
    """

    resource: Resource
    values: dict[str, Any]
    part: tuple[Part, Sequence[Any]] | None = None
    clocks: Clocks = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clocks", clocks(self.values))

    @property
    def roles(self) -> dict[str, Filter]:
        """The roles in which the parent of a sub-collection may stand."""
        if self.part is None:
            return {}
        chosen = self.values.get("role")
        return {role: one for role, one in self.part[0].roles.items() if not chosen or role in chosen}

    @property
    def scattered(self) -> bool:
        """Whether the rows come from several ranges of an index, each of which is in order of ids, but not all of them together."""
        if self.clocks.kind == Clocks().kind:
            return False
        indexed: tuple[str, ...] = getattr(self.resource.model, "ever_filtered", ())
        named = [self.values.get(one.name) or () for one in self.resource.filters if f"{one.field}_id" in indexed]
        return any(len(several) > 1 for several in (*named, self.part[1] if self.part else ()))

    @property
    def has_roles(self) -> bool:
        """Whether the rows have a column that says in which role the parent of a sub-collection stands."""
        return self.part is not None and len(self.part[0].roles) > 1


def clocks(values: dict[str, Any]) -> Clocks:
    """The clocks that were asked for."""
    modes = values.get("mode")
    return Clocks(
        values.get("as_of"),
        values.get("known_at"),
        frozenset(map(Mode.of, modes)) if modes else frozenset(),
    )


def check_ids(connection: Connection, query: ListQuery) -> None:
    """Refuse a filter that names an id which does not exist: an empty answer would hide a typing error.

    Raises:
        Problem: 404, with the nearest ids; 400, where the words begin too many besides.
    """
    if nothing := [*unknown_names(connection, narrowing(query.resource), query.values)]:
        if wrong := [*too_many_words(connection, query.values)]:
            raise invalid([*nothing, *wrong])
        refuse_unknown(nothing)


def unknown_names(
    connection: Connection, declared: Mapping[str, Field[Any]], values: Mapping[str, Any]
) -> Iterator[Wrong]:
    """The values that name nothing, the first few of each parameter with the nearest."""
    for name, one in declared.items():
        given = values.get(name)
        if not given:
            continue
        if isinstance(one, Behind):
            yield from unknown_ids(connection, name, one.resource.model, [given], one.resource)
        elif isinstance(one, AnyOf):
            if isinstance(one.refers_to, Filter):
                yield from unknown_keys(connection, one.refers_to, given)
            elif one.refers_to is not None:
                yield from unknown_ids(connection, name, one.refers_to, given)


def unknown_ids(
    connection: Connection, name: str, model: type[Any], ids: Sequence[str], resource: Resource | None = None
) -> Iterator[Wrong]:
    """The ids that do not exist, the first few with the nearest; ``name`` is the parameter that gives them. ``resource`` is that which
    they are of, where several share the model.
    """
    kind = resource.singular if resource else model.__name__.lower()
    found = set(connection.scalars(select(model.id).where(in_any(model.id, ids)))) if ids else set()
    for number, id in enumerate(id for id in ids if id not in found):
        hint = nearest(connection, model, id, resource) if number < SUGGESTED else ""
        yield Wrong(name, id, f"“{id}” is not a known {kind} id.{hint}")


def resolved_conditions(connection: Connection, query: ListQuery, related: Sequence[str]) -> list[ColumnElement[bool]]:
    """The conditions of a query as it was received: its ids are expanded and its words made a phrase before `conditions` is called."""
    query = expanded(connection, query)
    if query.values.get("q"):
        words = phrase(connection, query.values, narrowing(query.resource))
        query = replace(query, values={**query.values, "q": words})
    return conditions(query, connection.dialect.name, related)


def expanded(connection: Connection, query: ListQuery) -> ListQuery:
    """The query with each id replaced by the ids that it stands for: a topic by its issues.

    The ids are looked up first, since with a sub-select SQLite expects many of them and reads all rows rather than an index.
    """
    wider = {
        one.name: _expanded_ids(connection, one, query.values[one.name])
        for one in query.resource.filters
        if one.stands_for and query.values.get(one.name)
    }
    part = query.part
    if part:
        for one in query.roles.values():
            if one.stands_for:
                part = (part[0], _expanded_ids(connection, one, part[1]))
    return replace(query, values={**query.values, **wider}, part=part) if wider or part else query


def _expanded_ids(connection: Connection, one: Filter, ids: Sequence[str]) -> tuple[str, ...]:
    assert one.stands_for is not None  # who asks for it has looked
    return tuple(sorted({*ids, *connection.scalars(one.stands_for(ids))}))


def phrase(connection: Connection, values: Mapping[str, Any], declared: Mapping[str, Field[Any]]) -> str:
    """The words that a reader typed, ``q`` of the values, as search takes them. ``declared`` are the parameters that name something.

    Raises:
        Problem: 400, where what stands before a ``*`` begins too many words; with it the other values that name nothing.
    """
    try:
        return search.phrase(connection, values["q"])
    except search.TooManyWordsError as error:
        told = _too_many(values["q"], error)
        raise invalid([told, *unknown_names(connection, declared, values)]) from None


def _too_many(typed: str, error: search.TooManyWordsError) -> Wrong:
    return Wrong("q", typed, f"“{error.begun}*” matches more than {search.MOST_WORDS} words; give more letters.")


def too_many_words(connection: Connection, values: Mapping[str, Any]) -> Iterator[Wrong]:
    """What is said of ``q`` where what stands before a ``*`` begins too many words."""
    try:
        search.phrase(connection, values.get("q") or "")
    except search.TooManyWordsError as error:
        yield _too_many(values["q"], error)


def conditions(query: ListQuery, dialect: str, related: Sequence[str]) -> list[ColumnElement[bool]]:
    """The WHERE conditions of a list, without those of paging.

    Args:
        query: its ids expanded; its ``q`` is a phrase for search, or the bind parameter that will hold one.
        related: the names of the collections under which search has indexed the rows, see `related`.
    """
    resource, values = query.resource, query.values
    model = resource.model
    found: list[ColumnElement[bool]] = [model.at(query.clocks)]
    if resource.where is not None:
        found.append(resource.where)
    found += [one.clause(values[one.name], query.clocks) for one in resource.filters if values.get(one.name)]
    if values.get("process"):
        found.append(resource.of_process(values["process"]))
    if values.get("claim_status"):
        found.append(in_any(model.claim_status, values["claim_status"]))
    if values.get("from") is not None or values.get("to") is not None:
        found.append(model.within(values.get("from"), values.get("to")))
    words = values.get("q")
    if isinstance(words, BindParameter) or words:
        found.append(model.id.in_(_matching(dialect, related, words)))
    if query.part:
        found.append(or_(*(one.clause(query.part[1], query.clocks) for one in query.roles.values())))
    return found


def _matching(dialect: str, related: Sequence[str], words: BindParameter[str] | str) -> SelectBase:
    """A sub-select of the ids of the rows that match. An offer has its text from its term, and is found by that."""
    found = search.matching_ids(dialect, related, words)
    if "offers" not in related:
        return found
    terms = search.matching_ids(dialect, ("terms",), words).subquery()
    offers = select(Position.id).join(terms, Position.term_id == terms.c.id)
    return union_all(found, offers.where(Position.kind == PositionKind.OFFER.value))


def unknown_keys(connection: Connection, one: Filter, keys: Sequence[str]) -> Iterator[Wrong]:
    """The values that no row has, of a filter by a key of no collection, the first few with the nearest."""
    column: Any = one.key
    wrong = [key for key in keys if connection.scalar(select(column).where(column == key).limit(1)) is None]
    if one.stands_for and wrong and connection.scalar(one.stands_for(wrong).limit(1)) is not None:
        wrong = [key for key in wrong if connection.scalar(one.stands_for([key]).limit(1)) is None]
    if not wrong:
        return
    held = list(connection.scalars(select(column).where(column.is_not(None)).distinct().limit(NEAR)))
    for number, key in enumerate(wrong):
        hint = did_you_mean(key, held) if number < SUGGESTED else ""
        yield Wrong(one.name, key, f"“{key}” is not a known value.{hint}")


def role_column(query: ListQuery) -> ColumnElement[str] | None:
    """The column that says in which role the parent of a sub-collection stands; None where there is only one."""
    if query.part is None or not query.has_roles:
        return None
    return case(
        *((one.clause(query.part[1], query.clocks), name) for name, one in query.roles.items()),
        else_=literal(None),
    ).label("role")


def select_part(connection: Connection, query: ListQuery, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The rows of `select_rows`, only those after ``after`` and at most ``limit`` of them, where the query has these.

    Raises:
        Problem: 404, where ``after`` names nothing.
    """
    statement = select_rows(query, where)
    if query.values.get("after"):
        statement = after_place(query, statement).params(place_of(connection, query))
    return statement.limit(query.values.get("limit"))


def streamed(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """The rows of a statement, executed when the first row is read. The cursor is closed however the reading ends."""
    with connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as rows:
        yield from rows


def select_rows(query: ListQuery, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Every row that meets the conditions, in order: its id, its body, and its role where it has one."""
    model = query.resource.model
    columns = [model.id, model.answer(query.clocks)]
    if (role := role_column(query)) is not None:
        columns.append(role)
    return _ordered(query, select(*columns).where(*where))


def _order(query: ListQuery) -> tuple[Any, bool]:
    """The column that orders the list (None: the id alone), and whether downwards."""
    name: str = query.values.get("sort") or "id"
    down = name.startswith("-")
    column = next((sort.column for sort in query.resource.sorts if sort.name == name.lstrip("-")), None)
    return column, down


def _ordered(query: ListQuery, statement: Select[Any]) -> Select[Any]:
    column, down = _order(query)
    columns = [_id(query)] if column is None else [column, query.resource.model.id]
    return statement.order_by(*(each.desc() if down else each for each in columns))


def _id(query: ListQuery) -> Any:
    """The id that orders a list."""
    id = query.resource.model.id
    return _Unindexed(id) if query.scattered else id


def after_place(query: ListQuery, statement: Select[Any]) -> Select[Any]:
    """Only the rows that come after a place in the order; `place_of` gives the values of its parameters."""
    column, down = _order(query)
    id = query.resource.model.id if column is not None else _id(query)
    last = bindparam("last", type_=id.type)
    if column is None:
        return statement.where(id < last if down else id > last)
    here, there = tuple_(column, id), tuple_(bindparam("at", type_=column.type), last)
    return statement.where(here < there if down else here > there)


def place_of(connection: Connection, query: ListQuery) -> dict[str, Any]:
    """The place in the list's order of the record that ``after`` names, even if the clocks hide that record.

    Raises:
        Problem: 404, where it names nothing.
    """
    id: str = query.values["after"]
    shown, ever = _place(query.resource, query.values.get("sort"), query.clocks.kind)
    given = {**query.clocks.days, "of": id}
    found = connection.execute(shown, given).first() or connection.execute(ever, {"of": id}).first()
    if found is None:
        raise unknown_place(connection, query)
    return {"last": id} if by_id(query) else {"last": id, "at": found[0]}


def unknown_place(connection: Connection, query: ListQuery) -> Problem:
    """The problem that ``after`` names no record, with the filters that name none."""
    declared = {**narrowing(query.resource), "after": Behind(query.resource)}
    return unknown(unknown_names(connection, declared, query.values))


def by_id(query: ListQuery) -> bool:
    """Whether the list is in order of ids, so that a place in it is an id and nothing else."""
    return _order(query)[0] is None


@lru_cache(maxsize=FORMS)
def _place(resource: Resource, sort: str | None, kind: ClocksKind) -> tuple[Select[Any], Select[Any]]:
    """What finds the place of a record in an order: as the clocks show it, and at all."""
    model = resource.model
    column, _ = _order(ListQuery(resource, {"sort": sort}))
    ever = select(model.id if column is None else column).where(model.id == bindparam("of")).limit(1)
    return ever.where(model.at(Clocks.of_kind(kind))), ever


def aggregated(rows: Select[Any]) -> Select[Any]:
    """The rows aggregated into one: each column has the texts of all rows, one a line. Ids and bodies hold no line ends themselves.

    SQLite releases the GIL at each row and another thread takes it, so reading one long row is faster than reading many.
    """
    each = rows.subquery()
    columns: list[Any] = [_Lines(column).label(name) for name, column in each.c.items()]
    return select(*columns)


class _Unindexed(FunctionElement[str]):
    """A column whose index must not be used: SQLite would walk all ids in order until a page is full, rather than sort the few rows."""

    type = Text()
    inherit_cache = True


@compiles(_Unindexed)
def _plain_column(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Unindexed, "sqlite")
def _sqlite_unindexed(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


class _Lines(FunctionElement[str]):
    """Aggregates texts into one, each on its own line. SQLAlchemy's own `aggregate_strings` is compiled anew at each execution."""

    type = Text()
    inherit_cache = True


@compiles(_Lines, "sqlite")
def _sqlite_lines(element: _Lines, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, char(10))"


@compiles(_Lines, "postgresql")
def _postgres_lines(element: _Lines, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, chr(10))"


def nearest(connection: Connection, model: type[Any], id: str, resource: Resource | None = None) -> str:
    """A sentence that suggests the id of the party that goes by this name, or else the ids nearest to one that does not exist."""
    if model is Party and (called := _parties_called(connection, slug(id))):
        return suggest(called)
    ids = select(model.id).where(model.at(Clocks()))
    if resource is not None and resource.where is not None:
        ids = ids.where(resource.where)
    near = [
        *connection.scalars(ids.where(model.id >= id[:3]).order_by(model.id).limit(NEAR)),
        *connection.scalars(ids.where(model.id >= id).order_by(model.id).limit(NEAR)),
        *connection.scalars(ids.where(model.id < id).order_by(model.id.desc()).limit(NEAR)),
    ]
    return did_you_mean(id, near)


def _parties_called(connection: Connection, name: str) -> list[str]:
    """The ids of the parties one of whose aliases, written as an id, is this: `uk`."""
    words = search.phrase(connection, name.replace("-", " "))
    mentioned = search.matching_ids(connection.dialect.name, [Party.__tablename__], words)
    found = connection.execute(select(Party.id, Party.body).where(Party.id.in_(mentioned)).limit(NEAR))
    return [party.id for party in found if name in map(slug, orjson.loads(party.body)["aliases"])]


def related(table: Table, resource: Resource) -> list[str]:
    """The collections by which search knows the rows of a resource."""
    if resource.where is not None:
        return [resource.name]
    return [other.name for other in table if other.model is resource.model]
