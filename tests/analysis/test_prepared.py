"""What a load keeps is what the view would answer anew, for every answer that it keeps and on every database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sqlalchemy import Connection, func, select
from support import ROOT, Api, dispose

from api.app import create_service
from api.database import Store, open_database
from api.loader import load
from api.models import Cited, Edge, Prepared
from api.prepared import preparing
from api.resources import RESOURCES
from api.settings import Settings
from api.views import operations, prepared_operations
from bench.generate import write
from schemas.vocabulary import ClaimStatus

SEEDS = ROOT / "seeds"
LISTED = prepared_operations(RESOURCES)


@pytest.fixture(scope="module", params=["shipped", "generated"])
def kept(request: pytest.FixtureRequest, databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service on a release with prepared answers, each that may be kept, and the rows."""
    seeds: Path = SEEDS
    if request.param == "generated":
        seeds = tmp_path_factory.mktemp("generated") / "seeds"
        write(seeds, 400)
    url = databases.new()
    database = open_database(url)
    every = [replace(one, large=lambda _connection: True) for one in LISTED]
    load(seeds, database, RESOURCES, prepare=preparing(RESOURCES, every))
    with database.current().connect() as connection:
        rows = {row.path: zstandard.decompress(row.zstd) for row in connection.execute(select(Prepared.__table__))}
    dispose(database)
    service = create_service(Settings(database=url, seeds=seeds, cache_bytes=0))
    yield Api(service.wsgi), rows
    dispose(service)


def test_every_kept_answer_is_the_one_that_is_made_anew(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api, rows = kept
    assert len(rows) == sum(len(one.prepared) for one in LISTED) > 50
    served = {path: api.ask(path).data for path in rows}
    assert served == rows
    monkeypatch.setattr("api.operation.Operation._prepared_answer", lambda *_: None)
    assert {path: api.ask(path).data for path in rows} == rows


def test_a_kept_answer_is_read_and_not_made(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    api, rows = kept

    made: list[Any] = []
    monkeypatch.setattr("api.analysis.matrix.recorded", lambda question: made.append(question) or {})
    assert api.ask("/v1/matrix").data == rows["/v1/matrix"]
    assert api.ask("/matrix").data == rows["/v1/matrix"]
    assert not made
    api.ask("/v1/matrix?fold=none")
    assert made


@pytest.mark.parametrize(
    "query", ["as_of=2024-02-20", "format=csv", "release={release}", "rows=topic&mode=on_record", "process="]
)
def test_what_was_asked_for_otherwise_is_not_the_kept_answer(kept: Any, query: str) -> None:
    api, rows = kept
    answer = api.ask(f"/v1/matrix?{query.format(release=api.get('/v1/')['meta']['release'])}")
    assert answer.status_code == 200
    assert (answer.data == rows["/v1/matrix"]) == (query == "process=")


def test_csv_that_the_header_asks_for_is_not_the_kept_answer(kept: Any) -> None:
    api, _ = kept
    assert api.ask("/v1/matrix", headers={"Accept": "text/csv"}).content_type == "text/csv; charset=utf-8"


def test_no_other_operation_says_that_its_answers_are_kept() -> None:
    assert {one.name for one in operations(RESOURCES) if one.prepared} == {one.name for one in LISTED}


def test_a_small_collection_is_counted_when_it_is_asked_for(databases: Any) -> None:
    database = open_database(databases.new())
    load(SEEDS, database, RESOURCES, prepare=preparing(RESOURCES, LISTED))
    with database.current().connect() as connection:
        paths = set(connection.scalars(select(Prepared.path)))
    dispose(database)
    assert paths == {"/v1/matrix", "/v1/matrix?rows=topic", "/v1/gaps"}


@pytest.mark.parametrize(
    "resource", [one for one in RESOURCES if issubclass(one.model, Cited)], ids=lambda one: one.name
)
def test_what_a_collection_rests_on_is_prepared_as_it_is_counted(kept: Any, resource: Any) -> None:
    api, _ = kept
    every = ",".join(status.value for status in ClaimStatus)
    prepared = api.get(f"/v1/facets/{resource.name}", by="claim_status")
    counted = api.get(f"/v1/facets/{resource.name}", by="claim_status", claim_status=every)
    assert prepared["data"] == counted["data"]
    assert prepared["meta"]["rests_on"] == counted["meta"]["rests_on"]


def test_the_database_knows_how_large_its_tables_are_when_answers_are_prepared(databases: Any) -> None:
    """Else it plans as if they were small, and the load of a large release would not end."""
    known: list[int] = []
    sized = {
        "sqlite": "SELECT CAST(stat AS INTEGER) FROM sqlite_stat1 WHERE tbl = 'edges' AND idx = 'edges_key'",
        "postgresql": "SELECT reltuples FROM pg_class WHERE oid = to_regclass('edges')",
    }

    def prepare(connection: Connection, _store: Store) -> Iterator[tuple[str, str, bytes]]:
        known.append(int(connection.exec_driver_sql(sized[connection.dialect.name]).scalar_one()))
        yield from ()

    database = open_database(databases.new())
    load(SEEDS, database, RESOURCES, prepare=prepare)
    with database.current().connect() as connection:
        assert known == [connection.scalar(select(func.count()).select_from(Edge))]
    dispose(database)
