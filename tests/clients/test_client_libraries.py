"""The libraries and programs that people read tables with, each run against a real server with the shipped data."""

import json
import sqlite3
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

# What a client's own dependencies deprecate is not ours to mend.
pytestmark = [
    pytest.mark.filterwarnings("default::DeprecationWarning"),
    pytest.mark.filterwarnings("default::FutureWarning"),
]

PANDAS_KINDS = {"string": "OSU", "integer": "iuf", "number": "f", "boolean": "b", "date": "OSU"}


def test_pandas_reads_every_table_with_its_columns_and_rows(v1, tables):
    import pandas as pd

    for name, table in tables.items():
        frame = pd.read_csv(f"{v1}/{name}.csv")
        names = [column["name"] for column in table["columns"]]
        assert list(frame.columns) == names, name
        assert len(frame) == table["rows"], name
        for column in table["columns"]:
            values = frame[column["name"]]
            if not values.isna().any() and len(values):
                assert values.dtype.kind in PANDAS_KINDS[column["type"]], f"{name}.{column['name']}: {values.dtype}"


def test_pandas_reads_the_json_array_and_the_lines_alike(v1, tables):
    import pandas as pd

    from_array = pd.read_json(f"{v1}/positions.json")
    from_lines = pd.read_json(f"{v1}/positions.ndjson", lines=True)
    assert list(from_array.columns) == [column["name"] for column in tables["positions"]["columns"]]
    assert len(from_array) == tables["positions"]["rows"]
    pd.testing.assert_frame_equal(from_array, from_lines)


def test_pandas_gets_a_header_without_rows_where_nothing_matches(v1):
    import pandas as pd

    frame = pd.read_csv(f"{v1}/positions.csv?q=nothing+matches+zzqqxx")
    assert len(frame) == 0
    assert "stance_score" in frame.columns


def test_pandas_reads_a_byte_order_mark_away(v1):
    import pandas as pd

    assert pd.read_csv(f"{v1}/parties.csv?bom=1").columns[0] == "id"


def test_polars_reads_every_table_with_types(v1, tables):
    import polars as pl

    kinds = {"integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean, "date": pl.Date}
    for name, table in tables.items():
        frame = pl.read_csv(f"{v1}/{name}.csv", try_parse_dates=True, infer_schema_length=None)
        assert frame.columns == [column["name"] for column in table["columns"]], name
        assert frame.height == table["rows"], name
        for column in table["columns"]:
            if frame[column["name"]].null_count() < frame.height:
                found, expected = frame[column["name"]].dtype, kinds.get(column["type"], pl.String)
                # Whole numbers in a column of numbers are written without loss, so they may come back as integers.
                assert found == expected or (expected == pl.Float64 and found == pl.Int64), f"{name}.{column['name']}"


def test_polars_scans_a_table_and_reads_lines(v1, tables):
    import polars as pl

    supported = (
        pl.scan_csv(f"{v1}/positions.csv")
        .filter(pl.col("stance") == "supports")
        .group_by("party_label")
        .len()
        .collect()
    )
    assert supported["len"].sum() == len(httpx.get(f"{v1}/positions.json?stance=supports").json())
    assert pl.read_ndjson(f"{v1}/positions.ndjson", infer_schema_length=None).height == tables["positions"]["rows"]


@pytest.fixture(scope="module")
def duck():
    """DuckDB with its HTTP extension, loaded from the installed package."""
    import duckdb

    spec = find_spec("duckdb_extension_httpfs")
    assert spec is not None
    folder = Path(next(iter(spec.submodule_search_locations or [])))
    extension = folder / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension}'")
        yield connection


def test_duckdb_selects_from_the_address_of_every_table(v1, tables, duck):
    for name, table in tables.items():
        found = duck.execute(f"DESCRIBE FROM '{v1}/{name}.csv'").fetchall()
        assert [row[0] for row in found] == [column["name"] for column in table["columns"]], name
        assert duck.execute(f"SELECT count(*) FROM '{v1}/{name}.csv'").fetchone() == (table["rows"],), name


