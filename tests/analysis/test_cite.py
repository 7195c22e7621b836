"""A citation pins an answer and replays it, for every path that the service has."""

import hashlib
import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import Api

from api.operation import Operation
from api.resources import RESOURCES
from api.views import operations

OPERATIONS = {operation.name: operation for operation in operations(RESOURCES)}
#: These answer with files of the whole release, or with what is only there where the record has it.
EXAMPLES = {
    name: operation
    for name, operation in OPERATIONS.items()
    if all(parameter in operation.examples for parameter in re.findall(r"{(\w+)}", operation.path))
}


def path_of(operation: Operation) -> str:
    """The path of an operation with its examples."""
    path, query = operation.path, []
    for name, value in operation.examples.items():
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", str(value))
        else:
            query.append((name, ",".join(value) if isinstance(value, list) else str(value)))
    return f"/v1{path}" + (f"?{urlencode(query)}" if query else "")


def cited(api: Api, path: str) -> dict[str, Any]:
    """The citation of a path."""
    found: dict[str, Any] = api.data(f"/v1/cite?path={quote(path)}")
    return found


def replay(api: Api, path: str) -> dict[str, Any]:
    """Cite a path, follow the citation, and check that both answers and the digest agree."""
    before = api.ask(path)
    if before.status_code != 200:
        assert api.ask(f"/v1/cite?path={quote(path)}").status_code == before.status_code
        return {}
    citation: dict[str, Any] = cited(api, path)
    again = api.ask(citation["path"])
    assert again.status_code == 200
    assert hashlib.sha256(again.data).hexdigest() == citation["sha256"]
    assert len(again.data) == citation["bytes"]
    assert again.content_type == before.content_type == citation["media_type"]
    if before.content_type == "application/json" and isinstance(before.json, dict) and "meta" in before.json:
        assert again.json["data"] == before.json["data"]
        assert again.data[: again.data.index(b'"links":')] == before.data[: before.data.index(b'"links":')]
    return citation


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_of_the_contract_is_citable(shipped: Api, name: str) -> None:
    path = path_of(EXAMPLES[name])
    citation = replay(shipped, path)
    answer = shipped.ask(path)
    if citation and answer.content_type == "application/json" and isinstance(answer.json, dict):
        link = answer.json.get("meta", {}).get("cite")
        if link:
            assert shipped.data(link)["sha256"] == citation["sha256"]


@settings(max_examples=40)
@given(
    st.sampled_from(["matrix", "gaps", "timeline", "movements", "silences", "positions", "responses", "gaps.csv"]),
    st.dictionaries(
        st.sampled_from(["as_of", "known_at"]), st.sampled_from(["2024-02-20", "2024-03-14", "2025-12-03"]), max_size=2
    ),
    st.sampled_from([{}, {"mode": "on_record,anonymous"}, {"issue": "territory"}, {"party": "russia,ukraine"}]),
)
def test_replaying_a_citation_gives_the_same_bytes(
    shipped: Api, path: str, clocks: dict[str, str], more: dict[str, str]
) -> None:
    citation = replay(shipped, f"/v1/{path}?{urlencode({**clocks, **more})}")
    for name in ("as_of", "known_at"):
        assert citation[name] == clocks.get(name)
        assert (f"{name}=" in citation["path"]) == (name in clocks), "what was not asked for is not pinned"


def test_a_citation_pins_the_release_and_says_what_it_cites(shipped: Api) -> None:
    release = shipped.get("/v1/")["meta"]["release"]
    citation = cited(shipped, "/gaps?parties=russia,ukraine&as_of=2024-02-20")
    assert citation["path"] == f"/v1/gaps?as_of=2024-02-20&parties=russia,ukraine&release={release}"
    assert citation["url"].endswith(citation["path"])
    assert citation["release"] == release
    assert citation["sha256"] in citation["text"]
    assert "as of 2024-02-20" in citation["text"]
    assert re.fullmatch(r"@misc\{[a-z0-9-]+(,\n  \w+ = \{.+\})+\n\}", citation["bibtex"])
    assert (citation["csl"]["type"], citation["csl"]["version"]) == ("dataset", release)
    assert cited(shipped, citation["path"]) == citation


def test_another_release_is_gone_in_a_citation_too(shipped: Api) -> None:
    shipped.get("/v1/cite?path=/v1/gaps%3Frelease%3Dr1999-1", 410)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("", 400), ("gaps", 400), ("https://elsewhere.example/v1/gaps", 400), ("//elsewhere.example/v1/gaps", 400)),
        *(("/v1/gaps#top", 400), ("/v1/gaps?partys=russia", 400), ("/v1/gaps?as_of=never", 400)),
        *(("/", 404), ("/v1", 404), ("/v1gaps", 404), ("/v1/nothing", 404), ("/docs/", 404), ("/v1/v1/gaps", 404)),
        *(("/v1/gaps?parties=rusia", 404), ("/v1/proposals/none", 404), ("/v1/gaps/", 404)),
    ],
)
def test_what_is_no_path_of_ours_cannot_be_cited(shipped: Api, path: str, status: int) -> None:
    problem = shipped.get(f"/v1/cite?path={quote(path)}", status)
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/explore/matrix?as_of=2024-02-20", "The page shows the answer of “/v1/matrix?as_of=2024-02-20”."),
        ("/explore/parties/russia", "The page shows the answer of “/v1/parties/russia”."),
        ("/embed/gaps?parties=russia,ukraine", "The page shows the answer of “/v1/gaps?parties=russia,ukraine”."),
        ("/v1/partys", "Did you mean “/v1/parties”?"),
        *((path, None) for path in ("/", "/explore/", "/explore/style.css", "/docs/", "/openapi.json", "/metrics")),
    ],
)
def test_what_has_no_answer_to_cite_is_told_with_the_nearest_that_has(
    shipped: Api, path: str, hint: str | None
) -> None:
    (error,) = shipped.get(f"/v1/cite?path={quote(path)}", 404)["errors"]
    told = "is not a path of the API; only its answers can be cited. The API starts at /v1/."
    assert error["message"] == f"“{path.partition('?')[0]}” {told}{f' {hint}' if hint else ''}"
    if hint:
        assert shipped.ask(hint.split("“")[1].split("”")[0]).status_code == 200


def test_a_citation_can_be_cited(shipped: Api) -> None:
    link = "/v1/gaps?parties=russia,ukraine"
    for _ in range(3):
        link = shipped.get(link)["meta"]["cite"]
    assert shipped.data(link)["title"] == "Positions: A citation of any answer"
