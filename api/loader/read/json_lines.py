"""JSON Lines: one record a line, read a part of a file at a time, so that a file may be of any size."""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from api.loader.faults import Fault, Place, Unreadable
from api.loader.read.files import Chunk
from api.loader.read.yaml_text import IS_UTF16, UTF16, no_text

_NO_JSON = "is not valid JSON; each line must be one whole record"
_SPACED_COLON = re.compile(rb'"[ \t\r]+:')


def lines(chunk: Chunk) -> Iterator[tuple[Place, Any]]:
    """Each record of a chunk with its place; blank lines are passed over.

    Raises:
        Unreadable: with a fault for each line that is wrong, when the others have been given.
    """
    path = chunk.file.path
    faults = []
    try:
        with path.open("rb") as file:
            file.seek(chunk.start)
            content = file.read(chunk.end - chunk.start)
    except OSError as error:
        raise Unreadable(Fault.of_file(path, f"cannot be read: {error.strerror}")) from error
    if chunk.start == 0 and content.startswith(UTF16):
        raise Unreadable(Fault(str(path), 1, 1, IS_UTF16))
    for index, line in enumerate(content.split(b"\n"), chunk.line):
        if not line or line.isspace():
            continue
        try:
            yield Place(path, (index,)), _line(line)
        except json.JSONDecodeError as error:
            faults.append(Fault(str(path), index + 1, error.colno, f"{_NO_JSON}: {error.msg.removesuffix(' at')}"))
        except UnicodeDecodeError as error:
            faults.append(Fault(str(path), index + 1, error.start + 1, no_text(line, error)))
        except ValueError as error:
            faults.append(Fault(str(path), index + 1, 1, str(error)))
        except RecursionError:
            faults.append(Fault(str(path), index + 1, 1, "is nested too deeply"))
    if faults:
        raise Unreadable(*faults)


def _line(line: bytes) -> Any:
    """One line of JSON. The fast parser silently keeps the last of two equal keys, so the slow one reads lines that may have some."""
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
        raise ValueError(f"repeats the key “{repeated}”; each key is allowed only once in a mapping")
    return found
