"""The service's metrics, for Prometheus: at /metrics, in its text format or as OpenMetrics."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from functools import partial
from itertools import accumulate

from flask import Flask, Response, request
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from api.database import Database, DatabaseError
from api.delivery.counts import BUCKETS, Counts, Sums, Worker

PATH = "/metrics"
_BOUNDS = (*map(str, BUCKETS), "+Inf")


def add_metrics(app: Flask, counts: Counts, database: Database, cache_bytes: int) -> None:
    """Serve the metrics; ``cache_bytes`` is what the cache of each worker may hold."""
    metrics = _Metrics(counts, database, cache_bytes)

    @app.get(PATH)
    def exposition() -> Response:
        # Without parameters: the library fails at a version that is no number, and promises any that is one.
        accepted = ",".join(value.partition(";")[0] for value in request.accept_mimetypes.values())
        encode, media_type = choose_encoder(accepted)
        response = Response(encode(metrics), content_type=media_type)
        response.headers["Cache-Control"] = "no-store"
        return response


class _Metrics(Collector):
    """Collects the metrics on each request: those of all workers, and those of the databases as the worker that answers sees them."""

    def __init__(self, counts: Counts, database: Database, cache_bytes: int) -> None:
        self.counts = counts
        self.database = database
        self.cache_bytes = cache_bytes

    def collect(self) -> Iterator[Metric]:
        sums = self.counts.sums()
        yield from _answers(sums)
        yield from self._cache(sums.workers)
        yield from self._release()
        yield from self._servers()
        yield GaugeMetricFamily(
            "positions_start_time_seconds", "When the service was started, before its workers.", self.counts.started
        )
        yield from _processes(sums.workers)

    def _cache(self, workers: list[Worker]) -> Iterator[Metric]:
        held = sum(worker.cache_bytes for worker in workers)
        yield GaugeMetricFamily("positions_cache_bytes", "Memory used by the caches of all workers.", held)
        entries = sum(worker.cache_entries for worker in workers)
        yield GaugeMetricFamily("positions_cache_entries", "Answers in the caches of all workers.", entries)
        limit = self.cache_bytes * len(workers)
        yield GaugeMetricFamily("positions_cache_limit_bytes", "Memory that the caches of all workers may use.", limit)

    def _release(self) -> Iterator[Metric]:
        try:
            store = self.database.current()
        except DatabaseError:
            return
        told = {"id": store.release, "digest": store.digest, "identity": store.identity}
        yield InfoMetricFamily("positions_release", "The release being served; absent if none is loaded.", told)
        day = datetime.combine(store.date, time(), UTC).timestamp()
        yield GaugeMetricFamily("positions_release_timestamp_seconds", "The date of the release.", day)

    def _servers(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("positions_database_up", "Whether a database server answers.", labels=["server"])
        has = GaugeMetricFamily(
            "positions_database_has_release", "Whether a database server has the release.", labels=["server"]
        )
        read = GaugeMetricFamily(
            "positions_database_read", "Whether a database server is read from.", labels=["server"]
        )
        for server in self.database.servers():
            up.add_metric([server.name], server.up)
            has.add_metric([server.name], server.has_release)
            read.add_metric([server.name], server.read)
        yield from (family for family in (up, has, read) if family.samples)


def _answers(sums: Sums) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "positions_http_requests",
        "Answers given. Cache: hit, found there; miss, not found there; bypass, never kept there.",
        labels=["route", "method", "status", "cache"],
    )
    for labels, count in sums.requests.items():
        requests.add_metric(labels, count)
    yield requests
    durations = HistogramMetricFamily(
        "positions_http_miss_duration_seconds",
        "Time taken to make the answers that were not in the cache.",
        labels=["route"],
    )
    for route, (buckets, seconds) in sums.durations.items():
        durations.add_metric([route], list(zip(_BOUNDS, accumulate(buckets), strict=True)), seconds)
    yield durations


def _processes(workers: list[Worker]) -> Iterator[Metric]:
    """Processor time, memory and open files of each worker. They are not summed: shared memory would count several times, and the limit
    of open files applies to each process.
    """
    families: dict[str, Metric] = {}
    for worker in workers:
        for metric in ProcessCollector(pid=partial(int, worker.pid), registry=None).collect():
            family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            for sample in metric.samples:
                family.add_sample(sample.name, {"pid": str(worker.pid)}, sample.value)
    yield from families.values()
