"""Pages of lists.

Building an SQL statement takes several times as long as running it. So statements are built once for each *form* of query (which
filters it has, with how many values each) with bind parameters, and the values are bound for each request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Date, Select, bindparam, func, select

from api.database import Store
from api.models import Clocks
from api.parameters import WRITING, narrowing
from api.reading.conditions import conditions, expanded, phrase
from api.reading.queries import FORMS, ListQuery
from api.reading.refusals import check_ids, unknown_place
from api.reading.selection import after_place, aggregated, by_id, place_of, select_rows
from api.reading.totals import prepared_total
from api.resource import Part, Resource

PAGE = 50
FEW = 50  # values that a query may have for its statements to be kept; each value makes them some kilobytes larger
#: The column that says whether the record that ``after`` names exists.
_KNOWN = "known"
Statement = TypeVar("Statement", bound=Select[Any])
_ORDERING = ("sort", "limit", "after", *WRITING)


class Page(NamedTuple):
    """One page: its rows, `aggregated` by column (None: no rows); the id after which the next page begins (None: it is the last); and
    how many records the list has in all.
    """

    rows: dict[str, str | None]
    following: str | None
    total: int


@dataclass(frozen=True)
class Form:
    """The form of a query: all that its statements depend on, without the values that are bound to them.

    ``counts`` has the parameters that narrow the list, each with the number of its values (None: a single value, not a list);
    ``part`` has the number of ids of the parent; ``fixed`` has the parameters whose values the statements themselves contain.
    """

    resource: Resource
    part: tuple[Part, int] | None
    dialect: str
    related: tuple[str, ...]
    counts: tuple[tuple[str, int | None], ...]
    fixed: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, query: ListQuery, connection: Connection, related: Sequence[str]) -> "tuple[Form, dict[str, Any]]":
        """The form of a query, and the values of its statements' bind parameters."""
        counts: list[tuple[str, int | None]] = []
        fixed: list[tuple[str, Any]] = []
        parameters: dict[str, Any] = {}
        for name, value in query.values.items():
            if name in _ORDERING or not value:
                continue
            if name in ("mode", "role"):
                fixed.append((name, tuple(sorted(value))))
            elif isinstance(value, tuple):
                counts.append((name, len(value)))
                parameters.update((f"{name}_{number}", one) for number, one in enumerate(value))
            elif name != "release":
                counts.append((name, None))
                parameters[name] = phrase(connection, query.values, narrowing(query.resource)) if name == "q" else value
        part: tuple[Part, int] | None = None
        if query.part:
            part = (query.part[0], len(query.part[1]))
            parameters.update((f"of_{number}", one) for number, one in enumerate(query.part[1]))
        dialect = connection.dialect.name
        return cls(query.resource, part, dialect, tuple(related), tuple(sorted(counts)), tuple(fixed)), parameters

    @property
    def kept(self) -> bool:
        """Whether its statements are worth keeping: with many values they are large, and few other queries have the same form."""
        return sum(number or 1 for _, number in self.counts) + (self.part[1] if self.part else 0) <= FEW

    @property
    def options(self) -> dict[str, Any]:
        """How its statements are executed: compiled anew where they are not kept."""
        return {} if self.kept else {"compiled_cache": None}

    def query(self, sort: str | None = None) -> ListQuery:
        """A query of this form that has bind parameters in the place of values."""
        values: dict[str, Any] = dict(self.fixed)
        for name, number in self.counts:
            kind = Date() if name in ("as_of", "known_at", "from", "to") else None
            values[name] = (
                bindparam(name, type_=kind)
                if number is None
                else [bindparam(f"{name}_{each}") for each in range(number)]
            )
        if self.part is None:
            return ListQuery(self.resource, {**values, "sort": sort})
        of, number = self.part
        return ListQuery(
            self.resource, {**values, "sort": sort}, (of, [bindparam(f"of_{each}") for each in range(number)])
        )


def _cached_by_form(build: Callable[..., Statement]) -> Callable[..., Statement]:
    """A decorator that keeps the statements that a function builds, for the forms that are worth it."""
    cached = lru_cache(maxsize=FORMS)(build)

    @wraps(build)
    def statement(form: Form, *arguments: Any, **options: Any) -> Statement:
        return (cached if form.kept else build)(form, *arguments, **options)

    return statement


@_cached_by_form
def _rows(form: Form, sort: str | None, *, after: bool) -> Select[Any]:
    query = form.query(sort)
    statement = select_rows(query, conditions(query, form.dialect, form.related)).limit(bindparam("limit"))
    if not after:
        return aggregated(statement)
    rows = aggregated(after_place(query, statement))
    if not by_id(query):
        return rows
    model = form.resource.model
    exists = select(model.id).where(model.id == bindparam("last"), model.at(Clocks())).exists()
    return rows.add_columns(exists.label(_KNOWN))


@_cached_by_form
def _count(form: Form) -> Select[int]:
    query = form.query()
    where = conditions(query, form.dialect, form.related)
    return select(func.count()).select_from(form.resource.model).where(*where)


def page(
    store: Store, connection: Connection, query: ListQuery, related: Sequence[str], before_counting: Callable[[], None]
) -> Page:
    """One page of a list. ``related`` are the collections that search knows its rows by; ``before_counting`` is called before many rows
    are counted.

    Raises:
        Problem: 404, where a filter or ``after`` names nothing.
    """
    form, parameters = Form.of(expanded(connection, query), connection, related)
    limit: int = query.values.get("limit") or PAGE
    after: str | None = query.values.get("after")
    statement = _rows(form, query.values.get("sort"), after=bool(after))
    place = {} if not after else {"last": after} if by_id(query) else place_of(connection, query)
    # One row more than the page shows tells whether others follow.
    bound = {**parameters, **place, "limit": limit + 1}
    rows = connection.execute(statement, bound, execution_options=form.options).one()._asdict()
    if not rows.pop(_KNOWN, True):
        raise unknown_place(connection, query)
    length = rows["id"].count("\n") + 1 if rows["id"] else 0
    if not length or any(number and number > 1 for _, number in form.counts):
        check_ids(connection, query)  # else the rows show that what the filters name exists
    if not after and length <= limit:
        return Page(rows, following=None, total=length)
    total = _total(store, connection, query, form, parameters, before_counting)
    if length <= limit:
        return Page(rows, following=None, total=total)
    kept = {name: lines[: lines.rindex("\n")] for name, lines in rows.items()}
    return Page(kept, following=kept["id"].rpartition("\n")[2], total=total)


def total(store: Store, connection: Connection, query: ListQuery, related: Sequence[str]) -> int:
    """How many records a list has, whatever part of it is asked for; see `page`."""
    form, parameters = Form.of(expanded(connection, query), connection, related)
    return _total(store, connection, query, form, parameters, lambda: None)


def _total(
    store: Store,
    connection: Connection,
    query: ListQuery,
    form: Form,
    parameters: dict[str, Any],
    before_counting: Callable[[], None],
) -> int:
    """How many records a list has: as prepared at load, or else counted, once a release."""

    def count() -> int:
        prepared = prepared_total(connection, query)
        if prepared is not None:
            return prepared
        before_counting()
        return int(connection.scalar(_count(form), parameters, execution_options=form.options) or 0)

    return store.remembered(form, parameters, count)
