"""Who has not answered, and for how long."""

import pytest
from written import Position, World, answer, demand, evidence, plan, term


def test_who_has_not_answered_is_silent_for_at_least_so_many_days(world_of: World) -> None:
    api = world_of(
        Position("alba", "truce", "opposes", "2022-03-01"),
        proposals=[plan(terms=[term("build", 1)]), plan("old", status="lapsed"), plan("next", supersedes="plan-b"),
                   plan("plan-b", status="superseded")],
        demands=[
            demand("asks", "brava", ["alba", "cordia"]),
            demand("asked", "brava", ["alba"], lifecycle="dropped"),
            demand("vague", "alba", ["brava"], "dam", valid_from="2023"),
        ],
        responses=[
            answer("some", "ana", "deferred", term="build", valid_from="2022-06-01"),
            answer("none", "cordia", "no_response", demand="asks"),
            answer("yes", "brava", "accepted", proposal="next"),
            answer("yes-alba", "alba", "accepted", proposal="next"),
        ],
    )  # fmt: skip
    found = {(row["subject"]["id"], row["silent"]["id"]): row for row in api.data("/v1/silences")}
    assert set(found) == {("plan", "brava"), ("asks", "alba"), ("asks", "cordia"), ("vague", "brava")}
    assert found["plan", "brava"]["days"] == 508
    assert found["vague", "brava"]["days"] == 397, "since its first report, before the last day of the year given"
    assert found["asks", "cordia"]["noted"]["id"] == "none"
    assert (found["asks", "alba"]["stance"], found["asks", "alba"]["noted"]) == ("opposes", None)
    assert {row["silent"]["id"] for row in api.data("/v1/silences", fold="none") if row["subject"]["id"] == "plan"} == {
        *("alba", "brava"),
    }
    early = api.data("/v1/silences", as_of="2023-02-10", issue="truce")
    assert [(row["silent"]["id"], row["days"]) for row in early] == [("alba", 9), ("cordia", 9)]
    then = api.data("/v1/silences", known_at="2023-05-10", issue="truce")
    assert {row["days"] for row in then} == {98}, "nobody could know what came after that day"


def test_an_answer_that_was_taken_back_is_none(world_of: World) -> None:
    api = world_of(
        demands=[demand("asks", "brava", ["alba"])],
        responses=[
            answer("yes", "alba", "accepted", demand="asks"),
            answer("no-more", "alba", "withdrawn", demand="asks", valid_from="2023-04-01"),
        ],
    )
    assert [row["noted"]["id"] for row in api.data("/v1/silences")] == ["no-more"]
    assert api.data("/v1/silences", as_of="2023-03-15") == []


def test_a_proposal_awaits_an_answer_from_the_day_on_which_it_is_made(world_of: World) -> None:
    made = plan(made_on="2024-02-01", evidence=evidence(("s4", "on_record")))
    api = world_of(proposals=[made, plan("earlier", made_on="2023-02-01")])
    assert {row["subject"]["id"] for row in api.data("/v1/silences", as_of="2024-02-01")} == {"plan", "earlier"}
    assert {row["subject"]["id"] for row in api.data("/v1/silences", as_of="2024-01-31")} == {"earlier"}


def test_from_and_to_pick_what_may_have_been_asked_between_the_days(world_of: World) -> None:
    api = world_of(
        demands=[
            demand("asks", "brava", ["alba"], valid_from="2023-02"),
            demand("by-then", "brava", ["alba"], "dam", valid_from="/2023-01-15"),
        ],
        proposals=[plan(made_on="2023-02-28"), plan("undated", made_on=None)],
    )

    def found(**query: str) -> set[str]:
        rows = api.get("/v1/silences.json", **query)
        assert {row["subject"]["id"] for row in api.data("/v1/silences", **query)} == {
            row["subject_id"] for row in rows
        }
        return {row["subject_id"] for row in rows}

    assert found() == {"asks", "by-then", "plan", "undated"}
    days = (
        "2023-01-14",
        "2023-01-15",
        "2023-01-16",
        "2023-02-01",
        "2023-02-28",
        "2023-03-01",
        "2023-05-01",
        "2023-05-02",
    )
    for day in days:
        for query in ({"from": day}, {"to": day}, {"from": day, "to": day}):
            timeline = api.get("/v1/timeline.json", **query)
            assert found(**query) == {row["subject_id"] for row in timeline}, "as on the timeline"
    assert found(**{"from": "2023-02-01", "to": "2023-02-28"}) == {"asks", "plan"}
    assert found(to="2023-01-15") == {"by-then"}


