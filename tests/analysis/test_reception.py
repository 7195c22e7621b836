"""How a proposal was received, term by term and as a whole."""

import pytest
from support import Api, ids_of
from written import World, answer, evidence, plan, term


@pytest.fixture
def received(world_of: World) -> Api:
    return world_of(
        proposals=[
            plan(
                terms=[
                    term("build", 1),
                    term("charge", 2, "tolls", stance="unclear"),
                    term("stop", 3, "truce", stance="opposes"),
                ]
            )
        ],
        responses=[
            answer("alba-first", "alba", "accepted", term="build", valid_from="2023-02-01"),
            answer("ministry-later", "ministry", "rejected", term="build"),
            answer("brava-insists", "brava", "insisted_on", term="charge", stance="supports"),
            answer("brava-insists-too", "brava", "insisted_on", term="stop", stance="opposes"),
            answer("alba-silent", "alba", "declined_to_comment", term="stop"),
            answer("brava-in-part", "brava", "partial", proposal="plan", stance="opposes_in_part"),
            answer("brava-wholly", "brava", "rejected", proposal="plan"),
        ],
    )


def test_a_reception_has_the_latest_verdict_of_each_party_on_each_term(received: Api) -> None:
    data = received.data("/v1/proposals/plan/reception")
    build, charge, stop = data["terms"]
    assert [(cell["party"]["id"], cell["verdict"]) for cell in build["answers"]] == [("alba", "rejected")]
    assert ids_of(build["blockers"]) == ["alba"]
    assert ids_of(build["unanswered"]) == ["brava"]
    assert ids_of(charge["blockers"]) == ["brava"], "what is insisted on is not what the term is known to provide"
    assert ids_of(stop["blockers"]) == [], "the term provides what is insisted on"
    assert ids_of(stop["unanswered"]) == ["alba"]
    assert ids_of(data["unanswered"]) == []


def test_conflicting_answers_are_shown_and_one_that_blocks_is_enough(received: Api) -> None:
    data = received.data("/v1/proposals/plan/reception")
    (cell,) = data["whole"]["answers"]
    assert (cell["verdict"], cell["conflicting"], cell["blocks"]) == (None, True, True)
    assert {cell["response"]["id"], *ids_of(cell["others"])} == {"brava-in-part", "brava-wholly"}
    assert (cell["stance"], cell["claim_status"], cell["conditions"], cell["reasons"]) == (None, None, [], [])
    (row,) = [
        row
        for row in received.get("/v1/proposals/plan/reception.json")
        if (row["term_id"], row["party_id"]) == (None, "brava")
    ]
    assert {row["response_id"], row["others_ids"]} == {"brava-in-part", "brava-wholly"}
    assert ids_of(data["whole"]["unanswered"]) == ["alba"]
    assert ids_of(data["blockers"]) == ["alba", "brava"]


def test_a_reception_as_a_table_has_a_row_for_each_answer_and_each_missing_one(received: Api) -> None:
    rows = received.get("/v1/proposals/plan/reception.json")
    found = {(row["term_id"], row["party_id"]): (row["answered"], row["verdict"], row["blocks"]) for row in rows}
    assert found == {
        (None, "brava"): (True, None, True),
        (None, "alba"): (False, None, False),
        ("build", "alba"): (True, "rejected", True),
        ("build", "brava"): (False, None, False),
        ("charge", "brava"): (True, "insisted_on", True),
        ("charge", "alba"): (False, None, False),
        ("stop", "brava"): (True, "insisted_on", False),
        ("stop", "alba"): (False, "declined_to_comment", False),
    }


def test_a_reception_is_narrowed_by_party_issue_and_folding(received: Api) -> None:
    data = received.data("/v1/proposals/plan/reception", issue="tolls", party="brava")
    assert [row["term"]["id"] for row in data["terms"]] == ["charge"]
    assert ids_of(data["addressees"]) == ["brava"]
    apart = received.data("/v1/proposals/plan/reception", fold="none")["terms"][0]
    assert {cell["party"]["id"] for cell in apart["answers"]} == {"alba", "ministry"}
    received.get("/v1/proposals/plan/reception", 404, as_of="2020-01-01")
    assert "Did you mean “plan”" in received.get("/v1/proposals/plann/reception", 404)["detail"]


