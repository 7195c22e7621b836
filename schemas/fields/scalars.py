"""Numbers and booleans."""

import re
from typing import Any

from marshmallow import ValidationError

from schemas.fields.contract import Contract, JsonSchema, Side, not_allowed, shown

_DIGITS = re.compile(r"-?[0-9]+", re.ASCII)
#: Characters of the longest number within any bounds; longer texts are refused before they are converted.
_LONGEST = 16


class Integer(Contract[int]):
    """An integer within bounds (both included); as text, ASCII digits only."""

    def __init__(self, description: str, *, least: int = 0, most: int = 10**15 - 1, **options: Any) -> None:
        super().__init__(description, **options)
        self.least = least
        self.most = most

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "integer", "format": "int64", "minimum": self.least, "maximum": self.most}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> int:
        if isinstance(value, bool) or not (
            isinstance(value, int) or (isinstance(value, str) and _DIGITS.fullmatch(value))
        ):
            raise ValidationError(f"{shown(value)} is not a whole number; it must be from {self.least} to {self.most}")
        if len(str(value)) > _LONGEST or not self.least <= int(value) <= self.most:
            raise ValidationError(f"{shown(value)} is out of range; it must be from {self.least} to {self.most}")
        return int(value)


class Number(Contract[float]):
    """A number that the service computes."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "number", "format": "double"}


class Flag(Contract[bool]):
    """True or false; of text only ``true`` and ``false``."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "boolean"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> bool:
        if value is True or value == "true":
            return True
        if value is False or value == "false":
            return False
        raise not_allowed(f"{shown(value)} is not one of the allowed values", value, ["true", "false"])
