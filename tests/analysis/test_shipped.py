"""What a reader of the five articles confirms by hand."""

from datetime import date
from typing import Any

import pytest
from support import Api, ids_of


def gaps(api: Api, **query: Any) -> dict[str, dict[str, Any]]:
    return {gap["issue"]["id"]: gap for gap in api.data("/v1/gaps", **query)}


def cells(api: Api, **query: Any) -> dict[tuple[str, str], str | None]:
    return {
        (row["issue"]["id"], cell["party"]["id"]): cell["stance"]
        for row in api.data("/v1/matrix", **query)
        for cell in row["cells"]
    }


def differing(api: Api, **query: Any) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    return {
        (row["issue"]["id"], row["party"]["id"]): (
            row["before"] and row["before"]["stance"],
            row["after"] and row["after"]["stance"],
        )
        for row in api.data("/v1/matrix", **query)
    }


def test_how_far_apart_russia_and_ukraine_were_over_time(shipped: Api) -> None:
    asked = {"parties": "russia,ukraine", "issue": "russia-keeps-occupied-territory"}
    told = [(one["since"], one["distance"], one["assumed"]) for one in shipped.data("/v1/gaps/history", **asked)]
    assert [since for since, distance, assumed in told if distance == 1 and not assumed] == ["2024-02-13"]
    assert min(since for since, distance, _ in told if distance == 1) == "2023-01-01"
    assert told[-1] == ("2025-12-04", None, False)
    (certain,) = (one for one in shipped.data("/v1/gaps/history", **asked) if one["since"] == "2024-02-13")
    assert certain["until"] == "2025-01-01"


def test_what_separates_russia_and_ukraine(shipped: Api) -> None:
    found = gaps(shipped, parties="russia,ukraine")
    apart = {issue for issue, gap in found.items() if gap["distance"]}
    assert apart == {"russia-ukraine-talks", "cession-of-donbas-and-south", "ukraine-nato-membership"}
    blocking = {issue: ids_of(found[issue]["blockers"]) for issue in apart}
    assert blocking.pop("ukraine-nato-membership") == ["russia"], "an author tells of Ukraine's wish"
    assert set(map(tuple, blocking.values())) == {("ukraine",)}
    assert ids_of(found["nato-expansion-limits"]["missing"]) == ["ukraine"], "the articles do not tell of Ukraine on it"
    for issue in ("crimea-recognised-as-russian", "russia-keeps-occupied-territory"):
        ended = {stance["party"]["id"]: (stance["stance"], stance["ended"]) for stance in found[issue]["stances"]}
        assert ended == {"russia": ("supports", False), "ukraine": ("opposes", True)}
        assert found[issue]["distance"] is None, "Ukraine had given that demand up"
    before = gaps(shipped, parties="russia,ukraine", as_of="2024-06-01")
    assert {issue for issue, gap in before.items() if gap["distance"] == 1} == {
        *(*apart, "crimea-recognised-as-russian", "russia-keeps-occupied-territory"),
    }


def test_what_separates_those_who_negotiate_over_the_twenty_points(shipped: Api) -> None:
    (gap,) = shipped.data("/v1/gaps", parties="russia,ukraine,united-states", issue="twenty-point-plan")
    stances = {one["party"]["id"]: one["stance"] for one in gap["stances"]}
    assert stances == {"russia": "unclear", "ukraine": "unclear", "united-states": "supports"}
    assert (gap["distance"], gap["missing"]) == (None, []), "Ushakov accepts some wordings and names no plan"


def test_the_united_states_came_to_talk_with_russia_about_ukraine(shipped: Api) -> None:
    issue = "us-russia-talks-on-ukraine"
    pair = {"parties": "russia,united-states", "issue": issue}
    assert gaps(shipped, **pair)[issue]["distance"] == 0, "a delegation met Putin on 2025-12-02"
    assert gaps(shipped, **pair, as_of="2024-06-01")[issue]["distance"] == 1
    (moved,) = shipped.data("/v1/movements", party="united-states", issue=issue)
    assert (moved["before_stance"], moved["after_stance"], moved["occurred_on"]["edtf"]) == (
        "opposes",
        "supports",
        "2025-12-02",
    )
    assert ids_of(moved["toward"]) == ["russia"]


