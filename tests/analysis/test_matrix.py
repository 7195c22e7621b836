"""Which of several positions is a party's stance, whose it is, and what a comparison shows."""

import json
from pathlib import Path
from typing import Any

import pytest
from support import Api
from written import Position, World, evidence, plan, term, write

from schemas.vocabulary import ProposalStatus


def cells(api: Api, **query: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["issue"]["id"], cell["party"]["id"]): cell
        for row in api.data("/v1/matrix", **query)
        for cell in row["cells"]
    }


def stances(api: Api, **query: Any) -> dict[tuple[str, str], str | None]:
    return {key: cell["stance"] for key, cell in cells(api, **query).items()}


def test_the_position_that_began_last_is_the_stance(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "opposes", "2023-05-01", cited=(("s4", "on_record"),)),
        Position("alba", "dam", "supports", "2023-06-01", cited=(("s3", "on_record"),)),
    )
    assert stances(api) == {("dam", "alba"): "supports"}


def test_a_position_of_unknown_beginning_counts_from_its_first_report(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2022-01-01"),
        Position("alba", "dam", "opposes", None, cited=(("s3", "on_record"),)),
        Position("alba", "tolls", "supports", "2024-03-01", cited=(("s4", "on_record"),)),
        Position("alba", "tolls", "opposes", None, cited=(("s3", "on_record"),)),
    )
    assert stances(api) == {("dam", "alba"): "opposes", ("tolls", "alba"): "supports"}


def test_as_of_a_day_before_its_first_report_it_gives_way_to_what_is_known_to_have_begun(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2022-01-01"),
        Position("alba", "dam", "opposes", None, cited=(("s3", "on_record"),)),
        Position("alba", "tolls", "opposes", None, cited=(("s3", "on_record"),)),
    )
    assert stances(api, as_of="2023-01-01") == {("dam", "alba"): "supports", ("tolls", "alba"): "opposes"}


@pytest.mark.parametrize(
    ("first", "second"),
    [("2023-05-01", "2023-05-01"), ("2023", "2023-05-01"), ("2023-01/2023-06", "2023-05"), ("2023?", "2023-04~")],
)
def test_stances_whose_order_is_not_known_conflict_and_both_are_shown(world_of: World, first: str, second: str) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "supports", first, id="one", cited=late),
        Position("alba", "dam", "opposes", second, id="two", cited=late),
    )
    cell = cells(api)["dam", "alba"]
    assert (cell["conflicting"], cell["stance"], cell["score"]) == (True, None, None)
    assert {record["position"]["id"] for record in cell["records"]} == {"one", "two"}
    line = api.get("/v1/matrix.json")[0]
    assert (line["alba"], line["alba_score"]) == ("opposes; supports", None)


def test_records_that_say_the_same_do_not_conflict(world_of: World) -> None:
    api = world_of(*(Position("alba", "dam", "supports", "2022", id=id) for id in ("one", "two")))
    cell = cells(api)["dam", "alba"]
    assert not cell["conflicting"]
    assert cell["position"]["id"] == "two"


def test_a_span_of_beginning_ends_with_the_first_report_and_with_the_end_of_the_position(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "supports", "2023", cited=(("s2", "on_record"),)),
        Position("alba", "dam", "opposes", "2023-06-01", cited=late),
        Position("alba", "tolls", "supports", "2023", "2023-03-01", cited=late),
        Position("alba", "tolls", "opposes", "2023-06-01", cited=late),
    )
    assert stances(api) == {("dam", "alba"): "opposes", ("tolls", "alba"): "opposes"}


