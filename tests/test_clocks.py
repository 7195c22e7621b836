"""Both clocks, on every collection: against the claim rules and versions written naively anew."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import CITED, COLLECTIONS, Api, process_began

from api.claims import MODE_BIT, Citation, Grounds, Version, claim, versions
from api.resources import RESOURCES
from schemas.dates import parse
from schemas.fields import Ref, date_answer
from schemas.record import Record
from schemas.vocabulary import ClaimStatus, Mode, Relation

DAYS = [str(date(2029, 6, 1) + timedelta(days=12 * step)) for step in range(64)]


def naive_status(evidence: list[dict[str, Any]]) -> str:
    """The rules of the data model, §3, one after the other; evidence has relation, mode, origin and holder (a flag)."""
    asserts = [one for one in evidence if one["relation"] in ("asserts", "confirms")]
    kinds = [one["relation"] for one in evidence]
    if "retracts" in kinds:
        return "retracted"
    if "denies" in kinds and not asserts:
        return "denied"
    if "denies" in kinds or "disputes" in kinds:
        return "disputed"
    for one in asserts:
        if one["holder"] and one["mode"] in ("on_record", "official_document"):
            return "confirmed"
    if ("not_confirmed" in kinds or "declines_to_comment" in kinds) and not [
        one for one in asserts if one["mode"] not in ("anonymous", "unattributed")
    ]:
        return "unconfirmed"
    return "corroborated" if naive_origins(evidence) >= 2 else "reported"


def naive_origins(evidence: list[dict[str, Any]]) -> int:
    origins = set()
    for one in evidence:
        if one["relation"] in ("asserts", "confirms") and one["mode"] not in ("analyst", "author"):
            origins.add(one["origin"])
    return len(origins)


def naive_published(source: dict[str, Any]) -> dict[str, str | None]:
    """When a source was first to be read: as it is dated, but no later than it was retrieved."""
    published, retrieved = (
        source["published_on"] or {"edtf": "", "earliest": None, "latest": None},
        source["retrieved_on"],
    )
    if published["latest"] and published["latest"] <= retrieved:
        return published
    text = f"{published['edtf'].partition('/')[0]}/{retrieved}"
    return {"edtf": text, "earliest": published["earliest"], "latest": retrieved, "precision": "interval"}


def naive_first(dates: list[dict[str, Any]]) -> dict[str, str | None]:
    """When the first of several was: the one that is before all others, or else a day between the first and the last that it can be."""
    earliest, latest = min(one["earliest"] or "" for one in dates), min(one["latest"] for one in dates)
    found = [one for one in dates if (one["earliest"] or "", one["latest"]) == (earliest, latest)]
    if found:
        return min(found, key=lambda one: one["edtf"])
    return {"edtf": f"{earliest}/{latest}", "earliest": earliest or None, "latest": latest, "precision": "interval"}


def schema_of(record: dict[str, Any]) -> type[Record]:
    """The schema of a record, by its path."""
    return RESOURCES.by_name[record["href"].split("/")[2]].schema


class Naive:
    """What the answers of the service should be, from its evidence and affiliations alone."""

    def __init__(self, api: Api) -> None:
        sources = api.all("/v1/sources")
        self.publishers = {one["id"]: (one["publisher"] or one)["id"] for one in sources}
        self.published = {one["id"]: naive_published(one) for one in sources}
        self.affiliations = {
            one["id"]: [each for each in one["affiliations"] if each["represents"]] for one in api.all("/v1/parties")
        }

        #: The records that were not always known.
        self.since = {
            one["href"]: one.get("first_reported_on") or one["known_on"]
            for collection in (*CITED, "sources")
            for one in api.all(f"/v1/{collection}")
        }

        #: The evidence that a proposal was replaced, by its path: that of the later version.
        self.replaced = {
            one["supersedes"]["href"]: api.data(one["href"])["evidence"]
            for one in api.all("/v1/proposals")
            if one["supersedes"]
        }

    def end_known(self, record: dict[str, Any], day: str = "9999", modes: tuple[str, ...] = tuple(Mode)) -> bool:
        """Whether the end that an offer has from its proposal, if it has one, could be known by a day from evidence of some modes."""
        if record.get("kind") != "offer" or record["proposal"]["href"] not in self.replaced:
            return True
        taught_by = self.replaced[record["proposal"]["href"]]
        return any(one["known_on"] <= day and one["mode"] in modes for one in taught_by)

    def unknown(self, day: str) -> list[str]:
        """The paths of the records that nobody could know of by a day."""
        return [path for path, since in self.since.items() if since > day]

    def speaks_for(self, speaker: str, holders: set[str], begin: str, end: str, depth: int = 0) -> bool:
        return speaker in holders or any(
            ((one["valid_from"] or {}).get("earliest") or "0") <= end
            and ((one["valid_until"] or {}).get("latest") or "9999") >= begin
            and self.speaks_for(one["party"]["id"], holders, begin, end, depth + 1)
            for one in self.affiliations[speaker]
            if depth < 9
        )

    def evidence(self, record: dict[str, Any], api: Api) -> list[dict[str, Any]]:
        """The evidence of a record, with what its claim status needs."""
        given = api.data(record["proposal"]["href"]) if "number" in record else record
        holders = {
            one["id"]
            for name, kind in schema_of(given)._declared_fields.items()
            if getattr(kind, "holder", False)
            for one in (given[name] if isinstance(given[name], list) else [given[name]])
        }
        found = []
        for one in api.data(record["href"])["evidence"]:
            said = one["said_on"] or {"earliest": one["known_on"], "latest": one["known_on"]}
            begin, end = said["earliest"] or "0001-01-01", said["latest"] or "9999-12-31"
            speaker = one["speaker"] and one["speaker"]["id"]
            found.append(
                {
                    **one,
                    "published": self.published[one["source"]["id"]],
                    "origin": one["via"]["id"] if one["via"] else self.publishers[one["source"]["id"]],
                    "holder": bool(speaker) and self.speaks_for(speaker, holders, begin, end),
                }
            )
        return found


def without(value: Any, unknown: set[str]) -> Any:
    """What a field names without the records of some paths: null in the place of one, left out of a list."""
    if isinstance(value, list):
        return [one for one in value if not unknown & set(paths_in(one))]
    return None if unknown & set(paths_in(value)) else value


def paths_in(value: Any) -> Iterator[str]:
    """The paths of the records that an answer names."""
    if isinstance(value, dict):
        if value.keys() >= {"id", "name", "href"}:
            yield value["href"]
        for one in value.values():
            yield from paths_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from paths_in(one)


def expected(
    record: dict[str, Any],
    evidence: list[dict[str, Any]],
    whole: list[dict[str, Any]],
    unknown: Iterable[str] = (),
    *,
    end_known: bool = True,
) -> dict[str, Any]:
    """A record as some of its evidence shows it, at a day on which nobody could know of the records of some paths."""
    record = {name: without(value, set(unknown)) for name, value in record.items()}
    taught = {field for one in whole for field in one["bears_on"]}
    hidden = taught - {field for one in evidence for field in one["bears_on"]}
    shown = {**record, **dict.fromkeys(hidden & record.keys())}
    if not end_known:
        shown["valid_until"] = None
    if "ended" in shown:
        until = (shown["valid_until"] or {}).get("latest")
        shown["ended"] = bool(until and until < "2031-06-30")
    return {
        **shown,
        "claim_status": naive_status(evidence),
        "evidence_count": len(evidence),
        "document_count": len({one["source"]["id"] for one in evidence}),
        "origin_count": naive_origins(evidence),
        "first_reported_on": min(one["known_on"] for one in evidence),
        "first_reported": naive_first([one["published"] for one in evidence]),
    }


@pytest.fixture(scope="module")
def naive(api: Api) -> Naive:
    return Naive(api)


@pytest.mark.parametrize("collection", CITED)
def test_known_at_answers_from_the_evidence_known_by_then(api: Api, naive: Naive, collection: str) -> None:
    records = {one["id"]: (one, naive.evidence(one, api)) for one in api.all(f"/v1/{collection}")}
    changing = {one["known_on"] for _, evidence in records.values() for one in evidence}
    for day in sorted({*DAYS[::8], *changing, *(str(date.fromisoformat(day) - timedelta(days=1)) for day in changing)}):
        then = {}
        for id, (record, whole) in records.items():
            if known := [one for one in whole if one["known_on"] <= day]:
                ended = naive.end_known(record, day)
                then[id] = expected(record, known, whole, naive.unknown(day), end_known=ended)
        answered = {one["id"]: one for one in api.all(f"/v1/{collection}", known_at=day)}
        assert answered == then, day
        for id, (record, _) in records.items():
            if id in then:
                alone = api.get(record["href"], known_at=day)
                assert {name: alone["data"][name] for name in then[id]} == then[id]
                assert len(alone["data"]["evidence"]) == then[id]["evidence_count"]
                assert alone["meta"]["known_at"] == day
            else:
                assert day in api.problem(record["href"], 404, known_at=day)["detail"]


MODE_SETS = [(mode.value,) for mode in Mode] + [
    ("on_record", "official_document"),
    ("anonymous", "unattributed", "author"),
]


@pytest.mark.parametrize("modes", MODE_SETS, ids="+".join)
@pytest.mark.parametrize("collection", CITED)
def test_mode_counts_only_evidence_of_these_modes(
    api: Api, naive: Naive, collection: str, modes: tuple[str, ...]
) -> None:
    then = {}
    for record in api.all(f"/v1/{collection}"):
        whole = naive.evidence(record, api)
        if counted := [one for one in whole if one["mode"] in modes]:
            ended = naive.end_known(record, modes=modes)
            then[record["id"]] = expected(record, counted, whole, end_known=ended)
    answer = api.get(f"/v1/{collection}", mode=",".join(modes), limit=200)
    assert {one["id"]: one for one in answer["data"]} == then
    assert answer["meta"]["mode"] == sorted(modes)
    assert answer["page"]["total"] == len(then)


@pytest.mark.parametrize("collection", CITED)
def test_the_clocks_combine(api: Api, naive: Naive, collection: str) -> None:
    records = {one["id"]: (one, naive.evidence(one, api)) for one in api.all(f"/v1/{collection}")}
    for day in ("2030-01-12", "2030-02-28", "2030-06-01", "2031-06-01"):
        for modes in (("anonymous",), ("on_record", "unattributed")):
            then = {}
            for id, (record, whole) in records.items():
                if counted := [one for one in whole if one["mode"] in modes and one["known_on"] <= day]:
                    ended = naive.end_known(record, day, modes)
                    then[id] = expected(record, counted, whole, naive.unknown(day), end_known=ended)
            query = {"known_at": day, "mode": ",".join(modes)}
            assert {one["id"]: one for one in api.all(f"/v1/{collection}", **query)} == then
            for as_of in ("2030-01-01", "2030-03-15"):
                shown = api.all(f"/v1/{collection}", as_of=as_of, **query)
                assert {one["id"]: one for one in shown} == {
                    id: at_the_time(one) for id, one in then.items() if held(one, as_of, api)
                }
            for status_ in ("reported", "confirmed", "disputed"):
                assert api.ids(f"/v1/{collection}", claim_status=status_, **query) == sorted(
                    id for id, one in then.items() if one["claim_status"] == status_
                )


def at_the_time(record: dict[str, Any]) -> dict[str, Any]:
    """A record as a day on which it may have been held shows it: it has not ended."""
    return {**record, "ended": False} if "ended" in record else record


def held(record: dict[str, Any], day: str, api: Api) -> bool:
    """Whether a record may have been held, made or begun on a day, by the data model, §4."""
    dated = api.data(record["proposal"]["href"]) if "number" in record else record
    begin, *end = (dated[name] or {} for name in schema_of(dated).dated_by)
    last = [one["latest"] for one in (begin, *end) if one.get("latest")]
    first = begin.get("earliest") or min(process_began(record, api), record["first_reported_on"], *last)
    return first <= day and all(day <= (one.get("latest") or "9999") for one in end)


def edges(records: Iterable[dict[str, Any]]) -> set[str]:
    """The first and last days that the dates of records can mean, with the days beside them."""
    dates = [one.get(name) or {} for one in records for name in schema_of(one).dated_by]
    days = [date.fromisoformat(day) for one in dates for day in (one.get("earliest"), one.get("latest")) if day]
    return {str(day + timedelta(days=beside)) for day in days for beside in (-1, 0, 1)}


@pytest.mark.parametrize("collection", CITED)
def test_as_of_answers_with_what_was_held_made_or_begun_by_then(api: Api, collection: str) -> None:
    every = api.all(f"/v1/{collection}")
    for day in sorted({*DAYS[::6], *edges(every)}):
        answer = api.get(f"/v1/{collection}", as_of=day, limit=200)
        assert [one["id"] for one in answer["data"]] == [one["id"] for one in every if held(one, day, api)], day
        assert answer["meta"]["as_of"] == day


@pytest.mark.parametrize("collection", CITED)
def test_no_answer_names_what_nobody_could_know_of_yet(api: Api, naive: Naive, collection: str) -> None:
    for day in sorted({*naive.since.values(), *DAYS[::8]}):
        shown = [path for record in api.all(f"/v1/{collection}", known_at=day) for path in paths_in(record)]
        assert not set(naive.unknown(day)).intersection(shown), day


@pytest.mark.parametrize("collection", CITED)
def test_what_was_once_known_stays_known(api: Api, collection: str) -> None:
    before: dict[str, Any] = {}
    for day in DAYS:
        now = {one["id"]: one for one in api.all(f"/v1/{collection}", known_at=day)}
        assert before.keys() <= now.keys()
        for id, record in before.items():
            for name in ("evidence_count", "document_count", "origin_count"):
                assert record[name] <= now[id][name]
            assert record["first_reported_on"] == now[id]["first_reported_on"] <= day
            assert all(now[id][name] is not None for name in schema_of(record).bearable() if record[name] is not None)
        before = now


def test_hindsight_hides_just_the_fields_that_later_evidence_teaches(api: Api) -> None:
    before = api.data("/v1/demands/borovia-saffron-quota", known_at="2031-05-19")
    after = api.data("/v1/demands/borovia-saffron-quota", known_at="2031-05-20")
    now = api.data("/v1/demands/borovia-saffron-quota")
    assert (before["valid_until"], before["lifecycle"], before["ended"]) == (None, None, False)
    assert (after["valid_until"]["edtf"], after["lifecycle"], after["ended"]) == ("2030-02", "dropped", True)
    assert after == now
    assert api.ids("/v1/demands", known_at="2031-05-19", lifecycle="dropped") == []
    assert api.ids("/v1/demands", lifecycle="dropped") == ["borovia-saffron-quota"]
    assert "borovia-saffron-quota" in api.ids("/v1/demands", known_at="2031-05-19", as_of="2030-12-31")
    assert "borovia-saffron-quota" not in api.ids("/v1/demands", as_of="2030-12-31")


def test_what_terms_and_offers_have_from_their_proposal_is_hidden_as_long_as_it_is_there(
    make_service: Any, world: Path
) -> None:
    path = world / "spice-round" / "proposals.yaml"
    path.write_text(
        path.read_text().replace("bears_on: [status, point_count]", "bears_on: [status, point_count, made_on]")
    )
    api = Api(make_service(world).wsgi)
    offer, before, early = (
        "/v1/offers/pepper-plan-zero-tariff-by-aldoria",
        {"known_at": "2031-05-19"},
        {"as_of": "2029-12-31"},
    )
    assert api.data("/v1/proposals/pepper-plan", **before)["made_on"] is None
    assert api.data(offer, **before)["valid_from"] is None
    assert api.data(offer, known_at="2031-05-20")["valid_from"]["edtf"] == "2030-01-05"
    assert api.data(offer) == api.data(offer, known_at="2031-05-20")
    assert api.data(offer, mode="anonymous")["valid_from"] is None
    assert api.data(offer, mode="anonymous,author")["valid_from"]["edtf"] == "2030-01-05"
    for id in ("pepper-plan-zero-tariff", "pepper-plan-no-quota"):
        assert id in api.ids("/v1/terms", **before, **early), "put nobody knew when, so perhaps by then"
        assert id not in api.ids("/v1/terms", **early)
    assert api.ids("/v1/terms", known_at="2030-01-09", proposal="pepper-plan") == []


def test_a_term_that_was_told_after_its_proposal_is_not_there_before(make_service: Any, world: Path) -> None:
    path = world / "spice-round" / "proposals.yaml"
    proposals = yaml.safe_load(path.read_text())
    given = next(one for one in proposals if one["id"] == "pepper-plan")
    given["evidence"][0]["bears_on"] = ["made_on"]
    given["evidence"].append({**given["evidence"][0], "bears_on": ["status"]})
    for term in given["terms"]:
        term["evidence"] = [{"source": "later-account", "relation": "asserts", "mode": "on_record", "credibility": 6}]
    path.write_text(json.dumps(proposals, default=str))
    api = Api(make_service(world).wsgi)
    told = api.data("/v1/sources/later-account")["known_on"]
    assert api.data("/v1/proposals/pepper-plan", known_at="2030-06-01")["made_on"]
    for list_ in ("/v1/terms?proposal=pepper-plan", "/v1/offers?proposal=pepper-plan"):
        assert api.ids(list_, known_at="2030-06-01") == []
        assert api.ids(list_, known_at=told) == api.ids(list_) != []
    on_issue = {day: api.ids("/v1/proposals", issue="zero-pepper-tariff", known_at=day) for day in ("2030-06-01", told)}
    assert ["pepper-plan" in ids for ids in on_issue.values()] == [False, True]


@pytest.mark.parametrize("query", [{}, {"mode": "anonymous"}, {"mode": "unattributed"}, {"as_of": "2030-02-01"}])
@pytest.mark.parametrize("day", ["2030-01-12", "2030-02-28", "2031-06-01"])
def test_a_proposal_holds_the_terms_that_its_list_of_terms_has(api: Api, query: dict[str, str], day: str) -> None:
    for id in api.ids("/v1/proposals", known_at=day, **query):
        held_ = api.data(f"/v1/proposals/{id}", known_at=day, **query)["terms"]
        assert held_ == api.all(f"/v1/proposals/{id}/terms", sort="number", known_at=day, **query)


def test_a_search_never_tells_what_nobody_could_yet_know(api: Api) -> None:
    assert api.data("/v1/events/harbour-talks")["outcome"] == "A plan was put forward."
    assert api.ids("/v1/events", q="forward", known_at="2030-01-10") == []


@pytest.mark.parametrize("collection", ["evidence", "sources"])
def test_sources_and_evidence_are_there_from_the_day_on_which_they_were_known(api: Api, collection: str) -> None:
    records = api.all(f"/v1/{collection}")
    for day in sorted({one["known_on"] for one in records}):
        assert api.ids(f"/v1/{collection}", known_at=day) == [one["id"] for one in records if one["known_on"] <= day]


def test_a_source_is_known_from_its_latest_day_or_from_when_it_was_in_hand(api: Api) -> None:
    assert {one["id"]: one["known_on"] for one in api.all("/v1/sources")} == {
        "ledger-first-report": "2030-01-10",
        "gazette-report": "2030-02-28",
        "wire-copy": "2030-01-15",
        "ministry-communique": "2030-03-05",
        "undated-memo": "2030-05-01",
        "later-account": "2031-05-20",
        "tariff-dataset": "2029-06-15",
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_clock_that_a_collection_does_not_have_is_refused(api: Api, collection: str) -> None:
    clocks = RESOURCES.by_name[collection].model.clocks
    record = api.data(f"/v1/{collection}")[0]["href"]
    for name, value in (("as_of", "2030-01-01"), ("known_at", "2031-06-30"), ("mode", "anonymous,on_record")):
        for path in (f"/v1/{collection}", record):
            status_ = api.ask(path, **{name: value}).status_code
            if name in clocks:
                assert status_ in (200, 404), path  # a record by itself may be hidden
            else:
                assert status_ == 400, path
    assert clocks == {"sources": ("known_at",), "evidence": ("known_at", "mode")}.get(
        collection, ("as_of", "known_at", "mode") if collection in CITED else ()
    )


def test_claim_status_is_a_filter_of_records_with_evidence_alone(api: Api) -> None:
    for collection in set(COLLECTIONS) - set(CITED):
        api.problem(f"/v1/{collection}", 400, claim_status="confirmed")


@pytest.mark.parametrize(
    ("path", "id", "status_"),
    [
        ("proposals", "pepper-plan", "unconfirmed"),
        ("proposals", "pepper-plan-two", "confirmed"),  # a minister, through the ministry, within her term
        ("statements", "aldoria-against-pensions", "reported"),  # after her term
        ("responses", "borovia-rejects-zero-tariff", "disputed"),
        ("responses", "aldoria-answers-quota-demand", "denied"),
        ("demands", "castella-no-tariff", "retracted"),
        ("demands", "dockers-want-pensions", "corroborated"),
        ("demands", "borovia-saffron-quota", "confirmed"),  # an envoy since about 2029
        ("responses", "castella-accepts-no-quota", "reported"),  # an analyst's judgement has no origin
    ],
)
def test_the_claim_status_of_a_record_follows_from_who_says_what(api: Api, path: str, id: str, status_: str) -> None:
    assert api.data(f"/v1/{path}/{id}")["claim_status"] == status_


CITATIONS = st.lists(
    st.builds(
        Citation,
        source=st.sampled_from(["s1", "s2", "s3"]),
        relation=st.sampled_from(list(Relation)),
        mode=st.sampled_from(list(Mode)),
        origin=st.sampled_from(["o1", "o2", "o3"]),
        reported=st.one_of(
            st.dates(date(2030, 1, 1), date(2030, 1, 6)).map(str),
            st.sampled_from(["2030-01-03~", "/2030-01-04", "2029/2030-01-02", "2030-01-01/2030-01-05"]),
        ).map(parse),
        by_holder=st.booleans(),
        bears_on=st.frozensets(st.sampled_from(["status", "outcome"]), max_size=2),
    ),
    min_size=1,
    max_size=6,
)


def plain(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    return [
        {"relation": one.relation.value, "mode": one.mode.value, "origin": one.origin, "holder": one.by_holder}
        for one in citations
    ]


@given(CITATIONS)
def test_the_status_of_any_evidence_is_that_of_the_rules(citations: list[Citation]) -> None:
    assert claim(citations).status == ClaimStatus(naive_status(plain(citations)))
    assert claim(citations[::-1]) == claim(citations), "the order of evidence does not matter"


NAMED = st.dictionaries(
    st.builds(Ref, st.just("proposals"), st.sampled_from(["p1", "p2"]), st.just("A plan")),
    st.dates(date(2029, 12, 31), date(2030, 1, 7)),
)


@given(CITATIONS, NAMED)
def test_every_question_finds_one_version_and_the_right_one(citations: list[Citation], named: dict[Ref, date]) -> None:
    made = list(versions(Grounds(citations, named=named)))
    whole = sum(MODE_BIT[mode] for mode in {one.mode for one in citations})
    for size in range(len(Mode) + 1):
        for modes in combinations(Mode, size):
            asked = sum(MODE_BIT[mode] for mode in modes or Mode)
            for day in (
                [date(2029, 12, 31) + timedelta(days=step) for step in range(9)] if size < 3 else [date(2030, 1, 3)]
            ):
                known = [one for one in citations if one.known_on <= day and (not modes or one.mode in modes)]
                found = [one for one in made if one.modes == whole & asked and _shows(one, day)]
                assert len(found) == (1 if known else 0)
                if known:
                    served = found[0].claim
                    assert served.status == naive_status(plain(known))
                    assert served.origins == naive_origins(plain(known))
                    assert (served.evidence, served.documents) == (len(known), len({one.source for one in known}))
                    assert served.first_reported_on == min(one.known_on for one in known)
                    assert date_answer(served.first_reported) == naive_first(
                        [date_answer(one.reported) for one in known]
                    )
                    taught = {field for one in citations for field in one.bears_on}
                    assert found[0].hidden == taught - {field for one in known for field in one.bears_on}
                    assert found[0].unknown == {ref for ref, since in named.items() if since > day}


def _shows(version: Version, day: date) -> bool:
    return version.known_from <= day and (version.known_until is None or day < version.known_until)


def test_a_clock_that_is_not_set_is_not_asked_for(api: Api) -> None:
    assert api.get("/v1/demands", as_of="", known_at="")["data"] == api.get("/v1/demands")["data"]
    assert api.get("/v1/matrix", known_at="")["meta"]["known_at"] is None
