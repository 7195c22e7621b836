"""What a record names is as if it were not there at a day on which nobody could know of it."""

from typing import Any

import pytest
from support import Api, ids_of
from written import World, answer, demand, evidence, plan, term

EARLY, LATE = evidence(("s2", "unattributed")), evidence(("s3", "on_record"))
BEFORE, AFTER = "2024-01-31", "2024-02-01"  # s3 became known on the second


@pytest.fixture
def told_late(world_of: World) -> Api:
    """A plan and a demand that were reported after one of the plan's terms, after the answers to them, and after an event."""
    return world_of(
        proposals=[
            plan("plan", status="superseded", evidence=LATE, terms=[term("opening", 1, evidence=EARLY)]),
            plan(
                "next",
                supersedes="plan",
                related=[{"proposal": "plan", "how": "revises"}, {"proposal": "third", "how": "draws_on"}],
            ),
            plan("third"),
        ],
        demands=[demand("asks", "alba", ["brava"], evidence=LATE)],
        responses=[
            answer("to-plan", "alba", "accepted", proposal="plan"),
            answer("to-term", "alba", "accepted", term="opening"),
            answer("to-demand", "brava", "rejected", demand="asks"),
        ],
        events=[
            {
                "id": "talks",
                "kind": "talks",
                "title": "Talks",
                "related": ["proposals/plan", "terms/opening", "sources/s3", "parties/alba"],
                "evidence": EARLY,
            }
        ],
    )


def named(api: Api, **clocks: Any) -> dict[str, Any]:
    """What the records of `told_late` name."""
    return {
        "plan": api.data("/v1/responses/to-plan", **clocks)["proposal"],
        "its term": api.data("/v1/terms/opening", **clocks)["proposal"],
        "its offer": api.data("/v1/offers/opening-by-cordia", **clocks)["proposal"],
        "through the term": api.data("/v1/responses/to-term", **clocks)["proposal"],
        "demand": api.data("/v1/responses/to-demand", **clocks)["demand"],
        "superseded": api.data("/v1/proposals/next", **clocks)["supersedes"],
    }


@pytest.mark.parametrize("clocks", [{}, {"known_at": AFTER}, {"mode": "unattributed"}])
def test_what_is_known_by_whatever_evidence_is_named(told_late: Api, clocks: dict[str, str]) -> None:
    assert None not in named(told_late, **clocks).values()
    related = told_late.data("/v1/proposals/next", **clocks)["related"]
    assert [one["proposal"]["id"] for one in related] == ["plan", "third"]
    assert ids_of(told_late.data("/v1/events/talks", **clocks)["related"]) == ["plan", "opening", "s3", "alba"]


@pytest.mark.parametrize("more", [{}, {"mode": "unattributed"}])
def test_what_nobody_could_know_of_yet_is_not_named(told_late: Api, more: dict[str, str]) -> None:
    clocks = {"known_at": BEFORE, **more}
    assert set(named(told_late, **clocks).values()) == {None}
    assert told_late.data("/v1/responses/to-term", **clocks)["term"]["id"] == "opening"
    related = told_late.data("/v1/proposals/next", **clocks)["related"]
    assert [one["proposal"]["id"] for one in related] == ["third"]
    assert ids_of(told_late.data("/v1/events/talks", **clocks)["related"]) == ["opening", "alba"]


def test_lists_and_tables_do_not_find_by_it_either(told_late: Api) -> None:
    assert told_late.ids("/v1/responses", proposal="plan", known_at=AFTER) == ["to-plan", "to-term"]
    assert told_late.ids("/v1/responses", proposal="plan", known_at=BEFORE) == []
    assert told_late.ids("/v1/responses", demand="asks", known_at=BEFORE) == []
    rows = told_late.get("/v1/responses.json", known_at=BEFORE)
    assert {row["id"]: row["proposal_id"] for row in rows} == {"to-plan": None, "to-term": None, "to-demand": None}
