"""Pages of lists. Making a statement costs several times what running it does, so the statements of a list are made once for each
form of question, and given its values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Date, Select, bindparam, func, select

from api.database import Store
from api.models import Clocks
from api.parameters import WRITING
from api.reading.queries import (
    FORMS,
    Asked,
    behind,
    by_id,
    check_ids,
    conditions,
    everything,
    joined,
    no_place,
    phrase,
    place_of,
    widened,
)
from api.reading.totals import prepared_total
from api.resource import Part, Resource

PAGE = 50
FEW = 50  # values of a question whose statements are kept; each makes them larger by some kilobytes
#: The column that says whether there is a record of the id behind which a page begins.
_KNOWN = "known"
Statement = TypeVar("Statement", bound=Select[Any])
_ORDERING = ("sort", "limit", "after", *WRITING)


class Page(NamedTuple):
    """Some rows of `queries.everything`, `joined` by column (None: there are none); the id behind which more follow; and how
    many there are in all.
    """

    rows: dict[str, str | None]
    following: str | None
    total: int


@dataclass(frozen=True)
class Form:
    """What a question has in common with others that the same statements answer.

    ``given`` names what narrows the list, with the number of values (None: one that is not a list); ``part`` has the number of ids
    that the parent stands for.
    """

    resource: Resource
    part: tuple[Part, int] | None
    dialect: str
    related: tuple[str, ...]
    given: tuple[tuple[str, int | None], ...]
    fixed: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, asked: Asked, connection: Connection, related: Sequence[str]) -> "tuple[Form, dict[str, Any]]":
        """The form of a question, and its values by the names of the statements' parameters."""
        named: list[tuple[str, int | None]] = []
        fixed: list[tuple[str, Any]] = []
        parameters: dict[str, Any] = {}
        for name, value in asked.values.items():
            if name in _ORDERING or not value:
                continue
            if name in ("mode", "role"):
                fixed.append((name, tuple(sorted(value))))
            elif isinstance(value, tuple):
                named.append((name, len(value)))
                parameters.update((f"{name}_{number}", one) for number, one in enumerate(value))
            elif name != "release":
                named.append((name, None))
                parameters[name] = phrase(connection, value) if name == "q" else value
        part: tuple[Part, int] | None = None
        if asked.part:
            part = (asked.part[0], len(asked.part[1]))
            parameters.update((f"of_{number}", one) for number, one in enumerate(asked.part[1]))
        dialect = connection.dialect.name
        return cls(asked.resource, part, dialect, tuple(related), tuple(sorted(named)), tuple(fixed)), parameters

    @property
    def kept(self) -> bool:
        """Whether its statements are worth keeping: with many values they are large, and hardly two questions have as many of each."""
        return sum(number or 1 for _, number in self.given) + (self.part[1] if self.part else 0) <= FEW

    @property
    def options(self) -> dict[str, Any]:
        """How its statements are executed: compiled anew where they are not kept."""
        return {} if self.kept else {"compiled_cache": None}

    def asked(self, sort: str | None = None) -> Asked:
        """A question of this form, with parameters in the place of its values."""
        values: dict[str, Any] = dict(self.fixed)
        for name, number in self.given:
            kind = Date() if name in ("as_of", "known_at", "from", "to") else None
            values[name] = (
                bindparam(name, type_=kind)
                if number is None
                else [bindparam(f"{name}_{each}") for each in range(number)]
            )
        if self.part is None:
            return Asked(self.resource, {**values, "sort": sort})
        of, number = self.part
        return Asked(self.resource, {**values, "sort": sort}, (of, [bindparam(f"of_{each}") for each in range(number)]))


def _keeping(make: Callable[..., Statement]) -> Callable[..., Statement]:
    """Keep the statements that a function makes, of forms that are worth it."""
    keep = lru_cache(maxsize=FORMS)(make)

    @wraps(make)
    def made(form: Form, *more: Any, **named: Any) -> Statement:
        return (keep if form.kept else make)(form, *more, **named)

    return made


@_keeping
def _rows(form: Form, sort: str | None, *, after: bool) -> Select[Any]:
    asked = form.asked(sort)
    statement = everything(asked, conditions(asked, form.dialect, form.related)).limit(bindparam("limit"))
    if not after:
        return joined(statement)
    rows = joined(behind(asked, statement))
    if not by_id(asked):
        return rows
    model = form.resource.model
    exists = select(model.id).where(model.id == bindparam("last"), model.at(Clocks())).exists()
    return rows.add_columns(exists.label(_KNOWN))


@_keeping
def _count(form: Form) -> Select[int]:
    asked = form.asked()
    where = conditions(asked, form.dialect, form.related)
    return select(func.count()).select_from(form.resource.model).where(*where)


def page(
    store: Store, connection: Connection, asked: Asked, related: Sequence[str], before_counting: Callable[[], None]
) -> Page:
    """One page of a list. ``related`` are the collections that search knows its rows by; ``before_counting`` is called before many rows
    are counted.

    Raises:
        Problem: 404, where a filter or ``after`` names nothing.
    """
    form, parameters = Form.of(widened(connection, asked), connection, related)
    limit: int = asked.values.get("limit") or PAGE
    after: str | None = asked.values.get("after")
    statement = _rows(form, asked.values.get("sort"), after=bool(after))
    place = {} if not after else {"last": after} if by_id(asked) else place_of(connection, asked)
    given = {**parameters, **place, "limit": limit + 1}
    rows = dict(connection.execute(statement, given, execution_options=form.options).mappings().one())
    if not rows.pop(_KNOWN, True):
        raise no_place(connection, asked)
    found = rows["id"].count("\n") + 1 if rows["id"] else 0
    if not found or any(number and number > 1 for _, number in form.given):
        check_ids(connection, asked)  # else the rows show that what the filters name exists
    if not after and found <= limit:
        return Page(rows, following=None, total=found)
    total = _total(store, connection, asked, form, parameters, before_counting)
    if found <= limit:
        return Page(rows, following=None, total=total)
    shown = {name: lines[: lines.rindex("\n")] for name, lines in rows.items()}
    return Page(shown, following=shown["id"].rpartition("\n")[2], total=total)


def total(store: Store, connection: Connection, asked: Asked, related: Sequence[str]) -> int:
    """How many records a list has, whatever part of it is asked for; see `page`."""
    form, parameters = Form.of(widened(connection, asked), connection, related)
    return _total(store, connection, asked, form, parameters, lambda: None)


def _total(
    store: Store,
    connection: Connection,
    asked: Asked,
    form: Form,
    parameters: dict[str, Any],
    before_counting: Callable[[], None],
) -> int:
    """How many records a list has: as prepared at load, or else counted, once a release."""

    def count() -> int:
        prepared = prepared_total(connection, asked)
        if prepared is not None:
            return prepared
        before_counting()
        return int(connection.scalar(_count(form), parameters, execution_options=form.options) or 0)

    return store.remembered(form, parameters, count)
