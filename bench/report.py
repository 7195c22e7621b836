"""What a run found, as tables, and held against every bar."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bench.exporting import FORMATS, OWN, Exported
from bench.loading import CHANGED, LINES, USUAL, YAML, Loaded
from bench.processes import MEGABYTE, Load
from bench.serving import (
    BARE,
    CLOCKED,
    COLD,
    COMMON,
    DATASETTE,
    FASTAPI,
    FIRST,
    KINDS,
    LARGEST,
    LIST,
    LIST_304,
    MIDDLE,
    PEER_NAMES,
    RARE,
    RECORD,
    RECORD_304,
    WARM,
    Rounds,
    Served,
    processor_ratio,
    ratio,
)
from bench.starting import Started

#: What counts as the same where a bar says that two are: times of one run differ by more than nothing.
SAME = 1.1
#: How much longer than the bare server with a file of the size an export may take to be at the speed of reading a file.
FILE_SPEED = 1.25
#: Megabytes that an export may add to a worker and still be called flat.
FLAT = 32.0


@dataclass
class Results:
    """All that one run measured; what was not is None or empty."""

    served: list[Served] = field(default_factory=list)
    growth: Rounds = field(default_factory=dict)
    exported: list[Exported] = field(default_factory=list)
    started: Started | None = None
    loaded: Loaded | None = None


@dataclass(frozen=True)
class Bar:
    """One bar: what must hold, what was found (None: not measured), and the figure to reach or not to exceed.

    ``processor`` is the same by processor time, which a busy machine changes less; it does not decide.
    """

    name: str
    found: float | None
    bar: float
    unit: str = "×"
    at_most: bool = False
    processor: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether it is met; None where nothing was measured."""
        if self.found is None:
            return None
        return self.found <= self.bar if self.at_most else self.found >= self.bar


def bars(results: Results) -> list[Bar]:
    """Every bar, by the figures of the largest size."""
    return [
        *_serving_bars(results.served[-1] if results.served else None),
        *_growth_bars(results.growth),
        *_export_bars(results.exported[-1] if results.exported else None),
        *_loading_bars(results.loaded),
        *_starting_bars(results.started),
    ]


def _serving_bars(served: Served | None) -> Iterator[Bar]:
    rounds: Rounds = served.rounds if served else {}

    def times(name: str, one: tuple[str, str], other: tuple[str, str], bar: float) -> Bar:
        return Bar(name, ratio(rounds, one, other), bar, processor=processor_ratio(rounds, one, other))

    yield times("list of 50, cache off, to FastAPI's", (COLD, LIST), (FASTAPI, LIST), 20)
    yield times("list of 50, cache off, to Datasette's", (COLD, LIST), (DATASETTE, LIST), 15)
    yield times("one record, cache off, to FastAPI's", (COLD, RECORD), (FASTAPI, RECORD), 8)
    for kind in (COMMON, RARE):
        yield times(f"{kind}, cache off, to FastAPI's", (COLD, kind), (FASTAPI, kind), 10)
    yield times("list with both clocks, cache off, to FastAPI's plain list", (COLD, CLOCKED), (FASTAPI, LIST), 5)
    for kind in (LIST, RECORD):
        yield times(f"{kind}, cache hit, to the bare callable's", (WARM, kind), (BARE, kind), 0.95)
    for kind, unchanged in ((LIST, LIST_304), (RECORD, RECORD_304)):
        yield times(f"{unchanged}, to a hit", (WARM, unchanged), (WARM, kind), 1)
    first = served.first_matrix * 1000 if served and served.first_matrix is not None else None
    yield Bar("a fresh process's first matrix", first, 20, "ms", at_most=True)
    peers = [served.matrices[name] for name in PEER_NAMES if name in served.matrices] if served else []
    clocked = served.matrices[COLD] / min(peers) if served and peers and COLD in served.matrices else None
    yield Bar("matrix with both clocks, to the quickest peer's plain one (time)", clocked, 0.25, at_most=True)


