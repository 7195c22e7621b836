"""What happened, and when it was first reported."""

from typing import Any

from written import World, answer, demand, evidence, plan, term


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
    assert subjects(**{"from": "2023-02-02"}) == ["no"], "a demand stands where it was made, however long it is held"
    assert subjects(**{"from": "2023-02-01"}) == ["asks", "no"]
    assert subjects(**{"from": "2023-05-02"}) == [], "what has no date stands at its first report"


def test_both_ends_of_the_days_asked_for_are_among_them(world_of: World) -> None:
    api = world_of(
        demands=[demand("asks", "brava", ["alba"], valid_from="2023-02")], proposals=[plan(made_on="2023-02-28")]
    )
    shown = {
        (begin, end): {row["subject_id"] for row in api.get("/v1/timeline.json", **{"from": begin, "to": end})}
        for begin, end in (("2023-02-28", "2023-02-28"), ("2023-03-01", ""), ("", "2023-02-01"), ("", "2023-01-31"))
    }
    assert list(shown.values()) == [{"asks", "plan"}, set(), {"asks"}, set()]


def test_what_was_done_by_a_day_stays_done_though_it_is_no_longer_held(world_of: World) -> None:
    held = {"valid_from": "2023-02-01", "valid_until": "2023-04-01"}
    api = world_of(
        demands=[demand("asks", "brava", ["alba"], **held)],
        responses=[answer("no", "alba", "rejected", demand="asks", **{**held, "valid_from": "2023-03-01"})],
    )
    shown = {
        day: [row["subject"]["id"] for row in api.data("/v1/timeline", as_of=day)]
        for day in ("2023-01-31", "2023-02-01", "2023-03-01", "2023-04-02")
    }
    assert shown == {
        "2023-01-31": [],
        "2023-02-01": ["asks"],
        "2023-03-01": ["asks", "no"],
        "2023-04-02": ["asks", "no"],
    }
