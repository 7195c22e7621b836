"""What stands in front of the application: methods, validators, codings, ranges, headers, retired ids, the switch of releases."""

import gc
import gzip
import re
import threading
import time
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from sqlalchemy import make_url, select
from support import COLLECTIONS, WORLD, Api, address, counted, dispose, problem_of, service_on
from test_metrics import requests, scrape
from werkzeug.test import TestResponse

from api.app import Service, create_app, create_service
from api.database import Replaced, open_database
from api.delivery.cache import Cache, Kept, Ready
from api.loader import build, load
from api.models import Party
from api.resources import RESOURCES
from api.settings import Settings

PATHS = [
    "/v1/",
    "/v1/parties",
    "/v1/parties/aldoria",
    "/v1/parties.csv",
    "/v1/parties.json",
    "/v1/search?q=pepper",
    "/openapi.yaml",
    "/openapi.json",
    "/docs/",
]


def decoded(response: TestResponse) -> bytes:
    coding = response.headers.get("Content-Encoding")
    if coding == "gzip":
        return gzip.decompress(response.data)
    if coding == "br":
        return brotli.decompress(response.data)
    if coding == "zstd":
        return zstandard.ZstdDecompressor().decompress(response.data)
    assert coding is None
    return response.data


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_it_is_and_how_long_it_keeps(api: Api, path: str) -> None:
    response = api.ask(path)
    assert response.status_code == 200
    headers = response.headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    exposed = {"ETag", "Link", "Content-Location", "X-Total-Count", "API-Version", "Data-Release"}
    assert set(headers["Access-Control-Expose-Headers"].split(", ")) == exposed
    assert headers["API-Version"].count(".") == 2
    assert headers["Data-Release"] == "w2031-1"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"]
    assert {"Accept", "Accept-Encoding"} <= set(headers["Vary"].split(", "))
    assert headers["Cache-Control"].startswith("public, max-age=")
    assert "stale-while-revalidate=" in headers["Cache-Control"]
    assert headers["Last-Modified"] == "Mon, 30 Jun 2031 00:00:00 GMT"
    # What is loaded in place of a release may have its date and another content, so the date tells nothing of what has changed.
    unheeded = api.ask("/v1/parties", headers={"If-Modified-Since": headers["Last-Modified"]})
    assert unheeded.status_code == 200
    assert headers["Content-Length"] == str(len(response.data))
    assert headers["ETag"].startswith('"')
    assert "Set-Cookie" not in headers
    assert len(headers.getlist("Content-Type")) == len(headers.getlist("ETag")) == 1


@pytest.mark.parametrize("path", [*PATHS, "/v1/nowhere", "/v1/parties?limit=x", "/healthz", "/readyz", "/", "/v1"])
def test_head_has_the_headers_of_get_and_no_body(api: Api, path: str) -> None:
    got, head = api.ask(path), api.ask(path, method="HEAD")
    assert head.status_code == got.status_code
    assert head.data == b""
    assert sorted(head.headers) == sorted(got.headers)