def test_an_answer_to_a_plan_as_a_whole_is_on_no_issue(shipped: Api) -> None:
    whole = {one["id"] for one in shipped.all("/v1/responses") if not one["term"] and not one["demand"]}
    assert "russia-answers-us-plan-by-refusal" in whole
    behind = {
        held["position"]["id"]
        for row in shipped.data("/v1/matrix")
        for cell in row["cells"]
        for held in cell["records"]
    }
    assert behind
    assert not behind & whole


def test_who_refused_to_negotiate_has_not_said_where_it_stands(shipped: Api) -> None:
    ids = (
        "us-answers-prewar-nato-buildup",
        "us-answers-prewar-nato-membership",
        "us-answers-ceasefire-without-ukraine",
    )
    for id in ids:
        response = shipped.data(f"/v1/responses/{id}")
        assert (response["verdict"], response["stance"]) == ("refused_to_discuss", "unclear")


def test_which_terms_of_the_phased_withdrawal_proposal_russia_blocks(shipped: Api) -> None:
    reception = shipped.data("/v1/proposals/us-phased-withdrawal-proposal/reception")
    blocked = {row["term"]["id"] for row in reception["terms"] if "russia" in ids_of(row["blockers"])}
    assert blocked == {"us-plan-phased-withdrawal", "us-plan-demilitarised-zones", "us-plan-nato-restrictions"}
    verdicts = {row["term"]["id"]: row["answers"][0]["verdict"] for row in reception["terms"]}
    assert verdicts["us-plan-ceasefire-enforcement"] == "conditional"
    assert verdicts["us-plan-status-of-donbas"] == "clarification_sought"
    assert reception["unanswered"] == []


def test_what_was_knowable_in_february_2024_and_not_before_march_14(shipped: Api) -> None:
    earlier = cells(shipped, known_at="2024-02-20")
    assert cells(shipped, known_at="2024-02-12") == {}
    later = set(cells(shipped, known_at="2024-03-14")) - set(cells(shipped, known_at="2024-03-13"))
    assert earlier == cells(shipped, known_at="2024-03-13")
    assert later == {
        ("freeze-current-lines", "united-states"),
        ("nato-buildup-in-eastern-europe", "russia"),
        ("nato-buildup-in-eastern-europe", "united-states"),
        ("ukraine-nato-membership", "russia"),
        ("ukraine-nato-membership", "united-states"),
        ("spring-2022-deal", "united-kingdom"),
        ("spring-2022-deal", "united-states"),
        ("military-aid-to-ukraine", "cia"),
    }
    assert set(differing(shipped, known_at="2024-03-14", compare="known_at:2024-02-20")) == later

    def told(day: str) -> set[str]:
        return {row["subject"]["id"] for row in shipped.data("/v1/timeline", known_at=day)}

    assert {"russian-ceasefire-proposal-2023", "ushakov-sullivan-call"} <= told("2024-02-20")
    assert {"spring-2022-draft-deal", "haines-testimony", "avdiivka-retreat"} <= told("2024-03-14") - told("2024-03-13")


def test_what_rests_on_anonymous_sources_alone(shipped: Api) -> None:
    assert differing(shipped, compare="without:anonymous") == {
        ("ceasefire-now", "united-states"): ("unclear", None),
        ("nato-buildup-in-eastern-europe", "united-states"): ("unclear", None),
        ("recognition-of-annexation", "united-states"): ("opposes", None),
        ("ukraine-nato-membership", "united-states"): ("unclear", None),
        ("ukraine-right-to-armed-defence", "united-states"): ("supports", None),
    }


