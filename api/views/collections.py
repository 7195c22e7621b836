"""The nested answers: the list and the records of every collection, and its sub-collections."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select

from api.formats import FORMATS
from api.models import Cited, Clocks, Evidence, Source
from api.operation import JSON, TOTAL, Answer, Call, Operation, enveloped, ref
from api.parameters import AnyOf, narrowing, paging, query
from api.reading import conditions, refusals, selection
from api.reading.lists import PAGE, page, total
from api.reading.queries import ListQuery
from api.reading.records import whole
from api.representations import (
    Column,
    Counted,
    array,
    array_of_lines,
    columns,
    envelope,
    extended,
    lines,
    parsed,
    row_schema,
)
from api.resource import Part, Resource, Table
from api.texts import by_sha256
from api.views.flat import contents, form_asked, forms, picked
from api.views.named import of_path
from schemas.fields import Choice, Contract, component, span

ROLE = Column(
    "role",
    "string",
    "The role in which the record names the parent record.",
    lambda record: record["role"],
)


def _forms(resource: Resource, *, roles: bool = False) -> dict[str, Contract[Any]]:
    """The parameters that request a list as a flat table."""
    about = "Return the flat table instead of the nested list: complete, unless `limit` or `after` asks for a part."
    return forms(about, tuple(column.name for column in _shape(resource, roles=roles)))


def _shape(resource: Resource, *, roles: bool) -> tuple[Column, ...]:
    """The columns of a list, with the role for a sub-collection that has roles."""
    return (*columns(resource.schema), *([ROLE] if roles else ()))


def collection_operations(table: Table) -> Iterator[Operation]:
    """The operations of every resource of the table."""
    for resource in table:
        yield _list_operation(resource)
        yield _record_operation(resource)
        for part in resource.parts:
            yield _part_operation(resource, part)
        if issubclass(resource.model, Cited):
            yield _evidence_operation(resource, table)


def _name(resource: Resource) -> str:
    return component(resource.schema)


def _list_content(resource: Resource, *, roles: bool = False) -> dict[str, Any]:
    return {JSON: ref(f"{_name(resource)}List"), **contents(row_schema(_shape(resource, roles=roles)))}


def _list_operation(resource: Resource) -> Operation:
    return Operation(
        path=f"/{resource.name}",
        name=f"list{resource.name.capitalize()}",
        tag=resource.name,
        summary=f"List {resource.name}",
        description=f"{resource.about} Following `page.next` visits every record exactly once.",
        view=lambda call: _list(call, ListQuery(resource, call.values)),
        query=query(**narrowing(resource), **paging(resource), **_forms(resource)),
        content=_list_content(resource),
        sends=("Link", TOTAL),
        quick=True,
    )


def _record_operation(resource: Resource) -> Operation:
    clocks = {name: kind for name, kind in narrowing(resource).items() if name in resource.model.clocks}
    return Operation(
        path=f"/{resource.name}/{{id}}",
        name=f"get{_name(resource)}",
        tag=resource.name,
        summary=f"Get one {_name(resource).lower()} record",
        description=f"{resource.about} The same object as in a list, with the parts that are too long for lists.",
        view=lambda call: _record(call, resource),
        query=query(**clocks),
        content={JSON: enveloped(ref(f"{_name(resource)}InFull" if resource.has_more else _name(resource)))},
        examples={"id": resource.schema.example},
        quick=True,
    )


def _part_operation(resource: Resource, part: Part) -> Operation:
    child = part.resource
    own = {one.name for one in part.roles.values()}
    fields = {name: kind for name, kind in narrowing(child).items() if name not in own or len(part.roles) > 1}
    if len(part.roles) > 1:
        fields["role"] = AnyOf(
            Choice(tuple(part.roles), "Role."), f"The role in which the record names this {_name(resource).lower()}."
        )
    roles = f" `role` narrows to one role: {', '.join(part.roles)}." if len(part.roles) > 1 else ""
    return Operation(
        path=f"/{resource.name}/{{id}}/{child.name}",
        name=f"list{_name(resource)}{child.name.capitalize()}",
        tag=resource.name,
        summary=f"List the {child.name} of one {_name(resource).lower()}",
        description=f"{child.about}{roles}",
        view=lambda call: _part(call, resource, part),
        query=query(**fields, **paging(child), **_forms(child, roles=len(part.roles) > 1)),
        content=_list_content(child, roles=len(part.roles) > 1),
        examples={"id": resource.schema.example},
        sends=("Link", TOTAL),
        quick=True,
    )


def _evidence_operation(resource: Resource, table: Table) -> Operation:
    evidence = table.by_name["evidence"]
    fields = {name: kind for name, kind in narrowing(evidence).items() if name != "subject"}
    return Operation(
        path=f"/{resource.name}/{{id}}/evidence",
        name=f"list{_name(resource)}Evidence",
        tag=resource.name,
        summary=f"List the evidence of one {_name(resource).lower()}",
        description="The citations behind the record. An offer's evidence is that of its term.",
        view=lambda call: _evidence(call, resource, evidence),
        query=query(**fields, **paging(evidence), **_forms(evidence)),
        content=_list_content(evidence),
        examples={"id": resource.schema.example},
        sends=("Link", TOTAL),
        quick=True,
    )


def _part(call: Call, resource: Resource, part: Part) -> Answer:
    _parent(call, resource)
    return _list(call, ListQuery(part.resource, call.values, part=(part, [call.ids["id"]])))


def _evidence(call: Call, resource: Resource, evidence: Resource) -> Answer:
    row = _parent(call, resource)
    return _list(call, ListQuery(evidence, {**call.values, "subject": (row.subject,)}))


def _parent(call: Call, resource: Resource) -> Any:
    """The record whose sub-collection is requested. The clocks do not hide it; they apply only to the list."""
    return of_path(call, resource, Clocks())


def _list(call: Call, asked: ListQuery) -> Answer:
    related = conditions.related(call.table, asked.resource)
    wanted = form_asked(call)
    if wanted or call.values.get("q"):
        call.take_time()
    if wanted:
        return _flat(call, asked, related, wanted)
    rows, following, in_all = page(call.store, call.connection, asked, related, call.take_time)
    links = {
        "self": call.here,
        "first": call.link(after=None),
        "next": call.link(after=following) if following else None,
    }
    about = {"limit": call.values.get("limit") or PAGE, "total": in_all, "next": following}
    shown = [f'<{target}>; rel="{rel}"' for rel, target in links.items() if target and rel != "self"]
    headers = {"Link": ", ".join([*shown, '</openapi.json>; rel="service-desc"'])}
    body = envelope(_listed(call, asked.resource, rows), page=about, links=links, meta=call.meta())
    return Answer(body, headers=headers, total=in_all)


def _listed(call: Call, resource: Resource, rows: Mapping[str, str | None]) -> bytes:
    """The rows of a `Page` as a JSON array."""
    if resource.model is Evidence:
        return _listed_evidence(call, rows["body"])
    if "role" in rows:
        pairs = zip(lines(rows["body"]), lines(rows["role"]), strict=True)
        return array(extended(body, role=orjson.dumps(role)) for body, role in pairs)
    return array_of_lines(rows["body"])


def _flat(call: Call, asked: ListQuery, related: Sequence[str], wanted: str) -> Answer:
    """The flat table of a list, in chunks: complete, unless `limit` or `after` asks for a part of it."""
    refusals.check_ids(call.connection, asked)
    shape = picked(_shape(asked.resource, roles=asked.has_roles), call)
    rows = selection.select_part(
        call.connection, asked, conditions.resolved_conditions(call.connection, asked, related)
    )
    records = Counted(parsed(selection.streamed(call.connection, rows)))
    form = FORMATS[wanted]
    body = form.written(shape, records, bom=call.values.get("bom") == "1")
    if call.values.get("limit") or call.values.get("after"):
        return Answer(body, form.media_type, total=total(call.store, call.connection, asked, related))
    return Answer(body, form.media_type, total=records)


def _record(call: Call, resource: Resource) -> Answer:
    row = of_path(call, resource, read=whole)
    members: dict[str, bytes] = {}
    if issubclass(resource.model, Cited):
        members["evidence"] = _listed_evidence(call, row.evidence)
    members |= {inside.field: array_of_lines(getattr(row, inside.field)) for inside in resource.inside}
    # As a list of one, since `_listed` adds the passage to a piece of evidence.
    body = _listed(call, resource, {"body": row.body})[1:-1]
    return Answer(envelope(extended(body, **members), links={"self": call.here}, meta=call.meta()))


def _listed_evidence(call: Call, bodies: str | None) -> bytes:
    """Pieces of evidence; if this server has the texts, each with the passage that it cites."""
    if call.texts is None:
        return array_of_lines(bodies)
    texts = by_sha256(call.texts)
    records = [orjson.loads(body) for body in lines(bodies)]
    wanted = select(Source.id, Source.sha256).where(Source.id.in_({record["source"]["id"] for record in records}))
    sources = {row.id: row.sha256 for row in call.connection.execute(wanted)}
    return array(_with_passage(record, texts.get(sources[record["source"]["id"]] or "")) for record in records)


def _with_passage(record: dict[str, Any], text: str | None) -> bytes:
    if text and record["selector"]:
        start, end = span(record["selector"])
        record["quote"] = text[start:end]
    return orjson.dumps(record)
