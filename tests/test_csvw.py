"""Tables as CSV on the Web: what is said of each is what its columns are, at the address that its CSV names."""

import csv
import io
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from support import TABLED, Api, problem_of
from werkzeug.http import parse_options_header

from api.resources import RESOURCES
from api.views.analyses import analysis_tables
from api.views.flat import flat_tables
from schemas.vocabulary import Stance

TABLES = [table for table in (*flat_tables(RESOURCES), *analysis_tables()) if table.of_release]
PATHS = [f"/v1{table.path}.csv" for table in TABLES]
RECEPTION = "/v1/proposals/pepper-plan/reception.csv"


def linked(api: Api, path: str) -> tuple[str, dict[str, Any]]:
    """The address that a CSV names for its description, and the description."""
    target, link = parse_options_header(api.ask(path).headers["Link"])
    assert (link["rel"], link["type"]) == ("describedby", "application/csvm+json")
    address = urljoin(path, target.strip("<>"))
    answer = api.ask(address)
    assert (answer.status_code, answer.content_type) == (200, "application/csvm+json")
    return address, answer.get_json()


@pytest.mark.parametrize("path", [*PATHS, RECEPTION])
@pytest.mark.parametrize(
    "query", ["", "?bom=1", "?known_at=2030-02-01", "?process=glacier-accord&bom=1", "?known_at=*"]
)
def test_a_csv_names_its_description_and_that_names_the_csv(api: Api, path: str, query: str) -> None:
    answer = api.ask(f"{path}{query}")
    if answer.status_code != 200:  # there is no such filter
        assert api.ask(f"{path}-metadata.json{query}").status_code == answer.status_code
        return
    address, found = linked(api, f"{path}{query}")
    assert urljoin(address, found["url"]) == api_spelling(path, query)
    header = next(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [column["titles"] for column in found["tableSchema"]["columns"]] == header


def api_spelling(path: str, query: str) -> str:
    """The address of a CSV with its parameters in order, as links have it."""
    return path + ("?" + "&".join(sorted(query[1:].split("&"))) if query else "")


def test_a_description_lies_beside_the_csv_without_the_version_too(api: Api) -> None:
    _, found = linked(api, "/parties.csv")
    assert found["url"] == "parties.csv"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_it_says_of_each_column_what_the_table_schema_says(api: Api, table: Any) -> None:
    schema = api.get(f"/v1{table.path}.schema.json")
    found = api.get(f"/v1{table.path}.csv-metadata.json")
    assert found["@context"][0] == "http://www.w3.org/ns/csvw"
    assert found["dc:license"] == {"@id": api.data("/v1/")["licences"]["data"]["url"]}
    assert found["tableSchema"]["null"] == ""
    assert found["tableSchema"].get("primaryKey") == next(iter(schema.get("primaryKey", [])), None)
    assert "foreignKeys" not in found["tableSchema"], "the tables that they are between are described together"
    for column, field in zip(found["tableSchema"]["columns"], schema["fields"], strict=True):
        assert column["name"] == column["titles"] == field["name"]
        assert column["datatype"] == field["type"] or column["datatype"]["base"] == field["type"]
        assert column["dc:description"] == field["description"]
        assert column.get("required", False) == field.get("constraints", {}).get("required", False)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_value_of_a_vocabulary_can_be_told_from_any_other(api: Api, table: Any) -> None:
    fields = {one["name"]: one for one in api.get(f"/v1{table.path}.schema.json")["fields"]}
    columns = api.get(f"/v1{table.path}.csv-metadata.json")["tableSchema"]["columns"]
    rows = api.get(f"/v1{table.path}.json")
    for column in columns:
        kind, terms = column["datatype"], fields[column["name"]].get("constraints", {}).get("enum") or []
        cells = {row[column["name"]] for row in rows} - {None}
        if isinstance(kind, str):
            assert not terms
        elif kind["base"] == "integer":
            assert terms == list(range(kind["minimum"], kind["maximum"] + 1))
            assert cells <= set(terms)
        else:
            values = {value for cell in cells for value in cell.split(column.get("separator"))}
            assert all(re.search(kind["format"], one) for one in {*terms, *values})
            assert not any(re.search(kind["format"], f"{one}s") for one in {"", *terms})
            assert bool(terms) == ("separator" not in column), "a list is one text to a Table Schema"


@pytest.mark.parametrize("table", TABLED)
def test_a_separator_takes_the_lists_of_a_cell_apart(api: Api, table: str) -> None:
    columns = api.get(f"/v1/{table}.csv-metadata.json")["tableSchema"]["columns"]
    lists = {column["name"]: column["separator"] for column in columns if "separator" in column}
    records = {one["id"]: one for one in api.all(f"/v1/{table}")}
    for row in api.get(f"/v1/{table}.json"):
        for name, value in records[row["id"]].items():
            if not isinstance(value, list) or name == "evidence":
                continue
            for column in (name, f"{name}_ids", f"{name}_labels"):
                if column in row:
                    assert len((row[column] or "").split(lists[column])) == max(len(value), 1)


def test_the_tables_together_have_the_keys_between_them(api: Api) -> None:
    found = {one["url"]: one for one in api.get("/v1/csv-metadata.json")["tables"]}
    assert set(found) == {f"{table.name}.csv" for table in TABLES}
    ids = {name: {row["id"] for row in api.get(f"/v1/{name}.json")} for name in TABLED}
    keys = 0
    for url, one in found.items():
        alone = api.get(f"/v1/{url}-metadata.json")
        assert {name: value for name, value in one["tableSchema"].items() if name != "foreignKeys"} == alone[
            "tableSchema"
        ]
        for key in one["tableSchema"].get("foreignKeys", ()):
            keys += 1
            to = key["reference"]["resource"].removesuffix(".csv")
            assert key["reference"]["columnReference"] == "id"
            rows = api.get(f"/v1/{url.removesuffix('.csv')}.json")
            assert {row[key["columnReference"]] for row in rows} <= ids[to], "every row has one, and it is there"
    assert keys > len(TABLES) / 2


def test_a_column_of_a_party_has_stances(api: Api) -> None:
    columns = {one["name"]: one for one in api.get("/v1/matrix.csv-metadata.json")["tableSchema"]["columns"]}
    terms = columns["borovia"]["datatype"]["format"].strip("^()$").split("|")
    assert terms == [stance.value for stance in Stance]
    assert columns["borovia"]["separator"] == "; ", "each of several, where records conflict"


def test_a_wide_table_is_described_with_the_columns_that_are_asked_for(api: Api) -> None:
    _, found = linked(api, "/v1/matrix.csv?party=borovia,aldoria")
    names = [column["name"] for column in found["tableSchema"]["columns"]]
    assert names[-4:] == ["aldoria", "aldoria_score", "borovia", "borovia_score"]


@pytest.mark.parametrize("id", ["nowhere", "x%0A", "Pepper-Plan"])
@pytest.mark.parametrize("prefix", ["/v1", ""])
@pytest.mark.parametrize(
    "table", ["reception.schema.json", "reception.csv-metadata.json", "diff.schema.json", "diff.csv-metadata.json"]
)
def test_there_is_no_description_where_there_is_no_table(api: Api, table: str, prefix: str, id: str) -> None:
    query = "?against=pepper-plan" if table == "diff.csv-metadata.json" else ""
    assert "is not a known proposal id" in api.problem(f"{prefix}/proposals/{id}/{table}{query}", 404)["detail"]


@pytest.mark.parametrize("path", ["/v1/demands", "/v1/gaps", "/v1/proposals/pepper-plan/diff"])
@pytest.mark.parametrize("query", ["party=nowhere", "issue=nowhere", "against=nowhere", "parties=borovia"])
def test_a_description_is_refused_for_what_the_table_is_refused_for(api: Api, path: str, query: str) -> None:
    table, description = (problem_of(api.ask(f"{path}.csv{suffix}?{query}")) for suffix in ("", "-metadata.json"))
    assert [table["status"], table["errors"]] == [description["status"], description["errors"]]
