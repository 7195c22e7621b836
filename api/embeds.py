"""What other sites can embed: answers of the API. Each has a page at /embed/ that may be framed, and a full page at /explore/.

The address of either is that of the answer with /v1 replaced, and takes the same parameters.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from api.models import Cited
from api.problems import Wrong, invalid
from api.resource import Resource, Table

Pairs = Iterable[tuple[str, str]]

WIDTH = 720  # pixels
HIGHEST = 640  # pixels; longer content scrolls in its frame
#: The collections whose pages show who stands where, with the parameter of the matrix that selects a record.
STANDING = {"parties": "party", "issues": "issue"}
#: Parameters that change the shape of an answer. No page shows those shapes.
_RESHAPING = ("format", "columns", "rows", "compare")


@dataclass(frozen=True)
class Embed:
    """Something to embed: the path of the answer that it shows, without the version, and the template of its page.

    ``title`` takes the answer's data. The frame is ``head`` pixels high, plus ``row`` pixels for each of its ``rows``. ``suffixed`` means
    that its table is also at the path with a suffix, not only at `format`.
    """

    path: str
    template: str
    title: Callable[[Any], str]
    head: int
    row: int = 0
    rows: Callable[[Any], int] = len
    suffixed: bool = True

    @property
    def rule(self) -> str:
        """The path as a routing rule."""
        return self.path.replace("{", "<").replace("}", ">")

    def height(self, data: Any) -> int:
        """The height of its frame, in pixels."""
        return min(HIGHEST, self.head + (self.row * self.rows(data) if self.row else 0))


class Embeds:
    """Everything that can be embedded."""

    def __init__(self, table: Table) -> None:
        self.of_records = {resource.name: _record(resource) for resource in table}
        self.dossiers = {resource.name: _dossier(resource) for resource in table if issubclass(resource.model, Cited)}
        self.facets = {resource.name: _facets(resource) for resource in table if resource.facets}
        self.analyses = (*ANALYSES, *self.dossiers.values(), *self.facets.values())
        self.listed = (*self.analyses, *self.of_records.values())
        rules = [Rule(f"/<any(embed, explore):_>{one.rule}", endpoint=one) for one in self.listed]
        self._map = Map(rules, strict_slashes=True, merge_slashes=False)

    def find(self, path: str) -> tuple[Embed, dict[str, str]] | None:
        """What the page at a path shows, with the ids in the path; None if it cannot be embedded."""
        try:
            embed, found = self._map.bind("localhost").match(path, method="GET")
        except (HTTPException, RequestRedirect):
            return None
        return embed, {name: id for name, id in found.items() if name != "_"}

    def paths(self, where: str) -> tuple[str, ...]:
        """The paths of everything that can be embedded, below ``where``."""
        of_any = ("/{collection}/{id}/dossier", "/facets/{collection}", "/{collection}/{id}")
        return tuple(f"/{where}{path}" for path in (*(one.path for one in ANALYSES), *of_any))


def refuse_reshaping(given: Pairs) -> None:
    """Refuse parameters that would change the shape of the answer that a page shows.

    Raises:
        Problem: 400.
    """
    wrong = [
        Wrong(name, value[:200], "is not available on pages; use it under /v1/.")
        for name, value in given
        if name in _RESHAPING
    ]
    if wrong:
        raise invalid(wrong)


def below(path: str) -> str:
    """A path without its first segment (the version, `explore` or `embed`)."""
    return "/" + path.split("/", 2)[2]


def explored(path: str) -> str:
    """The explorer's page for a path of the API."""
    return f"/explore{below(path)}"


def spelt(given: Pairs) -> str:
    """The query string of a link, with its question mark. Empty parameters have no effect and are left out; empty if none remain."""
    query = urlencode([(name, value) for name, value in given if value], safe=",/:*")
    return f"?{query}" if query else ""


def frame(src: str, title: str, width: int | str, height: int) -> str:
    """The code that embeds a page."""
    # Content management systems remove styles, but keep the older attribute.
    return (
        f'<iframe src="{escape(src)}" title="{escape(title)}" width="{width}" height="{height}" loading="lazy" '
        'frameborder="0" style="max-width:100%"></iframe>'
    )


def called(resource: Resource, record: Any) -> str:
    """The name of a record on pages; if it has only an id, the name of the record that it is about."""
    of = record.get("subject") or record.get("record")
    named_by = resource.schema.named_by
    return str(of["name"] if of and named_by == "id" else record[named_by])


def compared(gaps: Iterable[Any]) -> list[Any]:
    """The parties that gaps compare."""
    refs = [ref for gap in gaps for ref in (*(one["party"] for one in gap["stances"]), *gap["missing"])]
    found = {ref["id"]: ref for ref in refs}
    return [found[id] for id in sorted(found)]


def _of_gaps(verb: str) -> Callable[[Any], str]:
    def title(gaps: Any) -> str:
        names = [party["name"] for party in compared(gaps)]
        between = f"{', '.join(names[:-1])} and {names[-1]}" if 2 <= len(names) <= 3 else "the parties"
        return f"How far apart {between} {verb}"

    return title


def _rows(matrix: Any) -> int:
    """The number of rows of a matrix, including a heading for each topic."""
    return len(matrix) + len({row["topic"]["id"] if row["topic"] else None for row in matrix})


def _issues(spans: Any) -> int:
    """The number of issues of a history of gaps."""
    return len({span["issue"]["id"] for span in spans})


def _record(resource: Resource) -> Embed:
    return Embed(
        f"/{resource.name}/{{id}}",
        "card.html",
        lambda data: called(resource, data),
        480 if resource.name in STANDING else 300,
    )


def _dossier(resource: Resource) -> Embed:
    return Embed(
        f"/{resource.name}/{{id}}/dossier",
        "dossier.html",
        lambda data: f"How it is known: {data['subject']['name']}",
        330,
        85,
        lambda data: len(data["claims"]) + len(data["stages"]),
        suffixed=False,
    )


def _facets(resource: Resource) -> Embed:
    def title(counts: Any) -> str:
        by = [one["facet"].replace("_", " ") for one in counts[0]["values"]] if counts else []
        return f"How many {resource.name}{' by ' if by else ''}{' and '.join(by)}"

    return Embed(f"/facets/{resource.name}", "facets.html", title, 200, 45, suffixed=False)


GAPS = Embed("/gaps", "gaps.html", _of_gaps("are"), 240, 60)
GAP_HISTORY = Embed("/gaps/history", "gap_history.html", _of_gaps("have been"), 270, 130, _issues)
ANALYSES = (
    Embed("/matrix", "matrix.html", lambda _: "Who stands where", 270, 45, _rows),
    GAPS,
    GAP_HISTORY,
    Embed("/timeline", "timeline.html", lambda _: "What happened and when it was first reported", 130, 90),
    Embed("/movements", "movements.html", lambda _: "Who changed its stance", 130, 90),
    Embed("/silences", "silences.html", lambda _: "Who has not answered", 130, 90),
    Embed(
        "/proposals/{id}/reception",
        "reception.html",
        lambda data: f"How it was received: {data['proposal']['name']}",
        240,
        75,
        lambda data: 1 + len(data["terms"]),
    ),
    Embed(
        "/proposals/{id}/diff",
        "diff.html",
        lambda data: f"What changed from {data['before']['proposal']['name']} to {data['after']['proposal']['name']}",
        260,
        90,
        lambda data: len(data["terms"]),
    ),
)
