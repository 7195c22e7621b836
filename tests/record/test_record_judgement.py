"""Where the articles differ, copy each other, or leave something open: what the record makes of it."""

from typing import Any

import pytest
from support import CITED

EARLY = "2024-02-20"  # two of the articles are known
SPRING = "2024-04-01"  # a third one as well
LATE = "2025-12-10"  # a fourth


def evidence(api: Any, subject: str, **query: Any) -> list[Any]:
    return api.all(f"/v1/{subject}/evidence", **query)


# One report, three documents


@pytest.mark.parametrize(
    "subject",
    [
        "proposals/russian-ceasefire-proposal-2023",
        "responses/us-answers-russian-ceasefire-proposal",
        "events/russia-us-ceasefire-contacts",
    ],
)
def test_three_articles_that_relay_one_report_are_three_documents_and_one_origin(shipped: Any, subject: str) -> None:
    record = shipped.data(f"/v1/{subject}")
    assert (record["document_count"], record["origin_count"]) == (3, 1)
    assert record["claim_status"] in {"reported", "unconfirmed"}


def test_nothing_counts_as_corroborated_by_articles_that_copy_one_agency(shipped: Any) -> None:
    relays = {one["id"] for one in shipped.all("/v1/sources") if one["relays"]}
    assert len(relays) == 3
    for name in CITED:
        for record in shipped.all(f"/v1/{name}", claim_status="corroborated"):
            sources = {one["source"]["id"] for one in evidence(shipped, f"{name}/{record['id']}")}
            assert sources - relays, record["id"]


# Calls, contacts, denials


@pytest.mark.parametrize("known_at", [EARLY, SPRING, None])
def test_the_call_is_unconfirmed_though_an_article_tells_it_as_fact(shipped: Any, known_at: str | None) -> None:
    query = {"known_at": known_at} if known_at else {}
    assert shipped.data("/v1/events/ushakov-sullivan-call", **query)["claim_status"] == "unconfirmed"


def test_both_accounts_of_the_call_stand(shipped: Any) -> None:
    relations = {(one["source"]["id"], one["relation"]) for one in evidence(shipped, "events/ushakov-sullivan-call")}
    assert {
        ("reuters-ceasefire-rejected", "asserts"),
        ("reuters-ceasefire-rejected", "not_confirmed"),
        ("us-rejects-ceasefire", "asserts"),
    } == relations


def test_what_was_said_in_the_call_is_not_called_confirmed(shipped: Any) -> None:
    for id, speaker, status in [
        ("us-excludes-ukraine-from-talks-with-russia", "jake-sullivan", "unconfirmed"),
        ("us-ready-for-other-subjects-with-russia", "jake-sullivan", "unconfirmed"),
        # Told by a later article alone; the doubt of the earlier one would make it known before it was told.
        ("russia-raises-ceasefire-in-call", "yuri-ushakov", "reported"),
    ]:
        assert shipped.data(f"/v1/statements/{id}")["claim_status"] == status
        asserted = [one for one in evidence(shipped, f"statements/{id}") if one["relation"] == "asserts"]
        assert {one["speaker"]["id"] for one in asserted} == {speaker}


def test_secret_negotiations_are_denied_and_the_intermediaries_are_not(shipped: Any) -> None:
    assert shipped.data("/v1/events/secret-us-russia-negotiations")["claim_status"] == "denied"
    for id in ("russia-us-ceasefire-contacts", "mediators-meeting-turkey", "unofficial-russian-feelers"):
        assert not {"denies", "disputes"} & {one["relation"] for one in evidence(shipped, f"events/{id}")}
    assert shipped.data("/v1/events/mediators-meeting-turkey")["claim_status"] == "reported"


def test_official_contacts_are_denied_and_unofficial_ones_reported(shipped: Any) -> None:
    assert shipped.data("/v1/events/official-us-russia-contacts")["claim_status"] == "denied"
    assert shipped.data("/v1/events/unofficial-russian-feelers")["claim_status"] == "reported"


def test_four_bodies_declined_to_comment_on_the_contacts_and_on_nothing_else(shipped: Any) -> None:
    declined = shipped.all("/v1/evidence", relation="declines_to_comment")
    assert {one["subject"]["id"] for one in declined} == {"russia-us-ceasefire-contacts"}
    assert {one["speaker"]["id"] for one in declined} == {"kremlin", "white-house", "us-state-department", "cia"}
    assert shipped.data("/v1/events/russia-us-ceasefire-contacts")["claim_status"] == "unconfirmed"


