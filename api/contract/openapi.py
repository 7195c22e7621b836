"""The contract: OpenAPI 3.1.1, generated from the operations and the schemas that make and check the answers."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from apispec import APISpec

from api.contract.components import components
from api.operation import TOTAL, Operation, ref
from api.parameters import READABLE, AnyOf
from api.problems import MEDIA_TYPE
from api.resource import Table
from schemas import VERSION_PATH

try:
    from yaml import CSafeDumper as Dumper
except ImportError:  # a build of PyYAML without its C part
    from yaml import SafeDumper as Dumper  # type: ignore[assignment]

API_VERSION = "1.0.0"
_DESCRIPTION = """\
Who holds which position on what, since when, according to whom, and how far apart are they? Positions is a curated,
structured record of negotiations. It is read-only and needs no key. Data changes only when a release is loaded.

| question | request |
|---|---|
| What does a party hold or voice? | `/v1/parties/{id}/positions` |
| How far apart are two parties, issue by issue? | `/v1/gaps?parties={id},{id}` |
| How well is a record supported, and by whom? | `/v1/events/{id}/dossier` |
| All positions as one table | `/v1/positions.csv` |
| Everything else | `/v1/`, which links to every collection and view |

**Lists and tables.** Lists and records are nested JSON in an envelope of `data`, `links` and `meta`; lists add `page`.
Every collection except processes, releases and changes is also one flat table (`.csv`, `.json`, `.ndjson`), and every
list can be had as a table with `format=csv`. Filters take several values, separated by commas; an empty value or `*`
means no filter. A field is null if no source tells its value, if nobody could know it yet (see below), or if it does not
apply; `absent` may say why. In CSV a null is an empty cell.

**Two clocks.** `as_of` is valid time: what was held on that day. `known_at` is knowledge time: what the public could know
on that day. With `known_at`, claim status and counts are derived only from the evidence known by then, and references to
records not yet known are left out.

**Evidence.** Every record of what a party says or does carries citations. Its `claim_status` follows from them by rule
(see `/v1/vocabularies`).

**Errors** are problems (RFC 9457) that name the parameter at fault, what is allowed, and the nearest right value. An unknown
parameter is an error, never ignored.

**Links.** Records and lists have `links`. In this document each operation also declares where its answer leads: a list to a
record and to its next page, a record to its sub-collections, and each to itself with `If-None-Match`, which gives 304 until
something changes. Parameters that a link does not name keep their values.

**Versions.** Within `/v1`, fields, parameters, paths and terms may be added; none is removed or changes its meaning. A change
that would break a client becomes a new major version under `/v2`, and the paths without a version then lead there. `/v1`
stays beside it for at least twelve months. Once the day of its end is set, its answers have `Deprecation` (RFC 9745) and
`Sunset` (RFC 8594) headers.

