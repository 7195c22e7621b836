"""Loading: the project's loader against the usual pipeline, from the same files, on the same processors."""

import shutil
import sqlite3
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from bench import data
from bench.processes import OWN, Memory, Progress, Spent, run

USUAL, YAML, LINES, CHANGED = (
    "usual pipeline, YAML",
    "positions, YAML",
    "positions, JSON Lines",
    "positions, one YAML file changed",
)
_ID = "id: r2026-1"


@dataclass
class Loaded:
    """What loads took, by size and by what was loaded how; ``records`` is how many there were, citations not counted."""

    rounds: dict[tuple[int, str], list[Spent]] = field(default_factory=dict)
    records: dict[int, int] = field(default_factory=dict)

    def seconds(self, size: int, how: str) -> float | None:
        """The median time; None where it was not measured."""
        found = self.rounds.get((size, how))
        return statistics.median(one.seconds for one in found) if found else None

    def processor(self, size: int, how: str) -> float:
        """The median processor time."""
        return statistics.median(one.processor for one in self.rounds[size, how])

    def peak(self, size: int, how: str) -> Memory:
        """The most memory of any round, children included."""
        found = [one.peak for one in self.rounds[size, how]]
        return Memory(max(one.resident for one in found), max(one.proportional for one in found))


def load(root: Path, scratch: Path, sizes: list[int], *, rounds: int, say: Progress) -> Loaded:
    """Measure it: everything at the first size, which the peer is compared at; JSON Lines alone at the others."""
    loaded = Loaded()
    first, *others = sizes
    lines = data.seeds(root / str(first) / "seeds", first)
    documents = data.seeds(root / str(first) / "yaml", first, as_yaml=True)
    loaded.records[first] = _records(lines)
    found = {how: [] for how in (USUAL, YAML, LINES, CHANGED)}
    for number in range(rounds):
        database = scratch / "load.db"
        say(f"loading {first:,} positions, round {number + 1} of {rounds}: {USUAL}")
        found[USUAL].append(_usual(documents, database))
        say(f"loading {first:,} positions, round {number + 1} of {rounds}: {LINES}")
        found[LINES].append(_anew(lines, database))
        say(f"loading {first:,} positions, round {number + 1} of {rounds}: {YAML}")
        found[YAML].append(_anew(documents, database))
        changed = scratch / "changed"
        shutil.copytree(documents, changed)
        change(changed)
        say(f"loading {first:,} positions, round {number + 1} of {rounds}: {CHANGED}")
        found[CHANGED].append(data.load(changed, database))
        _changed_there(database)
        shutil.rmtree(changed)
        data.remove(database)
    loaded.rounds = {(first, how): spent for how, spent in found.items()}
    for size in others:
        lines = data.seeds(root / str(size) / "seeds", size)
        loaded.records[size] = _records(lines)
        say(f"loading {size:,} positions: {LINES}")
        loaded.rounds[size, LINES] = [_anew(lines, scratch / "load.db")]
        data.remove(scratch / "load.db")
    return loaded


def change(seeds: Path) -> Path:
    """Change every record of one file of a thousand, and the release's name; returns the file."""
    folder = seeds / "generated" / "statements"
    file = min(folder.glob("*.yaml"))
    text = file.read_text()
    file.write_text(text.replace("\n  summary: ", "\n  summary: Changed. "))
    release = seeds / "release.yaml"
    release.write_text(release.read_text().replace(_ID, "id: r2026-2"))
    return file


def _changed_there(database: Path) -> None:
    """Make sure that the load did what is measured."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    (changes,) = connection.execute("SELECT count(*) FROM changes WHERE action = 'changed'").fetchone()
    connection.close()
    if not changes:
        raise SystemExit("the load after a change changed nothing")


def _anew(seeds: Path, database: Path) -> Spent:
    data.remove(database)
    return data.load(seeds, database)


def _usual(seeds: Path, database: Path) -> Spent:
    data.remove(database)
    return run([OWN, "-m", "bench.peers.usual_load", str(seeds), str(database)], {})


def _records(lines: Path) -> int:
    """How many records a folder of JSON Lines has."""
    count = 0
    for path in (lines / "generated").glob("*.jsonl"):
        with path.open("rb") as file:
            count += sum(piece.count(b"\n") for piece in iter(lambda file=file: file.read(1 << 20), b""))
    return count
