"""Tools that cannot be installed for a test: what their documentation asks of an address, each with where it says so."""

import csv
import io
import json
import re
import shlex
import shutil
import subprocess
from datetime import date
from pathlib import Path

import httpx
import pytest

RECIPES = Path(__file__).resolve().parents[2] / "docs" / "dashboards"
DASHBOARD = RECIPES / "grafana" / "positions.json"
FAR = {"from": "1609459200000", "to": "1798675200000"}  # 2021 to 2026, as Grafana sends it


# Grafana, the Infinity data source: https://grafana.com/docs/plugins/yesoreyeram-infinity-datasource/latest/


def test_grafana_gets_what_it_asks_for_by_its_accept_headers(v1):
    # The headers that Infinity sends; a strict negotiator answers 406: …/latest/troubleshooting/
    for suffix, accept in (("json", "application/json;q=0.9,text/plain"), ("csv", "text/csv; charset=utf-8")):
        answer = httpx.get(f"{v1}/positions.{suffix}", headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(("application/json", "text/csv"))
    assert httpx.get(f"{v1}/options/parties", headers={"Accept": "application/json;q=0.9,text/plain"}).is_success


def test_grafana_gets_an_array_at_the_root_with_one_type_a_column(v1, tables):
    # An array at the root needs no configuration: …/latest/data-formats/json/
    # Rows with differing fields cannot be merged: https://github.com/grafana/grafana-infinity-datasource/issues/705
    for name in tables:
        rows = httpx.get(f"{v1}/{name}.json").json()
        assert isinstance(rows, list)
        assert len({tuple(row) for row in rows}) <= 1, name
        for column in rows[0] if rows else ():
            kinds = {type(row[column]) for row in rows} - {type(None)}
            assert len(kinds - {int} if float in kinds else kinds) <= 1, f"{name}.{column}"


def test_grafana_sends_times_in_milliseconds_and_several_values_with_commas(v1):
    # Global variables: https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#__from-and-__to
    # ${party:csv}: https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
    def ids(query: str) -> list[str]:
        return [row["id"] for row in httpx.get(f"{v1}/positions.json?{query}").raise_for_status().json()]

    milliseconds = "from=1704067200000&to=1709251199999"
    assert ids(milliseconds) == ids("from=2024-01-01&to=2024-02-29") == ids("from=2024-01-01T00:00:00Z&to=2024-02-29")
    assert ids(milliseconds) != ids("")
    assert sorted(ids("party=russia,ukraine")) == sorted(ids("party=russia") + ids("party=ukraine"))
    assert ids("party=*&issue=") == ids("party=") == ids("")


def test_grafana_finds_the_columns_of_an_annotation(v1):
    # time and text are required; timeEnd, title, tags: …/latest/annotations/
    rows = httpx.get(f"{v1}/timeline.json?collection=events").json()
    assert rows
    for row in rows:
        assert isinstance(row["time"], int)
        assert row["text"]
        assert row["timeEnd"] is None or row["timeEnd"] >= row["time"]
        assert isinstance(row["title"], str)
        assert re.fullmatch(r"[^,;]+(,[^,;]+)*", row["tags"])


@pytest.mark.parametrize("name", ["parties", "issues", "proposals"])
def test_grafana_finds_labels_and_values_for_a_variable(name, v1):
    # __text and __value: https://grafana.com/docs/plugins/yesoreyeram-infinity-datasource/latest/template-variables/
    options = httpx.get(f"{v1}/options/{name}").json()
    assert all(list(one) == ["__text", "__value"] for one in options)
    assert {one["__value"] for one in options} == {row["id"] for row in httpx.get(f"{v1}/{name}.json").json()}
    assert [one["__text"] for one in options] == sorted(one["__text"] for one in options)


def _infinity_queries() -> list[dict]:
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [one["target"] for one in dashboard["annotations"]["list"]]
    return queries + [
        one["query"]["infinityQuery"] for one in dashboard["templating"]["list"] if one["type"] == "query"
    ]


def _filled(address: str, v1: str) -> str:
    values = {
        "${api}": v1,
        "${party:csv}": "russia,ukraine",
        "${issue:csv}": "*",
        "${proposal}": "us-phased-withdrawal-proposal",
        "${__from}": FAR["from"],
        "${__to}": FAR["to"],
    }
    for name, value in values.items():
        address = address.replace(name, value)
    assert "$" not in address, address
    return address


@pytest.mark.parametrize("query", _infinity_queries(), ids=lambda query: query["url"])
def test_every_query_of_the_ready_grafana_dashboard_finds_its_columns_with_their_types(query, v1):
    # Column types string, number, timestamp, timestamp_epoch: …/latest/query/ and …/latest/query/time-formats/
    rows = httpx.get(_filled(query["url"], v1)).raise_for_status().json()
    assert rows, "the panel would be empty"
    kinds = {"string": str, "number": (int, float), "timestamp": str, "timestamp_epoch": int}
    for column in query["columns"]:
        values = [row[column["selector"]] for row in rows if row[column["selector"]] is not None]
        assert values or column["selector"] == "timeEnd", column
        assert all(isinstance(value, kinds[column["type"]]) for value in values), column
        if column["type"] == "timestamp":
            assert all(date.fromisoformat(value) for value in values)
    assert query["parser"] == "backend"  # alerting, shared dashboards and caching need it: …/latest/#known-limitations


def test_the_ready_grafana_dashboard_can_be_imported():
    # https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/import-dashboards/ asks for the inputs that it names
    text = DASHBOARD.read_text()
    dashboard = json.loads(text)
    inputs = {one["name"] for one in dashboard["__inputs"]}
    assert inputs == {"DS_INFINITY", "VAR_API"}
    variables = {one["name"] for one in dashboard["templating"]["list"]} | {"__from", "__to"}
    assert {name.partition(":")[0] for name in re.findall(r"\$\{([\w:]+)\}", text)} <= inputs | variables
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["type"] for panel in panels} <= {one["id"] for one in dashboard["__requires"]}


