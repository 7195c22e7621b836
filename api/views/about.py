"""Operations about the service: the entry point, the vocabularies and the problems."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from api.contract.descriptors import LICENCE
from api.contract.examples import SOUGHT, renamed, stand_ins
from api.operation import JSON, Answer, Call, Operation, enveloped, json_answer, ref
from api.parameters import query
from api.problems import KINDS, not_found
from api.resource import Table
from api.views.analyses import ANALYSES
from api.views.analysis import Analysis
from api.views.charts import CHARTS
from schemas import VERSION_PATH
from schemas.events import EventSchema
from schemas.vocabulary import VOCABULARIES

CODE_LICENCE = {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"}
DATA_LICENCE = {"name": LICENCE["name"], "url": LICENCE["path"]}


def about_operations(_table: Table) -> Iterator[Operation]:
    """The operations that are about the service."""
    declare = partial(Operation, tag="about", query=query())
    yield declare(
        path="/",
        name="getService",
        summary="The entry point",
        description="Every collection and view with its link, the loaded release, the licences.",
        view=_entry_point,
        content={JSON: enveloped(ref("Service"))},
    )
    yield declare(
        path="/vocabularies",
        name="listVocabularies",
        summary="The closed vocabularies",
        description="Every vocabulary with its terms: the value, the label, the definition and, for stances, the score.",
        view=lambda call: json_answer(vocabularies(), call),
        content={JSON: enveloped({"type": "array", "items": ref("Vocabulary")})},
    )
    yield declare(
        path="/problems",
        name="listProblems",
        summary="The kinds of problem",
        description="Every kind of error that the service returns.",
        view=lambda call: json_answer([_problem(kind) for kind in KINDS], call),
        content={JSON: enveloped({"type": "array", "items": ref("ProblemKind")})},
    )
    yield declare(
        path="/problems/{id}",
        name="getProblemKind",
        summary="One kind of problem",
        description="The page that a problem's `type` links to.",
        view=_one_problem,
        content={JSON: enveloped(ref("ProblemKind"))},
        examples={"id": "invalid-parameter"},
    )


def _entry_point(call: Call) -> Answer:
    collections = [
        {
            "name": resource.name,
            "href": f"{VERSION_PATH}/{resource.name}",
            "about": resource.about,
        }
        for resource in call.table
    ]
    instead = stand_ins(call.table, call.connection)
    views = [
        {"name": name, "href": f"{VERSION_PATH}/{renamed(path, instead)}", "about": about}
        for name, path, about in (
            *((one.name, _example(one), f"{one.summary}.") for one in ANALYSES),
            (
                "dossier",
                f"events/{EventSchema.example}/dossier",
                "Who asserts and who denies a record, and on what footing.",
            ),
            ("facets", "facets/positions?by=issue,stance", "Counts of a collection's records by value."),
            (
                "cite",
                f"cite?path={VERSION_PATH}/matrix",
                "A citation of any answer, with the path that returns the same answer again.",
            ),
            ("search", f"search?q={SOUGHT}", "Full-text search over the records."),
            ("tables", "tables", "Flat tables for dashboards: CSV, JSON and JSON Lines."),
            ("datapackage", "datapackage.json", "The tables as a Frictionless Data Package."),
            ("csvw", "csv-metadata.json", "The tables as CSV on the Web (W3C)."),
            ("exports", "exports", "The whole release as files: CSV in an archive, SQLite, JSON Lines."),
            ("changes", "feeds/changes.atom", "What each release changed, as an Atom feed."),
            ("calendar", "feeds/events.ics", "The events as an iCalendar feed."),
            ("options", "options/parties", "Choices for a dashboard's filter; also issues and proposals."),
            ("charts", "charts/matrix.vl.json", f"The matrix as a Vega-Lite chart. All charts: {', '.join(CHARTS)}."),
            ("oembed", "oembed?url=/explore/matrix", "The code that embeds a page of the explorer elsewhere (oEmbed)."),
            ("vocabularies", "vocabularies", "The closed vocabularies with their definitions."),
            ("problems", "problems", "The kinds of error."),
        )
        if renamed(path, instead)
    ]
    data = {
        "name": "Positions",
        "about": "The open, structured record of a negotiation: who holds which position on what, since when, according to whom.",
        "release": {
            "id": call.store.release,
            "date": call.store.date.isoformat(),
            "digest": call.store.digest,
        },
        "collections": collections,
        "views": views,
        "documentation": "/docs/",
        "contract": "/openapi.yaml",
        "licences": {"code": CODE_LICENCE, "data": DATA_LICENCE},
    }
    return json_answer(data, call)


def _example(analysis: Analysis) -> str:
    """The path of an analysis, with the ids and required parameters of its example."""
    required = {name: analysis.examples[name] for name, kind in analysis.query.items() if kind.required}
    query = urlencode(
        {name: one if isinstance(one, str) else ",".join(one) for name, one in required.items()}, safe=","
    )
    return analysis.path[1:].format_map(analysis.examples) + (f"?{query}" if query else "")


def vocabularies() -> list[dict[str, Any]]:
    """Every vocabulary as the API serves it."""
    return [
        {
            "name": name,
            "definition": (vocabulary.__doc__ or "").strip(),
            "terms": [
                {"term": term.value, "label": term.label, "definition": term.definition, "score": term.score}
                for term in vocabulary
            ],
        }
        for name, vocabulary in VOCABULARIES.items()
    ]


def _problem(kind: Any) -> dict[str, Any]:
    return {
        "name": kind.name,
        "href": kind.type,
        "status": kind.status,
        "title": kind.title,
        "meaning": kind.meaning,
    }


def _one_problem(call: Call) -> Answer:
    for kind in KINDS:
        if kind.name == call.ids["id"]:
            return json_answer(_problem(kind), call)
    raise not_found(
        f"“{call.ids['id'][:80]}” is not one of the kinds of problem: {', '.join(kind.name for kind in KINDS)}."
    )
