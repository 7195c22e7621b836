"""What the service says of itself, and its search."""

from typing import Any

import pytest
from support import COLLECTIONS, Api

from api.resource import Resource
from api.resources import RESOURCES
from api.views.analyses import ANALYSES
from schemas.vocabulary import TURNED_ROUND, VOCABULARIES, Stance, Vocabulary


def test_the_way_in_names_every_collection_the_release_and_the_licences(api: Api) -> None:
    way_in = api.data("/v1/")
    assert [one["name"] for one in way_in["collections"]] == COLLECTIONS
    assert way_in["release"]["id"] == "w2031-1"
    assert way_in["release"]["date"] == "2031-06-30"
    assert {one["name"] for one in way_in["licences"].values()} == {"Apache-2.0", "CC-BY-4.0"}
    for one in [*way_in["collections"], *way_in["views"]]:
        assert one["about"]
    views = {one["name"] for one in way_in["views"]}
    assert {one.name for one in ANALYSES} | {"dossier", "facets", "cite", "search", "tables", "options"} <= views


def test_every_vocabulary_is_served_with_definitions_and_scores(api: Api) -> None:
    served = {one["name"]: one for one in api.data("/v1/vocabularies")}
    assert list(served) == list(VOCABULARIES)
    assert set(VOCABULARIES.values()) == set(Vocabulary.__subclasses__()), "name it in VOCABULARIES: it is not served"
    assert set(TURNED_ROUND) == set(Stance)
    for name, vocabulary in VOCABULARIES.items():
        assert [one["term"] for one in served[name]["terms"]] == [term.value for term in vocabulary]
        assert all(one["definition"].endswith(".") for one in served[name]["terms"])
    assert {stance: TURNED_ROUND[stance].score for stance in Stance} == {
        stance: stance.score and -stance.score for stance in Stance
    }
    scores = {one["term"]: one["score"] for one in served["stance"]["terms"]}
    assert scores == {
        "supports": 1,
        "supports_conditionally": 0.5,
        "undecided": 0,
        "opposes_in_part": -0.5,
        "opposes": -1,
        "unclear": None,
    }
    assert list(scores) == [term.value for term in Stance]


def test_a_term_has_the_label_that_facets_and_pages_have_for_it(api: Api) -> None:
    labels = {
        name: {one["term"]: one["label"] for one in terms}
        for name, terms in ((one["name"], one["terms"]) for one in api.data("/v1/vocabularies"))
    }
    assert labels["stance"]["supports_conditionally"] == "supports conditionally"
    found = 0
    for facet, vocabulary in (("stance", "stance"), ("kind", "position.kind"), ("claim_status", "claim_status")):
        for counted in api.data("/v1/facets/positions", by=facet):
            ((value, label),) = ((one["value"], one["label"]) for one in counted["values"])
            assert labels[vocabulary][value] == label
            found += "_" in value
    assert found
    page = api.ask("/explore/vocabularies").text
    assert all(
        f">{label}</dt>" in page for name, terms in labels.items() if name != "stance" for label in terms.values()
    )


def hits(api: Api, q: str, **query: str) -> list[str]:
    return [f"{one['collection']}/{one['id']}" for one in api.data("/v1/search", q=q, limit=200, **query)]


def test_search_finds_records_of_every_collection_by_words_in_some_form(api: Api) -> None:
    assert "proposals/pepper-plan" in hits(api, "peppers plans")
    assert "parties/dunmark" in hits(api, "Dunmark")
    assert "sources/wire-copy" in hits(api, "wire")
    assert "terms/pepper-plan-zero-tariff" in hits(api, "pepper tariff")
    assert hits(api, "pepper zebra") == []
    assert len(hits(api, "pepper")) == len(set(hits(api, "pepper"))) > 5


@pytest.mark.parametrize(
    "joined", ["zero-tariff", "tariff-zero", "zero/tariff", "zero.tariff", "zero - tariff", "zero’tariff"]
)
def test_search_takes_words_that_are_joined_for_each_of_them(api: Api, joined: str) -> None:
    assert hits(api, joined) == hits(api, "zero tariff") != []


def test_search_shows_first_what_has_every_word_in_its_name(api: Api) -> None:
    named = ["pepper" in hit["name"].lower() for hit in api.data("/v1/search", q="pepper", limit=200)]
    assert any(named)
    assert not all(named)
    assert named == sorted(named, reverse=True)


@pytest.mark.parametrize("word", ["pepper", "aldoria", "tariff", "saffron"])
def test_search_shows_context_first_then_what_more_origins_assert_and_sources_last(api: Api, word: str) -> None:
    def place(hit: Any) -> tuple[bool, int, str, str]:
        record = api.data(hit["href"])
        origins = record.get("origin_count", 0 if hit["collection"] == "sources" else 1000)
        return word not in hit["name"].lower(), -origins, hit["collection"], hit["id"]

    places = [place(hit) for hit in api.data("/v1/search", q=word, limit=200)]
    assert places == sorted(places)
    assert len({origins for _, origins, *_ in places}) > 2


