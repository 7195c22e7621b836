"""Every filter of the table: right values, wrong ones, several, none; each against a naive reading of the records."""

import re
from collections.abc import Hashable, Iterator
from operator import attrgetter
from typing import Any

import pytest
from support import CITED, COLLECTIONS, Api, process_began
from werkzeug.datastructures import MultiDict

from api.filters import Filter
from api.operation import Operation
from api.parameters import read
from api.resource import Resource
from api.resources import RESOURCES
from api.views import operations
from schemas.vocabulary import ClaimStatus, Mode

Record = dict[str, Any]
SHARED = [resource.name for resource in RESOURCES if resource.shared]


def ids(value: Any) -> set[str]:
    """The ids of a reference, of a list of them, of those in mappings, or of nothing."""
    if isinstance(value, dict):
        return {value["id"]} if "id" in value else ids(list(value.values()))
    return set().union(*map(ids, value)) if isinstance(value, list) else set()


def topics(api: Api) -> dict[str, set[str]]:
    """Each issue with itself and the topic that it belongs to."""
    return {one["id"]: {one["id"]} | ids(one["parent"]) for one in api.all("/v1/issues")}


def values(api: Api, one: Filter, record: Record) -> set[str]:
    """The values of a filter that a record has, read naively from its answer."""
    if one.name == "speaker" and one.field is None:
        voices = [
            cited for cited in api.data(record["href"])["evidence"] if cited["relation"] in ("asserts", "confirms")
        ]
        return ids([cited["speaker"] for cited in voices])
    if one.name == "issue":
        issues = record["issue"] if one.field else [term["issue"] for term in api.data(record["href"])["terms"]]
        return set().union(*(topics(api)[id] for id in ids(issues)))
    assert one.field, f"how is it told by its answer that a record has a value of the filter {one.name}? Say it here"
    value = record[one.field]
    if one.field == "subject":
        return {f"{value['collection']}/{value['id']}"}
    if isinstance(value, dict | list):
        return ids(value)
    return {value} if value is not None else set()


def having(api: Api, resource: Resource, one: Filter) -> dict[str, set[str]]:
    """The values of a filter that each record has."""
    found = {record["id"]: values(api, one, record) for record in api.all(f"/v1/{resource.name}")}
    assert any(found.values()), (
        f"no record of {resource.name} in tests/world has a value for the filter {one.name}: give it to one there "
        "(offers have what api/loader/derive.py makes of their terms; see “A field” in docs/extending.md)"
    )
    return found


FILTERS = [(resource, one) for resource in RESOURCES for one in resource.filters]
NAMES = [f"{resource.name}-{one.name}" for resource, one in FILTERS]


@pytest.mark.parametrize(("resource", "one"), FILTERS, ids=NAMES)
def test_a_filter_picks_just_the_records_that_have_the_value(api: Api, resource: Resource, one: Filter) -> None:
    path = f"/v1/{resource.name}"
    records = having(api, resource, one)
    present = sorted(set().union(*records.values()))
    for value in present:
        assert set(api.ids(path, **{one.name: value})) == {id for id, has in records.items() if value in has}
    several = present[:2]
    expected = {id for id, has in records.items() if has & set(several)}
    assert set(api.ids(path, **{one.name: ",".join(several)})) == expected
    assert set(api.ids(path, **{one.name: several})) == expected, "repeated is the same as separated by commas"
    assert api.get(path, **{one.name: several[0]})["page"]["total"] == len(api.ids(path, **{one.name: several[0]}))


@pytest.mark.parametrize(("resource", "one"), FILTERS, ids=NAMES)
def test_a_star_or_nothing_is_no_filter(api: Api, resource: Resource, one: Filter) -> None:
    path = f"/v1/{resource.name}"
    everything = api.ids(path)
    for value in ("*", "", ",", ",,"):
        assert api.ids(path, **{one.name: value}) == everything


@pytest.mark.parametrize(("resource", "one"), FILTERS, ids=NAMES)
def test_a_value_that_does_not_exist_is_refused_with_the_nearest(api: Api, resource: Resource, one: Filter) -> None:
    path = f"/v1/{resource.name}"
    present = sorted(set().union(*having(api, resource, one).values()))
    wrong = f"{present[-1]}x" if one.vocabulary is None else f"{next(iter(one.vocabulary))}x"
    for query in ({one.name: wrong}, {one.name: [present[0], wrong]}, {one.name: f"{present[0]},{wrong}"}):
        if one.vocabulary:
            problem = api.problem(path, 400, **query)
            assert problem["errors"][0]["allowed"] == [term.value for term in one.vocabulary]
            assert f"“{next(iter(one.vocabulary))}”" in problem["detail"]
        else:
            problem = api.problem(path, 404, **query)
            assert "Did you mean" in problem["detail"]
            assert one.name in problem["detail"]
        assert wrong in problem["detail"]


