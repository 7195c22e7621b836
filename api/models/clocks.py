"""The clocks of a request."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Date, bindparam

from api.claims import MODE_BIT
from schemas.vocabulary import Mode

#: Whether each clock is asked for, and the modes that count.
ClocksKind = tuple[bool, bool, frozenset[Mode]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a request: the day of valid time, the day of knowledge time, and the modes of evidence that count."""

    as_of: date | None = None
    known_at: date | None = None
    modes: frozenset[Mode] = field(default=frozenset())

    @classmethod
    def of_kind(cls, kind: ClocksKind) -> "Clocks":
        """Clocks of one kind with parameters in the place of their days, for statements that are made once; `days` fills them."""
        as_of, known_at, modes = kind
        first: Any = bindparam("as_of", type_=Date()) if as_of else None
        second: Any = bindparam("known_at", type_=Date()) if known_at else None
        return cls(first, second, modes)

    @property
    def kind(self) -> ClocksKind:
        """Which clocks are asked for, and the modes: what the statements depend on."""
        return self.as_of is not None, self.known_at is not None, self.modes

    @property
    def days(self) -> dict[str, date]:
        """The days that are asked for, by the names of their parameters."""
        days = {"as_of": self.as_of, "known_at": self.known_at}
        return {name: day for name, day in days.items() if day is not None}

    @property
    def mode_set(self) -> int:
        """The modes as the bits that the database stores; all of them where none is named."""
        return sum(MODE_BIT[mode] for mode in self.modes or Mode)