def test_duckdb_finds_dates_numbers_and_truth_values(v1, duck):
    types = {row[0]: row[1] for row in duck.execute(f"DESCRIBE FROM '{v1}/positions.csv'").fetchall()}
    assert types["reported_on"] == "DATE"
    assert types["stance_score"] == "DOUBLE"
    assert types["ended"] == "BOOLEAN"
    assert types["evidence_count"] == "BIGINT"


def test_duckdb_joins_two_tables_and_reads_json(v1, duck, tables):
    joined = duck.execute(
        f"SELECT count(*) FROM '{v1}/positions.csv' p JOIN '{v1}/parties.csv' y ON p.party_id = y.id"
    ).fetchone()
    assert joined == (tables["positions"]["rows"],)
    assert duck.execute(f"SELECT count(*) FROM '{v1}/events.json'").fetchone() == (tables["events"]["rows"],)


def test_shillelagh_as_superset_uses_it_selects_from_the_array(v1, tables, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it keeps its cache in the current folder
    from shillelagh.backends.apsw.db import connect

    with connect(":memory:", adapters=["genericjsonapi"], safe=True) as connection:
        cursor = connection.cursor()
        rows = cursor.execute(f'SELECT * FROM "{v1}/positions.json"').fetchall()
        assert len(rows) == tables["positions"]["rows"]
        assert sorted(column[0] for column in cursor.description) == sorted(
            column["name"] for column in tables["positions"]["columns"]
        )
        counted = cursor.execute(
            f'SELECT stance, COUNT(*) FROM "{v1}/positions.json" GROUP BY stance ORDER BY 2 DESC'
        ).fetchall()
        assert sum(count for _, count in counted) == tables["positions"]["rows"]


def test_shillelagh_refuses_an_address_that_names_nothing(v1, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from shillelagh.backends.apsw.db import connect
    from shillelagh.exceptions import Error

    with (
        connect(":memory:", adapters=["genericjsonapi"], safe=True) as connection,
        pytest.raises(Error, match="Unsupported table"),
    ):
        connection.cursor().execute(f'SELECT * FROM "{v1}/positions.json?party=rusia"')


def test_frictionless_validates_the_package_at_its_address(v1, tables):
    from frictionless import Package

    report = Package(f"{v1}/datapackage.json").validate()
    assert report.valid, report.flatten(["title", "name", "fieldName", "message"])
    assert {task.name for task in report.tasks} == set(tables)


def test_frictionless_validates_the_archive(v1, tmp_path, tables):
    from frictionless import Package

    archive = tmp_path / "positions.zip"
    archive.write_bytes(httpx.get(f"{v1}/exports/positions-csv.zip").content)
    zipfile.ZipFile(archive).extractall(tmp_path)
    report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "name", "fieldName", "message"])
    assert sum(task.stats["rows"] for task in report.tasks) == sum(table["rows"] for table in tables.values())


def test_csvw_finds_the_description_of_every_table_and_validates_it(v1, tables):
    from csvw import CSVW

    for name, table in tables.items():
        found = CSVW(f"{v1}/{name}.csv", validate=True)
        assert not found.no_metadata, f"{name}: the Link leads to no description"
        assert found.is_valid, [name, *(str(one.message) for one in found.warnings)]
        (read,) = found.tables
        assert sum(1 for _ in read.iterdicts()) == table["rows"], name


def test_csvw_reads_lists_dates_and_truth_values_under_a_filter_too(v1):
    from datetime import date

    from csvw import CSVW

    (read,) = CSVW(f"{v1}/silences.csv?fold=none", validate=True).tables
    served = httpx.get(f"{v1}/silences.json?fold=none").json()
    for row, one in zip(read.iterdicts(), served, strict=True):
        assert row["asked_by_ids"] == (one["asked_by_ids"] or "").split("; ")
        assert row["days"] == one["days"]
    (read,) = CSVW(f"{v1}/positions.csv?party=russia", validate=True).tables
    rows = list(read.iterdicts())
    assert all(isinstance(row["reported_on"], date) and isinstance(row["ended"], bool) for row in rows)
    assert len(rows) == len(httpx.get(f"{v1}/positions.json?party=russia").json()) > 0


