"""Runs the benchmarks and prints one table; ``--write`` adds it to bench/results. All figures of a run are of one machine,
one database, one server (granian, one worker a variant) and one load (wrk on loopback); rounds of the variants alternate.
"""

import argparse
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from bench.generate import write
from bench.peers.make import make

ROOT = Path(__file__).resolve().parent
PEERS = ROOT / ".venv" / "bin"
OWN = Path(sys.executable).parent
LIST, SEARCH = "/positions?party=party-000&limit=50", "/search?q=ceasefire+guarantee&limit=50"


@dataclass
class Variant:
    """A server to measure: its command, its environment, and the paths to ask it for, by what they measure."""

    name: str
    command: list[str]
    environment: dict[str, str]
    paths: dict[str, str]
    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: int = 0


def granian(where: Path, target: str, interface: str, *more: str) -> list[str]:
    """The command that serves one variant; the port is put in its place later."""
    threads = ["--blocking-threads", "1"] if interface == "wsgi" else []
    server = [str(where / "python"), "-m", "granian", "--interface", interface, "--workers", "1", *threads]
    return [*server, "--no-ws", "--host", "127.0.0.1", "--port", "PORT", *more, target]


def own(name: str, database: Path, cache: int, paths: dict[str, str]) -> Variant:
    """This project."""
    environment = {"DATABASE_URL": f"sqlite:///{database}", "POSITIONS_CACHE_MB": str(cache)}
    return Variant(name, granian(OWN, "api.app:create_app", "wsgi", "--factory"), environment, paths)


def variants(database: Path, peers: Path, body: Path, one: str) -> list[Variant]:
    """Everything that is compared."""
    record = {"list": LIST, "record": f"/positions/{one}", "search": SEARCH}
    ours = {
        "list": f"/v1{LIST}",
        "record": f"/v1/positions/{one}",
        "search": f"/v1{SEARCH}",
        "list, both clocks": f"/v1{LIST}&as_of=2022-01-01&known_at=2023-01-01",
    }
    there = {"PEERS_DATABASE": str(peers), "PYTHONPATH": str(ROOT)}
    found = [
        own("positions, cache off", database, 0, ours),
        own("positions, cache hit", database, 64, ours),
        Variant(
            "bare WSGI", granian(PEERS, "peers.bare:app", "wsgi"), {**there, "BARE_BODY": str(body)}, {"list": "/"}
        ),
        Variant("FastAPI", granian(PEERS, "peers.fast:app", "asgi"), there, record),
        Variant("Flask, usual", granian(PEERS, "peers.plain_flask:app", "wsgi"), there, record),
    ]
    sql = (
        "select p.*, a.name party_name, i.name issue_name from positions p join parties a on a.id=p.party_id "
        "left join issues i on i.id=p.issue_id where {} order by p.id limit 50"
    )
    quoted = {
        "list": sql.format("p.party_id='party-000'"),
        "record": sql.format(f"p.id='{one}'"),
        "search": sql.format("p.id in (select id from search where search match 'ceasefire guarantee')"),
    }
    found.append(
        Variant(
            "Datasette, tuned SQL",
            [
                str(PEERS / "datasette"),
                "-i",
                str(peers),
                "-h",
                "127.0.0.1",
                "-p",
                "PORT",
                "--setting",
                "default_cache_ttl",
                "0",
            ],
            {},
            {
                name: "/peers.json?_shape=objects&sql=" + text.replace(" ", "+").replace("'", "%27")
                for name, text in quoted.items()
            },
        )
    )
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A variant that runs, until the block is left."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.port = free_port()

    def __enter__(self) -> "Running":
        command = [str(self.port) if word == "PORT" else word for word in self.variant.command]
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **self.variant.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        path = next(iter(self.variant.paths.values()))
        for _ in range(300):
            try:
                with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
                    answer.read()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit(f"{self.variant.name} does not answer")

    def __exit__(self, *_: object) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def _tree(self) -> list[str]:
        found, waiting = [], [str(self.process.pid)]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            try:
                waiting += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
        return found

    def spent(self) -> float:
        """Seconds of processor time so far."""
        ticks = 0
        for pid in self._tree():
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(words[11]) + int(words[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Megabytes of the largest process: the worker."""
        return max(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4 // 1024 for pid in self._tree())

    def measure(self, what: str, path: str, seconds: int) -> None:
        """One short run."""
        before = self.spent()
        command = ["wrk", "-t1", "-c8", f"-d{seconds}s", f"http://127.0.0.1:{self.port}{path}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in said:
            raise SystemExit(f"{self.variant.name}: {path} answers with errors")
        rate = float(next(line.split()[1] for line in said.splitlines() if line.startswith("Requests/sec")))
        self.variant.rates[what].append(rate)
        self.variant.cpu[what].append((self.spent() - before) / max(rate * seconds, 1) * 1e6)
        self.variant.memory = max(self.variant.memory, self.memory())


def load(seeds: Path, database: Path) -> float:
    """Seconds that the project's own loader takes."""
    begin = time.monotonic()
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{database}"}
    subprocess.run([str(OWN / "positions"), "load", "--seeds", str(seeds)], env=environment, check=True)
    return time.monotonic() - begin


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--database", type=Path, help="a release made by the generator and loaded already")
    parser.add_argument("--write", action="store_true", help="add the table to bench/results")
    given = parser.parse_args()
    if shutil.which("wrk") is None or not PEERS.is_dir():
        raise SystemExit("wrk (Debian: apt-get install wrk) and bench/.venv are needed; see bench/README.md")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [
            f"{given.positions} positions; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        ]
        database = given.database
        if database is None:
            write(folder / "seeds", given.positions)
            database = folder / "release.db"
            lines.append(f"load from JSON Lines: {load(folder / 'seeds', database):.1f} s")
        make(database, folder / "peers.db")
        lines += compare(database, folder, given.rounds, given.seconds)
    print("\n".join(lines))
    if given.write:
        now = datetime.now(UTC)
        path = ROOT / "results" / f"{now:%Y-%m-%d-%H%M}-{given.positions}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([f"# {now:%Y-%m-%d %H:%M} UTC", "", *lines, ""]))


def compare(database: Path, folder: Path, rounds: int, seconds: int) -> list[str]:
    """The table of requests a second, of processor time a request, and of memory."""
    body = folder / "body.json"
    with (
        Running(own("", database, 0, {"list": f"/v1{LIST}"})) as running,
        urlopen(f"http://127.0.0.1:{running.port}/v1{LIST}") as answer,
    ):
        body.write_bytes(answer.read())
    one = body.read_text().partition('"id":"')[2].partition('"')[0]
    compared = variants(database, folder / "peers.db", body, one)
    for _ in range(rounds):
        for variant in compared:
            with Running(variant) as running:
                for what, path in variant.paths.items():
                    running.measure(what, path, seconds)
    kinds = list(compared[0].paths)
    lines = [
        "",
        "| requests/s (µs of processor a request) | " + " | ".join(kinds) + " | MB |",
        "|---" * (len(kinds) + 2) + "|",
    ]
    for variant in compared:
        cells = [
            f"{statistics.median(variant.rates[kind]):,.0f} ({statistics.median(variant.cpu[kind]):,.0f})"
            if kind in variant.rates
            else ""
            for kind in kinds
        ]
        lines.append(f"| {variant.name} | " + " | ".join(cells) + f" | {variant.memory} |")
    return lines


if __name__ == "__main__":
    main()
