"""Seeds at fault: each fault with its file, line and column, what was found, what is allowed and the nearest right thing;
all of them at once; nothing loaded, and the release before still served.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from support import Api

from api.database import open_database
from api.loader import SeedError, check, load
from api.resources import RESOURCES

PLAIN = """\
- id: plain-words
  party: {party}
  issue: {issue}
  stance: supports
  summary: Plain words.
  evidence:
    - source: {source}
      relation: asserts
      mode: unattributed
      credibility: 6
"""


def faults(folder: Path) -> list[str]:
    """The faults of a folder, which a check and a load tell alike."""
    with pytest.raises(SeedError) as error:
        check(folder, RESOURCES)
    with pytest.raises(SeedError) as loading:
        load(folder, open_database(make_url(f"sqlite:///{folder.with_suffix('.db')}")), RESOURCES)
    assert loading.value.faults == error.value.faults
    return [str(fault).replace(f"{folder}/", "") for fault in error.value.faults]


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A small world of one statement in lines that the tests know."""
    folder = tmp_path / "seeds"
    (folder / "common").mkdir(parents=True)
    (folder / "river").mkdir()
    files = {
        "release.yaml": "id: s-1\ndate: 2031-01-01\n",
        "common/parties.yaml": "- id: upland\n  name: Upland\n  kind: state\n- id: lowland\n  name: Lowland\n  kind: state\n",
        "river/process.yaml": "id: river\ntitle: The river\nsummary: Who may use it.\n",
        "river/issues.yaml": "- id: dams\n  label: Dams\n  proposition: Dams may be built.\n  definition: Dams.\n"
        "- id: waters\n  label: Waters\n  definition: A topic.\n",
        "river/sources.yaml": "- id: herald\n  title: A report\n  published_on: 2030-05\n  retrieved_on: 2030-06-01\n"
        "  kind: news_report\n  language: en\n  reliability: F\n  length: 500\n",
        "river/statements.yaml": PLAIN.format(party="upland", issue="dams", source="herald"),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    check(folder, RESOURCES)
    return folder


def spoil(folder: Path, old: str, new: str, file: str = "river/statements.yaml") -> list[str]:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return faults(folder)


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        (
            "party: upland",
            "party: uplnd",
            "2:10",
            "statements “plain-words”: party: “uplnd” is not a known party id. Did you mean “upland”?",
        ),
        (
            "source: herald",
            "source: heralt",
            "7:15",
            "statements “plain-words”: evidence: source: “heralt” is not a known source id",
        ),
        ("party: upland", "party: Upland", "2:10", "“Upland” is not a valid id. As an id it would be “upland”"),
        ("party: upland", "party: parties/upland", "2:10", "is not a valid id. As an id it would be “upland”"),
        ("party: upland", "party: /v1/parties/upland", "2:10", "is not a valid id. As an id it would be “upland”"),
        ("party: upland", "party: “upland”", "2:10", "““upland”” is not a valid id. As an id it would be “upland”"),
        (
            "party: upland",
            "party: Нагорье",
            "2:10",
            "“Нагорье” is not a valid id; expected the id of one of the parties: ",
        ),
        ("party: upland", "party: up–land", "2:10", "“up–land” is not a valid id. As an id it would be “up-land”"),
        (
            "party: upland",
            "party: upland\u200b",
            "2:10",
            "“upland<U+200B>” is not a valid id. As an id it would be “upland”",
        ),
        (
            "party: upland",
            "party: \u00a0upland",
            "2:10",
            "“<U+00A0>upland” is not a valid id. As an id it would be “upland”",
        ),
        ("issue: dams", "issue: waters", "3:10", "“waters” is a topic; use an issue (this topic has none yet)"),
        (
            "  stance: supports",
            "  stance: suports",
            "4:11",
            "“suports” is not one of the allowed values. Did you mean “supports”? Allowed: supports, ",
        ),
        ("  stance: supports\n", "", "1:3", "the required field stance is missing; it must be one of: supports"),
        ("  stance: supports", "  stanse: supports", "4:3", "“stanse”. Did you mean “stance”? Known fields: id, "),
        ("  stance: supports", "  claim_status: denied\n  stance: supports", "4:3", "computed by the service"),
        ("  stance: supports", "  stance: supports\n  stance: opposes", "5:3", "repeats the key “stance”"),
        ("  stance: supports", "  stance: supports\n  valid_from: 2024-02-30", "5:15", "2024-02 has 29 days"),
        ("  stance: supports", "  stance: supports\n  valid_from: 2024-2", "5:15", "Did you mean “2024-02”?"),
        ("  stance: supports", "  stance: supports\n  valid_from: 2024-1X", "5:15", "Did you mean “2024-XX”?"),
        (
            "id: plain-words",
            "id: Plain Words",
            "1:7",
            "a letter first, at most 80 characters). As an id it would be “plain-words”",
        ),
        ("Plain words.", "Plain\x01words.", "5:17", "is not valid YAML: it contains the control character U+0001"),
        ("summary: Plain words.", "summary: ''", "5:12", "must not be empty"),
        ("  stance: supports", "  stance: supports\n  valid_from: 2025\n  valid_until: 2024", "6:16", "is before"),
        (
            "  stance: supports",
            "  stance: supports\n  absent: {salience: lost}",
            "5:22",
            "is not one of the allowed values: not_stated",
        ),
        (
            "  stance: supports",
            "  stance: supports\n  absent: {summary: not_stated}",
            "5:12",
            "the field summary has a value",
        ),
        (
            "  stance: supports",
            "  stance: &a supports\n  note: *a",
            "4:11",
            "is the anchor &a; anchors are not allowed in seeds",
        ),
        (
            "credibility: 6",
            "credibility: 7",
            "10:20",
            "statements “plain-words”: evidence: credibility: “7” is not one of the allowed values",
        ),
        (
            "      credibility: 6\n",
            "",
            "7:7",
            "statements “plain-words”: evidence: the required field credibility is missing",
        ),
        (
            "credibility: 6",
            "credibility: 6\n      selector: char=490,510",
            "11:17",
            "but the text of “herald” has only 500 characters",
        ),
        (
            "credibility: 6",
            "credibility: 6\n      speaker: upland\n      speaker_party: upland",
            "12:22",
            "speaker_party: “upland” is named; record whom it belongs to in its affiliations",
        ),
        ("credibility: 6", "credibility: 6\n      selector: char=20,10", "11:17", "the end after the start"),
        (
            "credibility: 6",
            "credibility: 6\n      bears_on: [valid_until]",
            "11:18",
            "has no value to establish",
        ),
        *(
            (
                "relation: asserts\n      mode: unattributed",
                f"relation: {relation}\n      mode: unattributed\n      bears_on: [valid_until]",
                "10:17",
                f"“{relation}” applies to a whole record, not to single fields; leave bears_on out if the evidence is about all",
            )
            for relation in ("denies", "disputes", "retracts", "not_confirmed", "declines_to_comment")
        ),
        (
            "credibility: 6",
            "credibility: 6\n      bears_on: [valid_from, valid_from]",
            "11:17",
            "bears_on: lists “valid_from” twice",
        ),
        (
            "      relation: asserts",
            "      relation: [asserts",
            "8:17",
            "is not valid YAML: the “[” that opens here is never closed",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_nearest_right_thing(
    one: Path, old: str, new: str, place: str, said: str
) -> None:
    found = spoil(one, old, new)
    told = [fault for fault in found if fault.startswith(f"river/statements.yaml:{place}: ")]
    assert len(told) == 1, found
    assert said in told[0], found


@pytest.mark.parametrize("nothing", ["~", "null", ""])
def test_nothing_among_the_values_of_a_list_is_a_fault(one: Path, nothing: str) -> None:
    found = spoil(one, "  name: Upland", f"  name: Upland\n  aliases:\n  - Hills\n  - {nothing}", "common/parties.yaml")
    assert [fault.partition(": ")[2] for fault in found] == ["parties “upland”: aliases[1]: must not be empty"]


@pytest.mark.parametrize(
    ("name", "code", "hint"),
    [
        ("Ukraine", "UR", ". Did you mean “UA” (Ukraine)?"),
        ("United Kingdom", "UK", ". Did you mean “GB” (Britain (UK))?"),
        ("Upper Vandalia", "ZZ", ""),
    ],
)
def test_a_code_of_no_country_is_a_fault(one: Path, name: str, code: str, hint: str) -> None:
    (said,) = spoil(one, "  name: Upland", f"  name: {name}\n  iso3166: {code}", "common/parties.yaml")
    assert (
        said
        == f"common/parties.yaml:3:12: parties “upland”: iso3166: “{code}” is not a valid ISO 3166-1 alpha-2 code{hint}"
    )
    path = one / "common/parties.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(f"iso3166: {code}", "iso3166: UA"), encoding="utf-8")
    check(one, RESOURCES)


def test_an_affiliation_to_nobody_is_a_fault(one: Path) -> None:
    more = "\n  affiliations:\n  - {party: lowlnd, role: ally, represents: true}"
    found = spoil(one, "  name: Upland", f"  name: Upland{more}", "common/parties.yaml")
    (said,) = found
    assert said.startswith(
        "common/parties.yaml:4:13: parties “upland”: affiliations[0]: party: “lowlnd” is not a known party id"
    )
    assert said.endswith("Did you mean “lowland”?")


def test_words_where_a_mapping_stands_are_told_the_fields_that_it_must_have(one: Path) -> None:
    found = spoil(one, "  name: Upland", "  name: Upland\n  affiliations:\n  - lowland", "common/parties.yaml")
    said = "parties “upland”: affiliations[0]: expected a mapping with party and role, found “lowland”"
    assert found == [f"common/parties.yaml:4:5: {said}"]
    text = (one / "river/statements.yaml").read_text(encoding="utf-8")
    (one / "river/statements.yaml").write_text(text.partition("    - source")[0] + "    - herald\n", encoding="utf-8")
    said = "expected a mapping with source, relation, mode and credibility, found “herald”"
    assert f"river/statements.yaml:7:7: statements “plain-words”: evidence: {said}" in faults(one)


@pytest.mark.parametrize("name", ["hl", "the-high-lands", "za"])
def test_a_party_named_by_an_alias_or_its_country_code_is_the_one_suggested(one: Path, name: str) -> None:
    said = f"party: “{name}” is not a known party id. Did you mean “upland”?"
    names = "  name: Upland\n  iso3166: ZA\n  aliases: [HL, The High Lands]"
    found = spoil(
        one, "  name: Upland", f"{names}\n  affiliations:\n  - {{party: {name}, role: ally}}", "common/parties.yaml"
    )
    assert found[0].endswith(said), "its own names are wrong"
    assert any(fault.endswith(said) for fault in spoil(one, "party: upland", f"party: {name}"))


def test_an_issue_named_by_an_alias_is_the_one_suggested(one: Path) -> None:
    text = (one / "river/issues.yaml").read_text(encoding="utf-8")
    id = text.partition("id: ")[2].split()[0]
    label = next(line for line in text.splitlines() if "label:" in line)
    (one / "river/issues.yaml").write_text(text.replace(label, f"{label}\n  aliases: [Big Wall]", 1), encoding="utf-8")
    (fault,) = spoil(one, f"issue: {id}", "issue: big-wall")
    assert fault.endswith(f"issue: “big-wall” is not a known issue id. Did you mean “{id}”?")


def test_a_missing_folder_of_shared_records_is_one_fault(world: Path) -> None:
    shutil.rmtree(world / "common")
    (world / "spice-round" / "retired.yaml").unlink()
    (fault,) = faults(world)
    assert fault.startswith(f"{world}: contains no common/, the folder for what several processes share; ")
    assert " references name what no other folder has, such as glacier-accord/" in fault
    assert "party id; " in fault


def test_a_misnamed_folder_of_shared_records_is_told_its_name(world: Path) -> None:
    (world / "common").rename(world / "shared")
    (fault,) = faults(world)
    assert fault.endswith(
        "shared: contains no process.yaml; it describes the process that the folder is for; "
        "if it holds what several processes share, rename it to common"
    )


def test_a_mistyped_id_has_its_place_in_a_folder_without_shared_records(one: Path) -> None:
    (one / "common" / "parties.yaml").rename(one / "river" / "parties.yaml")
    (one / "common").rmdir()
    check(one, RESOURCES)
    (fault,) = spoil(one, "party: upland", "party: uplnd")
    assert fault.startswith("river/statements.yaml:2:10: ")


def test_an_id_of_another_collection_is_told_to_be_one(one: Path) -> None:
    (found,) = spoil(one, "party: upland", "party: dams")
    assert found.endswith("party: “dams” is not a known party id; it is one of the issues")


PLAN = (
    "- id: {id}\n  title: A plan\n  kind: framework\n  proposers: [upland]\n  channel: public\n{status}"
    "  made_on: {made_on}\n  summary: A plan.\n{more}  evidence:\n"
    "    - {{source: herald, relation: asserts, mode: unattributed, credibility: 6}}\n"
)


TABLED = "  status: tabled\n"


@pytest.mark.parametrize(("made_on", "right"), [("2030-04-02", True), ("2030-04", True), ("2030-04-03", False)])
def test_a_plan_replaces_none_that_was_made_later(one: Path, made_on: str, *, right: bool) -> None:
    plans = [
        PLAN.format(id="later", status=TABLED, made_on="2030-04-02", more="  supersedes: earlier\n"),
        PLAN.format(id="earlier", status="  status: superseded\n", made_on=made_on, more=""),
    ]
    (one / "river/proposals.yaml").write_text("".join(plans), encoding="utf-8")
    if right:
        check(one, RESOURCES)
    else:
        (found,) = faults(one)
        assert found.startswith("river/proposals.yaml:9:15: proposals “later”: supersedes: “earlier” was made later (")


@pytest.mark.parametrize(
    ("status", "place", "said"),
    [
        (TABLED, "17:11", "“tabled”"),
        ("  status: under_negotiation\n", "17:11", "“under_negotiation”"),
        ("  absent:\n    status: not_stated\n", "12:3", "none"),
        ("", "12:3", "none"),
        ("  status: superseded\n", "", ""),
        ("  status: lapsed\n", "", ""),
        ("  status: accepted\n", "", ""),
        ("  status: rejected\n", "", ""),
    ],
)
def test_a_plan_that_another_supersedes_is_not_open(one: Path, status: str, place: str, said: str) -> None:
    """Otherwise its offers would go on beside those of the plan that replaced it."""
    plans = [
        PLAN.format(id="later", status=TABLED, made_on="2030-04-02", more="  supersedes: earlier\n"),
        PLAN.format(id="earlier", status=status, made_on="2030-04-01", more=""),
    ]
    (one / "river/proposals.yaml").write_text("".join(plans), encoding="utf-8")
    if not said:
        check(one, RESOURCES)
        return
    (found,) = faults(one)
    assert found == (
        f"river/proposals.yaml:{place}: proposals “earlier”: status: found {said}, but “later” supersedes this proposal; "
        "write superseded, or its offers go on"
    )


def test_a_record_without_evidence_does_not_load(one: Path) -> None:
    text = (one / "river/statements.yaml").read_text(encoding="utf-8")
    (one / "river/statements.yaml").write_text(text[: text.index("  evidence:")], encoding="utf-8")
    assert "the required field evidence is missing" in faults(one)[0]
    (one / "river/statements.yaml").write_text(text[: text.index("  evidence:")] + "  evidence: []\n", encoding="utf-8")
    assert "without evidence cannot be loaded" in faults(one)[0]


def test_an_id_is_taken_once_over_all_kinds_of_position(one: Path) -> None:
    record = PLAIN.format(party="lowland", issue="dams", source="herald") + "  firmness: core\n"
    (one / "river/demands.yaml").write_text(record, encoding="utf-8")
    (found,) = faults(one)
    assert "“plain-words”: this id is already used" in found
    assert found.startswith("river/statements.yaml:1:7: ")
    assert "by the demand at river/demands.yaml:1" in found


def test_a_cycle_of_supersedes_is_shown_as_it_goes_round(one: Path) -> None:
    record = (
        "- id: {id}\n  title: A plan\n  kind: framework\n  proposers: [upland]\n  channel: public\n  status: superseded\n"
        "  summary: A plan.\n  supersedes: {other}\n  evidence:\n"
        "    - {{source: herald, relation: asserts, mode: unattributed, credibility: 6}}\n"
    )
    pairs = (("first", "second"), ("second", "third"), ("third", "first"))
    text = "".join(record.format(id=id, other=other) for id, other in pairs)
    (one / "river/proposals.yaml").write_text(text, encoding="utf-8")
    (found,) = faults(one)
    assert "forms a circle: first → second → third → first" in found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; for an empty list, write []"),
        (b"# nothing\n", "is empty; for an empty list, write []"),
        (b"id: x\n", "expected a list of records, each beginning with “- id:”, found a mapping"),
        (b"just words", "expected a list of records, each beginning with “- id:”, found a single value"),
        (b"- id: ok\n  note: \xff\xfe\n", "is not valid UTF-8: the byte 0xff cannot be decoded"),
        (bytes(range(256)) * 40, "is not valid UTF-8"),
        (b"- note: \x00\n", "is not valid YAML"),
        (b"- " + b"[" * 20000, "is "),
        (b"- just\n- words\n", "statements: expected a mapping with id, evidence, "),
    ],
)
def test_a_file_that_holds_something_else_is_said_to(one: Path, content: bytes, said: str) -> None:
    (one / "river/statements.yaml").write_bytes(content)
    found = faults(one)
    assert all(line.startswith("river/statements.yaml") for line in found)
    assert said in found[0], found


