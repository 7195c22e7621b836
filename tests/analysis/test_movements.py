"""Changes of a party's stance."""

from typing import Any

from support import Api, ids_of
from written import Position, World, demand, evidence, plan, term


def moved(api: Api, **query: Any) -> list[tuple[Any, ...]]:
    return [
        (row["party"]["id"], row["direction"], row["before_stance"], row["after_stance"], ids_of(row["toward"]))
        for row in api.data("/v1/movements", **query)
    ]


def test_a_movement_concedes_or_hardens_toward_others(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "opposes", "2022-01-01"),
        Position("alba", "dam", "supports_conditionally", "2023-01-01", cited=late),
        Position("alba", "dam", "supports", "2024-01-01", cited=late),
        Position("brava", "dam", "supports", "2022-01-01"),
        Position("cordia", "dam", "opposes", "2022-01-01"),
        Position("brava", "tolls", "undecided", "2022-01-01"),
        Position("brava", "tolls", "unclear", "2023-01-01", cited=late),
    )
    assert moved(api) == [
        ("alba", "reversed", "opposes", "supports_conditionally", ["brava"]),
        ("brava", "unclear", "undecided", "unclear", []),
        ("alba", "hardened", "supports_conditionally", "supports", ["brava"]),
    ]
    assert ids_of(api.data("/v1/movements")[0]["away_from"]) == ["cordia"]
    assert len(moved(api, as_of="2023-06-01")) == 2
    assert moved(api, known_at="2023-06-01") == []
    assert moved(api, party="brava", issue="dam") == []


def test_to_cross_is_to_reverse_toward_the_others_or_away_from_them(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "opposes", "2022-01-01"),
        Position("alba", "dam", "opposes_in_part", "2022-02-01", cited=late),
        Position("alba", "dam", "supports", "2023-01-01", cited=late),
        Position("alba", "dam", "opposes_in_part", "2024-01-01", cited=late),
        Position("brava", "dam", "supports", "2022-01-01"),
    )
    assert moved(api) == [
        ("alba", "conceded", "opposes", "opposes_in_part", ["brava"]),
        ("alba", "reversed", "opposes_in_part", "supports", ["brava"]),
        ("alba", "reversed", "supports", "opposes_in_part", []),
    ]
    assert ids_of(api.data("/v1/movements")[-1]["away_from"]) == ["brava"]


def test_a_position_given_up_moves_to_nothing_unless_it_was_met(world_of: World) -> None:
    taught = evidence(("s2", "unattributed")) + evidence(("s4", "on_record"), bears_on=["valid_until"])
    api = world_of(
        Position("brava", "truce", "opposes", "2022-01-01"),
        demands=[
            demand("given-up", "alba", [], valid_until="2023-04-01", lifecycle="dropped", evidence=taught),
            demand("granted", "alba", [], "dam", valid_until="2023-04-01", lifecycle="met"),
            demand("kept", "alba", [], "tolls"),
        ],
    )
    assert moved(api) == [
        ("alba", "fulfilled", "supports", None, []),
        ("alba", "dropped", "supports", None, []),
    ]
    given_up = api.data("/v1/movements", issue="truce")[0]
    assert given_up["away_from"] == [], "to hold nothing is not to stand half-way"
    assert (given_up["occurred_on"]["edtf"], given_up["first_reported_on"]) == ("2023-04-01", "2024-05-01")
    assert moved(api, issue="truce", known_at="2024-04-30") == [], "nobody knew yet that it was given up"
    assert moved(api, as_of="2023-03-31") == []


