"""The thread on which all requests wait gives what is kept and what takes no time; the rest is made by others, and is the same."""

import threading
from typing import Any

import pytest
from support import COLLECTIONS, PARTS, WORLD, Api, path_of
from test_metrics import requests, scrape
from werkzeug.test import TestResponse

from api.app import Service
from api.lanes import HURRIED, TakesLong
from api.server import THREADS, in_lanes

PATIENCE = 30
WATCHED = ["/healthz", "/readyz", "/metrics"]
LONG = [
    "/v1/matrix",
    "/v1/gaps?as_of=2030-01-01",
    "/v1/search?q=tariff",
    "/v1/positions?q=tariff",
    "/v1/positions?format=csv",
    "/v1/positions.csv",
    "/v1/positions?party=aldoria&known_at=2031-01-01&limit=1",
    "/v1/openapi.json",
    "/v1/nowhere",
    "/explore",
]


@pytest.fixture
def fresh(make_service: Any) -> Service:
    """A service that has kept nothing yet, and knows its release."""
    made: Service = make_service(WORLD)
    made.wsgi.database.current()
    return made


def hurried(api: Api, path: str) -> TestResponse | None:
    """What the thread on which others wait answers; None where it leaves that to others."""
    try:
        return api.client.get(path, environ_base={HURRIED: True})
    except TakesLong:
        return None


def same(one: TestResponse, other: TestResponse) -> bool:
    return (one.status, one.data, dict(one.headers)) == (other.status, other.data, dict(other.headers))


def test_pages_and_records_are_given_at_once_where_no_server_is_waited_for(fresh: Service) -> None:
    api = Api(fresh.wsgi)
    records = {name: path_of(name, api.data(f"/v1/{name}", limit=1)[0]["id"]) for name in COLLECTIONS}
    fresh.wsgi.cache.clear()
    paths = [
        *(f"/v1/{name}" for name in COLLECTIONS),
        *records.values(),
        *(f"{records[name]}/{part}" for name, part in PARTS),
        "/parties?limit=2",
        "/parties?sort=sideways",
        "/parties/nobody",
        "/positions?party=aldoria&as_of=2030-01-01&limit=200",
    ]
    for path in paths:
        at_once = hurried(api, path)
        assert (at_once is None) is fresh.wsgi.database.remote, path
        assert at_once is None or same(at_once, api.client.get(path))


@pytest.mark.parametrize("path", LONG)
def test_what_may_take_long_is_left_to_others_until_it_is_kept(fresh: Service, path: str) -> None:
    api = Api(fresh.wsgi)
    assert hurried(api, path) is None
    made = api.client.get(path)
    again = hurried(api, path)
    if made.status_code == 200:
        assert again is not None
        assert same(again, made)


@pytest.mark.parametrize("path", WATCHED)
def test_who_watches_the_service_never_waits_for_what_takes_long(fresh: Service, path: str) -> None:
    answered = hurried(Api(fresh.wsgi), path)
    assert answered is not None
    assert answered.status_code == 200


def test_what_is_made_by_others_is_counted_once(fresh: Service) -> None:
    api = Api(fresh.wsgi)
    path = "/v1/positions?q=tariff"
    assert hurried(api, path) is None
    api.client.get(path)
    assert requests(scrape(api)) == {("/v1/positions", "GET", "200", "miss"): 1}


def test_a_page_is_left_to_others_while_they_make_answers(fresh: Service) -> None:
    api = Api(fresh.wsgi)
    with fresh.wsgi._turn:
        assert hurried(api, "/v1/parties") is None
    assert fresh.wsgi.database.remote or hurried(api, "/v1/parties") is not None


def test_however_many_answers_take_long_the_others_are_given() -> None:
    waited, answered = threading.Semaphore(0), threading.Semaphore(0)
    given: list[str] = []

    def granian(_application: Any) -> Any:
        def run(protocol: str, scope: dict[str, Any]) -> None:
            if protocol != "quick":
                if HURRIED in scope:
                    raise TakesLong
                if protocol == "wrong":
                    raise ValueError(protocol)
                assert waited.acquire(timeout=PATIENCE)
            given.append(protocol)
            answered.release()

        return run

    answer = in_lanes(granian)(None)
    for _ in range(THREADS):
        answer("wrong", {})  # which ends none of the threads
    for _ in range(THREADS + 1):
        answer("long", {})
    answer("quick", {})
    assert given == ["quick"]
    waited.release(THREADS + 1)
    for _ in range(THREADS + 2):
        assert answered.acquire(timeout=PATIENCE)
    assert given == ["quick", *["long"] * (THREADS + 1)]