@pytest.mark.parametrize(("resource", "one"), FILTERS, ids=NAMES)
def test_a_filter_works_on_the_flat_table_and_under_clocks(api: Api, resource: Resource, one: Filter) -> None:
    path = f"/v1/{resource.name}"
    value = min(set().union(*having(api, resource, one).values()))
    query = {one.name: value} | ({"known_at": "2031-06-30"} if "known_at" in resource.model.clocks else {})
    expected = api.ids(path, **query)
    assert expected
    lines = api.ask(path, format="ndjson", **query).text.splitlines()
    assert len(lines) == len(expected)


@pytest.mark.parametrize("collection", [one.name for one in RESOURCES if "process" in one.schema._declared_fields])
def test_the_process_filter_picks_the_records_of_its_folder_and_the_shared_that_they_use(
    api: Api, collection: str
) -> None:
    path = f"/v1/{collection}"
    everything = {name: {one["id"]: one for one in api.all(f"/v1/{name}")} for name in (*CITED, "evidence", *SHARED)}
    for process in ("spice-round", "glacier-accord"):
        own = {
            f"{name}/{id}"
            for name, records in everything.items()
            for id, one in records.items()
            if one["process"] and one["process"]["id"] == process
        }
        used = closure(everything, own)
        expected = (
            [one["id"] for one in api.all(path) if f"{collection}/{one['id']}" in used]
            if collection in SHARED
            else [one["id"] for one in api.all(path) if one["process"] and one["process"]["id"] == process]
        )
        assert api.ids(path, process=process) == expected
        counts = api.data(f"/v1/facets/{collection}", by="process")
        assert [one["count"] for one in counts if one["values"][0]["value"] == process] == (
            [len(expected)] if expected else []
        )
    api.problem(path, 404, process="spice-rounds")
    assert api.ids(path, process="*") == api.ids(path)


def closure(everything: dict[str, dict[str, Any]], own: set[str]) -> set[str]:
    """What some records name, and what the shared records among these name in their turn, as ``collection/id``."""
    found, waiting = set(own), list(own)
    while waiting:
        collection, _, id = waiting.pop().partition("/")
        for href in hrefs_in(everything.get(collection, {}).get(id)):
            named = href.removeprefix("/v1/")
            if named.partition("/")[0] in SHARED and named not in found:
                found.add(named)
                waiting.append(named)
    return found


def hrefs_in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from hrefs_in(one)
    elif isinstance(value, dict):
        if isinstance(value.get("href"), str):
            yield value["href"]
        for one in value.values():
            yield from hrefs_in(one)


@pytest.mark.parametrize("collection", CITED)
def test_the_claim_status_filter_agrees_with_the_claim_status(api: Api, collection: str) -> None:
    records = api.all(f"/v1/{collection}")
    for status in ClaimStatus:
        expected = [one["id"] for one in records if one["claim_status"] == status]
        assert api.ids(f"/v1/{collection}", claim_status=status.value) == expected
    problem = api.problem(f"/v1/{collection}", 400, claim_status="confirmd")
    assert "Did you mean “confirmed”" in problem["detail"]


def test_the_sample_world_has_every_claim_status(api: Api) -> None:
    seen = {one["claim_status"] for name in CITED for one in api.all(f"/v1/{name}")}
    assert seen == {status.value for status in ClaimStatus}


SPANS = {
    "proposals": "made_on",
    "events": "occurred_on",
    "sources": "published_on",
}


