"""Servers of a cluster as the tests have them, and what a node answers with.

The servers are databases of one server, each behind a line of its own that can be cut. A release is published on each when a
test says so, in one transaction, as a replica replays a load. The name of a party in the answer says who gave it.
"""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from support import WORLD, Api, dispose

from api.app import create_service
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
