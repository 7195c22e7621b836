"""The pages of the explorer and those to embed: each requests an answer of the API in process and fills a template with it."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, Response, redirect, render_template, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as WerkzeugResponse

from api.embeds import ANALYSES, GAP_HISTORY, GAPS, STANDING, Embed, Embeds, below, called, explored, frame, spelt
from api.pages.arrange import across, stands
from api.pages.client import ask, options
from api.pages.context import shared_context
from api.pages.links import (
    api_address,
    clocked,
    corrected,
    csv_link,
    framed,
    json_link,
    pairs,
    requested,
    untracked,
    without,
)
from api.palette import STYLE
from api.parameters import CLOCKS, SPAN
from api.problems import Problem, Wrong, did_you_mean, invalid, not_found
from api.reading.records import MovedTo
from api.resource import Resource, Table
from schemas import VERSION_PATH

HERE = Path(__file__).parent
#: How many parties the home page shows: those of the kinds that make agreements first, then by their number of positions.
MAIN_PARTIES = 5
_MAKE_AGREEMENTS = "state,alliance,intergovernmental_organisation,coalition,armed_group"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'"
#: The pages that compare parties, and the parameters that name these.
_COMPARING = (GAPS, GAP_HISTORY)
_PARTIES = ("parties", "party")
#: Collections that have a feed: its media type and its path.
_FEEDS = {
    "changes": ("application/atom+xml", "/feeds/changes.atom"),
    "events": ("text/calendar", "/feeds/events.ics"),
}
#: Parameters of a list that its feed does not take, since it covers all releases and has its own order.
_NOT_FED = ("release", "sort", "limit", "after")
#: Fields that the page of a record does not list, since its heading or another part shows them.
HEADED = (
    "id", "href", "summary", "evidence", "target", "note", "absent",
    "claim_status", "first_reported_on", "first_reported", "evidence_count", "document_count", "origin_count",
)  # fmt: skip


def add_pages(app: Flask, table: Table, public_url: str | None) -> None:
    """Serve the explorer at / and /explore/, and the pages to embed at /embed/."""
    explorer = Explorer(table, public_url)
    blueprint = Blueprint("pages", __name__, template_folder=str(HERE / "templates"))
    collection = f"<any({','.join(explorer.collections)}):collection>"
    for rule, page in (
        ("/", explorer.home),
        ("/explore/", start),
        ("/explore/style.css", style),
        ("/explore/search", search),
        ("/explore/vocabularies", vocabularies),
        ("/explore/cite", explorer.cite),
        (f"/explore/{collection}", explorer.records),
        (f"/explore/{collection}/<id>", explorer.record),
        ("/explore/<path:rest>", explorer.not_explored),
        ("/embed/", explorer.not_embedded),
        ("/embed/<path:rest>", explorer.not_embedded),
    ):
        blueprint.add_url_rule(rule, view_func=page)
    for embed in explorer.embeds.listed:
        blueprint.add_url_rule(f"/embed{embed.rule}", f"embed{embed.path}", partial(explorer.embeddable, embed))
    for embed in explorer.embeds.analyses:
        blueprint.add_url_rule(f"/explore{embed.rule}", f"explore{embed.path}", partial(explorer.embeddable, embed))
    blueprint.before_request(untrack)
    blueprint.context_processor(explorer.context)
    blueprint.after_request(guard)
    blueprint.register_error_handler(Problem, explain)
    blueprint.register_error_handler(MovedTo, follow)
    app.register_blueprint(blueprint)


class Explorer:
    """The pages that depend on the table of collections."""

    def __init__(self, table: Table, public_url: str | None) -> None:
        self.table = table
        self.public_url = public_url
        self.embeds = Embeds(table)
        self.collections = [resource.name for resource in table]
        self._shared = shared_context(table, self.embeds)
        #: The first segments of paths below /explore/.
        self.names = ["search", "vocabularies", *(one.path.split("/")[1] for one in ANALYSES), *self.collections]

    def context(self) -> dict[str, Any]:
        """What every template may use."""
        return {
            **self._shared,
            "address": f"{self._base()}{quote(request.path)}{spelt(pairs(request.args))}",
            "asked": request.args,
            "here": request.path.split("/")[2] if request.path.startswith("/explore/") else "",
            "layout": "embed.html" if framed() else "page.html",
        }

    def home(self) -> str:
        """The home page: the main parties in a matrix, the latest proposals and events. It takes no parameters.

        Raises:
            Problem: 400, if the request has parameters: ignoring a clock or a filter would mislead.
        """
        if request.args:
            told = "is not available on the home page; /explore/matrix takes clocks and filters."
            raise invalid([Wrong(name[:80], value[:200], told) for name, value in request.args.items()])
        matrix = ask("/matrix")["data"]
        agreeing = {id for _, id in options("parties", {"kind": _MAKE_AGREEMENTS})}
        parties = sorted(across(matrix), key=lambda party: party["id"] not in agreeing)[:MAIN_PARTIES]
        counts = [(row, sum(cell["party"] in parties for cell in row["cells"])) for row in matrix]
        shared = [row for row, count in counts if count > 1]
        return render_template(
            "home.html",
            service=ask("/")["data"],
            matrix={"data": shared or [row for row, count in counts if count]},
            shared=shared,
            parties=parties,
            proposals=ask("/proposals", {"sort": "-made_on"})["data"],
            events=ask("/events", {"sort": "-occurred_on", "limit": "6"})["data"],
        )

    def records(self, collection: str) -> str:
        """The list of a collection."""
        resource = self.table.by_name[collection]
        named_by = resource.schema.named_by
        asked = MultiDict(request.args)
        if named_by in [sort.name for sort in resource.sorts]:
            asked.setdefault("sort", named_by)
        formats = [json_link(api_address(f"/{collection}", asked))]
        if resource.has_table:
            formats.append(csv_link(api_address(f"/{collection}.csv", without(asked, ("after", "limit")))))
        if collection in _FEEDS:
            media_type, path = _FEEDS[collection]
            formats.append(("feed", media_type, api_address(path, without(asked, _NOT_FED))))
        return render_template(
            "collection.html",
            collection=collection,
            about=resource.about,
            named_by=named_by,
            dated_by=resource.schema.dated_by,
            asked=asked,
            formats=formats,
            answer=ask(f"/{collection}", asked),
        )

    def record(self, collection: str, id: str) -> str:
        """A record with its parts; a party or an issue with where it stands."""
        resource = self.table.by_name[collection]
        # Parties and issues have no clocks: those of the page apply only to where they stand.
        asked = without(request.args, CLOCKS) if collection in STANDING else request.args
        answer = ask(f"/{collection}/{id}", asked)
        formats = [json_link(answer["links"]["self"])]
        if collection in STANDING:
            formats.append(csv_link(clocked(f"{VERSION_PATH}/stances.csv", **{STANDING[collection]: id})))
        return render_template(
            "record.html",
            collection=collection,
            record=answer["data"],
            answer=answer,
            embed=self._embedding(self.embeds.of_records[collection], answer["data"], asked),
            name=called(resource, answer["data"]),
            formats=formats,
            parts=[(name, part) for name, part in _parts(resource, id) if part["data"]],
            standing=_standing(collection, id),
            headed=(*HEADED, resource.schema.named_by, *(inside.field for inside in resource.inside)),
        )

    def embeddable(self, embed: Embed, **ids: str) -> str:
        """An analysis, or a card of a record."""
        path, asked, alone = below(request.path), request.args, None
        try:
            answer = ask(path, asked)
        except Problem as problem:
            parties = _parties(asked)
            if framed() or problem.kind.status != HTTPStatus.BAD_REQUEST or len(parties) > 1 or embed not in _COMPARING:
                raise
            # The forms of gaps have two choices. If the reader makes only one and the API refuses that, the page shows others.
            asked, alone = _comparable(embed, without(asked, _PARTIES)), next(iter(parties), None)
            answer = ask(path, asked)
        csv = (f"{path}.csv", asked) if embed.suffixed else (path, MultiDict([*pairs(asked), ("format", "csv")]))
        return render_template(
            embed.template,
            answer=answer,
            embed=self._embedding(embed, answer["data"], asked),
            path=path,
            asked=asked,
            alone=alone,
            standing=_standing(embed.path.split("/")[1], ids["id"]) if embed.template == "card.html" else None,
            formats=[json_link(api_address(path, asked)), csv_link(api_address(*csv))],
        )

    def cite(self) -> str:
        """How to cite an answer, with a link to the page that shows it."""
        answer = ask("/cite", request.args)
        asked = request.args["path"]
        path = asked.partition("?")[0]
        shown = (
            path.startswith(f"{VERSION_PATH}/") and "." not in path and path.split("/")[2] in {"facets", *self.names}
        )
        formats = [json_link(api_address("/cite", request.args))]
        return render_template("cite.html", answer=answer, cited=explored(asked) if shown else "", formats=formats)

    def not_explored(self, rest: str) -> str:
        """404, with the page of the nearest name."""
        counts = [one.path[1:] for one in self.embeds.facets.values()]
        hint = did_you_mean(rest[:200].partition("/")[0], self.names) or did_you_mean(rest[:200], counts)
        raise not_found(f"The explorer has no page “{rest[:200]}”.{hint}")

    def not_embedded(self, rest: str = "") -> str:
        """404, with the nearest path and a list of all."""
        hint = did_you_mean(request.path[:200], [f"/embed{one.path}" for one in self.embeds.listed])
        paths = ", ".join(self.embeds.paths("embed"))
        raise not_found(f"There is nothing to embed at “/embed/{rest[:200]}”. Known paths: {paths}.{hint}")

    def _base(self) -> str:
        """The public address of the service, without a final slash."""
        return self.public_url or request.host_url.rstrip("/")

    def _embedding(self, embed: Embed, data: Any, asked: Mapping[str, str]) -> dict[str, str]:
        """How to embed what this page shows: its title, its addresses and the code to paste."""
        title, base = embed.title(data), self._base()
        address = f"{quote(below(request.path))}{spelt(pairs(asked))}"
        page = f"{base}/explore{address}"
        return {
            "title": title,
            "page": page,
            "oembed": f"{base}{VERSION_PATH}/oembed{spelt([('url', page)])}",
            "code": frame(f"{base}/embed{address}", title, "100%", embed.height(data)),
        }


def start() -> WerkzeugResponse:
    """The explorer's start is the home page."""
    return redirect(f"/{spelt(pairs(request.args))}", 308)