@pytest.mark.parametrize("collection", SPANS)
@pytest.mark.parametrize("day", ["2028-12-31", "2030-01-01", "2030-01-02", "2030-01-31", "2030-03-01", "2031-12-31"])
def test_from_and_to_pick_what_may_lie_in_the_span(api: Api, collection: str, day: str) -> None:
    def bounds(record: Record) -> tuple[str, str]:
        span = record[SPANS[collection]] or {}
        latest = span.get("latest") or "9999-12-31"
        began = process_began(record, api) if "first_reported_on" in record else "0001-01-01"
        return span.get("earliest") or min(began, latest, record.get("first_reported_on", latest)), latest

    records = {one["id"]: bounds(one) for one in api.all(f"/v1/{collection}")}
    path = f"/v1/{collection}"
    assert set(api.ids(path, **{"from": day})) == {id for id, (_, end) in records.items() if end >= day}
    assert set(api.ids(path, to=day)) == {id for id, (begin, _) in records.items() if begin <= day}
    assert set(api.ids(path, **{"from": day, "to": day})) == {id for id, (b, e) in records.items() if b <= day <= e}


@pytest.mark.parametrize(
    "moment", ["2030-01-02", "2030-01-02T00:00:00Z", "2030-01-02T23:59:59.999Z", "2030-01-02T12:00", "1893542400000"]
)
def test_a_moment_is_a_date_a_date_time_or_milliseconds(api: Api, moment: str) -> None:
    assert api.ids("/v1/events", **{"from": moment, "to": moment}) == api.ids(
        "/v1/events", **{"from": "2030-01-02", "to": "2030-01-02"}
    )
    assert api.ids("/v1/events", **{"from": moment}) != api.ids("/v1/events", **{"from": "2030-02-02"})


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2030-01-31T23:30:00-05:00", "2030-02-01"),
        ("2030-02-02T00:30:00+0100", "2030-02-01"),
        ("2030-02-01T23:30:00+00:00", "2030-02-01"),
        ("2030-02-01T23:30:00", "2030-02-01"),
        ("1896150600000", "2030-02-01"),
        ("9999-12-31T23:00:00-05:00", "9999-12-31"),
        ("0001-01-01T01:00:00+05:00", "0001-01-01"),
    ],
)
def test_the_day_of_a_moment_is_that_in_utc(api: Api, moment: str, day: str) -> None:
    for name in ("from", "to"):
        assert api.ids("/v1/events", **{name: moment}) == api.ids("/v1/events", **{name: day})


@pytest.mark.parametrize(
    ("moment", "day"), [("0", "1970-01-01"), ("-86400000000", "1967-04-07"), ("10000000000", "1970-04-26")]
)
def test_milliseconds_of_long_ago_are_meant_where_they_have_eleven_digits_or_are_none(
    api: Api, moment: str, day: str
) -> None:
    assert api.ids("/v1/events", to=moment) == api.ids("/v1/events", to=day) != api.ids("/v1/events")


def test_a_span_may_be_one_day_and_does_not_end_before_it_begins(api: Api) -> None:
    assert api.ids("/v1/events", **{"from": "2030-02-01", "to": "2030-02-01"}) == ["chamber-vote"]
    problem = api.problem("/v1/events", 400, **{"from": "2030-06-01", "to": "2030-01-01"})
    assert [one["parameter"] for one in problem["errors"]] == ["from"]


def test_clocks_and_modes_read_lists_as_filters_do(api: Api) -> None:
    assert api.ids("/v1/demands", mode="*") == api.ids("/v1/demands", mode="") == api.ids("/v1/demands")
    assert api.ids("/v1/demands", mode=[mode.value for mode in Mode]) == api.ids("/v1/demands")
    problem = api.problem("/v1/demands", 400, mode="on_recrod")
    assert problem["errors"][0]["allowed"] == [mode.value for mode in Mode]


WORDED = [one.name for one in RESOURCES if one.takes_words]


@pytest.mark.parametrize("collection", WORDED)
def test_q_finds_a_record_by_a_word_of_its_name(api: Api, collection: str) -> None:
    resource = RESOURCES.by_name[collection]
    for record in api.all(f"/v1/{collection}"):
        word = max(record[resource.schema.named_by].replace("'", " ").split(), key=len).strip(".,()")
        assert record["id"] in api.ids(f"/v1/{collection}", q=word.upper())
        assert record["id"] not in api.ids(f"/v1/{collection}", q=f"{word} zebra")


