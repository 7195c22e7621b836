"""What is started to be measured: servers and commands, their processor time and memory, and the load. All of it is stopped again."""

import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

ROOT = Path(__file__).resolve().parent
REPOSITORY = ROOT.parent
PEERS = ROOT / ".venv" / "bin"
OWN = sys.executable
HOST = "127.0.0.1"
PATIENCE = 120.0  # seconds that a server may take to answer for the first time
CLIENTS = 8  # connections of the load
MEGABYTE = 2**20
_TICKS = os.sysconf("SC_CLK_TCK")


class Missing(SystemExit):
    """Something that the benchmarks need is not there; the message says how to get it."""


def check_tools(*, peers: bool) -> None:
    """Name what is missing.

    Raises:
        Missing: wrk or the peers' environment is not there.
    """
    if shutil.which("wrk") is None:
        raise Missing("wrk, which makes the load, is not there; on Debian and Ubuntu: apt-get install wrk")
    if peers and not (PEERS / "datasette").is_file():
        raise Missing(
            "the peers are not installed; make their environment from their lock:\n"
            "  python3 -m venv bench/.venv\n"
            "  bench/.venv/bin/pip install --require-hashes --no-deps --requirement bench/requirements.lock"
        )


@dataclass(frozen=True)
class Memory:
    """Memory in bytes: ``resident`` counts pages that processes share in each of them, ``proportional`` divides them."""

    resident: int
    proportional: int

    def __str__(self) -> str:
        return f"{self.resident / MEGABYTE:,.0f} / {self.proportional / MEGABYTE:,.0f}"


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def memory_of(pid: int) -> Memory:
    """What one process holds; nothing where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return Memory(0, 0)
    values = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    return Memory(values.get("Rss", 0), values.get("Pss", 0))


def total(parts: Sequence[Memory]) -> Memory:
    """The sum."""
    return Memory(sum(one.resident for one in parts), sum(one.proportional for one in parts))


def _processor_seconds(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / _TICKS


class Peak:
    """The most memory that a process and all below it held while the block ran, as seen up to twenty times a second: looking
    takes the longer the more there is, and must not take more than a twentieth of the time.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = Memory(0, 0)
        self._done = Event()
        self._watching = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._look()
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watching.join()
        self._look()

    def _watch(self) -> None:
        took = 0.0
        while not self._done.wait(max(0.05, 20 * took)):
            begin = time.monotonic()
            self._look()
            took = time.monotonic() - begin

    def _look(self) -> None:
        now = total([memory_of(pid) for pid in tree(self.pid)])
        self.most = Memory(max(self.most.resident, now.resident), max(self.most.proportional, now.proportional))


@dataclass(frozen=True)
class Spent:
    """What a command took, its children included: seconds of time and of processors, and the most memory at once."""

    seconds: float
    processor: float
    peak: Memory


def run(command: Sequence[str], environment: Mapping[str, str]) -> Spent:
    """Run a command to its end.

    Raises:
        SystemExit: it failed; with what it said.
    """
    before, begin = os.times(), time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        with Peak(process.pid) as peak:
            said = process.communicate()[1]
    finally:
        _stop(process)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{said[-2000:]}")
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(time.monotonic() - begin, processor, peak.most)


def _stop(process: "subprocess.Popen[str]") -> None:
    """End a process, which is told so and ends its own, and then whatever is left of its session."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its headers, its body where it was wanted, the bytes behind its head, the seconds until the last."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    size: int
    seconds: float

    def header(self, name: str) -> str:
        """A header's value, empty where it is not there."""
        return next((value for held, value in self.headers if held.lower() == name), "")


@dataclass(frozen=True)
class Load:
    """What a server bore: requests a second, and the microseconds of processor time that each took."""

    rate: float
    processor: float