@pytest.mark.parametrize("path", PATHS)
def test_options_says_what_is_allowed(api: Api, path: str) -> None:
    response = api.ask(
        path, method="OPTIONS", headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}
    )
    assert response.status_code in (200, 204)
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/nowhere", 404), ("/v1/parties?x=1", 400), ("/v1/parties/phantom-state", 410), ("/v1/demands", 406)],
)
def test_an_error_can_be_read_by_any_page(api: Api, path: str, status: int) -> None:
    headers = {"Accept": "image/png"} if status == 406 else {}
    response = api.ask(path, headers=headers)
    assert response.status_code == status
    problem_of(response)
    assert response.headers["API-Version"]
    assert response.headers["Data-Release"] == "w2031-1"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "ETag" in response.headers["Access-Control-Expose-Headers"]
    assert "ETag" not in response.headers


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", None])
@pytest.mark.parametrize("path", ["/v1/parties", "/v1/parties.csv", "/openapi.yaml"])
def test_each_coding_is_the_same_content_under_a_tag_of_its_own(api: Api, path: str, coding: str | None) -> None:
    plain = api.ask(path)
    response = api.ask(path, headers={"Accept-Encoding": coding or "identity"})
    assert response.headers.get("Content-Encoding") == coding
    assert decoded(response) == plain.data
    assert response.headers["Content-Length"] == str(len(response.data))
    tags = [
        api.ask(path, headers={"Accept-Encoding": one}).headers["ETag"] for one in ("identity", "gzip", "br", "zstd")
    ]
    assert len(set(tags)) == 4
    for tag in tags:
        again = api.ask(path, headers={"Accept-Encoding": coding or "identity", "If-None-Match": tag})
        assert again.status_code == (304 if tag == response.headers["ETag"] else 200)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, br;q=0.5", "gzip"),
        ("gzip;q=0.5, br;q=0.8", "br"),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.5", "br"),
        ("gzip;q=0", None),
        ("GZIP", "gzip"),
        ("deflate", None),
        ("gzip;q=abc", None),
        ("gzip;q=nan", None),
        (",,;;q=", None),
        ("identity", None),
        ("gzip ; q=0.5", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_the_client_likes_best(api: Api, accepted: str, coding: str | None) -> None:
    assert api.ask("/v1/parties", headers={"Accept-Encoding": accepted}).headers.get("Content-Encoding") == coding


def test_what_is_small_is_not_compressed(api: Api) -> None:
    response = api.ask("/v1/problems/gone?release=w2031-1", headers={"Accept-Encoding": "gzip"})
    assert len(response.data) < 500
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("tags", ["{tag}", "W/{tag}", '"x", {tag}', "*", ' {tag} , "y"'])
def test_a_client_that_has_the_answer_gets_304_without_a_body(api: Api, tags: str) -> None:
    tag = api.ask("/v1/parties").headers["ETag"]
    response = api.ask("/v1/parties", headers={"If-None-Match": tags.format(tag=tag)})
    assert response.status_code == 304
    assert response.data == b""
    assert response.headers["ETag"] == tag
    # RFC 9110, §15.4.5: what guides caches, and no more of the representation. Scripts of other sites may see that it is 304.
    sent = {name.lower() for name in response.headers.keys()}  # noqa: SIM118  # of werkzeug's headers
    assert {"cache-control", "vary", "access-control-allow-origin", "data-release"} <= sent
    assert not {
        name for name in sent if name.startswith("content-") or name in ("link", "last-modified", "accept-ranges")
    }
    assert api.ask("/v1/parties", headers={"If-None-Match": '"other"'}).status_code == 200
    assert api.ask("/v1/parties?x=1", headers={"If-None-Match": "*"}).status_code == 400
    unversioned = api.ask("/parties", headers={"If-None-Match": "*"})
    assert (unversioned.status_code, unversioned.headers["Content-Location"]) == (304, "/v1/parties")


def test_the_tag_is_of_the_normalised_address(api: Api) -> None:
    tag = api.ask("/v1/demands?party=borovia&limit=5").headers["ETag"]
    assert api.ask("/v1/demands?limit=5&party=borovia").headers["ETag"] == tag
    assert api.ask("/v1/demands?limit=5&party=%62orovia").headers["ETag"] == tag
    assert api.ask("/v1/demands?limit=6&party=borovia").headers["ETag"] != tag
    assert api.ask("/v1/parties").headers["ETag"] != api.ask("/v1/issues").headers["ETag"]


def test_settings_that_change_answers_change_their_tags(service: Service, tmp_path: Path) -> None:
    empty, one, other = (tmp_path / name for name in ("empty", "one", "other"))
    for folder, text in ((empty, None), (one, "A text."), (other, "Another text.")):
        folder.mkdir()
        if text:
            (folder / "text.txt").write_text(text)
    tags = []
    for more in ({}, {"public_url": "https://a.example"}, {"public_url": "https://b.example"}):
        for texts in (None, one, other):
            made = create_service(Settings(database=address(service), seeds=WORLD, texts=texts, **more))
            tags.append(Api(made.wsgi).ask("/v1/parties").headers["ETag"])
            dispose(made)
    assert len(set(tags)) == 9
    same = create_service(Settings(database=address(service), seeds=WORLD, texts=empty, cache_bytes=0))
    assert Api(same.wsgi).ask("/v1/parties").headers["ETag"] == tags[0], "these settings change no answer"
    dispose(same)


def test_the_build_is_all_that_makes_answers_and_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [
        tmp_path / name for name in ("api/loader/build.py", "api/pages/style.css", "schemas/a.json", "seeds/a.yaml")
    ]
    kept = tmp_path / "api" / "__pycache__" / "a.pyc"
    for path in (*files, kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before")
    monkeypatch.setattr(build, "__file__", str(files[0]))
    digests = [build.build_digest.__wrapped__()]
    for path in (*files, kept):
        path.write_text("after")
        digests.append(build.build_digest.__wrapped__())
    assert len(set(digests[:4])) == 4
    assert digests[3] == digests[4] == digests[5], "neither seeds nor caches are part of it"


def test_what_is_kept_is_weighed_with_all_that_it_was_asked_by(make_service: Any) -> None:
    service = make_service(WORLD)
    api, cache = Api(service.wsgi), service.wsgi.cache
    for number in range(20):
        before = cache.bytes
        api.get(f"/v1/parties?limit={number + 1}", 200, {"Accept": "application/json, text/x-" + "y" * 20_000})
        assert cache.bytes > before + 20_000


def test_what_gains_a_coding_can_be_weighed_meanwhile() -> None:
    kept = Kept([], "tag", "/", b"x" * 1000, None, 1000, compressible=True)

    class Meanwhile:
        """A coding that is weighed: while it is, another thread adds one."""

        @property
        def body(self) -> bytes:
            kept.ready["br"] = Ready("tag", [], b"x" * 10)
            return b"x" * 100

    kept.ready["gzip"] = Meanwhile()  # type: ignore[assignment]  # it has what is weighed
    before = kept.weight
    assert kept.weight >= before + 10, "the coding that was added is weighed the next time"


@pytest.mark.parametrize("coding", ["zstd", "br, gzip", None])
@pytest.mark.parametrize("path", ["/v1/positions?limit=200", "/v1/positions?format=ndjson"])
def test_a_large_answer_is_kept_compressed_alone_and_is_made_once(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str, coding: str | None
) -> None:
    plain = Api(service.wsgi).ask(path).data
    monkeypatch.setattr("api.operation.IN_MEMORY", len(plain) // 2)  # what comes in pieces is put in a file
    made = create_service(Settings(database=address(service), seeds=WORLD, cache_bytes=4 * len(plain)))
    api, headers = Api(made.wsgi), {"Accept-Encoding": coding} if coding else {}
    with counted() as statements:
        first = api.ask(path, headers=headers)
        once = len(statements)
        kept = api.ask(path, headers=headers)
        assert (kept.status, kept.data, dict(kept.headers)) == (first.status, first.data, dict(first.headers))
        assert api.ask(path, headers={**headers, "If-None-Match": first.headers["ETag"]}).status_code == 304
        assert api.ask(path, method="HEAD", headers=headers).headers["Content-Length"] == str(len(first.data))
        for start, end in ((0, 1), (100, 300), (len(plain) - 5, len(plain) + 5)):
            part = api.ask(path, headers={**headers, "Range": f"bytes={start}-{end - 1}"})
            assert (part.status_code, part.data) == (206, plain[start:end])
        assert len(statements) == once
    assert first.headers.get("Content-Encoding") == ("zstd" if coding == "zstd" else None)
    assert decoded(first) == plain
    assert 0 < made.wsgi.cache.bytes < len(plain)
    dispose(made)


def test_every_part_of_a_table_can_be_had_by_its_range(api: Api) -> None:
    whole = api.ask("/v1/parties.csv").data
    for header, start, end in (
        ("bytes=0-9", 0, 10),
        ("bytes=5-5", 5, 6),
        ("bytes=100-", 100, len(whole)),
        ("bytes=-7", len(whole) - 7, len(whole)),
        (f"bytes=0-{10**12}", 0, len(whole)),
        (f"bytes=-{10**12}", 0, len(whole)),
    ):
        response = api.ask("/v1/parties.csv", headers={"Range": header, "Accept-Encoding": "gzip, br, zstd"})
        assert response.status_code == 206, header
        assert response.data == whole[start:end]
        assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(whole)}"
        assert response.headers["Content-Length"] == str(end - start)
        assert "Content-Encoding" not in response.headers
        assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "header",
    [
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "lines=0-5",
        "bytes=9-3",
        "bytes=0-1,5-6",
        f"bytes=0-{'9' * 5000}",
        "bytes=５-６",
    ],
)
def test_a_range_that_cannot_be_understood_is_ignored(api: Api, header: str) -> None:
    environ = {"HTTP_RANGE": header.encode().decode("latin-1")}
    response = api.client.get("/v1/parties.csv", environ_overrides=environ)
    assert response.status_code == 200
    assert response.data == api.ask("/v1/parties.csv").data


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(api: Api, header: str) -> None:
    response = api.ask("/v1/parties.csv", headers={"Range": header})
    assert problem_of(response)["type"] == "/v1/problems/range-not-satisfiable"
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(api.ask('/v1/parties.csv').data)}"