@pytest.mark.parametrize(
    "clocks",
    [
        {},
        {"known_at": "2030-01-31"},
        {"known_at": "2030-12-31"},
        {"as_of": "2030-02-01"},
        {"mode": "anonymous,on_record"},
    ],
)
@pytest.mark.parametrize("word", ["quota", "tariff", "pepper", "monitors"])
def test_q_finds_an_offer_by_the_words_of_its_term(api: Api, word: str, clocks: Record) -> None:
    terms = set(api.ids("/v1/terms", q=word))
    expected = [one["id"] for one in api.all("/v1/offers", **clocks) if one["term"]["id"] in terms]
    assert api.ids("/v1/offers", q=word, **clocks) == expected
    assert api.ids("/v1/positions", kind="offer", q=word, **clocks) == expected
    assert api.get("/v1/offers", q=word, **clocks)["page"]["total"] == len(expected)
    assert [row["id"] for row in api.get("/v1/offers.json", q=word, **clocks)] == expected
    others = [
        name for name in ("demands", "responses", "statements") for name in api.ids(f"/v1/{name}", q=word, **clocks)
    ]
    assert api.ids("/v1/positions", q=word, **clocks) == sorted([*expected, *others])


def test_the_sample_world_has_offers_that_words_find_and_search_shows_their_terms_alone(api: Api) -> None:
    assert api.ids("/v1/offers", q="quota")
    assert "offers" not in {hit["collection"] for hit in api.all("/v1/search", q="quota")}


@pytest.mark.parametrize("collection", sorted({*COLLECTIONS} - {*WORDED}))
def test_q_is_refused_where_nothing_is_searched(api: Api, collection: str) -> None:
    api.problem(f"/v1/{collection}", 400, q="pepper")


@pytest.mark.parametrize("collection", ["parties", "terms", "offers", "events"])
def test_each_beginning_of_a_word_finds_what_the_word_finds(api: Api, collection: str) -> None:
    resource = RESOURCES.by_name[collection]
    for record in api.all(f"/v1/{collection}")[:8]:
        word = max(re.findall("[a-z]+", record[resource.schema.named_by].lower()), key=len)
        for end in range(2, len(word) + 1):
            found = api.ids(f"/v1/{collection}", q=f"{word[:end]}*")
            assert record["id"] in found
            assert set(api.ids(f"/v1/{collection}", q=word)) <= set(found)
            assert found == [row["id"] for row in api.get(f"/v1/{collection}.json", q=f"{word[:end]}*")]


def test_a_beginning_finds_the_words_that_begin_with_it_and_not_those_with_its_stem(
    make_service: Any, world: Any
) -> None:
    path = world / "common" / "parties.yaml"
    names = ("Partial Securities 2031", "Ünion of Parties")
    path.write_text(
        path.read_text(encoding="utf-8")
        .replace("name: Borovia\n", f"name: {names[0]}\n")
        .replace("name: Castella\n", f"name: {names[1]}\n"),
        encoding="utf-8",
    )
    (world / "release.yaml").write_text("id: w-x\ndate: 2031-07-01\n")
    api = Api(make_service(world).wsgi)
    found = {
        "partia*": ["borovia"],
        "partie*": ["castella", "free-ports-party"],
        "parti*": ["borovia", "castella", "free-ports-party"],
        "securit*": ["borovia"],
        "SECURITIES*": ["borovia"],
        "securitiesx*": [],
        "unio*": ["castella"],
        "ünio*": ["castella"],
        "203*": ["borovia"],
        "204*": [],
        "secur* part* 20*": ["borovia"],
        "securit* zebra": [],
        "zebr* partial": [],
        '"parti* ünion"': ["castella"],
    }
    for typed, expected in found.items():  # `parties` has the stem `parti`, as `party` has
        assert api.ids("/v1/parties", q=typed) == expected, typed
        hits = [hit["id"] for hit in api.all("/v1/search", q=typed, collection="parties")]
        assert sorted(hits) == expected, typed
    (hit,) = api.data("/v1/search", q="securit*", collection="parties")
    assert hit["highlight"] == "Partial <mark>Securities</mark> 2031"


def test_a_beginning_of_too_many_words_is_refused_rather_than_searched_for_long(make_service: Any, world: Any) -> None:
    letters = "abcdefghijklmnop"
    path = world / "common" / "parties.yaml"
    note = " ".join(f"zyx{one}{other}" for one in letters for other in letters)
    path.write_text(
        path.read_text(encoding="utf-8").replace("name: Borovia\n", f"name: Borovia\n  note: {note}\n"),
        encoding="utf-8",
    )
    (world / "release.yaml").write_text("id: w-x\ndate: 2031-07-01\n")
    api = Api(make_service(world).wsgi)
    for path in ("/v1/parties", "/v1/parties.csv", "/v1/search"):
        assert "“zy*” matches more than 200 words" in api.problem(path, 400, q="zy*")["detail"]
        assert api.ask(path, q="zyxa*").status_code == 200
    for path in ("/v1/parties", "/v1/parties.csv", "/v1/search", "/v1/facets/parties?by=kind"):
        both = "&" if "?" in path else "?"
        for more, wrong in (("limt=5", "limt"), ("process=nowhere", "process")):
            told = {one["parameter"] for one in api.problem(f"{path}{both}q=zy*&{more}", 400)["errors"]}
            assert told == {"q", wrong}, "all is told together"
    assert api.ids("/v1/parties", q="zyxa*") == ["borovia"]