class Server:
    """A server that runs until the block is left. In its command, PORT stands for the port.

    ``ready`` is a path that tells that it answers; ``environment`` is added to this process's.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], ready: str = "/") -> None:
        self.name = name
        self.port = free_port()
        self.command = [word.replace("PORT", str(self.port)) for word in command]
        self.environment = environment
        self.ready = ready
        #: From the start of the process to its first answer.
        self.started_in = 0.0

    def __enter__(self) -> "Server":
        begin = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            cwd=REPOSITORY,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            while not self._answers():
                if self.process.poll() is not None or time.monotonic() - begin > PATIENCE:
                    raise SystemExit(f"{self.name} does not answer; its command is {' '.join(self.command)}")
                time.sleep(0.005)
        except BaseException:
            self.__exit__()
            raise
        self.started_in = time.monotonic() - begin
        return self

    def __exit__(self, *_: object) -> None:
        _stop(self.process)

    def _answers(self) -> bool:
        try:
            return self.get(self.ready).status == 200
        except OSError:
            return False

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, keep: bool = True) -> Reply:
        """Ask once, on a connection of its own.

        Args:
            keep: whether the body is wanted.

        Raises:
            OSError: nobody answers, or not to the end.
        """
        lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}:{self.port}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        begin = time.monotonic()
        with socket.create_connection((HOST, self.port), timeout=1800) as link:
            link.sendall("\r\n".join([*lines, "", ""]).encode())
            head, body, size = _receive(link, keep=keep)
        seconds = time.monotonic() - begin
        status, *rest = head.decode("latin-1").split("\r\n")
        given = [(name, value.strip()) for name, _, value in (line.partition(":") for line in rest)]
        reply = Reply(int(status.split()[1]), given, body, size, seconds)
        length = reply.header("content-length")
        if length and reply.status == 200 and int(length) != size:
            raise OSError(f"{self.name}: {path} ended after {size} of {length} bytes")
        return reply

    def processes(self) -> list[int]:
        """All of the server's processes."""
        return tree(self.process.pid)

    def worker(self) -> Memory:
        """The memory of its largest process, which is a worker."""
        return max((memory_of(pid) for pid in self.processes()), key=lambda one: one.resident)

    def memory(self) -> Memory:
        """The memory of all of its processes."""
        return total([memory_of(pid) for pid in self.processes()])

    def bear(self, paths: Sequence[str], seconds: int, headers: Mapping[str, str], script: Path | None = None) -> Load:
        """Put a load on it for some seconds, asking for each of the paths in turn; ``script`` is a file to list them in.

        Raises:
            SystemExit: an answer was an error.
        """
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s"]
        command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
        url = f"http://{HOST}:{self.port}"
        if len(paths) > 1:
            assert script is not None  # given wherever there are several
            script.write_text("\n".join(paths))
            command += ["-s", str(ROOT / "rotate.lua"), url, "--", str(script)]
        else:
            command.append(url + paths[0])
        before = sum(map(_processor_seconds, self.processes()))
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = sum(map(_processor_seconds, self.processes())) - before
        requests = int(_number(r"(\d+) requests in", said))
        if "Non-2xx" in said or not requests:
            raise SystemExit(f"{self.name}: {paths[0]} answers with errors, or not at all:\n{said}")
        return Load(_number(r"Requests/sec:\s*([\d.]+)", said), spent / requests * 1e6)

    def median_seconds(self, path: str, budget: float = 3.0) -> float:
        """The median time of an answer, asked for one at a time, three times at least."""
        times: list[float] = []
        begin = time.monotonic()
        while len(times) < 3 or (time.monotonic() - begin < budget and len(times) < 25):
            reply = self.get(path, keep=False)
            if reply.status != 200:
                raise SystemExit(f"{self.name}: {path} answers with {reply.status}")
            times.append(reply.seconds)
        return statistics.median(times)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found.group(1)) if found else 0.0


def _receive(link: socket.socket, *, keep: bool) -> tuple[bytes, bytes, int]:
    """The head of an answer, its body where it is wanted, and how many bytes came behind the head."""
    buffer = bytearray(MEGABYTE)
    got = bytearray()
    while b"\r\n\r\n" not in got:
        if not (count := link.recv_into(buffer)):
            raise OSError("the connection was closed before there was an answer")
        got += buffer[:count]
    head, _, rest = bytes(got).partition(b"\r\n\r\n")
    parts, size = [rest], len(rest)
    tail = rest[-5:]
    while count := link.recv_into(buffer):
        size += count
        tail = (tail + buffer[max(0, count - 5) : count])[-5:]
        if keep:
            parts.append(bytes(buffer[:count]))
    chunked = b"transfer-encoding: chunked" in head.lower()
    if chunked and tail != b"0\r\n\r\n":
        raise OSError("the answer was broken off")
    body = b"".join(parts) if keep else b""
    return head, (_joined(body) if chunked else body), size


def _joined(chunks: bytes) -> bytes:
    """What a body in chunks (RFC 9112, §7.1) carries."""
    found, at = [], 0
    while at < len(chunks):
        end = chunks.index(b"\r\n", at)
        size = int(chunks[at:end].partition(b";")[0], 16)
        found.append(chunks[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
    return b"".join(found)


def granian(target: str, interface: str, workers: int) -> list[str]:
    """The command that serves a peer. One thread a worker: more are slower, by contention."""
    threads = ["--blocking-threads", "1"] if interface == "wsgi" else []
    return [
        *(str(PEERS / "python"), "-m", "granian", "--interface", interface, "--workers", str(workers), *threads),
        *("--no-ws", "--host", HOST, "--port", "PORT", target),
    ]


def service(name: str, database: Path, workers: int, cache: int) -> Server:
    """This project as `positions serve` serves it, on a release that is there already."""
    serve = f"from api.server import serve; serve('{HOST}', PORT, {workers}, reload=False)"
    environment = {"DATABASE_URL": f"sqlite:///{database}", "POSITIONS_CACHE_MB": str(cache)}
    return Server(name, [OWN, "-c", serve], environment, ready="/healthz")


def bare(folder: Path, workers: int) -> Server:
    """The bare limit: answers and a file kept in a folder (see `bench.bare`), served by the same server."""
    return Server("bare WSGI", [OWN, "-m", "bench.bare", "PORT", str(workers)], {"BARE_FOLDER": str(folder)}, "/ready")


def as_json(value: object) -> str:
    """JSON for a file."""
    return json.dumps(value, indent=1)


Progress = Callable[[str], None]
