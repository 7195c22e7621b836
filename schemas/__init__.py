"""The contract: what seeds may contain and what answers contain. Independent of the web and of the database."""

#: The prefix of the canonical paths of this version of the contract; `docs/extending.md` says how to add the next version.
VERSION_PATH = "/v1"