**Licences.** The code is under Apache-2.0, the data under CC BY 4.0.
"""


def document(table: Table, operations: Iterable[Operation]) -> dict[str, Any]:
    """The whole contract."""
    listed = list(operations)
    spec = APISpec(
        title="Positions",
        version=API_VERSION,
        openapi_version="3.1.1",
        info={
            "summary": "The open, structured record of a negotiation.",
            "description": _DESCRIPTION,
            "contact": {"name": "The Positions authors"},
            "license": {
                "name": "Code: Apache-2.0; data: CC BY 4.0",
                "url": "https://creativecommons.org/licenses/by/4.0/",
            },
        },
        servers=[
            {"url": VERSION_PATH, "description": "Version 1: the canonical paths."},
            {"url": "/", "description": "The current version, now version 1."},
        ],
        security=[{}],
        tags=[{"name": tag, "description": _tag(tag, table)} for tag in dict.fromkeys(one.tag for one in listed)],
    )
    for name, shape in components(table).items():
        spec.components.schema(name, shape)
    for name, header in _HEADERS.items():
        spec.components.header(name, header)
    spec.components.response(
        "NotModified",
        {
            "description": "The client's copy is current.",
            "headers": _headers("ETag", "Cache-Control"),
        },
    )
    spec.components.response(
        "Problem",
        {
            "description": "A problem (RFC 9457).",
            "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
            "headers": _headers(*_ALWAYS),
        },
    )
    paths = {one.path: one for one in listed}
    for name, link in _to_records(paths).items():
        spec.components.link(name, link)
    described = [(one, _operation(one, paths)) for one in listed]
    for name, parameter in _share(described).items():
        spec.components.parameter(name, str(parameter["in"]), parameter)
    for operation, description in described:
        spec.path(path=operation.path, operations={"get": description})
    made = spec.to_dict()
    for name in sorted(_schemas_named(made) - made["components"]["schemas"].keys()):
        raise TypeError(
            f"the contract refers to the shape “{name}”, which it does not have; if it is the answer of an analysis, add "
            f"{name}Schema to ANSWERS in schemas/analyses/__init__.py"
        )
    return {name: made[name] for name in _ORDER if name in made} | made


def _schemas_named(part: Any) -> set[str]:
    """The names of all shapes that a part of the document refers to."""
    found: set[str] = set()
    parts = [part]
    while parts:
        one = parts.pop()
        if isinstance(one, dict):
            parts += one.values()
        elif isinstance(one, list):
            parts += one
        elif isinstance(one, str) and one.startswith(_OF_SCHEMAS):
            found.add(one.removeprefix(_OF_SCHEMAS))
    return found


_OF_SCHEMAS = "#/components/schemas/"
#: The order of the parts of the document, for readers.
_ORDER = ("openapi", "info", "servers", "security", "tags", "paths", "components")


def _share(described: list[tuple[Operation, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Replace each parameter that several operations share by a reference, and return the shared parameters by name.

    If parameters of the same name differ, the tag of the first operation that has them becomes part of their name.
    """
    users: dict[str, list[tuple[str, dict[str, Any], list[Any], int]]] = {}
    # A collection's own list comes first, so that its tag is the one in the name.
    described = sorted(described, key=lambda one: (one[0].path.count("/"), "." in one[0].path))
    for operation, description in described:
        for index, parameter in enumerate(description["parameters"]):
            key = json.dumps(parameter, sort_keys=True)
            users.setdefault(key, []).append((operation.tag, parameter, description["parameters"], index))
    shared = [uses for uses in users.values() if len(uses) > 1]
    names = Counter(uses[0][1]["name"] for uses in shared)
    found: dict[str, dict[str, Any]] = {}
    for uses in shared:
        tag, parameter, _, _ = uses[0]
        name = parameter["name"] if names[parameter["name"]] == 1 else f"{tag}_{parameter['name']}"
        name = name if name not in found else f"{name}_{sum(other.startswith(name) for other in found) + 1}"
        found[name] = dict(parameter)
        for _, _, parameters, index in uses:
            parameters[index] = name  # apispec makes a reference of it
    return dict(sorted(found.items()))