def test_search_narrows_by_collection_and_pages(api: Api) -> None:
    every = hits(api, "pepper")
    assert hits(api, "pepper", collection="terms,events") == [
        one for one in every if one.startswith(("terms/", "events/"))
    ]
    seen, path = [], "/v1/search?q=pepper&limit=2"
    while path:
        answer = api.get(path)
        assert answer["page"]["total"] == len(every)
        seen += [f"{one['collection']}/{one['id']}" for one in answer["data"]]
        assert len(seen) <= len(every), "a page came twice"
        path = answer["links"]["next"]
    assert seen == every
    api.problem("/v1/search?q=pepper&after=parties/nobody-at-all", 404)
    problem = api.problem("/v1/search?q=pepper&collection=partys", 400)
    assert "“parties”" in problem["detail"]


@pytest.mark.parametrize("resource", RESOURCES.resources, ids=COLLECTIONS)
def test_search_finds_the_records_of_the_collections_that_are_searched_and_no_others(
    api: Api, resource: Resource
) -> None:
    for record in api.all(f"/v1/{resource.name}"):
        found = hits(api, record["id"].replace("-", " "))
        assert (f"{resource.name}/{record['id']}" in found) is resource.searched


@pytest.mark.parametrize("clocks", [{}, {"known_at": "2030-06-01"}, {"mode": "anonymous"}, {"as_of": "2030-02-01"}])
@pytest.mark.parametrize("word", ["pepper", "aldoria", "dünmark", "tariff", "share", "ga*", "th*"])
def test_search_by_process_has_what_the_lists_of_the_process_have(api: Api, word: str, clocks: dict[str, str]) -> None:
    every = hits(api, word, **clocks)
    found = {}
    for process in ("spice-round", "glacier-accord"):
        of_it = {f"processes/{process}"}
        for collection in {one.split("/")[0] for one in every} - {"processes"}:
            given = {name: day for name, day in clocks.items() if name in RESOURCES.by_name[collection].model.clocks}
            of_it |= {f"{collection}/{id}" for id in api.ids(f"/v1/{collection}", process=process, **given)}
        found[process] = hits(api, word, process=process, **clocks)
        assert found[process] == [one for one in every if one in of_it]
        assert hits(api, word, process=process, collection="parties,terms", **clocks) == [
            one for one in found[process] if one.startswith(("parties/", "terms/"))
        ]
    assert set(hits(api, word, process="spice-round,glacier-accord", **clocks)) == set().union(*found.values())
    assert hits(api, word, process="*", **clocks) == every


def test_search_by_process_leaves_out_and_pages(api: Api) -> None:
    spice, glacier = (hits(api, "ta*", process=process) for process in ("spice-round", "glacier-accord"))
    assert "sources/tariff-dataset" in set(spice) & set(glacier), "what both use"
    assert set(spice) - set(glacier)
    assert "statements/dunmark-for-share" in hits(api, "dünmark", process="glacier-accord")
    assert hits(api, "dünmark", process="spice-round") == []
    assert hits(api, "glacier accord", process="glacier-accord") == ["processes/glacier-accord"]
    found = hits(api, "aldoria", process="spice-round")
    assert [
        f"{one['collection']}/{one['id']}" for one in api.all("/v1/search", q="aldoria", process="spice-round", limit=2)
    ] == found
    assert api.get("/v1/search", q="aldoria", process="spice-round")["page"]["total"] == len(found)
    (error,) = api.problem("/v1/search", 404, q="aldoria", process="spice-rounds")["errors"]
    assert (error["parameter"], "“spice-round”" in error["message"]) == ("process", True)


def test_search_says_what_it_searches(api: Api) -> None:
    operation = api.get("/openapi.json")["paths"]["/search"]["get"]
    described = operation["description"].partition(":")[0]
    for collection in COLLECTIONS:
        named = api.ask("/v1/search", q="pepper", collection=collection).status_code == 200
        assert (collection in described) == named, collection


def test_search_needs_words(api: Api) -> None:
    assert [one["parameter"] for one in api.problem("/v1/search", 400)["errors"]] == ["q"]
    assert [one["parameter"] for one in api.problem("/v1/search?q=", 400)["errors"]] == ["q"]


def test_search_tells_only_what_the_clocks_show(api: Api) -> None:
    assert "statements/aldoria-against-pensions" in hits(api, "pensions")
    assert "statements/aldoria-against-pensions" not in hits(api, "pensions", known_at="2031-01-01")
    assert "issues/dockers-pensions" in hits(api, "pensions", known_at="2029-01-01"), "an issue has no clock"


def test_what_was_found_is_marked_and_the_rest_escaped(api: Api) -> None:
    for one in api.data("/v1/search", q="pepper", limit=200):
        assert "<mark>" in one["highlight"].lower()
        assert one["highlight"].count("<") == one["highlight"].count("<mark>") + one["highlight"].count("</mark>")


def test_a_text_cannot_write_markup_into_a_highlight(make_service: object, world: object) -> None:
    path = world / "spice-round" / "events.yaml"
    path.write_text(
        path.read_text().replace(
            "summary: Three sides met about pepper.", "summary: 'A <script>alert(1)</script> \\x02 & pepper.'"
        )
    )
    (world / "release.yaml").write_text("id: w-x\ndate: 2031-07-01\n")
    found = Api(make_service(world).wsgi).data("/v1/search", q="pepper", collection="events")
    assert "<script>" not in found[0]["highlight"]
    assert "&amp;" in found[0]["highlight"], "PostgreSQL leaves the tags out, SQLite has them escaped"


@pytest.mark.parametrize("path", ["/", "/docs/"])
def test_the_pages_answer(api: Api, path: str) -> None:
    assert api.client.get(path, follow_redirects=True).status_code == 200
