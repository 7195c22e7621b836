"""The parts of a cluster, each a process that is stopped when its block is left, however it is left."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED = {
    "initdb": "postgresql",
    "pg_basebackup": "postgresql",
    "pgbouncer": "pgbouncer",
    "haproxy": "haproxy",
    "wrk": "wrk",
}
PATIENCE = 60.0  # seconds that a part may take to begin
DATABASE = "positions"
ROLE = "postgres"
#: What a server of a cluster needs beside what it has from the start; docs/scaling.md says why.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "hot_standby_feedback": "on",
    "max_standby_streaming_delay": "5s",
}
POOLER = """\
[databases]
{databases}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 1000
# A server that is down is to be refused at once, for the node has others.
server_connect_timeout = 2
server_login_retry = 1
query_wait_timeout = 5
"""
BALANCER = """\
global
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    retries 2
    option redispatch
    retry-on conn-failure empty-response
frontend readers
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    balance leastconn
    option httpchk GET /readyz
    default-server check inter 500ms fall 2 rise 1
{servers}
"""


def program(name: str) -> str | None:
    """Where a program is; PostgreSQL's own are not on the path on Debian."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (found for place in ["", *map(str, places)] if (found := shutil.which(name, path=place or None))),
        None,
    )


def missing() -> list[str]:
    """What has to be installed first."""
    return [f"{name} (Debian: apt-get install {package})" for name, package in NEEDED.items() if program(name) is None]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def user() -> str | None:
    """Who runs the servers: PostgreSQL and PgBouncer refuse root."""
    if os.geteuid() != 0:
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def own(folder: Path) -> None:
    """Give a folder to who runs the servers."""
    if name := user():
        shutil.chown(folder, name)


def run(*command: str | Path) -> None:
    """Run a program of PostgreSQL's to its end."""
    words = [str(word) for word in command]
    done = subprocess.run(words, user=user(), cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr.strip()}")


class Process:
    """A process and those that it starts, in a group of their own."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        begun: Callable[[], bool],
        *,
        as_root: bool = False,
        environment: dict[str, str] | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = [str(word) for word in command]
        self.log = log
        self.begun = begun
        self.user = None if as_root else user()
        self.environment = {**os.environ, **(environment or {})}
        self.stop_by = stop
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Process":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it has begun."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                user=self.user,
                cwd=ROOT if self.user is None else "/",
                env=self.environment,
                start_new_session=True,
            )
        end = time.monotonic() + PATIENCE
        try:
            while not self.begun():
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"{self.name} does not begin:\n{self.log.read_text()[-2000:]}")
                time.sleep(0.05)
        except BaseException:
            self.stop()
            raise

    def stop(self, how: signal.Signals | None = None) -> None:
        """Stop it and all that it started."""
        if self.process is None:
            return
        if how is signal.SIGKILL:
            os.killpg(self.process.pid, how)
        elif self.process.poll() is None:
            self.process.send_signal(how or self.stop_by)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        with suppress(ProcessLookupError):  # what it left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None

    def spent(self) -> float:
        """Seconds of processor time so far, of processes that have ended too."""
        ticks, waiting = 0, [str(self.process.pid)] if self.process else []
        while waiting:
            pid = waiting.pop()
            with suppress(OSError):
                words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, words[11:15]))
                waiting += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return ticks / os.sysconf("SC_CLK_TCK")


class Postgres(Process):
    """A PostgreSQL server: a primary, or a replica of one."""

    def __init__(self, folder: Path, name: str, primary: "Postgres | None" = None) -> None:
        self.port = free_port()
        self.data = folder / name
        if primary is None:
            run(program("initdb"), "-D", self.data, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        else:
            at = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", ROLE]
            run(program("pg_basebackup"), *at, "-D", self.data, "-R", "-X", "stream", "-c", "fast")
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(folder)}
        given = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [program("postgres"), "-D", self.data, *given]
        super().__init__(name, command, folder / f"{name}.log", self._answers, stop=signal.SIGINT)
        self.log.touch()

    def __enter__(self) -> "Postgres":
        self.start()
        return self

    @property
    def url(self) -> str:
        """Its address, as DATABASE_URL has it."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{DATABASE}"

    def _answers(self) -> bool:
        try:
            self.ask("SELECT 1", "postgres")
        except psycopg.OperationalError:
            return False
        return True

    def ask(self, statement: str, database: str = DATABASE) -> object:
        """The value that a statement gives, if it gives one."""
        where = {"host": "127.0.0.1", "port": self.port, "user": ROLE, "dbname": database}
        with psycopg.connect(**where, autocommit=True, connect_timeout=2) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None

    def promote(self) -> None:
        """Make a replica the primary."""
        self.ask("SELECT pg_promote(true, 60)")


class Pooler(Process):
    """PgBouncer in front of servers, a connection of its own for each transaction."""

    def __init__(self, folder: Path, servers: Sequence[Postgres]) -> None:
        self.port = free_port()
        databases = "\n".join(
            f"{one.name} = host=127.0.0.1 port={one.port} dbname={DATABASE} user={ROLE}" for one in servers
        )
        file = folder / "pgbouncer.ini"
        file.write_text(POOLER.format(databases=databases, port=self.port))
        super().__init__(
            "pooler",
            [program("pgbouncer"), file],
            folder / "pooler.log",
            lambda: listens(self.port),
            stop=signal.SIGINT,
        )

    def url(self, server: Postgres) -> str:
        """The address of a server through the pooler."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{server.name}"


class Node(Process):
    """A node of the API, of one worker."""

    def __init__(
        self, folder: Path, name: str, database: str, replicas: Sequence[str] = (), cache: int = 0, workers: int = 1
    ) -> None:
        self.port = free_port()
        environment = {
            "DATABASE_URL": database,
            "DATABASE_REPLICA_URLS": ",".join(replicas),
            "POSITIONS_CACHE_MB": str(cache),
            "POSITIONS_SEEDS": str(folder / "seeds"),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port), "--workers", str(workers)]
        super().__init__(name, command, folder / f"{name}.log", self._ready, as_root=True, environment=environment)

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


class Balancer(Process):
    """HAProxy in front of nodes."""

    def __init__(self, folder: Path, nodes: Sequence[Node]) -> None:
        self.port = free_port()
        servers = "\n".join(f"    server {one.name} 127.0.0.1:{one.port}" for one in nodes)
        file = folder / "haproxy.cfg"
        file.write_text(BALANCER.format(port=self.port, servers=servers))
        super().__init__(
            "balancer", [program("haproxy"), "-db", "-f", file], folder / "balancer.log", lambda: listens(self.port)
        )


def listens(port: int) -> bool:
    """Whether somebody takes connections at a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM unwind as Ctrl-C does, so that everything is stopped."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
