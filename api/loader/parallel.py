"""Work spread over as many processes as there are cores, where that pays; and the garbage collector kept out of its way."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from typing import Any, TypeVar

WORTH_SPREADING = 8 * 2**20  # bytes of seeds below which other processes take longer to start than they save
THOROUGH = 8  # tasks between two full garbage collections; after the others only the youngest generation is collected

T = TypeVar("T")
R = TypeVar("R")

_task: Callable[[Any], Any] | None = None
_number = count(1)


@contextmanager
def collecting_between_tasks() -> Iterator[None]:
    """Collect cyclic garbage between tasks, when few objects are alive, rather than during them, when many are: that would take a third
    of a load.
    """
    enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()


def _done(task: Callable[[T], R], item: T) -> R:
    result = task(item)
    gc.collect(0 if next(_number) % THOROUGH else 2)
    return result


def _at_work(item: Any) -> Any:
    assert _task is not None  # set before the process was forked
    return _done(_task, item)


def in_parallel(task: Callable[[T], R], items: Iterable[T], size: int) -> Iterator[R]:
    """``map``, over one process per core if ``size`` (in bytes) is worth it. It never runs far ahead of whoever takes the results.

    The processes inherit the task by being forked, so it may be large and need not be picklable.
    """
    global _task  # noqa: PLW0603  # how a forked process finds it
    jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if jobs < 2 or size < WORTH_SPREADING:
        for item in items:
            yield _done(task, item)
        return
    _task = task
    waiting: deque[Future[R]] = deque()
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(_at_work, item))
                if len(waiting) > 2 * jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            _task = None
            for future in waiting:
                future.cancel()
