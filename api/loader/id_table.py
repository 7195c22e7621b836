"""Where the record of each id was put aside: a hash table of numbers alone.

A dictionary of texts takes 200 bytes an id, and again in every process that looks into it. This takes 16 to 43, which forked
processes share. Ids are told apart by Python's hash of 64 bits: among ten million, the odds that any two have the same are one in
370,000. The second would then be reported as taken; since hashes differ from run to run, trying again would help.
"""

from array import array

_LEAST = 1 << 10  # places for ids; always a power of two, so that the end of a hash is its place


class IdTable:
    """A number for each id, at least 0 and below 2**64."""

    def __init__(self) -> None:
        self._make(_LEAST)
        self._held = 0

    def _make(self, size: int) -> None:
        self._hashes = array("q", bytes(8 * size))
        self._numbers = array("Q", bytes(8 * size))

    def get(self, id: object) -> int | None:
        """The number of an id; None where it has none."""
        at = self._find(_hash(id))
        return self._numbers[at] if self._hashes[at] else None

    def add(self, id: str, number: int) -> int | None:
        """Give an id a number. If it has one already, that one is kept and returned."""
        wanted = _hash(id)
        at = self._find(wanted)
        if self._hashes[at]:
            return self._numbers[at]
        self._hashes[at], self._numbers[at] = wanted, number
        self._held += 1
        if self._held * 3 > len(self._hashes) * 2:
            self._grow()
        return None

    def _find(self, wanted: int) -> int:
        """The place of a hash, or the free place that it would get (linear probing)."""
        hashes, last = self._hashes, len(self._hashes) - 1
        at = wanted & last
        while (there := hashes[at]) and there != wanted:
            at = (at + 1) & last
        return at

    def _grow(self) -> None:
        hashes, numbers = self._hashes, self._numbers
        self._make(2 * len(hashes))
        for there, number in zip(hashes, numbers, strict=True):
            if there:
                at = self._find(there)
                self._hashes[at], self._numbers[at] = there, number


def _hash(id: object) -> int:
    return hash(id) or 1  # 0 is a place that is free
