"""From a folder of seeds to a release in the database: read, check, derive, store; each step sees only what the last one made."""

from api.loader.build import build_digest
from api.loader.check import check
from api.loader.faults import Fault, SeedError
from api.loader.history import Loaded
from api.loader.load import load
from api.loader.read import digest as seeds_digest

__all__ = ["Fault", "Loaded", "SeedError", "build_digest", "check", "load", "seeds_digest"]
