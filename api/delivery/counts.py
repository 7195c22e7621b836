"""Counts of the service's answers, in memory that its processes share, so that each of them can report the sums."""

import fcntl
import mmap
import os
import threading
import time
import weakref
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from tempfile import TemporaryFile
from typing import IO

from api import problems

#: The route of a request that matched none, or was refused before it was looked for.
UNMATCHED = "unmatched"
#: A method or a status that is not among those below; clients may send any method.
OTHER = "other"
METHODS = ("GET", "HEAD", "OPTIONS", OTHER)
STATUSES = (*map(str, sorted({200, 206, 301, 304, 308} | {kind.status for kind in problems.KINDS})), OTHER)
#: Whether an answer was found in the cache, had to be made, or is never looked for there.
HIT, MISS, BYPASS = CACHE = ("hit", "miss", "bypass")
#: Upper bounds in seconds; the last bucket has none.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

# The numbers of a process: its id and what its cache holds; then for each route how often each answer was given, how many answers
# were made in each bucket of time, and how many seconds that took in all.
_PID, _CACHE_BYTES, _CACHE_ENTRIES, _ROUTES = range(4)
_ANSWERS = tuple(product(METHODS, STATUSES, CACHE))
_OF_CACHE = {name: number for number, name in enumerate(CACHE)}
_OF_STATUS = {int(name): number * len(CACHE) for number, name in enumerate(STATUSES) if name != OTHER}
_OTHER_STATUS = len(_OF_STATUS) * len(CACHE)
_OF_METHOD = {name: number * len(STATUSES) * len(CACHE) for number, name in enumerate(METHODS)}
_OTHER_METHOD = _OF_METHOD[OTHER]
_BUCKETS = len(_ANSWERS)
_SECONDS = _BUCKETS + len(BUCKETS) + 1
_A_ROUTE = _SECONDS + 1
_NONE = memoryview(b"").cast("d")


@dataclass(frozen=True)
class Worker:
    """A process that answers now, and what its cache holds."""

    pid: int
    cache_bytes: float
    cache_entries: float


@dataclass(frozen=True)
class Sums:
    """What all processes have counted since the service was made."""

    #: How many answers, by route, method, status and cache; what never occurred is left out.
    requests: dict[tuple[str, str, str, str], float]
    #: By route, how many answers were made in each bucket, and all the seconds that it took.
    durations: dict[str, tuple[list[float], float]]
    workers: list[Worker]


class Counts:
    """The counts of a service, made before its processes are forked.

    Each process takes a slot: numbers of its own, so that none waits for another, and a lock that ends with the process. The next
    one to start takes that slot and goes on counting where the other stopped, so that no count is lost or becomes less.
    """

    def __init__(self, routes: Sequence[str]) -> None:
        self.started = time.time()
        self.routes = (*routes, UNMATCHED)
        self._of_route = {name: _ROUTES + number * _A_ROUTE for number, name in enumerate(self.routes)}
        self._bytes = 8 * (_ROUTES + len(self.routes) * _A_ROUTE)
        self._stride = -(-self._bytes // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        self._file = _file_in_memory()
        weakref.finalize(self, self._file.close)
        self._claiming = threading.Lock()
        self._slot, self._numbers = -1, _NONE
        _made.add(self)

    # Threads add to the numbers without a lock, which would cost an answer from the cache as much as all the rest of counting it:
    # the interpreter does not change threads between reading a number and writing it.

    def answered(self, route: str, method: str, status: int, cache: str) -> None:
        """Count an answer."""
        numbers = self._numbers or self._claim()
        numbers[
            self._of_route[route]
            + _OF_METHOD.get(method, _OTHER_METHOD)
            + _OF_STATUS.get(status, _OTHER_STATUS)
            + _OF_CACHE[cache]
        ] += 1.0

    def took(self, route: str, seconds: float) -> None:
        """Count how long the making of an answer took."""
        numbers = self._numbers or self._claim()
        first = self._of_route[route]
        numbers[first + _BUCKETS + bisect_left(BUCKETS, seconds)] += 1.0
        numbers[first + _SECONDS] += seconds

    def cached(self, size: int, entries: int) -> None:
        """Note what the cache of this process holds."""
        numbers = self._numbers or self._claim()
        numbers[_CACHE_BYTES] = size
        numbers[_CACHE_ENTRIES] = entries

    def sums(self) -> Sums:
        """What all processes have counted, those that are gone included."""
        workers, rows = [], []
        self._claim()
        with self._claiming:
            for slot in range(os.fstat(self._file.fileno()).st_size // self._stride):
                data = os.pread(self._file.fileno(), self._bytes, slot * self._stride)
                numbers = memoryview(data).cast("d")
                rows.append(numbers)
                if self._taken(slot):
                    workers.append(Worker(int(numbers[_PID]), numbers[_CACHE_BYTES], numbers[_CACHE_ENTRIES]))
        sums = Sums({}, {}, workers)
        for route, first in self._of_route.items():
            used = [row for numbers in rows if any(row := numbers[first : first + _A_ROUTE])]
            if used:
                total = [sum(each) for each in zip(*used, strict=True)]
                sums.requests.update(
                    ((route, *answer), count) for answer, count in zip(_ANSWERS, total, strict=False) if count
                )
                if any(total[_BUCKETS:_SECONDS]):
                    sums.durations[route] = (total[_BUCKETS:_SECONDS], total[_SECONDS])
        return sums

    def _claim(self) -> "memoryview[float]":
        """Take the first slot that nobody has, unless this process has one."""
        with self._claiming:
            if not self._numbers:
                slot = 0
                while not self._locks(slot, fcntl.LOCK_EX):
                    slot += 1
                file, start = self._file.fileno(), slot * self._stride
                if os.fstat(file).st_size < start + self._stride:
                    os.pwrite(file, b"\0", start + self._stride - 1)
                numbers = memoryview(mmap.mmap(file, self._stride, offset=start)).cast("d")
                numbers[_PID], numbers[_CACHE_BYTES], numbers[_CACHE_ENTRIES] = os.getpid(), 0, 0
                self._slot, self._numbers = slot, numbers
        return self._numbers

    def _forget(self) -> None:
        """Give up the slot, in a process that was forked: it is the parent's."""
        self._claiming = threading.Lock()
        self._slot, self._numbers = -1, _NONE

    def _taken(self, slot: int) -> bool:
        """Whether the process that has a slot lives."""
        if slot == self._slot:
            return True
        # Shared, so that two who look at the same time do not take each other for the process.
        if not self._locks(slot, fcntl.LOCK_SH):
            return True
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)
        return False

    def _locks(self, slot: int, how: int) -> bool:
        try:
            fcntl.lockf(self._file, how | fcntl.LOCK_NB, 1, slot)
        except BlockingIOError:
            return False
        return True


_made: "weakref.WeakSet[Counts]" = weakref.WeakSet()


def _forked() -> None:
    for counts in _made:
        counts._forget()


os.register_at_fork(after_in_child=_forked)


def _file_in_memory() -> IO[bytes]:
    """A file in memory, which is in no folder and on no disk; on systems other than Linux, a temporary file."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("positions"), "r+b", buffering=0)
    return TemporaryFile(buffering=0)
