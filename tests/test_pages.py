"""The explorer: every page answers, links only to what is there, asks no other host for anything, and needs no script."""

import json
import re
from collections import Counter
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import yaml
from markupsafe import escape
from support import CITED, COLLECTIONS, Api, ids_of

from api.embeds import Embed, Embeds
from api.pages.humanize import bound, moved, passage, plain, spoken
from api.pages.pages import HEADED
from api.parameters import CLOCKS
from api.resources import RESOURCES
from api.views.analyses import ANALYSES
from schemas.fields import Piece
from schemas.vocabulary import VOCABULARIES, Direction, Mode, PositionKind, TermChange, Verdict, Vocabulary

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
        self.styled = 0
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
        self.styled += "style" in given or tag == "style"


def page(api: Api, path: str, status: int = 200, **query: str) -> Page:
    response = api.ask(path, **query)
    assert response.status_code == status, response.text[:2000]
    assert response.content_type == "text/html; charset=utf-8"
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    return Page(response.text)


WORLD = Path(__file__).parent / "world" / "spice-round"
#: A record of each collection that has evidence: the first of its file in the sample world, unless another is named here.
RECORDS = {
    **{
        file.relative_to(WORLD).parts[0].removesuffix(".yaml"): yaml.safe_load(file.read_text(encoding="utf-8"))[0][
            "id"
        ]
        for file in [*WORLD.glob("*/*.yaml"), *WORLD.glob("*.yaml")]
        if file.name not in ("process.yaml", "retired.yaml")
    },
    "terms": "pepper-plan-zero-tariff",
    "positions": "castella-no-tariff",
    "demands": "castella-no-tariff",
    "offers": "pepper-plan-zero-tariff-by-aldoria",
}


def example(embed: Embed) -> str:
    """The path of what an embed shows of the sample world, with the parameter that it needs."""
    first, _, rest = embed.path[1:].partition("/")
    needed = {"{id}/diff": "?against=pepper-plan-two", "history": "?parties=aldoria,borovia"}.get(rest, "")
    if first == "facets":
        needed = f"?by={RESOURCES.by_name[rest].facets[0]}"
    return f"{embed.path.replace('{id}', RECORDS.get(first, ''))}{needed}"


