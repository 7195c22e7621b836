"""Addresses: of other pages as seen from this one, and of the answers that pages show."""

import re
from collections.abc import Container, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import request
from werkzeug.datastructures import MultiDict

from api.embeds import Pairs, spelt
from api.parameters import CLOCKS
from schemas import VERSION_PATH

#: Parameters that other sites add to links to count their visitors; `_CAMPAIGN` begins the names of more.
_TRACKING = frozenset(
    {"dclid", "fbclid", "gclid", "igshid", "mc_cid", "mc_eid", "msclkid", "ref", "ref_src", "twclid", "yclid"}
)
_CAMPAIGN = "utm_"
#: Parameters of a list, or of its counts, that do not change which records are in it.
_NOT_NARROWING = ("by", "sort", "limit", "after")


def pairs(parameters: Mapping[str, str]) -> Pairs:
    """Parameters as pairs of name and value; a repeated name has a pair for each value."""
    return parameters.items(multi=True) if isinstance(parameters, MultiDict) else parameters.items()


def without(parameters: Mapping[str, str], names: Container[str]) -> MultiDict[str, str]:
    """The parameters except those of some names."""
    return MultiDict((name, value) for name, value in pairs(parameters) if name not in names)


def requested(names: Container[str]) -> list[tuple[str, str]]:
    """The parameters of this page's request that have one of these names."""
    return [(name, value) for name, value in pairs(request.args) if name in names]


def untracked() -> str | None:
    """The address of this page without the parameters that other sites add to count their visitors; None if it has none of them."""
    kept = [(name, value) for name, value in pairs(request.args) if not _tracks(name)]
    return f"{quote(request.path)}{spelt(kept)}" if len(kept) < len(list(pairs(request.args))) else None


def _tracks(name: str) -> bool:
    return name in _TRACKING or name.startswith(_CAMPAIGN)


def framed() -> bool:
    """Whether the page is to be shown in a frame of another page."""
    return request.path.startswith("/embed/")


def clocked(path: str, /, **instead: str) -> str:
    """The address of another page at the clocks of this one; ``instead`` replaces or adds parameters."""
    return f"{path}{spelt([*requested(CLOCKS.keys() - instead.keys()), *instead.items()])}"


def narrowed(path: str, /, **instead: str) -> str:
    """The address of a list, or of its counts, narrowed as this page is; ``instead`` replaces parameters of the same names."""
    return f"{path}{spelt([*pairs(without(request.args, {*_NOT_NARROWING, *instead})), *instead.items()])}"


def counted(collection: str, values: Iterable[Mapping[str, Any]]) -> str:
    """The address of the list of the counted records; empty if they lack a value, since no filter selects those."""
    filters = {one["facet"]: one["value"] for one in values}
    return "" if None in filters.values() else narrowed(f"/explore/{collection}", **filters)


def api_address(path: str, parameters: Mapping[str, str]) -> str:
    """The API's address of what a page shows; ``path`` is without the version."""
    return f"{VERSION_PATH}{path}{spelt(pairs(parameters))}"


def json_link(address: str) -> tuple[str, str, str]:
    """A page's link to its answer as JSON: name, media type and address."""
    return "JSON", "application/json", address


def csv_link(address: str) -> tuple[str, str, str]:
    """A page's link to its answer as CSV: name, media type and address."""
    return "CSV", "text/csv", address


def ways_back(status: int, collections: Container[str], views: Container[str]) -> list[tuple[str, str]]:
    """Links from a page that shows a problem of this status to the nearest working pages: their names and addresses."""
    if not request.path.startswith("/explore/"):
        return []
    _, _, first, *rest = request.path.split("/")
    if first == "facets" and rest:
        first, *rest = rest
    if first in views:
        return [(f"the {first}", f"/explore/{first}")]
    if first not in collections:
        return []
    # A 400 means that the record exists and only the parameters are wrong.
    ways = [("the record", f"/explore/{first}/{quote(rest[0])}")] if rest and status == HTTPStatus.BAD_REQUEST else []
    return [*ways, (f"all {first}", f"/explore/{first}")]


def corrected(detail: str) -> str:
    """The address of this page with a wrong id replaced by the one that a problem suggests; empty if it does not suggest exactly one."""
    ids = re.search(r"“([^”]+)” is not a known .* id\. Did you mean “([^”]+)”\?", detail)
    address = f"{request.path}{spelt(pairs(request.args))}"
    if ids is None:
        return ""
    replaced = re.sub(rf"(?<![\w-]){re.escape(ids[1])}(?![\w-])", ids[2], address)
    return replaced if replaced != address else ""
