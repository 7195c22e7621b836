"""The pages' client of the API: it sends requests in process, and gets the same answers as any client."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from flask import current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from api.embeds import refuse_reshaping
from api.pages.links import pairs, requested
from api.parameters import CLOCKS
from api.problems import KINDS, MEDIA_TYPE, Problem
from api.reading.records import MovedTo
from schemas import VERSION_PATH


def ask(path: str, parameters: Mapping[str, str] | None = None) -> Any:
    """An answer of the API, for the release of the request that is being answered; ``path`` is without the version.

    Raises:
        Problem: the API's error, or 400 for a parameter that would change the shape of the answer.
        MovedTo: the record has a new address.
    """
    query = list(pairs(parameters or {}))
    refuse_reshaping(query)
    builder = EnvironBuilder(
        path=f"{VERSION_PATH}{quote(path)}", base_url=request.host_url, query_string=urlencode(query)
    )
    environ = builder.get_environ()
    environ["positions.store"] = request.environ["positions.store"]
    # Buffered, so that the response is closed when it has been read.
    body, status, headers = run_wsgi_app(current_app.wsgi_app, environ, buffered=True)
    if status.startswith("301"):
        raise MovedTo(headers["Location"])
    answer = orjson.loads(b"".join(body))
    if headers.get("Content-Type") == MEDIA_TYPE:
        raise Problem(next(kind for kind in KINDS if kind.type == answer["type"]), answer["detail"])
    return answer


def options(collection: str, parameters: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """The names and ids of a collection's records, for a list of choices; the id is added to names that occur twice."""
    found = [(one["__text"], one["__value"]) for one in ask(f"/options/{collection}", parameters)]
    counts = Counter(name for name, _ in found)
    return [(f"{name} ({id})" if counts[name] > 1 else name, id) for name, id in found]


def processes() -> list[tuple[str, str]]:
    """The titles and ids of all processes, for a list of choices."""
    choices: list[tuple[str, str]] = []
    after: str | None = ""
    while after is not None:
        page = ask("/processes", {"limit": "200", **({"after": after} if after else {})})
        choices += [(process["title"], process["id"]) for process in page["data"]]
        after = page["page"]["next"]
    return choices


def released() -> date:
    """The date of the release."""
    return date.fromisoformat(ask("/")["data"]["release"]["date"])


def comparable(id: str) -> list[tuple[str, str]]:
    """The titles and ids of the other proposals of a proposal's process, at the clocks of the page."""
    clocks = requested(CLOCKS)
    process = ask(f"/proposals/{id}", MultiDict(clocks))["data"]["process"]["id"]
    proposals = options("proposals", MultiDict([*clocks, ("process", process)]))
    return [(title, other) for title, other in proposals if other != id]
