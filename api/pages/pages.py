"""The explorer's routes: each asks the API in process and lays the answer out."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import Blueprint, Flask, Response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response as WerkzeugResponse

from api.embeds import ANALYSES, STANDING, Embed, Embeds, Pairs, below, called, compared, frame, refuse_reshaping, spelt
from api.pages.humanize import bound, passage, plain, reported, spoken
from api.palette import LOOKS, STYLE
from api.parameters import CLOCKS
from api.problems import KINDS, MEDIA_TYPE, Problem, did_you_mean, not_found
from api.reading.records import MovedTo
from api.resource import Table
from schemas.fields import Piece, Subject, Term
from schemas.record import OfProcess
from schemas.vocabulary import VOCABULARIES, Mode, Stance, Vocabulary

HERE = Path(__file__).parent
MAIN_PARTIES = 5  # on the first page: states before others, and of each those with the most positions
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
ABOUT = "Who holds which position in a negotiation, on what, since when, according to whom, and how far apart the parties are."
SHOWN = 200  # entries of an analysis on a page
#: Parameters of a list, or of its counts, that do not change which records are in it.
_NOT_NARROWING = ("by", "sort", "limit", "after")
#: Parameters that name the parties between whom gaps are.
_PARTIES = ("parties", "party")
#: Collections that have a feed: its media type and its address.
_FEEDS = {
    "changes": ("application/atom+xml", "/v1/feeds/changes.atom"),
    "events": ("text/calendar", "/v1/feeds/events.ics"),
}
#: What a page of a record does not repeat, since its heading or another part says it.
HEADED = (
    "id", "href", "summary", "evidence", "target", "terms", "note", "absent",
    "claim_status", "first_reported_on", "first_reported", "evidence_count", "document_count", "origin_count",
)  # fmt: skip


def add_pages(app: Flask, table: Table, public_url: str | None) -> None:
    """Serve the explorer at / and /explore/, and what can be embedded of it at /embed/."""
    pages = Blueprint("pages", __name__, template_folder=str(HERE / "templates"))
    listed = [resource.name for resource in table]
    known = ",".join(listed)
    embeds = Embeds(table)
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
            "browsed": [resource.name for resource in table if resource.browsed],
            "symbols": {str(name): look.symbol for name, look in LOOKS.items()},
            "stances": list(Stance),
            "about": ABOUT,
            "address": f"{base()}{quote(request.path)}{spelt(_pairs(request.args))}",
            "formats": (),
            "called": lambda record: called(table.by_name[record["href"].split("/")[2]], record),
            "grouped": grouped,
            "passage": passage,
            "plain": plain,
            "define": define,
            "label": label,
            "describe": lambda collection, name: getattr(kinds.get((collection, name)), "description", ""),
            "by_party": lambda cells: {cell["party"]["id"]: cell for cell in cells},
            "subjects": subjects,
            "explored": explored,
            "spoken": spoken,
            "reported": reported,
            "bound": bound,
            "api": api_address,
            "across": across,
            "compared": compared,
            "options": options,
            "comparable": comparable,
            "clocked": clocked,
            "narrowed": narrowed,
            "counted": counted,
            "narrowing": narrowing,
            "facets": {resource.name: resource.facets for resource in table},
            "dossiers": embeds.dossiers,
            "processes": processes,
            "choices": lambda terms: [(plain(term), term.value) for term in terms],
            "asked": request.args,
            "modes": list(Mode),
            "most": SHOWN,
            "views": [one.path[1:] for one in ANALYSES if "{" not in one.path],
            "searched": [(resource.name, resource.name) for resource in table if resource.searched],
            "within": [resource.name for resource in table if issubclass(resource.schema, OfProcess)],
            "dated_by": {resource.name: resource.schema.dated_by for resource in table},
            "here": request.path.split("/")[2] if request.path.startswith("/explore/") else "",
            "layout": "embed.html" if _framed() else "page.html",
        }

    vocabularies = _vocabularies(table)
    kinds = {
        (collection, name): kind for collection, name, kind in reversed(_fields(table))
    }  # a record's own before a piece's

    def label(collection: str, name: str) -> str:
        """What readers call a field of a collection, or what it is narrowed and counted by: the field's title, else its name as words."""
        return getattr(kinds.get((collection, name)), "title", None) or plain(name).capitalize()

    def define(field: str, term: object, collection: str = "") -> str:
        """What a term of a field's vocabulary means; nothing for what is no term of it."""
        vocabulary = vocabularies.get((collection, field)) or vocabularies.get(("", field))
        return next((one.definition for one in vocabulary or () if one.value == term), "")

    def options(collection: str, arguments: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
        """The names and ids of a collection's records, to choose from."""
        return [(one["__text"], one["__value"]) for one in _ask(app, f"/v1/options/{collection}", arguments)]

    def comparable(id: str) -> list[tuple[str, str]]:
        """The titles and ids of the other proposals of a proposal's process, as the clocks of the page show them."""
        at = MultiDict(_given(CLOCKS))
        process = _ask(app, f"/v1/proposals/{id}", at)["data"]["process"]["id"]
        others = options("proposals", MultiDict([*_pairs(at), ("process", process)]))
        return [(title, other) for title, other in others if other != id]

    def narrowing(collection: str) -> dict[str, Any]:
        """What a form can narrow the list of a collection by."""
        resource = table.by_name[collection]
        return {
            "filters": [one for one in resource.filters if one.vocabulary],
            "worded": resource.worded,
            "of_process": issubclass(resource.schema, OfProcess),
            "clocks": resource.model.clocks,
        }

    def processes() -> list[tuple[str, str]]:
        """The titles and ids of all processes, however many pages of a list they are, to choose from."""
        found: list[tuple[str, str]] = []
        after: str | None = ""
        while after is not None:
            page = _ask(app, "/v1/processes", {"limit": "200", **({"after": after} if after else {})})
            found += [(one["title"], one["id"]) for one in page["data"]]
            after = page["page"]["next"]
        return found

    def base() -> str:
        """What addresses of pages begin with."""
        return public_url or request.host_url.rstrip("/")

    def embedding(embed: Embed, data: Any, asked: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a page tells those who embed what it shows: what was asked for, else what the page was asked with."""
        title = embed.title(data)
        address = f"{quote(below(request.path))}{spelt(_pairs(request.args if asked is None else asked))}"
        return {
            "title": title,
            "page": f"{base()}/explore{address}",
            "oembed": f"{base()}/v1/oembed{spelt([('url', f'{base()}/explore{address}')])}",
            "code": frame(f"{base()}/embed{address}", title, "100%", embed.height(data)),
        }

    def standing(collection: str, id: str) -> dict[bool, list[dict[str, Any]]] | None:
        """Where a party stands, or who stands where on an issue, at the clocks of the page; nothing for other records."""
        told_of = STANDING.get(collection)
        if told_of is None:
            return None
        named = MultiDict([*_given(CLOCKS), (told_of, id)])
        return stands(_ask(app, "/v1/matrix", named)["data"], _ask(app, "/v1/stances.json", named), told_of)

    def view(embed: Embed, **ids: str) -> str:
        path, asked = below(request.path)[1:], request.args
        # The form of gaps has two choices, of which one may be left open: what one party alone has no answer for is shown for all.
        alone = None if _framed() or embed.path != "/gaps" else _only_party(asked)
        try:
            answer = _ask(app, f"/v1/{path}", asked)
        except Problem as problem:
            if not alone or problem.kind.status != HTTPStatus.BAD_REQUEST:
                raise
            asked = MultiDict((name, value) for name, value in _pairs(asked) if name not in _PARTIES)
            answer = _ask(app, f"/v1/{path}", asked)
        flat = api_address(f"{path}.csv", asked)
        if not embed.suffixed:
            flat = api_address(path, MultiDict([*_pairs(asked), ("format", "csv")]))
        return render_template(
            embed.template,
            answer=answer,
            embed=embedding(embed, answer["data"], asked),
            path=path,
            asked=asked,
            alone=alone,
            standing=standing(embed.path.split("/")[1], ids["id"]) if embed.template == "card.html" else None,
            formats=[_json(api_address(path, asked)), _csv(flat)],
        )

    for one in embeds.listed:
        pages.add_url_rule(f"/embed{one.rule}", f"embed{one.path}", partial(view, one))
    for one in embeds.analyses:
        pages.add_url_rule(f"/explore{one.rule}", f"explore{one.path}", partial(view, one))

    @pages.get("/")
    def home() -> str:
        found = _ask(app, "/v1/matrix")
        states = {id for _, id in options("parties", {"kind": "state"})}
        parties = sorted(across(found["data"]), key=lambda party: party["id"] not in states)[:MAIN_PARTIES]
        held = [(row, sum(cell["party"] in parties for cell in row["cells"])) for row in found["data"]]
        shared = [row for row, count in held if count > 1]
        return render_template(
            "home.html",
            service=_ask(app, "/v1/")["data"],
            matrix={"data": shared or [row for row, count in held if count]},
            shared=shared,
            parties=parties,
            proposals=_ask(app, "/v1/proposals", {"sort": "-made_on"})["data"],
            events=_ask(app, "/v1/events", {"sort": "-occurred_on", "limit": "6"})["data"],
        )

    @pages.get(f"/explore/<any({known}):collection>")
    def collection(collection: str) -> str:
        resource = table.by_name[collection]
        named_by = resource.schema.named_by
        asked = MultiDict(request.args)
        if named_by in [sort.name for sort in resource.sorts]:
            asked.setdefault("sort", named_by)
        unpaged = MultiDict((name, value) for name, value in _pairs(asked) if name not in ("after", "limit"))
        return render_template(
            "collection.html",
            collection=collection,
            about=(resource.schema.__doc__ or "").split("\n")[0],
            named_by=named_by,
            dated_by=resource.schema.dated_by,
            asked=asked,
            formats=[
                _json(api_address(collection, asked)),
                *([_csv(api_address(f"{collection}.csv", unpaged))] if resource.tabled else []),
                *(("feed", *feed) for feed in [_FEEDS.get(collection)] if feed),
            ],
            answer=_ask(app, f"/v1/{collection}", asked),
        )

    @pages.get(f"/explore/<any({known}):collection>/<id>")
    def record(collection: str, id: str) -> str:
        resource = table.by_name[collection]
        # What has no clocks itself is shown with those of where it stands.
        own = MultiDict((name, value) for name, value in _pairs(request.args) if name not in CLOCKS)
        asked = own if collection in STANDING else request.args
        answer = _ask(app, f"/v1/{collection}/{id}", asked)
        parts = []
        for part in resource.parts:
            kin = part.resource.schema
            if any(issubclass(kin, one.resource.schema) and kin is not one.resource.schema for one in resource.parts):
                continue  # a kind of what another part lists is in that
            given = {name: request.args.get(name, "") for name in part.resource.model.clocks}
            if "valid_from" in [sort.name for sort in part.resource.sorts]:
                given["sort"] = "-valid_from"
            parts.append((part.resource.name, _ask(app, f"/v1/{collection}/{id}/{part.resource.name}", given)))
        formats = [_json(answer["links"]["self"])]
        if collection in STANDING:
            formats.append(_csv(clocked("/v1/stances.csv", **{STANDING[collection]: id})))
        return render_template(
            "record.html",
            collection=collection,
            record=answer["data"],
            answer=answer,
            embed=embedding(embeds.of_records[collection], answer["data"], asked),
            name=called(resource, answer["data"]),
            formats=formats,
            parts=[(name, part) for name, part in parts if part["data"]],
            standing=standing(collection, id),
            headed=(*HEADED, resource.schema.named_by),
        )

    @pages.get("/explore/search")
    def search() -> str:
        nothing = request.args.keys() <= {"q"} and not request.args.get("q")
        found = None if nothing else _ask(app, "/v1/search", request.args)
        formats = [_json(api_address("search", request.args))]
        return render_template("search.html", answer=found, searching=True, formats=formats)

    @pages.get("/explore/vocabularies")
    def vocabulary() -> str:
        answer = _ask(app, "/v1/vocabularies", request.args)
        return render_template("vocabularies.html", answer=answer, formats=[_json("/v1/vocabularies")])

    @pages.get("/explore/")
    def start() -> WerkzeugResponse:
        return redirect("/", 308)

    @pages.get("/explore/<path:rest>")
    def nothing(rest: str) -> str:
        named = ["search", "vocabularies", *(one.path.split("/")[1] for one in ANALYSES), *listed]
        counts = [one.path[1:] for one in embeds.facets.values()]
        hint = did_you_mean(rest[:200].partition("/")[0], named) or did_you_mean(rest[:200], counts)
        raise not_found(f"The explorer has no page “{rest[:200]}”.{hint}")

    @pages.get("/embed/", defaults={"rest": ""})
    @pages.get("/embed/<path:rest>")
    def nothing_embedded(rest: str) -> str:
        hint = did_you_mean(request.path[:200], [f"/embed{one.path}" for one in embeds.listed])
        raise not_found(
            f"There is nothing to embed at “/embed/{rest[:200]}”. Known paths: {', '.join(embeds.paths('embed'))}.{hint}"
        )

    @pages.get("/explore/style.css")
    def style() -> Response:
        return Response((HERE / "style.css").read_text(encoding="utf-8") + STYLE, mimetype="text/css")

    @pages.after_request
    def guard(response: Response) -> Response:
        ancestors = "*" if _framed() else "'none'"
        response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors {ancestors}"
        return response

    @pages.errorhandler(Problem)
    def explain(problem: Problem) -> tuple[str, int]:
        return render_template("problem.html", problem=problem, meant=_meant(problem.detail)), problem.kind.status

    @pages.errorhandler(MovedTo)
    def moved(to: MovedTo) -> WerkzeugResponse:
        found = redirect(f"/{'embed' if _framed() else 'explore'}{below(to.path)}", 301)
        found.headers["Cache-Control"] = "no-store"
        return found

    app.register_blueprint(pages)


def _vocabularies(table: Table) -> dict[tuple[str, str], Iterable[Vocabulary]]:
    """The vocabularies of fields, by collection and name; and by name alone, where it means the same everywhere."""
    found: dict[tuple[str, str], Iterable[Vocabulary]] = {
        ("", "absent"): VOCABULARIES["absent"],
        ("", "change"): VOCABULARIES["diff.change"],
    }
    everywhere: dict[str, set[type[Vocabulary]]] = {}
    for collection, name, kind in _fields(table):
        if isinstance(kind, Term):
            found[collection, name] = kind.vocabulary
            everywhere.setdefault(name, set()).add(kind.vocabulary)
    return found | {("", name): one for name, (one, *others) in everywhere.items() if not others}


def _fields(table: Table) -> list[tuple[str, str, Any]]:
    """Every field of every collection: the collection, the name and the declaration; those of pieces behind those of records."""
    found, waiting = [], [(resource.name, resource.schema) for resource in table]
    for collection, schema in waiting:
        for name, kind in schema._declared_fields.items():
            found.append((collection, name, kind))
            if isinstance(kind, Piece):
                waiting.append((collection, kind.schema))
    return found


def _meant(detail: str) -> str:
    """The address of the page with what a problem calls wrong replaced by what it suggests; nothing where it suggests no one thing."""
    told = re.search(r"“([^”]+)” is not a known .* id\. Did you mean “([^”]+)”\?", detail)
    here = f"{request.path}{spelt(_pairs(request.args))}"
    there = re.sub(rf"(?<![\w-]){re.escape(told[1])}(?![\w-])", told[2], here) if told else here
    return there if there != here else ""


def _framed() -> bool:
    """Whether what is asked for is shown in a frame of another page."""
    return request.path.startswith("/embed/")


def _ask(app: Flask, path: str, arguments: Mapping[str, str] | None = None) -> Any:
    """An answer of the API, for the release of the request that is being answered.

    Raises:
        Problem: what the API answered with instead, or 400 for a parameter that would make it another kind of answer.
        MovedTo: what was asked for has another address now.
    """
    given = list(_pairs(arguments or {}))
    refuse_reshaping(given)
    environ = EnvironBuilder(path=quote(path), query_string=urlencode(given)).get_environ()
    environ["positions.store"] = request.environ["positions.store"]
    body, status, headers = run_wsgi_app(app.wsgi_app, environ, buffered=True)  # which closes what it is read from
    if status.startswith("301"):
        raise MovedTo(headers["Location"])
    answer = orjson.loads(b"".join(body))
    if headers.get("Content-Type") == MEDIA_TYPE:
        raise Problem(next(kind for kind in KINDS if kind.type == answer["type"]), answer["detail"])
    return answer


def _only_party(asked: MultiDict[str, str]) -> str | None:
    """The party that a page of gaps is asked for where there is one alone."""
    named = {id for name in _PARTIES for value in asked.getlist(name) for id in value.split(",") if id}
    return named.pop() if len(named) == 1 else None


def _pairs(arguments: Mapping[str, str]) -> Pairs:
    """Names with values; a name that a query string has several times, with each."""
    return arguments.items(multi=True) if isinstance(arguments, MultiDict) else arguments.items()


def across(rows: Iterable[Any], cells_of: str = "cells") -> list[dict[str, str]]:
    """The parties of a matrix, or of gaps, those with the most recorded positions first. ``cells_of`` names the cells of a row."""
    cells = [cell for row in rows for cell in row[cells_of]]
    counts = Counter(cell["party"]["id"] for cell in cells)
    refs = {cell["party"]["id"]: cell["party"] for cell in cells}
    return [refs[id] for id, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]


def stands(rows: Iterable[Any], long: Iterable[Any], told_of: str) -> dict[bool, list[dict[str, Any]]]:
    """The cells of a matrix as lines of a page of a party or an issue (``told_of``): those that are held, and those that ended (True).

    Each names what the page does not: for a party the issue below its topic, for an issue the party, below the issue where it is a topic's.
    It has the row of the ``long`` table of the matrix that says since when the stance has been held, where records do not conflict.
    """
    found: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    held = {(one["issue_id"], one["party_id"]): one for one in long if not one["conflicting"]}
    for row in rows:
        for cell in row["cells"]:
            under = row["topic"] if told_of == "party" else row["issue"]
            line = row["issue"] if told_of == "party" else cell["party"]
            since = held.get((row["issue"]["id"], cell["party"]["id"]))
            told = {"under": under["name"] if under else "Other", "line": line, "cell": cell, "since": since}
            found[cell["ended"]].append(told)
    return found


def grouped(collection: str, held: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    """The positions on a page of a party or an issue below headings: by party for an issue, by issue for a party; and by whose they
    are where the party only voices them.
    """
    found: dict[tuple[bool, str], list[Any]] = {}
    for one in held:
        whose, on = one["party"]["name"], one["issue"]["name"] if one["issue"] else "A proposal as a whole"
        voiced = one.get("role") == "speaker"
        heading = whose if collection == "issues" else f"Voiced: positions of {whose}" if voiced else on
        found.setdefault((voiced, heading), []).append(one)
    return [(heading, found[voiced, heading]) for voiced, heading in sorted(found)]


def _json(address: str) -> tuple[str, str, str]:
    """A form of an answer as pages link to it: its name, its media type and its address."""
    return "JSON", "application/json", address


def _csv(address: str) -> tuple[str, str, str]:
    return "CSV", "text/csv", address


def _given(names: Container[str]) -> list[tuple[str, str]]:
    """What the page was asked for by some of its parameters."""
    return [(name, value) for name, value in _pairs(request.args) if name in names]


def clocked(path: str, /, **instead: str) -> str:
    """The address of another page at the clocks of this one; ``instead`` names those that differ."""
    return f"{path}{spelt([*_given(CLOCKS.keys() - instead.keys()), *instead.items()])}"


def narrowed(path: str, /, **instead: str) -> str:
    """The address of a list, or of its counts, narrowed as this page is; ``instead`` takes the place of what has the same names."""
    kept = [(name, value) for name, value in _pairs(request.args) if name not in {*_NOT_NARROWING, *instead}]
    return f"{path}{spelt([*kept, *instead.items()])}"


def counted(collection: str, values: Iterable[Mapping[str, Any]]) -> str:
    """The address of the list of those that have the values of a count; nothing where they lack one, which no filter asks for."""
    wanted = {one["facet"]: one["value"] for one in values}
    return "" if None in wanted.values() else narrowed(f"/explore/{collection}", **wanted)


def explored(path: str) -> str:
    """The explorer's page of a record's path."""
    return path.replace("/v1/", "/explore/", 1)


def api_address(path: str, arguments: Mapping[str, str]) -> str:
    """The API's address of what a page shows."""
    return f"/v1/{path}{spelt(_pairs(arguments))}"