def search() -> str:
    """The search form, with the hits once there is something to search for."""
    unasked = request.args.keys() <= {"q"} and not request.args.get("q")
    answer = None if unasked else ask("/search", request.args)
    formats = [json_link(api_address("/search", request.args))] if answer else []
    return render_template("search.html", answer=answer, searching=True, formats=formats)


def vocabularies() -> str:
    """The terms and their definitions."""
    answer = ask("/vocabularies", request.args)
    return render_template("vocabularies.html", answer=answer, formats=[json_link(api_address("/vocabularies", {}))])


def style() -> Response:
    """The style sheet, with the colours of the stances."""
    return Response((HERE / "style.css").read_text(encoding="utf-8") + STYLE, mimetype="text/css")


def untrack() -> WerkzeugResponse | None:
    """Redirect to the same page without the parameters of visitor tracking, which its answers would refuse as unknown."""
    address = untracked()
    return _uncached_redirect(address, 302) if address else None


def guard(response: Response) -> Response:
    """Set the policy that a page loads nothing from other hosts, and that only pages to embed may be framed."""
    ancestors = "*" if framed() else "'none'"
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors {ancestors}"
    return response


def explain(problem: Problem) -> tuple[str, int]:
    """A problem as a page, with a link to the right page if it is known."""
    return render_template("problem.html", problem=problem, meant=corrected(problem.detail)), problem.kind.status


