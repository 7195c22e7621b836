"""The exports: whole, the same whenever they are made, made once, and described by their checksums."""

import hashlib
import json
import os
import sqlite3
import threading
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from api import exports
from api.app import create_service
from api.database import Store
from api.exports import Content, Sheet
from api.representations import Column
from api.settings import Settings

FILES = ("positions-csv.zip", "positions.sqlite", "positions.jsonl")


def test_every_export_has_the_size_and_the_checksum_that_are_listed(v1):
    listed = {one["name"]: one for one in httpx.get(f"{v1}/exports").json()["data"]}
    assert set(listed) == set(FILES)
    sums = dict(reversed(line.split("  ")) for line in httpx.get(f"{v1}/exports/SHA256SUMS").text.splitlines())
    for name, one in listed.items():
        answer = httpx.get(v1.removesuffix("/v1") + one["href"])
        assert answer.headers["Content-Type"].partition(";")[0] == one["media_type"]
        assert int(answer.headers["Content-Length"]) == one["bytes"] == len(answer.content)
        assert hashlib.sha256(answer.content).hexdigest() == one["sha256"] == sums[name]


def test_the_archive_holds_the_very_tables_that_are_served(v1, tables):
    with zipfile.ZipFile(BytesIO(httpx.get(f"{v1}/exports/positions-csv.zip").content)) as archive:
        assert archive.testzip() is None
        for name, table in tables.items():
            served = httpx.get(f"{v1}/{name}.csv").content
            assert archive.read(f"{name}.csv") == served, name
            assert (len(served), hashlib.sha256(served).hexdigest()) == (table["bytes"], table["sha256"]), name
        for name in ("datapackage.json", "csv-metadata.json"):
            assert archive.read(name) == httpx.get(f"{v1}/{name}").content


def test_the_database_holds_the_rows_of_every_table_with_their_types(v1, tables, tmp_path):
    path = tmp_path / "positions.sqlite"
    path.write_bytes(httpx.get(f"{v1}/exports/positions.sqlite").content)
    database = sqlite3.connect(path)
    for name, table in tables.items():
        names = [column["name"] for column in table["columns"]]
        rows = database.execute(f'SELECT * FROM "{name}"').fetchall()
        served = httpx.get(f"{v1}/{name}.json").json()
        assert [dict(zip(names, row, strict=True)) for row in rows] == served, name
    described = database.execute("SELECT table_name, column_name FROM about_columns ORDER BY table_name, position")
    assert {table for table, _ in described.fetchall()} == set(tables)
    database.close()


def test_the_lines_hold_every_record_once(v1):
    lines = [json.loads(line) for line in httpx.get(f"{v1}/exports/positions.jsonl").text.splitlines()]
    keys = [(line["collection"], line["record"]["id"]) for line in lines]
    assert len(keys) == len(set(keys))
    for collection in ("parties", "proposals", "positions", "events", "evidence"):
        total = httpx.get(f"{v1}/{collection}?limit=1").json()["page"]["total"]
        assert sum(one == collection for one, _ in keys) == total, collection


def test_an_export_can_be_had_in_parts_and_revalidated(v1):
    address = f"{v1}/exports/positions.sqlite"
    whole = httpx.get(address)
    part = httpx.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    head = httpx.head(address)
    assert (head.headers["Content-Length"], head.content) == (str(len(whole.content)), b"")
    assert httpx.get(address, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    beyond = httpx.get(address, headers={"Range": "bytes=999999999-"})
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole.content)}")


COLUMNS = (
    Column("id", "string", "Its id.", lambda record: record["id"], required=True),
    Column("other_id", "string", "Another.", lambda record: record["other"], references="things"),
    Column("many", "integer", "A number.", lambda record: record["many"]),
)
RECORDS = ({"id": "a", "other": None, "many": 1}, {"id": "b", "other": "a", "many": None})


def _store(identity: str = "i" * 64) -> Store:
    return Store(None, "r1", date(2024, 2, 13), "d" * 64, "b" * 64, identity)  # type: ignore[arg-type]  # exports open no connection themselves


def _content() -> Content:
    sheet = Sheet("things", "Things.", COLUMNS, "id", lambda: RECORDS)
    return Content([sheet], [b'{"collection":"things"}\n'])


def test_the_same_release_gives_the_same_bytes(tmp_path):
    first, second = (exports.exported(tmp_path / name, _store(), _content) for name in ("one", "two"))
    for path in sorted(first.iterdir()):
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_a_release_is_exported_once_whoever_asks_at_the_same_time(tmp_path):
    made = []

    def content() -> Content:
        made.append(1)
        return _content()

    threads = [threading.Thread(target=exports.exported, args=(tmp_path, _store(), content)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_fails_leaves_nothing_behind(tmp_path):
    def content() -> Content:
        return Content([Sheet("things", "Things.", COLUMNS, "id", lambda: 1 / 0)], [])  # type: ignore[arg-type,return-value]

    with pytest.raises(ZeroDivisionError):
        exports.exported(tmp_path, _store(), content)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_old_releases_are_removed(tmp_path):
    for number, identity in enumerate("123"):
        folder = exports.exported(tmp_path, _store(identity * 64), _content)
        os.utime(folder, (number, number))
    left = sorted(path.name[:1] for path in tmp_path.iterdir() if not path.name.startswith("."))
    assert left == ["2", "3"]


def test_what_an_interrupted_making_left_is_removed_by_the_next(tmp_path):
    killed = tmp_path / ".new-killed"
    killed.mkdir()
    (killed / "things.csv").write_text("half of it")
    exports.exported(tmp_path, _store(), _content)
    assert not killed.exists()


def test_where_the_folder_cannot_be_made_the_temporary_folder_serves(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = tmp_path / "file"
    file.write_text("not a folder")
    made = exports.exported(file / "exports", _store(), _content)
    assert made.parent.parent == tmp_path
    assert made.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_of_somebody_else_is_not_used(tmp_path, monkeypatch):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("os.getuid", lambda: 4242)
    with pytest.raises(PermissionError, match="exports cannot be written to"):
        exports.exported(shelf, _store(), _content)


def test_exports_stand_beside_the_database_file(tmp_path: Path):
    settings = Settings.read({"DATABASE_URL": f"sqlite:///{tmp_path}/p.db"})
    assert settings.exports == tmp_path / "p.db.exports"
    assert Settings.read({"DATABASE_URL": "postgresql://user@host/name"}).exports.name.startswith("positions-")
    assert create_service(settings).contract["paths"]["/exports"]
