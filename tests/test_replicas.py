"""A node and several PostgreSQL servers: which of them answers, and with what.

The servers are databases of one server, each behind a line of its own that can be cut. A release is published on each when a
test says so, in one transaction, as a replica replays a load. The name of a party in the answer says who gave it.
"""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from support import WORLD, Api, Databases, dispose

from api.app import Service, create_service
from api.cli import main
from api.database import NothingLoaded, open_database, postgres
from api.loader import load
from api.resources import RESOURCES
from api.settings import Settings

OLD, NEW = "w2031-1", "w2031-2"
PARTY = "/v1/parties/aldoria"
PASSWORD = "open-sesame"


class Line:
    """A port that leads to a server, until it is cut or stands still."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends: list[socket.socket] = []
        self.threads: list[threading.Thread] = []
        self.open = True
        self.flowing = threading.Event()
        self.flowing.set()
        self._start(self._accept)

    def _start(self, target: Callable[..., None], *given: socket.socket) -> None:
        self.threads.append(threading.Thread(target=target, args=given))
        self.threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                near.close()
                continue
            far = socket.create_connection(self.target)
            self.ends += [near, far]
            self._start(self._pass, near, far)
            self._start(self._pass, far, near)

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.flowing.wait()
                target.sendall(data)
        self._end(source, target)

    @staticmethod
    def _end(*ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Break every connection; new ones are welcome."""
        self._end(*self.ends)

    def cut(self) -> None:
        """Break every connection and refuse new ones, until it is mended."""
        self.open = False
        self.hang_up()

    def mend(self) -> None:
        self.open = True
        self.flowing.set()

    def close(self) -> None:
        self.mend()
        self._end(self.listener, *self.ends)
        for thread in self.threads:
            thread.join()
        for end in (self.listener, *self.ends):
            end.close()


class Server:
    """A stand-in for a server that has both releases, the newer one hidden."""

    def __init__(self, name: str, direct: URL) -> None:
        self.name = name
        self.direct = direct
        self.line = Line(direct.host or "127.0.0.1", direct.port or 5432)
        self.url = direct.set(host="127.0.0.1", port=self.line.port, password=PASSWORD)
        self.schemas = dict(self.run("SELECT number, schema FROM positions_pointer"))
        for schema in self.schemas.values():
            self.run(f"UPDATE {schema}.parties SET body = replace(body, 'Aldoria', 'Aldoria {name}')")
        self.published = {1, 2}
        self.failing = False

    def reset(self) -> None:
        """As it is when a test begins: the old release, read without trouble."""
        self.line.mend()
        if self.failing:
            self.heal()
        if 1 not in self.published:
            self.publish(1)
        if 2 in self.published:
            self.hide(2)

    def run(self, *statements: str) -> list[Any]:
        """The rows of the last of some statements, executed in one transaction."""
        engine = create_engine(self.direct)
        try:
            with engine.begin() as connection:
                found = [connection.execute(text(statement)) for statement in statements][-1]
                return list(found) if found.returns_rows else []
        finally:
            engine.dispose()

    def hide(self, number: int) -> None:
        schema = self.schemas[number]
        self.run(
            f"ALTER SCHEMA {schema} RENAME TO hidden_{number}", f"DELETE FROM positions_pointer WHERE number = {number}"
        )
        self.published.remove(number)

    def publish(self, number: int) -> None:
        schema = self.schemas[number]
        self.run(
            f"ALTER SCHEMA hidden_{number} RENAME TO {schema}",
            f"INSERT INTO positions_pointer VALUES ({number}, '{schema}')",
        )
        self.published.add(number)

    def fail(self, how: str) -> None:
        """Let every question for parties of the old release do something first."""
        schema = self.schemas[1]
        self.failing = True
        self.run(
            f"CREATE FUNCTION {schema}.spoil() RETURNS boolean LANGUAGE plpgsql VOLATILE AS "
            f"$$ BEGIN {how}; RETURN true; END $$",
            f"ALTER TABLE {schema}.parties RENAME TO parties_kept",
            f"CREATE VIEW {schema}.parties AS SELECT * FROM {schema}.parties_kept WHERE {schema}.spoil()",
        )

    def heal(self) -> None:
        schema = self.schemas[1]
        self.run(
            f"DROP VIEW {schema}.parties",
            f"DROP FUNCTION {schema}.spoil",
            f"ALTER TABLE {schema}.parties_kept RENAME TO parties",
        )
        self.failing = False


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other tests is no server that stands still."""
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", 30)
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", 30.0)


@dataclass(frozen=True)
class Cluster:
    """A primary and two replicas, on which the old release is published."""

    primary: Server
    first: Server
    second: Server
    stack: ExitStack

    def node(self, *replicas: URL, primary: URL | None = None) -> Api:
        """A node of the cluster, which keeps no answers."""
        urls = replicas or (self.first.url, self.second.url)
        service = create_service(
            Settings(database=primary or self.primary.url, replicas=urls, seeds=WORLD, cache_bytes=0)
        )
        self.stack.callback(dispose, service)
        return Api(service.wsgi)


@pytest.fixture(scope="module")
def server_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    made = Databases("postgresql", tmp_path_factory.mktemp("databases"))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def both(server_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A database into which two releases were loaded."""
    url = server_databases.new()
    database = open_database(url)
    load(WORLD, database, RESOURCES)
    load(next_release(tmp_path_factory.mktemp("next")), database, RESOURCES)
    dispose(database)
    return url


