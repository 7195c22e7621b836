"""The ids that dashboards and readers rely on."""

from typing import Any

import pytest

PARTIES = {
    "state": "russia united-states ukraine united-kingdom turkey israel",
    "alliance": "nato",
    "intergovernmental_organisation": "european-union",
    "government_body": "kremlin white-house us-state-department cia us-senate us-house",
    "person": "vladimir-putin yuri-ushakov joe-biden jake-sullivan donald-trump steve-witkoff jared-kushner "
    "volodymyr-zelensky avril-haines william-burns tucker-carlson",
    "group": "arab-intermediaries mediators analysts us-republicans",
    "media": "reuters libertarian-institute",
}
ISSUES = {
    "territory": "freeze-current-lines russia-keeps-occupied-territory recognition-of-annexation "
    "crimea-recognised-as-russian donbas-autonomy cession-of-donbas-and-south influence-over-eastern-ukraine "
    "border-changes-by-force autonomy-for-russian-regions",
    "ceasefire": "ceasefire-now ceasefire-enforcement demilitarised-zones phased-troop-withdrawal "
    "third-party-verification",
    "security": "nato-expansion-limits ukraine-nato-membership nato-buildup-in-eastern-europe "
    "security-guarantees-for-ukraine military-aid-to-ukraine ukraine-right-to-armed-defence",
    "talks": "ukraine-at-the-table us-pressure-on-ukraine us-russia-talks-on-ukraine repeal-of-negotiation-ban "
    "allies-cut-contacts-with-russia spring-2022-deal twenty-point-plan regional-stakeholders-engaged",
    "humanitarian": "humanitarian-corridors",
    "implementation": "incremental-benchmarks",
}
PROPOSALS = (
    "russian-prewar-security-proposal spring-2022-draft-deal russian-ceasefire-proposal-2023 "
    "us-phased-withdrawal-proposal us-28-point-plan us-20-point-plan expert-recommendations regional-autonomy-suggestion"
)
SOURCES = (
    "putin-plan-us-refused reuters-ceasefire-rejected putin-rejects-key-elements us-rejects-ceasefire "
    "russia-refuses-a-deal"
)


@pytest.mark.parametrize(("kind", "id"), [(kind, id) for kind, ids in PARTIES.items() for id in ids.split()])
def test_a_party_is_there_and_of_its_kind(shipped: Any, kind: str, id: str) -> None:
    assert shipped.data(f"/v1/parties/{id}")["kind"] == kind


@pytest.mark.parametrize(("topic", "id"), [(topic, id) for topic, ids in ISSUES.items() for id in ids.split()])
def test_an_issue_is_there_under_its_topic_and_has_a_proposition(shipped: Any, topic: str, id: str) -> None:
    issue = shipped.data(f"/v1/issues/{id}")
    assert issue["parent"]["id"] == topic
    assert issue["proposition"]
    assert shipped.data(f"/v1/issues/{topic}")["proposition"] is None


@pytest.mark.parametrize(
    ("collection", "id"),
    [
        ("processes", "ukraine-war"),
        *(("proposals", id) for id in PROPOSALS.split()),
        *(("sources", id) for id in SOURCES.split()),
    ],
)
def test_a_record_is_there(shipped: Any, collection: str, id: str) -> None:
    assert shipped.data(f"/v1/{collection}/{id}")["id"] == id
