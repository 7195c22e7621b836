"""Choosing columns: of every table as CSV or JSON Lines, those that are named, in their order; and never ignored."""

import csv
import io
import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from support import CITED, COLLECTIONS, PARTS, TABLED, Api, path_of

from api.formats import FORMATS
from api.resources import RESOURCES
from api.views.analyses import analysis_tables
from api.views.flat import flat_tables

TABLES = [table.path for table in (*flat_tables(RESOURCES), *analysis_tables()) if table.of_release]
RECEPTION = "/proposals/pepper-plan/reception"
DIFF = "/proposals/pepper-plan/diff?against=memo-draft"
HISTORY = "/gaps/history?parties=aldoria,borovia"
#: What is nested, and a flat table by `format`.
NESTED = [
    *(f"/{one}" for one in COLLECTIONS),
    *(path for path in TABLES if path != "/stances"),
    *(f"/facets/{one.name}?by={one.facets[0]}" for one in RESOURCES if one.facets),
    "/positions/borovia-rejects-zero-tariff/dossier",
    RECEPTION,
    DIFF,
    HISTORY,
]


def header(api: Api, path: str, **query: Any) -> list[str]:
    answer = api.ask(path, **query)
    assert answer.status_code == 200, answer.text
    return next(csv.reader(io.StringIO(answer.text, newline="")))


def some(names: list[str]) -> list[str]:
    """Some of the columns, the last ones first."""
    return names[::-2]


def suffixed(path: str, suffix: str) -> str:
    stem, mark, query = path.partition("?")
    return f"/v1{stem}.{suffix}{mark}{query}"


@pytest.mark.parametrize("path", [*TABLES, RECEPTION, DIFF, HISTORY])
def test_a_table_has_the_columns_that_are_named_in_their_order(api: Api, path: str) -> None:
    address = suffixed(path, "csv")
    whole = list(csv.DictReader(io.StringIO(api.ask(address).text, newline="")))
    named = some(header(api, address))
    expected = [[row[name] for name in named] for row in whole]
    for wanted in (",".join(named), named, [",".join(named[:2]), *named[2:]]):
        answer = api.ask(address, columns=wanted)
        assert list(csv.reader(io.StringIO(answer.text, newline=""))) == [named, *expected]
        assert int(answer.headers["X-Total-Count"]) == len(whole)
    array = api.get(suffixed(path, "json"))
    rows = [{name: row[name] for name in named} for row in array]
    lines = api.ask(suffixed(path, "ndjson"), columns=",".join(named)).text.splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert header(api, address, columns="*") == header(api, address, columns="") == header(api, address)


@pytest.mark.parametrize("path", NESTED)
def test_a_list_or_analysis_as_a_table_has_the_columns_that_are_named(api: Api, path: str) -> None:
    path = f"/v1{path}"
    named = some(header(api, path, format="csv"))
    assert header(api, path, format="csv", columns=",".join(named)) == named
    assert header(api, path, format="csv", columns=named, bom="1")[0] == f"\ufeff{named[0]}"
    for line in api.ask(path, format="ndjson", columns=named).text.splitlines():
        assert list(json.loads(line)) == named
    answer = api.ask(path, headers={"Accept": "text/csv"}, columns=",".join(named))
    assert answer.text.splitlines()[0] == ",".join(named)


@pytest.mark.parametrize("path", NESTED)
def test_columns_of_what_is_nested_are_refused(api: Api, path: str) -> None:
    path = f"/v1{path}"
    named = header(api, path, format="csv")[0]
    (wrong,) = api.problem(path, 400, columns=named)["errors"]
    assert (wrong["parameter"], wrong["value"]) == ("columns", named)
    assert "format=csv" in wrong["message"]
    both = api.problem(path, 400, columns=named, bom="1")["errors"]
    assert [one["parameter"] for one in both] == ["bom", "columns"]
    assert api.get(path, columns="")["data"] == api.get(path)["data"]


@pytest.mark.parametrize(("collection", "part"), PARTS)
def test_a_sub_collection_as_a_table_has_the_columns_that_are_named(api: Api, collection: str, part: str) -> None:
    for id in api.ids(f"/v1/{collection}"):
        path = path_of(collection, id, part)
        named = some(header(api, path, format="csv"))
        assert header(api, path, format="csv", columns=named, limit=1) == named