def test_an_ended_position_is_marked_and_gone_as_of_a_later_day(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports", "2022-01-01", "2022-12-31"))
    assert cells(api)["dam", "alba"]["ended"]
    assert cells(api, as_of="2022-06-01")["dam", "alba"]["ended"] is False
    assert cells(api, as_of="2023-06-01") == {}


def test_what_a_person_holds_counts_for_the_state_that_the_office_then_spoke_for(world_of: World) -> None:
    api = world_of(
        Position("ana", "dam", "supports", "2022-02-01"),
        Position("ana", "tolls", "supports", "2023-06-01", cited=(("s4", "on_record"),)),
        Position("ana", "truce", "supports", "2024-02-01", cited=(("s4", "on_record"),)),
        Position("zora", "border", "opposes", "2022-01-01"),
    )
    assert set(stances(api)) == {("dam", "alba"), ("tolls", "ana"), ("truce", "brava"), ("border", "zora")}
    apart = set(stances(api, fold="none"))
    assert apart == {("dam", "ana"), ("tolls", "ana"), ("truce", "ana"), ("border", "zora")}


def test_a_party_that_is_asked_for_stands_in_a_column_of_its_own(world_of: World) -> None:
    api = world_of(Position("ana", "dam", "supports", "2022-02-01"), Position("alba", "dam", "opposes", "2022-01-01"))
    assert stances(api) == {("dam", "alba"): "supports"}
    assert stances(api, party="ministry") == {("dam", "ministry"): "supports"}
    assert stances(api, party="alba", fold="none") == {("dam", "alba"): "opposes"}
    assert set(stances(api, party="ana,alba")) == {("dam", "alba"), ("dam", "ana")}
    assert stances(api, party="cordia") == {}


def test_a_topic_stands_for_its_issues_and_folds_them(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports"),
        Position("alba", "tolls", "opposes"),
        Position("brava", "truce", "unclear"),
    )
    assert set(stances(api, issue="water")) == {("dam", "alba"), ("tolls", "alba")}
    folded = {row["topic"]["id"]: row for row in api.data("/v1/matrix", rows="topic")}
    assert folded["water"]["issue_count"] == 2
    assert folded["water"]["cells"][0]["stances"] == {"opposes": 1, "supports": 1}
    assert folded["war"]["cells"][0]["stances"] == {"unclear": 1}


def test_a_comparison_gives_the_cells_that_differ_alone(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", cited=(("s1", "anonymous"),)),
        Position("alba", "tolls", "opposes", "2022", cited=(("s1", "anonymous"),)),
        Position("alba", "tolls", "supports", "2021", cited=(("s1", "on_record"),)),
        Position("brava", "tolls", "supports", cited=(("s1", "on_record"), ("s2", "anonymous"))),
    )

    def differing(comparison: str) -> dict[tuple[str, str], tuple[str | None, str | None]]:
        return {
            (row["issue"]["id"], row["party"]["id"]): tuple(
                row[side] and row[side]["stance"] for side in ("before", "after")
            )
            for row in api.data("/v1/matrix", compare=comparison)
        }

    expected = {("dam", "alba"): ("supports", None), ("tolls", "alba"): ("opposes", "supports")}
    assert differing("mode:on_record") == differing("without:anonymous") == expected
    assert differing("mode:on_record,anonymous") == {}
    assert set(differing("known_at:2022-01-01")) == {("dam", "alba"), ("tolls", "alba"), ("tolls", "brava")}
    assert differing("as_of:2021-06-01") == {("tolls", "alba"): ("opposes", "supports")}


def test_a_stance_that_was_given_up_since_differs_and_is_marked_in_tables(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "opposes", valid_from="2022-01-01", valid_until="2023-01-01"),
        Position("brava", "dam", "supports", valid_from="2022-01-01"),
    )
    (row,) = api.data("/v1/matrix", compare="as_of:2022-06-01")
    assert (row["party"]["id"], row["before"]["ended"], row["after"]["ended"]) == ("alba", True, False)
    assert [row["ended_ids"] for row in api.get("/v1/matrix.json")] == ["alba"]
    assert [row["ended_ids"] for row in api.get("/v1/gaps.json")] == ["alba"]
    assert [row["ended_ids"] for row in api.get("/v1/gaps.json", as_of="2022-06-01")] == [None]


