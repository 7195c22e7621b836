"""From a folder of seeds to a release in the database: read, check, derive, store; each step sees only what the last one made."""

from api.loader.check import check
from api.loader.faults import Fault, SeedError
from api.loader.load import Loaded, build_digest, load, seeds_digest

__all__ = ["Fault", "Loaded", "SeedError", "build_digest", "check", "load", "seeds_digest"]
