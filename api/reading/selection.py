"""The rows of a list as a SELECT: in order, all of them or those after a place; read one by one, or aggregated into one."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, case, literal, select, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from api.models import Clocks, ClocksKind
from api.reading.queries import FORMS, ListQuery
from api.reading.refusals import unknown_place
from api.resource import Resource

AT_ONCE = 1000  # rows that are fetched together when a long result is streamed


def select_part(connection: Connection, query: ListQuery, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The rows of `select_rows`, only those after ``after`` and at most ``limit`` of them, where the query has these.

    Raises:
        Problem: 404, where ``after`` names nothing.
    """
    statement = select_rows(query, where)
    if query.values.get("after"):
        statement = after_place(query, statement).params(place_of(connection, query))
    return statement.limit(query.values.get("limit"))


def select_rows(query: ListQuery, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Every row that meets the conditions, in order: its id, its body, and its role where it has one."""
    model = query.resource.model
    columns = [model.id, model.answer(query.clocks)]
    if (role := _role_column(query)) is not None:
        columns.append(role)
    return _ordered(query, select(*columns).where(*where))


def _role_column(query: ListQuery) -> ColumnElement[str] | None:
    """The column that says in which role the parent of a sub-collection stands; None where there is only one."""
    if query.part is None or not query.has_roles:
        return None
    return case(
        *((one.clause(query.part[1], query.clocks), name) for name, one in query.roles.items()),
        else_=literal(None),
    ).label("role")


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
    """The id as a column to order by; where rows are `ListQuery.scattered`, one whose index SQLite does not use."""
    id = query.resource.model.id
    return _Unindexed(id) if query.scattered else id


def by_id(query: ListQuery) -> bool:
    """Whether the list is in order of ids, so that a place in it is an id and nothing else."""
    return _order(query)[0] is None


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


@lru_cache(maxsize=FORMS)
def _place(resource: Resource, sort: str | None, kind: ClocksKind) -> tuple[Select[Any], Select[Any]]:
    """The statements that find the place of a record in an order: as the clocks show the record, and as any of its versions has it."""
    model = resource.model
    column, _ = _order(ListQuery(resource, {"sort": sort}))
    ever = select(model.id if column is None else column).where(model.id == bindparam("of")).limit(1)
    return ever.where(model.at(Clocks.of_kind(kind))), ever


def streamed(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """The rows of a statement, executed when the first row is read. The cursor is closed however the reading ends."""
    with connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as rows:
        yield from rows


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