def follow(moved: MovedTo) -> WerkzeugResponse:
    """Redirect to the page of a record that has a new address."""
    return _uncached_redirect(f"/{'embed' if framed() else 'explore'}{below(moved.path)}", 301)


def _uncached_redirect(address: str, status: int) -> WerkzeugResponse:
    response = redirect(address, status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _parts(resource: Resource, id: str) -> list[tuple[str, Any]]:
    """The lists of a record's parts by name, at the clocks of the page. Positions are listed once, not again by kind."""
    schemas = [part.resource.schema for part in resource.parts]
    lists = []
    for part in resource.parts:
        if any(issubclass(part.resource.schema, other) and part.resource.schema is not other for other in schemas):
            continue
        parameters = {name: request.args.get(name, "") for name in part.resource.model.clocks}
        if "valid_from" in [sort.name for sort in part.resource.sorts]:
            parameters["sort"] = "-valid_from"
        name = part.resource.name
        lists.append((name, ask(f"/{resource.name}/{id}/{name}", parameters)))
    return lists


def _standing(collection: str, id: str) -> dict[bool, list[dict[str, Any]]] | None:
    """Where a party stands, or who stands where on an issue, at the clocks of the page; None for other records."""
    parameter = STANDING.get(collection)
    if parameter is None:
        return None
    asked = MultiDict([*requested(CLOCKS), (parameter, id)])
    return stands(ask("/matrix", asked)["data"], ask("/stances.json", asked), parameter)


def _parties(asked: MultiDict[str, str]) -> set[str]:
    """The ids of the parties that gaps are asked for."""
    return {id for name in _PARTIES for value in asked.getlist(name) for id in value.split(",") if id}


def _comparable(embed: Embed, asked: MultiDict[str, str]) -> MultiDict[str, str]:
    """What a page of gaps is asked with where no two parties are named: for the gaps of all, or the history of the two with the most
    recorded positions.
    """
    if embed is not GAP_HISTORY:
        return asked
    both = across(ask("/gaps", without(asked, SPAN))["data"], "stances")[:2]
    return MultiDict([*pairs(asked), *(("parties", party["id"]) for party in both)])
