"""What the pages of the explorer say of what the analyses find, on the shipped record."""

import re

import pytest
from support import Api


def test_what_is_assumed_is_said_in_words_wherever_a_stance_is_shown(shipped: Api) -> None:
    for path in ("/explore/matrix", "/explore/gaps", "/embed/matrix", "/embed/gaps?parties=russia,ukraine"):
        assert ">perhaps</small>" in shipped.ask(path, as_of="2023-01-01").text, path
        assert "perhaps" not in shipped.ask(path).text, path


def test_a_reception_tells_how_it_was_answered_apart_from_the_stance_and_explains_its_symbols(shipped: Api) -> None:
    page = shipped.ask("/explore/proposals/us-phased-withdrawal-proposal/reception").text
    assert 'aria-label="Key"' in page
    assert re.search(r"<strong[^>]*>clarification sought</strong>", page)
    assert "✓ clarification sought" not in page
    for symbol, word in (("✓*", "supports conditionally"), ("✗", "opposes")):
        assert f'{symbol} <span class="word">{word}</span></a>' in page


def test_an_issue_lists_its_positions_as_the_list_of_positions_does(shipped: Api) -> None:
    def entry(path: str, **query: str) -> str:
        text = shipped.ask(path, **query).text
        start = text.index('<a href="/explore/offers/ceasefire-2023-freeze-by-russia">')
        return " ".join(text[start : text.index("</li>", start)].split())

    listed = entry("/explore/issues/freeze-current-lines")
    assert listed == entry("/explore/positions", issue="freeze-current-lines")
    assert "begun" in listed
    assert "first reported" in listed
    assert "claim_status" not in listed
    assert "2 documents, 1 origin" in listed


@pytest.mark.parametrize("path", ["/explore/movements", "/explore/gaps?parties=russia,ukraine"])
def test_what_a_movement_or_a_gap_rests_on_is_told_in_words(shipped: Api, path: str) -> None:
    page = shipped.ask(path).text
    assert re.search(r"reported[^0-9]*1 document, 1 origin", page)
