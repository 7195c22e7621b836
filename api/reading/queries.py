"""Questions to a release, as SQL: a pipe of plain functions from a resource and what was asked to rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

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
    Position,
    in_any,
)
from api.parameters import AnyOf, Behind, narrowing
from api.problems import Problem, Wrong, did_you_mean, invalid, refuse_unknown, unknown
from api.resource import Filter, Part, Resource, Table
from schemas.vocabulary import Mode, PositionKind

FORMS = 128  # of a question, whose statements a worker keeps; those of one take some 90 kB
AT_ONCE = 1000  # rows that are fetched at once where they are many
NEAR = 2000  # ids that a suggestion is looked for among, on each side
SUGGESTED = 5  # wrong values of a parameter that get a suggestion, each of which costs as much as a list


@dataclass(frozen=True)
class Asked:
    """What a reader asks of a list, as read from the query string; of a sub-collection with the ids that its parent stands for."""

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
        wanted = self.values.get("role")
        return {role: one for role, one in self.part[0].roles.items() if not wanted or role in wanted}

    @property
    def scattered(self) -> bool:
        """Whether the rows at the clocks stand in several places of an index: in order of their ids in each, but not in all."""
        if self.clocks.kind == Clocks().kind:
            return False
        indexed: tuple[str, ...] = getattr(self.resource.model, "ever_filtered", ())
        named = [self.values.get(one.name) or () for one in self.resource.filters if f"{one.field}_id" in indexed]
        return any(len(several) > 1 for several in (*named, self.part[1] if self.part else ()))

    @property
    def tells_roles(self) -> bool:
        """Whether the rows say in which role the parent of a sub-collection stands."""
        return self.part is not None and len(self.part[0].roles) > 1


def clocks(values: dict[str, Any]) -> Clocks:
    """The clocks that were asked for."""
    return Clocks(
        values.get("as_of"),
        values.get("known_at"),
        frozenset(Mode.of(mode) for mode in values.get("mode") or ()),
    )


def check_ids(connection: Connection, asked: Asked) -> None:
    """Refuse a filter that names an id which does not exist: an empty answer would hide a typing error.

    Raises:
        Problem: 404, with the nearest ids.
    """
    refuse_unknown(unknown_names(connection, narrowing(asked.resource), asked.values))


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
    kind = resource.name if resource else model.__tablename__
    found = set(connection.scalars(select(model.id).where(in_any(model.id, ids)))) if ids else set()
    for number, id in enumerate(id for id in ids if id not in found):
        hint = nearest(connection, model, id, resource) if number < SUGGESTED else ""
        yield Wrong(name, id, f"“{id}” is not an id of one of the {kind}.{hint}")


def narrowed(connection: Connection, asked: Asked, related: Sequence[str]) -> list[ColumnElement[bool]]:
    """The conditions of what a reader typed: of ids with what they stand for, and of words as search takes them."""
    asked = widened(connection, asked)
    words = asked.values.get("q")
    if words:
        asked = replace(asked, values={**asked.values, "q": phrase(connection, words)})
    return conditions(asked, connection.dialect.name, related)


def widened(connection: Connection, asked: Asked) -> Asked:
    """A question with what its ids stand for in their place. A sub-select would do, but SQLite takes it for many ids, and would rather
    read all rows than look for those of a few.
    """
    values = dict(asked.values)
    for one in asked.resource.filters:
        if one.stands_for and values.get(one.name):
            values[one.name] = _stood_for(connection, one, values[one.name])
    part = asked.part
    if part:
        for one in asked.roles.values():
            if one.stands_for:
                part = (part[0], _stood_for(connection, one, part[1]))
    return replace(asked, values=values, part=part)


def _stood_for(connection: Connection, one: Filter, ids: Sequence[str]) -> tuple[str, ...]:
    assert one.stands_for is not None  # who asks for it has looked
    return tuple(sorted({*ids, *connection.scalars(one.stands_for(ids))}))


def phrase(connection: Connection, typed: str) -> str:
    """The words that a reader typed as search takes them.

    Raises:
        Problem: 400, where what stands before a ``*`` begins too many words.
    """
    try:
        return search.phrase(connection, typed)
    except search.TooManyWordsError as error:
        told = f"“{error.begun}*” begins more than {search.MOST_WORDS} words here; give more letters of it."
        raise invalid([Wrong("q", typed, told)]) from None


def conditions(asked: Asked, dialect: str, related: Sequence[str]) -> list[ColumnElement[bool]]:
    """The conditions of a list, without those of paging. ``related`` are the collections that search knows its rows by; ``q`` is a
    phrase for search, or the parameter that will hold one.
    """
    resource, values = asked.resource, asked.values
    model = resource.model
    found: list[ColumnElement[bool]] = [model.at(asked.clocks)]
    if resource.where is not None:
        found.append(resource.where)
    found += [one.clause(values[one.name], asked.clocks) for one in resource.filters if values.get(one.name)]
    if values.get("process"):
        found.append(resource.of_process(values["process"]))
    if values.get("claim_status"):
        found.append(in_any(model.claim_status, values["claim_status"]))
    if values.get("from") is not None or values.get("to") is not None:
        found.append(model.within(values.get("from"), values.get("to")))
    words = values.get("q")
    if isinstance(words, BindParameter) or words:
        found.append(model.id.in_(_matching(dialect, related, words)))
    if asked.part:
        found.append(or_(*(one.clause(asked.part[1], asked.clocks) for one in asked.roles.values())))
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
        yield Wrong(one.name, key, f"nothing has “{key}”.{hint}")


def role(asked: Asked) -> ColumnElement[str] | None:
    """The column that says in which role the parent of a sub-collection stands; None where there is only one."""
    if asked.part is None or not asked.tells_roles:
        return None
    return case(
        *((one.clause(asked.part[1], asked.clocks), name) for name, one in asked.roles.items()),
        else_=literal(None),
    ).label("role")


def stretch(connection: Connection, asked: Asked, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The rows of `everything`, from behind ``after`` and at most ``limit`` of them, where these are asked for.

    Raises:
        Problem: 404, where ``after`` names nothing.
    """
    statement = everything(asked, where)
    if asked.values.get("after"):
        statement = behind(asked, statement).params(place_of(connection, asked))
    return statement.limit(asked.values.get("limit"))