# Power BI and Excel, Power Query: https://learn.microsoft.com/en-us/power-query/


def test_power_query_gets_the_whole_table_in_one_answer_from_one_address(v1, tables):
    # A refresh in the service cannot follow addresses that are made on the way: Web.Contents with RelativePath and Query,
    # https://learn.microsoft.com/en-us/powerquery-m/web-contents
    answer = httpx.get(f"{v1}/positions.csv", params={"party": "russia"})
    assert "next" not in answer.headers.get("Link", "")
    rows = list(csv.DictReader(io.StringIO(httpx.get(f"{v1}/positions.csv").text)))
    assert len(rows) == tables["positions"]["rows"]


def test_power_query_can_ignore_quoted_line_breaks(v1, tables):
    # https://learn.microsoft.com/en-us/power-query/connectors/text-csv: so no cell holds one
    for name, table in tables.items():
        assert httpx.get(f"{v1}/{name}.csv").content.count(b"\n") == table["rows"] + 1, name


def test_power_query_finds_types_in_the_first_rows(v1, tables):
    # https://learn.microsoft.com/en-us/power-query/data-types: dates and numbers are found by their spelling
    for row in httpx.get(f"{v1}/positions.json").json():
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", row["reported_on"])
    for name, table in tables.items():
        for column in table["columns"]:
            assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", column["name"]), f"{name}.{column['name']}"


def test_excel_sees_utf_8_by_the_byte_order_mark_and_runs_no_cell(v1):
    # https://support.microsoft.com/en-us/office/opening-csv-utf-8-files-correctly-in-excel-8a935af5-3416-4edd-ba7e-3dfd2bc4a032
    assert httpx.get(f"{v1}/positions.csv?bom=1").content.startswith(b"\xef\xbb\xbfid,")
    assert not httpx.get(f"{v1}/positions.csv").content.startswith(b"\xef\xbb\xbf")
    # https://owasp.org/www-community/attacks/CSV_Injection
    for row in csv.reader(io.StringIO(httpx.get(f"{v1}/evidence.csv").text)):
        assert not [cell for cell in row if cell.startswith(("=", "+", "@"))]


# Google Sheets: https://support.google.com/docs/answer/3093335 (IMPORTDATA), https://support.google.com/docs/answer/3093337 (IMPORTFEED)


def test_sheets_imports_without_key_or_header_from_an_address_with_commas(v1):
    answer = httpx.get(f"{v1}/matrix.csv?party=russia,ukraine,united-states", headers={"Accept": "*/*"})
    assert answer.is_success
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(answer.text))
    assert {"russia", "ukraine", "united_states"} < set(header)
    assert all(len(row) == len(header) for row in rows)


