"""Every list and record of the table: shape, order, pages, totals."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CITED, COLLECTIONS, PARTS, Api, path_of, process_began, sorts

from api.representations import array_of_lines, lines
from api.resources import RESOURCES
from schemas.vocabulary import Mode


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_list_has_the_envelope_of_a_list(api: Api, collection: str) -> None:
    answer = api.get(f"/v1/{collection}")
    assert list(answer) == ["data", "page", "links", "meta"]
    assert answer["data"], "the sample world has records in every collection"
    assert answer["page"] == {"limit": 50, "total": answer["page"]["total"], "next": answer["page"]["next"]}
    assert answer["links"].keys() == {"self", "first", "next"}
    assert answer["links"]["self"] == answer["links"]["first"] == f"/v1/{collection}"
    assert answer["meta"] == {
        "release": "w2031-1",
        "as_of": None,
        "known_at": None,
        "mode": [],
        "cite": f"/v1/cite?path=/v1/{collection}",
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_record_in_a_list_is_the_record_by_itself(api: Api, collection: str) -> None:
    for listed in api.all(f"/v1/{collection}"):
        answer = api.get(listed["href"])
        assert list(answer) == ["data", "links", "meta"]
        assert answer["links"] == {"self": listed["href"]}
        alone = answer["data"]
        more = [name for name in alone if name not in listed]
        expected = ["evidence"] if collection in CITED else []
        assert more == (["evidence", "terms"] if collection == "proposals" else expected)
        assert {name: alone[name] for name in listed} == listed
        assert list(alone)[: len(listed)] == list(listed)


@pytest.mark.parametrize("collection", CITED)
def test_a_record_with_evidence_brings_all_of_it(api: Api, collection: str) -> None:
    for listed in api.all(f"/v1/{collection}"):
        alone = api.data(listed["href"])
        assert len(alone["evidence"]) == listed["evidence_count"]
        assert len({one["source"]["id"] for one in alone["evidence"]}) == listed["document_count"]
        assert min(one["known_on"] for one in alone["evidence"]) == listed["first_reported_on"]
        assert api.all(path_of(collection, listed["id"], "evidence"), sort="known_on") == alone["evidence"]


def test_a_proposal_brings_its_terms_in_their_order(api: Api) -> None:
    proposal = api.data("/v1/proposals/pepper-plan")
    assert [term["number"] for term in proposal["terms"]] == [1, 2, 3]
    assert proposal["terms"] == api.all("/v1/proposals/pepper-plan/terms", sort="number")


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_ids_are_unique_and_hrefs_are_their_own_paths(api: Api, collection: str) -> None:
    records = api.all(f"/v1/{collection}")
    # A position's own path is that of its kind.
    assert [one["href"] for one in records] == [
        f"/v1/{one['kind'] + 's' if collection == 'positions' else collection}/{one['id']}" for one in records
    ]
    assert len({one["id"] for one in records}) == len(records)


def _key(api: Api, name: str, record: dict) -> object:
    """What a record is sorted by: where its date has no beginning, by that of its process, but not after its own report or end."""
    if record[name] is None or isinstance(record[name], dict):  # a date
        if begin := (record[name] or {}).get("earliest"):
            return begin
        if "claim_status" not in record:
            return "0001-01-01"
        end = (record.get("valid_until") or {}).get("latest")
        return min(process_began(record, api), record["first_reported_on"], end or "9999-12-31")
    return record[name].encode() if isinstance(record[name], str) else record[name]


SORTS = [
    (resource.name, sort)
    for resource in RESOURCES
    for sort in sorts(resource)
    if (resource.name, sort) != ("evidence", "said_on")  # falls back to its source's date; see below
]


@pytest.mark.parametrize(("collection", "sort"), SORTS)
def test_a_sort_orders_by_its_field_and_then_by_id(api: Api, collection: str, sort: str) -> None:
    upwards = api.all(f"/v1/{collection}", sort=sort)
    keys = [(_key(api, sort, one), one["id"].encode()) for one in upwards]
    assert keys == sorted(keys)
    assert api.all(f"/v1/{collection}", sort=f"-{sort}") == upwards[::-1]


def test_evidence_that_was_said_on_no_known_day_is_placed_by_its_sources_date(api: Api) -> None:
    published = {one["id"]: one["published_on"] for one in api.all("/v1/sources")}
    found = api.all("/v1/evidence", sort="said_on")
    days = [((one["said_on"] or published[one["source"]["id"]] or {}).get("earliest") or "0001-01-01") for one in found]
    assert days == sorted(days)


@pytest.mark.parametrize(("collection", "sort"), [(one.name, sort) for one in RESOURCES for sort in sorts(one)])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_hold_every_record_exactly_once(api: Api, collection: str, sort: str, sign: str, limit: int) -> None:
    whole = api.all(f"/v1/{collection}", sort=sign + sort)
    seen, path = [], f"/v1/{collection}?sort={sign}{sort}&limit={limit}"
    while path:
        answer = api.get(path)
        assert answer["page"]["total"] == len(whole)
        assert len(answer["data"]) <= limit
        seen += answer["data"]
        path = answer["links"]["next"]
        assert answer["page"]["next"] == (answer["data"][-1]["id"] if path else None)
        assert len(seen) <= len(whole)
    assert seen == whole


@given(data=st.data())
def test_after_any_record_comes_what_stands_behind_it(api: Api, data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(list(RESOURCES)))
    sort = data.draw(st.sampled_from(["", "-"])) + data.draw(st.sampled_from(sorts(resource)))
    whole = api.ids(f"/v1/{resource.name}", sort=sort)
    place = data.draw(st.integers(0, len(whole) - 1))
    limit = data.draw(st.integers(1, 5))
    answer = api.get(f"/v1/{resource.name}", sort=sort, after=whole[place], limit=limit)
    assert [one["id"] for one in answer["data"]] == whole[place + 1 : place + 1 + limit]


@pytest.mark.parametrize(
    "query", [{"known_at": "2030-01-31"}, {"as_of": "2030-01-10"}, *({"mode": mode.value} for mode in Mode)]
)
@pytest.mark.parametrize("collection", CITED)
def test_pages_hold_every_record_exactly_once_under_a_clock_too(api: Api, collection: str, query: dict) -> None:
    for sort in (sign + one for one in sorts(RESOURCES.by_name[collection]) for sign in ("", "-")):
        whole = api.ids(f"/v1/{collection}", sort=sort, **query)
        seen, after = [], {}
        while True:
            answer = api.get(f"/v1/{collection}", sort=sort, limit=1, **query, **after)
            assert answer["page"]["total"] == len(whole)
            seen += [one["id"] for one in answer["data"]]
            assert len(seen) <= len(whole), "a page came twice"
            if answer["page"]["next"] is None:
                break
            after = {"after": answer["page"]["next"]}
        assert seen == whole


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("path", "narrowed"),
    [
        ("positions", {"party": "aldoria,borovia,castella"}),
        ("demands", {"issue": "tariffs"}),
        ("terms", {"issue": "tariffs"}),
        ("issues/tariffs/positions", {}),
    ],
)
def test_pages_of_several_values_at_a_clock_are_in_order_of_ids(
    api: Api, path: str, narrowed: dict[str, str], sign: str
) -> None:
    asked = {**narrowed, "known_at": "2031-06-30", "sort": f"{sign}id"}
    whole = api.ids(f"/v1/{path}", **asked)
    assert len(whole) > 1
    assert whole == sorted(whole, reverse=bool(sign)) == api.ids(f"/v1/{path}", limit=1, **asked)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_the_headers_mirror_the_body(api: Api, collection: str) -> None:
    response = api.ask(f"/v1/{collection}", limit=1)
    body = response.get_json()
    assert response.headers["X-Total-Count"] == str(body["page"]["total"])
    assert f'<{body["links"]["first"]}>; rel="first"' in response.headers["Link"]
    assert '</openapi.json>; rel="service-desc"' in response.headers["Link"]
    assert ('rel="next"' in response.headers["Link"]) is (body["links"]["next"] is not None)


@pytest.mark.parametrize(("collection", "part"), PARTS)
def test_a_sub_collection_is_a_list_of_the_same_records(api: Api, collection: str, part: str) -> None:
    by_id = {one["id"]: one for one in api.all(f"/v1/{part}")}
    found = 0
    for id in api.ids(f"/v1/{collection}"):
        path = path_of(collection, id, part)
        listed = api.all(path)
        assert api.get(path, limit=1)["page"]["total"] == len(listed)
        for record in listed:
            found += 1
            role = record.pop("role", None)
            assert (role is not None) is (len(_roles(collection, part)) > 1)
            assert record == by_id[record["id"]]
    assert found, "the sample world has one such at least"


def _roles(collection: str, part: str) -> dict:
    return next((one.roles for one in RESOURCES.by_name[collection].parts if one.resource.name == part), {})


def test_a_partys_positions_are_those_it_holds_and_those_it_voices(api: Api) -> None:
    positions = api.all("/v1/parties/lena-okoro/positions")
    assert [(one["id"], one["role"]) for one in positions] == [("borovia-rejects-zero-tariff", "speaker")]
    held = api.all("/v1/parties/borovia/positions")
    assert {one["role"] for one in held} == {"holder"}
    assert {one["party"]["id"] for one in held} == {"borovia"}
    assert api.all("/v1/parties/tomas-brandt/positions", role="holder") == []
    assert {one["id"] for one in api.all("/v1/parties/tomas-brandt/positions", role="speaker")} == {
        "borovia-saffron-quota"
    }, "a denial is no voicing"


def test_a_topic_stands_for_its_issues(api: Api) -> None:
    of_topic = api.ids("/v1/issues/tariffs/positions")
    of_issues = api.ids("/v1/positions", issue="zero-pepper-tariff,saffron-quota")
    assert of_topic == of_issues
    assert of_topic


def test_positions_are_the_union_of_their_four_kinds(api: Api) -> None:
    kinds = ("demands", "responses", "statements", "offers")
    assert sorted(api.ids("/v1/positions")) == sorted(id for kind in kinds for id in api.ids(f"/v1/{kind}"))
    for kind in kinds:
        for id in api.ids(f"/v1/{kind}"):
            assert api.data(f"/v1/positions/{id}")["kind"] == kind.removesuffix("s")


def test_offers_follow_from_the_terms_that_take_a_side(api: Api) -> None:
    expected = {
        f"{term['id']}-by-{proposer['id']}": term["stance"]
        for proposal in api.all("/v1/proposals")
        for term in api.data(proposal["href"])["terms"]
        for proposer in proposal["proposers"]
        if term["stance"] != "unclear"
    }
    assert {one["id"]: one["stance"] for one in api.all("/v1/offers")} == expected
    assert "pepper-plan-pensions-by-aldoria" not in expected


def test_a_body_with_a_line_separator_is_one_line() -> None:
    bodies = [json.dumps({"summary": f"one\u2028two\x85three\n{number}"}, ensure_ascii=False) for number in range(2)]
    assert lines("\n".join(bodies)) == bodies
    assert json.loads(array_of_lines("\n".join(bodies))) == [json.loads(body) for body in bodies]
    assert (lines(None), array_of_lines(None)) == ([], b"[]")
