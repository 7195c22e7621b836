"""The command line as a person meets it: what it says, and with which code it ends."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result
from support import ROOT, WORLD

from api.cli import main

PATIENCE = 60


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


@pytest.mark.parametrize("command", [["check"], ["load"], ["serve"], ["editor-schemas"], ["verify", "--texts", "."]])
def test_a_folder_that_is_given_without_its_option_is_told_the_option(command: list[str]) -> None:
    done = run(*command, "my/seeds")
    assert done.exit_code == 2
    assert "unexpected extra argument (my/seeds). Did you mean “--seeds my/seeds”?" in done.output
    assert "unexpected extra argument (x)\n" in run("openapi", "x").output
    twice = run(*command, "--seeds", "my/seeds", "more")
    assert twice.output.endswith("unexpected extra argument (more)\n")


def test_words_without_quotation_marks_are_told_so() -> None:
    done = run("cite", "lantern", "could", "be", "looked", "at", "--texts", ".")
    assert done.exit_code == 2
    assert "unexpected extra arguments (be looked at). Did you mean “'could be looked at'”?" in done.output


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'positions.db'}"


def test_check_says_what_a_sound_folder_holds() -> None:
    result = run("check", "--seeds", str(WORLD))
    assert result.exit_code == 0
    assert "is valid:" in result.output
    assert "proposals" in result.output


def test_check_says_of_a_folder_without_records_that_it_has_none(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text("id: r1\ndate: 2031-07-01\n", encoding="utf-8")
    result = run("check", "--seeds", str(tmp_path))
    assert result.exit_code == 0
    assert result.output == f"{tmp_path}: release r1 is valid: no records.\n"


def test_check_lists_every_fault_and_fails(world: Path) -> None:
    (world / "common/parties.yaml").write_text("- id: x\n  kind: stat\n", encoding="utf-8")
    result = run("check", "--seeds", str(world))
    assert result.exit_code == 1
    assert re.search(
        r"common/parties\.yaml:2:9: parties “x”: kind: “stat” is not one of the allowed values\. "
        r"Did you mean “state”\? Allowed: state, .*\n",
        result.output,
    )
    assert "the required field name is missing" in result.output
    assert " faults; the seeds are not valid." in result.output
    loading = run("load", "--seeds", str(world), DATABASE_URL=f"sqlite:///{world.with_suffix('.db')}")
    assert loading.exit_code == 1
    assert " faults; nothing was loaded." in loading.output


def test_check_and_load_tell_of_evidence_that_points_at_no_passage(tmp_path: Path, database: str) -> None:
    """No fault, since a text may not be at hand; the first few are named with their places."""
    seeds = Path(shutil.copytree(ROOT / "tests/record/sample/seeds", tmp_path / "seeds"))
    assert "Note:" not in run("check", "--seeds", str(seeds)).output
    path = seeds / "timber-dispute-sample/statements.yaml"
    told = path.read_text(encoding="utf-8").splitlines()
    without = [line for line in told if not line.strip().startswith(("selector:", "digest:"))]
    path.write_text("\n".join(without), encoding="utf-8")
    checked = run("check", "--seeds", str(seeds))
    loaded = run("load", "--no-exports", "--seeds", str(seeds), DATABASE_URL=database)
    for result in (checked, loaded):
        assert result.exit_code == 0, result.output
        assert "Note: 1 piece of evidence has no selector" in result.output
        assert f"{path}:7:7: statements “calvane-would-settle-for-quota”: evidence: no selector" in result.output


def test_of_much_evidence_without_a_passage_the_first_is_named() -> None:
    lines = run("check", "--seeds", str(WORLD)).output.splitlines()
    (note,) = (line for line in lines if line.startswith("Note: "))
    assert re.match(r"Note: \d\d pieces of evidence have no selector, .* The first 3:$", note)
    assert len([line for line in lines if line.startswith("  ")]) == 3


def test_load_says_what_it_did_and_a_second_load_that_nothing_changed(database: str) -> None:
    first = run("load", "--seeds", str(WORLD), DATABASE_URL=database)
    assert first.exit_code == 0, first.output
    told = re.search(
        r" (\d+) records: (\d+) from the seeds \((\d+) added, 0 changed, 0 removed\) and (\d+) offers", first.output
    )
    assert told, first.output
    records, seeded, added, offers = map(int, told.groups())
    assert records == seeded + offers
    assert added == seeded
    assert offers == 7
    second = run("load", "--seeds", str(WORLD), DATABASE_URL=database)
    assert "0 added, 0 changed, 0 removed" in second.output


def test_a_long_load_tells_how_far_it_is_where_there_is_no_terminal(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.INTERVAL", 0.0)
    result = run("load", "--seeds", str(WORLD), DATABASE_URL=database)
    assert re.search(r"^reading \(kB\): \d+ of \d+", result.stderr, re.MULTILINE)
    assert re.search(r"^storing \(records\): \d+ of \d+, [\d,]+/s", result.stderr, re.MULTILINE)
    assert [line for line in result.stderr.splitlines() if ":" not in line] == [
        "indexing",
        "counting",
        "preparing answers",
    ]


def test_a_short_load_says_nothing_on_the_way(database: str) -> None:
    assert run("load", "--seeds", str(WORLD), DATABASE_URL=database).stderr == ""


def test_a_long_load_shows_a_bar_on_a_terminal(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.PATIENCE", 0.0)
    result = run("load", "--seeds", str(WORLD), DATABASE_URL=database, TTY_COMPATIBLE="1", COLUMNS="120", TERM="xterm")
    assert "storing (records)" in result.stderr
    assert "━" in result.stderr
    assert " loaded in " in result.stdout


INTERRUPTED = """
import os, signal, sys
from contextlib import contextmanager
from api import cli

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what runs in its background ignore it

