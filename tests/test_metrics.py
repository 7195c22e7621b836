"""What /metrics tells: the right numbers, of all workers, under a bounded number of names."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
from sqlalchemy import make_url
from support import ROOT, WORLD, Api
from test_cli import answers, database, free_port, serving

from api.app import Service
from api.settings import Settings

__all__ = ["database"]  # a fixture
PATIENCE = 30
ALDORIA = "/v1/parties/{id}"

Figures = dict[tuple[str, ...], float]


@pytest.fixture
def counted(make_service: Any) -> Service:
    """A service that has counted nothing yet."""
    made: Service = make_service(WORLD)
    return made


def figures(text: str, name: str, *labels: str) -> Figures:
    """The samples of a name, by the values of some labels."""
    families = parser.text_string_to_metric_families(text)
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for family in families
        for sample in family.samples
        if sample.name == name
    }


def requests(text: str) -> Figures:
    return figures(text, "positions_http_requests_total", "route", "method", "status", "cache")


def asked(text: str) -> float:
    """How many requests were counted, without those for the metrics."""
    return sum(count for (route, *_), count in requests(text).items() if route != "/metrics")


def scrape(api: Api) -> str:
    response = api.ask("/metrics")
    assert response.status_code == 200
    return response.text


def test_each_answer_is_counted_once_by_route_method_status_and_cache(counted: Service) -> None:
    api = Api(counted.wsgi)
    tag = api.ask("/v1/parties/aldoria").headers["ETag"]
    for headers in ({}, {}, {"If-None-Match": tag}, {"Range": "bytes=0-9"}, {"Range": "bytes=9999999-"}):
        api.ask("/v1/parties/aldoria", headers=headers)
    api.ask("/v1/parties/aldoria", method="HEAD")
    api.ask("/v1/parties/aldoria", method="OPTIONS")
    api.ask("/parties/aldoria")
    api.ask("/v1/parties/aldorai")
    api.ask("/v1/parties?limit=x")
    api.ask("/v1/parties", method="POST")
    api.ask("/v1/parties.csv", headers={"Range": "bytes=0-9"})
    api.ask("/explore/parties/aldoria")
    api.ask("/v1")
    for path in ("/healthz", "/readyz", "/metrics"):
        api.ask(path)
    text = scrape(api)
    assert requests(text) == {
        (ALDORIA, "GET", "200", "miss"): 2,
        (ALDORIA, "GET", "200", "hit"): 2,
        (ALDORIA, "GET", "304", "hit"): 1,
        (ALDORIA, "GET", "206", "hit"): 1,
        (ALDORIA, "GET", "416", "hit"): 1,
        (ALDORIA, "HEAD", "200", "hit"): 1,
        (ALDORIA, "OPTIONS", "200", "bypass"): 1,
        (ALDORIA, "GET", "404", "miss"): 1,
        ("/v1/parties", "GET", "400", "miss"): 1,
        ("/v1/parties.csv", "GET", "206", "miss"): 1,
        ("/explore/{collection}/{id}", "GET", "200", "miss"): 1,
        ("unmatched", "other", "405", "bypass"): 1,
        ("unmatched", "GET", "308", "miss"): 1,
        ("/healthz", "GET", "200", "bypass"): 1,
        ("/readyz", "GET", "200", "miss"): 1,
        ("/metrics", "GET", "200", "bypass"): 1,
    }
    misses = Counter[tuple[str]]()
    for (route, _, _, cache), count in requests(text).items():
        if cache == "miss":
            misses[(route,)] += int(count)
    assert figures(text, "positions_http_miss_duration_seconds_count", "route") == misses
    took = figures(text, "positions_http_miss_duration_seconds_sum", "route")
    assert took.keys() == misses.keys()
    assert all(0 < seconds < PATIENCE for seconds in took.values())


def test_the_cache_and_the_release_are_told_as_they_are(counted: Service) -> None:
    api = Api(counted.wsgi)
    for number in range(1, 6):
        api.ask(f"/v1/parties?limit={number}", headers={"Accept-Encoding": "gzip"})
    text = scrape(api)
    assert figures(text, "positions_cache_entries") == {(): 5}
    assert figures(text, "positions_cache_bytes") == {(): counted.wsgi.cache.bytes}
    assert figures(text, "positions_cache_limit_bytes") == {(): counted.wsgi.cache.limit}
    store = counted.wsgi.database.current()
    assert figures(text, "positions_release_info", "id", "digest", "identity") == {
        ("w2031-1", store.digest, store.identity): 1
    }
    day = figures(text, "positions_release_timestamp_seconds")[()]
    assert datetime.fromtimestamp(day, UTC).date() == store.date
    assert 0 < time.time() - figures(text, "positions_start_time_seconds")[()] < 600
    assert figures(text, "process_resident_memory_bytes", "pid").keys() == {(str(os.getpid()),)}
    assert figures(text, "process_open_fds", "pid")[(str(os.getpid()),)] > 0
    counted.wsgi.cache.clear()
    assert figures(scrape(api), "positions_cache_entries") == {(): 0}


def test_no_path_and_no_method_makes_a_name_of_its_own(counted: Service) -> None:
    api = Api(counted.wsgi)
    for number in range(20):
        for path in (f"/v1/{number}", f"/{number}/a/b", f"/v1/parties/{number}", f"/explore/{number}/x/y"):
            assert api.ask(path).status_code == 404
            api.ask(path, method=f"METHOD{number}")
    assert requests(scrape(api)) == {
        ("unmatched", "GET", "404", "miss"): 40,
        (ALDORIA, "GET", "404", "miss"): 20,
        ("/explore/{rest}", "GET", "404", "miss"): 20,
        ("unmatched", "other", "404", "bypass"): 40,
        ("unmatched", "other", "405", "bypass"): 40,
    }


@pytest.mark.parametrize(
    ("accept", "kind", "read"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8", parser),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", parser),
        ("text/html;version=x, text/plain;version=x", "text/plain; version=0.0.4; charset=utf-8", parser),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,*/*;q=0.2",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            openmetrics,
        ),
        (
            "application/openmetrics-text;version=9.9.9",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            openmetrics,
        ),
    ],
)
def test_the_format_is_the_one_that_is_asked_for(api: Api, accept: str, kind: str, read: Any) -> None:
    api.ask("/v1/parties")
    headers = {"Accept": accept}
    response = api.ask("/metrics", headers=headers)
    assert response.status_code == 200
    assert response.content_type == kind
    assert response.headers["Cache-Control"] == "no-store"
    names = {family.name for family in read.text_string_to_metric_families(response.text)}
    assert {"positions_http_requests", "positions_http_miss_duration_seconds", "positions_release"} <= {
        name.removesuffix("_info") for name in names
    }
    head = api.ask("/metrics", method="HEAD", headers=headers)
    assert (head.status_code, head.data, head.content_type) == (200, b"", kind)


def test_without_a_release_there_are_metrics_all_the_same(make_service: Any) -> None:
    api = Api(make_service().wsgi)
    api.problem("/v1/parties", 503)
    text = scrape(api)
    assert requests(text) == {("unmatched", "GET", "503", "bypass"): 1}
    assert "positions_release" not in text


def test_what_fails_is_counted_where_it_failed(counted: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(counted.wsgi)
    monkeypatch.setitem(counted.flask.view_functions, "v1.listParties", lambda: 1 / 0)
    api.problem("/v1/parties", 500)
    assert requests(scrape(api)) == {("/v1/parties", "GET", "500", "miss"): 1}


def test_threads_lose_no_count(counted: Service) -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=lambda: [Api(counted.wsgi).ask("/healthz") for _ in range(500)]) for _ in "1234"]
    try:
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        sys.setswitchinterval(interval)
    assert asked(scrape(Api(counted.wsgi))) == 2000


FORKING = """
import os
from pathlib import Path
from sqlalchemy import make_url
from werkzeug.test import Client
from api.app import create_service
from api.settings import Settings