def test_a_range_holds_only_for_the_representation_it_was_begun_with(api: Api) -> None:
    tag = api.ask("/v1/parties.csv").headers["ETag"]
    assert api.ask("/v1/parties.csv", headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 206
    assert api.ask("/v1/parties.csv", headers={"Range": "bytes=0-9", "If-Range": '"old"'}).status_code == 200
    assert api.ask("/v1/parties.csv", headers={"Range": "bytes=0-9", "If-None-Match": tag}).status_code == 304
    head = api.ask("/v1/parties.csv", method="HEAD", headers={"Range": "bytes=0-9"})
    assert head.status_code == 200, "a range is for GET alone"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_path_without_the_version_answers_the_same_and_says_so(api: Api, collection: str) -> None:
    record = api.data(f"/v1/{collection}")[-1]["href"]
    for path in (f"/v1/{collection}?limit=3&sort=-id", record):
        bare = api.ask(path.removeprefix("/v1"))
        assert bare.data == api.ask(path).data
        first, _, query = bare.headers["Content-Location"].partition("?")
        assert first == path.partition("?")[0]
        assert sorted(query.split("&")) == sorted(path.partition("?")[2].split("&"))
        assert "Content-Location" not in api.ask(path).headers


@pytest.mark.parametrize("prefix", ["", "/v1"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/parties/old-aldoria", "/parties/aldoria"),
        ("/parties/old-aldoria/positions?kind=demand", "/parties/aldoria/positions?kind=demand"),
        ("/demands/old-saffron-demand", "/demands/borovia-saffron-quota"),
        ("/demands/old-saffron-demand?known_at=2031-06-01", "/demands/borovia-saffron-quota?known_at=2031-06-01"),
        ("/demands/old-saffron-demand/evidence", "/demands/borovia-saffron-quota/evidence"),
        ("/positions/old-saffron-demand", "/positions/borovia-saffron-quota"),
    ],
)
def test_a_renamed_record_is_301_to_its_new_path(api: Api, prefix: str, old: str, new: str) -> None:
    response = api.ask(prefix + old)
    assert response.status_code == 301
    assert response.headers["Location"] == prefix + new
    assert api.ask(response.headers["Location"]).status_code == 200


def test_a_record_that_was_renamed_twice_is_found_in_the_end(api: Api) -> None:
    response = api.client.get("/v1/parties/oldest-aldoria", follow_redirects=True)
    assert response.get_json()["data"]["id"] == "aldoria"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/parties/phantom-state",
        "/parties/phantom-state/positions",
        "/v1/demands/withdrawn-demand",
        "/v1/demands/withdrawn-demand/evidence",
        "/v1/positions/withdrawn-demand",
    ],
)
def test_a_withdrawn_record_is_410(api: Api, path: str) -> None:
    problem = api.problem(path, 410)
    assert problem["type"] == "/v1/problems/gone"
    assert problem["detail"].endswith("was withdrawn." if "phantom" in path else "was withdrawn: Nobody made it.")