def test_from_and_to_pick_what_may_have_moved_between_the_days(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "opposes", "2022-01-01"),
        Position("alba", "dam", "supports", "2023-02", cited=late),
        Position("alba", "dam", "opposes", "2024-04/2025", cited=late),
        Position("brava", "dam", "supports", "2022-01-01"),
        demands=[
            demand(
                "by-then", "alba", [], "tolls", valid_from="2022-02-01", valid_until="/2022-06-30", lifecycle="dropped"
            ),
            demand("that-year", "alba", [], "border", valid_from="2022-02-01", valid_until="2023", lifecycle="met"),
        ],
    )
    #: The first and the last day on which each may have happened.
    spans = {
        "that-year": ("2023-01-01", "2023-12-31"),
        "by-then": ("2022-02-01", "2022-06-30"),
        ("dam", "supports"): ("2023-02-01", "2023-02-28"),
        ("dam", "opposes"): ("2024-04-01", "2024-05-01"),  # it was known by the latter, when it was first reported
    }

    def found(**query: str) -> set[Any]:
        rows = api.get("/v1/movements.json", **query)
        answer = api.get("/v1/movements", **query)
        assert len(rows) == len(answer["data"])
        held = {row[name] for row in rows for name in ("before_id", "after_id") if row[name]}
        assert answer["meta"]["rests_on"]["records"] == len(held)
        return {(row["issue_id"], row["after_stance"]) if row["after_id"] else row["before_id"] for row in rows}

    assert found() == set(spans)
    for day in sorted({day for span in spans.values() for day in span} | {"2022-01-31", "2022-07-01", "2024-05-02"}):
        assert found(**{"from": day}) == {one for one, (_, last) in spans.items() if last >= day}
        assert found(to=day) == {one for one, (first, _) in spans.items() if first <= day}
        assert found(**{"from": day, "to": day}) == {one for one, (a, b) in spans.items() if a <= day <= b}
    toward = {row["after_stance"]: row["toward"] for row in api.data("/v1/movements", issue="dam")}
    (alone,) = api.data("/v1/movements", issue="dam", **{"from": "2024-01-01"})
    assert alone["toward"] == toward["opposes"], "whom it went toward does not depend on the days asked for"


def test_stances_in_conflict_are_no_movement(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "supports", "2023", cited=late),
        Position("alba", "dam", "opposes", "2023-05", cited=late),
    )
    assert moved(api) == []


def test_an_end_is_known_from_the_first_evidence_that_teaches_it(world_of: World) -> None:
    taught = evidence(("s3", "on_record"), ("s4", "on_record"), bears_on=["valid_until"])
    given_up = demand("given-up", "alba", [], valid_until="2023-04-01", lifecycle="dropped",
                      evidence=[*evidence(("s2", "unattributed")), *taught])  # fmt: skip
    api = world_of(demands=[given_up])
    (row,) = api.data("/v1/movements")
    assert (row["first_reported_on"], row["first_reported"]["edtf"]) == ("2024-02-01", "2024-02-01")


def test_who_confirmed_a_position_has_not_confirmed_that_it_was_given_up(world_of: World) -> None:
    taught = evidence(("s3", "unattributed"), relation="clarifies", bears_on=["valid_until"])
    openly = evidence(("s1", "on_record"), ("s2", "on_record"), speaker="alba")
    given_up = demand(
        "given-up", "alba", [], valid_until="2023-04-01", lifecycle="dropped", evidence=[*openly, *taught]
    )
    api = world_of(demands=[given_up])
    assert api.data("/v1/demands/given-up")["claim_status"] == "confirmed"
    names = ("claim_status", "document_count", "origin_count", "first_reported_on")
    assert [[row[name] for name in names] for row in api.data("/v1/movements")] == [["reported", 1, 1, "2024-02-01"]]


def test_who_takes_a_side_after_having_been_undecided_hardens(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        *(Position(party, "dam", "undecided", "2022-01-01") for party in ("alba", "brava")),
        Position("alba", "dam", "supports", "2023-01-01", cited=late),
        Position("brava", "dam", "opposes_in_part", "2024-01-01", cited=late),
    )
    assert [row[:4] for row in moved(api)] == [
        ("alba", "hardened", "undecided", "supports"),
        ("brava", "hardened", "undecided", "opposes_in_part"),
    ]


