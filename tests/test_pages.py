"""The explorer: every page answers, links only to what is there, asks no other host for anything, and needs no script."""

import re
from html.parser import HTMLParser

import pytest
from markupsafe import escape
from support import COLLECTIONS, Api

from api.embeds import ANALYSES
from api.pages.pages import spoken
from schemas.vocabulary import PositionKind, Verdict, Vocabulary

FOREIGN = re.compile(r"^(https?:)?//")
#: Elements that make a browser fetch something, and by which attribute.
FETCHING = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """What a page fetches, where it leads, and its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        fetches = tag in FETCHING and given.get("rel") not in ("alternate", "canonical")
        if fetches and given.get(FETCHING[tag]):
            self.fetched.append(str(given[FETCHING[tag]]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.scripts += tag == "script"


def page(api: Api, path: str, status: int = 200, **query: str) -> Page:
    response = api.ask(path, **query)
    assert response.status_code == status, response.text[:2000]
    assert response.content_type == "text/html; charset=utf-8"
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    return Page(response.text)


VIEWS = [f"/explore{one.path.replace('{id}', 'pepper-plan')}" for one in ANALYSES]
PAGES = ["/", "/explore/search", "/explore/search?q=tariff", *VIEWS, *(f"/explore/{name}" for name in COLLECTIONS)]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fetches_from_this_host_alone_and_runs_no_script(api: Api, path: str) -> None:
    found = page(api, path)
    assert not [one for one in found.fetched if FOREIGN.match(one)]
    assert found.scripts == 0
    assert len(found.ids) == len(set(found.ids))


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(api: Api, path: str) -> None:
    for link in dict.fromkeys(page(api, path).links):
        if not FOREIGN.match(link) and not link.startswith("#"):
            address = link if link.startswith("/") else f"{path}{link}"
            assert api.ask(address).status_code == 200, f"{path} leads to {link}"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_record_has_a_page_that_names_it(api: Api, collection: str) -> None:
    for id in api.ids(f"/v1/{collection}")[:5]:
        response = api.ask(f"/explore/{collection}/{id}")
        assert response.status_code == 200, response.text[:2000]
        assert f">{id}<" in response.text


def test_what_is_typed_is_shown_as_text(api: Api) -> None:
    text = api.ask("/explore/demands", q='"><script>alert(1)</script>').text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_mistake_is_explained_on_a_page(api: Api) -> None:
    response = api.ask("/explore/parties/nobody-of-this-name")
    assert response.status_code == 404
    assert "is not an id of one of the parties" in response.text
    response = api.ask("/explore/matrix", known_at="yesterday")
    assert response.status_code == 400
    assert "is not a day of the calendar" in response.text


def test_the_clocks_work_on_pages(api: Api) -> None:
    before, after = api.ask("/explore/matrix", known_at="1900-01-01").text, api.ask("/explore/matrix").text
    assert before.count("<td>") < after.count("<td>")


def test_an_unknown_page_is_explained_on_a_page_with_the_nearest(api: Api) -> None:
    response = api.ask("/explore/partys/aldoria")
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    assert "Did you mean “parties”?" in response.text
    assert api.ask("/explore/").headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/explore/matrix", "/explore/positions"])
def test_what_a_page_was_asked_for_is_kept_when_it_is_asked_for_more(api: Api, path: str) -> None:
    text = api.ask(path, party="aldoria,borovia", as_of="2031-01-01").text
    assert re.findall(r'<input type="hidden"[^>]*>', text) == [
        '<input type="hidden" name="party" value="aldoria,borovia">'
    ]


def test_the_table_of_a_page_is_of_the_same_records(api: Api) -> None:
    text = api.ask("/explore/positions", party="aldoria", limit="1").text
    assert 'href="/v1/positions.csv?party=aldoria"' in text


def test_the_first_page_shows_no_row_without_a_stance(api: Api) -> None:
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", re.sub(r"\s+", " ", api.ask("/").text))
    assert rows
    assert all("<td><a " in row for row in rows)


@pytest.mark.parametrize(("collection", "named_by"), [("parties", "name"), ("issues", "label")])
def test_what_has_a_name_is_listed_by_name(api: Api, collection: str, named_by: str) -> None:
    names = [one[named_by] for one in api.get(f"/v1/{collection}", sort=named_by, limit="200")["data"]]
    text = api.ask(f"/explore/{collection}", limit="200").text
    places = [text.index(f">{escape(name)}</a>") for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("edtf", "words"),
    [
        ("2031-05-06", "2031-05-06"),
        ("2031~", "about 2031"),
        ("2031?", "2031 (uncertain)"),
        ("2031%", "about 2031 (uncertain)"),
        ("2031~/..", "since about 2031"),
        ("2031/", "since 2031, end unknown"),
        ("/2031-05-06", "by 2031-05-06"),
        ("2030/2031-01~", "2030 to about 2031-01"),
    ],
)
def test_a_date_is_shown_in_words(edtf: str, words: str) -> None:
    assert spoken(edtf) == words


def test_search_leads_to_pages_of_what_it_finds(api: Api) -> None:
    assert "Type some words" in api.ask("/explore/search").text
    hits = api.data("/v1/search", q="tariff")
    links = page(api, "/explore/search", q="tariff").links
    assert {hit["href"].replace("/v1/", "/explore/") for hit in hits} <= set(links)
    assert "No record has all of these words" in api.ask("/explore/search", q="xylophone").text
    text = api.ask("/explore/search", q="<i>tariff").text
    assert "<i>" not in text


def test_gaps_are_chosen_between_two(api: Api) -> None:
    text = api.ask("/explore/gaps", parties=["aldoria", "borovia"]).text
    assert re.findall(r'<option value="(\w+)" selected>', text) == ["aldoria", "borovia"]
    assert "How far apart Aldoria and Borovia are" in text
    text = api.ask("/explore/gaps", parties="aldoria,borovia,castella").text
    assert '<input type="hidden" name="parties" value="castella">' in text


@pytest.mark.parametrize("path", VIEWS)
def test_an_analysis_is_asked_anew_by_its_form(api: Api, path: str) -> None:
    text = api.ask(path, as_of="2031-01-01", mode="anonymous").text
    assert 'name="as_of" value="2031-01-01"' in text
    assert '<option value="anonymous" selected>' in text


def test_a_page_shows_nothing_that_was_reported_later(api: Api) -> None:
    day = min(one["first_reported_on"] for one in api.all("/v1/proposals"))
    for proposal in api.all("/v1/proposals", known_at=day):
        links = page(api, f"/explore/proposals/{proposal['id']}", known_at=day).links
        later = {one["href"] for one in api.all("/v1/responses")} - {
            one["href"] for one in api.all("/v1/responses", known_at=day)
        }
        assert not {link.replace("/explore/", "/v1/") for link in links} & later


def test_a_page_takes_several_values_of_a_filter(api: Api) -> None:
    query = {"kind": ["demand", "statement"]}
    text = api.ask("/explore/positions", **query).text
    assert f"{api.get('/v1/positions', **query)['page']['total']} found" in text
    assert 'href="/v1/positions.csv?sort=' not in text
    assert "kind=demand&amp;kind=statement" in text
    assert '<input type="hidden" name="kind" value="demand,statement">' in text


@pytest.mark.parametrize(
    ("path", "term", "vocabulary"),
    [
        ("/explore/responses/borovia-rejects-zero-tariff", "rejected", Verdict),
        ("/explore/statements/aldoria-for-zero-tariff", "statement", PositionKind),
    ],
)
def test_a_term_is_explained_by_the_vocabulary_of_its_field(
    api: Api, path: str, term: str, vocabulary: type[Vocabulary]
) -> None:
    shown = re.findall(rf'title="([^"]*)">{term}<', api.ask(path).text)
    assert set(shown) == {str(escape(vocabulary.of(term).definition))}
