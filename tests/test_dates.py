"""EDTF dates: bounds, precision, and what is refused, with what message."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.dates import Edtf, by_package, parse

DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
MARKS = st.sampled_from(["", "~", "?", "%"])


@given(DAYS, MARKS)
def test_a_day_is_bounded_by_itself_however_uncertain(day: date, mark: str) -> None:
    assume(day.year >= 1000 or not mark)
    read = parse(day.isoformat() + mark)
    assert (read.earliest, read.latest, read.precision) == (day, day, "day")
    assert read.text == day.isoformat() + mark


@given(st.integers(1, 9999), st.integers(1, 12), MARKS)
def test_a_month_is_bounded_by_its_first_and_last_day(year: int, month: int, mark: str) -> None:
    read = parse(f"{year:04}-{month:02}{mark}")
    assert read.earliest == date(year, month, 1)
    assert read.latest == date(year, month, monthrange(year, month)[1])


@given(st.integers(1, 9999), MARKS)
def test_a_year_is_bounded_by_its_first_and_last_day(year: int, mark: str) -> None:
    read = parse(f"{year:04}{mark}")
    assert (read.earliest, read.latest) == (date(year, 1, 1), date(year, 12, 31))


@given(DAYS, DAYS)
def test_an_interval_is_bounded_by_its_ends_and_refused_the_wrong_way_round(first: date, second: date) -> None:
    begin, end = sorted((first, second))
    read = parse(f"{begin}/{end}")
    assert (read.earliest, read.latest, read.precision) == (begin, end, "interval")
    if begin != end:
        with pytest.raises(ValueError, match=f"did you mean {begin}/{end}"):
            parse(f"{end}/{begin}")


@given(DAYS)
def test_an_open_or_unknown_end_has_no_bound(day: date) -> None:
    for text in (f"{day}/..", f"{day}/"):
        assert (parse(text).earliest, parse(text).latest) == (day, None)
    for text in (f"../{day}", f"/{day}"):
        assert (parse(text).earliest, parse(text).latest) == (None, day)


def read_by(reader: Callable[[str], Edtf], text: str) -> Edtf | str:
    """What it reads, or what it says is wrong."""
    try:
        return reader(text)
    except ValueError as error:
        return str(error)


PLAIN = st.builds(lambda day, length, mark: day.isoformat()[:length] + mark, DAYS, st.sampled_from([4, 7, 10]), MARKS)
END = PLAIN | st.sampled_from(["", ".."])


@given(PLAIN)
def test_the_short_way_reads_as_the_package_does(text: str) -> None:
    assert read_by(parse, text) == read_by(by_package, text)


@given(END, END)
def test_the_short_way_reads_intervals_as_the_package_does(begin: str, end: str) -> None:
    assume(begin not in ("", "..") or end not in ("", ".."))
    assert read_by(parse, f"{begin}/{end}") == read_by(by_package, f"{begin}/{end}")


def test_what_the_seeds_hold_is_read_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing the package and making its grammar takes as long as the rest of a start."""
    monkeypatch.setattr("schemas.dates.by_package", None)
    for text in ("2024-03-14", "2023?", "2023/2024-01~", "/2024-02-13~", "2025~/..", "2021~/2022-02-23"):
        parse.cache_clear()
        assert parse(text).text == text


@given(st.text(max_size=30))
def test_whatever_is_not_a_date_is_a_value_error_with_a_sentence(text: str) -> None:
    try:
        read = parse(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # most texts are refused, some are not
    else:
        assert read.text == text
        assert read.earliest is None or read.latest is None or read.earliest <= read.latest


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("2024-02-30", "2024-02 has 29 days"),
        ("2023-02-29", "2023-02 has 28 days"),
        ("2024-13", "there is no month 13"),
        ("2024-2-3", "did you mean 2024-02-03"),
        ("13.02.2024", "give one such as"),
        ("2024-02-13T10:00:00Z", "give one such as"),
        ("..", "give one such as"),
        ("../..", "a date at one end"),
        ("/..", "a date at one end"),
        ("../", "a date at one end"),
        ("/", "a date at one end"),
        ("Y17000", "0001 to 9999"),
        ("2024-02-13\n", "give one such as"),
        ("２０２４", "give one such as"),
    ],
)
def test_the_message_says_what_would_be_right(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse(text)


def test_a_decade_has_ten_years() -> None:
    read = parse("202X")
    assert read.latest is not None
    assert read.earliest is not None
    assert read.latest - read.earliest == timedelta(days=365 * 10 + 2)
    assert read.precision == "decade"