def test_a_movement_has_the_footing_of_the_position_that_it_rests_on(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-01-01", "2022-12-31", cited=(("s1", "on_record"),)),
        Position(
            "alba", "dam", "opposes", "2023-01-01", "2023-12-31", cited=(("s2", "unattributed"), ("s3", "unattributed"))
        ),
    )
    names = ("claim_status", "document_count", "origin_count", "assumed")

    def told(**query: Any) -> list[list[Any]]:
        rows = api.data("/v1/movements", **query)
        assert [[line[name] for name in names] for line in api.get("/v1/movements.json", **query)] == [
            [row[name] for name in names] for row in rows
        ]
        return [[row[name] for name in names] for row in rows]

    assert told() == [["corroborated", 2, 2, False], ["corroborated", 2, 2, False]]
    assert told(known_at="2023-06-01") == [["reported", 1, 1, False], ["reported", 1, 1, False]]
    assert told(as_of="2023-01-01") == [["corroborated", 2, 2, False]]


def test_a_movement_that_may_not_have_happened_by_the_day_is_assumed(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-01-01"),
        Position("alba", "dam", "opposes", "2022-06/2023", cited=(("s3", "unattributed"),)),
    )
    assumed = {
        day: [row["assumed"] for row in api.data("/v1/movements", as_of=day)] for day in ("2022-07-01", "2023-12-31")
    }
    assert assumed == {"2022-07-01": [True], "2023-12-31": [False]}


def test_a_movement_is_found_under_the_process_of_either_position(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "opposes", "2022-01-01", "2022-12-31", id="was"),
        Position("alba", "dam", "opposes", "2024-01-01", id="again", cited=late),
        Position("brava", "tolls", "supports", "2022-01-01", "2022-12-31", id="here"),
        elsewhere=[
            Position("alba", "dam", "supports", "2023-01-01", id="is", cited=late),
            Position("brava", "tolls", "supports", "2022-01-01", id="there"),
            Position("cordia", "border", "supports", "2022-01-01", "2022-12-31", id="gone"),
        ],
    )

    def found(**query: str) -> list[tuple[str, str | None]]:
        rows = api.data("/v1/movements", **query)
        assert len(api.get("/v1/movements.json", **query)) == len(rows)
        return [(row["before"]["id"], row["after"] and row["after"]["id"]) for row in rows]

    assert found() == [("gone", None), ("was", "is"), ("is", "again")]
    assert found(process="feud") == found()
    assert found(process="quarrel") == found(process="quarrel,feud", issue="dam") == [("was", "is"), ("is", "again")]
    assert found(process="quarrel", issue="tolls") == [], "what is held on in another process was not given up"


def test_an_offer_that_is_off_the_table_was_given_up_as_those_tell_who_tell_its_end(world_of: World) -> None:
    ends = evidence(("s3", "on_record"), ("s4", "on_record"), relation="clarifies", bears_on=["status"])
    told = evidence(("s2", "unattributed"))
    openly = evidence(("s2", "on_record"), speaker="cordia")
    api = world_of(
        proposals=[
            plan("idle", status="lapsed", evidence=[*told, *ends], terms=[term("one", 1, "dam", evidence=openly)]),
            plan("old", status="superseded", evidence=[*told, *ends], terms=[term("two", 1, "tolls", evidence=openly)]),
            plan("first", status="superseded", terms=[term("three", 1, "truce"), term("four", 2, "border")]),
            plan("second", supersedes="first", made_on="2024-01-15", evidence=evidence(("s3", "anonymous")),
                 terms=[term("five", 1, "border", stance="opposes", evidence=evidence(("s3", "anonymous")))]),
        ]
    )  # fmt: skip
    names = ("direction", "claim_status", "document_count", "first_reported_on")
    found = {row["issue"]["id"]: row for row in api.data("/v1/movements")}
    assert {issue: [row[name] for name in names] for issue, row in found.items()} == {
        "truce": ["replaced", "reported", 1, "2024-02-01"],
        "border": ["reversed", "reported", 1, "2024-02-01"],
        "dam": ["dropped", "corroborated", 2, "2024-02-01"],
        "tolls": ["replaced", "corroborated", 2, "2024-02-01"],
    }
    assert {issue: row["occurred_on"]["edtf"] for issue, row in found.items()} == {
        "truce": "2024-01-15", "border": "2024-01-15", "dam": "/2024-02-01", "tolls": "/2024-02-01",
    }  # fmt: skip
    assert moved(api, known_at="2024-01-31") == []
