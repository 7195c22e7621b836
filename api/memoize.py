"""Remembering what was worked out from what a client wrote: in a bounded number of entries, each of a bounded length."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

#: Characters. What is longer is seldom asked twice, and thousands of such entries would be a worker's memory.
SHORT = 500
Given = ParamSpec("Given")
Made = TypeVar("Made")


def memoized(entries: int) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """A decorator of functions of texts: the results are remembered of so many calls, the latest, whose texts are short in all."""

    def remember(function: Callable[Given, Made]) -> Callable[Given, Made]:
        remembered = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def call(*texts: Given.args, **none: Given.kwargs) -> Made:
            short = sum(map(len, texts)) <= SHORT  # type: ignore[arg-type]  # they are texts
            return remembered(*texts) if short else function(*texts, **none)

        return call

    return remember
