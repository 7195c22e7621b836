"""Adding a collection is one schema, one model and one entry of the table: shown by adding one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column
from support import Api

from api.analysis.footing import rests_on
from api.analysis.latest import columns_of, positions
from api.analysis.question import Findings
from api.claims import UNHELD
from api.contract.components import components
from api.filters import any_of, by_key, linked
from api.loader import SeedError
from api.loader.check import check
from api.loader.record import Seed
from api.loader.rules import Broken, rule
from api.loader.seeds import Seeds
from api.models import Base, Cited, Event, Issue, Key, Party, Position, Proposal, Source
from api.operation import Call, ref
from api.representations import columns
from api.resource import LIST_PARAMETERS, Part, Resource, Sort, Table
from api.resources import RESOURCES
from api.views.analyses import ANALYSES, SILENCES
from api.views.analysis import COMMON, Analysis, question
from schemas.events import EventSchema
from schemas.fields import EdtfDate, Integer, Parts, Reference, Strings, Text
from schemas.fields import Term as TermField
from schemas.parties import PartySchema
from schemas.proposals import ProposalSchema, TermSchema
from schemas.record import Cited as CitedSchema
from schemas.record import Mapping
from schemas.vocabulary import EventKind, Level, Stance


class Undated(TermSchema):
    """Terms without a date of their proposal."""

    dated_by: ClassVar[tuple[str, ...]] = ()


class Misdated(TermSchema):
    """Terms with a date that their proposal does not have."""

    dated_by: ClassVar[tuple[str, ...]] = ("made",)


SEEDS = """
- id: drought-in-the-north
  title: Drought in the north
  party: PARTY
  urgency: high
  code: AL_1
  raised_on: 2031-05
  plan: pepper-plan-two
  remedies: [wells, reservoirs]
  evidence:
    - {source: SOURCE, relation: asserts, mode: unattributed, credibility: 6}
- id: floods
  title: Floods
  party: PARTY
  urgency: low
  issue: joint-inspectors
  plan: pepper-plan
  settled_on: 2031-02
  settled_by: dykes
  concessions:
    - id: dykes-rebuilt
      number: 2
      summary: The dykes are rebuilt.
      evidence:
        - {source: SOURCE, relation: asserts, mode: anonymous, credibility: 6}
    - id: canals-dug
      number: 1
      summary: Canals are dug.
      evidence:
        - {source: SOURCE, relation: asserts, mode: anonymous, credibility: 6}
  evidence:
    - {source: SOURCE, relation: asserts, mode: anonymous, credibility: 6}
    - {source: SOURCE, relation: asserts, mode: leaked_document, credibility: 6, bears_on: [settled_on]}