client = Client(create_service(Settings(database=make_url("sqlite:///nothing.db"), seeds=Path())).wsgi)
client.get("/healthz")
for _ in range(2):
    child = os.fork()
    if not child:
        client.get("/healthz")
        print(client.get("/metrics").text, end="\\0", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
client.get("/healthz")
print(client.get("/metrics").text, end="")
"""


def test_processes_that_are_forked_from_one_that_has_answered_count_for_themselves(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.split("\0")
    assert [asked(one) for one in told] == [2, 3, 4]
    assert [len(workers(one)) for one in told] == [2, 2, 1]
    limit = Settings(make_url("sqlite:///x.db"), WORLD).cache_bytes
    assert [figures(one, "positions_cache_limit_bytes")[()] for one in told] == [2 * limit, 2 * limit, limit]


def watched(port: int) -> Iterator[str]:
    """What one scrape after another tells, for as long as it takes."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        yield answers(port, "/metrics").decode()
    pytest.fail("it did not come about")


def workers(text: str) -> set[str]:
    return {pid for (pid,) in figures(text, "process_start_time_seconds", "pid")}


def test_a_scrape_tells_the_sum_of_all_workers_also_of_one_that_was_killed(database: str) -> None:
    port = free_port()
    with serving(port, database):
        told, sent = "", 0
        for told in watched(port):
            answers(port, "/v1/parties/aldoria")
            sent += 1
            if sent >= 20 and figures(told, "positions_cache_entries") == {(): 2}:
                break
        both = workers(told)
        told = answers(port, "/metrics").decode()
        before = requests(told)
        assert sum(before[ALDORIA, "GET", "200", cache] for cache in ("hit", "miss")) == sent
        assert before[ALDORIA, "GET", "200", "miss"] == 2
        assert figures(told, "positions_cache_entries") == {(): 2}
        killed = min(both)
        os.kill(int(killed), signal.SIGKILL)
        for told in watched(port):
            now = requests(told)
            assert all(now[key] >= count for key, count in before.items()), "a counter went back"
            before = now
            if killed not in workers(told):
                break
        told = answers(port, "/metrics").decode()  # it may have died while the one before was made
        assert figures(told, "positions_cache_entries") == {(): 1}
        for told in watched(port):
            answers(port, "/v1/parties/aldoria")
            sent += 1
            if len(workers(told)) == 2 and figures(told, "positions_cache_entries") == {(): 2}:
                break
        assert killed not in workers(told)
        now = requests(answers(port, "/metrics").decode())
        assert sum(now[ALDORIA, "GET", "200", cache] for cache in ("hit", "miss")) == sent
        assert now[ALDORIA, "GET", "200", "miss"] == 3
