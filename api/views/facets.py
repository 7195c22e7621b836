"""Facets: how many records of a collection have each value."""

from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError, missing

from api.analysis import facets
from api.analysis.question import Findings
from api.models import Issue, Party
from api.operation import Call, ref
from api.parameters import AnyOf, narrowing
from api.reading import totals
from api.reading.queries import ListQuery
from api.resource import Resource
from api.views.analysis import Analysis
from schemas.fields import Choice, JsonSchema, Side

#: Counting fewer records than this takes a few milliseconds. Facets that have about as many values as there are records are not prepared:
#: the answer would be as long as the list.
LARGE = 5_000


class By(AnyOf):
    """The facets to count by: one to three."""

    MOST = 3

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(Choice(tuple(names), "Facet."), "The facets to count by, one to three.")
        self.required, self.load_default = True, missing
        self.names = list(names)

    def shape(self, side: Side) -> JsonSchema:
        one = {"type": "string", "enum": self.names}
        return {"type": "array", "items": one, "minItems": 1, "maxItems": self.MOST}

    def _deserialize(self, value: Any, attr: str | None, data: object, **kwargs: Any) -> tuple[str, ...]:
        found = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(found) <= self.MOST:
            raise ValidationError(f"has {len(found)} facets; expected 1 to {self.MOST} of: {', '.join(self.names)}.")
        return found


def facets_of(resource: Resource) -> Analysis:
    """The facets of a collection."""
    names = resource.facets
    growing = {one.name for one in resource.filters if one.key or one.references not in (None, Issue, Party)}

    def find(call: Call) -> Findings:
        return facets.facets(call.connection, call.table, ListQuery(resource, call.values), _by(call))

    return Analysis(
        path=f"/facets/{resource.name}",
        operation_id=f"count{resource.name.capitalize()}",
        name=f"{resource.name}Facets",
        summary=f"Count the {resource.name} by value",
        description=(
            f"How many {resource.name} have each value of the facets named in `by`, or each combination of values. The filters are those "
            "of the list; the largest count comes first. A record with several values counts under each."
        ),
        query={
            "by": By(names),
            **narrowing(resource),
        },
        find=find,
        data={"type": "array", "items": ref("FacetCount")},
        columns=(),
        more=lambda call: facets.columns(_by(call)),
        records=lambda call: find(call).data,
        examples={"by": [names[0]]},
        prepared=tuple((("by", name),) for name in names if name not in growing),
        large=lambda connection: totals.count(connection, ListQuery(resource, {}), ()) >= LARGE,
    )


def _by(call: Call) -> Sequence[str]:
    by: tuple[str, ...] = call.values["by"]
    return by
