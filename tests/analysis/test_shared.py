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
