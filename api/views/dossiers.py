"""The analyses as operations: those of ``api.views.analyses``, the dossier and the facets of every collection, the citation of anything."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from marshmallow import ValidationError, missing

from api import totals
from api.analysis import dossier, facets
from api.analysis.cite import Paths, cite
from api.analysis.question import Findings
from api.examples import PARTIES
from api.models import Cited, Issue, Party
from api.operation import JSON, Call, Operation, enveloped, json_answer, ref
from api.parameters import CLOCKS, AnyOf, narrowing, query
from api.queries import Asked
from api.representations import columns, row_schema
from api.resource import Resource, Table
from api.views.analyses import analyses
from api.views.analysis import TAG, Analysis, of_path, question
from schemas.analyses import ClaimSchema
from schemas.fields import Choice, Contract, JsonSchema, Side, component

#: Counting fewer records than this takes a few milliseconds. By what there are as many of as of records, nothing is prepared: the
#: answer would be as long as the list.
LARGE = 5_000


class By(AnyOf):
    """The facets to count by: one to three."""

    MOST = 3

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(Choice(tuple(names), "Facet."), "What to count by: one to three of the facets.")
        self.required, self.load_default = True, missing
        self.names = list(names)

    def shape(self, side: Side) -> JsonSchema:
        one = {"type": "string", "enum": self.names}
        return {"type": "array", "items": one, "minItems": 1, "maxItems": self.MOST}

    def _deserialize(self, value: Any, attr: str | None, data: object, **kwargs: Any) -> tuple[str, ...]:
        found = super()._deserialize(value, attr, data, **kwargs)
        if not 1 <= len(found) <= self.MOST:
            raise ValidationError(
                f"names {len(found)} facets; one to {self.MOST} are allowed: {', '.join(self.names)}."
            )
        return found


def analysis_operations(table: Table) -> Iterator[Operation]:
    """The nested answers of the analyses, the dossiers and the facets."""
    for name, analysis in analyses():
        yield analysis.operation(name)
    for resource in table:
        if issubclass(resource.model, Cited):
            yield _dossier(resource).operation(f"get{component(resource.schema)}Dossier")
        if resource.facets:
            yield _facets(resource).operation(f"count{resource.name.capitalize()}")


def _dossier(resource: Resource) -> Analysis:
    def find(call: Call) -> Findings:
        return dossier.dossier(question(call), resource, of_path(call, resource, call.clocks))

    return Analysis(
        path=f"/{resource.name}/{{id}}/dossier",
        name=f"{resource.name}Dossier",
        summary=f"The claims graph of one of the {resource.name}",
        description=(
            "Who asserts, confirms, denies it or declines to comment; documents against origins; the claim status, the rule that gave "
            "it and the evidence that decides; and how it came about, day by day. The table has one row a piece of evidence."
        ),
        query=dict(CLOCKS),
        find=find,
        data=ref("Dossier"),
        columns=lambda _call: columns(ClaimSchema),
        records=lambda call: find(call).data["claims"],
        row=row_schema(columns(ClaimSchema)),
        examples={"id": resource.schema.example},
        tag=resource.name,
    )


def _facets(resource: Resource) -> Analysis:
    names = resource.facets
    growing = {one.name for one in resource.filters if one.key or one.references not in (None, Issue, Party)}

    def find(call: Call) -> Findings:
        return facets.facets(call.connection, call.table, Asked(resource, call.values), _by(call))

    return Analysis(
        path=f"/facets/{resource.name}",
        name=f"{resource.name}Facets",
        summary=f"Count the {resource.name} by value",
        description=(
            f"How many of the {resource.name} have each value of the facets named in `by`, or each combination, under the same filters "
            "as the list; the largest count first. A record with several values counts under each."
        ),
        query={
            "by": By(names),
            **narrowing(resource),
        },
        find=find,
        data={"type": "array", "items": ref("FacetCount")},
        columns=lambda call: facets.columns(_by(call)),
        records=lambda call: find(call).data,
        row={"type": "object"},
        examples={"by": [names[0]]},
        prepared=tuple((("by", name),) for name in names if name not in growing),
        large=lambda connection: totals.count(connection, Asked(resource, {}), ()) >= LARGE,
    )


def _by(call: Call) -> Sequence[str]:
    by: tuple[str, ...] = call.values["by"]
    return by


def citing(operations: Sequence[Operation]) -> Operation:
    """The citation of any of the operations, itself among them."""
    every: list[Operation] = list(operations)
    paths = Paths(every)
    found = Operation(
        path="/cite",
        name="cite",
        tag=TAG,
        summary="A citation of any answer",
        description=(
            "The citation of the answer to a path of this API as a sentence, BibTeX and CSL-JSON, with its SHA-256. The path that "
            "it gives pins the release, and so replays the same answer; where another release is loaded, that path is 410. An answer that "
            "tells of the releases before is the same where the same were loaded before."
        ),
        view=lambda call: json_answer(cite(call, paths, call.values["path"]), call),
        query=query(path=PathField("The path to cite, with its query.", required=True)),
        content={JSON: enveloped(ref("Citation"))},
        examples={"path": f"/v1/gaps?parties={','.join(PARTIES)}"},
    )
    every.append(found)
    return found


class PathField(Contract[str]):
    """A path of this service, with its query."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "pattern": "^/[!-~]*$", "maxLength": 7000}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text = str(value)
        if not re.fullmatch("/[!-~]*", text) or len(text) > 7000:
            raise ValidationError("is not a path of this service, such as /v1/gaps?parties=russia,ukraine.")
        return text