def test_the_way_in_without_a_slash_leads_to_it(api: Api) -> None:
    response = api.ask("/v1")
    assert response.status_code in (301, 308)
    assert response.headers["Location"].endswith("/v1/")


def test_health_and_readiness_are_never_kept(api: Api) -> None:
    assert api.ask("/healthz").get_json() == {"status": "ok"}
    assert api.ask("/readyz").get_json() == {"status": "ready", "release": "w2031-1"}
    for path in ("/healthz", "/readyz"):
        assert api.ask(path).headers["Cache-Control"] == "no-store"


def test_another_release_replaces_every_kept_answer(make_service: object, world: Path) -> None:
    service = make_service(WORLD)
    api = Api(service.wsgi)
    before = api.ask("/v1/parties/aldoria")
    assert api.ask("/v1/parties/aldoria").headers["ETag"] == before.headers["ETag"]
    _rename(world, 2, "Aldoria the New")
    load(world, service.wsgi.database, RESOURCES)
    after = api.ask("/v1/parties/aldoria", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.headers["Data-Release"] == "w2031-2"
    assert after.get_json()["data"]["name"] == "Aldoria the New"
    assert after.headers["ETag"] != before.headers["ETag"]
    api.problem("/v1/parties?release=w2031-1", 410)


def test_a_file_that_was_replaced_is_let_go_of(tmp_path: Path, world: Path) -> None:
    service = service_on(make_url(f"sqlite:///{tmp_path / 'release.db'}"), WORLD)
    api = Api(service.wsgi)
    for number in range(2, 5):
        api.ask(f"/v1/parties?limit={number}")
        _rename(world, number, f"Aldoria {number}")
        load(world, service.wsgi.database, RESOURCES)
    assert api.data("/v1/parties/aldoria")["name"] == "Aldoria 4"
    gc.collect()
    held = open_files()
    assert "release.db" in held
    assert "release.db (deleted)" not in held
    dispose(service.wsgi.database)


def open_files() -> list[str]:
    return [file.readlink().name for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]


def test_what_is_answered_before_workers_are_forked_leaves_nothing_open_nor_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(f"sqlite:///{tmp_path / 'before.db'}")
    monkeypatch.setenv("DATABASE_URL", str(url))
    create_app()  # while nothing is loaded
    dispose(service_on(url, WORLD).wsgi.database)
    with counted() as statements:
        application = create_app()
    assert any("position" in statement for statement in statements)
    assert "before.db" not in open_files()
    api = Api(application)
    assert requests(scrape(api)) == {}
    assert api.ask("/v1/parties").status_code == 200
    dispose(application.database)


def _rename(world: Path, number: int, name: str) -> None:
    """Make a next release, in which a party is called otherwise."""
    for path, pattern, after in (
        (world / "release.yaml", r"id: w2031-\d", f"id: w2031-{number}"),
        (world / "common" / "parties.yaml", r"name: Aldoria\b.*", f"name: {name}"),
    ):
        text, count = re.subn(pattern, after, path.read_text())
        assert count == 1
        path.write_text(text)


def test_readers_never_see_anything_but_a_whole_release(make_service: object, world: Path) -> None:
    """Several readers ask all the time while releases are loaded: every answer is whole, and is the old one or the new one."""
    service = make_service(WORLD)
    writer = open_database(address(service))
    stop, failures, seen = threading.Event(), [], set()

    def reading() -> None:
        reader, number = Api(service.wsgi), 0
        while not stop.wait(0.005):  # or the loader waits for the interpreter most of the time
            number += 1
            response = reader.ask(f"/v1/parties?limit={number % 150 + 50}")
            if response.status_code != 200:
                failures.append(response.text)
                return
            body = response.get_json()
            names = {one["id"]: one["name"] for one in body["data"]}
            seen.add((body["meta"]["release"], names["aldoria"]))
            if body["page"]["total"] != len(names):
                failures.append("not whole")

    def until_seen(name: str) -> None:
        """Wait until a reader has seen a release, or has failed: a server is asked for the newest release once a second."""
        deadline = time.monotonic() + 30
        while not failures and all(name != other for _, other in [*seen]):
            assert time.monotonic() < deadline, f"nobody has seen {name}"
            time.sleep(0.02)

    readers = [threading.Thread(target=reading) for _ in range(4)]
    for one in readers:
        one.start()
    try:
        until_seen("Aldoria")
        for number in (2, 3, 4, 5):
            _rename(world, number, f"Aldoria {number}")
            load(world, writer, RESOURCES)
        until_seen("Aldoria 5")
    finally:
        stop.set()
        for one in readers:
            one.join()
        dispose(writer)
    assert not failures, failures[:3]
    assert seen <= {("w2031-1", "Aldoria"), *((f"w2031-{number}", f"Aldoria {number}") for number in (2, 3, 4, 5))}


def test_an_answer_that_was_begun_on_a_release_now_gone_is_made_anew(make_service: object, world: Path) -> None:
    service = make_service(WORLD)
    database, api = service.wsgi.database, Api(service.wsgi)
    stale = database.current()
    stale.engine.dispose()
    for number in (2, 3):  # PostgreSQL keeps the release before the current one
        (world / "release.yaml").write_text(f"id: w2031-{number}\ndate: 2031-07-01\n")
        load(world, database, RESOURCES)
    with pytest.raises(Replaced), stale.connect() as connection:
        connection.execute(select(Party.name))
    fresh, looks = database.current, iter([stale])
    database.current = lambda: next(looks, None) or fresh()
    assert api.get("/v1/parties")["meta"]["release"] == "w2031-3"


def test_what_is_weighed_again_is_weighed_once() -> None:
    cache, told = Cache(100_000, lambda *now: told.append(now)), list[tuple[int, int]]()
    kept = Kept([], "tag", "/", b"x" * 1000, None, 1000, compressible=True)
    for coding in ("gzip", "br", "zstd"):
        kept.ready[coding] = Ready("tag", [], b"x" * 100)
        cache.put(("parties",), kept)
    assert cache.bytes == kept.weight + len("parties")
    assert told[-1] == (cache.bytes, 1)
