"""The files of a release: the very bytes that each table is streamed as, given in its place and for nothing else."""

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import WORLD, Api, address, dispose, problem_of, service_on

from api.database import open_database
from api.formats import FORMATS
from api.resources import RESOURCES
from api.settings import Settings
from api.views import export
from api.views.analyses import analysis_tables
from api.views.flat import SMALL, flat_tables

TABLES = [table for table in (*flat_tables(RESOURCES), *analysis_tables()) if table.of_release]
FORMS = tuple(FORMATS)


@pytest.fixture(scope="module")
def made(databases: Any) -> Iterator[tuple[Api, Path, dict[str, bytes]]]:
    """A service with its exports, their folder, and each table in each form as it was streamed when there were none."""
    service = service_on(databases.new(), WORLD)
    api, settings = Api(service.wsgi), Settings(database=address(service), seeds=WORLD)
    paths = [f"/v1{table.path}.{form}" for table in TABLES for form in FORMS]
    streamed = {path: api.ask(path).data for path in paths}
    assert not list(settings.exports.glob("*"))
    service.wsgi.cache.clear()
    stages: list[tuple[str, int, int | None]] = []
    database = open_database(address(service))
    folder = export(RESOURCES, database.current(), settings.exports, lambda *stage: stages.append(stage))
    dispose(database)
    assert stages[-1] == ("exporting", len(TABLES), len(TABLES))
    yield api, folder, streamed
    dispose(service)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("form", FORMS)
def test_a_file_has_the_bytes_that_are_streamed_without_it(made: Any, table: Any, form: str) -> None:
    api, folder, streamed = made
    path = f"/v1{table.path}.{form}"
    assert (folder / f"{table.name}.{form}").read_bytes() == streamed[path]
    answer = api.ask(path)
    assert answer.data == streamed[path]
    rows = streamed[f"/v1{table.path}.ndjson"].count(b"\n")
    assert answer.headers["X-Total-Count"] == str(rows)
    assert api.ask(path, method="HEAD").headers["X-Total-Count"] == str(rows)
    assert answer.headers["Content-Type"] == FORMATS[form].media_type


@pytest.mark.parametrize("form", FORMS)
def test_the_whole_table_is_given_from_its_file_and_no_other_is(made: Any, form: str) -> None:
    api, folder, streamed = made
    file = folder / f"parties.{form}"
    before = file.read_bytes()
    try:
        api.wsgi.cache.clear()
        file.write_bytes(b"the file")
        assert api.ask(f"/v1/parties.{form}").data == b"the file"
        assert api.ask(f"/v1/parties.{form}?release=w2031-1").data == b"the file"
        assert api.ask(f"/v1/parties.{form}?kind=*").data == b"the file"
        assert (
            api.ask(f"/v1/parties.{form}").headers["X-Total-Count"] == api.ask("/v1/parties").headers["X-Total-Count"]
        )
        narrowed = api.ask(f"/v1/parties.{form}?sort=id").data
        assert narrowed == streamed[f"/v1/parties.{form}"]
        assert b"the file" not in api.ask(f"/v1/parties.{form}?kind=state").data
    finally:
        file.write_bytes(before)
        api.wsgi.cache.clear()


def test_who_asks_while_the_files_are_made_is_not_kept_waiting(databases: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.views.exports.PATIENCE", 0.5)
    service = service_on(databases.new(), WORLD)
    api, shelf = Api(service.wsgi), Settings(database=address(service), seeds=WORLD).exports
    paths = ("/v1/exports", "/v1/tables", "/v1/datapackage.json", "/v1/exports/positions-csv.zip", "/v1/exports")
    shelf.mkdir(mode=0o700)
    with (shelf / ".lock").open("w") as another:
        fcntl.flock(another, fcntl.LOCK_EX)
        begin = time.monotonic()
        for path in paths:
            response = api.ask(path)
            assert response.status_code == 503
            assert "The files of release “w2031-1” are still being prepared" in problem_of(response)["detail"]
            assert int(response.headers["Retry-After"]) > 0
        assert 0.5 <= time.monotonic() - begin < 1.5, "they wait a moment, all together"
        for form in FORMS:
            assert api.ask(f"/v1/parties.{form}").status_code == 200, "a table needs no file"
    for path in paths:
        assert api.ask(path).status_code == 200
    dispose(service)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), sqlite3.OperationalError("database or disk is full")],
    ids=["file", "database"],
)
def test_on_a_full_disk_what_needs_files_is_unavailable_and_the_rest_answers(
    databases: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def full(*_: Any) -> None:
        raise error

    service = service_on(databases.new(), WORLD)
    api = Api(service.wsgi)
    with monkeypatch.context() as patched:
        patched.setattr("api.exports._declare", full)
        for path in ("/v1/exports", "/v1/tables", "/v1/exports/positions.sqlite"):
            response = api.ask(path)
            assert response.status_code == 503
            assert "The files of release “w2031-1” cannot be created now" in problem_of(response)["detail"]
            assert int(response.headers["Retry-After"]) > 0
        assert f"the exports of w2031-1 could not be created: {error}" in caplog.text
        assert api.ask("/v1/parties.csv").status_code == 200, "a table needs no file"
    assert api.ask("/v1/tables").status_code == 200
    dispose(service)


def test_a_mark_is_put_before_a_file_when_asked(made: Any) -> None:
    api, _, streamed = made
    assert api.ask("/v1/evidence.csv?bom=1").data == b"\xef\xbb\xbf" + streamed["/v1/evidence.csv"]
    assert api.ask("/v1/evidence.csv?bom=0").data == streamed["/v1/evidence.csv"]


@pytest.mark.parametrize("name", ["matrix", "gaps", "timeline", "movements", "silences"])
def test_a_format_of_an_analysis_is_its_table(made: Any, name: str) -> None:
    api, _, streamed = made
    assert api.ask(f"/v1/{name}?format=csv").data == streamed[f"/v1/{name}.csv"]
    assert api.ask(f"/v1/{name}?format=ndjson").data == streamed[f"/v1/{name}.ndjson"]
    assert api.ask(f"/v1/{name}?format=csv&as_of=2030-01-01").data == api.ask(f"/v1/{name}.csv?as_of=2030-01-01").data


def test_a_large_file_is_sent_as_it_is_and_in_parts(made: Any) -> None:
    api, folder, _ = made
    file = folder / "sources.csv"
    before = file.read_bytes()
    large = before + b"x" * SMALL
    try:
        api.wsgi.cache.clear()
        file.write_bytes(large)
        answer = api.ask("/v1/sources.csv")
        assert (answer.data, answer.headers["Content-Length"]) == (large, str(len(large)))
        part = api.ask("/v1/sources.csv", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.data) == (206, large[10:20])
        assert api.ask("/v1/sources.csv", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    finally:
        file.write_bytes(before)
        api.wsgi.cache.clear()
