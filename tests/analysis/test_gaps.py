"""How far apart parties are, on worlds small enough to check by hand."""

import pytest
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


def test_a_stance_of_a_gap_has_the_footing_that_the_matrix_gives_it(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", cited=(("s1", "on_record"), ("s3", "unattributed"))),
        Position("brava", "dam", "opposes"),
        Position("brava", "dam", "supports", cited=(("s3", "unattributed"),), valid_from="2021/2023"),
    )
    footing = ("party", "claim_status", "document_count", "origin_count", "assumed")
    for query in ({}, {"known_at": "2023-01-01"}, {"as_of": "2022-01-01"}):
        (gap,), (row,) = api.data("/v1/gaps", **query), api.data("/v1/matrix", **query)
        assert [[one[name] for name in footing] for one in gap["stances"]] == [
            [one[name] for name in footing] for one in row["cells"]
        ]
    alba, _ = api.data("/v1/gaps")[0]["stances"]
    assert (alba["claim_status"], alba["document_count"], alba["origin_count"]) == ("corroborated", 2, 2)


def test_a_distance_that_rests_on_what_is_assumed_says_so(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-01-01"),
        Position("brava", "dam", "opposes", cited=(("s3", "unattributed"),)),
        Position("cordia", "dam", "opposes", "2021-01-01"),
    )

    def told(day: str | None, parties: str) -> tuple[float, bool]:
        (gap,) = api.data("/v1/gaps", parties=parties, **({"as_of": day} if day else {}))
        return gap["distance"], gap["assumed"]

    assert told("2023-01-01", "alba,brava") == (1.0, True)
    assert told("2024-02-01", "alba,brava") == (1.0, False), "the day of the report"
    assert told("2023-01-01", "alba,brava,cordia") == (1.0, False), "it would be the same without Brava"
    assert told(None, "alba,brava") == (1.0, False)
    (line,) = api.get("/v1/gaps.json", parties="alba,brava", as_of="2023-01-01")
    assert line["assumed"] is True
    (line,) = api.get("/v1/matrix.json", as_of="2023-01-01")
    assert line["assumed_ids"] == "brava"


def test_one_party_alone_has_no_gaps(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports"), Position("brava", "dam", "opposes"))
    for path in ("/v1/gaps", "/v1/gaps.csv", "/v1/charts/gaps.vl.json"):
        for query in (
            {"parties": "alba"},
            {"parties": "alba,alba"},
            {"party": "alba"},
            {"parties": "alba", "party": "alba"},
        ):
            problem = api.problem(path, 400, **query)
            assert "“alba” is only one party; name at least two different parties" in problem["detail"], path
    page = api.ask("/explore/gaps", parties="alba", party="")
    assert page.status_code == 200
    assert "choose two different ones" in page.text
    assert "Brava" in page.text
    assert "parties=alba" not in page.text, "what it leads to is the answer that it shows"
    assert api.ask("/embed/gaps", parties="alba").status_code == 400


def test_who_does_not_exist_is_told_by_the_parameter_that_names_them(world_of: World) -> None:
    api = world_of()
    for name in ("party", "parties"):
        problem = api.problem(f"/v1/gaps?{name}=alba,bravo", 404)
        assert [(one["parameter"], one["value"]) for one in problem["errors"]] == [(name, "bravo")]
        assert "Did you mean “brava”?" in problem["detail"]


@pytest.mark.parametrize("other", ["undecided", "unclear", "opposes_in_part"])
def test_nobody_blocks_what_nobody_wants(world_of: World, other: str) -> None:
    api = world_of(Position("alba", "dam", other), Position("brava", "dam", "opposes"))
    assert [gap["blockers"] for gap in api.data("/v1/gaps")] == [[]]


def test_a_later_position_that_has_ended_does_not_hide_an_earlier_one_that_goes_on(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2022-01-01", id="kept"),
        Position("alba", "dam", "opposes", "2022-06-01", "2022-12-31", id="tried", cited=(("s2", "unattributed"),)),
        Position("ministry", "dam", "opposes", "2023-01-01", "2023-03-31", id="over", cited=(("s2", "unattributed"),)),
        Position("brava", "dam", "opposes", "2022-01-01", id="against"),
        Position("cordia", "dam", "supports", "2022-01-01", "2022-02-01", id="first"),
        Position("cordia", "dam", "opposes", "2022-02-15", "2022-03-01", id="last"),
    )

    def held(fold: str, **query: str) -> dict[str, tuple[str, bool]]:
        (row,) = api.data("/v1/matrix", fold=fold, **query)
        lines = api.get("/v1/stances.json", fold=fold, **query)
        (gap,) = api.data("/v1/gaps", fold=fold, **query)
        found = {cell["party"]["id"]: (cell["position"]["id"], cell["ended"]) for cell in row["cells"]}
        assert found == {line["party_id"]: (line["position_id"], line["ended"]) for line in lines}
        assert found == {one["party"]["id"]: (one["position"]["id"], one["ended"]) for one in gap["stances"]}
        assert gap["distance"] == (0.0 if query.get("as_of") == "2022-06-01" else 1.0)
        return found

    for fold in ("affiliation", "none"):
        standing = {party: said for party, said in held(fold).items() if not said[1]}
        assert standing == held(fold, as_of="2024-06-01") == {"alba": ("kept", False), "brava": ("against", False)}
        assert held(fold)["cordia"] == ("last", True), "of those that are over, the one that began last"
        assert held(fold, as_of="2022-06-01")["alba"] == ("tried", False)
    assert all(row["after"] for row in api.data("/v1/movements", party="alba")), "it has given nothing up"
