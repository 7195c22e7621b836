"""Starts a primary with streaming replicas, a pooler, nodes and a balancer on loopback, measures reads as they are added, then
loads releases and breaks parts under traffic. Prints one table; ``--write`` adds it to bench/results.
"""

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

import psycopg

from bench.cluster.parts import (
    ROLE,
    ROOT,
    Balancer,
    Node,
    Pooler,
    Postgres,
    Process,
    missing,
    own,
    stopped_by_signals,
)
from bench.cluster.traffic import Traffic, told
from bench.generate import write

PATHS = {"list of 50": "/v1/positions?party=party-000&limit=50", "one party": "/v1/parties/party-000"}
CACHE = 64  # megabytes, where answers are kept
#: The first word of the parties' names, by release, so that it shows of which release an answer is.
NAMES = {"r2026-1": "Party", "r2026-2": "Second", "r2026-3": "Third"}


class Bench:
    """What the measurements share: the folder, the servers, the times and sizes asked for."""

    def __init__(self, folder: Path, positions: int, seconds: int, rounds: int) -> None:
        self.folder = folder
        self.positions = positions
        self.seconds = seconds
        self.rounds = rounds
        self.lines: list[str] = []
        self.numbers = iter(range(1000))

    def say(self, line: str) -> None:
        """Add a line to what is printed, and print it at once."""
        self.lines.append(line)
        print(line, flush=True)

    def load(self, release: str, database: str) -> float:
        """Load a release in a process of its own; seconds that it took."""
        begin = time.monotonic()
        seeds = self.folder / release
        subprocess.run(
            [sys.executable, "-m", "api.cli", "load", "--no-exports", "--seeds", str(seeds)],
            env={**os.environ, "DATABASE_URL": database, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return time.monotonic() - begin

    def nodes(
        self, stack: ExitStack, how_many: int, database: str, replicas: Sequence[str] = (), cache: int = 0
    ) -> list[Node]:
        """Nodes that run until the stack is left."""
        return [
            stack.enter_context(Node(self.folder, f"node{next(self.numbers)}", database, replicas, cache))
            for _ in range(how_many)
        ]


def seeds(folder: Path, positions: int) -> None:
    """The same seeds for every release, but for its id and the names of the parties."""
    write(folder / "r2026-1", positions)
    for release in list(NAMES)[1:]:
        shutil.copytree(folder / "r2026-1", folder / release)
        for path, old, new in (
            (folder / release / "release.yaml", "r2026-1", release),
            (folder / release / "generated/parties.jsonl", '"name":"Party ', f'"name":"{NAMES[release]} '),
        ):
            content = path.read_text()
            if old not in content:
                raise SystemExit(f"{path} has no {old}: the generator has changed")
            path.write_text(content.replace(old, new))
    (folder / "seeds").symlink_to(folder / "r2026-1")


def measure(bench: Bench, name: str, port: int, groups: dict[str, list[Process]]) -> None:
    """One row of the table: requests a second, and the microseconds of processor time of each kind of part a request."""
    cells = [name]
    for path in PATHS.values():
        rates, costs = [], []
        for _ in range(bench.rounds):
            before = {group: sum(one.spent() for one in parts) for group, parts in groups.items()}
            command = ["wrk", "-t1", "-c8", f"-d{bench.seconds}s", f"http://127.0.0.1:{port}{path}"]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            if "Non-2xx" in said or "Socket errors" in said:
                raise SystemExit(f"{name}: {path} answers with errors:\n{said}")
            rates.append(float(next(line.split()[1] for line in said.splitlines() if line.startswith("Requests/sec"))))
            made = max(1, int(next(line.split()[0] for line in said.splitlines() if "requests in" in line)))
            costs.append(
                [(sum(one.spent() for one in parts) - before[group]) / made * 1e6 for group, parts in groups.items()]
            )
        cost = " + ".join(f"{median(one[place] for one in costs):,.0f}" for place in range(len(groups)))
        cells += [f"{median(rates):,.0f}", cost]
    bench.say("| " + " | ".join(cells) + " |")


def reads(bench: Bench, primary: Postgres, replicas: Sequence[Postgres]) -> None:
    """Reads as replicas, a pooler and nodes are added."""
    urls = [one.url for one in replicas]
    bench.say("")
    titles = " | ".join(f"{kind}: requests/s | µs" for kind in PATHS)
    bench.say(f"| µs of processor a request: nodes (+ databases) (+ pooler or balancer) | {titles} |")
    bench.say("|---" * (1 + 2 * len(PATHS)) + "|")
    servers: list[Process] = [primary, *replicas]
    sqlite = f"sqlite:///{bench.folder / 'release.db'}"
    bench.load("r2026-1", sqlite)
    with ExitStack() as stack:
        (node,) = bench.nodes(stack, 1, sqlite)
        measure(bench, "1 node, SQLite, cache off", node.port, {"nodes": [node]})
    for count in range(len(replicas) + 1):
        with ExitStack() as stack:
            (node,) = bench.nodes(stack, 1, primary.url, urls[:count])
            where = {0: "primary alone", 1: "1 replica"}.get(count, f"{count} replicas")
            measure(bench, f"1 node, {where}, cache off", node.port, {"nodes": [node], "databases": servers})
    with ExitStack() as stack:
        pooler = stack.enter_context(Pooler(bench.folder, [primary, *replicas]))
        (node,) = bench.nodes(stack, 1, pooler.url(primary), [pooler.url(one) for one in replicas])
        parts = {"nodes": [node], "databases": servers, "pooler": [pooler]}
        measure(bench, f"1 node, pooler, {len(replicas)} replicas, cache off", node.port, parts)
        through = bench.load("r2026-1", pooler.url(primary))
    for cache in (0, CACHE):
        for count in (1, 2, 4):
            with ExitStack() as stack:
                nodes = bench.nodes(stack, count, primary.url, urls, cache)
                balancer = stack.enter_context(Balancer(bench.folder, nodes))
                parts = {"nodes": [*nodes], "databases": servers, "balancer": [balancer]}
                name = f"{count} node{'s' if count > 1 else ''}, balancer, cache {'on' if cache else 'off'}"
                measure(bench, name, balancer.port, parts)
    bench.say("")
    bench.say(f"Load once more, through the pooler: {through:.1f} s.")


def announced(nodes: Sequence[Node], release: str, patience: float = 60) -> list[float]:
    """When each node first answered with a release; asked every 10 ms."""
    end, found = time.monotonic() + patience, dict.fromkeys((one.port for one in nodes), 0.0)
    while not all(found.values()):
        if time.monotonic() > end:
            raise SystemExit(f"{release} was not announced by every node within {patience:.0f} s")
        for port in [port for port, at in found.items() if not at]:
            connection = HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("HEAD", "/v1/parties/party-000")
            if connection.getresponse().headers["Data-Release"] == release:
                found[port] = time.monotonic()
            connection.close()
        time.sleep(0.01)
    return list(found.values())


def published(url: str, since: int) -> int:
    """The number of the newest release, or 0 where nothing is loaded or nobody answers."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute("SELECT max(number) FROM positions_pointer").fetchone()
    except psycopg.Error:
        return since
    return int(row[0]) if row and row[0] else since


def load_under_traffic(bench: Bench, traffic: Traffic, nodes: Sequence[Node], release: str, url: str) -> None:
    """Load a release while readers read on; say how long until it was published, and until each node announced it."""
    before, begin = published(url, 0), time.monotonic()
    loading = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "load", "--no-exports", "--seeds", str(bench.folder / release)],
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        while published(url, before) == before and loading.poll() is None:
            time.sleep(0.02)
        at = time.monotonic()
        times = sorted(one - at for one in announced(nodes, release))
        if loading.wait():
            raise SystemExit(f"the load of {release} failed")
    finally:
        loading.kill()
        loading.wait()
    time.sleep(1)
    bench.say(
        f"- {release} loaded under traffic in {at - begin:.1f} s; announced by the first node {times[0]:.2f} s after its "
        f"commit, by the last {times[-1]:.2f} s; {told(traffic.since(begin))}."
    )


def broken(bench: Bench, traffic: Traffic, what: str, action: Callable[[], object], seconds: float = 5) -> None:
    """Do something to a part under traffic, and say how the readers fared."""
    begin = time.monotonic()
    action()
    time.sleep(max(0.0, begin + seconds - time.monotonic()))
    bench.say(f"- {what}: {told(traffic.since(begin))}.")


def faults(bench: Bench, primary: Postgres, replicas: Sequence[Postgres]) -> None:
    """Load releases and break parts under traffic, through a balancer in front of nodes that keep no answers."""
    hosts = "&".join(f"host=127.0.0.1:{one.port}" for one in (primary, *replicas))
    leader = f"postgresql://{ROLE}@/positions?{hosts}&target_session_attrs=read-write"
    bench.say("")
    with ExitStack() as stack:
        nodes = bench.nodes(stack, 3, leader, [one.url for one in replicas])
        balancer = stack.enter_context(Balancer(bench.folder, nodes))
        traffic = stack.enter_context(Traffic(balancer.port, NAMES))
        first, second = replicas
        load_under_traffic(bench, traffic, nodes, "r2026-2", primary.url)
        broken(bench, traffic, "a replica killed (SIGKILL)", lambda: second.stop(signal.SIGKILL))
        broken(bench, traffic, "the replica started again", second.start)
        process = second.process
        assert process is not None  # it was started
        stand = {"stopped": signal.SIGSTOP, "goes on": signal.SIGCONT}
        group = _everybody(process.pid)
        broken(bench, traffic, "a replica that stands still (SIGSTOP)", lambda: _tell(group, stand["stopped"]), 10)
        broken(bench, traffic, "the replica goes on", lambda: _tell(group, stand["goes on"]))
        broken(bench, traffic, "a node killed (SIGKILL)", lambda: nodes[2].stop(signal.SIGKILL))
        broken(bench, traffic, "the node started again", nodes[2].start)
        broken(bench, traffic, "the primary killed (SIGKILL)", lambda: primary.stop(signal.SIGKILL))
        broken(bench, traffic, "a replica promoted to primary", first.promote)
        load_under_traffic(bench, traffic, nodes, "r2026-3", first.url)


def _everybody(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def _tell(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=3, help="of a run of wrk")
    parser.add_argument("--rounds", type=int, default=3, help="runs of wrk for a figure, of which the median is taken")
    parser.add_argument("--write", action="store_true", help="add the table to bench/results")
    given = parser.parse_args()
    if lacking := missing():
        raise SystemExit("To run this, install " + ", ".join(lacking))
    with stopped_by_signals(), tempfile.TemporaryDirectory(prefix="positions-cluster-") as name, ExitStack() as stack:
        folder = Path(name)
        own(folder)
        folder.chmod(0o755)
        bench = Bench(folder, given.positions, given.seconds, given.rounds)
        now = datetime.now(UTC)
        bench.say(f"# {now:%Y-%m-%d %H:%M} UTC, a cluster on one machine")
        bench.say("")
        bench.say(
            f"{given.positions:,} positions; {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} "
            f"before it began; Python {platform.python_version()}. All parts and wrk share the cores: what is added takes "
            "its time from the others, so that the processor time of a request tells more than the requests."
        )
        seeds(folder, given.positions)
        primary = stack.enter_context(Postgres(folder, "primary"))
        primary.ask("CREATE DATABASE positions", "postgres")
        seconds = bench.load("r2026-1", primary.url)
        size = int(str(primary.ask("SELECT pg_database_size('positions')")))
        replicas = [stack.enter_context(Postgres(folder, f"replica{number}", primary)) for number in (1, 2)]
        bench.say("")
        bench.say(
            f"Load into the primary: {seconds:.1f} s; {size / 2**20:,.0f} MB, "
            f"{size / given.positions:,.0f} bytes a position with all that belongs to it."
        )
        reads(bench, primary, replicas)
        faults(bench, primary, replicas)
    if given.write:
        path = ROOT / "bench" / "results" / f"{now:%Y-%m-%d-%H%M}-cluster-{given.positions}.md"
        path.write_text("\n".join([*bench.lines, ""]))


if __name__ == "__main__":
    main()
