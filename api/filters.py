"""The filters of collections: query parameters that narrow a list to any of the given values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from api.claims import ASSERTING
from api.models import Clocks, Edge, Evidence, Issue, Position, Recorded, Term, in_any
from schemas.vocabulary import PositionKind, Vocabulary

Clause = Callable[[Sequence[str], Clocks], ColumnElement[bool]]


@dataclass(frozen=True)
class Filter:
    """A query parameter that narrows a list: any of the given values.

    A value is a term of ``vocabulary``, or the id of one of ``references``, or else one that ``key`` holds in some row.
    """

    name: str
    description: str
    clause: Clause
    vocabulary: type[Vocabulary] | None = None
    references: type[Recorded] | None = None
    key: InstrumentedAttribute[Any] | None = None
    #: The field of the records that holds the values; None if another table holds them, as that of evidence holds the speakers.
    field: str | None = None
    #: How to count records by value, at some clocks; None if they cannot be.
    facet: "Callable[[Clocks], Facet] | None" = None
    #: Finds the values that the given ones stand for, if these are more than themselves: a topic stands for its issues.
    stands_for: Callable[[Sequence[str]], Select[Any]] | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.vocabulary, self.references, self.key)) != 1:
            raise TypeError(f"filter {self.name}: a value must be either a term, an id or a key")


@dataclass(frozen=True)
class Facet:
    """The column by whose values records are counted. If it is in another table, that is ``joined`` by the condition ``on``."""

    column: ColumnElement[Any]
    joined: Any = None
    on: ColumnElement[bool] | None = None


def any_of(column: InstrumentedAttribute[Any], values: type[Vocabulary] | type[Recorded], description: str) -> Filter:
    """A filter by a column that holds a term of a vocabulary or the id of another record. It has the name of the field."""
    name = _field(column)

    def clause(wanted: Sequence[str], _clocks: Clocks) -> ColumnElement[bool]:
        return in_any(column, wanted)

    def facet(_clocks: Clocks) -> Facet:
        return Facet(column.expression)

    if issubclass(values, Vocabulary):
        return Filter(name, description, clause, vocabulary=values, field=name, facet=facet)
    return Filter(name, description, clause, references=values, field=name, facet=facet)


def _field(column: InstrumentedAttribute[Any]) -> str:
    """The field that a column stores: the one of its name, or the reference whose id it holds."""
    return column.key.removesuffix("_id")


def by_key(
    column: InstrumentedAttribute[Any],
    description: str,
    stands_for: Callable[[Sequence[str]], Select[Any]] | None = None,
) -> Filter:
    """A filter by a column whose values are keys, but not ids of a collection. It has the name of the field."""
    name = _field(column)
    return Filter(
        name,
        description,
        lambda wanted, _clocks: in_any(column, wanted),
        key=column,
        field=name,
        facet=lambda _clocks: Facet(column.expression),
        stands_for=stands_for,
    )


def subjects_of(wanted: Sequence[str]) -> Select[Any]:
    """The subjects of evidence that other names of positions stand for: ``positions/{id}`` for a position of any kind, and ``offers/{id}``
    for an offer, whose evidence is that of its term.
    """
    named: dict[str, list[str]] = {"positions": [], "offers": []}
    for one in wanted:
        collection, _, id = one.partition("/")
        named.get(collection, []).append(id)
    is_offer = Position.kind == PositionKind.OFFER.value
    by_name = or_(Position.id.in_(named["positions"]), and_(Position.id.in_(named["offers"]), is_offer))
    return select(Position.subject).where(by_name).distinct()


def issue_or_topic(column: InstrumentedAttribute[Any]) -> Filter:
    """A filter by issue; a topic stands for all its issues. It has the name of the field."""
    name = _field(column)
    return Filter(
        name,
        "The issue; a topic stands for all its issues.",
        lambda wanted, _clocks: in_any(column, wanted),
        references=Issue,
        field=name,
        facet=lambda _clocks: Facet(column.expression),
        stands_for=issues_of,
    )


def term_issue(column: InstrumentedAttribute[Any]) -> Filter:
    """The filter ``issue`` of proposals: by an issue or topic that one of their terms, known at the clocks, settles."""

    def clause(wanted: Sequence[str], clocks: Clocks) -> ColumnElement[bool]:
        return column.in_(select(Term.proposal_id).where(in_any(Term.issue_id, wanted), Term.at(clocks)))

    def facet(clocks: Clocks) -> Facet:
        settled = select(Term.proposal_id, Term.issue_id).where(Term.at(clocks)).distinct().subquery()
        return Facet(settled.c.issue_id, settled, settled.c.proposal_id == column)

    return Filter(
        "issue",
        "An issue that one of its terms settles; a topic stands for all its issues.",
        clause,
        references=Issue,
        facet=facet,
        stands_for=issues_of,
    )


def issues_of(wanted: Sequence[str]) -> Select[Any]:
    """The issues named, and those of the topics named."""
    return select(Issue.id).where(in_any(Issue.id, wanted) | in_any(Issue.parent_id, wanted))


def linked(name: str, model: type[Any], references: type[Recorded], description: str, *, field: str) -> Filter:
    """A filter by the records that a list of references, the field ``field`` of the model's records, names."""

    def clause(wanted: Sequence[str], _clocks: Clocks) -> ColumnElement[bool]:
        named: ColumnElement[bool] = model.id.in_(
            select(Edge.record_id).where(
                Edge.table == model.__tablename__, Edge.field == field, in_any(Edge.target_id, wanted)
            )
        )
        return named

    def facet(_clocks: Clocks) -> Facet:
        # The rows are distinct anyway. DISTINCT makes SQLite materialise the subquery and index it for the join.
        members = (
            select(Edge.record_id, Edge.target_id)
            .where(Edge.table == model.__tablename__, Edge.field == field)
            .distinct()
            .subquery()
        )
        return Facet(members.c.target_id, members, members.c.record_id == model.id)

    return Filter(name, description, clause, references=references, field=field, facet=facet)


def voiced_by(model: type[Any], references: type[Recorded]) -> Filter:
    """The filter ``speaker``: by who asserted or confirmed the record, in the evidence that counts at the clocks."""

    def clause(wanted: Sequence[str], clocks: Clocks) -> ColumnElement[bool]:
        said = select(Evidence.subject).where(
            in_any(Evidence.speaker_id, wanted),
            Evidence.relation.in_(sorted(ASSERTING)),
            Evidence.at(clocks),
        )
        voiced: ColumnElement[bool] = model.subject.in_(said)
        return voiced

    return Filter("speaker", "A party that asserts or confirms it in the evidence.", clause, references=references)
