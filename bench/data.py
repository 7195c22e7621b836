"""The data that is measured on: seeds made by the generator, the release that the project makes of them, the peers' database."""

import shutil
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from api.loader import build_digest
from bench.generate import PARTIES, write
from bench.peers.make import make
from bench.processes import OWN, Progress, Spent, run

#: Few of the records have all of the words; the more of them, the fewer.
WORDS = "ceasefire guarantee troops border sanctions grain".split()  # noqa: SIM905  # reads better
FEW_HITS = 500
A_PAGE = 50
RECORDS = 500  # that are asked for in turn


@dataclass(frozen=True)
class Release:
    """A release of about ``size`` positions, in a folder of its own."""

    size: int
    folder: Path

    @property
    def seeds(self) -> Path:
        """Its seeds as JSON Lines."""
        return self.folder / "seeds"

    @property
    def database(self) -> Path:
        """What the project's loader made of them."""
        return self.folder / "release.db"

    @property
    def peers(self) -> Path:
        """The same rows in the peers' tables."""
        return self.folder / "peers.db"

    @property
    def exports(self) -> Path:
        """Where the service keeps the exports of the release."""
        return self.folder / "release.db.exports"

    def forget_exports(self) -> None:
        """Remove the exports that were made since the load: what it made itself stays."""
        made_by_load = set((self.folder / "exports.txt").read_text().split("\n"))
        for path in sorted(self.exports.rglob("*"), reverse=True) if self.exports.is_dir() else ():
            if str(path.relative_to(self.exports)) not in made_by_load:
                path.rmdir() if path.is_dir() else path.unlink()

    def remember_exports(self) -> None:
        """Note which exports there are after the load."""
        there = self.exports.rglob("*") if self.exports.is_dir() else ()
        (self.folder / "exports.txt").write_text("\n".join(str(path.relative_to(self.exports)) for path in there))

    @cached_property
    def questions(self) -> "Questions":
        """What is asked of it."""
        return Questions.of(self.peers)


@dataclass(frozen=True)
class Questions:
    """What is asked, chosen by what the data hold.

    ``party`` has as many positions as a party has on average (but a page at least), ``largest`` is the party with the most,
    ``middle`` is the id in the middle of all positions, ``records`` are ids from all over.
    """

    positions: int
    evidence: int
    party: str
    largest: str
    middle: str
    records: list[str]
    common: str
    rare: str

    @classmethod
    def of(cls, peers: Path) -> "Questions":
        """Choose from the peers' database."""
        database = sqlite3.connect(f"file:{peers}?mode=ro", uri=True)
        (count,) = database.execute("SELECT count(*) FROM positions").fetchone()
        (evidence,) = database.execute("SELECT count(*) FROM evidence").fetchone()
        held = database.execute("SELECT count(*), party_id FROM positions GROUP BY party_id ORDER BY 1 DESC").fetchall()
        full = [one for one in held if one[0] >= A_PAGE] or held[:1]
        party = min(full, key=lambda one: abs(one[0] - count / PARTIES))[1]
        ids = [id for (id,) in database.execute("SELECT id FROM positions ORDER BY id")]
        rare = next(
            text
            for text in (" ".join(WORDS[:number]) for number in range(3, len(WORDS) + 1))
            if _hits(database, text) <= FEW_HITS or text.endswith(WORDS[-1])
        )
        database.close()
        step = max(1, len(ids) // RECORDS)
        records = ids[step // 2 :: step][:RECORDS]
        return cls(count, evidence, party, held[0][1], ids[count // 2], records, " ".join(WORDS[:2]), rare)


def _hits(database: sqlite3.Connection, words: str) -> int:
    found: int = database.execute("SELECT count(*) FROM search WHERE search MATCH ?", (words,)).fetchone()[0]
    return found


def seeds(folder: Path, size: int, *, as_yaml: bool = False) -> Path:
    """A folder of seeds of about this many positions, made where it is not there."""
    if not folder.is_dir():
        aside = folder.with_name(folder.name + ".new")
        write(aside, size, as_yaml=as_yaml)
        aside.rename(folder)
    return folder


def load(seeds: Path, database: Path, *, exports: bool = False) -> Spent:
    """Load by the project's own command. Exports are made only where they are asked for: no peer's load makes any."""
    environment = {"DATABASE_URL": f"sqlite:///{database}"}
    return run(
        [OWN, "-m", "api.cli", "load", "--exports" if exports else "--no-exports", "--seeds", str(seeds)], environment
    )


def remove(database: Path) -> None:
    """Remove a database and all that the service keeps beside it, so that a load begins with nothing."""
    for path in database.parent.glob(f"{database.name}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def release(root: Path, size: int, say: Progress) -> Release:
    """The release of a size below a folder; what is there already is used again, unless other code made it."""
    made = Release(size, root / str(size))
    made.folder.mkdir(parents=True, exist_ok=True)
    say(f"{size:,} positions: seeds")
    seeds(made.seeds, size)
    if not (_current(made.database) and (made.folder / "exports.txt").is_file()):
        remove(made.database)
        made.peers.unlink(missing_ok=True)
        say(f"{size:,} positions: loading")
        load(made.seeds, made.database, exports=True)
        made.remember_exports()
    if not made.peers.is_file():
        say(f"{size:,} positions: the peers' database")
        aside = made.peers.with_suffix(".new")
        make(made.database, aside)
        aside.rename(made.peers)
    # Read once, so that no variant is the first to fetch a file from the disk.
    for path in (made.database, made.peers):
        with path.open("rb") as file:
            while file.read(1 << 22):
                pass
    return made


def _current(database: Path) -> bool:
    """Whether this code made the release."""
    if not database.is_file():
        return False
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        row = connection.execute("SELECT build FROM releases ORDER BY number DESC LIMIT 1").fetchone()
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return row is not None and row[0] == build_digest()
