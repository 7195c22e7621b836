"""What all analyses share: ids and parameters that are wrong, what `meta` says, and which claims are no stance."""

import pytest
from written import Position, World, evidence


@pytest.mark.parametrize("path", ["/v1/matrix", "/v1/gaps", "/v1/timeline", "/v1/movements", "/v1/silences"])
def test_an_id_that_does_not_exist_is_told_and_so_is_a_parameter(world_of: World, path: str) -> None:
    api = world_of()
    for name, value, near in (("party", "albaa", "alba"), ("issue", "dams", "dam"), ("process", "quarel", "quarrel")):
        for suffix in ("", ".csv"):
            assert f"Did you mean “{near}”" in api.get(path + suffix, 404, **{name: value})["detail"]
    assert api.get(path, 400, partie="alba")["errors"][0]["parameter"] == "partie"
    assert api.get(path, 400, fold="both")["errors"][0]["allowed"] == ["affiliation", "none"]
    assert api.data(path, process="quarrel", party="*", known_at="2001-01-01") == []


def test_meta_names_the_day_the_filters_and_what_the_answer_rests_on(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports"))
    meta = api.get("/v1/gaps", parties="alba,brava", issue="water", as_of="2023-01-01", mode="unattributed")["meta"]
    assert meta["filters"] == {"issue": ["water"], "parties": ["alba", "brava"]}
    assert (meta["as_of"], meta["day"], meta["mode"]) == ("2023-01-01", "2023-01-01", ["unattributed"])
    assert meta["rests_on"] == {"records": 1, "documents": 1, "origins": 1}
    assert api.get("/v1/matrix")["meta"]["day"] == "2024-06-01"
    assert set(api.get("/v1/matrix", compare="mode:author")["meta"]["filters"]) == {"compare"}


def test_a_claim_that_was_retracted_or_denied_is_no_stance(world_of: World) -> None:
    denied = [{"source": "s1", "relation": "denies", "mode": "on_record", "credibility": 5}]
    retracted = [*evidence(("s1", "unattributed")), {**denied[0], "source": "s2", "relation": "retracts"}]
    api = world_of(
        Position("alba", "dam", "supports", more={"evidence": denied}),
        Position("alba", "tolls", "supports", more={"evidence": retracted}),
    )
    assert api.data("/v1/matrix") == []
    assert [row["issue"]["id"] for row in api.data("/v1/matrix", known_at="2022-12-31")] == ["tolls"]


@pytest.mark.parametrize(
    ("holder", "said_on", "status"),
    [
        ("alba", "2022-12-31", "confirmed"),
        ("alba", "2023-01-01", "reported"),
        ("brava", "2023-12-31", "reported"),
        ("brava", "2024-01-01", "confirmed"),
    ],
)
def test_who_speaks_on_the_first_or_last_day_of_an_office_speaks_for_the_state(
    world_of: World, holder: str, said_on: str, status: str
) -> None:
    said = evidence(("s4", "on_record"), speaker="ana", said_on=said_on)
    api = world_of(Position(holder, "dam", "supports", id="said", more={"evidence": said}))
    assert api.data("/v1/statements/said")["claim_status"] == status


def test_of_records_that_a_search_finds_alike_what_more_outlets_assert_comes_first(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", id="a-judged", cited=(("s3", "author"),)),
        Position("alba", "dam", "supports", id="b-told-by-one", cited=(("s1", "anonymous"), ("s2", "anonymous"))),
        Position("alba", "dam", "supports", id="c-told-by-two", cited=(("s3", "anonymous"), ("s4", "anonymous"))),
    )
    found = [hit["id"] for hit in api.data("/v1/search", q="alba dam supports")]
    assert found == ["c-told-by-two", "b-told-by-one", "a-judged"]