@contextmanager
def progress():
    yield lambda stage, done, total: stage == sys.argv[1] and os.kill(os.getpid(), int(sys.argv[2]))

cli._progress = progress
cli.main(["load", "--replace"], prog_name="positions")
"""


@pytest.mark.parametrize(
    ("stage", "number"),
    [
        ("storing (records)", signal.SIGTERM),
        ("preparing answers", signal.SIGINT),
        ("exporting", signal.SIGINT),
        ("exporting", signal.SIGTERM),
    ],
)
def test_a_load_that_is_interrupted_leaves_the_release_before_or_the_whole_of_its_own(
    stage: str, number: signal.Signals, database: str, world: Path
) -> None:
    assert run("load", "--seeds", str(world), DATABASE_URL=database).exit_code == 0
    before = held(database)
    (world / "release.yaml").write_text("id: w2031-2\ndate: 2031-12-01\n", encoding="utf-8")
    env = {**os.environ, "DATABASE_URL": database, "POSITIONS_SEEDS": str(world)}
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, stage, str(int(number))],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ended.returncode == (1 if number == signal.SIGINT else -signal.SIGTERM), ended.stderr
    assert "Traceback" not in ended.stderr
    stored = stage == "exporting"  # the release is stored by then
    assert (held(database) == before) is not stored
    again = run("load", "--seeds", str(world), DATABASE_URL=database)
    assert again.exit_code == 0, again.output
    assert held(database)[0] == "w2031-2"


INTERRUPTED_IMPORT = """
import os, signal, sys
from importlib import import_module

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "api.app":
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what runs in its background ignore it
sys.meta_path.insert(0, Interrupting())
module, function = sys.argv[1].split(":")
sys.exit(getattr(import_module(module), function)())
"""


def test_ctrl_c_during_the_imports_prints_no_traceback() -> None:
    entry_point = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"][
        "positions"
    ]
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, entry_point],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (ended.returncode, ended.stderr) == (1, "Aborted!\n")


def held(database: str) -> tuple[str, int]:
    """The release that a database holds, whole, and how many rows of positions."""
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ((id,),) = connection.execute("SELECT id FROM releases ORDER BY number DESC LIMIT 1")
        ((count,),) = connection.execute("SELECT count(*) FROM positions")
    return id, count


def test_load_makes_the_exports_unless_it_is_told_not_to(database: str, tmp_path: Path) -> None:
    without = run("load", "--no-exports", "--seeds", str(WORLD), DATABASE_URL=database)
    assert "exports created" not in without.output
    assert not (tmp_path / "positions.db.exports").exists()
    loaded = run("load", "--seeds", str(WORLD), DATABASE_URL=database)
    assert loaded.exit_code == 0, loaded.output
    (folder,) = (path for path in (tmp_path / "positions.db.exports").iterdir() if path.is_dir())
    assert f"{folder}: exports created, " in loaded.output
    assert {"positions-csv.zip", "positions.sqlite", "movements.ndjson"} <= {path.name for path in folder.iterdir()}


def test_exports_that_cannot_be_made_leave_the_release_loaded(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("api.cli.export", full)
    result = run("load", "--seeds", str(WORLD), DATABASE_URL=database)
    assert result.exit_code == 1
    assert "the release is loaded, but its exports could not be created" in result.output
    assert "No space left on device" in result.output


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DATABASE_URL": "oracle://x"}, "it must be for sqlite or postgresql"),
        ({"POSITIONS_SEED": "x"}, "Did you mean POSITIONS_SEEDS?"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "cannot be written to"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "127.0.0.1"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_with_one_sentence(environment: dict[str, str], said: str) -> None:
    result = run("load", "--seeds", str(WORLD), **environment)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output


def test_openapi_check_fails_where_the_file_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("openapi", "--check").exit_code == 1
    assert run("openapi").exit_code == 0
    assert run("openapi", "--check").exit_code == 0
    assert (tmp_path / "openapi.yaml").read_bytes() == (ROOT / "openapi.yaml").read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    port: int, database: str, seeds: Path = WORLD, *options: str, code: Path = ROOT
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "api.cli",
            "serve",
            "--port",
            str(port),
            "--seeds",
            str(seeds),
            "--workers",
            "2",
            *options,
        ],
        cwd=code,
        env={**os.environ, "DATABASE_URL": database, "PYTHONPATH": str(code), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()  # its workers end with it, which they would not if it were killed
        process.communicate(timeout=PATIENCE)


def answers(port: int, path: str) -> bytes:
    """What the server answers, once it does."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
                return bytes(response.read())
        except (URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_serve_loads_answers_stops_and_finds_its_release_again(database: str) -> None:
    port = free_port()
    with serving(port, database) as process:
        assert b'"data"' in answers(port, "/proposals")
        assert b"ready" in answers(port, "/readyz")
        taken = run("serve", "--port", str(port), "--seeds", str(WORLD), DATABASE_URL=database)
        assert taken.exit_code == 1
        assert f"cannot listen on 127.0.0.1 port {port}" in taken.output
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert "there is no database" in output
    with serving(port, database) as process:
        answers(port, "/v1/")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    assert "is up to date with" in output
    assert "loading" not in output


def test_serve_on_an_address_of_another_machine_says_that_the_host_is_at_fault(database: str) -> None:
    refused = run("serve", "--host", "192.0.2.1", "--port", str(free_port()), DATABASE_URL=database)
    assert refused.exit_code == 1
    assert "cannot listen on 192.0.2.1" in refused.output
    assert "--host" in refused.output
    assert "--port" not in refused.output


def test_serve_ends_when_it_is_told_to_while_it_starts(database: str) -> None:
    assert run("load", "--seeds", str(WORLD), "--no-exports", DATABASE_URL=database).exit_code == 0
    # From the first worker on, the server takes the signal itself; before that, it is Python's to end the process.
    for forked, wait in ((False, 0.0), (False, 0.5), (True, 0.0), (True, 0.01), (True, 0.03), (True, 0.1), (True, 0.5)):
        with serving(free_port(), database) as process:
            end = time.monotonic() + PATIENCE
            while forked and not children(process.pid) and time.monotonic() < end:
                time.sleep(0.001)
            time.sleep(wait)
            process.send_signal(signal.SIGTERM)
            # Less than the server waits before it kills a worker. It may still say that it does: two of its threads wait for the worker,
            # and the one that comes second has it for alive a moment longer.
            output, _ = process.communicate(timeout=8)
        assert process.returncode in ((0,) if forked else (0, -signal.SIGTERM)), output
        assert "Traceback" not in output


def test_a_signal_may_come_at_any_moment_of_waiting_for_it() -> None:
    # In a process of its own, for what fails here waits forever.
    script = """
import random, signal
from api.server import Wake

wake = Wake()
signal.signal(signal.SIGALRM, lambda *_: wake.set())
for _ in range(500):
    wake.clear()
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 2e-5))
    wake.wait()
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=PATIENCE)


def children(pid: int) -> str:
    """The processes that a process has started and that are still there."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")


