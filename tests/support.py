"""What several tests share: a client, and the shapes that they ask about."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from werkzeug.test import Client, TestResponse

from api.app import Service, create_service
from api.database import Database, open_database
from api.database.postgres import PostgresDatabase
from api.loader import load
from api.models import Cited
from api.resource import Resource
from api.resources import RESOURCES
from api.settings import Settings
from schemas.fields import Parts

WORLD = Path(__file__).with_name("world")
#: A PostgreSQL server for the tests to make databases in.
SERVER = os.environ.get("TEST_DATABASE_URL", "")
ROOT = Path(__file__).parent.parent
COLLECTIONS = [resource.name for resource in RESOURCES]
CITED = [resource.name for resource in RESOURCES if issubclass(resource.model, Cited)]
#: What seeds hold, in files of its own or in other records.
WRITTEN = {resource.name for resource in RESOURCES if resource.seeded} | {
    kind.collection
    for resource in RESOURCES
    for kind in resource.schema._declared_fields.values()
    if isinstance(kind, Parts)
}
TABLED = [resource.name for resource in RESOURCES if resource.has_table]

#: Every (collection, sub-collection) of the table, evidence included.
PARTS = [
    *((resource.name, part.resource.name) for resource in RESOURCES for part in resource.parts),
    *((name, "evidence") for name in CITED),
]


def sorts(resource: Resource) -> list[str]:
    """The values of ``sort`` upwards."""
    return ["id", *(one.name for one in resource.sorts)]


@dataclass(frozen=True)
class Api:
    """A client that says what it expects: ``get`` insists on a status, and gives the answer."""

    wsgi: Any

    @cached_property
    def client(self) -> Client:
        return Client(self.wsgi)

    def ask(
        self, path: str, /, method: str = "GET", headers: dict[str, str] | None = None, **query: Any
    ) -> TestResponse:
        if query:
            path = f"{path}{'&' if '?' in path else '?'}{urlencode(query, doseq=True)}"
        return self.client.open(path, method=method, headers=headers)

    def get(self, path: str, status: int = 200, /, headers: dict[str, str] | None = None, **query: Any) -> Any:
        response = self.ask(path, headers=headers, **query)
        assert response.status_code == status, f"{path} {query}: {response.status}\n{response.text[:2000]}"
        return orjson.loads(response.data)

    def data(self, path: str, **query: Any) -> Any:
        return self.get(path, **query)["data"]

    def ids(self, path: str, **query: Any) -> list[str]:
        """The ids of a whole list, however many pages it has."""
        return [one["id"] for one in self.all(path, **query)]

    def all(self, path: str, **query: Any) -> list[Any]:
        found: list[Any] = []
        answer = self.get(path, **{"limit": 200, **query})
        found += answer["data"]
        while answer["links"]["next"]:
            answer = self.get(answer["links"]["next"])
            found += answer["data"]
        return found

    def problem(self, path: str, status: int, /, headers: dict[str, str] | None = None, **query: Any) -> Any:
        """The problem that a request must be answered with."""
        response = self.ask(path, headers=headers, **query)
        assert response.status_code == status, f"{path} {query}: {response.status}\n{response.text[:2000]}"
        return problem_of(response)


def problem_of(response: TestResponse) -> Any:
    """The problem of an answer, its shape checked."""
    assert response.content_type == "application/problem+json", response.content_type
    body = orjson.loads(response.data)
    assert body["status"] == response.status_code
    assert body["error"] == {"message": body["detail"]}
    assert body["type"].startswith("/v1/problems/")
    assert body["title"]
    assert body["detail"]
    assert all(one.keys() == {"parameter", "value", "message", "allowed"} for one in body["errors"])
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return body


def ids_of(references: list[dict[str, str]]) -> list[str]:
    """The ids of an answer's references."""
    return [one["id"] for one in references]


def process_began(record: dict[str, Any], api: Api) -> str:
    """The earliest day on which a record's process can have begun; the first of all where that is not known."""
    process = record.get("process")
    started = api.data(process["href"])["started_on"] if process else None
    return (started and started["earliest"]) or "0001-01-01"


def path_of(collection: str, id: str, part: str = "") -> str:
    """The path of a record, or of one of its sub-collections."""
    return f"/v1/{collection}/{quote(id)}" + (f"/{part}" if part else "")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements that are executed meanwhile; what sets a connection up or looks which release is current is left out."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked = not statement.lower().startswith(("pragma", "show", "set"))
        if asked and not any(word in statement for word in ("pg_catalog", "positions_pointer")):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


class Databases:
    """Makes empty databases of one kind, and removes them at the end.

    Making and dropping a PostgreSQL database takes longer than most tests: the server writes all that it holds to the disk. One that a
    test is done with is therefore emptied for the next. None of them outlives a crash of the server, so no commit waits for the disk.
    """

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.made: list[str] = []
        self.empty: list[URL] = []

    def new(self, template: str | None = None) -> URL:
        if self.empty and not template:
            return self.empty.pop()
        name = f"positions_test_{uuid.uuid4().hex[:12]}"
        if self.kind == "sqlite":
            return make_url(f"sqlite:///{self.folder / name}.db")
        url = _server().set(database=name)
        _run(
            _server(),
            f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""),
            f"ALTER DATABASE {name} SET synchronous_commit TO off",
        )
        self.made.append(name)
        return url

    def give_back(self, url: URL) -> None:
        """Take a database back that a test is done with."""
        if self.kind == "sqlite":
            return
        _run(
            url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "DO $$ DECLARE name text; BEGIN"
            " FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'"
            " LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; END $$",
            "CREATE SCHEMA public",
        )
        self.empty.append(url)

    def remove(self) -> None:
        if self.made:
            _run(_server(), *(f"DROP DATABASE {name} WITH (FORCE)" for name in self.made))


def _server() -> URL:
    if not SERVER:
        raise RuntimeError("TEST_DATABASE_URL is not set; CI tests PostgreSQL too")
    return make_url(SERVER).set(drivername="postgresql+psycopg")


def _run(url: URL, *statements: str) -> None:
    """Run statements on a PostgreSQL server, each by itself."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def dispose(made: Service | Database) -> None:
    """Close what a service or a database holds open."""
    database = made.wsgi.database if isinstance(made, Service) else made
    database.close()


def address(made: Service) -> URL:
    """The address of a service's database."""
    database = made.wsgi.database
    return database.url if isinstance(database, PostgresDatabase) else make_url(f"sqlite:///{database.path}")


def service_on(url: URL, seeds: Path, **options: Any) -> Service:
    """A service on a folder of seeds, loaded."""
    database = open_database(url)
    load(seeds, database, options.get("table", RESOURCES))
    dispose(database)
    return create_service(Settings(database=url, seeds=seeds), **options)
