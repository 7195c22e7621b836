"""Every analysis answers as the contract says, in a number of SQL statements that does not grow with the data."""

from typing import Any

import jsonschema
import pytest
from support import CITED, ROOT, Api, counted
from written import Position

from api.contract.openapi import document
from api.resources import RESOURCES
from api.views import operations
from api.views.analyses import ANALYSES

LISTED = operations(RESOURCES)
CONTRACT = document(RESOURCES, LISTED)
NESTED = [
    "/v1/matrix",
    "/v1/matrix?rows=topic",
    "/v1/matrix?compare=without:anonymous",
    "/v1/matrix?compare=known_at:2024-02-20&fold=none",
    "/v1/gaps?parties=russia,ukraine",
    "/v1/gaps?as_of=2024-02-01",
    "/v1/gaps/history?parties=russia,ukraine",
    "/v1/timeline",
    "/v1/movements",
    "/v1/silences",
    "/v1/proposals/us-phased-withdrawal-proposal/reception",
    "/v1/proposals/us-20-point-plan/reception",
    "/v1/proposals/us-20-point-plan/diff?against=us-28-point-plan",
    "/v1/proposals/us-phased-withdrawal-proposal/diff?against=russian-ceasefire-proposal-2023",
    "/v1/facets/positions?by=issue,stance",
    "/v1/facets/changes?by=action",
    "/v1/cite?path=/v1/matrix",
    *(f"/v1/{name}/{RESOURCES.by_name[name].schema.example}/dossier" for name in CITED),
]
TABLES = {
    "/v1/matrix": "issue_id",
    "/v1/gaps": "issue_id",
    "/v1/timeline": None,
    "/v1/movements": None,
    "/v1/silences": None,
    "/v1/proposals/us-phased-withdrawal-proposal/reception": None,
}


def shape_of(path: str, suffix: str = "") -> dict[str, Any]:
    bare = path.partition("?")[0].removeprefix("/v1") + suffix
    for operation in LISTED:
        parts, given = operation.path.split("/"), bare.split("/")
        if len(parts) == len(given) and all(
            part == one
            or (part.startswith("{") and part.endswith("}") and one)
            or (part.startswith("{") and "." in part and one.endswith(part.partition("}")[2]))
            for part, one in zip(parts, given, strict=True)
        ):
            return operation.content["application/json"]
    raise LookupError(path)  # fmt: skip


def check(answer: Any, shape: dict[str, Any]) -> None:
    schema = {**shape, "components": CONTRACT["components"]}
    jsonschema.validate(answer, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", NESTED)
def test_a_nested_answer_is_what_the_contract_says_and_not_empty(shipped: Api, path: str) -> None:
    answer = shipped.get(path)
    assert answer["data"]
    check(answer, shape_of(path))


@pytest.mark.parametrize(("path", "key"), TABLES.items())
def test_a_table_is_what_the_contract_and_its_own_schema_say(shipped: Api, path: str, key: str | None) -> None:
    rows = shipped.get(f"{path}.json")
    assert rows
    check(rows, shape_of(path, ".json"))
    schema = shipped.get(f"{path}.schema.json")
    names = [field["name"] for field in schema["fields"]]
    assert len(set(names)) == len(names)
    assert all(list(row) == names for row in rows)
    assert schema.get("primaryKey") == ([key] if key else None)
    lines = shipped.ask(f"{path}.csv").text.splitlines()
    assert lines[0].split(",") == names
    assert len(lines) == len(rows) + 1
    assert shipped.ask(f"{path}.ndjson").text.count("\n") == len(rows)
    assert shipped.ask(path, format="csv").data == shipped.ask(f"{path}.csv").data


def test_the_timeline_has_the_columns_that_dashboards_know(shipped: Api) -> None:
    rows = shipped.get("/v1/timeline.json")
    assert {"time", "timeEnd", "title", "text", "tags", "occurred_on", "occurred_on_edtf", "reported_on"} <= set(
        rows[0]
    )
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_the_page_of_measures_has_every_analysis() -> None:
    page = (ROOT / "docs/analyses.md").read_text(encoding="utf-8")
    for analysis in ANALYSES:
        assert f"[`/v1{analysis.path}" in page, (
            f"docs/analyses.md has no line for /v1{analysis.path} in its table: define its measure there, for readers"
        )


#: With the look for the answer that a load may have kept.
MOST_STATEMENTS = {
    "/v1/matrix": 6,
    "/v1/matrix?compare=mode:on_record": 10,
    "/v1/gaps": 6,
    "/v1/gaps?parties=alba,brava": 6,
    "/v1/gaps/history?parties=alba,brava&issue=dam": 9,
    "/v1/timeline": 5,
    "/v1/movements": 7,
    "/v1/silences": 8,
    "/v1/facets/positions?by=issue,stance": 4,
    "/v1/statements/held-000/dossier": 7,
}


def test_the_number_of_statements_does_not_grow_with_the_data(world_of: Any) -> None:
    parties, issues, stances = ("alba", "brava", "ana"), ("dam", "tolls"), ("supports", "opposes")
    needed: dict[str, list[int]] = {}
    for many in (4, 40):
        api = world_of(
            *(Position(parties[n % 3], issues[n % 2], stances[n % 4 // 2], str(1980 + n)) for n in range(many))
        )
        api.get("/v1/")
        for path in MOST_STATEMENTS:
            with counted() as statements:
                api.get(path)
            needed.setdefault(path, []).append(len(statements))
    assert all(few == many <= MOST_STATEMENTS[path] for path, (few, many) in needed.items()), needed