def test_three_articles_on_the_ceasefire_feelers_are_one_origin(shipped: Api) -> None:
    dossier = shipped.data("/v1/proposals/russian-ceasefire-proposal-2023/dossier")
    assert len(dossier["documents"]) == 3
    assert [(one["origin"]["id"], len(one["documents"])) for one in dossier["origins"]] == [("reuters", 3)]
    assert dossier["claim_status"] == "reported"
    assert [(stage["known_from"], stage["document_count"]) for stage in dossier["stages"]] == [
        *(("2024-02-13", 2), ("2024-03-14", 3)),
    ]


def test_secret_negotiations_are_denied_and_the_dossier_says_by_whom(shipped: Api) -> None:
    dossier = shipped.data("/v1/events/secret-us-russia-negotiations/dossier")
    assert dossier["claim_status"] == "denied"
    assert {claim["relation"] for claim in dossier["claims"] if claim["decides"]} == {"denies"}


def test_the_reduced_plan_has_fewer_points_and_its_terms_are_not_recorded(shipped: Api) -> None:
    diff = shipped.data("/v1/proposals/us-20-point-plan/diff", against="us-28-point-plan")
    assert (diff["before"]["point_count"], diff["after"]["point_count"]) == (28, 20)
    assert {diff["before"]["terms_absent"], diff["after"]["terms_absent"]} == {"not_yet_recorded"}
    assert (diff["supersedes"], diff["comparable"], diff["terms"]) == (True, False, [])


def test_russia_is_said_to_have_answered_the_reduced_plan_in_two_ways(shipped: Api) -> None:
    whole = shipped.data("/v1/proposals/us-20-point-plan/reception")["whole"]
    russia = next(cell for cell in whole["answers"] if cell["party"]["id"] == "russia")
    assert (russia["verdict"], russia["conflicting"]) == (None, True)
    assert {russia["response"]["id"], *ids_of(russia["others"])} == {
        *("russia-answers-us-plan-in-part", "russia-answers-us-plan-by-refusal"),
    }
    on_record = shipped.data("/v1/proposals/us-20-point-plan/reception", mode="on_record")["whole"]["answers"]
    assert {cell["party"]["id"]: cell["verdict"] for cell in on_record} == {"russia": "partial", "ukraine": "deferred"}


def test_ukraine_gave_up_the_return_of_crimea_for_nothing_on_record(shipped: Api) -> None:
    given_up = {row["issue"]["id"]: row for row in shipped.data("/v1/movements", party="ukraine") if not row["after"]}
    assert set(given_up) == {"crimea-recognised-as-russian", "russia-keeps-occupied-territory"}
    assert {(row["direction"], row["first_reported_on"]) for row in given_up.values()} == {("dropped", "2025-12-03")}
    footing = {(row["claim_status"], row["document_count"], row["origin_count"]) for row in given_up.values()}
    assert footing == {("reported", 1, 1)}, "one article tells of the end, whoever held the position openly before"
    assert all(row["toward"] == row["away_from"] == [] for row in given_up.values()), (
        "nobody tells of a step to any side"
    )


def test_who_has_not_answered(shipped: Api) -> None:
    answer = shipped.get("/v1/silences")
    silent = {(row["subject"]["id"], row["silent"]["id"]): row for row in answer["data"]}
    asked = date(2024, 2, 13)
    waited = date.fromisoformat(answer["meta"]["day"]) - asked
    assert silent["russia-repeal-of-negotiation-ban", "ukraine"]["days"] == waited.days
    assert "russia-cession-of-donbas-and-south" not in {subject for subject, _ in silent}, (
        "a writer's word of a wish, put to nobody"
    )
    assert all(key[0] != "us-20-point-plan" for key in silent), "both addressees have answered it"
    asked_in_2022 = {"us-asks-ukraine-to-forgo-spring-2022-deal", "uk-asks-ukraine-to-forgo-spring-2022-deal"}
    assert not asked_in_2022 & {subject for subject, _ in silent}, "no deal was made, which is what was asked"
    assert ("russia-keeps-territory-as-condition", "united-states") not in silent, "it was not granted"
    day = shipped.data("/v1/silences", as_of="2024-02-20", known_at="2024-02-20", issue="repeal-of-negotiation-ban")
    assert [row["days"] for row in day] == [7]