@pytest.mark.parametrize("path", [*TABLES, RECEPTION])
def test_a_column_that_is_not_there_or_named_twice_is_refused_with_the_nearest(api: Api, path: str) -> None:
    address = suffixed(path, "csv")
    names = header(api, address)
    last = names[-1]
    for query in ({"columns": f"{names[0]},{last}x,nonesuch_"}, {"columns": [names[0], f"{last}x", "nonesuch_"]}):
        first, second = api.problem(address, 400, **query)["errors"]
        assert first["parameter"] == second["parameter"] == "columns"
        assert f"“{last}x” is not one of the allowed values. " in first["message"]
        assert f" Did you mean “{last}”" in first["message"]
        assert "nonesuch_" in second["message"]
        assert first["allowed"] == second["allowed"] == names
    (twice,) = api.problem(address, 400, columns=f"{last},{names[0]},{last}")["errors"]
    assert f"“{last}” is listed 2 times" in twice["message"]


def test_all_that_is_wrong_with_columns_is_told_together(api: Api) -> None:
    query = {"columns": "stanse,id,id", "kind": "nothing", "colums": "id"}
    problem = api.problem("/v1/positions.csv", 400, **query)
    assert [one["parameter"] for one in problem["errors"]] == ["colums", "kind", "columns", "columns"]
    assert "Did you mean “columns”?" in problem["detail"]
    assert "Did you mean “stance”?" in problem["detail"]


@pytest.mark.parametrize(
    "path",
    ["/v1/positions.schema.json", "/v1/positions.json", "/v1/tables", "/v1/positions/borovia-rejects-zero-tariff"],
)
def test_where_columns_cannot_be_chosen_it_is_told_where_they_can(api: Api, path: str) -> None:
    (wrong,) = api.problem(path, 400, columns="id")["errors"]
    assert wrong["message"].startswith("applies only to a flat table as CSV or JSON Lines (.ndjson)")


@pytest.mark.parametrize("path", ["/positions", "/matrix", RECEPTION])
def test_the_addresses_of_the_same_table_that_take_a_parameter_are_named(api: Api, path: str) -> None:
    query = "mode=on_record&columns=stance&known_at=2031-01-01"
    (wrong,) = api.problem(f"{suffixed(path, 'json')}?{query}", 400)["errors"]
    named = re.findall("“([^”]*)”", wrong["message"])
    assert named == [f"{suffixed(path, suffix)}?{query}" for suffix in ("csv", "ndjson")]
    (wrong,) = api.problem(f"{suffixed(path, 'ndjson')}?bom=1", 400)["errors"]
    assert f"; use “{suffixed(path, 'csv')}?bom=1”. Known parameters" in wrong["message"]
    assert api.ask(f"{suffixed(path, 'csv')}?bom=1").status_code == 200


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("collection", TABLED)
def test_where_a_whole_table_is_asked_for_a_page_the_address_of_pages_is_named(
    api: Api, collection: str, suffix: str
) -> None:
    address = f"/v1/{collection}.{suffix}"
    (wrong,) = api.problem(f"{address}?limit=2&sort=-id", 400)["errors"]
    assert wrong["parameter"] == "limit"
    assert "whole table" in wrong["message"]
    (named,) = re.findall("“([^”]*)”", wrong["message"])
    page = api.ask(named)
    assert page.status_code == 200, page.text
    assert page.content_type == api.ask(address).content_type
    assert page.headers["X-Total-Count"] == api.ask(address).headers["X-Total-Count"]
    assert len(page.data) < len(api.ask(address).data) or int(page.headers["X-Total-Count"]) <= 2


def test_what_has_no_pages_anywhere_names_no_address_of_pages(api: Api) -> None:
    (wrong,) = api.problem("/v1/matrix.csv?limit=2", 400)["errors"]
    assert wrong["message"].startswith("unknown parameter.")


def test_a_long_query_is_left_out_of_the_addresses(api: Api) -> None:
    (wrong,) = api.problem("/v1/parties.json", 400, columns="id", q="word " * 40 + "é" * 100)["errors"][:1]
    assert "use “/v1/parties.csv” or “/v1/parties.ndjson”. Known" in wrong["message"]