def test_a_file_of_fifty_megabytes_is_refused_with_what_to_do(one: Path) -> None:
    with (one / "river/statements.yaml").open("wb") as file:
        file.truncate(50 * 2**20)
    (found,) = faults(one)
    assert (
        "has 50 MB; a YAML file may have at most 16 MB. Split it into a folder statements/ of smaller files, or use JSON Lines"
        in found
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a", "id": "b"}', "repeats the key “id”"),
        ('{"id": ', "is not valid JSON; each line must be one whole record: Expecting value"),
        ('{"id": "a\x01"}', "one whole record: Invalid control character"),
        ('{"id": 5}', "expected a valid id (lower-case letters"),
        ('["id"]', "expected a mapping with id, "),
    ],
)
def test_a_line_of_json_lines_is_told_by_its_number(one: Path, line: str, said: str) -> None:
    (one / "river/demands.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    found = faults(one)
    assert all(one_.startswith("river/demands.jsonl:2:") for one_ in found), found
    assert any(said in one_ for one_ in found), found


def test_a_value_in_a_line_of_json_lines_is_told_by_its_column(one: Path) -> None:
    line = '{"id": "more-dams", "party": "uplnd", "issue": "dams", "stanse": "supports", "evidence": []}'
    (one / "river/statements.jsonl").write_text(f"{line}\n", encoding="utf-8")
    found = faults(one)
    key = line.index('"stanse"') + 1
    assert any(told.startswith(f"river/statements.jsonl:1:{key}: ") and "“stance”" in told for told in found), found
    whole = (
        line.replace("stanse", "stance")
        .replace("[]", '[{"source": "herald", "relation": "asserts", "mode": "author", "credibility": 6}]')
        .replace('"evidence"', '"summary": "More.", "evidence"')
    )
    (one / "river/statements.jsonl").write_text(f"\n{whole}\n", encoding="utf-8")
    value = whole.index('"uplnd"') + 1
    (told,) = faults(one)
    assert told.startswith(f"river/statements.jsonl:2:{value}: "), told


def test_what_is_out_of_place_in_the_folder_is_said_to_be(one: Path) -> None:
    (one / "river/demand.yaml").write_text("[]", encoding="utf-8")
    (one / "river/events.yml").write_text("[]", encoding="utf-8")
    (one / "stray.yaml").write_text("[]", encoding="utf-8")
    (one / "lake").mkdir()
    found = "\n".join(faults(one))
    assert "river/demand.yaml: has an unknown name. Known names: " in found
    assert ", process, retired. Did you mean “demands”?" in found
    assert "river/events.yml: is neither .yaml nor .jsonl; rename it to events.yaml" in found
    assert "stray.yaml: is out of place" in found
    assert "lake: contains no process.yaml" in found


def test_what_follows_from_a_file_of_another_name_is_not_told(one: Path) -> None:
    (one / "river/sources.yaml").rename(one / "river/the-sources.yaml")
    (told,) = faults(one)
    assert "river/the-sources.yaml: has an unknown name. Known names: " in told
    assert told.endswith("Did you mean “sources”?")


def test_what_is_wrong_with_a_whole_file_is_told_before_what_follows_from_it(one: Path) -> None:
    (one / "river/sources.yaml").rename(one / "river/newspapers.yaml")
    first, *others = faults(one)
    assert "river/newspapers.yaml: has an unknown name. Known names: " in first
    assert any("“herald” is not a known source id" in told for told in others), others


@pytest.mark.parametrize("made", ["link", "folder", "other suffix"])
@pytest.mark.parametrize("file", ["common/parties.yaml", "river/issues.yaml", "river/sources.yaml"])
def test_what_follows_from_a_file_that_is_none_is_not_told(one: Path, file: str, made: str) -> None:
    path = one / file
    if made == "other suffix":
        path.rename(path.with_suffix(".yml"))
    else:
        path.unlink()
    if made == "link":
        path.symlink_to("nowhere")
    elif made == "folder":
        path.mkdir()
    (told,) = faults(one)
    assert told.startswith(file.removesuffix(".yaml"))


@pytest.mark.parametrize("made", ["link", "folder"])
@pytest.mark.parametrize("file", ["release.yaml", "river/process.yaml"])
def test_what_must_be_a_file_and_is_none_is_told_alone(one: Path, file: str, made: str) -> None:
    (one / file).unlink()
    if made == "link":
        (one / file).symlink_to("nowhere")
        said = "is neither a file nor a folder; it may be a broken link"
    else:
        (one / file).mkdir()
        said = "is a folder; replace it with a file"
    assert faults(one) == [f"{file}: {said}"]


@pytest.mark.parametrize("published", ["2030-07", "2030-07/..", "2030-06-02"])
def test_what_follows_from_a_source_retrieved_before_it_was_published_is_not_told(one: Path, published: str) -> None:
    path = one / "river/statements.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "  stance: supports", "  stance: supports\n  valid_from: 2030-06-02"
    )
    path.write_text(text.replace("credibility: 6", "credibility: 6\n      said_on: 2030-06-02"), encoding="utf-8")
    (told,) = spoil(one, "published_on: 2030-05", f"published_on: {published}", "river/sources.yaml")
    assert f"published_on: {published} begins after retrieved_on (2030-06-01)" in told