def to_yaml(contract: dict[str, Any]) -> str:
    """The contract as YAML; the same declarations always give the same bytes."""
    return yaml.dump(contract, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(Dumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Text of several lines as a block that keeps them."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


_ALWAYS = ("API-Version", "Data-Release")
_HEADERS: dict[str, dict[str, Any]] = {
    "API-Version": {
        "description": "The version of this contract.",
        "schema": {"type": "string"},
        "example": API_VERSION,
    },
    "Data-Release": {
        "description": "The release that the answer comes from.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "A strong validator of the answer.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long the answer may be cached.", "schema": {"type": "string"}},
    "Last-Modified": {
        "description": "The date of the release. Only the `ETag` shows whether an answer has changed: `If-Modified-Since` is not "
        "evaluated, since a release loaded in place of another may have the same date but different content.",
        "schema": {"type": "string"},
    },
    "Link": {
        "description": "The links of a page, as in its body; for a table as CSV, a link to its description (RFC 8288).",
        "schema": {"type": "string"},
    },
    TOTAL: {
        "description": "The total number of records in the list, or of rows in the table. Nested analyses do not send it.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0},
    },
}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _tag(tag: str, table: Table) -> str:
    resource = table.by_name.get(tag)
    if resource:
        return resource.about
    return {
        "about": "The service itself: its entry point, vocabularies and errors.",
        "search": "Full-text search over the records.",
        "tables": "Flat tables for dashboards, whole or filtered.",
        "analyses": "The questions that every briefing asks, with the evidence behind each answer.",
        "exports": "The whole release as files.",
        "feeds": "What changed, for feed readers; what happened, for calendars.",
        "charts": "Ready-made Vega-Lite charts.",
        "embeds": "Pages that other sites can show in a frame.",
    }.get(tag, f"The {tag}.")


def _to_records(paths: Mapping[str, Operation]) -> dict[str, dict[str, Any]]:
    """The links from a list to its first record, by the last part of the list's path."""
    records = {path.split("/")[1]: one for path, one in paths.items() if re.fullmatch(r"/\w+/{id}", path)}
    listed = {_last(one.path) for one in paths.values() if one.paged}
    return {
        name: {"operationId": one.name, "parameters": {"id": "$response.body#/data/0/id"}}
        for name, one in records.items()
        if name in listed
    }


def _links(operation: Operation, paths: Mapping[str, Operation]) -> dict[str, Any]:
    """The OpenAPI links of an operation: from a list to a record and to its next page, from a record to its sub-collections, and from each
    to itself with `If-None-Match`.
    """
    own = {name: f"$request.path.{name}" for name in re.findall(r"{(\w+)}", operation.path)}
    record = paths.get(f"/{_last(operation.path)}/{{id}}")
    links: dict[str, Any] = {}
    if operation.paged:
        if record:
            links["record"] = {"$ref": f"#/components/links/{_last(operation.path)}"}
        links["next"] = {
            "operationId": operation.name,
            "parameters": {**own, "after": "$response.body#/page/next"},
        }
    below = operation.path + "/"
    for path, one in paths.items():
        if own and path.startswith(below) and "." not in path:
            links[path.removeprefix(below)] = {"operationId": one.name, "parameters": own}
    if operation.quick:
        links["unchanged"] = {
            "operationId": operation.name,
            "parameters": {**own, "If-None-Match": "$response.header.ETag"},
        }
    return links


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _operation(operation: Operation, every: Mapping[str, Operation]) -> dict[str, Any]:
    links = _links(operation, every)
    paths = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": f"An id from `/{operation.path.split('/')[1]}`.",
            "schema": {"type": "string", "maxLength": 300, "pattern": READABLE},
            **({"example": operation.examples[name]} if operation.examples.get(name) else {}),
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    queries = [_parameter(name, kind, operation) for name, kind in operation.query.fields.items()]
    conditional = {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of the client's copy; the answer is 304 if that is current.",
        "schema": {"type": "string"},
    }
    return {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [*paths, *queries, conditional],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": _headers(*_ALWAYS, "ETag", "Cache-Control", "Last-Modified", *operation.sends),
                "content": {media_type: {"schema": shape} for media_type, shape in operation.content.items()},
                **({"links": links} if links else {}),
            },
            "304": {"$ref": "#/components/responses/NotModified"},
            "400": {"$ref": "#/components/responses/Problem"},
            "404": {"$ref": "#/components/responses/Problem"},
            "410": {"$ref": "#/components/responses/Problem"},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _parameter(name: str, kind: Any, operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "in": "query",
        "description": kind.description,
        "schema": kind.shape("seed"),
    }
    if kind.required:
        found["required"] = True
    if isinstance(kind, AnyOf):
        found |= {"style": "form", "explode": True}
    if name in operation.examples:
        found["example"] = operation.examples[name]
    return found
