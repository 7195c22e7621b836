"""Reading a folder of seeds: which files there are, and what plain values they hold.

YAML scalars stay text (the schema decides types, so ``no`` is a word and ``1.10`` keeps its zero); a repeated key, an anchor
or an alias is a fault. Places are worked out only when a fault needs them, by reading the file again.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import yaml

from api.loader.faults import Fault, Path_, Place, suggestion

try:
    from yaml import CSafeLoader as Parser
except ImportError:  # a build of PyYAML without its C part
    from yaml import SafeLoader as Parser  # type: ignore[assignment]

DEPTH = 100
_BRACKET = re.compile(r"[\[\]{}]")
_INDENT = re.compile(r"^[ ?:-]+", re.MULTILINE)
YAML_LIMIT = 16 * 2**20
PIECE = 2**20  # bytes of JSON Lines that are read at once
_SPACED_COLON = re.compile(rb'"[ \t\r]+:')
SHARED = "common"
_NULLS = ("", "~", "null")


class Unreadable(Exception):
    """A file that cannot be read as what its name says; carries the faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(frozen=True)
class SeedFile:
    """One file of seeds: the collection that it holds, and the folder of its process (None: shared)."""

    path: Path
    collection: str
    folder: str | None


@dataclass(frozen=True)
class Piece:
    """A part of a seed file, read by itself: some bytes, and the number of the line at which they begin, counted from 0."""

    file: SeedFile
    start: int
    end: int
    line: int


def digest(root: Path) -> str:
    """The SHA-256 of the names and bytes of every seed file below a folder."""
    total = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in (".yaml", ".jsonl") and _visible(path, root)):
        total.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(PIECE):
                total.update(block)
    return total.hexdigest()


def pieces(file: SeedFile) -> Iterator[Piece]:
    """The parts of a file: whole lines of JSON Lines, together about `PIECE` bytes; any other file as it is."""
    try:
        size = file.path.stat().st_size
        if file.path.suffix != ".jsonl":
            yield Piece(file, 0, size, 0)
            return
        with file.path.open("rb") as lines:
            start = line = 0
            while block := lines.read(PIECE):
                block += lines.readline()
                yield Piece(file, start, start + len(block), line)
                start += len(block)
                line += block.count(b"\n")
    except OSError as error:
        raise Unreadable(Fault(str(file.path), 0, 0, f"cannot be read: {error.strerror}")) from error


def find(root: Path, collections: list[str]) -> tuple[list[SeedFile], list[Fault]]:
    """Every seed file below a folder, shared ones first; and what in the folder is out of place."""
    if not root.is_dir():
        what = "is not there" if not root.exists() else "is not a folder"
        return [], [Fault(str(root), 0, 0, f"the folder of seeds {what}; POSITIONS_SEEDS or --seeds names another")]
    files: list[SeedFile] = []
    faults: list[Fault] = []
    if not (root / "release.yaml").is_file():
        faults.append(Fault(str(root), 0, 0, "has no release.yaml, which gives the release's id and date"))
    folders = sorted(
        (path for path in root.iterdir() if _visible(path, root)),
        key=lambda path: (path.name != SHARED, path.name),
    )
    for folder in folders:
        if not folder.is_dir():
            if not _about(folder) and folder.name != "release.yaml":
                faults.append(
                    Fault(
                        str(folder),
                        0,
                        0,
                        "is out of place: beside release.yaml there are only the folders of processes and common/",
                    )
                )
            continue
        shared = folder.name == SHARED
        if not shared and not (folder / "process.yaml").is_file():
            faults.append(
                Fault(
                    str(folder),
                    0,
                    0,
                    "has no process.yaml, which describes the process whose records the folder holds",
                )
            )
        for path in sorted(path for path in folder.iterdir() if _visible(path, root)):
            files += _files(path, None if shared else folder.name, collections, faults)
    return files, faults


def _files(path: Path, folder: str | None, collections: list[str], faults: list[Fault]) -> Iterator[SeedFile]:
    name = path.stem if path.is_file() else path.name
    if _about(path):
        return
    if path.is_file() and path.suffix not in (".yaml", ".jsonl"):
        faults.append(
            Fault(
                str(path),
                0,
                0,
                "is neither .yaml nor .jsonl" + (f"; call it {path.stem}.yaml" if path.suffix == ".yml" else ""),
            )
        )
    elif name == "process" and path.suffix == ".yaml" and folder:
        yield SeedFile(path, "processes", folder)
    elif name == "retired":
        yield SeedFile(path, "retired", folder)
    elif name not in collections:
        names = [*collections, "process", "retired"]
        faults.append(
            Fault(
                str(path),
                0,
                0,
                f"is not named after a collection{suggestion(name, names, end='.')} There can be: {', '.join(names)}",
            )
        )
    elif path.is_dir():
        for inner in sorted(inner for inner in path.rglob("*") if inner.is_file() and _visible(inner, path)):
            if inner.suffix in (".yaml", ".jsonl"):
                yield SeedFile(inner, name, folder)
            elif not _about(inner):
                faults.append(Fault(str(inner), 0, 0, "is neither .yaml nor .jsonl"))
    else:
        yield SeedFile(path, name, folder)