def test_bidens_words_are_the_united_states_and_stand_apart_when_asked(shipped: Api) -> None:
    assert cells(shipped, issue="military-aid-to-ukraine")["military-aid-to-ukraine", "united-states"] == "supports"
    apart = cells(shipped, issue="military-aid-to-ukraine", fold="none")
    assert ("military-aid-to-ukraine", "joe-biden") in apart
    assert ("military-aid-to-ukraine", "united-states") not in apart
    assert apart["military-aid-to-ukraine", "us-republicans"] == "opposes", "a faction does not speak for the state"


def test_nothing_was_held_before_the_war_was_negotiated_and_a_distance_of_then_is_assumed(shipped: Api) -> None:
    for day in ("1900-01-01", "2020-12-31"):
        assert shipped.data("/v1/matrix", as_of=day) == []
        assert shipped.data("/v1/gaps", parties="russia,ukraine", as_of=day) == []
    for collection in ("positions", "proposals", "events"):
        assert shipped.ids(f"/v1/{collection}", to="1900-01-01") == []
    apart = [gap for gap in shipped.data("/v1/gaps", parties="russia,ukraine", as_of="2023-01-01") if gap["distance"]]
    assert apart
    assert all(gap["assumed"] for gap in apart)


def test_russia_has_been_for_a_freeze_since_it_proposed_one(shipped: Api) -> None:
    (line,) = shipped.get("/v1/stances.json", party="russia", issue="freeze-current-lines")
    assert (line["reported_on"], line["valid_from"], line["origin_count"]) == ("2024-02-13", None, 0)
    assert (line["since_edtf"], line["agreeing_document_count"], line["agreeing_origin_count"]) == (
        "2023/2024-02-13",
        2,
        1,
    )


def test_biden_speaks_for_the_united_states_in_office_alone(shipped: Api) -> None:
    for day, party in (("2021-01-19", "joe-biden"), ("2021-01-20", "united-states"), ("2025-01-21", "joe-biden")):
        rows = shipped.get("/v1/stances.json", as_of=day, issue="military-aid-to-ukraine")
        assert {row["party_id"] for row in rows if row["holder_id"] == "joe-biden"} == {party}


def test_the_table_of_evidence_names_the_origins_that_are_counted(shipped: Api) -> None:
    origins: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for one in shipped.get("/v1/evidence.json"):
        if one["relation"] in ("asserts", "confirms") and one["mode"] not in ("author", "analyst"):
            subject = (one["subject_collection"], one["subject_id"])
            origins.setdefault(subject, set()).add((one["origin_collection"], one["origin_id"]))
    for table in ("proposals", "terms", "positions", "events"):
        for row in shipped.get(f"/v1/{table}.json"):
            found = origins.get((row["subject_collection"], row["subject_id"]), set())
            assert len(found) == row["origin_count"], row["href"]
    assert origins["proposals", "russian-ceasefire-proposal-2023"] == {("parties", "reuters")}


@pytest.mark.parametrize(
    ("typed", "party"),
    [
        ("Россия", "russia"),
        ("УКРАЇНА", "ukraine"),
        ("зеленськ*", "volodymyr-zelensky"),
        ("НАТО", "nato"),
        ("tur", "turkey"),
    ],
)
def test_a_party_is_found_by_its_name_in_its_own_language_and_by_its_country_code(
    shipped: Api, typed: str, party: str
) -> None:
    assert shipped.ids("/v1/parties", q=typed) == [party]
    assert [hit["id"] for hit in shipped.all("/v1/search", q=typed)] == [party]
