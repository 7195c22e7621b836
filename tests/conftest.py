"""The sample world of ``tests/world``, loaded through the real loader into every database that is to be tested."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL
from support import SERVER, WORLD, Api, Databases, dispose, service_on

from api.app import Service, create_service
from api.settings import Settings

settings.register_profile(
    "tests",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("tests")

IN_CI = bool(os.environ.get("CI"))
#: In CI PostgreSQL is always tested, so that a missing server fails; elsewhere it is where a server is named.
DATABASES = ["sqlite", "postgresql"] if SERVER or IN_CI else ["sqlite"]
collect_ignore = [] if "postgresql" in DATABASES else ["replicas"]  # SQLite has none


#: Gives the service on seeds in a database of a kind.
Loaded = Callable[[str, Path], Service]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's shell reaches a test."""
    for name in list(os.environ):
        if name.startswith("POSITIONS_") or name in ("DATABASE_URL", "DATABASE_REPLICA_URLS"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def databases_by_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Databases]]:
    made = {kind: Databases(kind, tmp_path_factory.mktemp("databases")) for kind in DATABASES}
    yield made
    for one in made.values():
        one.remove()


@pytest.fixture(scope="session", params=DATABASES)
def databases(request: pytest.FixtureRequest, databases_by_kind: dict[str, Databases]) -> Databases:
    return databases_by_kind[request.param]


@pytest.fixture(scope="session")
def loaded(databases_by_kind: dict[str, Databases]) -> Iterator[Loaded]:
    """Gives the service on a folder of seeds that no test changes. Each is loaded once into a database of a kind: pytest sets a fixture
    with parameters up again for every file.
    """
    made: dict[tuple[str, Path], Service] = {}

    def service_of(kind: str, seeds: Path) -> Service:
        if (kind, seeds) not in made:
            made[kind, seeds] = service_on(databases_by_kind[kind].new(), seeds)
        return made[kind, seeds]

    yield service_of
    for one in made.values():
        dispose(one)


@pytest.fixture(scope="session")
def service(databases: Databases, loaded: Loaded) -> Service:
    """The service on the sample world."""
    return loaded(databases.kind, WORLD)


@pytest.fixture(scope="session")
def api(service: Service) -> Api:
    """A client of the service on the sample world, through the whole stack."""
    return Api(service.wsgi)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A copy of the sample world, to spoil."""
    return Path(shutil.copytree(WORLD, tmp_path / "world"))


@pytest.fixture
def make_service(databases: Databases) -> Iterator[Any]:
    """Makes services on seeds of a test's own, each in an empty database."""
    made: list[Service] = []
    urls: list[URL] = []

    def make(seeds: Path | None = None, **options: Any) -> Service:
        url = databases.new()
        urls.append(url)
        if seeds is not None:
            made.append(service_on(url, seeds, **options))
        else:
            made.append(create_service(Settings(database=url, seeds=WORLD), **options))
        return made[-1]

    yield make
    for one in made:
        dispose(one)
    for url in urls:
        databases.give_back(url)
