"""Every filter of the table: right values, wrong ones, several, none; each against a naive reading of the records."""

from collections.abc import Callable
from typing import Any

import pytest
from support import CITED, COLLECTIONS, Api

from api.models import Evidence
from api.parameters import UNSEARCHED
from api.resource import Filter, Resource
from api.resources import RESOURCES
from schemas.vocabulary import ClaimStatus, Mode

Record = dict[str, Any]


def ids(refs: Any) -> set[str]:
    """The ids of a reference, of a list of them, or of nothing."""
    return {refs["id"]} if isinstance(refs, dict) else {one["id"] for one in refs or ()}


def topics(api: Api) -> dict[str, set[str]]:
    """Each issue with itself and the topic that it belongs to."""
    return {one["id"]: {one["id"]} | ids(one["parent"]) for one in api.all("/v1/issues")}


def values(api: Api, resource: Resource, name: str, record: Record) -> set[str]:
    """The values of a filter that a record has, read naively from its answer."""
    special: dict[str, Callable[[], set[str]]] = {
        "speaker": lambda: (
            ids(record["speaker"])
            if resource.model is Evidence
            else {
                one["speaker"]["id"]
                for one in api.data(record["href"])["evidence"]
                if one["speaker"] and one["relation"] in ("asserts", "confirms")
            }
        ),
        "issue": lambda: set().union(
            *(
                topics(api)[id]
                for id in (
                    {term["issue"]["id"] for term in api.data(record["href"])["terms"]}
                    if resource.name == "proposals"
                    else ids(record["issue"])
                )
            )
        ),
        "affiliation": lambda: {one["party"]["id"] for one in record["affiliations"]},
        "subject": lambda: {f"{record['subject']['collection']}/{record['subject']['id']}"},
        "proposer": lambda: ids(record["proposers"]),
        "addressee": lambda: ids(record["addressees"]),
        "participant": lambda: ids(record["participants"]),
        "host": lambda: ids(record["hosts"]),
        "mediator": lambda: ids(record["mediators"]),
        "author": lambda: ids(record["authors"]),
    }
    if name in special:
        return special[name]()
    value = record[name]
    if isinstance(value, dict | list):
        return ids(value)
    return {value} if value is not None else set()


FILTERS = [(resource, one) for resource in RESOURCES for one in resource.filters]
NAMES = [f"{resource.name}-{one.name}" for resource, one in FILTERS]


@pytest.mark.parametrize(("resource", "one"), FILTERS, ids=NAMES)
def test_a_filter_picks_just_the_records_that_have_the_value(api: Api, resource: Resource, one: Filter) -> None:
    path = f"/v1/{resource.name}"
    records = {record["id"]: values(api, resource, one.name, record) for record in api.all(path)}
    present = sorted(set().union(*records.values()))
    assert present, f"the sample world has a {one.name} in some of the {resource.name}"
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
    present = sorted(set().union(*(values(api, resource, one.name, record) for record in api.all(path))))
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
    record = next(record for record in api.all(path) if values(api, resource, one.name, record))
    value = min(values(api, resource, one.name, record))
    query = {one.name: value} | ({"known_at": "2031-06-30"} if "known_at" in resource.model.clocks else {})
    expected = api.ids(path, **query)
    assert expected
    lines = api.ask(path, format="ndjson", **query).text.splitlines()
    assert len(lines) == len(expected)


@pytest.mark.parametrize(
    "collection", [name for name in COLLECTIONS if name not in ("processes", "releases", "changes")]
)
def test_the_process_filter_picks_the_records_of_its_folder(api: Api, collection: str) -> None:
    path = f"/v1/{collection}"
    for process in ("spice-round", "glacier-accord"):
        expected = [one["id"] for one in api.all(path) if one["process"] and one["process"]["id"] == process]
        assert api.ids(path, process=process) == expected
    api.problem(path, 404, process="spice-rounds")
    assert api.ids(path, process="*") == api.ids(path)


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
        return span.get("earliest") or "0001-01-01", span.get("latest") or "9999-12-31"

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


def test_a_span_may_be_one_day_and_does_not_end_before_it_begins(api: Api) -> None:
    assert api.ids("/v1/events", **{"from": "2030-02-01", "to": "2030-02-01"}) == ["chamber-vote"]
    problem = api.problem("/v1/events", 400, **{"from": "2030-06-01", "to": "2030-01-01"})
    assert [one["parameter"] for one in problem["errors"]] == ["from"]


def test_clocks_and_modes_read_lists_as_filters_do(api: Api) -> None:
    assert api.ids("/v1/demands", mode="*") == api.ids("/v1/demands", mode="") == api.ids("/v1/demands")
    assert api.ids("/v1/demands", mode=[mode.value for mode in Mode]) == api.ids("/v1/demands")
    problem = api.problem("/v1/demands", 400, mode="on_recrod")
    assert problem["errors"][0]["allowed"] == [mode.value for mode in Mode]


SEARCHED = [name for name in COLLECTIONS if name not in UNSEARCHED]


@pytest.mark.parametrize("collection", SEARCHED)
def test_q_finds_a_record_by_a_word_of_its_name(api: Api, collection: str) -> None:
    resource = RESOURCES.by_name[collection]
    for record in api.all(f"/v1/{collection}"):
        if collection == "positions" and record["kind"] == "offer":
            continue
        word = max(record[resource.schema.named_by].replace("'", " ").split(), key=len).strip(".,()")
        assert record["id"] in api.ids(f"/v1/{collection}", q=word.upper())
        assert record["id"] not in api.ids(f"/v1/{collection}", q=f"{word} zebra")


@pytest.mark.parametrize("collection", UNSEARCHED)
def test_q_is_refused_where_nothing_is_searched(api: Api, collection: str) -> None:
    api.problem(f"/v1/{collection}", 400, q="pepper")


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "'",
        "a'b",
        "*",
        "-",
        "NOT",
        "AND OR",
        "(",
        "pepper*",
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
    assert api.ask("/v1/statements", q=words).status_code == 200
    assert api.ask("/v1/search", q=words).status_code == 200


def test_words_without_a_letter_find_nothing_and_blanks_are_no_filter(api: Api) -> None:
    assert api.ids("/v1/parties", q="!?") == []
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
