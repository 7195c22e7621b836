"""Which files a folder of seeds has, in which parts they are read, and what in the folder is out of place."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.loader.faults import Fault, Unreadable, suggestion
from api.nearest import nearest

CHUNK = 2**20  # bytes of JSON Lines that are read at once
SHARED = "common"
SUFFIXES = (".yaml", ".jsonl")


@dataclass(frozen=True)
class SeedFile:
    """One file of seeds: the collection that it holds, and the folder of its process (None: shared)."""

    path: Path
    collection: str
    folder: str | None


@dataclass(frozen=True)
class Chunk:
    """A part of a seed file, read by itself: some bytes, and the number of the line at which they begin, counted from 0."""

    file: SeedFile
    start: int
    end: int
    line: int


def digest(root: Path) -> str:
    """The SHA-256 of the names and bytes of every seed file below a folder."""
    total = hashlib.sha256()
    for path in _below(root):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        total.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(CHUNK):
                total.update(block)
    return total.hexdigest()


def chunks(file: SeedFile) -> Iterator[Chunk]:
    """The parts of a file: whole lines of JSON Lines, together about `CHUNK` bytes; any other file as it is.

    Raises:
        Unreadable: the file cannot be read.
    """
    try:
        size = file.path.stat().st_size
        if file.path.suffix != ".jsonl":
            yield Chunk(file, 0, size, 0)
            return
        with file.path.open("rb") as lines:
            start = line = 0
            while block := lines.read(CHUNK):
                block += lines.readline()
                yield Chunk(file, start, start + len(block), line)
                start += len(block)
                line += block.count(b"\n")
    except OSError as error:
        raise Unreadable(Fault.of_file(file.path, f"cannot be read: {error.strerror}")) from error


def find(root: Path, collections: list[str]) -> tuple[list[SeedFile], list[Fault], set[str]]:
    """Every seed file below a folder, shared ones first; what is out of place; and the collections that misplaced files seem to hold."""
    if not root.is_dir():
        what = "does not exist" if not root.exists() else "is not a folder"
        return [], [Fault.of_file(root, f"the seeds folder {what}; set POSITIONS_SEEDS or --seeds to another")], set()
    files: list[SeedFile] = []
    faults: list[Fault] = []
    missed: set[str] = set()
    faults += _lacking(root / "release.yaml", "it gives the release's id and date")
    folders = sorted(
        (path for path in root.iterdir() if _visible(path) and path.name != "release.yaml"),
        key=lambda path: (path.name != SHARED, path.name),
    )
    for folder in folders:
        if not folder.is_dir():
            if not _about(folder):
                faults.append(
                    Fault.of_file(
                        folder,
                        "is out of place: expected only release.yaml, common/ and one folder per process",
                    )
                )
            continue
        shared = folder.name == SHARED
        or_shared = (
            "" if (root / SHARED).is_dir() else f"; if it holds what several processes share, rename it to {SHARED}"
        )
        describes = f"it describes the process that the folder is for{or_shared}"
        lacking = [] if shared else _lacking(folder / "process.yaml", describes)
        faults += lacking
        for path in sorted(path for path in folder.iterdir() if _visible(path)):
            if lacking and path.name == "process.yaml":
                continue
            before = len(faults)
            files += _files(path, None if shared else folder.name, collections, faults)
            if len(faults) > before:
                missed.update(nearest(path.stem, collections))
    return files, faults, missed


def _lacking(path: Path, why: str) -> list[Fault]:
    """The fault that a required file is missing, or is not a file."""
    if path.is_file():
        return []
    if path.is_dir():
        return [Fault.of_file(path, "is a folder; replace it with a file")]
    if path.is_symlink():
        return [Fault.of_file(path, _no_seeds(path))]
    return [Fault.of_file(path.parent, f"contains no {path.name}; {why}")]


def _files(path: Path, folder: str | None, collections: list[str], faults: list[Fault]) -> Iterator[SeedFile]:
    name = path.stem if path.is_file() else path.name
    if _about(path):
        return
    if not path.is_dir() and (wrong := _no_seeds(path)):
        faults.append(Fault.of_file(path, wrong))
    elif path.is_dir() and path.suffix in SUFFIXES:
        faults.append(Fault.of_file(path, f"is a folder; rename it to {path.stem}, or replace it with a file"))
    elif name == "process":
        if path.name == "process.yaml" and folder:
            yield SeedFile(path, "processes", folder)
        elif folder:
            faults.append(Fault.of_file(path, "is out of place: a process is described in one file, process.yaml"))
        else:
            told = f"is out of place: {SHARED}/ is no process; each process has a folder of its own beside it"
            faults.append(Fault.of_file(path, told))
    elif name == "retired" and path.is_file():
        yield SeedFile(path, "retired", folder)
    elif name not in collections:
        names = [*collections, *(["process"] if folder else []), "retired"]
        faults.append(
            Fault.of_file(
                path,
                f"has an unknown name. Known names: {', '.join(names)}{suggestion(name, names)}",
            )
        )
    elif path.is_dir():
        for inner in _below(path):
            if wrong := _no_seeds(inner):
                if not _about(inner):
                    faults.append(Fault.of_file(inner, wrong))
            else:
                yield SeedFile(inner, name, folder)
    else:
        yield SeedFile(path, name, folder)


def _no_seeds(path: Path) -> str:
    """What is wrong with a path where a file of seeds is expected; empty if nothing is."""
    if path.is_dir():
        return "is a link back to a folder that it is in; remove it"
    if not path.is_file():
        return "is neither a file nor a folder; it may be a broken link"
    if path.suffix not in SUFFIXES:
        return "is neither .yaml nor .jsonl" + (f"; rename it to {path.stem}.yaml" if path.suffix == ".yml" else "")
    return ""


def _below(folder: Path, *above: Path) -> Iterator[Path]:
    """What is visible below a folder, in order, folders themselves left out. Links are followed, but not back to a folder ``above``:
    such a link is given as it is.
    """
    here = (*above, folder.resolve())
    for path in sorted(path for path in folder.iterdir() if _visible(path)):
        if path.is_dir() and path.resolve() not in here:
            yield from _below(path, *here)
        else:
            yield path


def _visible(path: Path) -> bool:
    return not path.name.startswith(".")


def _about(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".md" or path.stem.upper() in ("LICENSE", "NOTICE", "README"))