def test_a_party_does_not_answer_its_own_demand(one: Path) -> None:
    path = one / "river/statements.yaml"
    text = path.read_text(encoding="utf-8")
    demand = text.replace("issue: dams", "issue: dams\n  firmness: core\n  lifecycle: active")
    (one / "river/demands.yaml").write_text(demand, encoding="utf-8")
    answer = text.replace("plain-words", "an-answer").replace("issue: dams", "demand: plain-words\n  verdict: accepted")
    path.unlink()
    (one / "river/responses.yaml").write_text(answer.replace("upland", "lowland"), encoding="utf-8")
    check(one, RESOURCES)
    (told,) = spoil(one, "lowland", "upland", "river/responses.yaml")
    said = "demand: “plain-words” was made by “upland” itself; record what became of it as the demand's lifecycle"
    assert told == f"river/responses.yaml:3:11: responses “an-answer”: {said}"


DATES_MEANT = {
    "Feb 2024": "2024-02",
    "2024 February": "2024-02",
    "12/2023": "2023-12",
    "2024–2025": "2024/2025",
    "2024-2025": "2024/2025",
    "May 2023 – June 2024": "2023-05/2024-06",
    "c. 2024": "2024~",
    "c. 2024–2025": "2024~/2025~",
    "Q1 2024": "2024-01/2024-03",
    "2024-Q3": "2024-07/2024-09",
    "c. Q1 2024": "2024-01~/2024-03~",
    "spring 2024": "2024-21",
    "Autumn 2024?": "2024-23?",
    "circa Feb 2024": "2024-02~",
    "2024 ~": "2024~",
    "Feb 2024?": "2024-02?",
    "2024‑02‑13": "2024-02-13",
}


