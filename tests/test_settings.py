"""Settings and databases that cannot be used: what is at fault, and what is allowed; the release before is left as it was."""

import os
import resource
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from support import ROOT, WORLD, Databases

from api.database import DatabaseError, open_database
from api.loader import load
from api.resources import RESOURCES
from api.settings import SettingError, Settings

PRIMARY = "postgresql://joe:hush@h/x"


def test_a_database_that_is_read_only_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    database = open_database(make_url(f"sqlite:///{path}"))
    load(WORLD, database, RESOURCES)
    path.chmod(stat.S_IRUSR)
    with pytest.raises(DatabaseError, match="is read-only; make it writable"):
        load(WORLD, database, RESOURCES)
    assert database.current().release


def test_a_file_of_another_program_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "letters.db"
    path.write_bytes(b"Dear reader, this is a letter and not a database. " * 10)
    with pytest.raises(DatabaseError, match="is not an SQLite file"):
        load(WORLD, open_database(make_url(f"sqlite:///{path}")), RESOURCES)
    assert path.read_bytes().startswith(b"Dear reader")


def test_a_database_of_another_version_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    load(WORLD, open_database(make_url(f"sqlite:///{path}")), RESOURCES)
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE documents RENAME TO papers")
    connection.close()
    with pytest.raises(DatabaseError, match="was created by another version of the service"):
        load(WORLD, open_database(make_url(f"sqlite:///{path}")), RESOURCES)


FULL = """
import resource, sys
from pathlib import Path
from sqlalchemy.engine import make_url
from api.database import DatabaseError, open_database
from api.loader import load
from api.resources import RESOURCES
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    load(Path(sys.argv[1]), open_database(make_url("sqlite:///" + sys.argv[2])), RESOURCES)
except DatabaseError as error:
    print(error)
"""


def _load_on_a_full_disk(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(WORLD), str(path)],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_disk_that_is_full_leaves_the_old_release_and_nothing_else(tmp_path: Path) -> None:
    assert resource.RLIMIT_FSIZE  # how a full disk is played
    path = tmp_path / "kept.db"
    database = open_database(make_url(f"sqlite:///{path}"))
    first = _load_on_a_full_disk(path)
    assert "could not be written" in first
    assert "previous release" not in first, "there is none"
    load(WORLD, database, RESOURCES)
    before = path.read_bytes()
    second = _load_on_a_full_disk(path)
    assert "could not be written" in second
    assert "The previous release is unchanged" in second
    assert path.read_bytes() == before
    assert {one_.name for one_ in tmp_path.iterdir()} == {"kept.db", "kept.db.lock"}


