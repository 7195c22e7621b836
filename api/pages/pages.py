"""The explorer's routes: each asks the API in process and lays the answer out."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Flask, Response, redirect, render_template, request
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response as WerkzeugResponse

from api.parameters import UNSEARCHED
from api.problems import KINDS, MEDIA_TYPE, Problem, did_you_mean, not_found
from api.resource import Table
from schemas.fields import Subject
from schemas.vocabulary import VOCABULARIES, Mode, Stance

HERE = Path(__file__).parent
MAIN_PARTIES = 5  # states, on the first page
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#: Never colour alone: each stance has a symbol too.
SYMBOLS: dict[str, str] = {
    Stance.SUPPORTS: "✓",
    Stance.SUPPORTS_CONDITIONALLY: "✓*",
    Stance.UNDECIDED: "○",
    Stance.OPPOSES_IN_PART: "✗*",
    Stance.OPPOSES: "✗",
    Stance.UNCLEAR: "?",
}
#: What a page of a record does not repeat, since its heading or another part says it.
HEADED = (
    "id", "href", "summary", "evidence", "terms", "note", "absent",
    "claim_status", "first_reported_on", "evidence_count", "document_count", "origin_count",
)  # fmt: skip


def add_pages(app: Flask, table: Table) -> None:
    """Serve the explorer at / and /explore/."""
    pages = Blueprint("pages", __name__, template_folder=str(HERE / "templates"))
    listed = [resource.name for resource in table]
    known = ",".join(listed)
    subjects = {
        name
        for resource in table
        for name, kind in resource.schema._declared_fields.items()
        if isinstance(kind, Subject)
    }

    @pages.context_processor
    def words() -> dict[str, Any]:
        return {
            "collections": listed,
            "symbols": SYMBOLS,
            "stances": list(Stance),
            "plain": plain,
            "definitions": {term.value: term.definition for vocabulary in VOCABULARIES.values() for term in vocabulary},
            "subjects": subjects,
            "explored": explored,
            "spoken": spoken,
            "api": api_address,
        }

    @pages.get("/")
    def home() -> str:
        states = {one["id"] for one in _ask(app, "/v1/parties", {"kind": "state", "limit": "200"})["data"]}
        found = _ask(app, "/v1/matrix")
        parties = [party for party in _across(found) if party["id"] in states][:MAIN_PARTIES]
        rows = [row for row in found["data"] if any(cell["party"] in parties for cell in row["cells"])]
        return render_template(
            "home.html",
            service=_ask(app, "/v1/")["data"],
            matrix={"data": rows},
            parties=parties,
            proposals=_ask(app, "/v1/proposals", {"sort": "-made_on"})["data"],
            events=_ask(app, "/v1/events", {"sort": "-occurred_on", "limit": "6"})["data"],
        )

    @pages.get("/explore/matrix")
    def matrix() -> str:
        found = _ask(app, "/v1/matrix", request.args)
        return render_template(
            "matrix.html", matrix=found, parties=_across(found), asked=request.args, modes=list(Mode)
        )

    @pages.get(f"/explore/<any({known}):collection>")
    def collection(collection: str) -> str:
        resource = table.by_name[collection]
        named_by = resource.schema.named_by
        by_name = {"sort": named_by} if named_by in [sort.name for sort in resource.sorts] else {}
        asked = {**by_name, **request.args}
        return render_template(
            "collection.html",
            collection=collection,
            about=(resource.schema.__doc__ or "").split("\n")[0],
            named_by=named_by,
            dated_by=resource.schema.dated_by,
            filters=[one for one in resource.filters if one.vocabulary],
            searched=collection not in UNSEARCHED,
            clocks=resource.model.clocks,
            asked=asked,
            unpaged={name: value for name, value in asked.items() if name not in ("after", "limit")},
            answer=_ask(app, f"/v1/{collection}", asked),
        )

    @pages.get(f"/explore/<any({known}):collection>/<id>")
    def record(collection: str, id: str) -> str:
        resource = table.by_name[collection]
        answer = _ask(app, f"/v1/{collection}/{id}", request.args)
        parts = [
            (part.resource.name, _ask(app, f"/v1/{collection}/{id}/{part.resource.name}")) for part in resource.parts
        ]
        return render_template(
            "record.html",
            collection=collection,
            record=answer["data"],
            answer=answer,
            name=answer["data"][resource.schema.named_by],
            about={name: kind.metadata["description"] for name, kind in resource.schema._declared_fields.items()},
            parts=[(name, part) for name, part in parts if part["data"]],
            headed=(*HEADED, resource.schema.named_by),
        )

    @pages.get("/explore/")
    def start() -> WerkzeugResponse:
        return redirect("/", 308)

    @pages.get("/explore/<path:rest>")
    def nothing(rest: str) -> str:
        hint = did_you_mean(rest[:200].partition("/")[0], ["matrix", *listed])
        raise not_found(f"The explorer has no page “{rest[:200]}”.{hint}")

    @pages.get("/explore/style.css")
    def style() -> Response:
        return Response((HERE / "style.css").read_text(encoding="utf-8"), mimetype="text/css")

    @pages.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @pages.errorhandler(Problem)
    def explain(problem: Problem) -> tuple[str, int]:
        return render_template("problem.html", problem=problem), problem.kind.status

    app.register_blueprint(pages)


def _ask(app: Flask, path: str, arguments: Mapping[str, str] | None = None) -> Any:
    """An answer of the API, for the release of the request that is being answered.

    Raises:
        Problem: what the API answered with instead.
    """
    query = urlencode([(name, value) for name, value in (arguments or {}).items() if value])
    environ = EnvironBuilder(path=path, query_string=query).get_environ()
    environ["positions.store"] = request.environ["positions.store"]
    body, _, headers = run_wsgi_app(app.wsgi_app, environ)
    answer = orjson.loads(b"".join(body))
    if headers.get("Content-Type") == MEDIA_TYPE:
        raise Problem(next(kind for kind in KINDS if kind.type == answer["type"]), answer["detail"])
    return answer


def _across(matrix: dict[str, Any]) -> list[dict[str, str]]:
    """The parties of a matrix, those with the most recorded positions first."""
    cells = [cell for row in matrix["data"] for cell in row["cells"]]
    counts = Counter(cell["party"]["id"] for cell in cells)
    refs = {cell["party"]["id"]: cell["party"] for cell in cells}
    return [refs[id] for id, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]


def plain(value: object) -> str:
    """A term of a vocabulary as words."""
    return str(value).replace("_", " ")


def spoken(edtf: str) -> str:
    """A date in EDTF as words: “2025~/..” is “since about 2025”."""
    start, between, end = edtf.partition("/")
    if not between:
        plainly = start.rstrip("?~%")
        about = "about " if start.endswith(("~", "%")) else ""
        return f"{about}{plainly}{' (uncertain)' if start.endswith(('?', '%')) else ''}"
    if start in ("", ".."):
        return f"by {spoken(end)}"
    if end in ("", ".."):
        return f"since {spoken(start)}" + (", end unknown" if not end else "")
    return f"{spoken(start)} to {spoken(end)}"


def explored(path: str) -> str:
    """The explorer's page of a record's path."""
    return path.replace("/v1/", "/explore/", 1)


def api_address(path: str, arguments: Mapping[str, str]) -> str:
    """The API's address of what a page shows."""
    query = urlencode([(name, value) for name, value in arguments.items() if value])
    return f"/v1/{path}" + (f"?{query}" if query else "")
