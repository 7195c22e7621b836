"""Dates as EDTF level 1 (ISO 8601-2), bounded strictly.

An approximate or uncertain date (``~``, ``?``, ``%``) has the bounds of the plain one; an open or unknown end has none. This module has
its own parser because the package ``edtf`` accepts forms of level 2, fails on some of level 1 (``202X/..``) and ends a winter in
December. The tests compare the two wherever both are right.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from schemas.vocabulary import Precision

# Either a year whose last one or two digits are unspecified; or a year, alone or with a season, with a month, or with a month and a day.
# Month and day may be unspecified, but a specified day needs a specified month.
_DATE = re.compile(
    r"(?:(?P<years>[0-9]{3}X|[0-9]{2}XX)"
    r"|(?P<year>[0-9]{4})(?:-(?:(?P<season>2[1-4])|(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}|XX))?|XX(?:-XX)?))?)[?~%]?",
    re.ASCII,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: The parts of a day in other notations: numbers, which may be ordinal, and the names of months.
_PART = re.compile(r"([0-9]{1,4})(?:st|nd|rd|th)?|([a-z]{3,9})", re.ASCII | re.IGNORECASE)
_DIGITS_ALONE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_TIME = re.compile(r"[T ] ?[0-9]{1,2}:.*", re.ASCII | re.IGNORECASE)
#: Includes several hyphens and the dash, because word processors put them in place of a plain hyphen.
_BETWEEN = re.compile(r"[ ,./_\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}-]+")
_ABOUT = re.compile(r"(?:(?:ca?|approx)\b\.?|circa|about|around)\s*", re.IGNORECASE)
_SPAN = re.compile(r"\s*[\N{EN DASH}\N{EM DASH}]\s*|\s+(?:-|to)\s+|(?<=^[0-9]{4})-(?=[0-9]{4}$)", re.ASCII)
_LONG = 60  # characters; a longer text is not a date in any notation
#: Quarters and seasons by name, with their EDTF form. Level 1 has no quarters, so each is an interval of months. Winter is missing: “winter
#: 2024” can mean the one that begins or the one that ends in that year.
_PARTS_OF_YEAR = {
    "q1": "{0}-01/{0}-03",
    "q2": "{0}-04/{0}-06",
    "q3": "{0}-07/{0}-09",
    "q4": "{0}-10/{0}-12",
    "spring": "{0}-21",
    "summer": "{0}-22",
    "autumn": "{0}-23",
    "fall": "{0}-23",
}
_NO_BOUND = ("", "..")  # an end of an interval that is unknown or open

EXAMPLES = (
    "2024-02-13, 2024-01, 2023, 202X (the 2020s), 2023~ (about), 2023? (uncertain), 2023/2024-01, 2025-11/.. (still so), "
    "/2024 (start unknown)"
)


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
    """Read an EDTF level 1 date of the years 0001 to 9999, or an interval between two.

    Raises:
        ValueError: with a sentence that says what is wrong and what would be right.
    """
    try:
        return _date_or_interval(text)
    except ValueError:
        if meant := dates_meant(text):
            form = "year-month-day" if days_meant(text) else "an EDTF date"
            quoted = " or ".join(f"“{one}”" for one in meant)
            raise ValueError(f"expected {form}. Did you mean {quoted}?") from None
        raise


def _date_or_interval(text: str) -> Edtf:
    begin, slash, end = text.partition("/")
    if not slash:
        return Edtf(text, *_date(text))
    if "/" in end:
        raise ValueError("an interval has two ends separated by one “/”, such as 2023/2024-01")
    if begin in _NO_BOUND and end in _NO_BOUND:
        raise ValueError("an interval needs a date at one end or both")
    earliest = None if begin in _NO_BOUND else _date(begin)[0]
    latest = None if end in _NO_BOUND else _date(end)[1]
    if earliest and latest and earliest > latest:
        raise ValueError(f"the interval ends before it begins. Did you mean “{end}/{begin}”?")
    return Edtf(text, earliest, latest, Precision.INTERVAL)


def dates_meant(text: str) -> list[str]:
    """The EDTF dates that a text can mean. EDTF itself means itself. Other notations that are read: a day (see `days_meant`), a month
    (``Feb 2024``), a quarter or season (``Q1 2024``), an approximate date (``c. 2024``) and a span (``2024–2025``).
    """
    plain = text.strip()
    if len(plain) > _LONG:
        return []
    if _is_date(plain):
        return [plain]
    found = days_meant(plain) or _months_meant(plain) or _parts_of_year_meant(plain)
    if about := _ABOUT.match(plain):
        found = [_marked(one, "~") for one in dates_meant(plain[about.end() :])]
    elif plain.endswith(("~", "?", "%")):
        found = [_marked(one, plain[-1]) for one in dates_meant(plain[:-1])]
    elif not found and len(ends := _SPAN.split(plain)) == 2:
        found = [f"{begin}/{end}" for begin in dates_meant(ends[0]) for end in dates_meant(ends[1])]
    return [one for one in found if _is_date(one)]


def _marked(date: str, mark: str) -> str:
    """A date with a mark such as ``~``; an interval has it at both ends."""
    return "/".join(f"{end}{mark}" for end in date.split("/"))


def _is_date(text: str) -> bool:
    try:
        _date_or_interval(text)
    except ValueError:
        return False
    return True


def _months_meant(text: str) -> list[str]:
    """The month that a text means: a year and a month, by name or number, in either order."""
    matches = [_PART.fullmatch(part) for part in _BETWEEN.split(text)]
    numbers = [_month(match[2]) if match[2] else match[1] for match in matches if match]
    if len(matches) != 2 or sorted(map(len, numbers))[1:] != [4]:
        return []
    year, month = sorted(numbers, key=len, reverse=True)
    return [first[:-3]] if (first := _iso(year, month, "1")) else []


def _parts_of_year_meant(text: str) -> list[str]:
    """The quarter or season that a text means: a name and a year, in either order."""
    plain = _BETWEEN.sub("", text.lower())
    halves = ((plain[:4], plain[4:]), (plain[-4:], plain[:-4]))
    return [_PARTS_OF_YEAR[name].format(year) for year, name in halves if name in _PARTS_OF_YEAR]


def days_meant(text: str) -> list[str]:
    """The days that a text in another notation than ``2025-12-02`` can mean: with the year last, with the month's name, without zeros or
    hyphens, or followed by a time. Two days if it is unclear which number is the month.
    """
    if len(text) > _LONG:
        return []
    parts = _BETWEEN.split(_DIGITS_ALONE.sub(r"\1-\2-\3", _TIME.sub("", text.strip())))
    matches = [_PART.fullmatch(part) for part in parts]
    if len(parts) != 3 or not all(matches):
        return []
    numbers = [_month(match[2]) if match[2] else match[1] for match in matches if match]
    named = [bool(match[2]) for match in matches if match]
    year = next((place for place in (0, 2) if len(numbers[place]) == 4), None)
    if year is None:
        return []
    orders = [(1, 2), (2, 1)] if year == 0 else [(1, 0), (0, 1)]
    found = [_iso(numbers[year], numbers[month], numbers[day]) for month, day in orders if not named[day]]
    # With the year first, the month comes before the day, unless there is no such day.
    days = [day for day in dict.fromkeys(found) if day]
    return days[:1] if year == 0 else days


def _month(name: str) -> str:
    """The number of the month whose name begins with the same three letters; empty if there is none."""
    begun = name[:3].lower()
    return str(_MONTHS.index(begun) + 1) if begun in _MONTHS else ""


def _iso(year: str, month: str, day: str) -> str:
    """The day that three numbers make, in ISO 8601; empty if there is no such day."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def _date(text: str) -> tuple[date, date, Precision]:
    """The first and the last day that a date (not an interval) can mean, and its precision."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(_explain(text))
    years, year, season, month, day = match.groups()
    try:
        if years:
            precision = Precision.CENTURY if years.endswith("XX") else Precision.DECADE
            return date(int(years.replace("X", "0")), 1, 1), date(int(years.replace("X", "9")), 12, 31), precision
        if season:
            return *_season(int(year), int(season)), Precision.SEASON
        if month is None:
            return date(int(year), 1, 1), date(int(year), 12, 31), Precision.YEAR
        if day is None or day == "XX":
            first = date(int(year), int(month), 1)
            return first, _end(first), Precision.MONTH
        only = date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(_explain(text)) from error
    return only, only, Precision.DAY


def _season(year: int, season: int) -> tuple[date, date]:
    """Three whole months: spring (21) begins in March, and winter (24) ends with February of the year after."""
    first = date(year, 3 * (season - 20), 1)
    return first, _end(date(year + 1, 2, 1) if season == 24 else first.replace(month=first.month + 2))


def _end(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def _explain(text: str) -> str:
    """What is wrong with a text that is not an EDTF date, with the nearest date."""
    if re.match(r"Y|-[0-9]{4}|0000|000X|00XX|9999-24", text, re.ASCII):
        return "only the years 0001 to 9999 are supported"
    marks = "".join(dict.fromkeys(re.findall(r"[?~%]", text)))
    parts = re.sub(r"[?~%]", "", text).split("-")
    if not re.fullmatch(r"[0-9X]{4}(-[0-9X]{1,2}){0,2}", "-".join(parts), re.ASCII):
        return f"expected an EDTF date such as {EXAMPLES}"
    month = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 1
    if month > 20:
        return (
            f"there is no month {parts[1]}; a season is 21 (spring), 22 (summer), 23 (autumn) or 24 (winter), without a day, "
            "and any other part of a year is an interval of months, such as 2024-03/2024-05"
        )
    if not 1 <= month <= 12:
        return f"there is no month {parts[1]}; the month must be from 01 to 12"
    nearest = _nearest(parts, marks)
    meant = f". Did you mean “{nearest}”?" if nearest else f"; expected a date such as {EXAMPLES}"
    if "X" in text:
        whole = "X can replace the last one or two digits of a year given alone, both of a month and its day, or both of a day"
        return f"{whole}; for a narrower span use an interval, such as 2024-10/2024-12{meant}"
    days = monthrange(int(parts[0]), month)[1]
    if len(parts) > 2 and not 1 <= int(parts[2]) <= days:
        return f"{parts[0]}-{month:02} has {days} days; there is no day {parts[2]}"
    if (marks and not text.endswith(tuple("?~%"))) or len(re.findall(r"[?~%]", text)) > 1:
        return f"only one mark (? uncertain, ~ about, % both) is allowed, at the end, for the whole date{meant}"
    return f"expected an EDTF date{meant}"


def _nearest(parts: list[str], marks: str) -> str:
    """The date nearest to these parts of one; empty if there is none."""
    year, *rest = parts
    rest = [] if "X" in year else [part.zfill(2) for part in rest]
    for place, part in enumerate(rest):
        if "X" in part:
            rest = [*rest[:place], "XX"]
            break
    found = "-".join([year, *rest]) + (marks if len(marks) < 2 else "%")
    return found if _DATE.fullmatch(found) else ""
