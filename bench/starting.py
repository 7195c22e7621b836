"""Starting `positions serve` on the real seeds: seconds to the first answer, and the memory of a worker."""

import statistics
from dataclasses import dataclass
from pathlib import Path

from bench.processes import HOST, OWN, REPOSITORY, Memory, Progress, Server

TIMES = 3
FIRST = "/v1/positions"
USUAL = (
    *("/v1/", "/v1/parties", "/v1/positions", "/v1/proposals", "/v1/search?q=ceasefire", "/v1/matrix", "/v1/gaps"),
    *("/v1/timeline", "/v1/positions.csv", "/", "/openapi.json"),
)


@dataclass
class Started:
    """Seconds to the first answer with and without a database, and memory after the usual questions: of a worker (the largest
    process) and of all processes, by number of workers.
    """

    loaded: float
    unloaded: float
    workers: dict[int, tuple[Memory, Memory]]


def start(scratch: Path, say: Progress) -> Started:
    """Measure it."""
    say("starting on the real seeds")
    database = scratch / "real.db"
    unloaded, loaded = [], []
    for _ in range(TIMES):
        database.unlink(missing_ok=True)
        for seconds in (unloaded, loaded):
            with _serve(database, 1) as server:
                seconds.append(server.started_in)
    workers = {}
    for count in (1, 2):
        with _serve(database, count) as server:
            for _ in range(8):  # so that each worker gets some
                for path in USUAL:
                    reply = server.get(path, keep=False)
                    if reply.status != 200:
                        raise SystemExit(f"{path} answers with {reply.status} on the real seeds")
            workers[count] = (server.worker(), server.memory())
    return Started(statistics.median(loaded), statistics.median(unloaded), workers)


def _serve(database: Path, workers: int) -> Server:
    command = [OWN, "-m", "api.cli", "serve", "--host", HOST, "--port", "PORT", "--workers", str(workers)]
    environment = {"DATABASE_URL": f"sqlite:///{database}", "POSITIONS_SEEDS": str(REPOSITORY / "seeds")}
    return Server("positions serve", command, environment, FIRST)