@pytest.mark.parametrize("path", [*TABLES, RECEPTION])
def test_the_description_of_a_csv_has_the_columns_that_are_named(api: Api, path: str) -> None:
    address = suffixed(path, "csv")
    key = api.get(f"{address}-metadata.json")["tableSchema"].get("primaryKey")
    for named in (some(header(api, address)), [one for one in header(api, address) if one != key]):
        link = api.ask(address, columns=named).headers["Link"]
        found = api.get(f"{address.rpartition('/')[0]}/{link[1 : link.index('>')]}")
        assert [one["name"] for one in found["tableSchema"]["columns"]] == named
        assert found["tableSchema"].get("primaryKey") == (key if key in named else None)
        assert header(api, f"{address.rpartition('/')[0]}/{found['url']}") == named


def test_the_columns_of_a_wide_table_are_those_of_the_parties_asked_for(api: Api) -> None:
    query = {"party": "borovia,aldoria"}
    assert header(api, "/v1/matrix.csv", **query, columns="issue_label,borovia") == ["issue_label", "borovia"]
    (wrong,) = api.problem("/v1/matrix.csv", 400, **query, columns="issue_label,castella")["errors"]
    assert "castella" not in wrong["allowed"]


@pytest.mark.parametrize("named", [["count", "issue"], ["issue", "count"]], ids=",".join)
def test_the_order_of_columns_is_that_of_the_citation_and_of_what_is_kept(api: Api, named: list[str]) -> None:
    for wanted in (named[::-1], named):
        answer = api.ask("/v1/facets/positions", format="csv", by="issue", columns=wanted)
        assert answer.text.splitlines()[0] == ",".join(wanted)
        cited = api.get("/v1/cite?" + urlencode({"path": answer.request.url.removeprefix("http://localhost")}))["data"]
        assert api.ask(cited["path"]).data == answer.data


@pytest.mark.parametrize("collection", CITED)
def test_the_contract_names_the_columns_that_there_are(api: Api, service: Any, collection: str) -> None:
    contract = service.contract
    for path in (f"/{collection}", f"/{collection}.csv", f"/{collection}.csv-metadata.json"):
        parameters = [
            contract["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
            for one in contract["paths"][path]["get"]["parameters"]
        ]
        (columns,) = [one for one in parameters if one["name"] == "columns"]
        names = [name for name in columns["schema"]["items"]["enum"] if name not in ("*", "")]
        assert names == header(api, f"/v1/{collection}.csv")


CLOCKS: list[dict[str, Any]] = [
    {},
    *({"known_at": day} for day in ("2030-01-15", "2030-02-28", "2030-03-05", "2031-06-30")),
    *({"as_of": day} for day in ("2029-06-01", "2030-02-01")),
    {"mode": "on_record"},
]


@pytest.mark.parametrize("path", [*TABLES, "/proposals/{id}/reception", "/proposals/{id}/diff"])
def test_a_whole_row_has_what_the_contract_requires_whatever_the_clock(api: Api, service: Any, path: str) -> None:
    contract = service.contract
    content = contract["paths"][f"{path}.json"]["get"]["responses"]["200"]["content"]["application/json"]
    row = content["schema"]["items"]
    row = contract["components"]["schemas"][row["$ref"].rpartition("/")[2]] if "$ref" in row else row
    nullable = [
        name
        for name, kind in row["properties"].items()
        if "null" in kind.get("type", ()) or {"type": "null"} in kind.get("anyOf", ())
    ]
    filled = row["properties"].keys() - nullable
    assert filled, "what every record has is not null"
    address = suffixed(DIFF if path.endswith("diff") else path.replace("{id}", "pepper-plan"), "json")
    described = api.get(suffixed(path.replace("{id}", "pepper-plan"), "schema.json").partition("?")[0])["fields"]
    assert {one["name"] for one in described if one.get("constraints", {}).get("required")} == filled
    seen = 0
    for clock in CLOCKS:
        answer = api.ask(address, **clock)
        for one in answer.get_json() if answer.status_code == 200 else ():
            seen += 1
            assert list(one)[: len(row["required"])] == row["required"] == list(row["properties"])
            assert not [name for name in filled if one[name] is None]
    assert seen