# Proposals


def test_the_undated_proposal_is_possibly_one_of_the_two_plans_and_no_more(shipped: Any) -> None:
    proposal = shipped.data("/v1/proposals/us-phased-withdrawal-proposal")
    assert {(one["proposal"]["id"], one["how"]) for one in proposal["related"]} == {
        ("us-28-point-plan", "possibly_same_as"),
        ("us-20-point-plan", "possibly_same_as"),
    }
    assert proposal["supersedes"] is None


def test_the_plan_went_from_28_points_to_20(shipped: Any) -> None:
    plan = shipped.data("/v1/proposals/us-20-point-plan")
    assert plan["supersedes"]["id"] == "us-28-point-plan"
    assert plan["point_count"] == 20
    assert plan["absent"]["terms"] == "not_yet_recorded"
    assert shipped.data("/v1/proposals/us-28-point-plan")["point_count"] == 28
    talks = shipped.data("/v1/events/florida-switzerland-talks")
    assert {one["id"] for one in talks["participants"]} == {"united-states", "ukraine", "nato", "european-union"}


@pytest.mark.parametrize(
    ("id", "term", "verdict", "stance"),
    [
        (
            "russia-answers-ceasefire-enforcement",
            "us-plan-ceasefire-enforcement",
            "conditional",
            "supports_conditionally",
        ),
        ("russia-answers-demilitarised-zones", "us-plan-demilitarised-zones", "rejected", "opposes"),
        ("russia-answers-status-of-donbas", "us-plan-status-of-donbas", "clarification_sought", "supports"),
        ("russia-answers-nato-restrictions", "us-plan-nato-restrictions", "insisted_on", "supports"),
    ],
)
def test_the_four_elements_have_putins_verdicts(shipped: Any, id: str, term: str, verdict: str, stance: str) -> None:
    response = shipped.data(f"/v1/responses/{id}")
    assert (response["party"]["id"], response["term"]["id"]) == ("russia", term)
    assert (response["verdict"], response["stance"]) == (verdict, stance)
    assert "vladimir-putin" in {one["speaker"]["id"] for one in response["evidence"] if one["speaker"]}


@pytest.mark.parametrize(
    "id",
    [
        "russia-guarantees-against-nato-expansion",
        "russia-against-ukraine-nato-membership",
        "russia-crimea-acknowledged",
        "russia-influence-over-east",
    ],
)
def test_the_four_core_objections_have_their_consequence(shipped: Any, id: str) -> None:
    demand = shipped.data(f"/v1/demands/{id}")
    assert demand["consequence"]
    assert demand["firmness"] in {"non_negotiable", "core"}


@pytest.mark.parametrize(
    ("id", "feasibility"),
    [
        ("experts-third-party-verification", "medium"),
        ("experts-humanitarian-corridors", "high"),
        ("experts-incremental-benchmarks", "medium"),
        ("experts-regional-stakeholders", None),
    ],
)
def test_the_recommendations_are_rated_but_for_one(shipped: Any, id: str, feasibility: str | None) -> None:
    term = shipped.data(f"/v1/terms/{id}")
    if feasibility is None:
        assert term["assessment"] is None
        assert term["absent"]["assessment"] == "not_stated"
    else:
        assert term["assessment"]["feasibility"] == feasibility
        assert term["assessment"]["expected_impact"]


# Who holds what


@pytest.mark.parametrize(
    ("id", "holder", "mode"),
    [
        ("russia-cession-of-donbas-and-south", "russia", {"author"}),
        ("biden-administration-refuses-talks-with-kremlin", "united-states", {"author"}),
        ("russia-freeze-as-best-step", "russia", {"author"}),
        ("dedovic-ukraine-in-resumed-talks", "sededin-dedovic", {"author"}),
        ("atlamazoglou-for-security-guarantees", "stavros-atlamazoglou", {"author"}),
        ("russia-repeal-of-negotiation-ban", "russia", {"on_record"}),
        ("ukraine-allies-cut-contacts", "ukraine", {"on_record"}),
    ],
)
def test_a_position_is_held_by_the_party_it_is_about_and_advice_by_the_writer(
    shipped: Any, id: str, holder: str, mode: set[str]
) -> None:
    assert shipped.data(f"/v1/positions/{id}")["party"]["id"] == holder
    assert {one["mode"] for one in evidence(shipped, f"positions/{id}")} == mode