def test_a_star_alone_is_no_filter_by_words(api: Api) -> None:
    for path in ("/v1/parties", "/v1/offers"):
        assert api.ids(path, q="*") == api.ids(path)
    assert api.ask("/v1/parties.csv?q=*").data == api.ask("/v1/parties.csv").data


@pytest.mark.parametrize("path", ["/v1/parties", "/v1/offers.csv", "/v1/search", "/v1/facets/positions?by=stance"])
def test_a_beginning_has_two_letters_or_more(api: Api, path: str) -> None:
    both = "&" if "?" in path else "?"
    problem = api.problem(f"{path}{both}q=pepper+r*", 400)
    assert [one["parameter"] for one in problem["errors"]] == ["q"]
    assert "“r*” is too short; “*” must follow at least 2 letters" in problem["detail"]
    assert api.ask(f"{path}{both}q=pepper+re*").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "'",
        "a'b",
        "-",
        "NOT",
        "AND OR",
        "(",
        "pepper*",
        "pepper* (*",
        "pe'*",
        "''",
        "a\\'b",
        "\\\\*",
        "pep*per",
        'col:"x',
        "{a}",
        "^a",
        "a NEAR b",
        "%",
        "_",
        "\\",
        ":*",
        "!&|",
    ],
)
def test_nothing_that_is_typed_is_an_operator(api: Api, words: str) -> None:
    for typed in (f"{words} 7", f"7{words}", f"{words}pepper"):
        assert api.ask("/v1/statements", q=typed).status_code == 200
        assert api.ask("/v1/search", q=typed).status_code == 200


def test_signs_alone_are_refused_and_blanks_are_no_filter(api: Api) -> None:
    for path in ("/v1/parties", "/v1/search"):
        assert "only letters and digits can be searched for" in api.problem(path, 400, q="!?")["detail"]
        assert api.ask(path, q="!? дом").status_code == 200
    assert api.ids("/v1/parties", q=" ") == api.ids("/v1/parties")


def test_filters_narrow_together(api: Api) -> None:
    found = api.ids("/v1/positions", party="borovia,castella", issue="tariffs", stance="supports", kind="demand")
    assert found == ["borovia-saffron-quota", "castella-no-tariff"]
    assert api.ids("/v1/positions", party="borovia", issue="tariffs", kind="demand", claim_status="retracted") == []


def test_a_sub_collection_takes_the_filters_of_its_records(api: Api) -> None:
    assert api.ids("/v1/parties/borovia/positions", kind="demand") == ["borovia-saffron-quota"]
    assert api.ids("/v1/parties/borovia/responses", verdict="rejected") == ["borovia-rejects-zero-tariff"]
    assert api.ids("/v1/proposals/pepper-plan/terms", issue="tariffs") == [
        "pepper-plan-no-quota",
        "pepper-plan-zero-tariff",
    ]
    assert api.ids("/v1/proposals/pepper-plan/evidence", relation="not_confirmed", mode="unattributed")
    api.problem("/v1/parties/borovia/positions", 400, role="owner")
    api.problem("/v1/proposals/pepper-plan/terms", 400, proposal="pepper-plan")
    api.problem("/v1/proposals/pepper-plan/evidence", 400, subject="proposals/pepper-plan")


@pytest.mark.parametrize("operation", operations(RESOURCES), ids=attrgetter("name"))
def test_what_is_read_of_a_query_cannot_be_changed_for_the_next_one(operation: Operation) -> None:
    fields = operation.query.fields
    given = {name: "x" for name, kind in fields.items() if kind.required} | dict(operation.examples)
    asked = {name: value for name, value in given.items() if name in fields}
    for more in ({}, {"mode": "anonymous,on_record"} if "mode" in fields else {}):
        values = read(operation.query, MultiDict({**asked, **more}))
        assert all(isinstance(value, Hashable) for value in values.values()), values
