"""The peers' database: the release's current positions and their evidence in plain tables, indexed for what is asked of them."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

POSITION = {
    "id": "TEXT PRIMARY KEY", "process_id": "TEXT NOT NULL REFERENCES processes (id)", "kind": "TEXT NOT NULL",
    "party_id": "TEXT NOT NULL REFERENCES parties (id)", "issue_id": "TEXT REFERENCES issues (id)", "stance": "TEXT NOT NULL",
    "summary": "TEXT NOT NULL", "valid_from": "TEXT", "valid_until": "TEXT", "ended": "INTEGER NOT NULL",
    "salience": "TEXT NOT NULL", "firmness": "TEXT", "lifecycle": "TEXT", "consequence": "TEXT", "verdict": "TEXT",
    "proposal_id": "TEXT", "term_id": "TEXT", "demand_id": "TEXT", "note": "TEXT", "first_reported_on": "TEXT NOT NULL",
    "claim_status": "TEXT NOT NULL", "evidence_count": "INTEGER NOT NULL", "document_count": "INTEGER NOT NULL",
    "origin_count": "INTEGER NOT NULL",
}  # fmt: skip
EVIDENCE = {
    "source_id": "TEXT NOT NULL REFERENCES sources (id)", "selector": "TEXT", "digest": "TEXT", "relation": "TEXT NOT NULL",
    "speaker_id": "TEXT REFERENCES parties (id)", "speaker_description": "TEXT", "mode": "TEXT NOT NULL",
    "via_id": "TEXT REFERENCES parties (id)", "credibility": "TEXT NOT NULL", "said_on": "TEXT", "note": "TEXT",
    "known_on": "TEXT NOT NULL",
}  # fmt: skip
NAMED = {"processes": "title", "parties": "name", "issues": "label", "sources": "title"}


def make(release: Path, peers: Path) -> None:
    """Copy the positions of a release into the peers' tables. ``began_on`` is the day by which the latest of several is told."""
    peers.unlink(missing_ok=True)
    old, new = sqlite3.connect(f"file:{release}?mode=ro", uri=True), sqlite3.connect(peers)
    new.execute("PRAGMA synchronous = OFF")
    new.execute("PRAGMA page_size = 8192")
    for name, label in NAMED.items():
        new.execute(f"CREATE TABLE {name} (id TEXT PRIMARY KEY, name TEXT NOT NULL)")
        rows = ((id, json.loads(body)[label]) for id, body in old.execute(f"SELECT id, body FROM {name}"))
        new.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)
    new.execute(f"CREATE TABLE positions ({_columns(POSITION)}, began_on TEXT NOT NULL)")
    new.execute(
        "CREATE TABLE evidence (id INTEGER PRIMARY KEY, position_id TEXT NOT NULL REFERENCES positions (id), "
        f"{_columns(EVIDENCE)})"
    )
    marks = ", ".join("?" * (len(POSITION) + 1))
    new.executemany(f"INSERT INTO positions VALUES ({marks})", _positions(old))
    marks = ", ".join("?" * (len(EVIDENCE) + 1))
    new.executemany(f"INSERT INTO evidence (position_id, {', '.join(EVIDENCE)}) VALUES ({marks})", _evidence(old))
    new.execute("CREATE VIRTUAL TABLE search USING fts5(summary, id UNINDEXED, tokenize = 'porter unicode61')")
    new.execute("INSERT INTO search SELECT summary, id FROM positions")
    new.execute("CREATE INDEX positions_party ON positions (party_id, id)")
    new.execute("CREATE INDEX positions_issue ON positions (issue_id, id)")
    new.execute("CREATE INDEX positions_latest ON positions (party_id, issue_id, began_on DESC, id DESC)")
    new.execute("CREATE INDEX evidence_position ON evidence (position_id)")
    new.execute("ANALYZE")
    new.commit()
    new.close()
    old.close()


def _columns(declared: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in declared.items())


def _positions(old: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for (body,) in old.execute("SELECT body FROM positions WHERE current IS 1 ORDER BY id"):
        record = json.loads(body)
        begun = (record["valid_from"] or {}).get("earliest")
        yield (*_values(record, POSITION), begun or record["first_reported_on"])


def _evidence(old: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """An offer's evidence is its term's, and stands under both."""
    joined = "SELECT p.id, e.body FROM positions p JOIN evidence e ON e.subject = p.subject WHERE p.current IS 1 ORDER BY p.id"
    for id, body in old.execute(joined):
        yield (id, *_values(json.loads(body), EVIDENCE))


def _values(record: dict[str, Any], declared: dict[str, str]) -> Iterator[Any]:
    """A reference by its id, a date as it was given; null where this kind of record has no such field."""
    for name in declared:
        value = record.get(name.removesuffix("_id"))
        yield (value.get("id") or value.get("edtf")) if isinstance(value, dict) else value
