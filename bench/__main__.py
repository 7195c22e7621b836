"""Runs the benchmarks and prints one report: every bar, and the tables behind it. ``--write`` adds it to bench/results.

Serving: requests made by wrk on loopback, medians of alternating rounds, each server with one worker unless said. All figures of
a run are of one machine and the same rows; compare them within the run.
"""

import argparse
import os
import platform
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench import data, exporting, loading, report, serving, starting
from bench.processes import ROOT, check_tools

PARTS = ("serving", "exporting", "loading", "starting")


def sizes(text: str) -> list[int]:
    """Numbers with commas between them, the smallest first."""
    return sorted({int(word) for word in text.split(",")})


def parts(text: str) -> list[str]:
    """Names of parts with commas between them."""
    asked = text.split(",")
    if unknown := set(asked) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    return asked


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sizes", type=sizes, default=[1_000, 20_000], help="positions to serve: 1000,100000,1000000")
    parser.add_argument("--load-sizes", type=sizes, default=[4_000, 20_000], help="positions to load: 100000,1000000")
    parser.add_argument("--parts", type=parts, default=list(PARTS), help=f"of {','.join(PARTS)}; all unless said")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds of serving")
    parser.add_argument("--seconds", type=int, default=1, help="seconds of each measurement of a round")
    parser.add_argument("--load-rounds", type=int, default=1, help="alternating rounds of loading")
    parser.add_argument("--workers", type=int, default=1, help="workers of each server")
    parser.add_argument("--keep", type=Path, help="a folder for seeds and databases, used again by the next run")
    parser.add_argument("--write", action="store_true", help="add the report to bench/results")
    return parser.parse_args()


def main() -> None:
    """Run what was asked for."""
    given = arguments()
    check_tools(peers=bool({"serving", "exporting"} & set(given.parts)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    begin = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - begin:7.0f} s  {what}", file=sys.stderr, flush=True)

    results = report.Results()
    with ExitStack() as stack:
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=given.keep)))
        root = given.keep or scratch / "data"
        releases = []
        if {"serving", "exporting"} & set(given.parts):
            releases = [data.release(root, size, say) for size in given.sizes]
        if "serving" in given.parts:
            plan = {"rounds": given.rounds, "seconds": given.seconds, "say": say}
            for release in releases:
                results.served.append(serving.compare(release, scratch, workers=given.workers, **plan))
            results.growth = serving.growth(releases, scratch, **plan)
        if "exporting" in given.parts:
            results.exported = exporting.export(releases, scratch, say)
        if "loading" in given.parts:
            results.loaded = loading.load(root, scratch, given.load_sizes, rounds=given.load_rounds, say=say)
        if "starting" in given.parts:
            results.started = starting.start(scratch, say)
    now = datetime.now(UTC)
    lines = [f"# {now:%Y-%m-%d %H:%M} UTC", "", machine(given, time.monotonic() - begin), "", report.text(results), ""]
    print("\n".join(lines))
    if given.write:
        path = ROOT / "results" / f"{now:%Y-%m-%d-%H%M}-{given.sizes[-1]}.md"
        path.write_text("\n".join(lines))


def machine(given: argparse.Namespace, seconds: float) -> str:
    """What the run was made on, and how."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; "
        f"load average at the end {load}. Workers: {given.workers}; {given.rounds} rounds of {given.seconds} s. "
        f"The run took {seconds / 60:.0f} minutes."
    )


if __name__ == "__main__":
    main()
