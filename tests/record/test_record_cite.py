"""`positions cite`: what it finds, and what it says where it does not."""

import string
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from api.cli import main
from api.passages import CitingError, cite
from api.texts import digest, normalise
from schemas.fields import span

SAMPLE = Path(__file__).with_name("sample")
TEXT = normalise(
    "The miller’s guild said “no toll, no flour” on Monday.\r\nOn Tuesday the ferrymen agreed\r\n"
    "to carry flour, and the guild said nothing."
)


def failure(words: str) -> str:
    with pytest.raises(CitingError) as caught:
        cite(TEXT, words)
    return str(caught.value)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("the ferrymen agreed", "the ferrymen agreed"),
        ("ferrymen agreed to carry", "ferrymen agreed\nto carry"),
        ("THE MILLER'S GUILD", "The miller’s guild"),
        ('"no toll, no flour"', "“no toll, no flour”"),
    ],
)
def test_white_space_capitals_and_kinds_of_quotes_do_not_matter(words: str, found: str) -> None:
    passage = cite(TEXT, words)
    start, end = span(passage.selector)
    assert passage.text == TEXT[start:end] == found
    assert passage.digest == digest(found)


def test_words_found_twice_are_shown_at_each_place() -> None:
    said = failure("guild said")
    assert "2 times" in said
    assert "give more" in said
    for start in (TEXT.index("guild said"), TEXT.rindex("guild said")):
        assert f"char={start},{start + len('guild said')}" in said
    assert "no toll" in said
    assert "nothing" in said


def test_words_that_nearly_stand_there_name_the_nearest_passage() -> None:
    said = failure("the ferryman agreed to carry")
    assert "do not occur in the text" in said
    assert "the ferrymen agreed to carry" in said
    assert "char=" in said


def test_words_that_do_not_stand_there_at_all_are_said_so() -> None:
    assert "nor anything similar" in failure("xylophone quartet zzyzx")


def test_no_words_are_refused() -> None:
    assert "no words" in failure("  \n ")


words = st.text(string.ascii_letters + string.digits + "é’'“”-,.()*+?[]\\", min_size=1, max_size=8)


@given(st.data(), st.lists(words, min_size=1, max_size=40), st.sampled_from([" ", "\n", "  ", "\r\n", "\u00a0"]))
def test_whatever_stands_in_a_text_is_found_or_known_to_stand_there_twice(
    data: st.DataObject, stands: list[str], gap: str
) -> None:
    text = normalise(gap.join(stands))
    begin = data.draw(st.integers(0, len(stands) - 1))
    end = data.draw(st.integers(begin + 1, len(stands)))
    wanted = " ".join(stands[begin:end])
    if plain(text).count(plain(wanted)) > 1:
        with pytest.raises(CitingError, match=r" \d+ times; "):
            cite(text, wanted)
        return
    passage = cite(text, wanted)
    start, until = span(passage.selector)
    assert passage.text == text[start:until]
    assert passage.digest == digest(text[start:until])
    assert plain(passage.text) == plain(wanted)


def plain(text: str) -> str:
    folded = text.lower().replace("’", "'").replace("“", '"').replace("”", '"')
    return " ".join(folded.split())


# On the command line


def run(*arguments: str, folder: str = "texts") -> Result:
    return CliRunner().invoke(
        main, ["cite", *arguments, "--seeds", str(SAMPLE / "seeds"), "--texts", str(SAMPLE / folder)]
    )


def test_the_command_prints_what_to_paste() -> None:
    result = run("lantern-on-timber", "the subsidies could be looked at")
    assert result.exit_code == 0
    assert result.stdout == "source: lantern-on-timber\nselector: char=340,372\ndigest: 1b8ddc54927b14e1\n"


def test_an_unknown_source_is_answered_with_the_nearest() -> None:
    result = run("lantern-on-timbre", "the subsidies")
    assert result.exit_code == 1
    assert "“lantern-on-timbre” is not a known source id" in result.output
    assert "lantern-on-timber" in result.output


def test_a_missing_text_is_answered_with_what_is_there() -> None:
    result = run("lantern-on-timber", "the subsidies", folder="seeds")
    assert result.exit_code == 1
    assert "has the sha256 4cbfc656fe06d90e" in result.output
    assert "none" in result.output
