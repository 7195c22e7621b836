"""Dates as EDTF, and exact days."""

import re
from datetime import date
from typing import Any

from marshmallow import ValidationError

from schemas import dates
from schemas.fields.contract import Contract, JsonSchema, Side, shown

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class EdtfDate(Contract[dates.Edtf]):
    """A date in EDTF level 1, served as given and as the days that bound it."""

    def shape(self, side: Side) -> JsonSchema:
        if side == "answer":
            return {"$ref": "#/components/schemas/Date"}
        return {
            "type": "string",
            "maxLength": 40,
            "examples": ["2024-02-13", "2024-01", "2023~", "2023/2024-01", "2025-11/..", "/2024"],
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> dates.Edtf:
        try:
            return dates.parse(
                str(value)
                if isinstance(value, int | date) and not isinstance(value, bool)
                else self._expect(value, str, "a date")
            )
        except ValueError as error:
            raise ValidationError(f"{shown(value)} is not a valid date: {error}") from error

    def _serialize(
        self, value: dates.Edtf | None, attr: str | None, obj: object, **kwargs: Any
    ) -> dict[str, str | None] | None:
        return None if value is None else date_answer(value)


def date_answer(value: dates.Edtf) -> dict[str, str | None]:
    """A date as the API serves it."""
    return {
        "edtf": value.text,
        "earliest": value.earliest.isoformat() if value.earliest else None,
        "latest": value.latest.isoformat() if value.latest else None,
        "precision": value.precision.value,
    }


def day_hint(text: str) -> str:
    """``. Did you mean …?`` with the days that a text in another notation can mean: of a longer time the first and the last. Empty if it
    can mean none.
    """
    times = [dates.parse(meant) for meant in dates.dates_meant(text)]
    days = dict.fromkeys(day.isoformat() for time in times for day in (time.earliest, time.latest) if day)
    quoted = " or ".join(f"“{day}”" for day in days)
    return f". Did you mean {quoted}?" if days else ""


class Day(Contract[date]):
    """One exact day, ``YYYY-MM-DD``."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "format": "date"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> date:
        text = str(value)
        told = f"{shown(value)} is not a valid date"
        if not _DAY.fullmatch(text):
            raise ValidationError(f"{told}; expected YYYY-MM-DD{day_hint(text)}")
        try:
            days = dates.parse(text)
        except ValueError as error:
            raise ValidationError(f"{told}: {error}") from error
        assert days.earliest is not None  # it is a day
        return days.earliest

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()