@pytest.mark.parametrize("written", DATES_MEANT)
def test_a_date_that_is_written_in_another_way_is_told_as_edtf(one: Path, written: str) -> None:
    (told,) = spoil(one, "  stance: supports", f"  stance: supports\n  valid_from: '{written}'")
    assert told.endswith(f". Did you mean “{DATES_MEANT[written]}”?"), told


@pytest.mark.parametrize("written", ["2025–2024", "21/2024", "Smarch 2024", "c. the war", "–", "~", "2024–", "a – b"])
def test_what_means_no_date_is_not_guessed_at(one: Path, written: str) -> None:
    (told,) = spoil(one, "  stance: supports", f"  stance: supports\n  valid_from: '{written}'")
    assert "Did you mean" not in told


def test_a_word_that_is_like_no_term_gets_no_suggestion(one: Path) -> None:
    event = "- id: fall\n  kind: {}\n  title: Fall\n  summary: Somebody resigned.\n  evidence:\n"
    cited = "    - {source: herald, relation: asserts, mode: unattributed, credibility: 6}\n"
    for kind, hint in (("resignation", ""), ("election", ""), ("meting", " Did you mean “meeting”? Allowed")):
        (one / "river/events.yaml").write_text(event.format(kind) + cited, encoding="utf-8")
        (told,) = faults(one)
        assert f"kind: “{kind}” is not one of the allowed values{hint and f'.{hint}'}: talks, " in told


