"""Exports of all positions: seconds until the last byte, and how much more memory the server takes meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import bare, serving
from bench.data import Release
from bench.processes import MEGABYTE, Memory, Peak, Progress, Server, service
from bench.processes import bare as bare_server
from bench.serving import BARE, DATASETTE

OWN = "positions"
FORMATS = ("csv", "ndjson")
AGAIN = 3
PEERS_AT_MOST = 100_000  # positions; at a million the peers take minutes each


@dataclass
class Export:
    """One export: seconds the first time and again, its bytes, and the memory that it added at most."""

    first: float
    again: float | None
    size: int
    added: Memory


@dataclass
class Exported:
    """What was measured, by server and format."""

    size: int
    found: dict[tuple[str, str], Export] = field(default_factory=dict)


def export(releases: Sequence[Release], scratch: Path, say: Progress) -> list[Exported]:
    """Measure exports: this project's and the bare server's at every size, the peers' at the largest that they are patient for.

    Each server is asked in a process of its own, one request at a time.
    """
    exported = [_own(release, scratch, say) for release in releases]
    sizes = [release.size for release in releases]
    place = max((at for at, size in enumerate(sizes) if size <= PEERS_AT_MOST), default=0)
    _peers(releases[place], exported[place], scratch, say)
    return exported


def _own(release: Release, scratch: Path, say: Progress) -> Exported:
    exported = Exported(release.size)
    for kind in FORMATS:
        release.forget_exports()
        say(f"{release.size:,} positions: {kind} of {OWN}")
        with service(OWN, release.database, 1, 64) as server:
            server.get("/v1/positions?limit=1")
            held = exported.found[OWN, kind] = _export(server, f"/v1/positions.{kind}", AGAIN)
        file = scratch / "export"
        _fill(file, held.size)
        bare.keep(scratch, {}, file)
        with bare_server(scratch, 1) as server:
            exported.found[BARE, kind] = _export(server, "/file", AGAIN)
        file.unlink()
    return exported


def _peers(release: Release, exported: Exported, scratch: Path, say: Progress) -> None:
    for one in serving.peers(release, 1, scratch):
        name = one.server.name
        for kind in FORMATS:
            path = f"/export.{kind}"
            if name == DATASETTE:
                if kind == "ndjson":
                    continue  # it has none
                path = "/peers/positions.csv?_stream=on&_size=max"
            say(f"{release.size:,} positions: {kind} of {name}")
            with one.server as server:
                exported.found[name, kind] = _export(server, path, 0)


def _fill(path: Path, size: int) -> None:
    """A file of this many bytes, none of them left out."""
    piece = bytes(range(256)) * (MEGABYTE // 256)
    with path.open("wb") as file:
        for start in range(0, size, MEGABYTE):
            file.write(piece[: min(MEGABYTE, size - start)])


def _export(server: Server, path: str, again: int) -> Export:
    before = server.memory()
    with Peak(server.process.pid) as peak:
        first = server.get(path, keep=False)
        rest = [server.get(path, keep=False) for _ in range(again)]
    if any(one.status != 200 for one in (first, *rest)):
        raise SystemExit(f"{server.name}: {path} answers with {first.status}")
    added = Memory(peak.most.resident - before.resident, peak.most.proportional - before.proportional)
    return Export(first.seconds, min((one.seconds for one in rest), default=None), first.size, added)