def _visible(path: Path, root: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(root).parts)


def _about(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".md" or path.stem.upper() in ("LICENSE", "NOTICE", "README"))


def records(piece: Piece) -> Iterator[tuple[Place, Any]]:
    """Each record of a piece with its place, as plain values.

    Raises:
        Unreadable: the file is not what its name says, or a record in it repeats a key.
    """
    path = piece.file.path
    if path.suffix == ".jsonl":
        yield from _lines(piece)
        return
    for index, record in enumerate(_parsed(path)):
        yield Place(path, (index,)), record


def _parsed(path: Path) -> Any:
    text = _text(path)
    if type(value := plain(text)) is list:
        return value
    node = _node(path, text)
    if node is None:
        raise Unreadable(Fault(str(path), 0, 0, "is empty; an empty list is written []"))
    if not isinstance(node, yaml.SequenceNode):
        line, column = _mark(node)
        raise Unreadable(
            Fault(
                str(path),
                line,
                column,
                f"holds {_kind(node)} where a list of records is expected: each begins with “- id:”",
            )
        )
    return _plain_file(path, node)


def mapping(path: Path) -> Any:
    """The one mapping that a file holds.

    Raises:
        Unreadable: as of `records`.
    """
    text = _text(path)
    if type(value := plain(text)) is dict:
        return value
    node = _node(path, text)
    if node is None:
        raise Unreadable(Fault(str(path), 0, 0, "is empty; it holds one mapping"))
    if not isinstance(node, yaml.MappingNode):
        line, column = _mark(node)
        raise Unreadable(Fault(str(path), line, column, f"holds {_kind(node)} where one mapping is expected"))
    return _plain_file(path, node)


class Locator:
    """Turns places into lines and columns, by reading a file again."""

    def fault(self, place: Place, message: str) -> Fault:
        line, column = self._find(place)
        return Fault(str(place.file), line, column, message)

    def _find(self, place: Place) -> tuple[int, int]:
        if place.file.suffix == ".jsonl":
            return self._in_line(place) if place.path else (0, 0)
        stat = place.file.stat()
        node = _node_again(place.file, stat.st_mtime_ns, stat.st_size)
        return (0, 0) if node is None else self._walk(node, place.path, key=place.key)

    def _in_line(self, place: Place) -> tuple[int, int]:
        """A line of JSON is YAML too, whose parser keeps columns."""
        number = int(place.path[0])
        with place.file.open(encoding="utf-8-sig") as file:
            line = next(islice(file, number, None), "")
        try:
            node = yaml.compose(line, Loader=Parser)
        except (yaml.YAMLError, RecursionError):
            node = None
        return number + 1, 1 if node is None else self._walk(node, place.path[1:], key=place.key)[1]

    @staticmethod
    def _walk(node: yaml.Node, path: Path_, *, key: bool) -> tuple[int, int]:
        found = node
        for step in path:
            if isinstance(found, yaml.SequenceNode) and isinstance(step, int) and step < len(found.value):
                found = found.value[step]
            elif isinstance(found, yaml.MappingNode):
                pair = next((pair for pair in found.value if pair[0].value == step), None)
                if pair is None:
                    break
                found = pair[0] if key and step == path[-1] else pair[1]
            else:
                break
        return _mark(found)


@lru_cache(maxsize=1)
def _node_again(path: Path, _changed: int, _size: int) -> yaml.Node | None:
    """As of `_node`; the faults of one file mostly come one behind the other."""
    return _node(path, _text(path))


def _text(path: Path) -> str:
    try:
        if path.suffix == ".yaml" and path.stat().st_size > YAML_LIMIT:
            size = path.stat().st_size / 2**20
            raise Unreadable(
                Fault(
                    str(path),
                    0,
                    0,
                    f"has {size:.0f} MB; a YAML file may have {YAML_LIMIT // 2**20} MB. "
                    f"Make it a folder {path.stem}/ of smaller files, or JSON Lines ({path.stem}.jsonl)",
                )
            )
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(Fault(str(path), 0, 0, f"cannot be read: {error.strerror}")) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise Unreadable(
            Fault(
                str(path),
                line,
                column,
                f"is not text in UTF-8: the byte 0x{content[error.start]:02x} here cannot be read",
            )
        ) from error


