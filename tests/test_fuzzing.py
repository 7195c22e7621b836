"""Schemathesis through the whole stack: every phase, every check, on the contract as it is served; nothing may be found.

Hundreds of operations come from a few declarations. Every operation is asked with its examples, and the shape of every answer
checked; what is generated is sent to the fewest operations that have every declared parameter between them.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from marshmallow import ValidationError
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from sqlalchemy.engine import make_url
from support import dispose, service_on

from api.app import Service
from api.parameters import Columns, Moment
from api.settings import SHIPPED_SEEDS

REJECTED = ["400", "401", "403", "404", "405", "406", "409", "410", "414", "415", "422", "428", "429", "431", "5xx"]
CONFIG: dict[str, Any] = {
    "seed": 1,
    "continue-on-failure": True,
    "generation": {"deterministic": True, "database": "none"},
    "checks": {
        # A well-formed `release` that is not the one loaded is 410, whatever the rest; an address of 8,000 characters is 414.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "410", "414", "429"]
        },
        "negative_data_rejection": {"expected-statuses": REJECTED},
    },
}
MOMENT = Moment("A day.")
ANY_COLUMNS = Columns(())
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The service on the seeds that the project ships, which the contract's examples are from."""
    made = service_on(make_url(f"sqlite:///{tmp_path_factory.mktemp('fuzzing') / 'shipped.db'}"), SHIPPED_SEEDS)
    yield made
    dispose(made)


def fewest(contract: dict[str, Any]) -> list[str]:
    """Paths that have every parameter of the contract between them: greedily, the richest first."""
    wanted = {
        path: {one.get("$ref") or one["name"] for one in item["get"]["parameters"]}
        for path, item in contract["paths"].items()
    }
    missing, chosen = set().union(*wanted.values()), []
    while missing:
        best = max(wanted, key=lambda path: (len(wanted[path] & missing), path))
        chosen.append(best)
        missing -= wanted[best]
    return chosen


def in_order(_context: Any, case: Any) -> Any:
    """What cannot be said in JSON Schema is set right: that `from` is not after `to`, that a proposal is compared with another one,
    that gaps are between two parties, that a matrix has one shape, that words have a letter in some alphabet and several before a star,
    that a byte order mark goes before CSV alone, and columns with a table, of which those of a wide one are not known beforehand.
    """
    query = case.query or {}
    nested = "." not in case.path.rpartition("/")[2]
    if "columns" in query:
        given = query["columns"] if isinstance(query["columns"], list) else [query["columns"]]
        if any(name in case.path for name in ("matrix", "gaps", "facets")):
            with suppress(ValidationError):  # malformed on purpose
                ANY_COLUMNS.deserialize([str(one) for one in given])
                query.pop("columns")
        elif nested:
            query.setdefault("format", "csv")
    if "matrix" in case.path:
        # What is malformed on purpose stays.
        if query.get("rows") in ("issue", "topic") and query.keys() & {"compare", "format"}:
            query.pop("rows")
        if query.get("format") in ("csv", "ndjson") and "compare" in query:
            query.pop("format")
    if query.get("bom") == "1" and query.get("format") != "csv" and nested:
        query.pop("bom")
    plans = {"us-20-point-plan": "us-28-point-plan", "us-28-point-plan": "us-20-point-plan"}
    if "against" in query and query["against"] == (case.path_parameters or {}).get("id"):
        query["against"] = plans.get(query["against"], "us-20-point-plan")
    if "gaps" in case.path and "history" not in case.path:
        named = [query[name] for name in ("parties", "party") if query.get(name)]
        if len({str(id) for one in named for id in (one if isinstance(one, list) else [one])}) == 1:
            query.pop("parties", None)
            query.pop("party", None)
    if isinstance(query.get("q"), str):
        query["q"] = query["q"].replace("*", " ")
        if not query["q"].isascii():
            query["q"] = f"{query['q'][:199]}a"
    if {"from", "to"} <= query.keys():
        try:
            begin, end = (MOMENT.deserialize(query[name]) for name in ("from", "to"))
        except ValidationError:  # malformed on purpose
            return case
        if begin > end:
            query["from"], query["to"] = query["to"], query["from"]
    return case


@schemathesis.hook
def before_call(context: Any, case: Any, **_kwargs: Any) -> None:
    """Examples are not mapped."""
    in_order(context, case)


def findings(service: Service, phase: str, examples: int, paths: Iterable[str] | None) -> list[str]:
    """What Schemathesis finds, as sentences with a request to repeat each."""

    def plain(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Its client asks for codings that its WSGI transport does not undo.
        return service.wsgi({**environ, "HTTP_ACCEPT_ENCODING": ""}, start_response)

    phases = {one: {"enabled": one == phase} for one in PHASES}
    generation = {**CONFIG["generation"], "max-examples": examples}
    config = SchemathesisConfig.from_dict({**CONFIG, "phases": phases, "generation": generation})
    schema = schemathesis.openapi.from_wsgi("/openapi.json", plain, config=config)
    schema.hook("map_case")(in_order)
    if paths is not None:
        schema = schema.include(path=[f"/v1{path}" for path in paths] + list(paths))
    found, asked = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            asked += len(event.recorder.cases)
            found += [
                f"{event.recorder.label}: {check.failure_info.failure}\n{check.failure_info.code_sample}"
                for checks in event.recorder.checks.values()
                for check in checks
                if check.failure_info is not None
            ]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found.append(str(getattr(event, "info", event)))
    assert asked, f"nothing was asked in the phase {phase}"
    return found


@pytest.mark.parametrize(("phase", "examples"), [("examples", 1), ("coverage", 1), ("fuzzing", 6), ("stateful", 3)])
def test_nothing_is_found(shipped: Service, phase: str, examples: int) -> None:
    paths = None if phase in ("examples", "stateful") else fewest(shipped.contract)
    found = findings(shipped, phase, examples, paths)
    assert not found, f"{len(found)} findings:\n\n" + "\n\n".join(found[:10])
