"""A primary and two replicas, on databases of one PostgreSQL server."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from servers import Cluster, Server, next_release
from sqlalchemy.engine import URL
from support import WORLD, Databases, dispose

from api.database import open_database, postgres
from api.loader import load
from api.resources import RESOURCES


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no server that stands still."""
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 30)
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 30.0)


@pytest.fixture(scope="module")
def server_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases("postgresql", tmp_path_factory.mktemp("databases"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def both(server_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A database into which two releases were loaded."""
    url = server_databases.new()
    database = open_database(url)
    load(WORLD, database, RESOURCES)
    load(next_release(tmp_path_factory.mktemp("next")), database, RESOURCES)
    dispose(database)
    return url


@pytest.fixture(scope="module")
def servers(server_databases: Databases, both: URL) -> Iterator[list[Server]]:
    made = [Server(name, server_databases.new(template=both.database)) for name in ("primary", "first", "second")]
    yield made
    for server in made:
        server.line.close()


@pytest.fixture
def cluster(servers: list[Server]) -> Iterator[Cluster]:
    for server in servers:
        server.reset()
    with ExitStack() as stack:
        yield Cluster(*servers, stack)
        for server in servers:
            server.line.mend()