def test_sheets_reads_the_feed(v1):
    answer = httpx.get(f"{v1}/feeds/changes.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    assert b"<entry>" in answer.content


# Datawrapper: https://academy.datawrapper.de/article/60-external-data-sources


def test_datawrapper_reads_a_comma_separated_wide_table_from_the_readers_browser(v1):
    answer = httpx.get(f"{v1}/matrix.csv?party=russia,ukraine", headers={"Origin": "https://datawrapper.dwcdn.net"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age" in answer.headers["Cache-Control"]
    assert answer.text.split("\r\n")[0].split(",")[:2] == ["issue_id", "issue_label"]


# Observable, Vega and every page's own scripts: https://fetch.spec.whatwg.org/#http-cors-protocol


def test_a_page_of_any_origin_may_read_answers_errors_and_headers(v1):
    for path, status in (
        ("/positions.csv", 200),
        ("/positions.json?party=rusia", 404),
        ("/positions.csv?nonsense=1", 400),
    ):
        answer = httpx.get(v1 + path, headers={"Origin": "https://page.example"})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    preflight = httpx.options(
        f"{v1}/positions.csv",
        headers={
            "Origin": "https://page.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x",
        },
    )
    assert preflight.is_success
    assert preflight.headers["Access-Control-Allow-Headers"] == "*"


# Metabase: https://www.metabase.com/docs/latest/databases/connections/sqlite


def test_metabase_finds_declared_types_and_keys_in_the_database(v1, tmp_path):
    import sqlite3

    # Metabase reads types and foreign keys from the schema: https://www.metabase.com/docs/latest/databases/sync-scan
    path = tmp_path / "positions.sqlite"
    path.write_bytes(httpx.get(f"{v1}/exports/positions.sqlite").content)
    database = sqlite3.connect(path)
    declared = {row[1]: row[2] for row in database.execute("PRAGMA table_info(positions)")}
    assert (declared["reported_on"], declared["stance_score"], declared["ended"]) == ("DATE", "REAL", "BOOLEAN")
    keys = {(row[3], row[2]) for row in database.execute("PRAGMA foreign_key_list(positions)")}
    assert {("party_id", "parties"), ("issue_id", "issues")} <= keys
    database.close()


# WordPress: the RSS block, https://wordpress.org/documentation/article/rss-block/ (SimplePie wants stable ids and dates)


def test_wordpress_shows_the_feed_with_ids_that_stay(v1):
    first = re.findall(r"<id>(urn:uuid:[0-9a-f-]{36})</id>", httpx.get(f"{v1}/feeds/changes.atom").text)
    again = re.findall(r"<id>(urn:uuid:[0-9a-f-]{36})</id>", httpx.get(f"{v1}/feeds/changes.atom?limit=200").text)
    assert first == again[: len(first)]
    assert len(set(again)) == len(again)


# The recipes themselves

TOOLS = (
    "grafana", "superset", "metabase", "power-bi", "sheets", "excel", "pandas", "polars", "duckdb", "r",
    "observable-plot", "vega-altair", "streamlit", "datawrapper", "wordpress",
)  # fmt: skip
HERE = "http://localhost:8000"


@pytest.mark.parametrize("tool", TOOLS)
def test_every_address_in_a_recipe_answers(tool, v1):
    text = (RECIPES / f"{tool}.md").read_text()
    found = {one.rstrip(".,") for one in re.findall(rf"{HERE}/v1/[^\s\"'`<>)\]]+", text)}
    assert found, "the recipe names no address"
    for address in found:
        answer = httpx.get(address.replace(f"{HERE}/v1", v1))
        assert answer.is_success, f"{address}: {answer.status_code} {answer.text[:300]}"


@pytest.mark.parametrize("tool", TOOLS)
def test_every_recipe_has_something_to_paste_and_a_picture(tool):
    text = (RECIPES / f"{tool}.md").read_text()
    assert "```" in text or ".json" in text
    pictures = re.findall(r"!\[[^\]]+\]\((pictures/[\w-]+\.png)\)", text)
    assert pictures
    assert all((RECIPES / one).stat().st_size > 5_000 for one in pictures)
    assert f"({tool}.md)" in (RECIPES / "README.md").read_text()


# Metabase: a copy of the database, kept by curl: https://curl.se/docs/manpage.html#--etag-compare


def test_curl_keeps_the_copy_of_the_database_current_as_metabase_is_told(v1, tmp_path):
    assert shutil.which("curl"), "curl was not found; the page on Metabase uses it"
    (documented,) = re.findall(
        r"^\$ (curl -O .*)$", (RECIPES / "metabase.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    command = shlex.split(documented.replace("http://localhost:8000/v1", v1))
    copy, tag = tmp_path / "positions.sqlite", tmp_path / "positions.etag"

    def run() -> str:
        asked = [*command, "--silent", "--show-error", "--write-out", "%{http_code}"]
        return subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True).stdout

    served = httpx.get(f"{v1}/exports/positions.sqlite")
    assert (run(), copy.read_bytes(), tag.read_text().strip()) == ("200", served.content, served.headers["ETag"])
    assert (run(), copy.read_bytes()) == ("304", served.content)
    copy.write_bytes(b"of another release, downloaded after the date of this one")
    tag.write_text('"another"\n')
    assert (run(), copy.read_bytes()) == ("200", served.content)
