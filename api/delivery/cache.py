"""Whole answers kept in memory, of one release, bounded in bytes. Large ones are kept only compressed."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import IO
from urllib.parse import parse_qsl, urlencode

OVERHEAD = 2000  # bytes that an answer and each of its codings take beside headers and bodies
SHORT = 500  # characters of a query string whose spelling is remembered


@dataclass
class Kept:
    """An answer of 200, whatever is sent of it: its headers, the route that made it, and its body.

    The body is in one of three places: in ``body``; if it is large, compressed in ``packed``; or in an open ``file``, and then the
    answer is sent once and not kept. ``length`` is that of the body as it was made, in bytes; ``tag`` is the entity tag of all codings,
    each of which adds its name.
    """

    headers: list[tuple[str, str]]
    tag: str
    route: str
    body: bytes | None
    file: IO[bytes] | None
    length: int
    compressible: bool
    packed: bytes | None = None
    #: What is sent of the whole of it, for each content coding asked for so far (None: without one).
    ready: "dict[str | None, Ready]" = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """The bytes that it takes in memory, nearly."""
        # Another thread may add a coding meanwhile, so those there are now are listed first.
        ready = list(self.ready.values())
        held = self.body or self.packed or b""
        bodies = [held, *(one.body for one in ready if one.body is not held)]
        headers = sum(map(len, chain.from_iterable(self.headers)))
        return OVERHEAD * (1 + len(ready)) + headers + sum(map(len, bodies))

    def close(self) -> None:
        """Close the file, if there is one: it is not going to be sent."""
        if self.file is not None:
            self.file.close()


@dataclass(slots=True)
class Ready:
    """A representation as it is sent: its tag, its headers and body, and the headers of 304 once somebody had it already."""

    tag: str
    headers: list[tuple[str, str]]
    body: bytes
    unchanged: list[tuple[str, str]] | None = None


class Cache:
    """Answers of one release, the least recently used given up when they outgrow a number of bytes.

    ``changed`` is told how many bytes and answers are kept, whenever that changes.
    """

    def __init__(self, limit: int, changed: Callable[[int, int], None]) -> None:
        self.limit = limit
        self.changed = changed
        self.bytes = 0
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()
        self._weights: dict[tuple[str, ...], int] = {}
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...]) -> Kept | None:
        # Without the lock, for which threads would wait in turn: each of the two steps is one for the interpreter.
        kept = self._kept.get(key)
        if kept is not None:
            try:  # noqa: SIM105  # suppress would take as long as all the rest
                self._kept.move_to_end(key)
            except KeyError:
                pass  # it was given up meanwhile
        return kept

    def put(self, key: tuple[str, ...], kept: Kept) -> bool:
        """Keep an answer, unless it is in a file or so large that it would displace too many others; tells whether it is kept."""
        share = 8 if kept.packed is None else 4  # one that is packed took long to make, and may displace more
        weight = kept.weight
        if kept.file is not None or weight * share > self.limit:
            return False
        with self._lock:
            self._kept[key] = kept
            self._weigh(key, weight)
        return True

    def weigh(self, key: tuple[str, ...], kept: Kept) -> None:
        """Weigh an answer anew, if it is kept: it may have gained a coding."""
        with self._lock:
            if self._kept.get(key) is kept:
                self._weigh(key, kept.weight)

    def _weigh(self, key: tuple[str, ...], answer: int) -> None:
        weight = answer + sum(map(len, key))
        self.bytes += weight - self._weights.get(key, 0)
        self._weights[key] = weight
        while self.bytes > self.limit:
            gone, _ = self._kept.popitem(last=False)
            self.bytes -= self._weights.pop(gone)
        self.changed(self.bytes, len(self._kept))

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._weights.clear()
            self.bytes = 0
            self.changed(0, 0)


def normalised(query: str) -> str:
    """A query string in one spelling, in order of names. Nothing is left out or replaced (Latin-1 keeps every byte):
    a query that is refused must not get the answer kept for another spelling.
    """
    return _remembered(query) if len(query) <= SHORT else _spelt(query)


def _spelt(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    return urlencode(sorted(pairs, key=lambda pair: pair[0]), safe=",/:*", encoding="latin-1", errors="replace")


_remembered = lru_cache(maxsize=4096)(_spelt)