def test_a_folder_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="the seeds folder does not exist; set POSITIONS_SEEDS or --seeds to another"):
        check(tmp_path / "nowhere", RESOURCES)


def test_every_fault_is_told_at_once_and_what_follows_from_one_is_not(one: Path) -> None:
    (one / "common/parties.yaml").write_text("- id: upland\n  name: Upland\n  kind: stat\n", encoding="utf-8")
    text = PLAIN.format(party="upland", issue="damms", source="herald").replace("supports", "yes")
    (one / "river/statements.yaml").write_text(text, encoding="utf-8")
    found = faults(one)
    assert any("“stat” is not one of the allowed values" in line and "Did you mean “state”?" in line for line in found)
    assert any("“yes” is not one of the allowed values" in line for line in found)
    assert not any("“upland” is not a known party id" in line for line in found), found


def test_nothing_is_loaded_and_the_old_release_is_served_on(make_service: Any, world: Path) -> None:
    service = make_service(world)
    api = Api(service.wsgi)
    before = api.get("/v1/positions")
    (world / "release.yaml").write_text("id: t-2\ndate: 2031-01-01\n", encoding="utf-8")
    (world / "common/sources.yaml").write_text("- broken", encoding="utf-8")
    with pytest.raises(SeedError):
        load(world, service.wsgi.database, RESOURCES)
    assert api.get("/v1/positions") == before


