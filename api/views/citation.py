"""Citing an answer so that it can be retrieved again.

An answer depends on the release, the path and the query: a query without clocks uses the release's date. So pinning the release pins
everything except what was loaded before it, which only releases and changes show. The cited path is answered here, in process; the digest
is that of the body of the pinned path, before any content coding.

The forms: a sentence, BibTeX (``@misc``), and CSL-JSON 1.0.2 of the type ``dataset``.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from api.contract.examples import PARTIES
from api.operation import JSON, Answer, Call, Operation, enveloped, json_answer, non_empty, ref
from api.parameters import query
from api.problems import Problem, Wrong, invalid, nearest_path, unknown
from api.reading.records import MovedTo
from api.views.analysis import TAG
from schemas import VERSION_PATH
from schemas.fields import Contract, JsonSchema, Side

#: Below these are the pages, each at the path of the answer that it shows.
PAGES = ("/explore/", "/embed/")
PUBLISHER = "The Positions authors"
_CHUNK = 2**16


def citation_operation(operations: Sequence[Operation]) -> Operation:
    """The citation of any of the operations, itself among them."""
    every: list[Operation] = list(operations)
    paths = Paths(every)
    found = Operation(
        path="/cite",
        name="cite",
        tag=TAG,
        summary="A citation of any answer",
        description=(
            "Cites the answer to any path of this API as a sentence, in BibTeX and in CSL-JSON, with the answer's SHA-256. The path in "
            "the citation pins the release, so it returns the same answer again; if another release is loaded, it returns 410. Answers "
            "about earlier releases are the same wherever the same releases were loaded before."
        ),
        view=lambda call: json_answer(cite(call, paths, call.values["path"]), call),
        query=query(path=PathField("The path to cite, with its query.", required=True)),
        content={JSON: enveloped(ref("Citation"))},
        examples={"path": f"{VERSION_PATH}/gaps?parties={','.join(PARTIES)}"},
    )
    every.append(found)
    return found


class PathField(Contract[str]):
    """A path of the API, with its query."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "pattern": "^/[!-~]*$", "maxLength": 7000}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text = str(value)
        if not re.fullmatch("/[!-~]*", text) or len(text) > 7000:
            raise ValidationError("must be a path of this service, such as /v1/gaps?parties=russia,ukraine.")
        return text


@dataclass(frozen=True)
class Cited:
    """A path of the API to cite: the operation that answers it, and the call to pass to that."""

    operation: Operation
    call: Call


