"""Which servers a node reads from, and which release it announces."""

import threading
import time
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families
from servers import NEW, OLD, PARTY, Cluster, answers, until, who
from support import Api

from api.database import postgres


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
    assert "no longer has the release that was loaded last" in caplog.text


def test_the_same_number_counted_by_two_primaries_is_not_the_same_release(cluster: Cluster) -> None:
    api = cluster.node()
    schema, cluster.first.schemas[2] = cluster.first.schemas[2], f"{cluster.first.schemas[2]}0"
    cluster.first.publish(2)
    cluster.primary.publish(2)
    cluster.second.publish(2)
    assert answers(api) == {(NEW, "second"): 8}
    cluster.first.hide(2)
    cluster.first.schemas[2] = schema


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


def test_the_metrics_say_which_servers_answer_have_the_release_and_are_read_from(cluster: Cluster) -> None:
    api = cluster.node()

    def told(name: str) -> dict[str, float]:
        api.wsgi.database.forget()
        families = text_string_to_metric_families(api.ask("/metrics").text)
        samples = [sample for family in families for sample in family.samples]
        return {one.labels["server"]: one.value for one in samples if one.name == f"positions_database_{name}"}

    assert told("up") == told("has_release") == {"primary": 1, "replica 1": 1, "replica 2": 1}
    assert told("read") == {"primary": 0, "replica 1": 1, "replica 2": 1}
    cluster.primary.publish(2)
    assert told("has_release") == told("read") == {"primary": 1, "replica 1": 0, "replica 2": 0}
    cluster.second.publish(2)
    assert told("has_release") == {"primary": 1, "replica 1": 0, "replica 2": 1}
    assert told("read") == {"primary": 0, "replica 1": 0, "replica 2": 1}
    cluster.first.line.cut()
    assert told("up") == {"primary": 1, "replica 1": 0, "replica 2": 1}
    cluster.second.line.cut()
    assert told("read") == {"primary": 1, "replica 1": 0, "replica 2": 0}