def streamed(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """The rows of a statement, which is executed when the first is read; however the reading ends, nothing of it stays open."""
    with connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as rows:
        yield from rows


def everything(asked: Asked, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Every row that meets the conditions, in order: its id, its body, and its role where it has one."""
    model = asked.resource.model
    wanted = [model.id, model.answer(asked.clocks)]
    if (standing := role(asked)) is not None:
        wanted.append(standing)
    return _ordered(asked, select(*wanted).where(*where))


def _order(asked: Asked) -> tuple[Any, bool]:
    """The column that orders the list (None: the id alone), and whether downwards."""
    name: str = asked.values.get("sort") or "id"
    down = name.startswith("-")
    column = next((sort.column for sort in asked.resource.sorts if sort.name == name.lstrip("-")), None)
    return column, down


def _ordered(asked: Asked, statement: Select[Any]) -> Select[Any]:
    column, down = _order(asked)
    columns = [_id(asked)] if column is None else [column, asked.resource.model.id]
    return statement.order_by(*(each.desc() if down else each for each in columns))


def _id(asked: Asked) -> Any:
    """The id that orders a list."""
    id = asked.resource.model.id
    return _Unindexed(id) if asked.scattered else id


def behind(asked: Asked, statement: Select[Any]) -> Select[Any]:
    """Only the rows behind a place, whose parameters `place_of` gives."""
    column, down = _order(asked)
    id = asked.resource.model.id if column is not None else _id(asked)
    last = bindparam("last", type_=id.type)
    if column is None:
        return statement.where(id < last if down else id > last)
    here, there = tuple_(column, id), tuple_(bindparam("at", type_=column.type), last)
    return statement.where(here < there if down else here > there)


def place_of(connection: Connection, asked: Asked) -> dict[str, Any]:
    """The place of the record that ``after`` names in the order of the list, whether the clocks show it or not.

    Raises:
        Problem: 404, where it names nothing.
    """
    id: str = asked.values["after"]
    shown, ever = _place(asked.resource, asked.values.get("sort"), asked.clocks.kind)
    given = {**asked.clocks.days, "of": id}
    found = connection.execute(shown, given).first() or connection.execute(ever, {"of": id}).first()
    if found is None:
        raise no_place(connection, asked)
    return {"last": id} if by_id(asked) else {"last": id, "at": found[0]}


def no_place(connection: Connection, asked: Asked) -> Problem:
    """That ``after`` names nothing, and whatever filter does not."""
    declared = {**narrowing(asked.resource), "after": Behind(asked.resource)}
    return unknown(unknown_names(connection, declared, asked.values))


def by_id(asked: Asked) -> bool:
    """Whether the list is in order of ids, so that a place in it is an id and nothing else."""
    return _order(asked)[0] is None


@lru_cache(maxsize=FORMS)
def _place(resource: Resource, sort: str | None, kind: ClocksKind) -> tuple[Select[Any], Select[Any]]:
    """What finds the place of a record in an order: as the clocks show it, and at all."""
    model = resource.model
    column, _ = _order(Asked(resource, {"sort": sort}))
    ever = select(model.id if column is None else column).where(model.id == bindparam("of")).limit(1)
    return ever.where(model.at(Clocks.of_kind(kind))), ever


def joined(rows: Select[Any]) -> Select[Any]:
    """One row in place of many: of each column, the texts in order as lines. Ids and bodies have no line ends of their own.

    SQLite releases the GIL at each row, and another thread takes it, so what is read most often is read as one row.
    """
    each = rows.subquery()
    columns: list[Any] = [_Lines(column).label(name) for name, column in each.c.items()]
    return select(*columns)


class _Unindexed(FunctionElement[str]):
    """A column whose indexes are of no use: SQLite would walk all ids in order until a page is full, rather than sort what it finds."""

    type = Text()
    inherit_cache = True


@compiles(_Unindexed)
def _as_it_is(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Unindexed, "sqlite")
def _unindexed(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


class _Lines(FunctionElement[str]):
    """Texts as lines of one; SQLAlchemy's own `aggregate_strings` is compiled anew each time that it is executed."""

    type = Text()
    inherit_cache = True


@compiles(_Lines, "sqlite")
def _sqlite_lines(element: _Lines, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, char(10))"


@compiles(_Lines, "postgresql")
def _postgres_lines(element: _Lines, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, chr(10))"


def nearest(connection: Connection, model: type[Any], id: str, resource: Resource | None = None) -> str:
    """A sentence that suggests the ids nearest to one that does not exist."""
    ids = select(model.id).where(model.at(Clocks()))
    if resource is not None and resource.where is not None:
        ids = ids.where(resource.where)
    near = [
        *connection.scalars(ids.where(model.id >= id[:3]).order_by(model.id).limit(NEAR)),
        *connection.scalars(ids.where(model.id >= id).order_by(model.id).limit(NEAR)),
        *connection.scalars(ids.where(model.id < id).order_by(model.id.desc()).limit(NEAR)),
    ]
    return did_you_mean(id, near)


def related(table: Table, resource: Resource) -> list[str]:
    """The collections by which search knows the rows of a resource."""
    if resource.where is not None:
        return [resource.name]
    return [other.name for other in table if other.model is resource.model]
