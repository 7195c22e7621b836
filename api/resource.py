"""The classes from which the table of resources is built: `Resource`, with its sorts and parts. `api.filters` has its filters."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import InstrumentedAttribute

from api.filters import Facet, Filter
from api.models import Base, Cited, Clocks, Evidence, Use, in_any
from schemas.fields import Parts, Reference, References, component
from schemas.record import Cited as CitedSchema
from schemas.record import OfProcess, Record

#: The parameters that lists have beside their filters (see `api.parameters`). No filter can have one of these names.
LIST_PARAMETERS = frozenset({"as_of", "known_at", "mode", "process", "claim_status", "from", "to", "q", "role"})
LIST_PARAMETERS |= {"sort", "limit", "after", "format", "bom", "columns"}


@dataclass(frozen=True)
class Sort:
    """A value of ``sort``; the column has a value in every row, and the id settles ties."""

    name: str
    column: InstrumentedAttribute[Any]

    def __post_init__(self) -> None:
        if self.column.property.columns[0].nullable:
            raise TypeError(
                f"sort {self.name}: the column “{self.column.key}” may be null, so the order would not be total; sort by a column "
                "that every row has, made of a field with `required=True`, or with a `load_default` and `allow_none=False`"
            )


@dataclass(frozen=True, eq=False)
class Part:
    """A sub-collection: the records of another resource that name this one, in the roles given (role: filter)."""

    resource: "Resource"
    roles: dict[str, Filter]


class Inside(NamedTuple):
    """Records of another collection that are written inside those of this one: in which field, and the field in which they name the
    record that they are written in.
    """

    field: str
    resource: "Resource"
    named: str

    @property
    def column(self) -> InstrumentedAttribute[Any]:
        """The column of their model that names the record that they are written in."""
        column: InstrumentedAttribute[Any] = getattr(self.resource.model, f"{self.named}_id")
        return column

    @property
    def order(self) -> tuple[InstrumentedAttribute[Any], ...]:
        """How they are ordered: by the first sort of their collection, then by id."""
        return (*(sort.column for sort in self.resource.sorts[:1]), self.resource.model.id)


@dataclass(frozen=True, eq=False)
class Resource:
    """One collection: everything that the service needs to know about it besides its schema and its model.

    ``where`` selects the collection's rows if several share a model; ``seeded`` means that its records are in a seed file or folder of its
    name; ``searched`` that search finds them.
    """

    name: str
    model: type[Any]
    schema: type[Record]
    filters: tuple[Filter, ...] = ()
    sorts: tuple[Sort, ...] = ()
    parts: tuple[Part, ...] = ()
    where: ColumnElement[bool] | None = None
    seeded: bool = True
    searched: bool = True

    @property
    def has_table(self) -> bool:
        """Whether it has a flat table: its records belong to processes, or are shared by them."""
        return issubclass(self.schema, OfProcess)

    @property
    def singular(self) -> str:
        """What one of its records is called in a sentence, such as “party”."""
        return component(self.schema).lower()

    @property
    def about(self) -> str:
        """What it holds, in a sentence: the first line of its schema's docstring."""
        return (self.schema.__doc__ or "").strip().split("\n")[0]

    @cached_property
    def inside(self) -> tuple[Inside, ...]:
        """What is written inside its records, besides evidence."""
        by_name = {part.resource.name: part.resource for part in self.parts}
        return tuple(
            Inside(name, by_name[kind.collection], kind.subject_field) for name, kind in _written_inside(self.schema)
        )

    @property
    def has_more(self) -> bool:
        """Whether a record's own answer holds what lists leave out: its evidence, and the records written inside it."""
        return issubclass(self.model, Cited) or bool(self.inside)

    @property
    def in_navigation(self) -> bool:
        """Whether the explorer's navigation leads to it."""
        return self.seeded and self.has_table

    @property
    def shared(self) -> bool:
        """Whether its records may belong to no process, because several use them."""
        return self.seeded and self.has_table and not issubclass(self.model, Cited)

    @property
    def takes_words(self) -> bool:
        """Whether its list takes words (``q``): search finds its records, or those that they are derived from, as an offer is from a
        term.
        """
        return self.searched or issubclass(self.model, Cited)

    def of_process(self, processes: Sequence[str]) -> ColumnElement[bool]:
        """The condition that a record belongs to one of these processes or, if it may be shared, that one of them uses it."""
        if not self.shared:
            return in_any(self.model.process_id, processes)
        used = select(Use.id).where(Use.collection == self.name, in_any(Use.process_id, processes))
        condition: ColumnElement[bool] = self.model.id.in_(used)
        return condition

    def by_process(self) -> Facet:
        """How its records are counted by process."""
        if not self.shared:
            return Facet(self.model.process_id.expression)
        return Facet(Use.process_id.expression, Use, and_(Use.collection == self.name, Use.id == self.model.id))

    @property
    def facets(self) -> tuple[str, ...]:
        """What the records can be counted by: the filters that have a facet; the process, the claim status, the mode of evidence."""
        names = [one.name for one in self.filters if one.facet]
        if "process" in self.schema._declared_fields:
            names.append("process")
        if issubclass(self.model, Cited):
            names.append("claim_status")
        if self.model is Evidence:
            names.append("mode")
        return tuple(names)

    def __post_init__(self) -> None:
        if wrong := next(self._mistakes(), None):
            raise TypeError(f"resource {self.name}: {wrong}")
        if issubclass(self.model, Cited):
            self.model.lasting = len(self.schema.dated_by) == 2
        for column in self._narrowing:
            self.model.index_by(column)

    @property
    def _narrowing(self) -> Iterator[str]:
        """The columns of its model by which lists are narrowed or ordered."""
        if issubclass(self.schema, OfProcess):
            yield "process_id"
        for facet in (one.facet(Clocks()) for one in self.filters if one.facet):
            if facet.joined is None:
                yield facet.column.name
        yield from (sort.column.key for sort in self.sorts)

    def _mistakes(self) -> Iterator[str]:
        """The mistakes in the declaration, which would otherwise show only in an answer, or not at all."""
        if not self.name.isascii() or not self.name.isalpha() or not self.name.islower():
            yield "a name must be lower-case letters"
        if issubclass(self.schema, CitedSchema) != issubclass(self.model, Cited):
            yield f"{self.schema.__name__} and {self.model.__name__} must both be Cited, or neither of them"
        fields = self.schema._declared_fields
        # A record that is written inside another may have its date from that.
        for attribute, names in (
            ("named_by", (getattr(self.schema, "named_by", ""),)),
            ("dated_by", self.schema.dated_by if self.seeded else ()),
        ):
            for name in names:
                if name not in fields:
                    yield f"{attribute} of {self.schema.__name__} names “{name}”, which is not one of its fields{_fields(fields)}"
        filters = [one.name for one in self.filters]
        for one in self.filters:
            if filters.count(one.name) > 1:
                yield f"the filter “{one.name}” is declared twice"
            if one.name in LIST_PARAMETERS:
                yield f"the filter “{one.name}” has the name of a parameter that every list has; give it another name"
            if one.field is not None and one.field not in fields:
                yield f"the filter “{one.name}” reads the field “{one.field}”, which the schema lacks{_fields(fields)}"
            elif one.vocabulary and one.vocabulary is not (of := getattr(fields[one.field or ""], "vocabulary", None)):
                yield (
                    f"the filter “{one.name}” takes terms of {one.vocabulary.__name__}, but the field “{one.field}” has "
                    f"{f'terms of {of.__name__}' if of else 'no vocabulary'}"
                )
            facet = one.facet(Clocks()) if one.facet else None
            if facet and facet.joined is None and facet.column.table is not self.model.__table__:
                yield self._foreign("filter", one.name, facet.column.table.name, facet.column.name)
        for sort in self.sorts:
            if sort.column.class_ is not self.model:
                yield self._foreign("sort", sort.name, sort.column.class_.__tablename__, sort.column.key)
        if self.seeded and self.where is None:
            yield from self._mistakes_in_columns()
        for name, kind in _written_inside(self.schema):
            yield from self._mistakes_inside(name, kind)

    def _mistakes_in_columns(self) -> Iterator[str]:
        """The model's own columns that no field fills; the loader fills those that several tables have."""
        common = {
            name
            for base in self.model.__mro__
            if not issubclass(base, Base)
            for name in getattr(base, "__annotations__", {})
        }
        fields = self.schema._declared_fields
        for column in (one.name for one in self.model.__table__.columns):
            if not {column, column.removesuffix("_id")} & {*common, *fields}:
                yield f"the column “{column}” of {self.model.__name__} has no field that fills it{_fields(fields)}"

    def _foreign(self, kind: str, name: str, table: str, column: str) -> str:
        return f"the {kind} “{name}” reads the column “{column}” of the table {table}, but its records are in {self.model.__tablename__}"

    def _mistakes_inside(self, name: str, kind: Parts) -> Iterator[str]:
        inner = next((part.resource for part in self.parts if part.resource.name == kind.collection), None)
        if inner is None:
            yield f"{kind.collection} are written inside it, in the field “{name}”; give it the `Part` that lists them"
            return
        if issubclass(self.model, Cited) and not issubclass(inner.model, Cited):
            yield (
                f"{kind.collection} are written inside it, so they need evidence too: make {inner.schema.__name__} and "
                f"{inner.model.__name__} `Cited`"
            )
        if kind.subject_field not in inner.schema._declared_fields:
            yield (
                f"the field “{name}” says that {kind.collection} name their {self.singular} in “{kind.subject_field}”, which is not a "
                f"field of {inner.schema.__name__}{_fields(inner.schema._declared_fields)}"
            )
        elif not hasattr(inner.model, f"{kind.subject_field}_id"):
            yield f"{inner.model.__name__} needs a column “{kind.subject_field}_id” for the field “{kind.subject_field}”"
        if inner.seeded:
            yield f"{kind.collection} are written inside it, so their entry needs `seeded=False`"
        yield from inner._mistakes_in_columns()
        for date in inherited(inner.schema):
            if date not in self.schema._declared_fields:
                yield (
                    f"dated_by of {inner.schema.__name__} names “{date}”, which is a field neither of it nor of {self.schema.__name__}"
                )


