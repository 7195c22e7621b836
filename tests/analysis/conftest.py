"""Worlds for the analyses: small ones written by a test, through the real loader, and the shipped seeds."""

from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Api
from written import Position, World, write

SEEDS = ROOT / "seeds"


@pytest.fixture(scope="session")
def shipped(databases: Any, loaded: Any) -> Api:
    """A client of the service on the shipped seeds."""
    return Api(loaded(databases.kind, SEEDS).wsgi)


@pytest.fixture
def world_of(make_service: Any, tmp_path: Path) -> World:
    """Makes a client of a service on positions that a test lists; see `written.write`."""
    made = 0

    def make(*positions: Position, **more: Any) -> Api:
        nonlocal made
        made += 1
        return Api(make_service(write(tmp_path / f"written-{made}", positions, **more)).wsgi)

    return make