def test_csvw_validates_the_tables_together_with_the_keys_between_them(v1, tmp_path, tables):
    from csvw import CSVW

    at_its_address = CSVW(f"{v1}/csv-metadata.json", validate=True)
    assert at_its_address.is_valid, [str(one.message) for one in at_its_address.warnings]
    archive = tmp_path / "positions.zip"
    archive.write_bytes(httpx.get(f"{v1}/exports/positions-csv.zip").content)
    zipfile.ZipFile(archive).extractall(tmp_path)
    unpacked = CSVW(str(tmp_path / "csv-metadata.json"), validate=True)
    assert unpacked.is_valid, [str(one.message) for one in unpacked.warnings]
    assert len(unpacked.tables) == len(tables)


def test_datasette_serves_the_exported_database(v1, tmp_path, tables):
    database = tmp_path / "positions.sqlite"
    database.write_bytes(httpx.get(f"{v1}/exports/positions.sqlite").content)

    def get(path: str) -> object:
        command = [sys.executable, "-m", "datasette", str(database), "--get", path]
        return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)

    listed = {table["name"]: table for table in get("/positions.json")["tables"]}
    for name, table in tables.items():
        assert listed[name]["count"] == table["rows"], name
        assert listed[name]["columns"] == [column["name"] for column in table["columns"]], name
    labelled = get("/positions/positions.json?_shape=array&_labels=on&_size=1")
    assert set(labelled[0]["party_id"]) == {"value", "label"}
    facets = get("/positions/positions.json?_facet=stance&_size=0")["facet_results"]
    assert sum(one["count"] for one in facets["stance"]["results"]) == tables["positions"]["rows"]


def test_icalendar_reads_the_events(v1):
    from datetime import date, timedelta

    from icalendar import Calendar

    calendar = Calendar.from_ical(httpx.get(f"{v1}/feeds/events.ics").content)
    dated = [row for row in httpx.get(f"{v1}/events.json").json() if row["occurred_on"]]
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar["REFRESH-INTERVAL"].dt >= timedelta(hours=1)
    assert len(calendar.events) == len(dated) > 0
    assert len({event["UID"] for event in calendar.events}) == len(dated)
    assert {event.start for event in calendar.events} == {date.fromisoformat(row["occurred_on"]) for row in dated}
    assert all(event["DTSTART"].params["VALUE"] == "DATE" and event.end > event.start for event in calendar.events)


def test_feedparser_reads_the_changes_and_follows_next(v1):
    import feedparser

    address, seen = f"{v1}/feeds/changes.atom?limit=200", []
    while address:
        feed = feedparser.parse(address)
        assert not feed.bozo
        assert feed.feed.updated_parsed
        seen += [entry.id for entry in feed.entries]
        address = next((link.href for link in feed.feed.links if link.rel == "next"), None)
    total = httpx.get(f"{v1}/changes?limit=1").json()["page"]["total"]
    assert len(seen) == len(set(seen)) == total


def test_a_feed_reader_that_asks_again_gets_304(v1):
    import feedparser

    first = feedparser.parse(f"{v1}/feeds/changes.atom")
    again = feedparser.parse(f"{v1}/feeds/changes.atom", etag=first.etag)
    assert (again.status, len(again.entries)) == (304, 0)
    calendar = httpx.get(f"{v1}/feeds/events.ics")
    assert httpx.get(calendar.url, headers={"If-None-Match": calendar.headers["ETag"]}).status_code == 304


def test_sqlite_itself_finds_the_exported_database_sound(v1, tmp_path):
    database = tmp_path / "positions.sqlite"
    database.write_bytes(httpx.get(f"{v1}/exports/positions.sqlite").content)
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        (types,) = (connection.execute("SELECT group_concat(DISTINCT typeof(reported_on)) FROM positions").fetchone(),)
        assert types == ("text",)
    connection.close()
