"""Worlds for the analyses: small ones written by a test, through the real loader, and the shipped seeds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Api, dispose
from written import Position, World, write

from api.app import create_service
from api.database import open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import Settings

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


@pytest.fixture(scope="session")
def shipped(databases: Any) -> Iterator[Api]:
    """A client of the service on the shipped seeds."""
    url = databases.new()
    database = open_database(url)
    load(SEEDS, database, RESOURCES)
    dispose(database)
    service = create_service(Settings(database=url, seeds=SEEDS))
    yield Api(service.wsgi)
    dispose(service)


@pytest.fixture
def world_of(make_service: Any, tmp_path: Path) -> World:
    """Makes a client of a service on positions that a test lists; see `written.write`."""
    made = 0

    def make(*positions: Position, **more: Any) -> Api:
        nonlocal made
        made += 1
        return Api(make_service(write(tmp_path / f"written-{made}", positions, **more)).wsgi)

    return make
