"""The line and column of a value: found only when a fault needs it, by reading the file again."""

from functools import lru_cache
from itertools import islice
from pathlib import Path

import yaml

from api.loader.faults import Fault, Place, Steps
from api.loader.read.yaml_text import composed, composed_line, start_of, text_of


def fault_at(place: Place, message: str) -> Fault:
    """What is wrong with a value, at the line and column of its place."""
    line, column = _find(place)
    return Fault(str(place.file), line, column, message)


def _find(place: Place) -> tuple[int, int]:
    if place.file.suffix == ".jsonl":
        return _in_line(place) if place.path else (0, 0)
    stat = place.file.stat()
    node = _node_again(place.file, stat.st_mtime_ns, stat.st_size)
    return (0, 0) if node is None else _walk(node, place.path, key=place.key)


def _in_line(place: Place) -> tuple[int, int]:
    number = int(place.path[0])
    with place.file.open(encoding="utf-8-sig") as file:
        line = next(islice(file, number, None), "")
    node = composed_line(line)
    return number + 1, 1 if node is None else _walk(node, place.path[1:], key=place.key)[1]


def _walk(node: yaml.Node, path: Steps, *, key: bool) -> tuple[int, int]:
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
    return start_of(found)


@lru_cache(maxsize=1)
def _node_again(path: Path, _changed: int, _size: int) -> yaml.Node | None:
    """See `composed`; the faults of one file are mostly looked up one after the other."""
    return composed(path, text_of(path))
