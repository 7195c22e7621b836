"""The peers' database: the release's current positions in plain tables, indexed for what is asked of them."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COLUMNS = (
    "id", "process_id", "kind", "party_id", "issue_id", "stance", "summary", "valid_from", "valid_until", "ended", "salience",
    "note", "first_reported_on", "claim_status", "evidence_count", "document_count", "origin_count",
)  # fmt: skip


def make(release: Path, peers: Path) -> None:
    """Copy the positions of a release into the peers' tables."""
    peers.unlink(missing_ok=True)
    old, new = sqlite3.connect(f"file:{release}?mode=ro", uri=True), sqlite3.connect(peers)
    new.executescript(
        f"""PRAGMA synchronous = OFF; PRAGMA page_size = 8192;
        CREATE TABLE processes (id TEXT PRIMARY KEY, name TEXT);
        CREATE TABLE parties (id TEXT PRIMARY KEY, name TEXT);
        CREATE TABLE issues (id TEXT PRIMARY KEY, name TEXT);
        CREATE TABLE positions ({", ".join(f"{name} TEXT" + (" PRIMARY KEY" if name == "id" else "") for name in COLUMNS)});
        CREATE VIRTUAL TABLE search USING fts5(summary, id UNINDEXED, tokenize = 'porter unicode61');"""
    )
    for name, label in (("processes", "title"), ("parties", "name"), ("issues", "label")):
        rows = ((id, json.loads(body)[label]) for id, body in old.execute(f"SELECT id, body FROM {name}"))
        new.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)
    bodies = (json.loads(body) for (body,) in old.execute("SELECT body FROM positions WHERE current ORDER BY id"))
    new.executemany(f"INSERT INTO positions VALUES ({', '.join('?' * len(COLUMNS))})", map(tuple, map(_row, bodies)))
    new.execute("INSERT INTO search SELECT summary, id FROM positions")
    new.execute("CREATE INDEX positions_party ON positions (party_id, id)")
    new.execute("ANALYZE")
    new.commit()


def _row(body: dict[str, Any]) -> Iterator[Any]:
    for name in COLUMNS:
        if name.endswith("_id"):
            named = body[name[:-3]]
            yield named and named["id"]
        else:
            value = body[name]
            yield value["edtf"] if isinstance(value, dict) else value
