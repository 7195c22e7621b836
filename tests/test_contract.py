"""The contract and the service are the same: paths, shapes, headers, examples, pages; every link leads somewhere."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from support import COLLECTIONS, PARTS, ROOT, TABLED, Api, path_of
from werkzeug.test import TestResponse

from api.app import Service
from api.contract.openapi import to_yaml
from api.resources import RESOURCES
from api.settings import SHIPPED_SEEDS
from schemas.fields import SLUG_LENGTH, component

#: What the committed contract has no example of: their ids change with the content or from release to release.
UNSTABLE = ("evidence", "releases", "changes")


def test_the_committed_contract_is_what_the_code_declares(service: Service) -> None:
    assert (ROOT / "openapi.yaml").read_text(encoding="utf-8") == to_yaml(service.contract), "run `positions openapi`"


def test_the_contract_is_served_as_it_is_committed(shipped: Service) -> None:
    api = Api(shipped.wsgi)
    response = api.ask("/openapi.yaml")
    assert response.content_type == "application/yaml"
    served = yaml.safe_load(response.text)
    assert api.get("/openapi.json") == served
    for collection in UNSTABLE:
        (id,) = (
            one for one in served["paths"][f"/{collection}/{{id}}"]["get"]["parameters"] if one.get("name") == "id"
        )
        assert api.data(f"/v1/{collection}/{id.pop('example')}")
    assert to_yaml(served) == (ROOT / "openapi.yaml").read_text(encoding="utf-8")
    assert list(api.get("/openapi.json")["paths"]) == list(shipped.contract["paths"]), (
        "in the order of the declarations"
    )


@pytest.mark.parametrize("name", ["openapi.json", "openapi.yaml"])
def test_the_contract_is_below_the_version_too(api: Api, name: str) -> None:
    plain, versioned = api.ask(f"/{name}"), api.ask(f"/v1/{name}")
    assert (versioned.status_code, versioned.content_type) == (200, plain.content_type)
    assert versioned.data == plain.data


def test_on_other_data_the_examples_alone_differ(api: Api, service: Service) -> None:
    served = yaml.safe_load(api.ask("/openapi.yaml").text)
    assert api.get("/openapi.json") == served
    shipped = yaml.safe_load(to_yaml(service.contract))
    assert without_examples(served) == without_examples(shipped)
    assert "russia" not in str(list(examples(served)))
    assert len(list(examples(served))) == len(list(examples(shipped))) + len(UNSTABLE)


#: A data set without states, proposals or events.
FEW = {
    "release.yaml": "id: few-1\ndate: 2031-01-01\n",
    "common/parties.yaml": "- id: citrus-union\n  name: Citrus Union\n  kind: coalition\n- id: northern-league\n  name: Northern League\n"
    "  kind: company\n",
    "citrus/process.yaml": "id: citrus\ntitle: Citrus\nsummary: Who buys.\n",
    "citrus/issues.yaml": "- id: zero-orange\n  label: No duty\n  proposition: Oranges are free of duty.\n  definition: Duty.\n",
    "citrus/sources.yaml": "- id: herald\n  title: A report\n  published_on: 2030-05\n  retrieved_on: 2030-06-01\n"
    "  kind: news_report\n  language: en\n  reliability: F\n",
    "citrus/statements.yaml": "- id: zero\n  party: northern-league\n  issue: zero-orange\n  stance: supports\n  summary: It is for it.\n"
    "  evidence:\n    - source: herald\n      relation: asserts\n      mode: unattributed\n      credibility: 6\n",
}


def test_a_small_data_set_has_its_own_examples_where_it_has_any_and_its_parties_on_the_first_page(
    tmp_path: Path, make_service: Any
) -> None:
    for name, text in FEW.items():
        path = tmp_path / "seeds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    api = Api(make_service(tmp_path / "seeds").wsgi)
    contract = api.get("/openapi.json")
    shown = {name: one["example"] for name, one in contract["components"]["parameters"].items() if "example" in one}
    assert shown["analyses_parties"] == ["northern-league", "citrus-union"], "the party with most positions first"
    assert (shown["parties_id"], shown["positions_id"]) == ("northern-league", "zero")
    assert not {"proposals_id", "events_id", "against"} & shown.keys()
    cited = next(one for one in contract["paths"]["/cite"]["get"]["parameters"] if one.get("name") == "path")
    assert cited["example"] == "/v1/gaps?parties=northern-league,citrus-union"
    assert '<a href="/explore/parties/northern-league">Northern League</a></th>' in api.ask("/").text
    shown = {one["name"]: one["href"] for one in api.data("/v1/")["views"]}
    assert {"matrix", "cite"} <= set(shown)
    assert shown["search"] == "/v1/search?q=zero-orange"
    assert "issues/zero-orange" in [f"{hit['collection']}/{hit['id']}" for hit in api.data(shown["search"])]
    assert not {"reception", "diff", "dossier"} & set(shown)


def test_a_proposal_that_is_alone_is_compared_with_none(tmp_path: Path, make_service: Any) -> None:
    alone = (
        "- id: plan\n  title: A plan\n  kind: framework\n  proposers: [citrus-union]\n  channel: public\n  status: tabled\n"
        "  summary: A plan.\n  evidence:\n    - source: herald\n      relation: asserts\n      mode: unattributed\n      credibility: 6\n"
    )
    for name, text in {**FEW, "citrus/proposals.yaml": alone}.items():
        path = tmp_path / "seeds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    api = Api(make_service(tmp_path / "seeds").wsgi)
    shown = {one["name"]: one["href"] for one in api.data("/v1/")["views"]}
    assert shown["reception"] == "/v1/proposals/plan/reception"
    assert "diff" not in shown
    paths = api.get("/openapi.json")["paths"]
    assert not [one for one in paths["/proposals/{id}/diff"]["get"]["parameters"] if one.get("example") == "plan"]


def parameters(contract: Any) -> Iterator[dict[str, Any]]:
    for item in contract["paths"].values():
        yield from (one for one in item["get"]["parameters"] if "$ref" not in one)
    yield from contract["components"]["parameters"].values()


def examples(contract: Any) -> Iterator[Any]:
    return (one["example"] for one in parameters(contract) if "example" in one)


def without_examples(contract: Any) -> Any:
    bare = deepcopy(contract)
    for one in parameters(bare):
        one.pop("example", None)
    return bare


def test_the_contract_is_valid_openapi(service: Service) -> None:
    validate(service.contract)
    assert service.contract["openapi"] == "3.1.1"


def test_the_routes_are_the_paths_and_the_paths_the_routes(service: Service) -> None:
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/v1")
        for rule in service.flask.url_map.iter_rules()
        if rule.endpoint.startswith(("v1.", "current."))
    }
    assert routes == set(service.contract["paths"])
    versioned = {rule.rule for rule in service.flask.url_map.iter_rules() if rule.endpoint.startswith("v1.")}
    bare = {rule.rule for rule in service.flask.url_map.iter_rules() if rule.endpoint.startswith("current.")}
    assert {rule.removeprefix("/v1") for rule in versioned} - bare == {"/"}
    assert all(set(item) == {"get"} for item in service.contract["paths"].values())


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_entry_of_the_table_has_all_its_paths(service: Service, collection: str) -> None:
    paths = service.contract["paths"]
    assert f"/{collection}" in paths
    assert f"/{collection}/{{id}}" in paths
    for parent, part in PARTS:
        assert f"/{parent}/{{id}}/{part}" in paths
    for suffix in ("csv", "json", "ndjson", "schema.json", "csv-metadata.json"):
        assert (f"/{collection}.{suffix}" in paths) is (collection in TABLED)


def _operations(service: Service) -> list[tuple[str, dict[str, Any]]]:
    return [(path, item["get"]) for path, item in service.contract["paths"].items()]


def test_every_operation_says_what_it_is(service: Service) -> None:
    operations = _operations(service)
    names = [operation["operationId"] for _, operation in operations]
    assert len(names) == len(set(names))
    tags = {tag["name"]: tag["description"] for tag in service.contract["tags"]}
    for _, operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert [tags[tag] for tag in operation["tags"]]
        assert {"200", "304", "400", "404", "default"} <= set(operation["responses"])


class Shapes:
    """Checks answers against the schemas of the contract."""

    def __init__(self, service: Service) -> None:
        self.contract = service.contract
        self.checkers: dict[str, Draft202012Validator] = {}

    def check(self, template: str, media_type: str, body: Any) -> None:
        content = self.contract["paths"][template]["get"]["responses"]["200"]["content"]
        key = f"{template} {media_type}"
        if key not in self.checkers:
            schema = {**content[media_type]["schema"], "components": self.contract["components"]}
            self.checkers[key] = Draft202012Validator(schema, format_checker=FormatChecker())
        faults = [f"{'/'.join(map(str, one.path))}: {one.message}" for one in self.checkers[key].iter_errors(body)]
        assert not faults, f"{template}: {faults[:5]}"

    def template(self, path: str) -> str | None:
        bare = urlsplit(path).path.removeprefix("/v1") or "/"
        return next((one for one in self.contract["paths"] if re.fullmatch(_pattern(one), bare)), None)


@cache
def _pattern(template: str) -> str:
    return "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", template))


@pytest.fixture(scope="module")
def shapes(service: Service) -> Shapes:
    return Shapes(service)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_lists_and_records_have_the_shape_that_the_contract_says(api: Api, shapes: Shapes, collection: str) -> None:
    shapes.check(f"/{collection}", "application/json", api.get(f"/v1/{collection}", limit=200))
    clocks = RESOURCES.by_name[collection].model.clocks
    if "known_at" in clocks:
        shapes.check(f"/{collection}", "application/json", api.get(f"/v1/{collection}", known_at="2030-02-01"))
    for record in api.all(f"/v1/{collection}"):
        shapes.check(f"/{collection}/{{id}}", "application/json", api.get(f"/v1/{collection}/{record['id']}"))


@pytest.mark.parametrize(("collection", "part"), PARTS)
def test_sub_collections_have_the_shape_that_the_contract_says(
    api: Api, shapes: Shapes, collection: str, part: str
) -> None:
    for id in api.ids(f"/v1/{collection}"):
        body = api.get(path_of(collection, id, part))
        shapes.check(f"/{collection}/{{id}}/{part}", "application/json", body)


@pytest.mark.parametrize("table", TABLED)
def test_flat_tables_have_the_shape_that_the_contract_says(api: Api, shapes: Shapes, table: str) -> None:
    shapes.check(f"/{table}.json", "application/json", api.get(f"/v1/{table}.json"))
    shapes.check(f"/{table}.schema.json", "application/json", api.get(f"/v1/{table}.schema.json"))
    csvw = api.get(f"/v1/{table}.csv-metadata.json")
    shapes.check(f"/{table}.csv-metadata.json", "application/csvm+json", csvw)


def terms_of(shape: dict[str, Any]) -> list[Any] | None:
    """The terms of a value that is one of some, or of one that is null otherwise; None where it may be anything."""
    first, *others = shape.get("anyOf", [shape])
    assert others in ([], [{"type": "null"}])
    assert None not in first.get("enum", ())
    return first.get("enum")


@pytest.mark.parametrize("table", TABLED)
def test_a_row_has_the_terms_that_its_record_has(api: Api, service: Service, table: str) -> None:
    shapes = service.contract["components"]["schemas"]
    name = component(RESOURCES.by_name[table].schema)
    row = {column: terms_of(shape) for column, shape in shapes[f"{name}Row"]["properties"].items()}
    expected = {
        field: [int(term) for term in terms] if field == "credibility" else terms
        for field, shape in shapes[name]["properties"].items()
        if (terms := terms_of(shape))
    }
    precision = shapes["Date"]["properties"]["precision"]["enum"]
    expected |= {column: precision for column in row if column.endswith("_precision")}
    told = {column: terms for column, terms in row.items() if terms}
    assert expected.items() <= told.items()
    fields = shapes[name]["properties"]
    assert all(column.partition("_")[0] in fields for column in told.keys() - expected.keys()), "those of a piece"
    columns = api.get(f"/v1/{table}.schema.json")["fields"]
    assert {one["name"]: one["constraints"]["enum"] for one in columns if "enum" in one.get("constraints", ())} == told


def test_a_row_of_an_analysis_has_the_terms_of_its_vocabularies(service: Service) -> None:
    content = service.contract["paths"]["/stances.json"]["get"]["responses"]["200"]["content"]
    row = content["application/json"]["schema"]["items"]["properties"]
    position = service.contract["components"]["schemas"]["Position"]["properties"]
    for name in ("stance", "kind", "claim_status"):
        assert terms_of(row[name]) == terms_of(position[name])
        assert terms_of(row[name])
    term = service.contract["components"]["schemas"]["TermRow"]["properties"]
    assert terms_of(term["assessment_feasibility"]) == ["high", "medium", "low"], "also in a piece"


def test_a_problem_has_the_shape_that_the_contract_says(api: Api, service: Service) -> None:
    problem = service.contract["components"]["responses"]["Problem"]["content"]["application/problem+json"]["schema"]
    checker = Draft202012Validator(
        {**problem, "components": service.contract["components"]}, format_checker=FormatChecker()
    )
    for path in ("/v1/parties?limit=x&y=1", "/v1/parties/nobody", "/v1/nowhere", "/v1/parties/phantom-state"):
        checker.validate(api.ask(path).get_json())


def test_an_offer_of_a_term_with_the_longest_id_has_an_id_that_the_contract_allows(
    make_service: Any, world: Path
) -> None:
    longest = "pepper-plan-no-quota".ljust(SLUG_LENGTH, "a")
    for name in ("proposals", "responses"):
        path = world / f"spice-round/{name}.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("pepper-plan-no-quota", longest), encoding="utf-8")
    service = make_service(world)
    found = Api(service.wsgi).data(f"/v1/offers/{longest}-by-aldoria")
    for name in ("OfferInFull", "Offer", "PositionInFull", "Position"):
        id = service.contract["components"]["schemas"][name]["properties"]["id"]
        Draft202012Validator(id).validate(found["id"])


def test_every_answer_has_the_headers_that_the_contract_says(api: Api, service: Service) -> None:
    for path, operation in _operations(service):
        if "{" in path:
            continue
        needed = [one["name"] for one in operation["parameters"] if isinstance(one, dict) and one.get("required")]
        response = api.ask(f"/v1{path}" + ("?q=pepper" if needed == ["q"] else ""))
        if response.status_code == 200:
            sent = set(response.headers.keys())
            if "text/csv" in operation["responses"]["200"]["content"] and response.mimetype != "text/csv":
                sent |= set(api.ask(f"/v1{path}?format=csv").headers.keys())
            said = set(operation["responses"]["200"]["headers"])
            assert said <= sent, path
            assert sent & {"Link", "X-Total-Count"} <= said, path
            assert response.mimetype in operation["responses"]["200"]["content"], path


def test_the_catalogue_of_the_host_leads_to_the_contract_and_its_page(api: Api) -> None:
    response = api.ask("/.well-known/api-catalog", headers={"Host": "positions.example"})
    assert response.mimetype == "application/linkset+json"
    (links,) = response.get_json()["linkset"]
    assert links["anchor"] == "http://positions.example/v1/"
    for one in [link for name in ("service-desc", "service-doc", "status") for link in links[name]]:
        assert api.ask(one["href"].removeprefix("http://positions.example")).mimetype == one["type"]


def test_every_link_leads_somewhere(api: Api, shapes: Shapes) -> None:
    """Everything that can be reached from the way in answers, and has the shape that the contract says."""
    gone = {one["record"]["href"] for one in api.all("/v1/changes") if one["action"] == "removed"}
    waiting, seen = deque(["/v1/", "/v1/tables", "/v1/vocabularies", "/v1/problems"]), {"/v1/"}
    while waiting:
        path = waiting.popleft()
        response = api.ask(path)
        assert response.status_code == 200, f"{path}: {response.status}"
        if response.mimetype != "application/json":
            continue
        body = response.get_json()
        if (template := shapes.template(path)) is not None:
            shapes.check(template, "application/json", body)
        for link in _links(body):
            if link not in seen and link not in gone and len(urlsplit(link).query) < 400:
                seen.add(link)
                waiting.append(link)
    assert len(seen) > 150


def _links(value: Any, under: str = "") -> list[str]:
    if isinstance(value, dict):
        return [link for key, inner in value.items() for link in _links(inner, key)]
    if isinstance(value, list):
        return [link for inner in value for link in _links(inner, under)]
    local = (
        isinstance(value, str)
        and value.startswith("/")
        and not value.startswith("//")
        and under not in ("cite", "path")
        and not re.match(r"/\d", value)  # a date whose beginning is unknown
    )
    return [value] if local else []


@pytest.fixture(scope="module")
def shipped(databases: Any, loaded: Any) -> Service:
    """The service on the seeds that the project ships."""
    return loaded(databases.kind, SHIPPED_SEEDS)


def test_every_example_answers_with_something_on_the_shipped_data(shipped: Service) -> None:
    for path, response in example_answers(Api(shipped.wsgi)):
        if response.is_json:
            body = response.get_json()
            full = body["data"] if isinstance(body, dict) and "data" in body else body
            assert full or path.startswith("/proposals/{id}/diff."), f"{path} is empty"
        elif not path.startswith("/proposals/{id}/diff."):  # the points of neither shipped version are public yet
            header = 0 if response.mimetype == "application/x-ndjson" else 1
            assert len(response.data.splitlines()) > header, f"{path} is empty"


def test_every_example_answers_on_other_data(api: Api) -> None:
    assert len(list(example_answers(api))) > 100


def example_answers(api: Api) -> Iterator[tuple[str, TestResponse]]:
    """Each path of the contract that is served, and its answer to its examples."""
    contract = api.get("/openapi.json")
    for path in contract["paths"]:
        given = {one["name"]: one["example"] for one in declared(contract, path) if "example" in one}
        response = asked_with(api, contract, path, given)
        assert response.status_code == 200, f"{path} {given}: {response.text[:300]}"
        yield path, response


def declared(contract: Any, path: str) -> list[dict[str, Any]]:
    """The parameters of a path of the contract."""
    return [
        contract["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for one in contract["paths"][path]["get"]["parameters"]
    ]


def asked_with(api: Api, contract: Any, path: str, given: dict[str, Any]) -> TestResponse:
    """The answer of a path of the contract to these parameters, each given where it is declared."""
    places = {one["name"]: one["in"] for one in declared(contract, path)}
    of = {place: {name: one for name, one in given.items() if places[name] == place} for place in places.values()}
    return api.ask(f"/v1{path.format_map(of.get('path', {}))}", headers=of["header"], **of["query"])


def value_of(expression: str, ids: dict[str, str], response: TestResponse) -> Any:
    """What a runtime expression of OpenAPI stands for; None where there is nothing at its place."""
    where, _, name = expression.partition(
        "#/" if "#" in expression else "." if "header" not in expression else "header."
    )
    if where == "$request":
        return ids[name.removeprefix("path.")]
    if where == "$response.":
        return response.headers[name]
    found = response.get_json()
    for step in name.split("/"):
        found = found.get(step) if isinstance(found, dict) else next(iter(found[int(step) :]), {})
    return found


def test_every_link_of_the_contract_leads_where_it_says(shipped: Service) -> None:
    api, followed = Api(shipped.wsgi), Counter[str]()
    contract = api.get("/openapi.json")
    targets = {item["get"]["operationId"]: path for path, item in contract["paths"].items()}
    for path, item in contract["paths"].items():
        listed = {one["name"]: one for one in declared(contract, path)}
        asked = {name: one["example"] for name, one in listed.items() if "example" in one}
        asked |= {"limit": 1} if "limit" in listed else {}
        response = asked_with(api, contract, path, asked)
        for name, link in item["get"]["responses"]["200"].get("links", {}).items():
            one = contract["components"]["links"][link["$ref"].rpartition("/")[2]] if "$ref" in link else link
            target = targets[one["operationId"]]
            given = {key: value_of(text, asked, response) for key, text in one["parameters"].items()}
            if None in given.values():
                empty = {"next": response.get_json()["page"]["next"] is None, "record": not response.get_json()["data"]}
                assert empty[name], f"{path} {name}"
                continue
            needed = {each["name"]: each["example"] for each in declared(contract, target) if each.get("required")}
            again = asked_with(api, contract, target, {**(asked if target == path else needed), **given})
            followed[name] += 1
            assert again.status_code == (304 if name == "unchanged" else 200), f"{path} {name}: {again.text[:300]}"
            if name == "record":
                assert again.get_json()["data"]["href"] == response.get_json()["data"][0]["href"]
            elif name == "next":
                assert again.get_json()["data"] == api.data(response.get_json()["links"]["next"])
            elif name != "unchanged":
                assert target == f"{path}/{name}"
    assert followed["record"] > followed["next"] > 20
    assert followed["evidence"] == followed["dossier"] + 1 > 5
    assert followed["unchanged"] > 40
    assert {"positions", "terms", "reception", "diff"} <= followed.keys()


def test_the_shipped_data_has_the_shape_that_the_contract_says(shipped: Service) -> None:
    api, shapes = Api(shipped.wsgi), Shapes(shipped)
    for collection in COLLECTIONS:
        shapes.check(f"/{collection}", "application/json", api.get(f"/v1/{collection}", limit=200))


def test_the_pages_of_the_contract_ask_no_other_host(api: Api) -> None:
    page = api.ask("/docs/")
    assert page.mimetype == "text/html"
    links = re.findall(r"""(?:src|href|action)\s*=\s*["']([^"']*)""", page.text)
    assert links
    for link in links:
        assert link.startswith("/"), link
        assert not link.startswith("//"), link
        assert api.ask(link).status_code == 200, link
    assert not re.search(r"url\(|@import|https?://", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy


def test_the_old_swagger_ui_cannot_be_reached(api: Api, service: Service) -> None:
    for path in (
        "/flasgger_static/swagger-ui-bundle.js",
        "/docs/assets/lib/jquery.min.js",
        "/apidocs/",
        "/oauth2-redirect.html",
    ):
        assert api.ask(path).status_code == 404, path
    bundle = api.ask("/docs/assets/swagger-ui-bundle.js")
    assert bundle.status_code == 200
    assert Path(service.flask.blueprints["flasgger"].static_folder).parent.name == "flask_swagger_ui"


def test_every_page_that_flasgger_adds_is_ours(api: Api, service: Service) -> None:
    for rule in service.flask.url_map.iter_rules():
        if rule.endpoint.startswith("flasgger") and not rule.arguments:
            response = api.ask(rule.rule)
            assert response.status_code in (200, 302, 404), rule.rule
            assert response.headers.get("Location", "/docs/") == "/docs/"
            assert "googleapis" not in response.text