def test_changed_seeds_need_another_id_unless_they_take_the_place(make_service: Any, world: Path) -> None:
    service = make_service(world)
    path = world / "common/parties.yaml"
    path.write_text(
        path.read_text(encoding="utf-8") + "\n- id: newcomer\n  name: Newcomer\n  kind: state\n", encoding="utf-8"
    )
    with pytest.raises(SeedError, match="is already loaded with different content; give the changed seeds a new id"):
        load(world, service.wsgi.database, RESOURCES)
    loaded = load(world, service.wsgi.database, RESOURCES, replace=True)
    assert loaded.release == service.wsgi.database.current().release
    assert Api(service.wsgi).data("/v1/parties/newcomer")["name"] == "Newcomer"


def test_a_release_records_what_it_added_changed_and_removed_field_by_field(make_service: Any, one: Path) -> None:
    service = make_service(one)
    (one / "release.yaml").write_text("id: s-2\ndate: 2031-02-01\n", encoding="utf-8")
    parties = "- id: upland\n  name: The Upland\n  kind: state\n- id: delta\n  name: Delta\n  kind: state\n"
    (one / "common/parties.yaml").write_text(parties, encoding="utf-8")
    loaded = load(one, service.wsgi.database, RESOURCES)
    assert (loaded.added, loaded.changed, loaded.removed) == (1, 1, 1)
    service.wsgi.database._looked = 0.0  # a reader on PostgreSQL looks for a new release once a second
    api = Api(service.wsgi)
    changes = {one_["record"]["id"]: one_ for one_ in api.all("/v1/changes") if one_["release"]["id"] == "s-2"}
    assert {id: one_["action"] for id, one_ in changes.items()} == {
        "upland": "changed",
        "delta": "added",
        "lowland": "removed",
    }
    assert changes["upland"]["fields_changed"] == [{"field": "name", "before": "Upland", "after": "The Upland"}]
    assert [release["id"] for release in api.data("/v1/releases")] == ["s-1", "s-2"]


def test_what_a_wrong_record_names_is_looked_up_all_the_same(world: Path) -> None:
    path = world / "spice-round" / "demands.yaml"
    text = path.read_text()
    assert "party: " in text
    assert "stance: " in text
    text = re.sub(r"party: \S+", "party: aldorai", text, count=1)
    path.write_text(re.sub(r"stance: \S+", "stance: suports", text, count=1))
    told = faults(world)
    assert any("Did you mean “aldoria”" in one for one in told), told
    assert any("Did you mean “supports”" in one for one in told), told


@pytest.mark.parametrize(
    ("old", "new"), [("stance: supports", "stance: suports"), ("credibility: 6", "credibility: 7")]
)
def test_what_the_evidence_of_a_wrong_record_or_wrong_evidence_names_is_too(one: Path, old: str, new: str) -> None:
    path = one / "river/statements.yaml"
    path.write_text(path.read_text().replace("source: herald", "source: heralt"))
    told = spoil(one, old, new)
    assert len(told) == 2, told
    assert any(
        "statements “plain-words”: evidence: source: “heralt” is not a known source id" in fault for fault in told
    ), told


