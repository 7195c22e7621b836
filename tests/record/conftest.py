"""The shipped record and the sample beside it, each loaded into every database that is tested."""

from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Api

SEEDS = ROOT / "seeds"
SAMPLE = Path(__file__).with_name("sample")


@pytest.fixture(scope="session")
def shipped(databases: Any, loaded: Any) -> Api:
    """A client of the service on the shipped seeds."""
    return Api(loaded(databases.kind, SEEDS).wsgi)


@pytest.fixture(scope="session")
def sample(databases: Any, loaded: Any) -> Api:
    """A client of the service on the sample, an invented negotiation."""
    return Api(loaded(databases.kind, SAMPLE / "seeds").wsgi)