def _growth_bars(growth: Rounds) -> Iterator[Bar]:
    sizes = list(dict.fromkeys(size for size, _ in growth))
    span = f"{sizes[0]} to {sizes[-1]}" if len(sizes) > 1 else "smallest to largest size"
    for kind, name, most in ((LARGEST, "list of 50", 1.6), (RECORD, RECORD, 1.3)):
        pair = ((sizes[0], kind), (sizes[-1], kind)) if len(sizes) > 1 else None
        yield _slower(f"{name}, slower from {span}", growth, pair, most)
    middle = ((sizes[-1], FIRST), (sizes[-1], MIDDLE)) if sizes else None
    yield _slower(f"{MIDDLE}, slower than the first", growth, middle, 1.2)


def _slower(name: str, growth: Rounds, pair: tuple[tuple[str, str], tuple[str, str]] | None, most: float) -> Bar:
    found, processor = (ratio(growth, *pair), processor_ratio(growth, *pair)) if pair else (None, None)
    return Bar(name, found, most, at_most=True, processor=processor)


def _export_bars(exported: Exported | None) -> Iterator[Bar]:
    for kind in FORMATS:
        own = exported.found.get((OWN, kind)) if exported else None
        file = exported.found.get((BARE, kind)) if exported else None
        again, reading = (own.again, file.again) if own and file else (None, None)
        first = own.first / reading if own and reading else None
        yield Bar(f"{kind} of all, first time, to sending a file (time)", first, FILE_SPEED, at_most=True)
        later = again / reading if again and reading else None
        yield Bar(f"{kind} of all, again, to sending a file (time)", later, FILE_SPEED, at_most=True)
        added = own.added.proportional / MEGABYTE if own else None
        yield Bar(f"{kind} of all, memory that it adds", added, FLAT, "MB", at_most=True)


def _loading_bars(loaded: Loaded | None) -> Iterator[Bar]:
    first, last = (min(loaded.records), max(loaded.records)) if loaded else (0, 0)

    def seconds(size: int, how: str) -> float | None:
        return loaded.seconds(size, how) if loaded else None

    def quotient(one: float | None, other: float | None) -> float | None:
        return one / other if one is not None and other else None

    def processor(size: int, how: str) -> float | None:
        return loaded.processor(size, how) if loaded else None

    usual, documents = seconds(first, USUAL), seconds(first, YAML)
    for how, name, bar in ((YAML, "YAML", 5), (LINES, "JSON Lines", 8)):
        yield Bar(
            f"load from {name}, as fast as the usual pipeline",
            quotient(usual, seconds(first, how)),
            bar,
            processor=quotient(processor(first, USUAL), processor(first, how)),
        )
    growing, processors = None, None
    if loaded and first != last:
        records = loaded.records[last] / loaded.records[first]
        growing = quotient(quotient(seconds(last, LINES), seconds(first, LINES)), records)
        processors = quotient(quotient(processor(last, LINES), processor(first, LINES)), records)
    name = f"load, time a record from {first:,} to {last:,} positions"
    yield Bar(name, growing, SAME, at_most=True, processor=processors)
    peak = loaded.peak(last, LINES).proportional / MEGABYTE if loaded else None
    yield Bar(f"load of {last:,} positions, most memory, all processes", peak, 500, "MB", at_most=True)
    yield Bar(
        "load after changing one file of a thousand records, to the load before (time)",
        quotient(seconds(first, CHANGED), documents),
        0.1,
        at_most=True,
        processor=quotient(processor(first, CHANGED), processor(first, YAML)),
    )


def _starting_bars(started: Started | None) -> Iterator[Bar]:
    yield Bar("start to first answer, loaded", started.loaded if started else None, 2, "s", at_most=True)
    yield Bar("start to first answer, without a database", started.unloaded if started else None, 2, "s", at_most=True)
    for count in (1, 2):
        worker = started.workers[count][0] if started else None
        for name, held in (("RSS", worker and worker.resident), ("PSS", worker and worker.proportional)):
            yield Bar(
                f"memory of a worker of {count}, {name}",
                held / MEGABYTE if held is not None else None,
                80,
                "MB",
                at_most=True,
            )