def test_the_spring_talks_name_their_hosts_and_who_pressed_for_no_deal(shipped: Any) -> None:
    talks = shipped.data("/v1/events/spring-2022-talks")
    assert {one["id"] for one in talks["hosts"]} == {"turkey", "israel"}
    pressing = shipped.all("/v1/demands", issue="spring-2022-deal", stance="opposes")
    assert {one["party"]["id"] for one in pressing} == {"united-states", "united-kingdom"}
    answers = shipped.all("/v1/responses", proposal="spring-2022-draft-deal")
    assert answers == [], "they pressed Ukraine; nobody is said to have answered the draft"


def test_dates_are_as_sure_as_the_articles(shipped: Any) -> None:
    for subject, field, edtf in [
        ("sources/putin-rejects-key-elements", "published_on", "2025?"),
        ("sources/reuters-ceasefire-rejected", "published_on", "2024-02-13"),
        ("events/haines-testimony", "occurred_on", "2024-03-11"),
        ("events/senate-vote-on-ukraine-aid", "occurred_on", "2024-02-13"),
        ("events/moscow-meeting-2025-12-02", "occurred_on", "2025-12-02"),
        ("events/mediators-meeting-turkey", "occurred_on", "2023-12~"),
    ]:
        assert shipped.data(f"/v1/{subject}")[field]["edtf"] == edtf


# No hindsight


def test_ukraines_territorial_demand_has_ended_only_since_the_last_article_is_known(shipped: Any) -> None:
    path = "/v1/demands/ukraine-return-of-occupied-territory"
    before = shipped.data(path, known_at="2024-03-01")
    assert (before["ended"], before["valid_until"], before["lifecycle"]) == (False, None, None)
    after = shipped.data(path, known_at=LATE)
    assert (after["valid_until"]["edtf"], after["lifecycle"]) == ("2025~/2025-12-03", "dropped")
    assert shipped.data(path)["ended"] is True


def test_an_article_that_is_not_known_yet_teaches_nothing(shipped: Any) -> None:
    assert set(shipped.ids("/v1/sources", known_at=EARLY)) == {"putin-plan-us-refused", "reuters-ceasefire-rejected"}
    for name in CITED:
        for record in shipped.all(f"/v1/{name}", known_at=EARLY):
            assert record["first_reported_on"] <= EARLY
    for path in ("proposals/us-20-point-plan", "events/haines-testimony", "statements/russia-raises-ceasefire-in-call"):
        shipped.problem(f"/v1/{path}", 404, known_at=EARLY)


@pytest.mark.parametrize("known_at", [EARLY, SPRING, LATE])
def test_a_record_links_to_nothing_that_was_reported_later(shipped: Any, known_at: str) -> None:
    for name in CITED:
        for record in shipped.all(f"/v1/{name}", known_at=known_at):
            named = [record.get("proposal"), record.get("term"), record.get("demand"), record.get("supersedes")]
            named += record.get("related", [])
            for one in filter(None, named):
                shipped.get((one.get("proposal") or one)["href"], known_at=known_at)


def test_summaries_and_notes_do_not_count_articles(shipped: Any) -> None:
    """How many articles tell a thing depends on the day; the counts of the answer say it."""
    for name in CITED:
        for record in shipped.all(f"/v1/{name}"):
            told = f"{record.get('summary')} {record.get('note')}".lower()
            for phrase in ("three articles", "two articles", "another article", "later article", "both articles"):
                assert phrase not in told, f"{name}/{record['id']}"


# Grades


def test_every_grade_has_its_reason_and_none_is_a_copy(shipped: Any) -> None:
    reasons: dict[str, set[str]] = {}
    for one in shipped.all("/v1/evidence"):
        if one["credibility"] == "6" or one["credibility"] == 6:
            continue
        if one["subject"]["collection"] == "offers":  # an offer's evidence is its term's
            continue
        assert one["note"], (
            f"{one['subject']['href']}: its evidence from “{one['source']['id']}” has credibility {one['credibility']} and no note; "
            "say in `note` why, or grade it 6 where there is nothing to judge by (see docs/curating.md)"
        )
        reasons.setdefault(one["note"], set()).add(one["subject"]["id"])
    assert not {note: ids for note, ids in reasons.items() if len(ids) > 1}
    for source in shipped.all("/v1/sources"):
        assert source["note"], (
            f"sources “{source['id']}” has no note; say in `note` why its reliability is {source['reliability']}"
        )