"""


KIND = any_of(Event.kind, EventKind, "What sort of happening it is.")


class ConcessionSchema(CitedSchema):
    """What was conceded to settle a grievance."""

    named_by: ClassVar[str] = "summary"
    dated_by: ClassVar[tuple[str, ...]] = ("settled_on",)

    grievance = Reference("grievances", "What it settles.", dump_only=True, allow_none=True)
    number = Integer("Its place among the concessions.", least=1, required=True)
    summary = Text("What is conceded.", required=True)


class GrievanceSchema(CitedSchema):
    """What a party complains of."""

    named_by: ClassVar[str] = "title"
    dated_by: ClassVar[tuple[str, ...]] = ("raised_on", "settled_on")

    title = Text("What it is called.", longest=200, required=True)
    party = Reference("parties", "Who complains.", required=True, holder=True)
    urgency = TermField(Level, "How urgent it is called.", required=True)
    issue = Reference("issues", "What it is about.", proposition=True)
    plan = Reference("proposals", "What it is a reaction to.", required=True)
    raised_on = EdtfDate("When it was raised.")
    settled_on = EdtfDate("When it was settled.", bearable=True)
    remedies = Strings("What would help.")
    code = Text("The code of where it is raised.", longest=20)
    concessions = Parts("concessions", "grievance", "What was conceded to settle it.")
    settled_by = Text("What settled it: a field that was added later.", later=True)


@rule("grievances")
def urgent_somewhere(seed: Seed, _seeds: Seeds) -> Broken:
    if str(seed.data["urgency"]) == "high" and not seed.data["code"]:
        yield seed.place / "urgency", "urgency: what is urgent has a code"


@pytest.fixture
def table() -> Iterator[Table]:
    class Grievance(Cited, Base):
        """One version of a grievance."""

        __tablename__ = "grievances"

        party_id: Mapped[str] = mapped_column(Key)
        urgency: Mapped[str] = mapped_column(String(40))
        code: Mapped[str | None] = mapped_column(String(20))
        plan_id: Mapped[str | None] = mapped_column(Key)

    class Concession(Cited, Base):
        """One version of a concession."""

        __tablename__ = "concessions"

        grievance_id: Mapped[str | None] = mapped_column(Key)
        number: Mapped[int]

    settling = any_of(Concession.grievance_id, Grievance, "What it settles.")
    concessions = Resource(
        name="concessions",
        model=Concession,
        schema=ConcessionSchema,
        seeded=False,
        filters=(settling,),
        sorts=(Sort("number", Concession.number),),
    )
    grievances = Resource(
        name="grievances",
        model=Grievance,
        schema=GrievanceSchema,
        filters=(
            any_of(Grievance.party_id, Party, "Who complains."),
            any_of(Grievance.urgency, Level, "How urgent it is."),
            by_key(Grievance.code, "The code of where it is raised."),
        ),
        sorts=(Sort("raised_on", Grievance.earliest),),
        parts=(Part(concessions, {"grievance": settling}),),
    )
    yield Table((*RESOURCES.resources, grievances, concessions))
    for model in (Grievance, Concession):
        Base.metadata.remove(model.__table__)
        Base.registry._dispose_cls(model)


@pytest.fixture
def extended(table: Table, world: Path, make_service: Any) -> Api:
    write(world, SEEDS)
    return Api(make_service(world, table=table).wsgi)


def write(world: Path, seeds: str) -> None:
    process = next(path for path in sorted(world.iterdir()) if (path / "process.yaml").is_file())
    seeds = seeds.replace("PARTY", _first(world / "common" / "parties.yaml")).replace("SOURCE", "later-account")
    (process / "grievances.yaml").write_text(seeds, encoding="utf-8")


def _first(path: Path) -> str:
    """The id of the first record of a file."""
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("- id:"))
    return line.removeprefix("- id:").strip()


def test_a_collection_of_its_own_file_is_listed_filtered_and_sorted(extended: Api) -> None:
    assert extended.ids("/v1/grievances") == ["drought-in-the-north", "floods"]
    assert extended.ids("/grievances", urgency="low") == ["floods"]
    assert extended.ids("/v1/grievances", sort="-raised_on") == ["drought-in-the-north", "floods"]
    assert extended.ids("/v1/grievances", mode="anonymous") == ["floods"]
    assert extended.ids("/v1/grievances", q="well reservoir") == ["drought-in-the-north"]
    assert extended.ids("/v1/grievances", code="AL_1") == ["drought-in-the-north"]
    assert (
        extended.problem("/v1/grievances", 404, code="AL 1")["detail"]
        == "code: “AL 1” is not a known value. Did you mean “AL_1”?"
    )
    for wrong in ("AL\x00", "A" * 301):
        assert extended.problem("/v1/grievances", 400, code=wrong)["errors"][0]["parameter"] == "code"
    declared = extended.get("/openapi.json")["components"]["parameters"].values()
    pattern = next(one["schema"]["items"]["pattern"] for one in declared if one["name"] == "code")
    assert re.search(pattern, "AL_1")
    assert extended.problem("/v1/grievances", 400, urgency="hihg")["errors"][0]["allowed"] == ["high", "medium", "low"]


def test_it_counts_from_its_begin_to_its_end(extended: Api) -> None:
    assert extended.ids("/v1/grievances", as_of="2031-02-28") == ["floods"]
    assert extended.ids("/v1/grievances", as_of="2031-03-01") == []
    assert extended.ids("/v1/grievances", as_of="2031-05-01") == ["drought-in-the-north"]
    assert extended.ids("/v1/grievances", as_of="2031-05-01", mode="anonymous") == ["floods"]


def test_evidence_may_teach_a_field_of_it_that_is_declared_so(extended: Api) -> None:
    assert extended.data("/v1/grievances/floods")["settled_on"]["edtf"] == "2031-02"
    assert extended.data("/v1/grievances/floods", mode="anonymous")["settled_on"] is None
    shapes = extended.get("/openapi.json")["components"]["schemas"]
    assert "settled_on" in shapes["BearableField"]["enum"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("raised_on: 2031-05\n", "raised_on: 2031-05\n  settled_on: 2030\n", "2030 is before raised_on (2031-05)"),
        ("issue: joint-inspectors", "issue: verification", "“verification” is a topic; use one of its issues"),
        ("  code: AL_1\n", "", "what is urgent has a code"),
        ("[settled_on]", "[settled_by]", "settled_on. Did you mean “settled_on”?"),
    ],
)
def test_what_is_declared_of_its_fields_is_checked(
    table: Table, world: Path, before: str, after: str, told: str
) -> None:
    assert before in SEEDS
    write(world, SEEDS.replace(before, after))
    with pytest.raises(SeedError) as refused:
        check(world, table)
    assert [told in fault.message for fault in refused.value.faults] == [True], refused.value


def test_its_records_carry_their_evidence_and_claim_status(extended: Api) -> None:
    record = extended.data("/v1/grievances/drought-in-the-north")
    assert record["claim_status"] == "reported"
    assert record["raised_on"]["earliest"] == "2031-05-01"
    assert len(record["evidence"]) == 1
    assert extended.data("/v1/grievances/floods/evidence")[0]["subject"]["collection"] == "grievances"


def test_its_dossier_tells_what_is_assumed_of_a_day(extended: Api) -> None:
    floods = "/v1/grievances/floods/dossier"
    assert extended.data(floods)["assumed"] is False
    # It was settled in February, and no source says when it was raised: it may have been before.
    assert extended.data(floods, as_of="2031-01-31")["assumed"] is True
    drought = "/v1/grievances/drought-in-the-north/dossier"
    # Raised in May, as was first reported on the 20th.
    assert extended.data(drought, as_of="2031-05-01")["assumed"] is True
    assert extended.data(drought, as_of="2031-05-20")["assumed"] is False


def test_what_it_must_name_is_null_where_nobody_could_know_of_that_yet(
    table: Table, world: Path, make_service: Any
) -> None:
    heard_of = "    - {source: tariff-dataset, relation: asserts, mode: unattributed, credibility: 6}\n"
    write(world, SEEDS.replace("  evidence:\n", f"  evidence:\n{heard_of}", 1))
    extended = Api(make_service(world, table=table).wsgi)
    path = "/v1/grievances/drought-in-the-north"
    assert extended.data(path)["plan"]["id"] == "pepper-plan-two"
    assert extended.data(path, known_at="2029-12-31")["plan"] is None
    shape = extended.get("/openapi.json")["components"]["schemas"]["Grievance"]
    assert {"type": "null"} in shape["properties"]["plan"]["anyOf"]
    write(world, SEEDS.replace("  plan: pepper-plan-two\n", ""))
    with pytest.raises(SeedError, match="the required field plan is missing"):
        check(world, table)


def test_it_has_a_flat_table_and_a_table_schema(extended: Api) -> None:
    rows = extended.get("/v1/grievances.json")
    assert [row["remedies"] for row in rows] == ["wells; reservoirs", None]
    names = [field["name"] for field in extended.get("/v1/grievances.schema.json")["fields"]]
    assert names == list(rows[0])
    assert extended.ask("/v1/grievances.csv").text.startswith(",".join(names))


def test_a_field_that_was_added_later_is_the_last_column_and_in_every_version(extended: Api) -> None:
    assert list(extended.get("/v1/grievances.json")[0])[-1] == "settled_by"
    for query in ({}, {"mode": "anonymous"}, {"mode": "leaked_document"}):
        floods = extended.data("/v1/grievances/floods", **query)
        assert (floods["origin_count"], floods["settled_by"]) == (1, "dykes")
        assert floods["evidence_count"] == (1 if query else 2)


def test_the_contract_the_search_and_the_way_in_know_it(extended: Api) -> None:
    contract = extended.get("/openapi.json")
    assert contract["paths"]["/grievances"]["get"]["operationId"] == "listGrievances"
    assert "Grievance" in contract["components"]["schemas"]
    assert [hit["collection"] for hit in extended.data("/v1/search", q="drought")] == ["grievances"]
    assert "/v1/grievances" in [one["href"] for one in extended.data("/v1/")["collections"]]


def test_it_has_pages_of_its_list_its_counts_its_records_and_their_dossiers(extended: Api) -> None:
    listed = extended.ask("/explore/grievances").text
    assert '<a href="/explore/facets/grievances?by=urgency">urgency</a>' in listed
    assert (
        '<a href="/explore/grievances?urgency=high">1</a>' in extended.ask("/explore/facets/grievances?by=urgency").text
    )
    assert "/explore/grievances/floods/dossier" in extended.ask("/explore/grievances/floods").text
    assert "<h1>How it is known: Floods</h1>" in extended.ask("/explore/grievances/floods/dossier").text


def test_records_written_inside_it_are_a_sub_collection_of_their_own(extended: Api) -> None:
    inside = extended.data("/v1/grievances/floods")["concessions"]
    assert [one["id"] for one in inside] == ["canals-dug", "dykes-rebuilt"], "in the order of their first sort"
    assert inside == extended.data("/v1/concessions", sort="number")
    assert extended.data("/v1/grievances/drought-in-the-north")["concessions"] == []
    assert extended.ids("/v1/concessions", sort="number") == ["canals-dug", "dykes-rebuilt"]
    assert extended.ids("/v1/grievances/floods/concessions") == ["canals-dug", "dykes-rebuilt"]
    assert extended.ids("/v1/concessions", grievance="drought-in-the-north") == []
    dykes = extended.data("/v1/concessions/dykes-rebuilt")
    assert (dykes["grievance"]["id"], dykes["claim_status"], len(dykes["evidence"])) == ("floods", "reported", 1)
    assert [row["grievance_id"] for row in extended.get("/v1/concessions.json")] == ["floods"] * 2
    assert "Concessions" in extended.ask("/explore/grievances/floods").text
    shapes = extended.get("/openapi.json")["components"]["schemas"]
    assert shapes["GrievanceInFull"]["properties"]["concessions"]["items"] == {
        "$ref": "#/components/schemas/Concession"
    }


def test_records_written_inside_it_may_have_its_date(extended: Api) -> None:
    assert extended.ids("/v1/concessions", as_of="2031-01-31") == []
    assert extended.ids("/v1/concessions", as_of="2031-02-01") == ["canals-dug", "dykes-rebuilt"]
    # Nothing but the leaked document tells when the floods were settled; without it, that may have been at any time.
    assert extended.ids("/v1/concessions", as_of="2031-01-31", mode="anonymous") == ["canals-dug", "dykes-rebuilt"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"parts": ()}, "terms are written inside it, in the field “terms”; give it the `Part` that lists them"),
        (
            {"terms": Parts("terms", "propsal", "")},
            "the field “terms” says that terms name their proposal in “propsal”, which is not a field of TermSchema; the fields are: id,",
        ),
        (
            {"terms": Parts("terms", "note", "")},
            "Term needs a column “note_id” for the field “note”",
        ),
        (
            {"parts": (Part(replace(RESOURCES.by_name["terms"], seeded=True, schema=Undated), {}),)},
            "terms are written inside it, so their entry needs `seeded=False`",
        ),
        (
            {"terms": Parts("processes", "title", ""), "parts": (Part(RESOURCES.by_name["processes"], {}),)},
            "processes are written inside it, so they need evidence too: make ProcessSchema and Process `Cited`",
        ),
        (
            {"parts": (Part(replace(RESOURCES.by_name["terms"], schema=Misdated), {}),)},
            "dated_by of Misdated names “made”, which is a field neither of it nor of ProposalSchema",
        ),
    ],
)
def test_what_is_wrong_about_records_written_inside_says_what_would_be_right(wrong: dict[str, Any], told: str) -> None:
    fields = {name: wrong.pop(name) for name in list(wrong) if name != "parts"}
    schema = type("ProposalSchema", (ProposalSchema,), {"dated_by": (), **fields})
    with pytest.raises(TypeError, match=re.escape(f"resource proposals: {told}")):
        replace(RESOURCES.by_name["proposals"], schema=schema, **wrong)


def test_an_entry_that_is_wrong_fails_where_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"the column “process_id” may be null, .* sort by a column that every row has"):
        Sort("party", Party.process_id)
    with pytest.raises(TypeError, match="one name"):
        Table((RESOURCES.by_name["parties"], RESOURCES.by_name["parties"]))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "Events"}, "a name must be lower-case letters"),
        ({"model": Party}, "EventSchema and Party must both be Cited, or neither of them"),
        (
            {"named_by": "titel"},
            "named_by of EventSchema names “titel”, which is not one of its fields; the fields are: id,",
        ),
        ({"dated_by": ("raised_on",)}, "dated_by of EventSchema names “raised_on”, which is not one of its fields"),
        ({"filters": (KIND, KIND)}, "the filter “kind” is declared twice"),
        (
            {"filters": (linked("limit", Event, Party, "", field="hosts"),)},
            "“limit” has the name of a parameter that every list has",
        ),
        (
            {"filters": (any_of(Position.stance, Stance, ""),)},
            "reads the field “stance”, which the schema lacks",
        ),
        (
            {"filters": (any_of(Event.kind, Stance, ""),)},
            "the filter “kind” takes terms of Stance, but the field “kind” has terms of EventKind",
        ),
        (
            {"filters": (any_of(Proposal.kind, EventKind, ""),)},
            "the filter “kind” reads the column “kind” of the table proposals, but its records are in events",
        ),
        (
            {"sorts": (Sort("made_on", Proposal.earliest),)},
            "the sort “made_on” reads the column “earliest” of the table proposals, but its records are in events",
        ),
        (
            {"name": "issues", "model": Issue, "schema": PartySchema},
            "the column “label” of Issue has no field that fills it; the fields are: id,",
        ),
    ],
)
def test_an_entry_that_is_wrong_says_what_would_be_right(wrong: dict[str, Any], told: str) -> None:
    schema = type("EventSchema", (EventSchema,), {key: wrong.pop(key) for key in list(wrong) if key.endswith("_by")})
    with pytest.raises(TypeError, match=re.escape(told)):
        Resource(**{"name": "events", "model": Event, "schema": schema, **wrong})


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (
            Reference("proposals", "", required=True),
            "is null for a `known_at` before what it names in proposals was reported",
        ),
        (Reference("parties", ""), "can: declare it `Mapped[… | None]`, or give the field `required=True`"),
    ],
)
def test_a_column_that_cannot_be_null_has_a_field_that_cannot(field: Reference, told: str) -> None:
    schema = type("TermSchema", (TermSchema,), {"issue": field})
    terms = replace(RESOURCES.by_name["terms"], schema=schema)
    told = f"resource terms: the column “issue_id” of Term cannot be null, but the field “issue” {told}"
    with pytest.raises(TypeError, match=re.escape(told)):
        Table(tuple(terms if one.name == "terms" else one for one in RESOURCES))


def test_a_filter_takes_ids_of_what_its_field_refers_to() -> None:
    hosted = linked("host", Event, Source, "", field="hosts")
    events = replace(RESOURCES.by_name["events"], filters=(hosted,))
    told = "resource events: the filter “host” takes ids of Source, but the field “hosts” refers to parties"
    with pytest.raises(TypeError, match=told):
        Table(tuple(events if one.name == "events" else one for one in RESOURCES))


def test_an_answer_that_is_missing_from_the_contract_says_where_it_goes(
    world: Path, make_service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fragile = replace(SILENCES, path="/fragile", operation_id="getFragile", name="fragile", data=ref("Fragile"))
    monkeypatch.setattr("api.views.analyses.ANALYSES", (*ANALYSES, fragile))
    told = "refers to the shape “Fragile”, which it does not have; .* add FragileSchema to ANSWERS"
    with pytest.raises(TypeError, match=told):
        make_service(world, table=RESOURCES)


def test_two_schemas_do_not_share_a_name_in_the_contract(table: Table) -> None:
    other = type("GrievanceSchema", (GrievanceSchema,), {})
    doubled = replace(table.by_name["grievances"], name="complaints", schema=other)
    with pytest.raises(TypeError, match="already has a shape “Grievance”: rename GrievanceSchema in "):
        components(Table((*table.resources, doubled)))


def test_a_part_is_in_the_table() -> None:
    with pytest.raises(TypeError, match="resource proposals: its part “terms” is missing from the table"):
        Table(tuple(one for one in RESOURCES if one.name != "terms"))


def test_a_reference_leads_to_a_collection_of_the_table() -> None:
    with pytest.raises(
        TypeError, match="process refers to “processes”, which is not a collection; the collections are: events"
    ):
        Table((RESOURCES.by_name["events"],))


def test_no_filter_can_be_called_as_what_every_list_takes(api: Api) -> None:
    paths = api.get("/openapi.json")["paths"]
    shared = api.get("/openapi.json")["components"]["parameters"]
    for resource in RESOURCES:
        listed = [
            shared[one["$ref"].split("/")[-1]] if "$ref" in one else one
            for one in paths[f"/{resource.name}"]["get"]["parameters"]
        ]
        named = {one["name"] for one in listed if one["in"] == "query"} - {one.name for one in resource.filters}
        assert named - {"release"} <= LIST_PARAMETERS


def test_a_table_may_have_as_many_collections_as_it_needs() -> None:
    names = [f"many{letter}{other}" for letter in "abcdefgh" for other in "abcdefgh"]
    many = (Resource(name=name, model=Party, schema=PartySchema) for name in names)
    table = Table((*RESOURCES.resources, *many))
    records = Seeds(table).records
    for place, name in enumerate(names):
        assert records[name].add(f"of-{name}", place) is None
    for place, name in enumerate(names):
        assert [one for one in names if f"of-{name}" in records[one]] == [name]
        assert records[names[0]].add(f"of-{name}", 100) == place, "of one table of the database, an id is taken once"


class HeldSchema(Mapping):
    """A position with its number of origins."""

    position = Reference("positions", "The position.", dump_only=True)
    origin_count = Integer("Its origins.", dump_only=True)


def test_an_analysis_of_its_own_takes_a_parameter_and_the_filters(
    world: Path, make_service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weak(call: Call) -> Findings:
        asked, most = question(call), call.values.get("at_most") or 1
        held = [
            one
            for one in positions(asked)
            if columns_of(one, asked.folding) and int(one.record["origin_count"]) <= most
        ]
        rows = [{"position": one.reference(), "origin_count": one.record["origin_count"]} for one in held]
        records, subjects = [one.row.id for one in held], [one.row.subject for one in held]
        return Findings(rows, rests_on(asked, records, subjects))

    analysis = Analysis(
        path="/weak",
        operation_id="getWeak",
        name="weak",
        summary="Positions that rest on few origins",
        description="Positions with at most `at_most` origins.",
        query={**COMMON, "at_most": Integer("The most origins; 1 by default.", least=1, most=10)},
        find=weak,
        data={"type": "array", "items": {"type": "object"}},
        columns=columns(HeldSchema),
        records=lambda call: weak(call).data,
    )
    monkeypatch.setattr("api.views.analyses.ANALYSES", (*ANALYSES, analysis))
    api = Api(make_service(world, table=RESOURCES).wsgi)

    def found(**query: str) -> set[str]:
        return {one["position"]["id"] for one in api.data("/v1/weak", **query)}

    held = [one for one in api.all("/v1/positions") if one["claim_status"] not in UNHELD]
    counts = {one["id"]: one["origin_count"] for one in held}
    expected = {one["id"] for one in held if one["party"]["id"] == "borovia" and one["origin_count"] <= 1}
    assert expected
    assert found(party="borovia", fold="none") == expected
    assert api.get("/v1/weak")["meta"]["rests_on"]["records"] == len(found())
    assert found() == {id for id, origins in counts.items() if origins <= 1}
    assert found(at_most="2") == {id for id, origins in counts.items() if origins <= 2} != found()
    assert api.problem("/v1/weak", 400, at_most="0")["errors"][0]["parameter"] == "at_most"
    rows = api.get("/v1/weak.json?party=borovia&fold=none")
    assert {(one["position_id"], one["origin_count"]) for one in rows} == {(id, counts[id]) for id in expected}