def text(results: Results) -> str:
    """The report, in Markdown."""
    parts: list[list[str]] = [_bar_table(bars(results))]
    for served in results.served:
        parts += [_served_table(served), _ratio_table(served)]
    if results.growth:
        parts.append(_growth_table(results.growth))
    parts += map(_export_table, results.exported)
    if results.loaded:
        parts.append(_load_table(results.loaded))
    if results.started:
        parts.append(_start_table(results.started))
    return "\n\n".join("\n".join(lines) for lines in parts)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _bar_table(found: Sequence[Bar]) -> list[str]:
    said = {True: "yes", False: "**no**", None: "not measured"}
    rows = [
        (
            one.name,
            _figure(one.found, one.unit),
            _figure(one.processor, one.unit),
            f"{'≤' if one.at_most else '≥'} {one.bar:g} {one.unit}",
            said[one.met],
        )
        for one in found
    ]
    return _table("Bars", ("", "found", "by processor time", "bar", "met"), rows)


def _cell(loads: Sequence[Load]) -> str:
    if not loads:
        return ""
    rate = statistics.median(one.rate for one in loads)
    return f"{rate:,.0f} ({statistics.median(one.processor for one in loads):,.0f})"


def _served_table(served: Served) -> list[str]:
    names = list(dict.fromkeys(name for name, _ in served.rounds))
    heads = ("requests/s (µs of processor a request)", *KINDS, "matrix, ms", "worker, MB RSS / PSS")
    rows = [
        (
            name,
            *(_cell(served.rounds.get((name, kind), ())) for kind in KINDS),
            f"{served.matrices[name] * 1000:,.0f}" if name in served.matrices else "",
            str(served.memory.get(name, "")),
        )
        for name in names
    ]
    title = f"Serving {served.positions:,} positions with {served.evidence:,} citations"
    fresh = f"{served.first_matrix * 1000:,.1f} ms" if served.first_matrix is not None else "not measured"
    note = f"The matrix of this project is with both clocks; without, a fresh process's first took {fresh}."
    return [*_table(title, heads, rows), "", note]


def _ratio_table(served: Served) -> list[str]:
    """How many times as many requests this project bears, without its cache, as each peer."""
    kinds = (LIST, RECORD, COMMON, RARE)
    rows = [
        (
            name,
            *(_figure(served.ratio((COLD, kind), (name, kind)), "×") for kind in kinds),
            _figure(served.ratio((COLD, CLOCKED), (name, LIST)), "×"),
            _figure(served.ratio((WARM, LIST), (name, LIST)), "×"),
        )
        for name in PEER_NAMES
        if (name, LIST) in served.rounds
    ]
    heads = ("cache off, to", *kinds, "list with clocks to plain list", "list, cache hit")
    return _table(f"Ratios at {served.positions:,} positions", heads, rows)


def _growth_table(growth: Rounds) -> list[str]:
    kinds = (LARGEST, RECORD, FIRST, MIDDLE)
    rows = [
        (size, *(_cell(growth[size, kind]) for kind in kinds)) for size in dict.fromkeys(size for size, _ in growth)
    ]
    return _table("Growth, cache off: requests/s (µs)", ("positions", *kinds), rows)


def _export_table(exported: Exported) -> list[str]:
    rows = [
        (
            name,
            kind,
            _figure(one.first, "s"),
            _figure(one.again, "s"),
            f"{one.size / 1e6:,.1f}",
            str(one.added),
        )
        for (name, kind), one in exported.found.items()
    ]
    heads = ("", "format", "first", "again", "size, MB", "memory added, MB RSS / PSS")
    return _table(f"Exports of {exported.size:,} positions", heads, rows)


def _load_table(loaded: Loaded) -> list[str]:
    rows = [
        (
            f"{size:,}",
            how,
            _figure(statistics.median(one.seconds for one in spent), "s"),
            _figure(loaded.processor(size, how), "s"),
            f"{loaded.records[size] / statistics.median(one.seconds for one in spent):,.0f}",
            str(loaded.peak(size, how)),
        )
        for (size, how), spent in loaded.rounds.items()
    ]
    heads = ("positions", "", "time", "processor", "records/s", "most memory, MB RSS / PSS")
    return _table("Loads", heads, rows)


def _start_table(started: Started) -> list[str]:
    rows = [
        ("start to first answer, loaded", _figure(started.loaded, "s")),
        ("start to first answer, without a database", _figure(started.unloaded, "s")),
    ]
    for count, (worker, whole) in started.workers.items():
        rows += [
            (f"largest worker of {count}, MB RSS / PSS", str(worker)),
            (f"all processes with {count}, MB RSS / PSS", str(whole)),
        ]
    return _table("Starting on the real seeds", ("", ""), rows)