def test_serve_starts_again_with_the_code_that_was_changed(database: str, tmp_path: Path) -> None:
    code = tmp_path / "code"
    for folder in ("api", "schemas"):
        shutil.copytree(ROOT / folder, code / folder, ignore=shutil.ignore_patterns("__pycache__"))
    app, port = code / "api" / "app.py", free_port()
    with serving(port, database, WORLD, "--reload", code=code):
        assert b'"ok"' in answers(port, "/healthz")
        app.write_text(app.read_text().replace('"status": "ok"', '"status": "changed"'))
        end = time.monotonic() + PATIENCE
        while b'"changed"' not in answers(port, "/healthz") and time.monotonic() < end:
            time.sleep(0.1)
        assert b'"changed"' in answers(port, "/healthz")


def test_serve_takes_changed_seeds_under_the_same_id_only_when_told_to(database: str, world: Path) -> None:
    assert run("load", "--seeds", str(world), "--no-exports", DATABASE_URL=database).exit_code == 0
    events = next(world.rglob("events.yaml"))
    events.write_text(re.sub(r"(?m)^(- id: \S+\n(?:.*\n)*?  title: ).*", r"\1Retitled", events.read_text(), count=1))
    refused = run("serve", "--seeds", str(world), "--port", str(free_port()), DATABASE_URL=database)
    assert refused.exit_code == 1
    assert "--replace" in refused.output
    port = free_port()
    with serving(port, database, world, "--replace"):
        assert b'"Retitled"' in answers(port, "/events")