def test_a_load_that_fails_tells_of_the_old_release_only_if_there_is_one(databases: Databases) -> None:
    def failed() -> str:
        with pytest.raises(DatabaseError, match="could not be written") as caught, database.replacing() as connection:
            connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")
        return str(caught.value)

    database = open_database(databases.new())
    try:
        assert "previous release" not in failed()
        load(WORLD, database, RESOURCES)
        assert failed().endswith(" The previous release is unchanged.")
    finally:
        database.close()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"POSITIONS_SEED": "x"}, "POSITIONS_SEED is not one of the settings: .* Did you mean POSITIONS_SEEDS\\?"),
        ({"POSITION_SEEDS": "x"}, "POSITION_SEEDS is not one of the settings: .* Did you mean POSITIONS_SEEDS\\?"),
        ({"positions_seeds": "x"}, "positions_seeds is not one of the settings: .* Did you mean POSITIONS_SEEDS\\?"),
        ({"DATABASE_URL": "mysql://x/y"}, "it must be for sqlite or postgresql"),
        ({"DATABASE_URL": "sqlit:///x.db"}, "for “sqlit”; it must be for sqlite or postgresql. Did you mean sqlite?"),
        ({"DATABASE_URL": "postgressql://x/y"}, "it must be for sqlite or postgresql. Did you mean postgresql?"),
        ({"DATABASE_URL": "mysql://x/y"}, "it must be for sqlite or postgresql.$"),
        ({"POSITIONS_PUBLIC_URL": "https://example.org:99999"}, "such as https://example.org"),
        ({"POSITIONS_PUBLIC_URL": "https://example.org/<b>"}, "such as https://example.org"),
        ({"POSITIONS_PUBLIC_URL": 'https://exa"mple.org'}, "such as https://example.org"),
        ({"DATABASE_URL": "nonsense"}, "is not a valid database address"),
        ({"DATABASE_URL": "sqlite://"}, "without a file name"),
        ({"DATABASE_URL": "sqlite://x.db"}, "only two slashes; did you mean sqlite:///x.db\\?"),
        ({"DATABASE_URL": "sqlite://data/x.db"}, "only two slashes; did you mean sqlite:///data/x.db\\?"),
        ({"POSITIONS_TEXTS_DIR": "/nowhere/at/all"}, "which is not a folder"),
        ({"POSITIONS_CACHE_MB": "much"}, "must be a whole number of megabytes"),
        ({"POSITIONS_CACHE_MB": "65537"}, "must be a whole number of megabytes from 0 to 65536"),
        ({"POSITIONS_CACHE_MB": "-1"}, "must be a whole number of megabytes from 0 to 65536"),
        ({"POSITIONS_BANANA": "x"}, "POSITIONS_BANANA is not one of the settings: "),
        ({"POSITIONS_PUBLIC_URL": "example.org"}, "such as https://example.org"),
        ({"POSITIONS_PUBLIC_URL": "https://"}, "such as https://example.org"),
        ({"POSITIONS_PUBLIC_URL": "https://example.org/?a=b"}, "such as https://example.org"),
        ({"DATABASE_URL": "sqlite:////"}, "which is a folder; expected a file"),
        ({"DATABASE_URL": "sqlite:///x.db?mode=ro"}, "parameters .mode., which have no effect"),
        ({"DATABASE_URL": "postgresql//joe:hush@h/x"}, "“…@h/x”, which is not a valid database address"),
        ({"DATABASE_URL": "postgresql://joe:hush@h:port/x"}, "“…@h:port/x”, which is not a valid database address"),
        ({"DATABASE_URL": "postgresql//h/x?password=hush"}, "“postgresql//h/x”, which is not a valid database address"),
        ({"DATABASE_REPLICA_URL": PRIMARY}, "Did you mean DATABASE_REPLICA_URLS?"),
        (
            {"DATABASE_REPLICA_URLS": PRIMARY},
            "DATABASE_URL is an SQLite file, which cannot have replicas; set DATABASE_URL to",
        ),
        (
            {"DATABASE_URL": PRIMARY, "DATABASE_REPLICA_URLS": f"{PRIMARY},"},
            "address 2 is “”, which is not a valid database",
        ),
        (
            {"DATABASE_URL": PRIMARY, "DATABASE_REPLICA_URLS": "joe:hush@h"},
            "address 1 is “…@h”, which is not a valid database",
        ),
        (
            {"DATABASE_URL": PRIMARY, "DATABASE_REPLICA_URLS": "mysql://joe:hush@h/x"},
            "address 1 is an address for “mysql”",
        ),
        (
            {"DATABASE_URL": PRIMARY, "DATABASE_REPLICA_URLS": "sqlite:///x.db"},
            "address 1 is an SQLite file; expected Post",
        ),
        (
            {"DATABASE_URL": PRIMARY, "DATABASE_REPLICA_URLS": f"{PRIMARY}, {PRIMARY}"},
            "address 2 is the same as address 1",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError, match=said.replace("?", r"\?")) as error:
        Settings.read(environment)
    assert "hush" not in str(error.value)


def test_replicas_are_addresses_between_commas() -> None:
    settings = Settings.read({"DATABASE_URL": PRIMARY, "DATABASE_REPLICA_URLS": f" {PRIMARY}2 , postgres://h/y"})
    assert [(one.drivername, one.host, one.database) for one in settings.replicas] == [
        ("postgresql+psycopg", "h", "x2"),
        ("postgresql+psycopg", "h", "y"),
    ]
    assert Settings.read({"DATABASE_REPLICA_URLS": ""}).replicas == ()


@pytest.mark.parametrize(("given", "size"), [("0", 0), ("65536", 65536 * 2**20), ("", 64 * 2**20)])
def test_the_bounds_of_the_cache_are_among_what_is_allowed(given: str, size: int) -> None:
    assert Settings.read({"POSITIONS_CACHE_MB": given}).cache_bytes == size


@pytest.mark.parametrize("given", ["https://example.org/positions/", "https://example.org/positions"])
def test_what_paths_are_put_behind_ends_without_a_slash(given: str) -> None:
    assert Settings.read({"POSITIONS_PUBLIC_URL": given}).public_url == "https://example.org/positions"


def test_all_settings_that_cannot_be_used_are_told_together() -> None:
    wrong = {
        "DATABASE_URL": "mysql://h/x",
        "DATABASE_REPLICA_URLS": "nonsense",
        "POSITIONS_TEXTS_DIR": "/nowhere",
        "POSITIONS_CACHE_MB": "64MB",
        "POSITIONS_PUBLIC_URL": "https://joe:hush@example.org",
        "POSITIONS_SEED": "/nowhere",
        "POSITIONS_FOO": "1",
    }
    with pytest.raises(SettingError) as error:
        Settings.read(wrong)
    told = str(error.value).splitlines()
    assert len(told) == len(wrong)
    assert all(any(line.startswith(name) for line in told) for name in wrong)
    assert "POSITIONS_SEED is not one of the settings: " in str(error.value)
    assert "Did you mean POSITIONS_SEEDS?" in str(error.value)
    assert "POSITIONS_FOO is not one of the settings: " in str(error.value)


def test_a_name_that_only_begins_like_those_of_settings_gets_no_suggestion() -> None:
    for name in ("POSITIONS_PORT", "POSITIONS_HOST", "POSITIONS_WORKERS"):
        with pytest.raises(SettingError, match=f"{name} is not one of the settings") as error:
            Settings.read({name: "x"})
        assert "Did you mean" not in str(error.value)
