"""The benchmarks keep running: what they measure on is made, and what they find is held against every bar."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench import bare, data, loading, serving
from bench.exporting import OWN, Export, Exported
from bench.loading import CHANGED, LINES, USUAL, YAML, Loaded
from bench.peers import usual_load
from bench.processes import MEGABYTE, Load, Memory, Peak, Reply, Server, Spent, tree
from bench.processes import bare as bare_server
from bench.report import Results, bars, text
from bench.serving import Served
from bench.starting import Started

SIZE = 300


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> data.Release:
    return data.release(tmp_path_factory.mktemp("bench"), SIZE, lambda _: None)


def rows(path: Path, statement: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_the_peers_have_the_rows_of_the_release(release: data.Release) -> None:
    current = rows(release.database, "SELECT id FROM positions WHERE current IS 1 ORDER BY id")
    assert rows(release.peers, "SELECT id FROM positions ORDER BY id") == current
    assert len(current) == pytest.approx(SIZE, rel=0.1)
    cited = "SELECT p.id, count(*) FROM positions p JOIN evidence e ON {} {} GROUP BY 1 ORDER BY 1"
    ours = rows(release.database, cited.format("e.subject = p.subject", "WHERE p.current IS 1"))
    assert rows(release.peers, cited.format("e.position_id = p.id", "")) == ours
    assert rows(release.peers, "SELECT id, evidence_count FROM positions ORDER BY id") == ours
    assert rows(release.peers, "PRAGMA foreign_key_check") == []


def test_what_is_asked_is_there(release: data.Release) -> None:
    asked = release.questions
    assert asked.positions == len(asked.records) or len(asked.records) == data.RECORDS
    largest = rows(release.peers, f"SELECT count(*) FROM positions WHERE party_id = '{asked.largest}'")[0][0]
    assert (
        largest == rows(release.peers, "SELECT max(n) FROM (SELECT count(*) n FROM positions GROUP BY party_id)")[0][0]
    )
    found = rows(release.peers, f"SELECT count(*) FROM search WHERE search MATCH '{asked.common}'")[0][0]
    assert 0 < found < asked.positions


def test_a_release_that_is_there_is_used_again(release: data.Release) -> None:
    before = release.database.stat().st_mtime_ns
    again = data.release(release.folder.parent, SIZE, lambda _: None)
    assert again.database.stat().st_mtime_ns == before


def test_exports_made_since_the_load_are_forgotten(release: data.Release) -> None:
    (release.exports / "made").mkdir(parents=True)
    (release.exports / "made" / "one").write_text("1")
    (release.folder / "exports.txt").write_text("kept")
    (release.exports / "kept").write_text("2")
    release.forget_exports()
    assert [path.name for path in release.exports.rglob("*")] == ["kept"]


def test_the_usual_pipeline_loads_the_same_seeds(release: data.Release, tmp_path: Path) -> None:
    documents = data.seeds(tmp_path / "yaml", SIZE, as_yaml=True)
    usual_load.load(documents, tmp_path / "usual.db")
    ids = "SELECT id FROM positions {} ORDER BY id"
    assert rows(tmp_path / "usual.db", ids.format("")) == rows(release.database, ids.format("WHERE current IS 1"))
    assert rows(tmp_path / "usual.db", "SELECT count(*) FROM search") > [(SIZE,)]
    changed = loading.change(documents)
    assert changed.read_text().count("summary: Changed. ") > SIZE / 4
    assert "r2026-2" in (documents / "release.yaml").read_text()


def test_the_bare_limit_gives_what_was_captured(tmp_path: Path) -> None:
    body = json.dumps({"data": ["x" * 5000]}).encode()
    kept = [("Content-Type", "application/json"), ("X-Kept", "yes")]
    whole = Reply(200, [*kept, ("Content-Length", str(len(body))), ("Date", "then")], body, len(body), 0.1)
    (tmp_path / "large").write_bytes(b"0123456789" * 100_000)
    bare.keep(tmp_path, {"list": (whole, Reply(304, kept, b"", 0, 0.1))}, tmp_path / "large")
    with bare_server(tmp_path, 1) as server, Peak(server.process.pid) as peak:
        answer = server.get("/list")
        assert (answer.body, answer.header("x-kept")) == (body, "yes")
        assert server.get("/list", {"If-None-Match": '"any"'}).status == 304
        assert server.get("/list/alone").header("x-kept") == ""
        assert server.get("/file", keep=False).size == 1_000_000
        processes = server.processes()
        assert len(processes) > 1
    assert peak.most.resident >= peak.most.proportional > MEGABYTE
    assert not any(Path(f"/proc/{pid}").exists() for pid in processes)


def test_a_server_that_does_not_start_is_named() -> None:
    with pytest.raises(SystemExit, match="the broken one does not answer"):
        Server("the broken one", [sys.executable, "-c", "raise SystemExit(1)"], {}).__enter__()


def made_up(good: float) -> Results:
    """Figures that reach every bar where ``good`` is large, and none where it is small."""

    def loads(rate: float) -> list[Load]:
        return [Load(rate * noise, 1e6 / rate) for noise in (0.5, 1.0, 2.0)]  # the same in each round: ratios cancel it

    served = Served(1_000_000, 1_000_000, 1_800_000)
    own = {serving.LIST: 2000, serving.RECORD: 2000, serving.COMMON: 2000, serving.RARE: 2000, serving.CLOCKED: 2000}
    for kind, rate in own.items():
        served.rounds[serving.COLD, kind] = loads(rate * good)
    for name in (serving.FASTAPI, serving.DATASETTE):
        for kind in (serving.LIST, serving.RECORD, serving.COMMON, serving.RARE):
            served.rounds[name, kind] = loads(50)
    for kind, unchanged in ((serving.LIST, serving.LIST_304), (serving.RECORD, serving.RECORD_304)):
        served.rounds[serving.BARE, kind] = loads(10_000)
        served.rounds[serving.WARM, kind] = loads(10_000 * min(good, 1))
        served.rounds[serving.WARM, unchanged] = loads(10_000 * good**2)
    served.first_matrix = 0.01 / good**2
    served.matrices = {serving.COLD: 0.2 / good, serving.FASTAPI: 2.0, serving.DATASETTE: 1.0}
    kinds = (serving.LARGEST, serving.RECORD, serving.FIRST, serving.MIDDLE)
    growth = {("1,000", kind): loads(1000) for kind in kinds}
    growth |= {("1,000,000", kind): loads(1000 if kind == serving.FIRST else 1000 * good) for kind in kinds}
    memory = Memory(int(70 * MEGABYTE / good), int(60 * MEGABYTE / good))
    exported = Exported(1_000_000)
    for kind in ("csv", "ndjson"):
        exported.found[OWN, kind] = Export(1 / good, 1 / good, 10**9, Memory(int(9e6 / good**3), int(9e6 / good**3)))
        exported.found[serving.BARE, kind] = Export(1, 1, 10**9, memory)
    spent = {USUAL: 100.0, YAML: 10 / good, LINES: 8 / good, CHANGED: 0.5 / good**2}
    loaded = Loaded({(100_000, how): [Spent(one, one, memory)] for how, one in spent.items()})
    loaded.rounds[1_000_000, LINES] = [Spent(80 / good**2, 80, Memory(0, int(400 * MEGABYTE / good)))]
    loaded.records = {100_000: 150_000, 1_000_000: 1_500_000}
    started = Started(1.2 / good, 1.8 / good, {1: (memory, memory), 2: (memory, memory)})
    return Results([served], growth, [exported], started, loaded)


@pytest.mark.parametrize(("good", "met"), [(1.0, True), (0.05, False), (None, None)])
def test_every_bar_is_judged(good: float | None, met: bool | None) -> None:
    results = Results() if good is None else made_up(good)
    found = bars(results)
    assert {bar.name: bar.met for bar in found} == {bar.name: met for bar in found}
    assert len(found) == 32
    said = text(results)
    assert said.count({True: "| yes |", False: "| **no** |", None: "| not measured |"}[met]) == len(found)


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    rounds = {
        ("a", "list"): [Load(100, 1), Load(400, 1), Load(900, 1)],
        ("b", "list"): [Load(10, 1), Load(100, 1), Load(100, 1)],
    }
    assert serving.ratio(rounds, ("a", "list"), ("b", "list")) == 9.0
    assert serving.ratio(rounds, ("a", "list"), ("c", "list")) is None
    assert serving.processor_ratio(rounds, ("a", "list"), ("b", "list")) == 1.0


def test_the_report_has_the_figures_behind_the_bars() -> None:
    said = text(made_up(1.0))
    for title in ("Bars", "Serving 1,000,000", "Ratios", "Growth", "Exports", "Loads", "Starting"):
        assert f"## {title}" in said
    assert "| list of 50, cache off, to FastAPI's | 40.0 × | 40.0 × | ≥ 20 × | yes |" in said
    assert "| load from YAML, as fast as the usual pipeline | 10.0 × | 10.0 × | ≥ 5 × | yes |" in said


def test_the_command_line_explains_itself() -> None:
    said = subprocess.run([sys.executable, "-m", "bench", "--help"], capture_output=True, text=True, check=True).stdout
    assert "--sizes" in said
    wrong = subprocess.run(
        [sys.executable, "-m", "bench", "--parts", "severing"], capture_output=True, text=True, check=False
    )
    assert "severing: there are serving, exporting, loading, starting" in wrong.stderr


def test_a_process_is_the_root_of_its_tree() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        try:
            assert child.pid in tree(child.pid)
        finally:
            child.kill()
