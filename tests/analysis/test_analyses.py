"""Gaps, receptions, differences, timelines, movements, silences, dossiers and facets, on worlds small enough to check by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from support import Api
from written import Position, evidence

World = Callable[..., Api]


def ids(references: list[dict[str, str]]) -> list[str]:
    return [one["id"] for one in references]


def plan(id: str = "plan", **more: Any) -> dict[str, Any]:
    given = {"status": "tabled", "made_on": "2023-01-10", "proposers": ["cordia"], "addressees": ["alba", "brava"]}
    return {
        "id": id,
        "title": f"The {id}",
        "kind": "peace_plan",
        "channel": "direct",
        "summary": "A plan.",
        **given,
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }


def term(id: str, number: int, issue: str = "dam", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "number": number,
        "issue": issue,
        "summary": f"Provides {id}.",
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }


def answer(id: str, party: str, verdict: str, **more: Any) -> dict[str, Any]:
    given = {
        "id": id,
        "party": party,
        "verdict": verdict,
        "summary": f"Answers {verdict}.",
        "valid_from": "2023-03-01",
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }
    return {name: value for name, value in given.items() if value is not None}


def demand(id: str, party: str, addressees: list[str], issue: str = "truce", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "party": party,
        "addressees": addressees,
        "issue": issue,
        "stance": "supports",
        "summary": "Asks.",
        "firmness": "core",
        "lifecycle": "active",
        "valid_from": "2023-02-01",
        "evidence": evidence(("s2", "unattributed")),
        **more,
    }


# Gaps


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
    assert [ids(gap["blockers"]) for gap in gaps.values()] == [["brava"], [], []]
    everyone = {gap["issue"]["id"]: gap for gap in api.data("/v1/gaps")}
    assert ids(everyone["tolls"]["missing"]) == ["cordia"]
    assert ids(everyone["border"]["missing"]) == ["alba", "brava"]
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


# Reception


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
    assert ids(build["blockers"]) == ["alba"]
    assert ids(build["unanswered"]) == ["brava"]
    assert ids(charge["blockers"]) == ["brava"], "what is insisted on is not what the term is known to provide"
    assert ids(stop["blockers"]) == [], "the term provides what is insisted on"
    assert ids(stop["unanswered"]) == ["alba"]
    assert ids(data["unanswered"]) == []


def test_conflicting_answers_are_shown_and_one_that_blocks_is_enough(received: Api) -> None:
    data = received.data("/v1/proposals/plan/reception")
    (cell,) = data["whole"]["answers"]
    assert (cell["verdict"], cell["conflicting"], cell["blocks"]) == (None, True, True)
    assert {cell["response"]["id"], *ids(cell["others"])} == {"brava-in-part", "brava-wholly"}
    assert ids(data["whole"]["unanswered"]) == ["alba"]
    assert ids(data["blockers"]) == ["alba", "brava"]


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
    assert ids(data["addressees"]) == ["brava"]
    apart = received.data("/v1/proposals/plan/reception", fold="none")["terms"][0]
    assert {cell["party"]["id"] for cell in apart["answers"]} == {"alba", "ministry"}
    received.get("/v1/proposals/plan/reception", 404, as_of="2020-01-01")
    assert "Did you mean “plan”" in received.get("/v1/proposals/plann/reception", 404)["detail"]


# Diff


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
            plan("first", terms=old, point_count=9),
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
    assert "“first”" in api.get("/v1/proposals/second/diff", 404, against="firs")["detail"]


# Timeline


def test_the_timeline_has_both_dates_of_everything_that_happened(world_of: World) -> None:
    event = {
        "id": "talks",
        "kind": "talks",
        "title": "Talks at the dam",
        "occurred_on": "2022-12/2023-01",
        "participants": ["alba"],
        "hosts": ["cordia"],
        "related": ["issues/dam"],
        "evidence": evidence(("s2", "unattributed")),
    }
    api = world_of(
        events=[event],
        proposals=[plan(terms=[term("build", 1)])],
        demands=[demand("asks", "brava", ["alba"])],
        responses=[answer("no", "brava", "rejected", term="build", valid_from=None)],
    )
    rows = api.get("/v1/timeline.json")
    assert [(row["subject_id"], row["kind"]) for row in rows] == [
        *(("talks", "talks"), ("plan", "peace_plan"), ("asks", "core"), ("no", "rejected")),
    ]
    talks, offered, _, unknown = rows
    assert (talks["occurred_on"], talks["occurred_on_edtf"], talks["reported_on"]) == (
        *("2022-12-01", "2022-12/2023-01", "2023-05-01"),
    )
    assert talks["lag"] == 90
    assert (talks["time"], talks["timeEnd"]) == (1669852800000, 1675123200000)
    assert talks["tags"] == "events,talks,alba,cordia"
    assert offered["timeEnd"] is None
    assert (unknown["occurred_on"], unknown["lag"], unknown["time"]) == (None, None, 1682899200000)

    def subjects(**query: Any) -> list[str]:
        return [row["subject"]["id"] for row in api.data("/v1/timeline", **query)]

    assert subjects(issue="dam") == ["talks", "plan", "no"]
    assert subjects(party="brava") == ["plan", "asks", "no"]
    assert subjects(collection="events,demands") == ["talks", "asks"]
    assert subjects(to="2022-12-31", collection="events,proposals") == ["talks"]
    assert subjects(**{"from": "1675209600000"}, collection="events,proposals") == []
    assert subjects(known_at="2023-04-30") == []


# Movements


def moved(api: Api, **query: Any) -> list[tuple[Any, ...]]:
    return [
        (row["party"]["id"], row["direction"], row["before_stance"], row["after_stance"], ids(row["toward"]))
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
        ("alba", "conceded", "opposes", "supports_conditionally", ["brava"]),
        ("brava", "unclear", "undecided", "unclear", []),
        ("alba", "hardened", "supports_conditionally", "supports", ["brava"]),
    ]
    assert ids(api.data("/v1/movements")[0]["away_from"]) == ["cordia"]
    assert len(moved(api, as_of="2023-06-01")) == 2
    assert moved(api, known_at="2023-06-01") == []
    assert moved(api, party="brava", issue="dam") == []


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
        ("alba", "conceded", "supports", None, ["brava"]),
    ]
    given_up = api.data("/v1/movements", issue="truce")[0]
    assert (given_up["occurred_on"]["edtf"], given_up["first_reported_on"]) == ("2023-04-01", "2024-05-01")
    assert moved(api, issue="truce", known_at="2024-04-30") == [], "nobody knew yet that it was given up"
    assert moved(api, as_of="2023-03-31") == []


def test_stances_in_conflict_are_no_movement(world_of: World) -> None:
    late = (("s4", "on_record"),)
    api = world_of(
        Position("alba", "dam", "supports", "2023", cited=late),
        Position("alba", "dam", "opposes", "2023-05", cited=late),
    )
    assert moved(api) == []


# Silences


def test_who_has_not_answered_is_silent_for_at_least_so_many_days(world_of: World) -> None:
    api = world_of(
        Position("alba", "truce", "opposes", "2023-03-01"),
        proposals=[plan(terms=[term("build", 1)]), plan("old", status="lapsed"), plan("next", supersedes="plan-b"),
                   plan("plan-b")],
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


# Dossier


def test_a_dossier_tells_who_says_what_and_which_rule_gave_the_status(world_of: World) -> None:
    said = [
        *evidence(("s1", "anonymous"), ("s2", "anonymous"), speaker_description="officials"),
        *evidence(("s4", "on_record"), speaker="alba", note="himself"),
        {"source": "s3", "relation": "denies", "mode": "on_record", "speaker": "brava", "credibility": 4},
        {"source": "s3", "relation": "declines_to_comment", "mode": "on_record", "speaker": "cordia", "credibility": 4},
    ]
    api = world_of(Position("alba", "dam", "supports", id="claim", more={"evidence": said}))
    data = api.data("/v1/statements/claim/dossier")
    assert data["claim_status"] == "disputed"
    assert data["rule"].startswith("Some evidence denies or disputes it")
    assert data["relations"] == {"asserts": 3, "denies": 1, "declines_to_comment": 1}
    assert ids(data["documents"]) == ["s1", "s2", "s3", "s4"]
    assert [(one["origin"]["id"], ids(one["documents"])) for one in data["origins"]] == [
        ("agency", ["s1", "s2"]),
        ("s4", ["s4"]),
    ]
    assert [(stage["known_from"], stage["claim_status"]) for stage in data["stages"]] == [
        *(
            ("2022-03-01", "reported"),
            ("2023-05-01", "reported"),
            ("2024-02-01", "disputed"),
            ("2024-05-01", "disputed"),
        ),
    ]
    before = api.data("/v1/positions/claim/dossier", known_at="2024-01-31")
    assert (before["claim_status"], len(before["claims"]), len(before["stages"])) == ("reported", 2, 2)
    assert [claim["decides"] for claim in data["claims"]] == [
        claim["relation"] in ("asserts", "denies") for claim in data["claims"]
    ]
    confirmed = api.data("/v1/statements/claim/dossier", mode="on_record", known_at="2024-05-02")
    assert confirmed["claim_status"] == "disputed"
    assert len(api.ask("/v1/statements/claim/dossier", format="csv").text.splitlines()) == 6


def test_an_offer_is_confirmed_by_its_own_holder(world_of: World) -> None:
    spoken = evidence(("s2", "on_record"), speaker="brava")
    api = world_of(proposals=[plan(proposers=["alba", "brava"], terms=[term("build", 1, evidence=spoken)])])
    assert [
        (claim["by_holder"], claim["decides"], data["claim_status"])
        for holder in ("alba", "brava")
        for data in [api.data(f"/v1/offers/build-by-{holder}/dossier")]
        for claim in data["claims"]
    ] == [(False, True, "reported"), (True, True, "confirmed")]


# Facets


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
    answer = api.get("/v1/facets/positions", by="party")
    assert answer["data"][0]["values"] == [{"facet": "party", "value": "alba", "label": "Alba"}]
    assert answer["meta"]["rests_on"]["records"] == 5
    assert api.ask("/v1/facets/positions", by="party", format="csv").text.splitlines()[0] == "party,party_label,count"


@pytest.mark.parametrize("query", [{}, {"by": "colour"}, {"by": "*"}, {"by": "kind,party,issue,stance"}])
def test_facets_that_there_are_not_are_refused(world_of: World, query: dict[str, str]) -> None:
    problem = world_of().get("/v1/facets/positions", 400, **query)
    assert [error["parameter"] for error in problem["errors"]] == ["by"]


# All of them


@pytest.mark.parametrize("path", ["/v1/matrix", "/v1/gaps", "/v1/timeline", "/v1/movements", "/v1/silences"])
def test_an_id_that_does_not_exist_is_told_and_so_is_a_parameter(world_of: World, path: str) -> None:
    api = world_of()
    for name, value, near in (("party", "albaa", "alba"), ("issue", "dams", "dam"), ("process", "quarel", "quarrel")):
        for suffix in ("", ".csv"):
            assert f"Did you mean “{near}”" in api.get(path + suffix, 404, **{name: value})["detail"]
    assert api.get(path, 400, partie="alba")["errors"][0]["parameter"] == "partie"
    assert api.get(path, 400, fold="both")["errors"][0]["allowed"] == ["affiliation", "none"]
    assert api.data(path, process="quarrel", party="*", known_at="2001-01-01") == []


def test_meta_names_the_day_the_filters_and_what_the_answer_rests_on(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports"))
    meta = api.get("/v1/gaps", parties="alba,brava", issue="water", as_of="2023-01-01", mode="unattributed")["meta"]
    assert meta["filters"] == {"issue": ["water"], "parties": ["alba", "brava"]}
    assert (meta["as_of"], meta["day"], meta["mode"]) == ("2023-01-01", "2023-01-01", ["unattributed"])
    assert meta["rests_on"] == {"records": 1, "documents": 1, "origins": 1}
    assert api.get("/v1/matrix")["meta"]["day"] == "2024-06-01"
    assert set(api.get("/v1/matrix", compare="mode:author")["meta"]["filters"]) == {"compare"}


def test_a_claim_that_was_retracted_or_denied_is_no_stance(world_of: World) -> None:
    denied = [{"source": "s1", "relation": "denies", "mode": "on_record", "credibility": 5}]
    retracted = [*evidence(("s1", "unattributed")), {**denied[0], "source": "s2", "relation": "retracts"}]
    api = world_of(
        Position("alba", "dam", "supports", more={"evidence": denied}),
        Position("alba", "tolls", "supports", more={"evidence": retracted}),
    )
    assert api.data("/v1/matrix") == []
    assert [row["issue"]["id"] for row in api.data("/v1/matrix", known_at="2022-12-31")] == ["tolls"]
