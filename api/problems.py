"""Errors as problem details (RFC 9457)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import orjson
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from api.nearest import nearest
from schemas import VERSION_PATH

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status, its title and when it occurs; its ``type`` is ``/v1/problems/{name}``."""

    name: str
    status: int
    title: str
    meaning: str

    @property
    def type(self) -> str:
        return f"{VERSION_PATH}/problems/{self.name}"


INVALID_PARAMETER = Kind(
    "invalid-parameter",
    400,
    "Invalid parameter",
    "A query parameter is unknown, repeated, malformed or out of range. "
    "`errors` lists every such parameter of the request with what is allowed, and every parameter with an unknown id.",
)
BAD_REQUEST = Kind(
    "bad-request",
    400,
    "Bad request",
    "The request is malformed; for example, its path contains bytes that are not UTF-8.",
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "Not found",
    "The path, or an id in the path, in a filter or in `after`, does not exist. If something has a similar name, `detail` suggests it.",
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "Method not allowed",
    "The API is read-only: only GET, HEAD and OPTIONS are allowed. The data changes only when a release is loaded.",
)
NOT_ACCEPTABLE = Kind(
    "not-acceptable",
    406,
    "Not acceptable",
    "The path offers none of the media types that the `Accept` header allows.",
)
GONE = Kind(
    "gone",
    410,
    "No longer available",
    "The record was withdrawn, or the release named in the request is not the one loaded.",
)
URI_TOO_LONG = Kind(
    "uri-too-long", 414, "Address too long", "The path and query together may have at most 8,000 characters."
)
RANGE = Kind(
    "range-not-satisfiable",
    416,
    "Range not satisfiable",
    "The `Range` header asks for bytes beyond the end of the response.",
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large",
    431,
    "Headers too large",
    "`Accept`, `Host`, `Accept-Encoding`, `If-None-Match`, `If-Range` and `Range` may have at most 32,000 bytes in all. No other is read.",
)
INTERNAL = Kind("internal", 500, "Internal error", "The service failed. The error has been logged.")
UNAVAILABLE = Kind(
    "unavailable",
    503,
    "Service unavailable",
    "No release is loaded, its files are still being prepared, or the database cannot be reached. Try again shortly.",
)

KINDS = (
    INVALID_PARAMETER,
    BAD_REQUEST,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    GONE,
    URI_TOO_LONG,
    RANGE,
    HEADERS_TOO_LARGE,
    INTERNAL,
    UNAVAILABLE,
)
INSTANCE_LIMIT = 2000
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_VERSION = re.compile(r"/(api|v[0-9]+)(?=/)", re.IGNORECASE | re.ASCII)
_CUT_ESCAPE = re.compile(r"%[0-9A-Fa-f]?$")
_BY_STATUS = {kind.status: kind for kind in KINDS if kind is not INVALID_PARAMETER}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One parameter that cannot be used: its name, its value as given, what is wrong, and what is allowed."""

    parameter: str
    value: str | None
    message: str
    allowed: tuple[str, ...] = ()


@dataclass
class Problem(Exception):
    """An error that becomes an answer."""

    kind: Kind
    detail: str
    errors: tuple[Wrong, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def body(self, path: str, query: str) -> bytes:
        """The problem as JSON; ``path`` is the request's, decoded, and ``query`` its query string, as given."""
        return orjson.dumps(
            {
                "type": self.kind.type,
                "title": self.kind.title,
                "status": self.kind.status,
                "detail": self.detail,
                "instance": _reference(path, query),
                "errors": [
                    {
                        "parameter": one.parameter,
                        "value": one.value,
                        "message": one.message,
                        "allowed": list(one.allowed),
                    }
                    for one in self.errors
                ],
                "error": {"message": self.detail},
            }
        )


def _reference(path: str, query: str) -> str:
    """A path and a query string as a URI reference (RFC 3986). A long one is cut, but never inside an escape."""
    escaped = quote(path, safe="/:@!$&'()*+,;=~", errors="replace")
    if query:
        kept = _STRAY_PERCENT.sub("%25", query)
        escaped += "?" + quote(kept, safe="/?:@!$&'()*+,;=~%", errors="replace")
    return _CUT_ESCAPE.sub("", escaped[:INSTANCE_LIMIT])


