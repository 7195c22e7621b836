"""What changed from one proposal to another."""

from written import World, plan, term


def test_a_difference_goes_by_lineage(world_of: World) -> None:
    old = [
        term("a1", 1, lineage="dam"),
        term("b1", 2, "tolls", lineage="tolls"),
        term("c1", 3, "truce", lineage="truce", summary="The truce."),
        term("d1", 4, "border", lineage="border", summary="The border."),
        term("e1", 5),
    ]
    new = [
        term("a2", 1, lineage="dam", summary="Provides more."),
        term("c2", 2, "truce", lineage="truce", summary="The truce."),
        term("d2", 4, "border", lineage="border", summary="The border."),
        term("f2", 6, lineage="else"),
    ]
    api = world_of(
        proposals=[
            plan("first", status="superseded", terms=old, point_count=9),
            plan("second", terms=new, supersedes="first", made_on="2023-02-01"),
        ]
    )
    data = api.data("/v1/proposals/second/diff", against="first")
    found = {(row["lineage"], row["change"]): row for row in data["terms"]}
    assert set(found) == {
        *(("dam", "reworded"), ("tolls", "removed"), ("truce", "moved"), ("border", "unchanged")),
        *((None, "unmatched"), ("else", "added")),
    }
    assert found["dam", "reworded"]["differs_in"] == ["summary"]
    moved = found["truce", "moved"]
    assert (moved["number_before"], moved["number_after"], moved["before"]["id"], moved["after"]["id"]) == (
        *(3, 2),
        *("c1", "c2"),
    )
    assert (data["supersedes"], data["comparable"], data["before"]["point_count"]) == (True, True, 9)
    assert [row["change"] for row in api.get("/v1/proposals/second/diff.json", against="first")] == [
        row["change"] for row in data["terms"]
    ]
    back = api.data("/v1/proposals/first/diff", against="second")
    assert back["counts"] == {**data["counts"], "added": 1, "removed": 1}


def test_what_is_not_recorded_is_neither_added_nor_removed(world_of: World) -> None:
    api = world_of(
        proposals=[plan("first", absent={"terms": "not_public"}), plan("second", terms=[term("a2", 1, lineage="dam")])]
    )
    data = api.data("/v1/proposals/second/diff", against="first")
    assert (data["comparable"], data["counts"]) == (False, {"not_recorded": 1})
    assert data["before"]["terms_absent"] == "not_public"
    api.get("/v1/proposals/second/diff", 400)
    unknown = api.get("/v1/proposals/second/diff", 404, against="firs")
    assert [(one["parameter"], one["value"]) for one in unknown["errors"]] == [("against", "firs")]
    assert "“first”" in unknown["detail"]


def test_a_filter_by_issue_picks_provisions_and_changes_nothing_of_them(world_of: World) -> None:
    old = [term("a1", 1, lineage="dam"), term("b1", 2, "tolls", lineage="tolls")]
    new = [term("a2", 1, "truce", lineage="dam"), term("c2", 2, "border", lineage="border")]
    api = world_of(
        proposals=[
            plan("first", status="superseded", terms=old),
            plan("second", terms=new, supersedes="first", made_on="2023-02-01"),
        ]
    )
    whole = api.data("/v1/proposals/second/diff", against="first")
    assert whole["counts"] == {"added": 1, "removed": 1, "reworded": 1}
    for issue, lineages in {
        "dam": ["dam"],
        "truce": ["dam"],
        "tolls": ["tolls"],
        "border": ["border"],
        "water": ["dam", "tolls"],
    }.items():
        answer = api.get("/v1/proposals/second/diff", against="first", issue=issue)
        found = answer["data"]
        assert found["terms"] == [row for row in whole["terms"] if row["lineage"] in lineages]
        assert (found["comparable"], found["before"], found["after"]) == (True, whole["before"], whole["after"])
        shown = [row[side] for row in found["terms"] for side in ("before", "after") if row[side]]
        assert answer["meta"]["rests_on"]["records"] == 2 + len(shown)


def test_a_proposal_is_not_compared_with_itself(world_of: World) -> None:
    api = world_of(proposals=[plan(terms=[term("one", 1)])])
    for path in ("/v1/proposals/plan/diff", "/v1/proposals/plan/diff.csv"):
        assert "is the same proposal" in api.problem(path, 400, against="plan")["detail"]
