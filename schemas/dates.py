"""Dates as EDTF level 1 (ISO 8601-2): read by the package ``edtf``, bounded strictly.

An approximate or uncertain date (``~``, ``?``) has the bounds of the plain one; an open or unknown end has none. Days, months,
years and intervals between them, which are nearly all that seeds hold, are read here, a thousand times as fast; a test holds
the two equal.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from time import struct_time
from typing import TYPE_CHECKING

from schemas.vocabulary import Precision

if TYPE_CHECKING:
    from edtf import EDTFObject

_PLAIN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?[?~%]?", re.ASCII)
_NO_BOUND = ("", "..")  # an end of an interval that is unknown or open

EXAMPLES = "2024-02-13, 2024-01, 2023, 2023~ (about), 2023? (uncertain), 2023/2024-01, 2025-11/.. (still so), /2024 (start unknown)"


@dataclass(frozen=True, slots=True)
class Edtf:
    """A date as given, with the earliest and the latest day that it can mean (None: open or unknown)."""

    text: str
    earliest: date | None
    latest: date | None
    precision: Precision

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=65536)
def parse(text: str) -> Edtf:
    """Read an EDTF level 1 string of the years 0001 to 9999.

    Raises:
        ValueError: with a sentence that says what is wrong and what would be right.
    """
    if not text.isascii() or text != text.strip() or not text:
        raise ValueError(f"not an EDTF date; give one such as {EXAMPLES}")
    return _plain(text) or _interval(text) or by_package(text)


def _plain(text: str) -> Edtf | None:
    """A day, month or year of the calendar; None where it is anything else, or not of the calendar."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if day:
        return Edtf(text, first, first, Precision.DAY)
    if month:
        return Edtf(text, first, first.replace(day=monthrange(first.year, first.month)[1]), Precision.MONTH)
    return Edtf(text, first, first.replace(month=12, day=31), Precision.YEAR)


def _interval(text: str) -> Edtf | None:
    """An interval between plain dates, of which one may be open or unknown; None where it is anything else, or ends too early.

    Raises:
        ValueError: it has no date at all, on which the package fails.
    """
    begin, slash, end = text.partition("/")
    first, last = _plain(begin), _plain(end)
    if not slash or (first is None and begin not in _NO_BOUND) or (last is None and end not in _NO_BOUND):
        return None
    if first is None and last is None:
        raise ValueError("an interval needs a date at one end at least")
    earliest = None if first is None else first.earliest
    latest = None if last is None else last.latest
    if earliest and latest and earliest > latest:
        return None
    return Edtf(text, earliest, latest, Precision.INTERVAL)


def by_package(text: str) -> Edtf:
    """What `parse` does, by the package ``edtf``, which takes long to import and to parse."""
    from edtf import parse_edtf  # noqa: PLC0415  # building its grammar takes longer than answering
    from edtf.parser.edtf_exceptions import EDTFParseException  # noqa: PLC0415  # as above
    from edtf.parser.parser_classes import Interval  # noqa: PLC0415  # as above

    try:
        parsed = parse_edtf(text)
    except EDTFParseException as error:
        raise ValueError(_explain(text)) from error
    if isinstance(parsed, Interval):
        # The package pads an unknown end by ten years; the project's bound of an unknown end is none.
        start, _, end = text.partition("/")
        earliest = None if start in _NO_BOUND else _bound(parsed.lower_strict())
        latest = None if end in _NO_BOUND else _bound(parsed.upper_strict())
        if earliest and latest and earliest > latest:
            raise ValueError(f"the interval ends before it begins; did you mean {end}/{start}?")
        return Edtf(text, earliest, latest, Precision.INTERVAL)
    return Edtf(text, _bound(parsed.lower_strict()), _bound(parsed.upper_strict()), _precision(parsed))


def _bound(moment: struct_time) -> date:
    try:
        return date(moment.tm_year, moment.tm_mon, moment.tm_mday)
    except (ValueError, AttributeError) as error:
        if 1 <= getattr(moment, "tm_year", 0) <= 9999:
            # The package takes the 29th of February in any year.
            days = monthrange(moment.tm_year, moment.tm_mon)[1]
            month = f"{moment.tm_year:04}-{moment.tm_mon:02}"
            raise ValueError(f"{month} has {days} days; there is no day {moment.tm_mday}") from error
        raise ValueError("only the years 0001 to 9999 are supported") from error


def _precision(parsed: "EDTFObject") -> Precision:
    from edtf.parser.parser_classes import Date, Season, UncertainOrApproximate, Unspecified  # noqa: PLC0415  # as above

    if isinstance(parsed, UncertainOrApproximate):
        return _precision(parsed.date)
    if isinstance(parsed, Season):
        return Precision.SEASON
    if isinstance(parsed, Date | Unspecified):
        return Precision.of(str(parsed.precision))
    raise ValueError(f"this EDTF form is not supported; give one such as {EXAMPLES}")


def _explain(text: str) -> str:
    parts = text.rstrip("?~%").split("-")
    if len(parts) in (2, 3) and all(part.isdigit() for part in parts) and len(parts[0]) == 4:
        year, month, *rest = (int(part) for part in parts)
        if not 1 <= month <= 12:
            return f"there is no month {parts[1]}; months are 01 to 12"
        if rest and not 1 <= rest[0] <= monthrange(max(year, 1), month)[1]:
            return f"{parts[0]}-{month:02} has {monthrange(max(year, 1), month)[1]} days; there is no day {parts[2]}"
        padded = "-".join([parts[0], *(f"{int(part):02}" for part in parts[1:])])
        if padded != text:
            return f"not an EDTF date; did you mean {padded}?"
    return f"not an EDTF date; give one such as {EXAMPLES}"
