"""What is wrong with a folder of seeds: all of it at once, each fault with its place, what was found and what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from api.nearest import nearest

Steps = tuple[str | int, ...]
SHOWN = 3  # pieces of evidence without a passage, or references to missing shared records, that a message names


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong; ``line`` and ``column`` count from 1, and are 0 where the whole file or folder is meant.

    ``of_shared`` marks a reference that may be unknown only because the folder of shared records is missing.
    """

    file: str
    line: int
    column: int
    message: str
    of_shared: bool = False

    @classmethod
    def of_file(cls, path: Path, message: str) -> "Fault":
        """What is wrong with a whole file or folder."""
        return cls(str(path), 0, 0, message)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


@dataclass(slots=True)
class Unplaced:
    """The evidence that points at no passage of its source: how many pieces, and the first of them with what they are for."""

    count: int = 0
    first: "list[tuple[Place, str]]" = field(default_factory=list)

    def add(self, other: "Unplaced") -> None:
        """Count these too."""
        self.count += other.count
        self.first += other.first[: SHOWN - len(self.first)]


class Place(NamedTuple):
    """Where in a seed file a value stands: the file, and the keys and indexes that lead to the value.

    ``key`` asks for the place of the key itself rather than of its value.
    """

    file: Path
    path: Steps = ()
    key: bool = False

    def __truediv__(self, step: str | int) -> "Place":
        return Place(self.file, (*self.path, step))


class Unreadable(Exception):
    """A file that cannot be read as what its name says; carries the faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


class SeedError(Exception):
    """The seeds cannot be loaded; nothing was."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        # What is wrong with a whole file comes first: what is missing elsewhere follows from it.
        self.faults = sorted(set(faults), key=lambda fault: (fault.line > 0, fault))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def suggestion(found: object, allowed: Iterable[str]) -> str:
    """``. Did you mean …?``, or an empty string if no name is near."""
    names = nearest(str(found), allowed)
    return f". Did you mean “{names[0]}”?" if names else ""
