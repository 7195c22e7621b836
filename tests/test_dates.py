"""EDTF dates: bounds, precision, and what is refused, with what message."""

import re
from calendar import monthrange
from contextlib import redirect_stdout
from datetime import date, timedelta
from io import StringIO

import pytest
from edtf import parse_edtf
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.dates import parse

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
        with pytest.raises(ValueError, match=f"Did you mean “{begin}/{end}”"):
            parse(f"{end}/{begin}")


@given(DAYS)
def test_an_open_or_unknown_end_has_no_bound(day: date) -> None:
    for text in (f"{day}/..", f"{day}/"):
        assert (parse(text).earliest, parse(text).latest) == (day, None)
    for text in (f"../{day}", f"/{day}"):
        assert (parse(text).earliest, parse(text).latest) == (None, day)


PLAIN = st.builds(lambda day, length, mark: day.isoformat()[:length] + mark, DAYS, st.sampled_from([4, 7, 10]), MARKS)


@given(PLAIN, PLAIN | st.just(None))
def test_plain_dates_and_intervals_have_the_bounds_that_the_package_gives_them(begin: str, end: str | None) -> None:
    text = begin if end is None else f"{begin}/{end}"
    package = parse_edtf(text)
    lower, upper = (date(*bound[:3]) for bound in (package.lower_strict(), package.upper_strict()))
    assume(lower <= upper)
    assert (parse(text).earliest, parse(text).latest) == (lower, upper)


#: Texts of a date's characters: any, and those of the form of a date, which are rarely hit otherwise.
DATELIKE = st.from_regex(r"[0-9X]{4}(-[0-2X][0-9X](-[0-3X][0-9X])?)?[?~%]?", fullmatch=True)
TEXTS = (
    st.text("0123456789X/?~.%-", max_size=24) | DATELIKE | st.builds("{}/{}".format, DATELIKE, DATELIKE | st.just(".."))
)
SEASONS = {21: ("-03-01", "-05-31"), 22: ("-06-01", "-08-31"), 23: ("-09-01", "-11-30")}


def meant(text: str) -> tuple[date, date]:
    """The first and the last day of the calendar that fit a date without an interval, found by trying them."""
    text = text.rstrip("?~%")
    if text[5:].isdigit() and (season := int(text[5:])) in SEASONS:
        return (date.fromisoformat(text[:4] + SEASONS[season][0]), date.fromisoformat(text[:4] + SEASONS[season][1]))
    if text[5:] == "24":
        return date(int(text[:4]), 12, 1), date(int(text[:4]) + 1, 3, 1) - timedelta(days=1)
    fits = re.compile(text.replace("X", "[0-9]"))
    years = [int(text[:4].replace("X", digit)) for digit in "09"]
    days = [date(year, 1, 1) + timedelta(days=after) for year in years for after in range(365 + (year % 4 == 0))]
    fitting = [day for day in days if fits.match(day.isoformat())]
    return fitting[0], fitting[-1]


@given(TEXTS)
def test_a_text_is_told_what_is_wrong_or_bounded_by_the_days_that_it_means(text: str) -> None:
    said = StringIO()
    try:
        with redirect_stdout(said):
            read = parse(text)
    except ValueError as error:
        assert re.search("such as|Did you mean|are supported|there is no|at one end", str(error))  # noqa: PT017
        if hint := re.search(r"Did you mean “([^”]*)”", str(error)):
            parse(hint[1])
    else:
        begin, slash, end = text.partition("/")
        assert read.earliest == (None if begin in ("", "..") else meant(begin)[0])
        assert read.latest == (None if (slash and end in ("", "..")) else meant(end if slash else begin)[1])
    assert said.getvalue() == ""


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
        ("2024-2-3", "Did you mean “2024-02-03”"),
        ("13.02.2024", r"Did you mean “2024-02-13”\?"),
        ("02/12/2025", r"Did you mean “2025-12-02” or “2025-02-12”\?"),
        ("3-3-2024", r"Did you mean “2024-03-03”\?"),
        ("32.13.2024", "expected .*such as"),
        ("2024-02-13T10:00:00Z", r"Did you mean “2024-02-13”\?"),
        ("..", "expected .*such as"),
        ("../..", "a date at one end"),
        ("/..", "a date at one end"),
        ("../", "a date at one end"),
        ("/", "a date at one end"),
        ("Y17000", "0001 to 9999"),
        ("-0100", "0001 to 9999"),
        ("000X", "0001 to 9999"),
        ("9999-24", "0001 to 9999"),
        ("2024-1X", r"Did you mean “2024-XX”\?"),
        ("2024-0X~", r"Did you mean “2024-XX~”\?"),
        ("2024-X1", r"Did you mean “2024-XX”\?"),
        ("2024-02-1X", r"Did you mean “2024-02-XX”\?"),
        ("2024-XX-01", r"Did you mean “2024-XX”\?"),
        ("202X-05", r"Did you mean “202X”\?"),
        ("XXXX", "the last one or two digits of a year"),  # in EDTF an X stands for an unspecified digit
        ("2024-25", "a season is 21"),
        ("2024-13-XX", "there is no month 13"),
        ("2024-06-~01", r"Did you mean “2024-06-01~”\?"),
        ("2024??", r"Did you mean “2024\?”\?"),
        ("2024?~", r"Did you mean “2024%”\?"),
        ("2024/2025/2026", "one “/”"),
        ("2024-02-13\n", r"Did you mean “2024-02-13”\?"),
        ("2024/2/3", r"Did you mean “2024-02-03”\?"),
        ("20240203", r"Did you mean “2024-02-03”\?"),
        ("Feb 3rd, 2024", r"Did you mean “2024-02-03”\?"),
        ("3 February 2024", r"Did you mean “2024-02-03”\?"),
        ("2024-13-02", r"Did you mean “2024-02-13”\?"),
        ("2024-02-300000", "expected .*such as"),
        ("２０２４", "expected .*such as"),
    ],
)
def test_the_message_says_what_would_be_right(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse(text)


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("202X", "2020-01-01", "2029-12-31", "decade"),
        ("20XX~", "2000-01-01", "2099-12-31", "century"),
        ("2024-XX", "2024-01-01", "2024-12-31", "year"),
        ("2024-XX-XX", "2024-01-01", "2024-12-31", "year"),
        ("2024-02-XX", "2024-02-01", "2024-02-29", "month"),
        ("2024-21", "2024-03-01", "2024-05-31", "season"),
        ("2024-24", "2024-12-01", "2025-02-28", "season"),
        ("2023-24~", "2023-12-01", "2024-02-29", "season"),
        ("2023-24/202X", "2023-12-01", "2029-12-31", "interval"),
    ],
)
def test_seasons_and_unspecified_digits(text: str, earliest: str, latest: str, precision: str) -> None:
    read = parse(text)
    assert (str(read.earliest), str(read.latest), read.precision) == (earliest, latest, precision)