ANNOUNCED = "something only announced must be recorded as an event"
AHEAD = f"begins after the date of the release (2031-01-01, in release.yaml); {ANNOUNCED}"
UNTOLD = f"begins after 2030-05-31, when the latest evidence for it was known; {ANNOUNCED}"
PROPOSAL = """\
- id: a-plan
  title: A plan
  kind: framework
  proposers: [upland]
  channel: public
  status: tabled
  summary: A plan.
  made_on: 2031-02/..
  evidence:
    - {source: herald, relation: asserts, mode: unattributed, credibility: 6}
"""


@pytest.mark.parametrize(
    ("old", "new", "file", "said"),
    [
        (
            "  stance: supports",
            "  stance: supports\n  valid_from: 2035",
            "river/statements.yaml",
            f"5:15: statements “plain-words”: valid_from: 2035 {AHEAD}",
        ),
        (
            "  stance: supports",
            "  stance: supports\n  valid_from: 2030-06/..",
            "river/statements.yaml",
            f"5:15: statements “plain-words”: valid_from: 2030-06/.. {UNTOLD}",
        ),
        (
            "2031-02/..",
            "2030-06-01~",
            "river/proposals.yaml",
            f"8:12: proposals “a-plan”: made_on: 2030-06-01~ {UNTOLD}",
        ),
        (
            "2030-05",
            "2030-06-02~",
            "river/sources.yaml",
            "3:17: sources “herald”: published_on: 2030-06-02~ begins after retrieved_on (2030-06-01); a text must be",
        ),
        (
            "credibility: 6",
            "credibility: 6\n      said_on: 2030-06-01",
            "river/statements.yaml",
            "11:16: statements “plain-words”: evidence: said_on: 2030-06-01 begins after 2030-05-31, when “herald” was",
        ),
        (
            "issue: dams",
            "issue: dams\n  addressees: [lowland, upland]\n  firmness: core\n  lifecycle: active",
            "river/demands.yaml",
            "4:25: demands “plain-words”: addressees[1]: “upland” is the demanding party; name only the parties it addresses",
        ),
        ("2031-02/..", "2031-02/..", "river/proposals.yaml", f"8:12: proposals “a-plan”: made_on: 2031-02/.. {AHEAD}"),
        (
            "  name: Upland",
            "  name: Upland\n  affiliations: [{party: upland, role: itself, represents: true}]",
            "common/parties.yaml",
            "3:26: parties “upland”: affiliations: represents forms a circle: upland → upland",
        ),
    ],
)
def test_what_cannot_be_is_a_fault(one: Path, old: str, new: str, file: str, said: str) -> None:
    if file == "river/proposals.yaml":
        (one / file).write_text(PROPOSAL, encoding="utf-8")
    if file == "river/demands.yaml":
        (one / "river/statements.yaml").rename(one / file)
    (found,) = spoil(one, old, new, file)
    assert found.startswith(f"{file}:{said}"), found


def test_what_may_have_been_is_no_fault(one: Path) -> None:
    """What begins in the year of the report, was said in the month of it, or is announced as an event."""
    path = one / "river/statements.yaml"
    text = path.read_text(encoding="utf-8").replace("  stance: supports", "  stance: supports\n  valid_from: 2030")
    path.write_text(text.replace("credibility: 6", "credibility: 6\n      said_on: 2030"), encoding="utf-8")
    event = "- id: talks\n  kind: talks\n  title: Talks\n  summary: Announced.\n  occurred_on: 2035\n  evidence:\n"
    cited = "    - {source: herald, relation: asserts, mode: unattributed, credibility: 6}\n"
    (one / "river/events.yaml").write_text(event + cited, encoding="utf-8")
    check(one, RESOURCES)


LATER = """\
- id: gazette
  title: A later report
  published_on: 2030-08
  retrieved_on: 2030-09-01
  kind: news_report
  language: en
  reliability: F
"""


@pytest.mark.parametrize(
    ("relation", "bears_on", "sound"),
    [
        ("asserts", "", True),
        ("clarifies", "", False),
        ("asserts", "valid_until", False),
        ("clarifies", "valid_from", True),
        ("denies", "", False),
    ],
)
def test_what_a_later_report_asserts_may_begin_later(one: Path, relation: str, bears_on: str, *, sound: bool) -> None:
    """Evidence that does not say that it is held, or teaches another field, does not tell when it began."""
    with (one / "river/sources.yaml").open("a", encoding="utf-8") as file:
        file.write(LATER)
    path = one / "river/statements.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("  stance: supports", "  stance: supports\n  valid_from: 2030-07\n  valid_until: 2030-12/..")
    cited = f"relation: {relation}, mode: unattributed, credibility: 6, bears_on: [{bears_on}]"
    path.write_text(f"{text}    - {{source: gazette, {cited}}}\n", encoding="utf-8")
    if sound:
        check(one, RESOURCES)
    else:
        (found,) = faults(one)
        assert UNTOLD in found


