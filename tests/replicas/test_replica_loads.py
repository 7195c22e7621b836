"""Loads where there are replicas: where they go, and who waits for them."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from servers import NEW, OLD, PARTY, Cluster, next_release, until
from support import WORLD, Api, Databases, dispose
from test_cli import free_port

from api.app import Service, create_service
from api.cli import main
from api.database import NothingLoaded, open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import Settings


def test_a_load_goes_to_the_primary_and_is_announced_from_it(
    cluster: Cluster, server_databases: Databases, tmp_path: Path
) -> None:
    url = server_databases.new()
    writer = open_database(url)
    load(WORLD, writer, RESOURCES)
    api = cluster.node(primary=url)
    assert api.get(PARTY)["data"]["name"] == "Aldoria"
    load(next_release(tmp_path), writer, RESOURCES)
    dispose(writer)
    until(lambda: api.get(PARTY)["data"]["name"] == "New Aldoria")
    assert [one["id"] for one in api.data("/v1/releases")] == [OLD, NEW]
    for replica in (cluster.first, cluster.second):
        assert replica.run("SELECT number FROM positions_pointer") == [(1,)]


def test_a_node_with_replicas_loads_nothing(server_databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server_databases.new()
    address = url.render_as_string(hide_password=False)
    served: list[Any] = []
    monkeypatch.setattr("api.cli.serve", lambda *given, **more: served.append(given))
    environment = {"DATABASE_URL": address, "DATABASE_REPLICA_URLS": address}
    result = CliRunner().invoke(main, ["serve", "--seeds", str(WORLD), "--port", str(free_port())], env=environment)
    assert result.exit_code == 0, result.output
    assert served
    database = open_database(url)
    with pytest.raises(NothingLoaded):
        database.current()
    dispose(database)


def test_a_node_waits_for_the_first_release(server_databases: Databases) -> None:
    url = server_databases.new()
    service: Service = create_service(Settings(database=url, replicas=(url,), seeds=WORLD))
    api = Api(service.wsgi)
    problem = api.problem(PARTY, 503)
    assert "run `positions load`" in problem["detail"]
    writer = open_database(url)
    load(WORLD, writer, RESOURCES)
    dispose(writer)
    assert orjson.loads(api.ask("/readyz").data)["release"] == OLD
    dispose(service)