def _node(path: Path, text: str) -> yaml.Node | None:
    loader = None
    try:
        _refuse_deep(path, text)
        loader = Parser(text)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise Unreadable(Fault(str(path), line, column, f"is not YAML: {error.problem or error.context}")) from error
    except yaml.reader.ReaderError as error:
        before = text[: text.find(chr(error.character))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what = f"is not YAML text: it holds the control character U+{error.character:04X}"
        raise Unreadable(Fault(str(path), line, column, what)) from error
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_deep(path: Path, text: str) -> None:
    """PyYAML composes by recursion, and its C part by recursion that nothing bounds: too deep a file would end the process."""
    flow = deepest = 0
    for found in _BRACKET.finditer(text):
        flow = flow + 1 if found[0] in "[{" else max(0, flow - 1)
        deepest = max(deepest, flow)
    indented = max((len(found[0]) for found in _INDENT.finditer(text)), default=0)
    if deepest + indented <= DEPTH:  # it cannot be deeper, whatever of this stands in texts
        return
    depth = 0
    for event in yaml.parse(text, Loader=Parser):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH:
                mark = event.start_mark
                place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
                raise Unreadable(Fault(str(path), *place, f"is nested more than {DEPTH} deep"))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def plain(text: str) -> Any:
    """The plain values of a YAML text, made of the parser's events, which is five times as fast as composing its nodes; None where
    it is not, or not surely, one document of plain values: composing it then explains, or reads it alike.
    """
    parser = None
    top: Any = []
    here, key, named = top, None, False
    above: list[tuple[Any, bool]] = []
    try:
        parser = Parser(text)
        while event := parser.get_event():
            if isinstance(event, yaml.ScalarEvent):
                value: Any = event.value
                if event.anchor is not None or (named and key is None and value in here):
                    return None
                if named and key is None:
                    key = value
                    continue
                if not event.style and value in _NULLS:
                    value = None
            elif isinstance(event, yaml.CollectionStartEvent):
                if event.anchor is not None or (named and key is None) or len(above) == DEPTH:
                    return None
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
                above.append((here, named))
            elif isinstance(event, yaml.CollectionEndEvent):
                here, named = above.pop()
                key = None
                continue
            elif isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.DocumentStartEvent) and top):
                return None
            else:
                continue
            if named:
                here[key] = value
                key = None
            else:
                here.append(value)
            if type(value) is dict or type(value) is list:
                here, named = value, type(value) is dict
    except yaml.YAMLError:
        return None
    finally:
        if parser is not None:
            parser.dispose()
    return top[0] if top else None


def _plain_file(path: Path, node: yaml.Node) -> Any:
    faults: list[Fault] = []
    value = _plain(node, path, set(), faults)
    if faults:
        raise Unreadable(*faults)
    return value


def _plain(node: yaml.Node, path: Path, seen: set[int], faults: list[Fault]) -> Any:
    if id(node) in seen:
        faults.append(Fault(str(path), *_mark(node), "is used again by an alias; write it out where it is needed"))
        return None
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return None if not node.style and node.value in _NULLS else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, path, seen, faults) for item in node.value]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            faults.append(Fault(str(path), *_mark(key), "is not a field's name"))
        elif key.value in found:
            faults.append(
                Fault(str(path), *_mark(key), f"repeats the key “{key.value}”; each may stand once in a mapping")
            )
        else:
            found[key.value] = _plain(value, path, seen, faults)
    return found


def _lines(piece: Piece) -> Iterator[tuple[Place, Any]]:
    path = piece.file.path
    faults = []
    try:
        with path.open("rb") as file:
            file.seek(piece.start)
            content = file.read(piece.end - piece.start)
    except OSError as error:
        raise Unreadable(Fault(str(path), 0, 0, f"cannot be read: {error.strerror}")) from error
    for index, line in enumerate(content.split(b"\n"), piece.line):
        if not line or line.isspace():
            continue
        try:
            yield Place(path, (index,)), _line(line)
        except json.JSONDecodeError as error:
            faults.append(Fault(str(path), index + 1, error.colno, f"is not JSON: {error.msg}"))
        except UnicodeDecodeError as error:
            what = f"is not text in UTF-8: the byte 0x{line[error.start]:02x} here cannot be read"
            faults.append(Fault(str(path), index + 1, error.start + 1, what))
        except ValueError as error:
            faults.append(Fault(str(path), index + 1, 1, str(error)))
        except RecursionError:
            faults.append(Fault(str(path), index + 1, 1, "is nested far too deeply"))
    if faults:
        raise Unreadable(*faults)


def _line(line: bytes) -> Any:
    """One line of JSON. The fast parser keeps the last of two like keys without a word: where there may be any, the slow one reads."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = None
    if value is not None and line.count(b'":') == _keys(value) and not _SPACED_COLON.search(line):
        return value
    return json.loads(line.decode("utf-8-sig"), object_pairs_hook=_pairs)


def _keys(value: Any) -> int:
    if type(value) is dict:
        return len(value) + sum(_keys(one) for one in value.values() if type(one) in (dict, list))
    return sum(_keys(one) for one in value if type(one) in (dict, list)) if type(value) is list else 0


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        repeated = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"repeats the key “{repeated}”; each may stand once in a mapping")
    return found


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"


__all__ = [
    "Locator",
    "Path_",
    "Piece",
    "SeedFile",
    "Unreadable",
    "digest",
    "find",
    "mapping",
    "pieces",
    "plain",
    "records",
]
