"""The plain values of seed files: many records, or one mapping."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.loader.faults import Place
from api.loader.read.files import Chunk
from api.loader.read.json_lines import lines
from api.loader.read.yaml_text import whole


def records(chunk: Chunk) -> Iterator[tuple[Place, Any]]:
    """Each record of a chunk with its place, as plain values.

    Raises:
        Unreadable: the file is not what its name says, or a record in it repeats a key.
    """
    path = chunk.file.path
    if path.suffix == ".jsonl":
        yield from lines(chunk)
        return
    expected = "expected a list of records, each beginning with “- id:”"
    for index, record in enumerate(whole(path, list, expected, empty="for an empty list, write []")):
        yield Place(path, (index,)), record


def mapping(path: Path) -> Any:
    """The one mapping that a file holds.

    Raises:
        Unreadable: see `records`.
    """
    return whole(path, dict, "expected one mapping", empty="expected one mapping")