@pytest.mark.parametrize("comparison", ["mode", "mode:loud", "known_at:soon", "known_at:", "fold:none", "as_of:2024"])
def test_a_comparison_that_means_nothing_is_refused(world_of: World, comparison: str) -> None:
    problem = world_of().get("/v1/matrix", 400, compare=comparison)
    assert [error["parameter"] for error in problem["errors"]] == ["compare"]


@pytest.mark.parametrize(
    ("query", "headers", "wrong"),
    [
        ({"rows": "topic", "format": "csv"}, {}, ["rows"]),
        ({"rows": "topic"}, {"Accept": "text/csv"}, ["rows"]),
        ({"rows": "issue", "compare": "mode:on_record", "format": "ndjson"}, {}, ["rows", "compare"]),
        ({"rows": "topic", "compare": "mode:on_record"}, {}, ["rows"]),
    ],
)
def test_what_shapes_the_nested_answer_is_refused_where_it_would_be_ignored(
    world_of: World, query: dict[str, str], headers: dict[str, str], wrong: list[str]
) -> None:
    response = world_of().ask("/v1/matrix", headers=headers, **query)
    assert response.status_code == 400
    assert [error["parameter"] for error in response.get_json()["errors"]] == wrong


def test_a_cell_counts_documents_and_origins(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", cited=(("s1", "anonymous"), ("s2", "anonymous"), ("s3", "author")))
    )
    answer = api.get("/v1/matrix")
    cell = answer["data"][0]["cells"][0]
    assert (cell["document_count"], cell["origin_count"]) == (3, 1)
    assert answer["meta"]["rests_on"] == {"records": 1, "documents": 3, "origins": 1}
    known = api.get("/v1/matrix", known_at="2023-01-01")["meta"]["rests_on"]
    assert known == {"records": 1, "documents": 1, "origins": 1}