def _written_inside(schema: type[Record]) -> Iterator[tuple[str, Parts]]:
    for name, kind in schema._declared_fields.items():
        if isinstance(kind, Parts) and kind.collection != "evidence":
            yield name, kind


def inherited(schema: type[Record]) -> tuple[str, ...]:
    """The dates that a record has from the record that it is written in: those that its schema is dated by, but does not have."""
    return tuple(name for name in schema.dated_by if name not in schema._declared_fields)


def _fields(names: Iterable[str]) -> str:
    return f"; the fields are: {', '.join(names)}"


@dataclass(frozen=True, eq=False)
class Table:
    """The table of resources, by name and by the model that stores each."""

    resources: tuple[Resource, ...]
    by_name: dict[str, Resource] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {resource.name: resource for resource in self.resources})
        if len(self.by_name) != len(self.resources):
            raise TypeError("two resources have one name")
        for resource in self.resources:
            if wrong := next(self._mistakes(resource), None):
                raise TypeError(f"resource {resource.name}: {wrong}")

    def _mistakes(self, resource: Resource) -> Iterator[str]:
        """The mistakes in a declaration that show only together with the other collections."""
        for part in resource.parts:
            if part.resource.name not in self.by_name:
                yield f"its part “{part.resource.name}” is missing from the table"
        fields = resource.schema._declared_fields
        for name, kind in fields.items():
            if isinstance(kind, Reference | References) and kind.collection not in self.by_name:
                known = ", ".join(self.by_name)
                yield f"{name} refers to “{kind.collection}”, which is not a collection; the collections are: {known}"
            column = resource.model.__table__.columns.get(f"{name}_id" if isinstance(kind, Reference) else name)
            # If several collections share a table, the one with all its rows decides.
            if column is None or column.nullable or resource.where is not None:
                continue
            if kind.allow_none:
                why = "can: declare it `Mapped[… | None]`, or give the field `required=True`"
            elif isinstance(kind, Reference) and self.may_be_unknown(resource, kind):
                why = f"is null for a `known_at` before what it names in {kind.collection} was reported: declare it `Mapped[… | None]`"
            else:
                continue
            yield f"the column “{column.name}” of {resource.model.__name__} cannot be null, but the field “{name}” {why}"
        for one in resource.filters:
            named = fields.get(one.field or "")
            if not one.references or not isinstance(named, Reference | References):
                continue
            if self.by_name[named.collection].model is not one.references:
                yield (
                    f"the filter “{one.name}” takes ids of {one.references.__name__}, but the field “{one.field}” refers to "
                    f"{named.collection}"
                )

    def may_be_unknown(self, resource: Resource, field: Any) -> bool:
        """Whether a field is null if nobody could know yet of the record that it names, whatever the seeds require.

        False for fields that the loader fills: their declaration says whether they may be null.
        """
        if not isinstance(field, Reference) or field.dump_only or not issubclass(resource.model, Cited):
            return False
        return issubclass(self.by_name[field.collection].model, Cited)

    def __iter__(self) -> Any:
        return iter(self.resources)

    def of_model(self, model: type[Any]) -> Resource:
        """The resource that holds all rows of a model."""
        return next(resource for resource in self.resources if resource.model is model and resource.where is None)