def test_days_end_with_the_release_after_which_nothing_is_known(world_of: World) -> None:
    api = world_of(demands=[demand("asks", "brava", ["alba"])])
    days = {day: api.data("/v1/silences", as_of=day)[0]["days"] for day in ("2024-05-31", "2024-06-01", "2100-01-01")}
    assert days == {"2024-05-31": 485, "2024-06-01": 486, "2100-01-01": 486}


def test_what_had_ended_by_the_day_awaits_no_answer(world_of: World) -> None:
    api = world_of(
        demands=[demand("over", "brava", ["alba"], valid_until="2023-12-31"), demand("on", "brava", ["alba"])]
    )
    assert [row["subject"]["id"] for row in api.data("/v1/silences")] == ["on"]
    assert {row["subject"]["id"] for row in api.data("/v1/silences", as_of="2023-12-31")} == {"on", "over"}


def test_what_was_superseded_awaits_no_answer_from_then_on_and_ever_if_nobody_tells_since_when(world_of: World) -> None:
    api = world_of(
        proposals=[
            plan("first", status="superseded"),
            plan("second", supersedes="first", made_on="2024-02-01", evidence=evidence(("s3", "on_record"))),
            plan("lost", status="superseded"),
        ]
    )
    found = {
        day: {row["subject"]["id"] for row in api.data("/v1/silences", **({"as_of": day} if day else {}))}
        for day in ("2024-01-31", "2024-02-01", "")
    }
    assert found == {"2024-01-31": {"first"}, "2024-02-01": {"second"}, "": {"second"}}
    assert api.data("/v1/silences", mode="unattributed") == [], "it is superseded, whoever tells by what"


@pytest.mark.parametrize(("relation", "silent"), [("denies", ["alba"]), ("retracts", ["alba"]), ("clarifies", [])])
def test_an_answer_that_is_only_denied_or_was_retracted_is_nobodys(
    world_of: World, relation: str, silent: list[str]
) -> None:
    said = evidence(("s2", "unattributed")) if relation != "denies" else []
    said.append({"source": "s3", "relation": relation, "mode": "on_record", "credibility": 6})
    api = world_of(
        proposals=[plan(addressees=["alba"], terms=[term("build", 1)])],
        responses=[answer("yes", "alba", "accepted", term="build", evidence=said)],
    )
    assert [row["silent"]["id"] for row in api.data("/v1/silences")] == silent
    assert [one["id"] for one in api.data("/v1/proposals/plan/reception")["unanswered"]] == silent


@pytest.mark.parametrize(("relation", "silent"), [("denies", []), ("retracts", []), ("clarifies", ["alba"])])
@pytest.mark.parametrize("collection", ["proposals", "demands"])
def test_what_is_only_denied_or_was_retracted_awaits_no_answer(
    world_of: World, collection: str, relation: str, silent: list[str]
) -> None:
    said = evidence(("s2", "unattributed")) if relation != "denies" else []
    said.append({"source": "s3", "relation": relation, "mode": "on_record", "credibility": 6})
    made = {
        "proposals": plan(addressees=["alba"], evidence=said),
        "demands": demand("asks", "brava", ["alba"], evidence=said),
    }
    api = world_of(**{collection: [made[collection]]})
    assert [row["silent"]["id"] for row in api.data("/v1/silences")] == silent


def test_nobody_awaits_an_answer_in_a_process_that_is_over(world_of: World) -> None:
    api = world_of(over="2024-03", proposals=[plan()], demands=[demand("asks", "brava", ["alba"])])
    asked = {"plan", "asks"}
    for query, awaited in (
        ({}, set()),
        ({"as_of": "2024-04-01"}, set()),
        ({"as_of": "2024-03-31"}, asked),
        ({"known_at": "2024-03-31"}, asked),
        ({"known_at": "2024-04-01"}, set()),
    ):
        assert {row["subject"]["id"] for row in api.data("/v1/silences", **query)} == awaited, query
    assert {row["subject"]["id"] for row in world_of(over="2024-03/..", proposals=[plan()]).data("/v1/silences")} == {
        "plan"
    }
