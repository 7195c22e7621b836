"""The long table of the matrix: the positions behind each cell, and since when the party has held the stance."""

from typing import Any

import pytest
from written import Position, World

EARLY, MIDDLE, LATE = ((("s1", "on_record"),), (("s2", "anonymous"),), (("s3", "author"),))


def test_the_long_table_has_a_row_for_each_position_behind_a_cell(world_of: World) -> None:
    api = world_of(
        Position("ministry", "dam", "supports", "2021-05", cited=(("s1", "on_record"), ("s3", "unattributed"))),
        Position("brava", "dam", "opposes", "2022/2023", cited=(("s3", "unattributed"),)),
        Position("brava", "dam", "supports", "2022-02/2023", cited=(("s3", "unattributed"),)),
        Position("alba", "tolls", "opposes", "2021-01-01", "2022-01-01"),
    )
    for query in ({}, {"as_of": "2022-06-01"}, {"known_at": "2023-06-01"}, {"party": "brava"}, {"fold": "none"}):
        rows = api.get("/v1/stances.json", **query)
        drawn = [(row["issue"], cell) for row in api.data("/v1/matrix", **query) for cell in row["cells"]]
        assert [
            (
                *(line[name] for name in ("issue_id", "party_id", "conflicting", "ended")),
                *(
                    line[name]
                    for name in ("position_id", "holder_id", "stance", "claim_status", "reported_on", "assumed")
                ),
                line["valid_from_edtf"],
            )
            for line in rows
        ] == [
            (
                *(issue["id"], cell["party"]["id"], cell["conflicting"], cell["ended"]),
                *(one["position"]["id"], one["holder"]["id"], one["stance"], one["claim_status"]),
                *(one["first_reported_on"], one["assumed"]),
                one["valid_from"] and one["valid_from"]["edtf"],
            )
            for issue, cell in drawn
            for one in cell["records"]
        ]
    (line,) = [line for line in api.get("/v1/stances.json") if line["holder_id"] == "ministry"]
    assert (line["party_id"], line["document_count"], line["origin_count"]) == ("alba", 2, 2)
    assert [line["assumed"] for line in api.get("/v1/stances.json", as_of="2022-06-01", party="brava")] == [True, True]


def since(api: Any, **query: Any) -> list[tuple[str | None, int, int, int]]:
    names = ("since_edtf", "agreeing_count", "agreeing_document_count", "agreeing_origin_count")
    return [tuple(line[name] for name in names) for line in api.get("/v1/stances.json", **query)]


def test_a_later_remark_makes_no_stance_new(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-05", cited=EARLY),
        Position("alba", "dam", "supports", "2022~/2023", cited=MIDDLE),
        Position("alba", "dam", "supports", cited=LATE),
    )
    (line,) = api.get("/v1/stances.json")
    assert (line["valid_from"], line["document_count"], line["origin_count"]) == (None, 1, 0), (
        "that of the remark itself"
    )
    assert since(api) == [("2021-05", 3, 3, 1)], "s1 and s2 are of one agency, and a writer's own word is no origin"
    assert since(api, known_at="2023-12-31") == [("2021-05", 2, 2, 1)]
    assert since(api, mode="anonymous") == [("2022~/2023", 1, 1, 1)]
    assert since(api, as_of="2021-12-31") == [("2021-05", 1, 1, 1)]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (Position("alba", "dam", "opposes", "2021-06", cited=EARLY), ("2023-01-01", 1, 1, 1)),
        (Position("alba", "dam", "supports", "2021-06", "2022-12-30", cited=EARLY), ("2023-01-01", 1, 1, 1)),
        (Position("alba", "dam", "supports", "2021-06", "2022-12-31", cited=EARLY), ("2021-06", 2, 2, 1)),
        (Position("brava", "dam", "supports", "2021-06", cited=EARLY), ("2023-01-01", 1, 1, 1)),
        (Position("alba", "tolls", "supports", "2021-06", cited=EARLY), ("2023-01-01", 1, 1, 1)),
        (Position("ministry", "dam", "supports", "2021-06", cited=EARLY), ("2021-06", 2, 2, 1)),
    ],
)
def test_another_stance_or_an_end_between_makes_it_new(
    world_of: World, first: Position, expected: tuple[str, int, int, int]
) -> None:
    api = world_of(first, Position("alba", "dam", "supports", "2023-01-01", cited=MIDDLE))
    assert since(api, issue="dam", party="alba") == [expected]


def test_what_was_held_before_another_stance_does_not_count(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2020", cited=EARLY),
        Position("alba", "dam", "opposes", "2021-06", cited=EARLY),
        Position("alba", "dam", "supports", "2022-01", cited=MIDDLE),
        Position("alba", "dam", "supports", "2022-06", "2022-07", cited=MIDDLE),
        Position("alba", "dam", "supports", "2023-06", cited=LATE),
    )
    assert since(api) == [("2022-01", 2, 2, 1)], "the second of these lasted; what ended within it adds nothing"


def test_without_a_beginning_it_is_held_since_its_first_report_or_earlier(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports", cited=EARLY))
    assert since(api) == [("/2022-03-01", 1, 1, 1)]
    (line,) = api.get("/v1/stances.json")
    assert (line["since"], line["since_latest"], line["since_precision"]) == ("2022-03-01", "2022-03-01", "interval")


@pytest.mark.parametrize(("valid_from", "told"), [("/2022-02", "/2022-02"), ("/2023-05-01", "/2022-03-01")])
def test_a_stance_is_not_held_only_since_after_its_first_report(world_of: World, valid_from: str, told: str) -> None:
    api = world_of(Position("alba", "dam", "supports", valid_from, cited=(*EARLY, *MIDDLE)))
    assert since(api) == [(told, 1, 2, 1)]


def test_where_records_conflict_no_stance_has_been_held(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2020", cited=EARLY),
        Position("alba", "dam", "supports", "2022/2023", cited=MIDDLE),
        Position("alba", "dam", "opposes", "2022/2023", cited=EARLY),
    )
    assert since(api) == [(None, 1, 1, 1), (None, 1, 1, 1)]
