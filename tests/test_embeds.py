"""What other sites embed: pages that may be framed, and oEmbed, which gives the code that frames them."""

import re
from html import unescape
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from markupsafe import escape
from support import COLLECTIONS, WORLD, Api, address, dispose
from test_pages import ANALYSED, FOREIGN, Page

from api.app import create_service
from api.embeds import HIGHEST, WIDTH
from api.settings import Settings

HOST = "http://localhost"


@pytest.fixture(scope="module")
def paths(api: Api) -> list[str]:
    """The path of everything that can be embedded: each analysis, and a record of each collection."""
    return [*ANALYSED, *(f"/{name}/{api.ids(f'/v1/{name}', limit=1)[0]}" for name in COLLECTIONS)]


def oembed(api: Api, url: str, **more: Any) -> Any:
    return api.get("/v1/oembed", url=url, **more)


def attributes(html: str) -> dict[str, str]:
    assert re.fullmatch(r"<iframe( [a-z-]+=\"[^\"]*\")+></iframe>", html)
    return {name: unescape(value) for name, value in re.findall(r' ([a-z-]+)="([^"]*)"', html)}


def test_an_embed_may_be_framed_by_anybody_and_no_other_page_may(api: Api, paths: list[str]) -> None:
    for path in [*(f"/embed{one}" for one in paths), "/embed/", "/embed/nothing", "/embed/matrix?known_at=yesterday"]:
        policy = api.ask(path).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; "), path
        assert policy.endswith("; frame-ancestors *"), path
    for path in [*(f"/explore{one}" for one in paths), "/", "/explore/nothing", "/docs/", "/v1/matrix", "/v1/oembed"]:
        assert api.ask(path).headers["Content-Security-Policy"].endswith("frame-ancestors 'none'"), path


def test_an_embed_runs_no_script_asks_no_other_host_and_leads_out_of_its_frame(api: Api, paths: list[str]) -> None:
    for path in paths:
        response = api.ask(f"/embed{path}")
        assert response.status_code == 200, response.text[:2000]
        found = Page(response.text)
        assert found.scripts == 0
        assert not [one for one in found.fetched if FOREIGN.match(one)]
        assert '<base target="_blank">' in response.text
        assert f'<a href="{HOST}/explore{path}" target="_blank" rel="noopener">' in response.text
        for link in {one.removeprefix(HOST) for one in found.links}:
            assert FOREIGN.match(link) or api.ask(link).status_code == 200, f"{path} leads to {link}"


