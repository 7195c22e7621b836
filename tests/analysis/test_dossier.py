"""Who says what about a record, and which rule gave its claim status."""

from datetime import date, timedelta

import pytest
from support import ids_of
from written import Position, World, evidence, plan, term


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
    assert data["rule"].startswith("Some evidence disputes it, or some denies it")
    assert data["relations"] == {"asserts": 3, "denies": 1, "declines_to_comment": 1}
    assert ids_of(data["documents"]) == ["s1", "s2", "s3", "s4"]
    assert [(one["origin"]["id"], ids_of(one["documents"])) for one in data["origins"]] == [
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


def test_a_source_that_nobody_published_is_an_origin_of_its_own_though_a_party_has_its_id(world_of: World) -> None:
    paper = {"title": "A paper", "retrieved_on": "2024-05-20", "kind": "news_report", "language": "en"}
    sources = [
        {"id": "s1", "publisher": "agency", "reliability": "F", **paper},
        {"id": "agency", "reliability": "F", **paper},
    ]
    cited = evidence(("s1", "anonymous"), ("agency", "anonymous"))
    api = world_of(Position("alba", "dam", "supports", id="claim", more={"evidence": cited}), sources=sources)
    origins = [one["origin"]["href"] for one in api.data("/v1/statements/claim/dossier")["origins"]]
    assert sorted(origins) == ["/v1/parties/agency", "/v1/sources/agency"]
    table = api.get("/v1/evidence.json")
    assert {(one["origin_collection"], one["origin_id"]) for one in table} == {
        ("parties", "agency"),
        ("sources", "agency"),
    }
    record = api.data("/v1/statements/claim")
    assert (record["origin_count"], record["claim_status"]) == (2, "corroborated")


def test_an_offer_is_confirmed_by_its_own_holder(world_of: World) -> None:
    spoken = evidence(("s2", "on_record"), speaker="brava")
    api = world_of(proposals=[plan(proposers=["alba", "brava"], terms=[term("build", 1, evidence=spoken)])])
    assert [
        (claim["by_holder"], claim["decides"], data["claim_status"])
        for holder in ("alba", "brava")
        for data in [api.data(f"/v1/offers/build-by-{holder}/dossier")]
        for claim in data["claims"]
    ] == [(False, True, "reported"), (True, True, "confirmed")]


def test_a_dossier_says_whether_the_record_held_on_the_day(world_of: World) -> None:
    api = world_of(
        Position("alba", "dam", "supports", "2022/2023", id="held", cited=(("s3", "unattributed"),)),
        proposals=[plan(made_on="2023", terms=[term("one", 1)])],
    )
    for path, since in (
        ("/v1/positions/held", "2023-12-31"),
        ("/v1/proposals/plan", "2023-05-01"),
        ("/v1/terms/one", "2023-05-01"),
    ):
        before = str(date.fromisoformat(since) - timedelta(days=1))
        told = {day: api.data(f"{path}/dossier", as_of=day)["assumed"] for day in ("2023-02-01", before, since)}
        assert told == {"2023-02-01": True, before: True, since: False}, path
        assert api.data(f"{path}/dossier")["assumed"] is False


ASSERTED = ("asserts", "on_record", "ana")
#: For each claim status: evidence of a record of Alba, for whom Ana speaks, as relation, mode and speaker; and whether it decides.
DECIDING = {
    "retracted": [
        (ASSERTED, False),
        (("retracts", "on_record", "alba"), True),
        (("denies", "on_record", "brava"), False),
    ],
    "disputed": [
        (ASSERTED, True),
        (("asserts", "author", None), True),
        (("disputes", "anonymous", None), True),
        (("not_confirmed", "on_record", "cordia"), False),
    ],
    "denied": [
        (("denies", "on_record", "alba"), True),
        (("disputes", "on_record", "brava"), False),
        (("declines_to_comment", "on_record", "cordia"), False),
    ],
    "confirmed": [
        (ASSERTED, True),
        (("confirms", "official_document", "alba"), True),
        (("asserts", "anonymous", "ana"), False),
        (("asserts", "on_record", "brava"), False),
        (("not_confirmed", "on_record", "cordia"), False),
    ],
    "unconfirmed": [
        (("asserts", "anonymous", None), True),
        (("asserts", "unattributed", None), True),
        (("declines_to_comment", "on_record", "alba"), True),
        (("not_confirmed", "on_record", "brava"), True),
    ],
    "corroborated": [
        (("asserts", "unattributed", None), True),
        (("asserts", "author", None), False),
        (("confirms", "on_record", "brava"), True),
        (("declines_to_comment", "on_record", "alba"), False),
    ],
    "reported": [
        (("asserts", "on_record", "brava"), True),
        (("asserts", "analyst", None), True),
        (("declines_to_comment", "on_record", "alba"), False),
    ],
}


@pytest.mark.parametrize("status", DECIDING)
def test_a_dossier_tells_which_evidence_gives_the_status(world_of: World, status: str) -> None:
    said = [
        {
            "source": f"s{number}",
            "relation": relation,
            "mode": mode,
            "credibility": 6,
            **({"speaker": speaker, "said_on": "2022-02-01"} if speaker else {}),
        }
        for number, ((relation, mode, speaker), _) in enumerate(DECIDING[status], 1)
    ]
    if len(said) > 4:
        said[4]["source"] = "s4"
    api = world_of(Position("alba", "dam", "supports", id="claim", more={"evidence": said}))
    data = api.data("/v1/statements/claim/dossier")
    assert data["claim_status"] == status
    told = {(one["relation"], one["mode"], (one["speaker"] or {}).get("id")): one["decides"] for one in data["claims"]}
    assert told == dict(DECIDING[status])
    outlets = {"agency" if one["source"] in ("s1", "s2") else one["source"] for one in said
               if one["relation"] in ("asserts", "confirms") and one["mode"] not in ("author", "analyst")}  # fmt: skip
    assert {one["origin"]["id"] for one in data["origins"]} == outlets
    assert api.data("/v1/statements/claim")["origin_count"] == len(outlets)
    assert api.get("/v1/statements/claim/dossier")["meta"]["rests_on"]["origins"] == len(outlets)


def test_a_record_is_assumed_to_hold_behind_the_first_day_on_which_it_can_have_ended(world_of: World) -> None:
    api = world_of(Position("alba", "dam", "supports", "2022-01-01", "2023-06", id="held"))
    told = {
        day: api.data("/v1/positions/held/dossier", as_of=day)["assumed"]
        for day in ("2023-05-31", "2023-06-01", "2023-06-02")
    }
    assert told == {"2023-05-31": False, "2023-06-01": False, "2023-06-02": True}


@pytest.mark.parametrize(
    ("relations", "status"),
    [(["disputes"], "disputed"), (["disputes", "declines_to_comment"], "disputed"), (["disputes", "asserts"], "disputed"),
     (["disputes", "denies"], "denied"), (["denies", "asserts"], "disputed"), (["disputes", "retracts"], "retracted")],
)  # fmt: skip
def test_what_is_disputed_is_so_whether_or_not_somebody_asserts_it(
    world_of: World, relations: list[str], status: str
) -> None:
    cited = [one for relation in relations for one in evidence(("s1", "unattributed"), relation=relation)]
    api = world_of(Position("alba", "dam", "supports", id="held", more={"evidence": cited}))
    dossier = api.data("/v1/statements/held/dossier")
    assert dossier["claim_status"] == api.data("/v1/statements/held")["claim_status"] == status
    assert any(claim["decides"] for claim in dossier["claims"])