def test_the_wide_table_has_two_columns_for_each_party_whatever_their_names(make_service: Any, world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports"), Position("ministry", "dam", "opposes"))
    assert list(api.get("/v1/matrix.json", fold="none")[0]) == [
        *("issue_id", "issue_label", "topic_id", "topic_label", "ended_ids", "ended_labels"),
        *("assumed_ids", "assumed_labels"),
        *("alba", "alba_score", "ministry", "ministry_score"),
    ]
    assert api.ask("/v1/matrix.csv", party="cordia").text.startswith(
        "issue_id,issue_label,topic_id,topic_label,ended_ids,ended_labels,assumed_ids,assumed_labels,cordia,cordia_score"
    )


def test_a_later_position_in_another_process_hides_none_in_this_one(make_service: Any, tmp_path: Path) -> None:
    seeds = write(tmp_path / "two", [Position("alba", "dam", "supports", "2022-01-01")])
    other = Position("alba", "dam", "opposes", "2022-02-01", id="elsewhere")
    (seeds / "dispute").mkdir()
    (seeds / "dispute/process.yaml").write_text(json.dumps({"id": "dispute", "title": "A dispute", "summary": "Two."}))
    (seeds / "dispute/statements.yaml").write_text(json.dumps([other.seed(1)]))
    api = Api(make_service(seeds).wsgi)

    here = ("dam", "alba")
    assert stances(api) == {here: "opposes"}
    assert stances(api, process="quarrel") == {here: "supports"}
    assert stances(api, process="dispute") == stances(api, process="quarrel,dispute") == {here: "opposes"}
    assert stances(api, process="quarrel", as_of="2024-01-01") == {here: "supports"}


def test_what_is_taken_on_the_first_or_last_day_of_an_office_counts_for_the_state(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("ana", "dam", "supports", "2022-12-31", cited=late),
        Position("ana", "tolls", "supports", "2023-01-01", cited=late),
        Position("ana", "truce", "supports", "2023-12-31", cited=late),
        Position("ana", "border", "supports", "2024-01-01", cited=late),
    )
    assert set(stances(api)) == {("dam", "alba"), ("tolls", "ana"), ("truce", "ana"), ("border", "brava")}


def test_a_topic_counts_what_is_assumed(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports", "2021"), Position("alba", "tolls", "opposes"))
    counted = {
        day: api.data("/v1/matrix", rows="topic", as_of=day)[0]["cells"][0]["assumed_count"]
        for day in ("2021-06-01", "2022-02-01", "2022-03-01")
    }
    assert counted == {"2021-06-01": 2, "2022-02-01": 1, "2022-03-01": 0}


def test_a_person_counts_for_no_one_on_a_day_on_which_they_represented_no_one(world_of: World) -> None:
    api = world_of(Position("ana", "dam", "supports", cited=(("s1", "unattributed"),)))
    columns = {
        day: [cell["party"]["id"] for row in api.data("/v1/matrix", as_of=day) for cell in row["cells"]]
        for day in ("2022-12-31", "2023-01-01", "2024-01-01")
    }
    assert columns == {"2022-12-31": ["alba"], "2023-01-01": ["ana"], "2024-01-01": ["ana"]}
    later = world_of(Position("ana", "dam", "supports", cited=(("s3", "unattributed"),)))
    (row,) = later.data("/v1/matrix", as_of="2023-06-01")
    assert [cell["party"]["id"] for cell in row["cells"]] == ["ana"], "an envoy of Brava from 2024 on"


def test_nothing_is_shown_on_a_day_before_it_began(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports", "2022-01-02"), Position("alba", "tolls", "supports"))
    shown = {
        day: [row["issue"]["id"] for row in api.data("/v1/matrix", as_of=day)] for day in ("2022-01-01", "2022-01-02")
    }
    assert shown == {"2022-01-01": ["tolls"], "2022-01-02": ["dam", "tolls"]}


@pytest.mark.parametrize("status", [status.value for status in ProposalStatus])
def test_an_offer_is_held_as_long_as_its_proposal_is_put_forward(world_of: World, status: str) -> None:
    ended = evidence(("s3", "unattributed"), relation="clarifies", bears_on=["status"])
    first = plan("first", status=status, made_on="2022-02-01", terms=[term("build", 1)],
                 evidence=[*evidence(("s2", "unattributed")), *ended])  # fmt: skip
    second = plan("second", supersedes="first", made_on="2024-01-10", evidence=evidence(("s3", "unattributed")))
    over = status in ("lapsed", "superseded")
    worlds = [world_of(proposals=[first])]
    if over or status in ("accepted", "rejected"):  # an open one cannot be superseded
        worlds.append(world_of(proposals=[first, second]))

    def told(api: Api, **query: str) -> tuple[bool, bool] | None:
        rows = api.data("/v1/matrix", issue="dam", **query)
        return (rows[0]["cells"][0]["ended"], rows[0]["cells"][0]["assumed"]) if rows else None

    for api in worlds:
        assert told(api) == (over, False)
        assert told(api, known_at="2024-01-31") == (False, False), "nobody could know yet that it was over"
        assert (told(api, as_of="2024-06-01") is None) is over
        assert api.data("/v1/offers/build-by-cordia")["ended"] is over
    assert told(worlds[0], as_of="2024-02-01") == (False, over), "it may have been over before that was reported"
    for replaced in worlds[1:]:
        assert told(replaced, as_of="2024-01-10") == (False, False)
        assert (told(replaced, as_of="2024-01-11") is None) is over, "the day after the later version was made"


def test_an_offer_whose_status_no_evidence_bears_on_ends_by_the_last_of_its_proposals(world_of: World) -> None:
    made = plan(
        status="lapsed", terms=[term("build", 1)], evidence=evidence(("s2", "unattributed"), ("s4", "anonymous"))
    )
    api = world_of(proposals=[made])
    offer = "/v1/offers/build-by-cordia"
    assert api.data(offer)["valid_until"]["edtf"] == "/2024-05-01"
    assert api.data(offer, known_at="2024-04-30")["valid_until"] is None
    assert api.data(offer, mode="unattributed")["valid_until"] is None
