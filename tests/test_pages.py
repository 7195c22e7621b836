"""The explorer: every page answers, links only to what is there, asks no other host for anything, and needs no script."""

import re
from html.parser import HTMLParser

import pytest
from support import COLLECTIONS, Api

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
        if tag in FETCHING and given.get(FETCHING[tag]):
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


PAGES = ["/", "/explore/matrix", *(f"/explore/{name}" for name in COLLECTIONS)]


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
