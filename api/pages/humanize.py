"""Terms and dates in words, for pages."""

from collections.abc import Mapping

from schemas.vocabulary import Direction, Precision, words

_SEASONS = {"21": "spring", "22": "summer", "23": "autumn", "24": "winter"}

_MOVED = {
    Direction.CONCEDED: "conceded on",
    Direction.HARDENED: "hardened its stance on",
    Direction.REVERSED: "reversed its stance on",
    Direction.DROPPED: "dropped its stance on",
    Direction.FULFILLED: "got what it asked for on",
    Direction.REPLACED: "replaced its demand on",
    Direction.UNCLEAR: "changed its stance on",
}


def plain(value: object) -> str:
    """A term of a vocabulary as words."""
    return words(str(value))


def spoken(edtf: str) -> str:
    """A date in EDTF as words: “2025~/..” is “since about 2025”."""
    start, between, end = edtf.partition("/")
    if not between:
        plainly = _plainly(start.rstrip("?~%"))
        about = "about " if start.endswith(("~", "%")) else ""
        return f"{about}{plainly}{' (uncertain)' if start.endswith(('?', '%')) else ''}"
    if start in ("", ".."):
        return f"by {spoken(end)}"
    if end in ("", ".."):
        return f"since {spoken(start)}" + (", end unknown" if not end else "")
    return f"{spoken(start)} to {spoken(end)}"


def reported(date: Mapping[str, str]) -> str:
    """When something was first reported: the day, or else the latest day."""
    return spoken(date["edtf"]) if date["precision"] == Precision.DAY.value else f"by {date['latest']}"


def moved(direction: str) -> str:
    """What a party did when its stance changed, before the name of the issue."""
    return _MOVED[Direction.of(direction)]


def bound(edtf: str) -> str:
    """The day on which something began or ended, as words: “2025~/2025-12-03” is “between about 2025 and 2025-12-03”."""
    start, _, end = edtf.partition("/")
    between = start not in ("", "..") and end not in ("", "..")
    return f"between {spoken(start)} and {spoken(end)}" if between else spoken(edtf)


def passage(selector: str) -> str:
    """Where in its source a passage is: “char=78,138” is “characters 79 to 138”."""
    start, _, end = selector.removeprefix("char=").partition(",")
    return f"characters {int(start) + 1:,} to {int(end):,}" if start.isdigit() and end.isdigit() else selector


def _plainly(date: str) -> str:
    """A date without marks: “2024-21” is “spring 2024”, “202X” the 2020s."""
    year, _, rest = date.partition("-")
    if rest in _SEASONS:
        return f"{_SEASONS[rest]} {year}"
    if "X" in rest:
        return f"{date.partition('-XX')[0]}, {'day' if rest.endswith('-XX') and rest != 'XX-XX' else 'month'} unknown"
    if year.endswith("XX"):
        return f"{year[:2]}00 to {year[:2]}99"
    return f"{year[:3]}0s" if year.endswith("X") else date