def test_what_nobody_asserts_may_begin_at_any_time(one: Path) -> None:
    path = one / "river/statements.yaml"
    text = path.read_text(encoding="utf-8").replace("relation: asserts", "relation: denies")
    path.write_text(text.replace("  stance: supports", "  stance: supports\n  valid_from: 2030-11"), encoding="utf-8")
    check(one, RESOURCES)


REPRESENTING = """\
- id: {id}
  name: {id}
  kind: state
  affiliations:
    - {{party: {other}, role: voice, represents: {represents}, valid_from: {since}, valid_until: {until}}}
"""


def represent(folder: Path, *given: tuple[str, str, str, str, str]) -> None:
    names = ("id", "other", "since", "until", "represents")
    text = "".join(REPRESENTING.format(**dict(zip(names, one_, strict=True))) for one_ in given)
    (folder / "common/parties.yaml").write_text(text, encoding="utf-8")


def test_parties_that_represent_each_other_in_a_circle_at_one_time_are_a_fault(one: Path) -> None:
    third = ("delta", "upland", "2012", "2015", "true")
    represent(
        one, ("upland", "lowland", "2010", "2012", "true"), ("lowland", "delta", "2012-12", "2030", "true"), third
    )
    (found,) = faults(one)
    assert found == (
        "common/parties.yaml:5:15: parties “upland”: affiliations: represents forms a circle: "
        "upland → lowland → delta → upland"
    )


def test_parties_that_represent_each_other_in_turn_are_none(one: Path) -> None:
    third = ("delta", "upland", "2013", "2015", "true")
    represent(one, ("upland", "lowland", "2010", "2012", "true"), ("lowland", "delta", "2010", "2030", "true"), third)
    check(one, RESOURCES)
    represent(one, ("upland", "lowland", "2010", "2012", "true"), ("lowland", "upland", "2010", "2012", "false"))
    check(one, RESOURCES)


def test_a_release_is_dated_no_earlier_than_the_one_before_it(make_service: Any, one: Path) -> None:
    database = make_service(one).wsgi.database
    release = one / "release.yaml"
    release.write_text("id: s-2\ndate: 2030-12-31\n", encoding="utf-8")
    said = "release “s-2”: date: 2030-12-31 is before 2031-01-01, the date of the previously loaded release “s-1”; it must be 2031"
    (one / "common/parties.yaml").write_text("- id: upland\n  name: Upland\n  kind: stat\n", encoding="utf-8")
    with pytest.raises(SeedError):
        load(one, database, RESOURCES)
    (one / "common/parties.yaml").write_text("- id: upland\n  name: Upland\n  kind: state\n", encoding="utf-8")
    (one / "river/statements.yaml").write_text(PLAIN.format(party="uplnd", issue="dams", source="herald"))
    with pytest.raises(SeedError) as refused:
        load(one, database, RESOURCES)
    told = [str(fault).replace(f"{one}/", "") for fault in refused.value.faults]
    assert told[0].startswith(f"release.yaml:2:7: {said}")
    assert len(told) == 2, "with the faults of records"
    (one / "river/statements.yaml").write_text(PLAIN.format(party="upland", issue="dams", source="herald"))
    release.write_text("id: s-2\ndate: 2031-01-01\n", encoding="utf-8")
    load(one, database, RESOURCES)


def test_a_release_that_was_dated_too_late_by_mistake_is_set_right_by_replacing_it(
    make_service: Any, one: Path
) -> None:
    release = one / "release.yaml"
    release.write_text("id: s-1\ndate: 2301-01-01\n", encoding="utf-8")
    database = make_service(one).wsgi.database
    release.write_text("id: s-2\ndate: 2031-01-02\n", encoding="utf-8")
    with pytest.raises(SeedError, match="if 2301-01-01 was a mistake, correct it and reload “s-1” with --replace"):
        load(one, database, RESOURCES)
    release.write_text("id: s-1\ndate: 2031-01-01\n", encoding="utf-8")
    load(one, database, RESOURCES, replace=True)
    release.write_text("id: s-2\ndate: 2031-01-02\n", encoding="utf-8")
    load(one, database, RESOURCES)


def test_a_fault_in_evidence_names_what_it_is_evidence_for(one: Path) -> None:
    term = "  terms:\n    - id: a-term\n      number: 1\n      issue: dams\n      summary: Dams.\n      evidence:\n"
    cited = "        - {source: heralt, relation: asserts, mode: unattributed, credibility: 6, speaker: uplnd}\n"
    text = PROPOSAL.replace("2031-02/..", "2030").replace("credibility: 6", "credibility: 6, id: an-id") + term + cited
    (one / "river/proposals.yaml").write_text(text, encoding="utf-8")
    said = [fault.partition(" ")[2] for fault in faults(one)]
    assert [re.split("; |[.] ", words)[0] for words in said] == [
        "proposals “a-plan”: evidence: “id” is computed by the service",
        "terms “a-term”: evidence: source: “heralt” is not a known source id",
        "terms “a-term”: evidence: speaker: “uplnd” is not a known party id",
    ]