class Paths:
    """The paths of the API, matched in the same way as its routes."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._map: Map | None = None

    def find(self, call: Call, path: str) -> Cited:
        """The operation and the call of a path, with the release pinned.

        Raises:
            Problem: 404 if the API does not have the path; 400 if it is not a path, or its query is wrong.
        """
        parts = urlsplit(path)
        if parts.scheme or parts.netloc or parts.fragment or not parts.path.startswith("/"):
            raise invalid([Wrong("path", path[:200], "must be a path of this service, such as /v1/gaps?parties=a,b.")])
        versioned = parts.path.startswith(f"{VERSION_PATH}/")
        bare = unquote(parts.path.removeprefix(VERSION_PATH) if versioned else parts.path)
        try:
            number, ids = self._routes().bind("localhost").match(bare, method="GET")
        except (HTTPException, RequestRedirect) as error:
            raise self._unknown(path) from error
        if bare == "/" and not versioned:
            raise self._unknown(path)
        operation = self._operations[number]
        given = parse_qsl(parts.query, keep_blank_values=True)
        if all(name != "release" for name, _ in given):
            given.append(("release", call.store.release))
        values = operation.read(MultiDict(given), call.connection, call.table, ids, call.store.release)
        inner = replace(call, path=bare, ids=dict(ids), values=values, arguments=non_empty(given))
        return Cited(operation, inner)

    def _unknown(self, path: str) -> Problem:
        """The 404 for a path without an answer to cite, with the nearest one; for a page, the path of the answer that it shows."""
        bare, hint = path.partition("?")[0], ""
        page = next((each for each in PAGES if len(bare) > len(each) and bare.startswith(each)), "")
        if page and self._routes().bind("localhost").test(f"/{unquote(bare).removeprefix(page)}"):
            hint = f" The page shows the answer of “{VERSION_PATH}/{path.removeprefix(page)[:200]}”."
        elif bare.startswith(f"{VERSION_PATH}/"):
            rules = [rule.rule for rule in self._routes().iter_rules()]
            hint = nearest_path(bare, [*rules, *(f"{VERSION_PATH}{rule}" for rule in rules)])
        told = f"“{bare[:200]}” is not a path of the API; only its answers can be cited. The API starts at {VERSION_PATH}/.{hint}"
        return unknown([Wrong("path", path[:200], told)])

    def _routes(self) -> Map:
        if self._map is None:
            rules = [
                Rule(one.path.replace("{", "<").replace("}", ">"), endpoint=number)
                for number, one in enumerate(self._operations)
            ]
            self._map = Map(rules, strict_slashes=True, merge_slashes=False)
        return self._map


def cite(call: Call, paths: Paths, path: str) -> dict[str, Any]:
    """The citation of the answer to a path.

    Raises:
        Problem: see `Paths.find`; or the problem that the path itself returns.
        MovedTo: the path names a record that has a new id, under which it can be cited.
    """
    cited = paths.find(call, path)
    try:
        answer = cited.operation.run(cited.call)
    except MovedTo as moved:
        raise MovedTo(call.link(path=moved.path)) from None
    digest, length = _digest(answer)
    pinned, at = cited.call.link(), cited.call.clocks
    store = call.store
    url = f"{call.base}{pinned}"
    title = f"Positions: {cited.operation.summary}"
    clocks = [f"as of {at.as_of}" if at.as_of else "", f"as known on {at.known_at}" if at.known_at else ""]
    said = "".join(f", {clock}" for clock in clocks if clock)
    key = f"positions-{store.release}-{digest[:8]}"
    return {
        "path": pinned,
        "url": url,
        "title": title,
        "release": store.release,
        "released_on": store.date.isoformat(),
        "release_sha256": store.digest,
        "as_of": at.as_of.isoformat() if at.as_of else None,
        "known_at": at.known_at.isoformat() if at.known_at else None,
        "media_type": answer.media_type,
        "bytes": length,
        "sha256": digest,
        "text": (
            f"{PUBLISHER} ({store.date.year}). {title}{said}. Release {store.release} of {store.date}. "
            f"{url} (SHA-256 {digest})."
        ),
        "bibtex": _bibtex(
            key,
            title=f"{{{title}{said}}}",
            author=f"{{{PUBLISHER}}}",
            year=str(store.date.year),
            month=str(store.date.month),
            version=store.release,
            howpublished=f"\\url{{{url}}}",
            note=f"SHA-256 {digest}",
        ),
        "csl": {
            "id": key,
            "type": "dataset",
            "title": f"{title}{said}",
            "author": [{"literal": PUBLISHER}],
            "issued": {"date-parts": [[store.date.year, store.date.month, store.date.day]]},
            "version": store.release,
            "URL": url,
            "note": f"SHA-256 {digest}",
        },
    }


def _digest(answer: Answer) -> tuple[str, int]:
    """The SHA-256 of a body and its length in bytes."""
    total, length = hashlib.sha256(), 0
    if isinstance(answer.body, Path):
        with answer.body.open("rb") as file:
            while chunk := file.read(_CHUNK):
                total.update(chunk)
                length += len(chunk)
        return total.hexdigest(), length
    for chunk in [answer.body] if isinstance(answer.body, bytes) else answer.body:
        total.update(chunk)
        length += len(chunk)
    return total.hexdigest(), length


def _bibtex(key: str, **fields: str) -> str:
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{key}{lines}\n}}"