EMBEDS = Embeds(RESOURCES)
ANALYSED = [example(one) for one in EMBEDS.analyses]
VIEWS = [f"/explore{path}" for path in ANALYSED]
PAGES = [
    "/",
    "/explore/search",
    "/explore/search?q=tariff",
    "/explore/vocabularies",
    "/explore/cite?path=/v1/gaps",
    *VIEWS,
    *(f"/explore/{name}" for name in COLLECTIONS),
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fetches_from_this_host_alone_and_runs_no_script(api: Api, path: str) -> None:
    found = page(api, path)
    assert not [one for one in found.fetched if FOREIGN.match(one)]
    assert found.scripts == 0
    assert not found.styled  # which the policy would not let through
    assert len(found.ids) == len(set(found.ids))


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(api: Api, path: str) -> None:
    for link in dict.fromkeys(page(api, path).links):
        if not FOREIGN.match(link) and not link.startswith("#"):
            address = link if link.startswith("/") else f"{path.partition('?')[0]}{link}"
            assert api.ask(address).status_code == 200, f"{path} leads to {link}"


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_every_record_has_a_page_that_names_it(api: Api, collection: str) -> None:
    for id in api.ids(f"/v1/{collection}")[:5]:
        response = api.ask(f"/explore/{collection}/{id}")
        assert response.status_code == 200, response.text[:2000]
        assert f">{id}<" in response.text


def described(text: str) -> dict[str, str]:
    """What the head of a page says of it, by the names of its elements."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', text)
    return dict(found) | {
        "title": re.findall("<title>(.*?)</title>", text)[0],
        "canonical": re.findall('<link rel="canonical" href="([^"]+)">', text)[0],
    }


@pytest.mark.parametrize("path", [*PAGES, *(f"/explore/{name}/{id}" for name, id in RECORDS.items())])
def test_a_page_can_be_shared_and_leads_programs_to_its_data(api: Api, path: str) -> None:
    text = api.ask(path).text
    head = described(text)
    assert head["title"] == head["og:title"]
    assert head["description"] == head["og:description"] != ""
    assert head["canonical"] == head["og:url"] == escape(f"http://localhost{path}")
    forms = re.findall(r'<link rel="alternate" type="([^"]+)" href="(/[^"]+)"', text)
    assert forms[-1] == ("application/atom+xml", "/v1/feeds/changes.atom")
    for media_type, address in forms:
        assert api.ask(address.replace("&amp;", "&")).content_type.startswith(media_type), address


def test_no_two_pages_have_the_same_title(api: Api) -> None:
    records = [f"/explore/{name}/{id}" for name, id in RECORDS.items() if name != "positions"]
    titles = [described(api.ask(path).text)["title"] for path in [*PAGES, *records] if "/dossier" not in path]
    assert sorted(titles) == sorted(set(titles))


@pytest.mark.parametrize(
    ("path", "status", "ways"),
    [
        ("/explore/matrix?known_at=yesterday", 400, ["/explore/matrix"]),
        ("/explore/parties?kind=nobody", 400, ["/explore/parties"]),
        ("/explore/parties/aldoria?as_of=yesterday", 400, ["/explore/parties/aldoria", "/explore/parties"]),
        ("/explore/proposals/pepper-plan/diff", 400, ["/explore/proposals/pepper-plan", "/explore/proposals"]),
        ("/explore/proposals/no-such-plan/diff?against=pepper-plan", 404, ["/explore/proposals"]),
        ("/explore/facets/positions", 400, ["/explore/positions"]),
    ],
)
def test_a_mistake_leads_back_to_the_nearest_pages(api: Api, path: str, status: int, ways: list[str]) -> None:
    text = api.ask(path).text.partition("<p>Go to ")[2]
    assert [link for link in Page(text.partition("</p>")[0]).links if "pepper-plan?" not in link] == [*ways, "/"]
    assert api.ask(path).status_code == status
    assert {api.ask(way).status_code for way in ways} == {200}


def test_a_mistake_leads_to_what_was_meant(api: Api) -> None:
    assert (
        "/explore/parties/aldoria?as_of=2031-01-01" in page(api, "/explore/parties/aldorai?as_of=2031-01-01", 404).links
    )
    links = page(api, "/explore/gaps?parties=aldorai,borovia", 404).links
    assert "/explore/gaps?parties=aldoria,borovia" in links
    # What is wrong is a part of another word too.
    links = page(api, "/explore/gaps?parties=aldori,aldoria", 404).links
    assert "/explore/gaps?parties=aldoria,aldoria" in links


def test_what_a_party_voices_for_others_is_told_apart_from_what_it_holds(api: Api) -> None:
    told = 0
    for id in api.ids("/v1/parties"):
        held = api.data(f"/v1/parties/{id}/positions")
        voiced = {str(escape(one["party"]["name"])) for one in held if one["role"] == "speaker"}
        text = api.ask(f"/explore/parties/{id}").text
        assert set(re.findall(r"<h3>Voiced: positions of ([^<]+)</h3>", text)) == voiced
        told += len(voiced)
    assert told


def test_the_words_of_the_record_are_explained(api: Api) -> None:
    text = api.ask("/explore/vocabularies").text
    for name, vocabulary in VOCABULARIES.items():
        assert f'<h2 id="{name}">' in text
        assert all(f"<dd>{escape(term.definition)}</dd>" in text for term in vocabulary)


def test_evidence_is_called_by_what_it_is_of(api: Api) -> None:
    one = api.data("/v1/evidence")[0]
    named = f">{escape(one['subject']['name'])}</a>"
    for path in (f"/explore/sources/{one['source']['id']}", "/explore/evidence"):
        assert f'<a href="/explore/evidence/{one["id"]}"{named}' in api.ask(path).text
    assert f"<h1>{escape(one['subject']['name'])}</h1>" in api.ask(f"/explore/evidence/{one['id']}").text


@pytest.mark.parametrize("parties", [("aldoria", "borovia"), ()])
def test_gaps_say_on_how_many_issues_the_parties_are_apart(api: Api, parties: tuple[str, ...]) -> None:
    gaps = api.data("/v1/gaps", parties=",".join(parties)) if parties else api.data("/v1/gaps")
    distances = [gap["distance"] for gap in gaps]
    apart, agreed = sum(bool(one) for one in distances), distances.count(0)
    text = api.ask("/explore/gaps", **({"parties": ",".join(parties)} if parties else {})).text
    told = re.sub("</?strong>", "", text)
    assert f"Apart on {apart} of {len(gaps)} issues, agreed on {agreed}; " in told
    assert f"on the other {distances.count(None)} the record" in told
    for gap in gaps:
        for held in gap["stances"]:
            assert f'href="{held["position"]["href"].replace("/v1/", "/explore/")}"' in text


def test_a_search_is_narrowed_by_its_form(api: Api) -> None:
    asked = {"q": "tariff", "process": "spice-round", "collection": "issues", "known_at": "2031-01-01"}
    text = api.ask("/explore/search", **asked).text
    for value in ("spice-round", "issues"):
        assert f'<option value="{value}" selected>' in text
    for name in ("q", "known_at"):
        assert re.search(rf'<input [^>]*name="{name}" value="{asked[name]}"', text)


def test_what_has_the_same_name_is_told_apart_where_one_chooses(make_service: Any, world: Path) -> None:
    file = world / "spice-round" / "issues.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("label: No tariff on pepper", "label: Tariffs"))
    api = Api(make_service(world).wsgi)
    assert {one["name"] for one in api.all("/v1/search", q="tariffs", collection="issues")} >= {"Tariffs"}
    matrix, found = api.ask("/explore/matrix").text, api.ask("/explore/search?q=tariff*&collection=issues").text
    for id in ("tariffs", "zero-pepper-tariff"):
        assert f'<option value="{id}" >Tariffs ({id})</option>' in matrix
        assert f"in issues: {id}</span>" in found
    assert '<option value="saffron-quota" >Saffron quota</option>' in matrix
    titles = [described(api.ask(f"/explore/issues/{id}").text)["title"] for id in ("tariffs", "zero-pepper-tariff")]
    assert titles == ["Tariffs (topic) – Issues – Positions", "Tariffs – Issues – Positions"]


def test_what_is_typed_is_shown_as_text(api: Api) -> None:
    text = api.ask("/explore/demands", q='"><script>alert(1)</script>').text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_mistake_is_explained_on_a_page(api: Api) -> None:
    response = api.ask("/explore/parties/nobody-of-this-name")
    assert response.status_code == 404
    assert "is not a known party id" in response.text
    response = api.ask("/explore/matrix", known_at="yesterday")
    assert response.status_code == 400
    assert "is not a valid date" in response.text


TRACKING = "utm_source=news&utm_medium=mail&fbclid=1&ref=x"


@pytest.mark.parametrize("path", ["/", "/explore/parties", "/explore/gaps?parties=aldoria,borovia", "/embed/matrix"])
def test_a_page_drops_the_parameters_of_visitor_tracking(api: Api, path: str) -> None:
    response = api.ask(f"{path}{'&' if '?' in path else '?'}{TRACKING}")
    assert (response.status_code, response.headers["Location"]) == (302, path)
    assert response.headers["Cache-Control"] == "no-store"


def test_the_home_page_refuses_clocks_and_filters_rather_than_ignore_them(api: Api) -> None:
    response = api.ask("/", as_of="2030-01-01", party="aldoria")
    assert response.status_code == 400
    assert "as_of: is not available on the home page; /explore/matrix takes" in response.text
    assert api.ask("/explore/", as_of="2030-01-01").headers["Location"] == "/?as_of=2030-01-01"


@pytest.mark.parametrize(
    "path",
    ["/docs/", "/openapi.yaml", "/openapi.json", "/v1/openapi.json", "/.well-known/api-catalog", "/healthz", "/readyz"],
)
def test_what_takes_no_parameters_ignores_them(api: Api, path: str) -> None:
    """Caches, monitors and sharing sites add their own."""
    response = api.ask(path, utm_source="news", v="2")
    assert response.status_code == 200
    assert response.data == api.ask(path).data


def test_the_clocks_work_on_pages(api: Api) -> None:
    before, after = api.ask("/explore/matrix", known_at="1900-01-01").text, api.ask("/explore/matrix").text
    assert before.count("<td>") < after.count("<td>")


def test_an_unknown_page_is_explained_on_a_page_with_the_nearest(api: Api) -> None:
    response = api.ask("/explore/partys/aldoria")
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    assert "Did you mean “parties”?" in response.text
    assert "Did you mean “facets/positions”?" in api.ask("/explore/facets/posisions").text
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


def test_the_first_page_shows_states_and_their_organisations_before_others(api: Api) -> None:
    agreeing = ("state", "alliance", "intergovernmental_organisation", "coalition", "armed_group")
    kinds = {one["id"]: one["kind"] for one in api.all("/v1/parties")}
    cells = Counter(cell["party"]["id"] for row in api.data("/v1/matrix") for cell in row["cells"])
    first = sorted(cells, key=lambda id: (kinds[id] not in agreeing, -cells[id], id))[:5]
    heads = re.search(r"<thead>.*?</thead>", api.ask("/").text, re.DOTALL)
    assert heads
    assert re.findall(r"/explore/parties/([a-z0-9-]+)", heads[0]) == first
    assert any(kinds[id] not in ("state", "person") for id in first), "a bloc is among them"


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
        ("2030-24~", "about winter 2030"),
        ("203X?", "2030s (uncertain)"),
        ("20XX", "2000 to 2099"),
        ("2030-XX", "2030, month unknown"),
        ("2030-XX-XX", "2030, month unknown"),
        ("2030-05-XX/203X", "2030-05, day unknown to 2030s"),
    ],
)
def test_a_date_is_shown_in_words(edtf: str, words: str) -> None:
    assert spoken(edtf) == words


@pytest.mark.parametrize(
    ("edtf", "words"),
    [
        ("2030/2031-01~", "between 2030 and about 2031-01"),
        ("2031-05-06", "2031-05-06"),
        ("2031~/..", "since about 2031"),
        ("/2031-05-06", "by 2031-05-06"),
    ],
)
def test_an_interval_in_which_something_began_is_no_duration(edtf: str, words: str) -> None:
    assert bound(edtf) == words


def test_a_passage_is_counted_from_one() -> None:
    assert passage("char=0,12") == "characters 1 to 12"
    assert passage("char=1043,1187") == "characters 1,044 to 1,187"


def declared() -> dict[tuple[str, str], Any]:
    """The fields of every collection and of the pieces in its records, by the schema's name and the field's."""
    waiting: list[Any] = [resource.schema for resource in RESOURCES]
    for schema in waiting:
        waiting += [kind.schema for kind in schema._declared_fields.values() if isinstance(kind, Piece)]
    return {(schema.__name__, name): kind for schema in waiting for name, kind in schema._declared_fields.items()}


@pytest.mark.parametrize(("schema", "name"), declared())
def test_every_field_can_be_read_as_words(schema: str, name: str) -> None:
    label = declared()[schema, name].title or plain(name).capitalize()
    assert label[0].isupper()
    assert not re.search("_|[a-z][A-Z0-9]", label), label


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_record_page_calls_its_fields_by_their_titles_and_tells_their_names(api: Api, collection: str) -> None:
    resource = RESOURCES.by_name[collection]
    own = resource.schema._declared_fields
    headed = (*HEADED, resource.schema.named_by, *(inside.field for inside in resource.inside))
    for id in api.ids(f"/v1/{collection}")[:5]:
        fields = re.findall(
            r'<dt><span title="(\w+): ([^"]+)">([^<]+)</span>', api.ask(f"/explore/{collection}/{id}").text
        )
        shown = {name for name, _, _ in fields}
        record = api.data(f"/v1/{collection}/{id}")
        assert {name for name in own if name not in headed and record.get(name)} <= shown
        for name, description, label in fields:
            assert label == (own[name].title or plain(name).capitalize())
            assert description == escape(own[name].description)


@pytest.mark.parametrize(("collection", "parameter"), [("parties", "party"), ("issues", "issue")])
def test_a_page_says_who_stands_where_as_the_matrix_does(api: Api, collection: str, parameter: str) -> None:
    told = 0
    for id in api.ids(f"/v1/{collection}"):
        cells = [cell for row in api.data("/v1/matrix", **{parameter: id}) for cell in row["cells"]]
        text = api.ask(f"/explore/{collection}/{id}").text
        tables = re.findall(r'aria-labelledby="(stands|ended)">(.*?)</table>', text, re.DOTALL)
        assert {name for name, _ in tables} == {"ended" if cell["ended"] else "stands" for cell in cells}
        for name, table in tables:
            shown = re.findall(r'<td><a class="stance (\w+)[^>]*href="([^"]+)"', table)
            assert sorted(shown) == sorted(
                (held["stance"], held["position"]["href"].replace("/v1/", "/explore/"))
                for cell in cells
                if cell["ended"] == (name == "ended")
                for held in cell["records"]
            )
        held = api.get("/v1/stances.json", **{parameter: id})
        assert sorted(re.findall(r'class="when"><span title="([^ ]+) ', text)) == sorted(
            line["since_edtf"] or line["valid_from_edtf"] for line in held if line["since"] or line["valid_from"]
        )
        agreeing = [str(line["agreeing_count"]) for line in held if line["agreeing_count"] > 1]
        assert sorted(re.findall(r"\((\d+) positions\)", text)) == sorted(agreeing)
        told += len(agreeing)
    assert told


@pytest.mark.parametrize(("collection", "parameter"), [("parties", "party"), ("issues", "issue")])
def test_a_page_says_who_stood_where_on_another_day(api: Api, collection: str, parameter: str) -> None:
    now, then = {}, {"as_of": "2030-06-01", "known_at": "2031-01-01"}
    answers: dict[bool, list[str]] = {False: [], True: []}
    for id in api.ids(f"/v1/{collection}"):
        for clocks in (now, then):
            path = f"/explore/{collection}/{id}"
            cells = [cell for row in api.data("/v1/matrix", **{parameter: id}, **clocks) for cell in row["cells"]]
            held = [one for cell in cells for one in cell["records"] if not cell["ended"]]
            text = api.ask(path, **clocks).text
            shown = re.findall(r'<td><a class="stance (?:.*?)href="([^"]+)"', text.partition('id="ended"')[0])
            assert sorted(shown) == sorted(one["position"]["href"].replace("/v1/", "/explore/") for one in held)
            answers[clocks == then] += shown
        framed = api.ask(f"/embed/{collection}/{id}").text
        assert framed.count('<td><a class="stance') == api.ask(path).text.partition('id="ended"')[0].count(
            '<td><a class="stance'
        )
    assert answers[True]
    assert answers[True] != answers[False]


def test_a_position_is_listed_once_on_the_page_of_its_party(api: Api) -> None:
    links = page(api, "/explore/parties/aldoria").links
    for held in api.data("/v1/parties/aldoria/positions"):
        assert links.count(held["href"].replace("/v1/", "/explore/")) == 1


def test_who_stands_where_on_a_topic_leads_to_its_issues(api: Api) -> None:
    issues = {row["issue"]["id"] for row in api.data("/v1/matrix", issue="tariffs")}
    headings = re.findall(
        r'scope="rowgroup"[^>]*><a href="/explore/issues/([^"]+)">', api.ask("/explore/issues/tariffs").text
    )
    assert issues == set(headings) != set()


@pytest.mark.parametrize("direction", Direction)
def test_every_change_of_a_stance_has_words(direction: Direction) -> None:
    assert re.fullmatch(r"[a-z ]+ on", moved(direction.value))


def test_a_change_of_a_stance_is_told_and_explained(api: Api) -> None:
    movements = api.data("/v1/movements")
    text = api.ask("/explore/movements").text
    assert f"{len(movements)} found." in text
    entries = re.findall(r'<li><strong>(.*?)</strong> <span title="(.*?)">(.*?)</span> <a href="(.*?)">', text)
    assert entries == [
        (
            str(escape(one["party"]["name"])),
            str(escape(Direction.of(one["direction"]).definition)),
            moved(one["direction"]),
            one["issue"]["href"].replace("/v1/", "/explore/"),
        )
        for one in movements
    ]
    assert text.count("→ no longer held") == sum(one["after"] is None for one in movements) > 0


def test_passages_and_grades_are_told_in_words(api: Api) -> None:
    evidence = next(one for one in api.all("/v1/evidence") if one["credibility"] and one["selector"])
    text = api.ask(evidence["href"].replace("/v1/", "/explore/")).text
    assert f'<dd><span title="{evidence["selector"]}">{passage(evidence["selector"])}</span></dd>' in text
    definition = VOCABULARIES["evidence.credibility"].of(evidence["credibility"]).definition
    assert f'<dd>{evidence["credibility"]} <span class="soft">({definition.strip(".").lower()})</span></dd>' in text


@pytest.mark.parametrize("path", [*VIEWS, "/explore/search?q=tariff", "/explore/parties/aldoria", "/explore/issues"])
def test_a_page_leads_to_its_citation_and_that_back(api: Api, path: str) -> None:
    (address,) = (link for link in page(api, path).links if link.startswith("/explore/cite?"))
    text = api.ask(address).text
    cited = api.data(address.replace("/explore/", "/v1/"))
    assert str(escape(cited["text"])) in text
    assert str(escape(cited["bibtex"])) in text
    back = re.findall('<a href="([^"]+)">Back to what is cited</a>', text)
    assert [unescape(one).partition("?")[0] for one in back] == [path.partition("?")[0]]
    for one in back:
        assert api.ask(unescape(one)).status_code == 200


def test_a_citation_is_of_the_host_that_it_was_asked_of(api: Api) -> None:
    for where in ("v1", "explore"):
        text = api.ask(f"/{where}/cite?path=/v1/gaps", headers={"Host": "one.example"}).text
        assert "http://one.example/v1/gaps?release=" in text
        assert "localhost" not in text


@pytest.mark.parametrize("host", ["[::1", "a b", "<i>", "", "one.example:x", "ö.example", "[::1]:81"])
def test_no_host_breaks_a_page(api: Api, host: str) -> None:
    answer, shown = (api.ask(path, headers={"Host": host}) for path in ("/v1/matrix", "/explore/matrix"))
    assert answer.status_code == shown.status_code


def test_a_citation_of_what_no_page_shows_leads_to_none(api: Api) -> None:
    for path in ("/v1/positions.csv", "/v1/options/parties"):
        response = api.ask(f"/explore/cite?path={path}")
        assert response.status_code == 200
        assert "Back to what is cited" not in response.text


def test_a_page_tells_at_which_clocks_it_is(api: Api) -> None:
    text = api.ask("/explore/matrix", as_of="2031-01-01", known_at="2031-02-01", mode="on_record").text
    assert ", as held on 2031-01-01, as known on 2031-02-01, by evidence that is on record only<" in text


def test_a_release_leads_to_what_it_changed(api: Api) -> None:
    for id in api.ids("/v1/releases"):
        assert f"/explore/changes?release={id}" in page(api, f"/explore/releases/{id}").links


@pytest.mark.parametrize(
    ("path", "feed"),
    [
        ("/explore/events?kind=talks&sort=-occurred_on&limit=1", "/v1/feeds/events.ics?kind=talks"),
        ("/explore/changes?action=added&release={release}", "/v1/feeds/changes.atom?action=added"),
    ],
)
def test_the_feed_of_a_page_is_narrowed_as_the_page_is(api: Api, path: str, feed: str) -> None:
    assert feed in page(api, path.format(release=api.ids("/v1/releases")[0])).links
    assert api.ask(feed).status_code == 200


def test_the_navigation_says_where_one_is(api: Api) -> None:
    for path, here in {"/explore/matrix": "Matrix", "/explore/parties/aldoria": "Parties"}.items():
        assert re.findall(r'aria-current="page">(\w+)<', api.ask(path).text) == [here]


def test_search_leads_to_pages_of_what_it_finds(api: Api) -> None:
    assert "Type some words" in api.ask("/explore/search").text
    hits = api.data("/v1/search", q="tariff")
    links = page(api, "/explore/search", q="tariff").links
    assert {hit["href"].replace("/v1/", "/explore/") for hit in hits} <= set(links)
    assert "No record has all of these words" in api.ask("/explore/search", q="xylophone").text
    text = api.ask("/explore/search", q="<i>tariff").text
    assert "<i>" not in text


def test_gaps_between_named_parties_lead_to_how_they_changed(api: Api) -> None:
    gaps = "/explore/gaps?parties=aldoria&parties=borovia&issue=zero-pepper-tariff&known_at=2031-01-01"
    (link,) = (link for link in page(api, gaps).links if link.startswith("/explore/gaps/history"))
    assert {*link.partition("?")[2].split("&")} == {
        "parties=aldoria,borovia",
        "issue=zero-pepper-tariff",
        "known_at=2031-01-01",
    }
    (back,) = (link for link in page(api, link).links if link.startswith("/explore/gaps?"))
    assert {*back.partition("?")[2].split("&")} == {*link.partition("?")[2].split("&")}
    too_many = ",".join(api.ids("/v1/parties")[:13])
    assert api.ask(f"/v1/gaps/history?parties={too_many}").status_code == 400
    for path in (
        "/explore/gaps",
        "/explore/gaps?parties=aldoria,borovia&as_of=2030-06-01",
        f"/explore/gaps?parties={too_many}",
    ):
        assert not [link for link in page(api, path, 200).links if "history" in link]


def test_gaps_are_chosen_between_two(api: Api) -> None:
    text = api.ask("/explore/gaps", parties=["aldoria", "borovia"]).text
    assert re.findall(r'<option value="(\w+)" selected>', text) == ["aldoria", "borovia"]
    assert "How far apart Aldoria and Borovia are" in text
    text = api.ask("/explore/gaps", parties="aldoria,borovia,castella").text
    assert '<input type="hidden" name="parties" value="castella">' in text


@pytest.mark.parametrize("embed", EMBEDS.analyses, ids=lambda one: one.path)
def test_an_analysis_is_asked_anew_by_its_form(api: Api, embed: Embed) -> None:
    path = f"/explore{example(embed)}"
    resource = RESOURCES.by_name.get(embed.path.rpartition("/")[2])
    taken = next((one.query for one in ANALYSES if one.path == embed.path), CLOCKS)
    clocks = set(resource.model.clocks if resource else CLOCKS.keys() & taken.keys())
    given = {name: day for name, day in {"as_of": "2031-01-01", "known_at": "2032-01-01"}.items() if name in clocks}
    if "mode" in clocks:
        given["mode"] = next(one.value for one in Mode if api.ask(path, mode=one.value, **given).status_code == 200)
    text = api.ask(path, **given).text
    assert set(re.findall(r'name="(as_of|known_at|mode)"', text)) == clocks
    for name in clocks - {"mode"}:
        assert f'<input type="date" name="{name}" value="{given[name]}">' in text
    if "mode" in clocks:
        assert f'<option value="{given["mode"]}" selected>' in text


@pytest.mark.parametrize("path", VIEWS)
def test_what_a_form_offers_is_what_the_analysis_takes(api: Api, path: str) -> None:
    form = re.search(r'<form class="asked".*?</form>', api.ask(path).text, re.DOTALL)
    assert form
    base, _, asked = path.partition("?")
    for name, options in re.findall(r'<(?:input|select)[^>]* name="(\w+)"[^>]*>((?:<option.*?</select>)?)', form[0]):
        values = re.findall(r'<option value="([^"]+)"', options)
        given = {**dict(parse_qsl(asked)), name: values[0] if values else ""}
        # None may be of the value; then the answer is another.
        assert api.ask(base, **given).status_code in (200, 404), f"{path} offers {name}={given[name]}"


@pytest.mark.parametrize("path", VIEWS)
def test_the_data_of_a_page_are_those_that_it_shows(api: Api, path: str) -> None:
    links = [link for link in page(api, path).links if link.startswith("/v1/") and "/cite?" not in link]
    assert len(links) == 2
    answer = api.get(path.replace("/explore/", "/v1/"))
    assert api.get(links[0]) == answer
    assert api.ask(links[1]).content_type.startswith("text/csv")


def test_a_difference_shows_what_became_of_each_provision_on_either_side(api: Api) -> None:
    path = "proposals/pepper-plan-two/diff"
    found = api.data(f"/v1/{path}", against="pepper-plan")
    text = api.ask(f"/explore/{path}", against="pepper-plan").text
    assert "<h1>What changed from Pepper plan to Second pepper plan</h1>" in text
    shown = re.findall(r'<strong title="([^"]*)">([a-z ]+)</strong>', text)
    assert shown == [
        (str(escape(TermChange.of(row["change"]).definition)), row["change"].replace("_", " "))
        for row in found["terms"]
    ]
    links = Page(text).links
    sides = [row[side]["href"] for row in found["terms"] for side in ("before", "after") if row[side]]
    assert [link for link in links if "/terms/" in link] == [href.replace("/v1/", "/explore/") for href in sides]
    assert "recorded as the next version" in text
    assert "recorded as the next version" not in api.ask(f"/explore/{path}", against="memo-draft").text
    text = api.ask(f"/explore/{path}", against="pepper-plan", issue="downstream-share").text
    assert "No provision of either settles this issue." in text


def test_where_no_terms_are_recorded_a_difference_says_why(api: Api) -> None:
    proposals = api.all("/v1/proposals")
    bare, other = next((one, two) for one in proposals if "terms" in one["absent"] for two in proposals if one != two)
    text = " ".join(api.ask(f"/explore/proposals/{bare['id']}/diff", against=other["id"]).text.split())
    assert "Terms are not recorded of both" in text
    assert "no terms recorded: <span title=" in text
    assert f">{bare['absent']['terms'].replace('_', ' ')}</span>" in text


def test_a_proposal_is_compared_with_another_of_its_process_that_the_clocks_show(api: Api) -> None:
    def offered(path: str, **query: str) -> list[tuple[str, bool]]:
        choice = re.search(r'<select name="against">(.*?)</select>', api.ask(path, **query).text)
        found = re.findall(r'<option value="([^"]+)" (selected)?', choice[1] if choice else "")
        return [(id, bool(chosen)) for id, chosen in found]

    record = api.data("/v1/proposals/pepper-plan-two")
    others = {one["id"] for one in api.all("/v1/proposals", process=record["process"]["id"])} - {record["id"]}
    choice = offered("/explore/proposals/pepper-plan-two")
    assert {id for id, _ in choice} == others
    assert others < set(api.ids("/v1/proposals"))
    assert [id for id, chosen in choice if chosen] == [record["supersedes"]["id"]] == ["pepper-plan"]
    text = api.ask("/explore/proposals/pepper-plan-two", known_at="2030-12-31").text
    assert '<form class="asked" action="/explore/proposals/pepper-plan-two/diff">' in text
    assert '<input type="hidden" name="known_at" value="2030-12-31">' in text
    for day in sorted({one["first_reported_on"] for one in api.all("/v1/proposals")}):
        known = set(api.ids("/v1/proposals", known_at=day))
        for id in known:
            assert {other for other, _ in offered(f"/explore/proposals/{id}", known_at=day)} <= known
    # What is asked for is offered, whichever it is.
    strange = offered("/explore/proposals/pepper-plan/diff", against="meltwater-treaty")
    assert [id for id, chosen in strange if chosen] == ["meltwater-treaty"]


@pytest.mark.parametrize("collection", CITED)
def test_a_record_leads_to_its_dossier_and_that_to_all_evidence(api: Api, collection: str) -> None:
    id = RECORDS[collection]
    day = api.data(f"/v1/{collection}/{id}")["first_reported_on"]
    link = f"/explore/{collection}/{id}/dossier"
    assert link in page(api, f"/explore/{collection}/{id}").links
    assert f"{link}?known_at={day}" in page(api, f"/explore/{collection}/{id}", known_at=day).links
    for query in ({}, {"known_at": day}):
        found = api.data(f"/v1/{collection}/{id}/dossier", **query)
        text = api.ask(link, **query).text
        links = Page(text).links
        assert f"<h1>How it is known: {escape(found['subject']['name'])}</h1>" in text
        assert escape(found["rule"]) in text
        evidence = [claim["href"].replace("/v1/", "/explore/") for claim in found["claims"]]
        assert [one for one in links if one.startswith("/explore/evidence/")] == evidence
        assert {f"/explore/sources/{one}" for one in ids_of(found["documents"])} <= set(links)
        stages = [f"{link}?known_at={stage['known_from']}" for stage in found["stages"]]
        assert [one for one in links if one.startswith(f"{link}?")] == stages
        assert text.count("the status follows from it") == sum(claim["decides"] for claim in found["claims"])


@pytest.mark.parametrize("collection", EMBEDS.facets)
def test_the_counts_of_a_list_lead_to_what_is_counted(api: Api, collection: str) -> None:
    listed = page(api, f"/explore/{collection}").links
    for facet in RESOURCES.by_name[collection].facets:
        path = f"/explore/facets/{collection}?by={facet}"
        assert path in listed
        counts = api.data(f"/v1/facets/{collection}", by=facet)
        text = api.ask(path).text
        shown = re.findall(r"<tr><td>(?:<a href=\"([^\"]+)\">)?(\d+)(?:</a>)? <meter", text)
        assert [int(count) for _, count in shown] == [one["count"] for one in counts]
        assert [not link for link, _ in shown] == [one["values"][0]["value"] is None for one in counts]
        for link, count in shown:
            if link:
                assert f"{count} found." in api.ask(link.replace("&amp;", "&")).text, f"{path} leads to {link}"


def test_counts_keep_what_a_list_is_narrowed_by_and_a_list_what_counts_are(api: Api) -> None:
    links = page(api, "/explore/positions", party="aldoria", as_of="2031-01-01", sort="valid_from", limit="1").links
    counts = "/explore/facets/positions?party=aldoria&as_of=2031-01-01&by=stance"
    assert counts in links
    links = page(api, f"{counts}&by=&by=party").links
    assert "/explore/positions?party=aldoria&as_of=2031-01-01" in links
    assert "/explore/positions?as_of=2031-01-01&stance=supports&party=aldoria" in links
    text = api.ask(f"{counts}&by=&by=party").text
    assert "<h1>How many positions by stance and party</h1>" in text
    assert re.findall(r'<option value="(\w+)" selected>', text) == ["stance", "party"]
    assert '<input type="hidden" name="party" value="aldoria">' in text
    assert "<table" not in api.ask(counts, q="xylophone").text


@pytest.mark.parametrize("path", ["/explore/proposals/pepper-plan/diff", "/explore/facets/positions"])
def test_what_a_page_lacks_is_told(api: Api, path: str) -> None:
    response = api.ask(path)
    assert response.status_code == 400
    assert "is required: " in response.text


def test_a_page_shows_nothing_that_was_reported_later(api: Api) -> None:
    day = min(one["first_reported_on"] for one in api.all("/v1/proposals"))
    for proposal in api.all("/v1/proposals", known_at=day):
        links = page(api, f"/explore/proposals/{proposal['id']}", known_at=day).links
        later = {one["href"] for one in api.all("/v1/responses")} - {
            one["href"] for one in api.all("/v1/responses", known_at=day)
        }
        assert not {link.replace("/explore/", "/v1/") for link in links} & later


def test_a_first_report_is_told_as_exactly_as_it_is_known(api: Api) -> None:
    told = {one["first_reported"]["precision"]: one for one in api.all("/v1/positions")}
    assert told.keys() >= {"day", "month"}
    for precision, one in told.items():
        text = api.ask(one["href"].replace("/v1/", "/explore/")).text
        reported = f'title="{one["first_reported"]["edtf"]} (EDTF)">{"" if precision == "day" else "by "}{one["first_reported_on"]}<'
        assert f"first reported <span {reported}" in text


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


def test_no_list_to_choose_from_ends_after_two_hundred(make_service: Any, world: Path) -> None:
    many = [f"a-{number:03}" for number in range(201)]
    for id in many:
        (world / id).mkdir()
        (world / id / "process.yaml").write_text(
            f"id: {id}\ntitle: Process {id}\nsummary: Invented.\nstarted_on: 2030\n"
        )
    api = Api(make_service(world).wsgi)
    home, matrix = api.ask("/").text, api.ask("/explore/matrix").text
    for id in (*many, "glacier-accord", "spice-round"):
        assert f'<a href="/explore/processes/{id}">' in home
        assert f'<option value="{id}" >' in matrix


class Forms(HTMLParser):
    """What a browser sends for each form of a page where nothing is changed in it: its address and its fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sent: list[tuple[str, list[tuple[str, str]]]] = []
        self.selected: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.sent.append((given.get("action") or "", []))
        elif tag == "input" and self.sent:
            self.sent[-1][1].append((str(given["name"]), given.get("value") or ""))
        elif tag == "select":
            self.sent[-1][1].append((str(given["name"]), ""))
            self.selected = None
        elif tag == "option" and (self.selected is None or "selected" in given):
            self.selected = given.get("value") or ""
            self.sent[-1][1][-1] = (self.sent[-1][1][-1][0], self.selected)


@pytest.mark.parametrize("path", [*ANALYSED, *(f"/{name}" for name in COLLECTIONS)])
def test_a_form_that_is_sent_as_it_is_has_an_answer(api: Api, path: str) -> None:
    for action, fields in Forms(api.ask(f"/explore{path}").text).sent:
        if action != "/explore/search":  # in which a word must be given
            sent = f"{action or '/explore' + path.partition('?')[0]}?{urlencode(fields)}"
            assert api.ask(sent).status_code == 200, sent


MARKUP = '<i>" onclick="x" &'
WRITTEN = re.compile('<i>|<[^>]* onclick="')
#: The fields of seeds that hold prose of curators.
PROSE = {
    *("name", "title", "summary", "label", "proposition", "definition", "note", "role", "place", "outcome"),
    *("speaker_description", "consequence", "conditions", "reasons", "expected_impact"),
}


def hostile(value: Any, field: str = "") -> Any:
    """A seed with markup before each of its prose."""
    if isinstance(value, dict):
        return {
            name: hostile(one, name) for name, one in value.items() if name != "sha256"
        }  # which YAML takes for numbers
    if isinstance(value, list):
        return [hostile(one, field) for one in value]
    return f"{MARKUP} {value}" if field in PROSE else value


def test_no_text_of_the_data_writes_markup_into_a_page(make_service: Any, world: Path) -> None:
    for file in world.glob("*/**/*.yaml"):
        seeds = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps(hostile(seeds), default=str), encoding="utf-8")
    api = Api(make_service(world).wsgi)
    records = [f"/{name}/{id}" for name in COLLECTIONS for id in api.ids(f"/v1/{name}")]
    for path in [*PAGES, *(f"/{where}{one}" for one in (*ANALYSED, *records) for where in ("explore", "embed"))]:
        response = api.ask(path)
        assert response.status_code == 200, path
        assert not WRITTEN.search(response.text), path
    for one in (*ANALYSED, *records):
        framed = api.get("/v1/oembed", url=f"/explore{one}")["html"]
        assert not WRITTEN.search(framed), one
