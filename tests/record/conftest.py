"""The shipped record and the sample beside it, each loaded into every database that is tested."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Api, dispose

from api.app import Service, create_service
from api.database import open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import Settings

SEEDS = ROOT / "seeds"
SAMPLE = Path(__file__).with_name("sample")


def serve(databases: Any, seeds: Path) -> Service:
    url = databases.new()
    database = open_database(url)
    load(seeds, database, RESOURCES)
    dispose(database)
    return create_service(Settings(database=url, seeds=seeds))


@pytest.fixture(scope="session")
def shipped(databases: Any) -> Iterator[Api]:
    """A client of the service on the shipped seeds."""
    made = serve(databases, SEEDS)
    yield Api(made.wsgi)
    dispose(made)


@pytest.fixture(scope="session")
def sample(databases: Any) -> Iterator[Api]:
    """A client of the service on the sample, an invented negotiation."""
    made = serve(databases, SAMPLE / "seeds")
    yield Api(made.wsgi)
    dispose(made)
