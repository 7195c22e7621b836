"""The flat layer: each table complete, its three forms alike, its cells as the records have it."""

import csv
import io
import json
import re
from collections import Counter
from typing import Any

import pytest
from support import CITED, COLLECTIONS, PARTS, TABLED, Api, counted, path_of

from api.resources import RESOURCES
from schemas.vocabulary import Stance

Row = dict[str, Any]


def rows_of_csv(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("table", TABLED)
def test_a_table_is_complete_and_its_three_forms_are_alike(api: Api, table: str) -> None:
    array = api.get(f"/v1/{table}.json")
    lines = [json.loads(line) for line in api.ask(f"/v1/{table}.ndjson").text.splitlines()]
    cells = rows_of_csv(api.ask(f"/v1/{table}.csv").text)
    assert array == lines
    assert [row["id"] for row in array] == api.ids(f"/v1/{table}")
    assert len(cells) == len(array)
    for flat, row in zip(cells, array, strict=True):
        assert list(flat) == list(row)
        for name, cell in row.items():
            assert flat[name].removeprefix("'") == _written(cell).removeprefix("'"), name


def _written(cell: Any) -> str:
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


@pytest.mark.parametrize("table", TABLED)
def test_every_row_has_every_column_of_the_schema_and_types_never_mix(api: Api, table: str) -> None:
    schema = api.get(f"/v1/{table}.schema.json")
    types = {field["name"]: field["type"] for field in schema["fields"]}
    allowed = {"string": str, "integer": int, "number": int | float, "boolean": bool, "date": str}
    for row in api.get(f"/v1/{table}.json"):
        assert list(row) == list(types)
        for name, value in row.items():
            assert re.fullmatch("[a-z][a-z0-9_]*", name), name
            if value is None:
                assert types[name] != "boolean", f"{name}: a truth is never missing"
                continue
            assert isinstance(value, allowed[types[name]]), name
            assert isinstance(value, bool) == (types[name] == "boolean"), name
            assert not isinstance(value, str) or not re.search(r"[\r\n]", value)
            assert types[name] != "date" or re.fullmatch(r"\d{4}-\d\d-\d\d", value)
    assert schema["primaryKey"] == ["id"]
    assert schema["missingValues"] == [""]


@pytest.mark.parametrize("table", TABLED)
def test_the_cells_are_those_of_the_record(api: Api, table: str) -> None:
    records = {one["id"]: one for one in api.all(f"/v1/{table}")}
    for row in api.get(f"/v1/{table}.json"):
        record = records[row["id"]]
        # A position's answer has the fields of its kind too; the table of all positions has what they have in common.
        common = RESOURCES.by_name[table].schema._declared_fields
        for name, value in ((name, value) for name, value in record.items() if name in common):
            if name == "first_reported_on":
                assert row["reported_on"] == value == record["first_reported"]["latest"]
            elif name == "first_reported":
                assert row["reported_on_earliest"] == value["earliest"]
                assert (row["reported_on_edtf"], row["reported_on_precision"]) == (value["edtf"], value["precision"])
            elif isinstance(value, dict) and "edtf" in value:
                assert row[name] == (value["earliest"] or value["latest"])
                assert (row[f"{name}_edtf"], row[f"{name}_precision"]) == (value["edtf"], value["precision"])
                assert row[f"{name}_latest"] == value["latest"]
            elif isinstance(value, dict) and "href" in value:
                assert (row[f"{name}_id"], row[f"{name}_label"]) == (value["id"], value["name"])
            elif (
                isinstance(value, list)
                and value
                and isinstance(value[0], dict)
                and value[0].keys() == {"id", "name", "href"}
            ):
                assert row[f"{name}_ids"] == "; ".join(one["id"] for one in value)
                assert row[f"{name}_labels"] == "; ".join(one["name"].replace(";", ",") for one in value)
            elif name == "credibility":
                assert row[name] == int(value), "a figure, which a table can average"
            elif isinstance(value, str | int | float | bool):
                assert row[name] == value
            if name == "stance":
                assert row["stance_score"] == Stance(value).score


def test_a_date_has_its_latest_day_in_a_column_of_its_own(api: Api) -> None:
    rows = {row["valid_from_edtf"]: row for row in api.get("/v1/positions.json")}
    for edtf, latest in (("2030-04", "2030-04-30"), ("2028", "2028-12-31"), ("2028/2029-06", "2029-06-30")):
        assert rows[edtf]["valid_from_latest"] == latest != rows[edtf]["valid_from"]
    assert (rows["2029-11/.."]["valid_from"], rows["2029-11/.."]["valid_from_latest"]) == ("2029-11-01", None)


def test_a_list_is_joined_and_a_separator_in_it_is_not_one(api: Api) -> None:
    row = next(one for one in api.get("/v1/responses.json") if one["id"] == "borovia-rejects-zero-tariff")
    assert row["conditions"] == "a quota; time"
    assert row["reasons"] == "too fast, too soon"
    assert (
        next(one for one in api.get("/v1/proposals.json") if one["id"] == "memo-draft")["absent"]
        == "terms: not_public; made_on: not_stated"
    )


def test_a_cell_never_runs_in_a_spreadsheet(api: Api) -> None:
    for table in TABLED:
        for row in csv.reader(io.StringIO(api.ask(f"/v1/{table}.csv").text, newline="")):
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t")), cell
                assert not cell.startswith("-") or re.fullmatch(r"-\d+(\.\d+)?", cell), cell
    aliases = {row["id"]: row["aliases"] for row in rows_of_csv(api.ask("/v1/parties.csv").text)}
    assert aliases["aldoria"] == "Republic of Aldoria; =ALD()"


def test_a_leading_sign_is_quoted_in_the_csv_and_left_alone_in_json(make_service: Any, world: Any) -> None:
    path = world / "common" / "parties.yaml"
    path.write_text(
        path.read_text().replace("name: Borovia\n", "name: '=1+1'\n").replace("name: Castella\n", "name: '@sum'\n")
    )
    (world / "release.yaml").write_text("id: w-x\ndate: 2031-07-01\n")
    api = Api(make_service(world).wsgi)
    names = {row["id"]: row["name"] for row in rows_of_csv(api.ask("/v1/parties.csv").text)}
    assert (names["borovia"], names["castella"], names["aldoria"]) == ("'=1+1", "'@sum", "Aldoria")
    assert {row["id"]: row["name"] for row in api.get("/v1/parties.json")}["borovia"] == "=1+1"


def test_csv_is_that_of_its_standard_and_has_a_mark_only_when_asked(api: Api) -> None:
    plain = api.ask("/v1/parties.csv")
    assert plain.content_type == "text/csv; charset=utf-8"
    assert plain.data.count(b"\r\n") == len(api.ids("/v1/parties")) + 1
    assert not plain.data.startswith(b"\xef\xbb\xbf")
    assert api.ask("/v1/parties.csv?bom=0").data == plain.data
    assert api.ask("/v1/parties.csv?bom=1").data == b"\xef\xbb\xbf" + plain.data
    assert "Dünmark" in plain.data.decode()
    assert api.ask("/v1/parties.json").content_type == "application/json"
    assert api.ask("/v1/parties.ndjson").content_type == "application/x-ndjson"


@pytest.mark.parametrize(
    "path",
    [
        *(f"/v1/{collection}" for collection in COLLECTIONS),
        *(f"/v1/facets/{one.name}?by={one.facets[0]}" for one in RESOURCES if one.facets),
        *("/v1/matrix", "/v1/gaps", "/v1/timeline", "/v1/movements", "/v1/silences"),
        "/v1/parties/aldoria/positions",
        "/v1/positions/borovia-rejects-zero-tariff/evidence",
        "/v1/positions/borovia-rejects-zero-tariff/dossier",
        "/v1/proposals/pepper-plan/reception",
    ],
)
def test_what_is_csv_by_its_format_has_a_mark_when_asked_and_nothing_else_has(api: Api, path: str) -> None:
    plain = api.ask(path, format="csv")
    assert plain.status_code == 200, plain.text
    assert not plain.data.startswith(b"\xef\xbb\xbf")
    assert api.ask(path, format="csv", bom="1").data == b"\xef\xbb\xbf" + plain.data
    assert api.ask(path, format="csv", bom="0").data == plain.data
    assert api.ask(path, bom="1", headers={"Accept": "text/csv"}).data == b"\xef\xbb\xbf" + plain.data
    for form in ({}, {"format": "ndjson"}):
        (wrong,) = api.problem(path, 400, bom="1", **form)["errors"]
        assert (wrong["parameter"], wrong["value"]) == ("bom", "1")
        assert "format=csv" in wrong["message"]
        assert api.ask(path, bom="0", **form).status_code == 200


@pytest.mark.parametrize("table", TABLED)
def test_a_format_of_the_list_is_the_table(api: Api, table: str) -> None:
    assert api.ask(f"/v1/{table}?format=csv").data == api.ask(f"/v1/{table}.csv").data
    assert api.ask(f"/v1/{table}?format=ndjson").data == api.ask(f"/v1/{table}.ndjson").data
    assert api.ask(f"/v1/{table}", headers={"Accept": "text/csv"}).data == api.ask(f"/v1/{table}.csv").data
    assert api.ask(f"/v1/{table}", headers={"Accept": "text/csv, application/json"}).content_type == "application/json"


def test_limit_and_after_take_a_part_of_a_list_in_a_flat_form(api: Api) -> None:
    whole = [json.loads(line)["id"] for line in api.ask("/v1/parties.ndjson").text.splitlines()]
    part = api.ask("/v1/parties", format="ndjson", after=whole[2], limit=4).text.splitlines()
    assert [json.loads(line)["id"] for line in part] == whole[3:7]
    api.problem("/v1/parties?format=csv&after=nobody-at-all", 404)


@pytest.mark.parametrize("table", TABLED)
@pytest.mark.parametrize(
    "query",
    [
        {"sort": "-id"},
        {"q": "pepper"},
        {"process": "glacier-accord"},
        {"known_at": "2030-02-01"},
        {"claim_status": "reported"},
    ],
)
def test_a_table_takes_the_filters_sorts_and_clocks_of_its_list(api: Api, table: str, query: Row) -> None:
    expected = api.ask(f"/v1/{table}", limit=200, **query)
    answer = api.ask(f"/v1/{table}.json", **query)
    assert answer.status_code == expected.status_code
    if expected.status_code == 200:
        assert [row["id"] for row in answer.get_json()] == [one["id"] for one in expected.get_json()["data"]]


FORMS = ("csv", "json", "ndjson")
#: What a table may be asked with: everything, what is prepared at load, what is counted, nothing at all.
NARROWED: list[Row] = [{}, {"sort": "-id"}, {"process": "glacier-accord"}, {"known_at": "2030-02-01"}, {"q": "qqxxzz"}]


@pytest.mark.parametrize("table", TABLED)
@pytest.mark.parametrize("query", NARROWED)
def test_a_table_says_how_many_rows_it_has_in_every_form(api: Api, table: str, query: Row) -> None:
    expected = api.ask(f"/v1/{table}", limit=1, **query)
    for form in FORMS:
        for path, more in ((f"/v1/{table}.{form}", {}), (f"/v1/{table}", {"format": form})):
            if (path, form) == (f"/v1/{table}", "json"):
                continue  # the list itself
            answer = api.ask(path, **query, **more)
            assert answer.status_code == expected.status_code
            if answer.status_code == 200:
                rows = {"csv": rows_of_csv, "json": json.loads, "ndjson": str.splitlines}[form](answer.text)
                assert int(answer.headers["X-Total-Count"]) == len(rows)
                assert answer.headers["X-Total-Count"] == expected.headers["X-Total-Count"]
                head = api.ask(path, method="HEAD", **query, **more)
                assert (head.data, head.headers["X-Total-Count"]) == (b"", answer.headers["X-Total-Count"])
                part = api.ask(path, headers={"Range": "bytes=0-1"} if answer.data else None, **query, **more)
                assert part.headers["X-Total-Count"] == answer.headers["X-Total-Count"]


@pytest.mark.parametrize("table", TABLED)
def test_the_number_of_rows_takes_no_counting(api: Api, table: str) -> None:
    api.wsgi.cache.clear()
    with counted() as statements:
        assert api.ask(f"/v1/{table}.csv?sort=-id").headers["X-Total-Count"] == str(len(api.ids(f"/v1/{table}")))
    assert statements
    assert not any("count(" in one for one in statements if "FROM totals" not in one)


@pytest.mark.parametrize("table", TABLED)
@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_part_of_a_table_says_how_many_rows_the_whole_has(api: Api, table: str, form: str) -> None:
    ids = api.ids(f"/v1/{table}")
    for query in ({"limit": 2}, {"after": ids[0]}, {"after": ids[0], "limit": 1}):
        assert api.ask(f"/v1/{table}", format=form, **query).headers["X-Total-Count"] == str(len(ids))


@pytest.mark.parametrize(("collection", "part"), PARTS)
def test_a_sub_collection_as_a_table_says_how_many_rows_it_has(api: Api, collection: str, part: str) -> None:
    for id in api.ids(f"/v1/{collection}"):
        path = path_of(collection, id, part)
        total = api.ask(path).headers["X-Total-Count"]
        for query in ({}, {"limit": 1}):
            answer = api.ask(path, format="csv", **query)
            assert answer.headers["X-Total-Count"] == total
        assert len(rows_of_csv(api.ask(path, format="csv").text)) == int(total)


def test_an_empty_table_still_has_its_header(api: Api) -> None:
    path = "/v1/demands.{}?party=castella&stance=opposes"
    assert api.get(path.format("json")) == []
    assert api.ask(path.format("ndjson")).data == b""
    (header,) = api.ask(path.format("csv")).text.splitlines()
    assert header.startswith("id,")


def test_the_role_in_a_sub_collection_is_a_column_of_its_own(api: Api) -> None:
    rows = rows_of_csv(api.ask("/v1/parties/lena-okoro/positions?format=csv").text)
    assert [(row["id"], row["role"]) for row in rows] == [("borovia-rejects-zero-tariff", "speaker")]


def test_the_list_of_tables_has_each_with_its_columns_and_rows(api: Api) -> None:
    tables = {one["name"]: one for one in api.data("/v1/tables")}
    assert set(TABLED) <= set(tables)
    for name in TABLED:
        assert tables[name]["rows"] == len(api.get(f"/v1/{name}.json"))
        fields = api.get(f"/v1/{name}.schema.json")["fields"]
        assert [one["name"] for one in tables[name]["columns"]] == [one["name"] for one in fields]
        for suffix in ("csv", "json", "ndjson", "schema", "csvw"):
            assert api.ask(tables[name][suffix]).status_code == 200


@pytest.mark.parametrize("collection", sorted(set(COLLECTIONS) - set(TABLED)))
def test_what_has_no_table_has_no_address_of_one(api: Api, collection: str) -> None:
    api.problem(f"/v1/{collection}.csv", 404)
    assert RESOURCES.by_name[collection]


@pytest.mark.parametrize("collection", CITED)
def test_the_table_of_evidence_is_joined_by_the_subject_whatever_the_record_is(api: Api, collection: str) -> None:
    evidence = api.get("/v1/evidence.json")
    cited = Counter((row["subject_collection"], row["subject_id"]) for row in evidence)
    rows = [json.loads(line) for line in api.ask(f"/v1/{collection}", format="ndjson").text.splitlines()]
    assert rows
    for row in rows:
        assert cited[row["subject_collection"], row["subject_id"]] == row["evidence_count"]
        expected = sorted(api.ids(f"{row['href']}/evidence"))
        for subject in (row["href"].removeprefix("/v1/"), f"{collection}/{row['id']}"):
            assert api.ids("/v1/evidence", subject=subject) == expected
