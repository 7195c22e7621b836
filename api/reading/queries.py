"""Requests for lists: the collection, or a part of a record, and the values of the query string."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.filters import Filter
from api.models import Clocks
from api.resource import Part, Resource
from schemas.vocabulary import Mode

#: Forms of queries whose statements a worker keeps (see `api.reading.lists`); those of one form take some 90 kB.
FORMS = 128


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
        indexed: tuple[str, ...] = getattr(self.resource.model, "filtered_at_clocks", ())
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
