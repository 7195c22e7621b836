"""The contract: what seeds may hold and what answers hold. Knows neither the web nor the database."""

#: What the canonical paths of this version of the contract begin with; `docs/extending.md` says how a next version comes in.
VERSION_PATH = "/v1"