def invalid(errors: Iterable[Wrong]) -> Problem:
    """One 400 for all parameters that cannot be used."""
    return _of_parameters(INVALID_PARAMETER, errors)


def not_found(detail: str) -> Problem:
    """A 404."""
    return Problem(NOT_FOUND, detail)


def unknown(errors: Iterable[Wrong]) -> Problem:
    """One 404 for all parameters whose value names nothing."""
    return _of_parameters(NOT_FOUND, errors)


def of_parameter(problem: Problem, name: str, value: str) -> Problem:
    """The same problem as an error of the parameter whose value caused it."""
    return _of_parameters(problem.kind, [Wrong(name, value, problem.detail)])


def refuse_unknown(errors: Iterable[Wrong]) -> None:
    """Refuse the values that name nothing.

    Raises:
        Problem: see `unknown`, where there are any.
    """
    if found := tuple(errors):
        raise unknown(found)


def _of_parameters(kind: Kind, errors: Iterable[Wrong]) -> Problem:
    found = tuple(errors)
    return Problem(kind, " ".join(map(_told, found)), found)


def _told(one: Wrong) -> str:
    return f"{one.parameter}: {one.message}" if one.parameter else one.message


def of_http(error: HTTPException, path: str, paths: Iterable[str]) -> Problem:
    """The problem for an HTTP error of Flask or Werkzeug. ``paths`` are the existing paths, for a suggestion."""
    status = error.code or 500
    kind = _BY_STATUS.get(status) or Kind("http", status, HTTPStatus(status).phrase, HTTPStatus(status).description)
    headers: Mapping[str, Any] = {}
    if isinstance(error, MethodNotAllowed):
        headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))}
    if status == NOT_FOUND.status:
        return not_found(f"The path “{path[:200]}” does not exist. The API starts at /v1/.{nearest_path(path, paths)}")
    return Problem(kind, kind.meaning if status in (405, 500) else str(error.description), headers=dict(headers))


def nearest_path(path: str, paths: Iterable[str]) -> str:
    """A sentence that suggests the paths most similar to the requested one, whatever its version; empty if none is similar."""
    version = _VERSION.match(path)
    asked = path[version.end() if version else 0 :].strip("/").split("/")
    rules = set(paths)
    found: dict[str, float] = {}
    for rule in rules:
        # Each path of the API is there without the version too.
        if ":" not in rule and not rule.startswith(VERSION_PATH):
            filled, likeness = _alike(asked, rule)
            found[f"{VERSION_PATH}{filled}" if version and f"{VERSION_PATH}{rule}" in rules else filled] = likeness
    best = max(found.values(), default=0)
    near = sorted((-likeness, one) for one, likeness in found.items() if likeness and likeness > best - 5)
    return suggest([one for _, one in near[:3]])


def _alike(asked: list[str], rule: str) -> tuple[str, float]:
    """The path of a rule, with ids from the requested segments, and its similarity to them from 0 to 100."""
    parts = rule.strip("/").split("/")
    if parts[:-1] == asked and "<" not in rule:
        return rule, 95.0  # directly below what was asked for
    if len(parts) != len(asked):
        return rule, 0.0
    from rapidfuzz import fuzz  # noqa: PLC0415  # see `api.nearest`

    # A segment that can be any id counts less than a fixed word that is nearly right or lacks its suffix.
    likeness = [
        70.0 if part.startswith("<") else 95.0 if part.startswith(f"{one}.") else fuzz.ratio(one.lower(), part)
        for one, part in zip(asked, parts, strict=True)
    ]
    if min(likeness) < 60:
        return rule, 0.0
    if "<" in rule:
        rule = "/" + "/".join(one if part.startswith("<") else part for one, part in zip(asked, parts, strict=True))
    return rule[:200], sum(likeness) / len(likeness)


def did_you_mean(found: str, choices: Iterable[str]) -> str:
    """A sentence that suggests the nearest choices; empty if none is near."""
    return suggest(nearest(found, choices, most=3))


def suggest(names: Iterable[str]) -> str:
    """A sentence that suggests these names; empty without names."""
    quoted = " or ".join(f"“{name}”" for name in names)
    return f" Did you mean {quoted}?" if quoted else ""
