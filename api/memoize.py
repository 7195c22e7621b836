"""Caching values computed from client input, with a bounded number of entries of bounded length."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

#: Characters. Longer input is seldom repeated, and thousands of such entries would fill a worker's memory.
SHORT = 500
Given = ParamSpec("Given")
Made = TypeVar("Made")


def memoized(entries: int) -> Callable[[Callable[Given, Made]], Callable[Given, Made]]:
    """A decorator for functions of strings. It caches the results of the latest ``entries`` calls whose strings are short in total."""

    def remember(function: Callable[Given, Made]) -> Callable[Given, Made]:
        remembered = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def call(*texts: Given.args, **none: Given.kwargs) -> Made:
            short = sum(map(len, texts)) <= SHORT  # type: ignore[arg-type]  # they are texts
            return remembered(*texts) if short else function(*texts, **none)

        return call

    return remember