def test_serve_does_not_start_on_seeds_at_fault(database: str, world: Path) -> None:
    (world / "release.yaml").write_text("id: Bad Id\n", encoding="utf-8")
    result = run("serve", "--seeds", str(world), "--port", str(free_port()), DATABASE_URL=database)
    assert result.exit_code == 1
    assert "release.yaml:1:5: release “Bad Id”: id: “Bad Id” is not a valid id" in result.output
    assert "the required field date is missing" in result.output


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("load",),
        ("editor-schemas",),
        ("cite", "x", "y", "--texts", "."),
        ("verify", "--texts", "."),
        ("coverage", "--texts", "."),
    ],
)
def test_a_folder_whose_name_no_system_takes_is_told_so(command: tuple[str, ...], database: str) -> None:
    result = run(*command, "--seeds", "x" * 300, DATABASE_URL=database)
    assert result.exit_code == 1
    assert result.output == f"Error: {'x' * 300} cannot be opened: File name too long\n"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("check", "--seeds", ""), "--seeds"),
        (("load", "--seeds", ""), "--seeds"),
        (("serve", "--seeds", ""), "--seeds"),
        (("verify", "--texts", ""), "--texts"),
        (("coverage", "--texts", ".", "--out", ""), "--out"),
    ],
)
def test_an_empty_path_is_not_taken_for_the_working_folder(
    command: tuple[str, ...], option: str, database: str
) -> None:
    result = run(*command, DATABASE_URL=database)
    assert result.exit_code == 2
    assert f"'{option}': must not be empty" in result.output


def test_blanks_around_the_address_of_a_database_are_no_part_of_it(tmp_path: Path) -> None:
    loaded = run("load", "--seeds", str(WORLD), "--no-exports", DATABASE_URL=f" sqlite:///{tmp_path}/a b.db ")
    assert loaded.exit_code == 0, loaded.output
    assert [path.name for path in tmp_path.iterdir() if path.suffix.startswith(".db")] == ["a b.db"]


def test_what_cannot_be_written_is_told_so_and_no_folder_is_made(tmp_path: Path) -> None:
    result = run("editor-schemas", "--seeds", str(tmp_path / "seed"))
    assert result.exit_code == 1
    assert "is not a seeds folder; set POSITIONS_SEEDS or --seeds to another" in result.output
    assert not (tmp_path / "seed").exists()
    (tmp_path / ".schemas").write_text("")
    result = run("editor-schemas", "--seeds", str(tmp_path))
    assert result.exit_code == 1
    assert "process.schema.json cannot be written: " in result.output
