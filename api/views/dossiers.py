"""The dossier of every record that has evidence."""

from api.analysis import dossier
from api.analysis.question import Findings
from api.operation import Call, ref
from api.parameters import CLOCKS
from api.representations import columns
from api.resource import Resource
from api.views.analysis import Analysis, question
from api.views.named import of_path
from schemas.analyses.dossier import ClaimSchema
from schemas.fields import component


def dossier_of(resource: Resource) -> Analysis:
    """The dossier of each record of a collection."""

    def find(call: Call) -> Findings:
        return dossier.dossier(question(call), resource, of_path(call, resource, call.clocks))

    return Analysis(
        path=f"/{resource.name}/{{id}}/dossier",
        operation_id=f"get{component(resource.schema)}Dossier",
        name=f"{resource.name}Dossier",
        summary=f"The claims graph of one {component(resource.schema).lower()}",
        description=(
            "Who asserts, confirms or denies the record, or declines to comment; documents against origins; the claim status, the "
            "rule that gave it and the evidence that decides; and how the status came about, day by day. The table has one row per "
            "piece of evidence."
        ),
        query=dict(CLOCKS),
        find=find,
        data=ref("Dossier"),
        columns=columns(ClaimSchema),
        records=lambda call: find(call).data["claims"],
        examples={"id": resource.schema.example},
        tag=resource.name,
    )
