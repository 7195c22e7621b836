"""Counts by value, under the filters of the list."""

from typing import Any

import pytest
from written import Position, World, demand, evidence, plan, term


def test_facets_count_under_the_filters_of_the_list(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports"),
        Position("alba", "tolls", "supports"),
        Position("brava", "dam", "opposes"),
        demands=[demand("asks", "brava", ["alba", "cordia"]), demand("more", "alba", ["cordia"])],
    )

    def counts(collection: str, **query: Any) -> dict[tuple[str | None, ...], int]:
        return {
            tuple(value["value"] for value in row["values"]): row["count"]
            for row in api.data(f"/v1/facets/{collection}", **query)
        }

    assert counts("positions", by="stance") == {("supports",): 4, ("opposes",): 1}
    assert counts("positions", by="issue,stance", party="brava") == {("dam", "opposes"): 1, ("truce", "supports"): 1}
    assert counts("demands", by="addressee") == {("cordia",): 2, ("alba",): 1}
    assert counts("parties", by="affiliation")[(None,)] == 4
    assert counts("sources", by="publisher") == {("agency",): 2, (None,): 2}
    assert counts("statements", by="process") == {("quarrel",): 3}
    assert counts("statements", by="claim_status", q="tolls") == {("reported",): 1}
    assert counts("evidence", by="mode,relation") == {("unattributed", "asserts"): 5}
    assert counts("evidence", by="mode", mode="on_record") == {}
    assert api.get("/v1/facets/evidence", by="mode")["meta"]["rests_on"] == {"records": 5, "documents": 2, "origins": 1}
    answer = api.get("/v1/facets/positions", by="party")
    assert answer["data"][0]["values"] == [{"facet": "party", "value": "alba", "label": "Alba"}]
    assert answer["meta"]["rests_on"]["records"] == 5
    assert api.ask("/v1/facets/positions", by="party", format="csv").text.splitlines()[0] == "party,party_label,count"


def test_proposals_count_under_the_issues_of_their_terms_that_could_be_known(world_of: World) -> None:
    late = evidence(("s4", "on_record"))
    api = world_of(
        proposals=[
            plan(terms=[term("build", 1), term("rebuild", 2), term("pass", 3, issue="tolls", evidence=late)]),
            plan("other", terms=[term("other-build", 1)]),
            plan("empty"),
        ]
    )

    def counts(**query: str) -> dict[str | None, int]:
        return {
            row["values"][0]["value"]: row["count"] for row in api.data("/v1/facets/proposals", by="issue", **query)
        }

    assert counts() == {"dam": 2, "tolls": 1, None: 1}
    assert counts(known_at="2024-04-30") == {"dam": 2, None: 1}
    assert counts(issue="tolls") == {"dam": 1, "tolls": 1}, "a proposal counts under each of its issues"
    for issue, count in counts().items():
        if issue:
            assert len(api.ids("/v1/proposals", issue=issue)) == count


@pytest.mark.parametrize("query", [{}, {"by": "colour"}, {"by": "*"}, {"by": "kind,party,issue,stance"}])
def test_facets_that_there_are_not_are_refused(world_of: World, query: dict[str, str]) -> None:
    problem = world_of().get("/v1/facets/positions", 400, **query)
    assert [error["parameter"] for error in problem["errors"]] == ["by"]


def test_counts_rest_on_what_is_counted(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports"),
        Position("brava", "dam", "opposes", cited=(("s3", "on_record"), ("s4", "author"))),
    )
    rests = {
        party: api.get("/v1/facets/positions", by="stance", party=party)["meta"]["rests_on"]
        for party in ("alba", "brava", "*")
    }
    assert rests == {
        "alba": {"records": 1, "documents": 1, "origins": 1},
        "brava": {"records": 1, "documents": 2, "origins": 1},
        "*": {"records": 2, "documents": 3, "origins": 2},
    }


@pytest.mark.parametrize("by", [["stance", "party"], ["party", "stance"]], ids=",".join)
def test_the_facets_of_a_count_are_in_the_order_in_which_they_are_asked_for(world_of: World, by: list[str]) -> None:
    api = world_of(Position("alba", "dam", "supports"))
    for asked in (by[::-1], by):
        answer = api.get("/v1/facets/positions", by=asked)
        (count,) = answer["data"]
        assert [one["facet"] for one in count["values"]] == asked
        assert api.data(answer["links"]["self"]) == answer["data"]
        cited = api.data(answer["meta"]["cite"])
        assert api.data(cited["path"]) == answer["data"], "what is cited is this answer"
