"""How far apart parties were over time, in small worlds. `test_properties` compares it with the gaps of each day."""

from typing import Any

from support import Api
from written import Position, World


def test_a_span_ends_where_the_distance_changes(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-01-01"),
        Position("brava", "dam", "opposes", "2021-06-01", "2021-09-30"),
        Position("brava", "dam", "supports_conditionally", "2021-10-01"),
        Position("cordia", "dam", "opposes", "2020-01-01"),
    )
    spans = [
        (span["since"], span["until"], span["distance"], span["assumed"])
        for span in api.data("/v1/gaps/history", parties="alba,brava")
    ]
    assert spans == [
        ("2021-01-01", "2021-05-31", None, False),
        ("2021-06-01", "2021-09-30", 1.0, False),
        ("2021-10-01", None, 0.25, False),
    ]


def test_days_without_a_position_belong_to_no_span(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-01-01", "2021-01-31"),
        Position("brava", "dam", "opposes", "2021-03-01", "2021-03-31"),
    )
    spans = [(span["since"], span["until"]) for span in api.data("/v1/gaps/history", parties="alba,brava")]
    assert spans == [("2021-01-01", "2021-01-31"), ("2021-03-01", "2021-03-31")]


def test_from_and_to_select_the_spans_that_meet_a_period(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2021-01-01"),
        Position("brava", "dam", "opposes", "2021-06-01", "2021-09-30"),
    )

    def begins(**period: str) -> list[Any]:
        return [span["since"] for span in api.data("/v1/gaps/history", parties="alba,brava", **period)]

    assert begins() == ["2021-01-01", "2021-06-01", "2021-10-01"]
    assert begins(**{"from": "2021-06-01"}) == ["2021-06-01", "2021-10-01"]
    assert begins(to="2021-05-31") == ["2021-01-01"]
    assert begins(**{"from": "2021-09-30", "to": "2021-09-30"}) == ["2021-06-01"]


def test_the_table_has_a_stance_and_a_score_for_each_party(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports", "2021-01-01"), Position("brava", "dam", "opposes", "2021-01-01"))
    (row,) = api.get("/v1/gaps/history.json", parties="alba,brava,cordia")
    assert (row["issue_id"], row["since"], row["until"], row["distance"]) == ("dam", "2021-01-01", None, 1.0)
    assert (row["alba"], row["alba_score"], row["brava"], row["brava_score"], row["cordia"]) == (
        *("supports", 1.0, "opposes", -1.0),
        None,
    )
    assert row["time"] == 1609459200000
    assert row["missing_ids"] == "cordia"


def test_it_compares_from_two_to_twelve_parties(shipped: Api) -> None:
    told = shipped.get("/v1/gaps/history?parties=russia", 400)["errors"]
    assert [(one["parameter"], one["message"]) for one in told] == [
        ("parties", "has 1 value; at least 2 are required.")
    ]
    (missing,) = shipped.get("/v1/gaps/history", 400)["errors"]
    assert (missing["parameter"], missing["message"]) == ("parties", "is required: The parties to compare.")
    ids = shipped.ids("/v1/parties")[:13]
    (many,) = shipped.get(f"/v1/gaps/history?parties={','.join(ids)}", 400)["errors"]
    (dated,) = shipped.get("/v1/gaps/history?parties=russia,ukraine&as_of=2024-01-01", 400)["errors"]
    assert dated["message"].startswith("unknown parameter. Did you mean “to”?")
    assert many["message"] == "has 13 values; at most 12 are allowed."