def test_what_a_page_and_oembed_read_in_process_is_closed(
    api: Api, paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[IO[bytes]] = []

    def temporary() -> IO[bytes]:
        opened.append(TemporaryFile())  # noqa: SIM115  # whether it is closed is what is asked
        return opened[-1]

    monkeypatch.setattr("api.operation.IN_MEMORY", 0)
    monkeypatch.setattr("tempfile.TemporaryFile", temporary)
    api.wsgi.cache.clear()
    for path in paths:
        assert api.ask(f"/explore{path}").status_code == 200
        assert oembed(api, f"/explore{path}")["html"]
    assert opened
    assert [file for file in opened if not file.closed] == []


def test_an_embed_says_its_release_its_clocks_its_modes_and_its_licence(api: Api) -> None:
    text = " ".join(api.ask("/embed/matrix", as_of="2031-01-01", known_at="2031-02-02", mode="on_record").text.split())
    release = api.get("/v1/")["data"]["release"]["id"]
    assert (
        f"release {release}, as held on 2031-01-01, as known on 2031-02-02, by evidence that is on record only." in text
    )
    assert "https://creativecommons.org/licenses/by/4.0/" in text
    assert "as held on" not in api.ask("/embed/matrix").text


@pytest.mark.parametrize("path", ["/matrix", "/gaps", "/timeline", "/silences"])
def test_an_embed_takes_what_the_api_takes(api: Api, path: str) -> None:
    narrow = api.ask(f"/embed{path}?party=borovia&party=castella").text
    assert narrow == api.ask(f"/embed{path}?party=borovia,castella").text.replace(
        "party=borovia,castella", "party=borovia&amp;party=castella"
    ).replace("party%3Dborovia,castella", "party%3Dborovia%26party%3Dcastella")
    assert len(narrow) < len(api.ask(f"/embed{path}").text)


def test_the_card_of_a_record_says_who_holds_what_since_when_and_how_well_it_is_supported(api: Api) -> None:
    held = next(one for one in api.data("/v1/positions", limit=200) if one["valid_from"] and one["issue"])
    text = api.ask(f"/embed/positions/{held['id']}").text
    documents = f"{held['document_count']} document"
    for said in (held["party"]["name"], held["issue"]["name"], held["valid_from"]["edtf"], documents):
        assert escape(said) in text
    assert f'class="badge {held["claim_status"]}"' in text
    assert f'class="stance {held["stance"]}"' in text


def test_gaps_are_named_by_their_parties_and_shown_for_each(api: Api) -> None:
    gaps = api.data("/v1/gaps", parties="aldoria,borovia")
    text = api.ask("/embed/gaps", parties="aldoria,borovia").text
    assert "<h1>How far apart Aldoria and Borovia are</h1>" in text
    assert text.count("<meter") == sum(gap["distance"] is not None for gap in gaps) > 0
    assert text.count("no recorded position") == sum(len(gap["missing"]) for gap in gaps) > 0


def test_a_reception_shows_each_answer_and_who_has_given_none(api: Api) -> None:
    found = api.data("/v1/proposals/pepper-plan/reception")
    lines = [found["whole"], *found["terms"]]
    text = api.ask("/embed/proposals/pepper-plan/reception").text
    answers = [one["response"]["href"] for line in lines for one in line["answers"]]
    assert answers
    assert all(href.replace("/v1/", "/explore/") in text for href in answers)
    parties = {one["party"]["id"] for line in lines for one in line["answers"]} | {
        one["id"] for line in lines for one in line["unanswered"]
    }
    assert text.count("<td>") == len(lines) * len(parties)
    assert text.count("no recorded answer") == len(lines) * len(parties) - len(answers)


def test_the_page_of_a_proposal_leads_to_its_reception(api: Api) -> None:
    assert "/explore/proposals/pepper-plan/reception" in Page(api.ask("/explore/proposals/pepper-plan").text).links


@pytest.mark.parametrize("name", ["rows=topic", "compare=known_at:2031-01-01", "format=csv", "columns=issue_id"])
@pytest.mark.parametrize("where", ["embed", "explore"])
def test_a_parameter_that_makes_another_answer_is_refused_on_a_page(api: Api, where: str, name: str) -> None:
    response = api.ask(f"/{where}/matrix?{name}")
    assert response.status_code == 400
    assert "is not available on pages" in response.text
    assert "<h1>Invalid parameter</h1>" in response.text
    problem = api.problem("/v1/oembed", 400, url=f"/{where}/matrix?{name}")
    assert problem["errors"][0]["parameter"] == name.partition("=")[0]


@pytest.mark.parametrize("where", ["embed", "explore"])
def test_the_page_of_what_was_renamed_leads_to_the_new_one(api: Api, where: str) -> None:
    release = api.get("/v1/")["data"]["release"]["id"]
    response = api.ask(f"/{where}/parties/old-aldoria?release={release}")
    assert response.status_code == 301
    assert response.headers["Location"] == f"/{where}/parties/aldoria?release={release}"
    assert response.headers["Cache-Control"] == "no-store"
    moved = api.ask("/v1/oembed", url=f"/{where}/parties/old-aldoria", maxwidth="400")
    assert moved.status_code == 301
    assert api.get(moved.headers["Location"])["title"] == "Aldoria"


def test_what_cannot_be_embedded_is_told_in_the_frame(api: Api) -> None:
    response = api.ask("/embed/matrx")
    assert response.status_code == 404
    assert "Did you mean “/embed/matrix”?" in response.text
    for path in (
        "/proposals/{id}/reception",
        "/proposals/{id}/diff",
        "/{collection}/{id}/dossier",
        "/facets/{collection}",
    ):
        assert f"/embed{path}" in response.text
    assert "is not a known party id" in api.ask("/embed/parties/aldorria").text
    assert api.ask("/embed/parties/a%3Fb").status_code == 404


def test_oembed_gives_the_frame_of_every_page_and_the_page_leads_to_it(api: Api, paths: list[str]) -> None:
    release = api.get("/v1/")["data"]["release"]["id"]
    for path in paths:
        for where in ("explore", "embed"):
            text = api.ask(f"/{where}{path}", release=release).text
            link = re.search(r'<link rel="alternate" type="application/json\+oembed" href="([^"]+)"', text)
            assert link, f"/{where}{path}"
            assert len(text.partition("</head>")[0]) < 150_000
            found = api.get(unescape(link[1]).removeprefix(HOST))
            assert (found["version"], found["type"], found["provider_name"]) == ("1.0", "rich", "Positions")
            frame = attributes(found["html"])
            assert frame["src"] == f"{HOST}/embed{path}{'&' if '?' in path else '?'}release={release}"
            assert (frame["title"], frame["loading"]) == (found["title"], "lazy")
            assert (int(frame["width"]), int(frame["height"])) == (found["width"], found["height"])
            assert found["width"] == WIDTH
            assert 100 < found["height"] <= HIGHEST


def test_the_code_to_copy_is_that_of_oembed_in_the_width_of_the_page(api: Api) -> None:
    text = api.ask("/explore/gaps", parties="aldoria,borovia").text
    code = re.search(r"<textarea[^>]*readonly>([^<]*)</textarea>", text)
    assert code
    given = attributes(oembed(api, f"{HOST}/explore/gaps?parties=aldoria,borovia")["html"])
    assert attributes(unescape(code[1])) == {**given, "width": "100%"}
    assert "<textarea" not in api.ask("/explore/proposals").text


def test_a_frame_is_as_high_as_what_it_shows(api: Api) -> None:
    whole, part = oembed(api, "/explore/timeline"), oembed(api, "/explore/timeline?collection=proposals&party=aldoria")
    assert part["height"] < whole["height"]


def test_the_widest_and_the_highest_are_kept_to(api: Api) -> None:
    found = oembed(api, "/explore/matrix", maxwidth=320, maxheight=200, dnt=1, format="json")
    assert (found["width"], found["height"]) == (320, 200)
    assert 'width="320" height="200"' in found["html"]
    assert oembed(api, "/explore/matrix", maxwidth=4000)["width"] == WIDTH
    problem = api.problem("/v1/oembed", 400, url="/explore/matrix", maxwidth="wide", maxheight="0", maxwdith="3")
    assert [one["parameter"] for one in problem["errors"]] == ["maxwdith", "maxwidth", "maxheight"]
    assert "Did you mean “maxwidth”?" in problem["detail"]


@pytest.mark.parametrize("asked", [{"format": "xml"}, {}])
def test_oembed_is_given_as_xml_too(api: Api, asked: dict[str, str]) -> None:
    accept = {} if asked else {"Accept": "text/xml"}
    response = api.ask("/v1/oembed", url="/explore/gaps?parties=aldoria,borovia", headers=accept, **asked)
    assert response.content_type == "text/xml; charset=utf-8"
    found = {one.tag: one.text for one in ElementTree.fromstring(response.text)}
    given = oembed(api, "/explore/gaps?parties=aldoria,borovia")
    assert found == {name: str(value) for name, value in given.items()}


@pytest.mark.parametrize(
    ("url", "status", "told"),
    [
        ("https://example.org/explore/matrix", 404, "it must begin with http://localhost/."),
        (f"{HOST}:81/explore/matrix", 404, "it must begin with http://localhost/."),
        ("http://[::1/explore/matrix", 404, "it must begin with http://localhost/."),
        (f"{HOST}/explore/matrx", 404, "Did you mean “/explore/matrix”?"),
        (f"{HOST}/v1/matrix", 404, "/explore/{collection}/{id}"),
        (f"{HOST}/", 404, "/explore/proposals/{id}/reception"),
        (f"{HOST}/explore/proposals", 404, "is not a page that can be embedded"),
        (f"{HOST}/explore/parties/aldorria", 404, "Did you mean “aldoria”?"),
        (f"{HOST}/explore/gaps?parties=aldorria", 404, "Did you mean “aldoria”?"),
        (f"{HOST}/explore/matrix?known_at=yesterday", 400, "is not a valid date"),
        (f"{HOST}/explore/matrix?partie=aldoria", 400, "Did you mean “party”?"),
        (f"{HOST}/explore/matrix?release=r0", 410, "is not loaded"),
        ("matrix", 400, "is not an address such as"),
    ],
)
def test_an_address_that_cannot_be_embedded_is_explained(api: Api, url: str, status: int, told: str) -> None:
    problem = api.problem("/v1/oembed", status, url=url)
    assert told in problem["detail"]


def test_an_address_is_taken_by_http_and_https_and_what_is_typed_stays_text(api: Api) -> None:
    src = attributes(oembed(api, "https://LOCALHOST/explore/matrix")["html"])["src"]
    assert src == f"{HOST}/embed/matrix"
    title = quote('"><script>')
    text = api.ask(f"/embed/timeline?collection=events&known_at={title}").text
    assert "<script" not in text


def test_the_public_address_is_that_of_frames_and_of_links(api: Api, service: Any) -> None:
    public = "https://example.org/positions"
    made = create_service(Settings(database=address(service), seeds=WORLD, public_url=public))
    here = Api(made.wsgi)
    src = attributes(oembed(here, f"{public}/explore/matrix?party=aldoria")["html"])["src"]
    assert src == f"{public}/embed/matrix?party=aldoria"
    text = here.ask("/explore/matrix", party="aldoria").text
    assert f'href="{public}/v1/oembed?url=https://example.org/positions/explore/matrix%3Fparty%3Daldoria"' in text
    assert f"src=&#34;{public}/embed/matrix?party=aldoria&#34;" in text
    assert here.problem("/v1/oembed", 404, url="https://example.org/explore/matrix")["errors"]
    dispose(made)


def test_each_host_gets_addresses_of_its_own(api: Api) -> None:
    for host in ("one.example", "two.example", "one.example"):
        text = api.ask("/explore/matrix", headers={"Host": host}).text
        assert f'href="http://{host}/v1/oembed?url=http://{host}/explore/matrix"' in text