@pytest.mark.parametrize(("stance", "blocks"), [("supports", False), ("unclear", True), ("opposes", True)])
def test_who_insists_on_a_whole_proposal_blocks_it_only_where_it_is_not_for_it(
    world_of: World, stance: str, blocks: bool
) -> None:
    insisting = answer("insists", "alba", "insisted_on", proposal="plan", stance=stance)
    data = world_of(proposals=[plan()], responses=[insisting]).data("/v1/proposals/plan/reception")
    assert [cell["blocks"] for cell in data["whole"]["answers"]] == [blocks]
    assert ids_of(data["blockers"]) == (["alba"] if blocks else [])


@pytest.mark.parametrize("provided", ["opposes", "opposes_in_part"])
def test_an_answer_to_a_term_against_an_issue_implies_the_stance_turned_round(world_of: World, provided: str) -> None:
    api = world_of(
        proposals=[plan(terms=[term("build", 1, stance=provided)])],
        responses=[answer(verdict.replace("_", "-"), "alba", verdict, term="build") for verdict in IMPLIED],
    )
    assert {one["verdict"]: one["stance"] for one in api.data("/v1/responses")} == IMPLIED


#: What these verdicts on a term that is against its issue say of the issue.
IMPLIED = {
    "accepted": "opposes",
    "conditional": "opposes_in_part",
    "under_review": "undecided",
    "rejected": "supports",
    "no_response": "unclear",
}


def test_an_answer_that_may_have_been_given_after_the_day_is_assumed_and_stays_its_partys(world_of: World) -> None:
    given = answer("late", "ana", "rejected", proposal="plan", valid_from="2022-06/2023-06")
    api = world_of(proposals=[plan(made_on="2022-01-10")], responses=[given])
    for day, assumed in (("2022-07-01", True), ("2023-06-01", False)):
        (cell,) = api.data("/v1/proposals/plan/reception", as_of=day)["whole"]["answers"]
        assert (cell["party"]["id"], cell["assumed"]) == ("alba", assumed), "given while Ana was Alba's minister"
        (line, *_) = api.get("/v1/proposals/plan/reception.json", as_of=day)
        assert (line["assumed"], line["claim_status"], line["document_count"]) == (assumed, "reported", 1)


@pytest.mark.parametrize("provided", ["supports", "opposes_in_part", "undecided", "unclear"])
@pytest.mark.parametrize("stance", ["supports_conditionally", "opposes", "undecided", "unclear"])
def test_who_insists_on_what_a_term_does_not_provide_blocks_it(world_of: World, provided: str, stance: str) -> None:
    api = world_of(
        proposals=[plan(terms=[term("build", 1, stance=provided)])],
        responses=[answer("brava-insists", "brava", "insisted_on", term="build", stance=stance)],
    )
    granted = (provided, stance) in (("supports", "supports_conditionally"), ("opposes_in_part", "opposes"))
    assert ids_of(api.data("/v1/proposals/plan/reception")["blockers"]) == ([] if granted else ["brava"])


def test_an_answer_to_a_term_that_nobody_could_know_of_yet_is_no_answer_to_the_whole(world_of: World) -> None:
    api = world_of(
        proposals=[plan(addressees=["alba"], terms=[term("build", 1, evidence=evidence(("s4", "unattributed")))])],
        responses=[answer("no", "alba", "rejected", term="build")],
    )
    now, then = (api.data("/v1/proposals/plan/reception", known_at=day) for day in ("2024-05-01", "2024-04-30"))
    assert [ids_of(row["blockers"]) for row in (now["whole"], *now["terms"])] == [[], ["alba"]]
    assert (then["terms"], then["whole"]["answers"], then["blockers"]) == ([], [], [])
    assert then["unanswered"] == [], "it has answered, though nobody could know which provision"
    assert api.data("/v1/silences", known_at="2024-04-30") == []


def test_an_answer_that_has_ended_does_not_hide_an_earlier_one_that_goes_on(world_of: World) -> None:
    api = world_of(
        proposals=[plan(made_on="2022-01-01", addressees=["alba"])],
        responses=[
            answer("yes", "alba", "accepted", proposal="plan", valid_from="2022-02-01"),
            answer("no", "alba", "rejected", proposal="plan", valid_from="2022-03-01", valid_until="2022-04-01"),
        ],
    )
    for query, verdict in (
        ({}, "accepted"),
        ({"as_of": "2024-06-01"}, "accepted"),
        ({"as_of": "2022-03-15"}, "rejected"),
    ):
        (cell,) = api.data("/v1/proposals/plan/reception", **query)["whole"]["answers"]
        assert cell["verdict"] == verdict, query