def next_release(folder: Path) -> Path:
    """The sample world, in which the new release calls a party otherwise."""
    for path in WORLD.rglob("*.yaml"):
        there = folder / path.relative_to(WORLD)
        there.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_text(encoding="utf-8")
        if path.name == "release.yaml":
            content = content.replace(OLD, NEW)
        if path.name == "parties.yaml":
            content = re.sub(r"name: Aldoria\b", "name: New Aldoria", content)
        there.write_text(content, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def servers(server_databases: Databases, both: URL) -> Iterator[list[Server]]:
    made = [Server(name, server_databases.new(template=both.database)) for name in ("primary", "first", "second")]
    yield made
    for server in made:
        server.line.close()


@pytest.fixture
def cluster(servers: list[Server]) -> Iterator[Cluster]:
    for server in servers:
        server.reset()
    with ExitStack() as stack:
        yield Cluster(*servers, stack)
        for server in servers:
            server.line.mend()


def who(api: Api) -> tuple[str, str]:
    """The release of an answer, and the server that gave it."""
    response = api.ask(PARTY)
    assert response.status_code == 200, response.text
    body = response.get_json()
    assert response.headers["Data-Release"] == body["meta"]["release"]
    name = body["data"]["name"]
    assert name.startswith("New ") == (body["meta"]["release"] == NEW), "the answer is of another release than it says"
    return body["meta"]["release"], name.rpartition(" ")[2]


def answers(api: Api, times: int = 8) -> Counter[tuple[str, str]]:
    """Who answers what, asked several times by a node that has just looked."""
    api.wsgi.database.forget()
    return Counter(who(api) for _ in range(times))


def until(holds: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_reads_are_spread_evenly_over_the_replicas_and_spare_the_primary(cluster: Cluster) -> None:
    assert answers(cluster.node()) == {(OLD, "first"): 4, (OLD, "second"): 4}


def test_a_primary_that_is_named_among_the_replicas_reads_along(cluster: Cluster) -> None:
    api = cluster.node(cluster.primary.url, cluster.first.url)
    assert answers(api) == {(OLD, "primary"): 4, (OLD, "first"): 4}


def test_a_replica_that_lags_is_passed_over_until_it_has_caught_up(cluster: Cluster) -> None:
    api = cluster.node()
    assert {release for release, _ in answers(api)} == {OLD}
    cluster.primary.publish(2)
    assert answers(api) == {(NEW, "primary"): 8}
    cluster.second.publish(2)
    assert answers(api) == {(NEW, "second"): 8}
    cluster.first.publish(2)
    assert answers(api) == {(NEW, "first"): 4, (NEW, "second"): 4}


def test_a_replica_that_is_ahead_of_the_announcement_serves_what_is_announced(cluster: Cluster) -> None:
    api = cluster.node()
    cluster.first.publish(2)
    assert set(answers(api)) == {(OLD, "first"), (OLD, "second")}


def test_a_node_notices_a_release_by_itself_and_no_answer_waits_for_it(cluster: Cluster) -> None:
    api = cluster.node()
    assert who(api)[0] == OLD
    for server in (cluster.primary, cluster.first, cluster.second):
        server.publish(2)
    begin = time.monotonic()
    until(lambda: who(api)[0] == NEW)
    assert time.monotonic() - begin < 10 * postgres.POLL_SECONDS


def test_a_release_is_not_taken_back_because_only_those_that_lag_are_left(cluster: Cluster) -> None:
    api = cluster.node()
    cluster.primary.publish(2)
    assert answers(api) == {(NEW, "primary"): 8}
    cluster.primary.line.cut()
    problem = api.problem(PARTY, 503)
    assert problem["type"] == "/v1/problems/unavailable"
    api.wsgi.database.forget()
    api.problem(PARTY, 503)
    cluster.first.publish(2)
    assert answers(api) == {(NEW, "first"): 8}


def test_reading_goes_on_without_the_primary(cluster: Cluster) -> None:
    api = cluster.node()
    assert who(api)[0] == OLD
    cluster.primary.line.cut()
    assert answers(api) == {(OLD, "first"): 4, (OLD, "second"): 4}
    cluster.first.publish(2)  # which the primary did before it broke down
    assert answers(api) == {(NEW, "first"): 8}
    assert set(answers(cluster.node())) == {(NEW, "first")}, "a node that starts now does as the others"


def test_a_primary_that_has_lost_a_release_is_believed(cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    api = cluster.node()
    for server in (cluster.primary, cluster.first):
        server.publish(2)
    assert answers(api) == {(NEW, "first"): 8}
    cluster.primary.hide(2)
    cluster.first.hide(2)
    assert answers(api) == {(OLD, "first"): 4, (OLD, "second"): 4}
    assert "has lost what was loaded last" in caplog.text


def test_the_same_number_counted_by_two_primaries_is_not_the_same_release(cluster: Cluster) -> None:
    api = cluster.node()
    schema, cluster.first.schemas[2] = cluster.first.schemas[2], f"{cluster.first.schemas[2]}0"
    cluster.first.publish(2)
    cluster.primary.publish(2)
    cluster.second.publish(2)
    assert answers(api) == {(NEW, "second"): 8}
    cluster.first.hide(2)
    cluster.first.schemas[2] = schema


def test_a_replica_that_is_down_is_passed_over_named_once_and_used_again(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    api = cluster.node()
    assert set(answers(api)) == {(OLD, "first"), (OLD, "second")}
    cluster.first.line.cut()
    assert Counter(who(api) for _ in range(8)) == {(OLD, "second"): 8}
    assert answers(api) == {(OLD, "second"): 8}
    said = [record.getMessage() for record in caplog.records if "is passed over" in record.getMessage()]
    assert len(said) == 1
    assert f"127.0.0.1:{cluster.first.line.port}" in said[0]
    cluster.first.line.mend()
    until(lambda: set(answers(api)) == {(OLD, "first"), (OLD, "second")})
    assert "answers again" in caplog.text
    assert PASSWORD not in caplog.text


def test_a_node_starts_where_a_replica_and_the_primary_refuse(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        nobody = cluster.first.url.set(port=probe.getsockname()[1])
    assert answers(cluster.node(nobody, cluster.second.url)) == {(OLD, "second"): 8}
    assert answers(cluster.node(nobody)) == {(OLD, "primary"): 8}
    assert answers(cluster.node(cluster.second.url, primary=nobody)) == {(OLD, "second"): 8}
    alone = cluster.node(nobody, primary=nobody)
    alone.problem(PARTY, 503)
    assert PASSWORD not in caplog.text


def test_connections_that_broke_while_nobody_looked_cost_no_answer(cluster: Cluster) -> None:
    api = cluster.node()
    assert set(answers(api)) == {(OLD, "first"), (OLD, "second")}
    for server in (cluster.primary, cluster.first):
        server.line.hang_up()
    assert {release for release, _ in (who(api) for _ in range(8))} == {OLD}
    until(lambda: set(answers(api)) == {(OLD, "first"), (OLD, "second")})


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(
            "RAISE EXCEPTION 'canceling statement due to conflict with recovery' USING ERRCODE = '40001'", id="conflict"
        ),
        pytest.param("PERFORM pg_terminate_backend(pg_backend_pid())", id="terminated"),
        pytest.param("RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'", id="deadlock"),
    ],
)
@pytest.mark.parametrize("path", [PARTY, "/v1/parties", "/v1/parties.csv"])
# psycopg warns of a cursor at the server that was not closed before its connection broke.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function ServerCursorMixin:pytest.PytestUnraisableExceptionWarning"
)
def test_a_read_that_a_replica_gives_up_is_answered_by_another(cluster: Cluster, how: str, path: str) -> None:
    api = cluster.node()
    assert set(answers(api)) == {(OLD, "first"), (OLD, "second")}
    cluster.first.fail(how)
    said = [api.ask(path) for _ in range(4)]
    assert [one.status_code for one in said] == [200] * 4
    assert all("Aldoria second" in one.text for one in said)
    cluster.first.heal()
    until(lambda: set(answers(api)) == {(OLD, "first"), (OLD, "second")})


def test_where_no_server_can_read_the_release_it_is_503_and_not_500(cluster: Cluster) -> None:
    api = cluster.node()
    for server in (cluster.primary, cluster.first, cluster.second):
        server.fail("PERFORM pg_terminate_backend(pg_backend_pid())")
    assert api.ask(PARTY).headers["Retry-After"]
    api.problem(PARTY, 503)


def test_a_release_that_is_dropped_on_a_replica_is_read_elsewhere(cluster: Cluster) -> None:
    api = cluster.node()
    assert set(answers(api)) == {(OLD, "first"), (OLD, "second")}
    cluster.first.hide(1)
    assert Counter(who(api) for _ in range(8)) == {(OLD, "second"): 8}


@pytest.mark.parametrize(
    ("count", "connect", "patience"),
    [
        pytest.param(4, 3, 1.5, id="found by a connection that is kept"),
        pytest.param(8, 2, 30.0, id="found by one that cannot be made, for all that are kept wait"),
    ],
)
def test_a_replica_that_stands_still_holds_up_nobody_for_long(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, count: int, connect: int, patience: float
) -> None:
    """It takes connections and questions, and never answers: those who wait are freed, and are answered by another."""
    monkeypatch.setattr(postgres, "CONNECT_SECONDS", connect)
    monkeypatch.setattr(postgres, "PATIENCE_SECONDS", patience)
    api = cluster.node()
    assert set(answers(api)) == {(OLD, "first"), (OLD, "second")}
    cluster.first.line.flowing.clear()
    found: list[tuple[str, str]] = []

    def reading() -> None:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            found.append(who(Api(api.wsgi)))

    readers = [threading.Thread(target=reading) for _ in range(count)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
        assert not reader.is_alive()
    assert len(found) > len(readers)
    assert {release for release, _ in found} == {OLD}
    assert (OLD, "first") not in found
    assert (OLD, "first") not in answers(api)
    cluster.first.line.mend()
    until(lambda: set(answers(api)) == {(OLD, "first"), (OLD, "second")})


def test_no_reader_sees_a_mixture_or_goes_back_while_a_release_spreads(cluster: Cluster) -> None:
    api = cluster.node()
    assert who(api)[0] == OLD
    stop, failures, seen = threading.Event(), [], Counter[tuple[str, str]]()

    def reading() -> None:
        reader, before = Api(api.wsgi), OLD
        while not stop.is_set():
            try:
                release, server = who(reader)
                assert release >= before, "it went back"
            except AssertionError as error:
                failures.append(str(error))
                return
            before = release
            seen[release, server] += 1

    readers = [threading.Thread(target=reading) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for server in (cluster.primary, cluster.second, cluster.first):
            server.publish(2)
            time.sleep(0.6)
        until(lambda: (NEW, "first") in seen and (NEW, "second") in seen)
        cluster.primary.line.cut()
        cluster.second.line.cut()
        time.sleep(1.5)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not failures, failures[:3]
    assert {(OLD, "first"), (OLD, "second"), (NEW, "first"), (NEW, "second")} <= set(seen)
    assert (OLD, "primary") not in seen


def test_a_load_goes_to_the_primary_and_is_announced_from_it(
    cluster: Cluster, server_databases: Databases, tmp_path: Path
) -> None:
    url = server_databases.new()
    writer = open_database(url)
    load(WORLD, writer, RESOURCES)
    api = cluster.node(primary=url)
    assert api.get(PARTY)["data"]["name"] == "Aldoria"
    load(next_release(tmp_path), writer, RESOURCES)
    dispose(writer)
    until(lambda: api.get(PARTY)["data"]["name"] == "New Aldoria")
    assert [one["id"] for one in api.data("/v1/releases")] == [OLD, NEW]
    for replica in (cluster.first, cluster.second):
        assert replica.run("SELECT number FROM positions_pointer") == [(1,)]


def test_a_node_with_replicas_loads_nothing(server_databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server_databases.new()
    address = url.render_as_string(hide_password=False)
    served: list[Any] = []
    monkeypatch.setattr("api.cli.serve", lambda *given, **more: served.append(given))
    result = CliRunner().invoke(
        main, ["serve", "--seeds", str(WORLD)], env={"DATABASE_URL": address, "DATABASE_REPLICA_URLS": address}
    )
    assert result.exit_code == 0, result.output
    assert served
    database = open_database(url)
    with pytest.raises(NothingLoaded):
        database.current()
    dispose(database)


def test_a_node_waits_for_the_first_release(server_databases: Databases) -> None:
    url = server_databases.new()
    service: Service = create_service(Settings(database=url, replicas=(url,), seeds=WORLD))
    api = Api(service.wsgi)
    problem = api.problem(PARTY, 503)
    assert "`positions load` makes one" in problem["detail"]
    writer = open_database(url)
    load(WORLD, writer, RESOURCES)
    dispose(writer)
    assert orjson.loads(api.ask("/readyz").data)["release"] == OLD
    dispose(service)
