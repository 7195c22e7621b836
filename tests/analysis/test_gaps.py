"""How far apart parties are, on worlds small enough to check by hand."""

from support import ids_of
from written import Position, World


def test_a_gap_has_its_distance_its_blockers_and_who_is_missing(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports"),
        Position("brava", "dam", "opposes"),
        Position("cordia", "dam", "supports_conditionally"),
        Position("alba", "tolls", "supports"),
        Position("brava", "tolls", "opposes_in_part"),
        Position("alba", "truce", "opposes"),
        Position("brava", "truce", "unclear"),
        Position("cordia", "border", "supports"),
    )
    gaps = {gap["issue"]["id"]: gap for gap in api.data("/v1/gaps", parties="alba,brava")}
    assert list(gaps) == ["dam", "tolls", "truce"]
    assert [gap["distance"] for gap in gaps.values()] == [1.0, 0.75, None]
    assert [ids_of(gap["blockers"]) for gap in gaps.values()] == [["brava"], [], []]
    everyone = {gap["issue"]["id"]: gap for gap in api.data("/v1/gaps")}
    assert ids_of(everyone["tolls"]["missing"]) == ["cordia"]
    assert ids_of(everyone["border"]["missing"]) == ["alba", "brava"]
    assert api.data("/v1/gaps", parties="alba", party="brava") == list(gaps.values())


def test_what_was_given_up_separates_no_more_and_is_shown(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports"), Position("brava", "dam", "opposes", "2022-01-01", "2023-01-01"))
    (gap,) = api.data("/v1/gaps")
    assert (gap["distance"], gap["blockers"], gap["missing"]) == (None, [], [])
    assert [stance["ended"] for stance in gap["stances"]] == [False, True]
    assert api.data("/v1/gaps", as_of="2022-06-01")[0]["distance"] == 1.0


def test_the_table_of_gaps_has_a_stance_and_a_score_for_each_party(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports"), Position("brava", "dam", "opposes"))
    (line,) = api.get("/v1/gaps.json", parties="alba,brava,cordia")
    assert (line["issue_id"], line["distance"], line["missing_ids"]) == ("dam", 1.0, "cordia")
    assert (line["alba"], line["brava_score"], line["cordia"], line["cordia_score"]) == ("supports", -1.0, None, None)
