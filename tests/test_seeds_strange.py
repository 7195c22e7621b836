"""Seeds that are wrong in ways that nobody means: each told as a fault in its place; no file, however strange, ends the process."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.loader import Fault, SeedError, check, seeds_digest
from api.loader.read.yaml_text import plain
from api.resources import RESOURCES

DEMANDS = "spice-round/demands.yaml"
RETIRED = "spice-round/retired.yaml"
LINES = "glacier-accord/statements.jsonl"


def faults(world: Path) -> list[Fault]:
    with pytest.raises(SeedError) as refused:
        check(world, RESOURCES)
    return refused.value.faults


def add(world: Path, file: str, text: str) -> int:
    """Add a text to a file; returns the line on which it begins."""
    path = world / file
    before = path.read_text()
    path.write_text(before + text)
    return before.count("\n") + 1


def swap(world: Path, file: str, before: str, after: str) -> None:
    text = (world / file).read_text()
    assert before in text
    (world / file).write_text(text.replace(before, after, 1))


@pytest.mark.parametrize("depth", [101, 900, 5_000, 200_000])
@pytest.mark.parametrize("pair", ["[]", "{}", "[", "- "])
def test_a_file_that_is_nested_too_deeply_is_told_so(world: Path, depth: int, pair: str) -> None:
    opening = {"{}": "{a: "}.get(pair, pair[0] if pair != "- " else pair)
    line = add(
        world, DEMANDS, "- " + opening * depth + ("]" if pair == "[]" else "}" if pair == "{}" else "") * depth + "\n"
    )
    (fault,) = faults(world)
    assert (fault.line, fault.message) == (line, "is nested more than 100 levels deep")


def test_a_line_that_is_nested_too_deeply_is_told_so(world: Path) -> None:
    line = add(world, LINES, "[" * 100_000 + "\n")
    (fault,) = faults(world)
    assert (fault.line, fault.message) == (line, "is nested too deeply")


def test_brackets_in_a_text_are_no_nesting(world: Path) -> None:
    swap(world, DEMANDS, "summary: The dockers demand their pensions.", f"summary: 'The {'[' * 150} dockers'")
    check(world, RESOURCES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {id: q, id: r}\n", "repeats the key “id”; each key is allowed only once in a mapping"),
        ("- {[a]: 3, id: q}\n", "is not a field name"),
        ("---\n- {}\n", "is not valid YAML: a second document begins here"),
        ("- {id: 'x\n", "is not valid YAML: "),
        ("\t- {id: x}\n", "is not valid YAML: the indentation contains a tab; indent with spaces"),
    ],
)
def test_yaml_that_is_not_a_plain_record_is_told_so(world: Path, text: str, message: str) -> None:
    line = add(world, DEMANDS, text)
    found = faults(world)
    assert all(fault.file.endswith(DEMANDS) for fault in found)
    assert found[0].message.startswith(message)
    assert found[0].line in (line, line + 1)
    assert found[0].column >= 1


WORDED = "text without quotation marks; quote the text"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("  note: Peace: now\n", (1, 14), f"a colon followed by a space is not allowed in {WORDED}"),
        (
            "  note: Peace\n    now: yes\n",
            (2, 5),
            "“now” is indented by 4 spaces and so belongs to the text above it; indent it by 2 like “note”, or quote the text",
        ),
        (
            "  reasons:\n    - Peace\n      note: x\n",
            (3, 7),
            "“note” is indented by 6 spaces and so belongs to the text above it; indent it by 2 like “reasons”, or quote",
        ),
        ("  note: Peace\n    is, now: yes\n", (2, 12), f"a colon is not allowed in {WORDED}, or indent this line"),
        (
            "  stance: 'x'\n    note: x\n",
            (2, 5),
            "this line is not indented like the other fields or records; it is indented by 4, “stance” above it by 2",
        ),
        *(
            (f"  note: {mark} home\n", (1, 9), f"“{mark[0]}” cannot begin {WORDED}")
            for mark in ("@", "`", "%", ",", "&", "|", "*")
        ),
        ("  note: **home**\n", (1, 9), f"“*” cannot begin {WORDED}"),
        ("  stance:opposes\n  note: x\n", (1, 10), "a space is missing after the colon of “stance”; write “stance: …”"),
        (
            "  stance:\u00a0opposes\n  note: x\n",
            (1, 10),
            "the colon after “stance” is followed by U+00A0 instead of a space",
        ),
        ("- id:b\n  note: x\n", (1, 6), "a space is missing after the colon of “id”; write “id: …”"),
        ("-id: b\n  note: x\n", (1, 2), "a space is missing after the dash that begins a record; write “- id: …”"),
        ("  stance\n  note: x\n", (1, 3), "“stance” has no colon; write a field as “name: value”"),
        ("\u00a0\n  note: x\n", (1, 1), "“\u00a0” has no colon; write a field as “name: value”"),
        ("  note: 'Peace\n  stance: opposes\n", (1, 9), "the quotation mark ' that opens here is never closed"),
        ("  note: 'It's now'\n", (1, 9), "the quotation mark ' that opens here is closed on line "),
        (
            '  note: "Peace\n  stance: "opposes"\n',
            (1, 9),
            'the quotation mark " that opens here is closed on line ',
        ),
        (
            "<<<<<<< HEAD\n  note: x\n=======\n  note: y\n>>>>>>> theirs\n",
            (1, 1),
            "a Git merge conflict begins here; resolve it",
        ),
        ("  note: [1] and more\n", (1, 13), "text cannot continue after “]”; quote the whole text"),
        (
            "  note: [a, b\n  stance: opposes\n",
            (1, 9),
            "the “[” that opens here is never closed; close it, or quote the text",
        ),
        ('  note: "a\\qb"\n', (1, 11), "a backslash has a special meaning in double quotation marks"),
        ("  note: x\n\tstance: opposes\n", (2, 1), "the indentation contains a tab; indent with spaces"),
        (
            " note: x\n",
            (1, 2),
            "this line is not indented like the other fields or records; it is indented by 1, “id” above it by 2",
        ),
        ("  note: x\n  - id: b\n", (2, 3), "this line is not indented like the other fields or records"),
        (
            "---\n- id: b\n",
            (1, 1),
            "a second document begins here; a file must contain only one, so remove the line ---",
        ),
    ],
)
def test_what_is_not_yaml_is_told_where_its_cause_stands(
    world: Path, text: str, place: tuple[int, int], message: str
) -> None:
    line = add(world, DEMANDS, "- id: ä\n" + text) + 1
    (fault,) = faults(world)
    assert (fault.line, fault.column) == (line + place[0] - 1, place[1]), fault
    assert fault.message.startswith(f"is not valid YAML: {message}")


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("- id: !!python/object:os.system x\n", "!!python/object:os.system"),
        ("- {id: x, note: !!str x}\n", "!!str"),
        ("- {id: x, note: ! x}\n", "!"),
        ("- !foo [x]\n", "!foo"),
        ("- !<tag:a,2000:b> {id: x}\n", "!<tag:a,2000:b>"),
    ],
)
def test_a_tag_is_refused(world: Path, text: str, tag: str) -> None:
    line = add(world, DEMANDS, text)
    (fault,) = faults(world)
    assert (fault.line, fault.column) == (line, text.index("!") + 1)
    assert fault.message.startswith(
        f"is the tag {tag}; tags are not allowed in seeds: leave it out, or quote text that begins with !"
    )


def test_aliases_of_aliases_are_told_and_never_written_out(world: Path) -> None:
    rows = [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)]
    (world / DEMANDS).write_text("- &a0 [x, x]\n" + "".join(rows))
    told = {fault.message.partition(";")[0] for fault in faults(world)}
    assert told == {f"is the {what}{n}" for n in range(12) for what in ("anchor &a", "alias *a")} - {
        "is the alias *a11"
    }


NAMED = {
    "anchor": "anchors are not allowed in seeds: leave it out, or quote text that begins with &",
    "alias": "aliases are not allowed in seeds: write out the value here",
    "merge": "merge keys are not allowed in seeds: write out the fields here",
}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- {id: a-b, note: &n text}\n", ["anchor &n"]),
        ("- &a {id: x, b: *a}\n", ["anchor &a", "alias *a"]),
        ("- {id: a-b, also: &m !x {a: b}, <<: *m}\n", ["anchor &m", "merge key <<", "alias *m"]),
        ("- {id: a-b, <<: {party: aldoria}}\n", ["merge key <<"]),
        ("- {id: a-b, <<: [], <<: []}\n", ["merge key <<", "merge key <<"]),
    ],
)
def test_what_yaml_has_to_write_less_is_told_by_its_name_at_its_place(world: Path, text: str, told: list[str]) -> None:
    line = add(world, DEMANDS, text)
    found = [fault for fault in faults(world) if " tag " not in fault.message]
    assert [fault.message for fault in found] == [f"is the {one}; {NAMED[one.split()[0]]}" for one in told]
    for fault, one in zip(found, told, strict=True):
        assert fault.line == line
        assert text[fault.column - 1 :].startswith(one.split()[-1])


def test_a_quoted_merge_key_is_a_name_as_any_other(world: Path) -> None:
    add(world, DEMANDS, "- {id: a-b, '<<': {party: aldoria}}\n")
    assert any("unknown field “<<”" in fault.message for fault in faults(world))


@pytest.mark.parametrize("file", [DEMANDS, LINES])
@pytest.mark.parametrize("coding", ["utf-16", "utf-16-be"])
def test_a_text_in_utf16_is_told_once(world: Path, file: str, coding: str) -> None:
    text = "\n".join(['{"id": "x"}'] * 3)
    (world / file).write_bytes(("\ufeff" * (coding != "utf-16") + text).encode(coding))
    (fault,) = [fault for fault in faults(world) if fault.file.endswith(file)]
    assert (fault.line, fault.column, fault.message) == (1, 1, "is encoded in UTF-16 or UTF-32; save it as UTF-8")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"id": "\ud800"}, "is not a valid id"),
        ({"id": 5}, "id: expected a valid id"),
        ({"id": ["a"]}, "id: expected a valid id"),
        ({"id": "ａldoria"}, "is not a valid id"),
        ({"id": "aldoria\n"}, "is not a valid id"),
        ({"party": {"id": "aldoria"}}, "party: a mapping is not a valid id"),
        ({"summary": "a\u0000b"}, "contains a control character"),
        ({"summary": "   "}, "must not be empty"),
        ({"summary": True}, "expected text, found “True”"),
        ({"valid_from": False}, "expected a date, found "),
        ({"valid_from": 20301}, "expected an EDTF date such as"),
        ({"salience": 1}, "is not one of the allowed values"),
        ({"absent": ["x"]}, "expected a mapping of field names to reasons, found"),
        ({"evidence": {"source": "wire-copy"}}, "expected a list of records, found"),
        ({"evidence": ["wire-copy"]}, "expected a mapping with source, relation, mode and credibility, found"),
        ({"evidence": None}, "evidence: must not be empty"),
    ],
)
def test_a_value_of_another_type_is_told_so(world: Path, record: dict, said: str) -> None:
    good = json.loads((world / LINES).read_text())
    line = add(world, LINES, json.dumps({**good, "id": "another-one", **record}) + "\n")
    found = faults(world)
    assert {fault.line for fault in found} == {line}
    assert any(said in fault.message for fault in found), found


@pytest.mark.parametrize(
    "line", ['{"id": NaN}', '{"id": 1e999}', f'{{"id": {"9" * 5000}}}', "null", "[]", '"text"', "{", '{"a": 1, "a": 2}']
)
def test_a_line_that_is_not_a_record_is_told_so(world: Path, line: str) -> None:
    number = add(world, LINES, line + "\n")
    found = faults(world)
    assert {(Path(fault.file).name, fault.line) for fault in found} == {("statements.jsonl", number)}


@pytest.mark.parametrize("flag", ["1", "0", '"True"', '"yes"', '"1"', "1.0"])
def test_what_merely_looks_true_is_not(world: Path, flag: str) -> None:
    line = '{"id": "zed", "name": "Z", "kind": "person", "affiliations": [{"party": "aldoria", "role": "x", "represents": %s}]}'
    (world / "spice-round" / "parties.yaml").rename(world / "spice-round" / "parties.tmp")
    (world / "spice-round" / "parties").mkdir()
    (world / "spice-round" / "parties.tmp").rename(world / "spice-round" / "parties" / "media.yaml")
    (world / "spice-round" / "parties" / "persons.jsonl").write_text(line % flag)
    (fault,) = faults(world)
    assert "represents" in fault.message
    assert "is not one of the allowed values" in fault.message
    assert fault.message.endswith(": true, false")


def test_windows_line_ends_and_a_byte_order_mark_are_read(world: Path) -> None:
    path = world / DEMANDS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    check(world, RESOURCES)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("- {collection: parties, id: old-aldoria}\n", "listed twice for parties"),
        ("- {collection: parties, id: a-one, successor: a-one}\n", "forms a circle: a-one → a-one"),
        (
            "- {collection: parties, id: a-one, successor: b-one}\n- {collection: parties, id: b-one, successor: a-one}\n",
            "forms a circle: a-one → b-one → a-one",
        ),
        ("- {collection: parties, id: aldoria}\n", "cannot be used again"),
        ("- {collection: statements, id: borovia-saffron-quota}\n", "this id is used in demands"),
        ("- {collection: parties, id: x, successor: aldorja}\n", "Did you mean “aldoria”?"),
        ("- {collection: partys, id: x}\n", "Did you mean “parties”? Known collections: processes, "),
    ],
)
def test_what_is_retired_wrongly_is_told_so(world: Path, entries: str, message: str) -> None:
    line = add(world, RETIRED, entries)
    found = faults(world)
    assert found[0].line == line
    assert message in found[0].message


def test_a_collection_that_there_is_not_is_told_whatever_else_is_wrong_with_what_is_retired(world: Path) -> None:
    line = add(world, RETIRED, "- {collection: partys, id: x, why: so}\n- {collection: Parties, id: y}\n")
    collection, field, spelt = sorted(faults(world), key=lambda fault: (fault.line, fault.column))
    assert (collection.line, field.line, spelt.line) == (line, line, line + 1)
    assert "retired “x”: collection: “partys” is not a known collection. Did you mean “parties”?" in collection.message
    assert "retired “x”: unknown field “why”" in field.message
    assert "“Parties” is not the name of a collection" in spelt.message


def test_an_offer_keeps_its_id_for_itself(world: Path) -> None:
    add(
        world,
        DEMANDS,
        "- id: pepper-plan-no-quota-by-aldoria\n  party: castella\n  issue: zero-pepper-tariff\n  stance: supports\n  summary: X\n"
        "  firmness: core\n  evidence: [{source: wire-copy, relation: asserts, mode: anonymous, credibility: 4}]\n",
    )
    (fault,) = faults(world)
    assert "pepper-plan-no-quota-by-aldoria" in fault.message
    assert "is already used in demands" in fault.message


def test_the_issue_of_an_answer_is_never_given_and_set_aside(world: Path) -> None:
    swap(
        world,
        "spice-round/responses.yaml",
        "  demand: borovia-saffron-quota\n",
        "  demand: borovia-saffron-quota\n  issue: zero-pepper-tariff\n",
    )
    (fault,) = faults(world)
    assert fault.message.endswith("issue: leave it out: the demand already gives it")


def test_faults_of_form_of_reference_and_of_rule_are_told_together(world: Path) -> None:
    swap(world, DEMANDS, "firmness: core", "firmness: cora")
    swap(
        world,
        "spice-round/proposals.yaml",
        "  summary: Aldoria would lift",
        "  supersedes: pepper-plan\n  summary: Aldoria would lift",
    )
    swap(world, "glacier-accord/events.yaml", "participants: [dockers-front]", "participants: [dockers-frond]")
    swap(world, "glacier-accord/proposals.yaml", "issue: downstream-share", "issue: meltwater")
    add(world, RETIRED, "- {collection: parties, id: aldoria}\n")
    found = faults(world)
    for part in (
        "Did you mean “core”? Allowed: ",
        "forms a circle: pepper-plan → pepper-plan",
        "“dockers-frond” is not a known party id. Did you mean “dockers-front”?",
        "“meltwater” is a topic; use one of its issues: downstream-share",
        "retired “aldoria”: this id is used in parties",
    ):
        assert sum(part in fault.message for fault in found) == 1, part
    assert len(found) == 5
    assert found == sorted(found)


def test_what_follows_from_a_record_that_is_wrong_is_not_told(world: Path) -> None:
    swap(world, "common/parties.yaml", "- id: aldoria\n  name: Aldoria\n", "- id: aldoria\n  nam: Aldoria\n")
    found = faults(world)
    assert {(Path(fault.file).name, fault.line) for fault in found} <= {("parties.yaml", 1), ("parties.yaml", 2)}
    assert len(found) == 2  # nam is not a field, and name is missing


PIECES = (
    *("- ", "a: ", "b: ", "? ", "\n", "\n  ", "x", "no", "1.10", "null", "~", "''", '"null"', "'~'"),
    *("[", "]", "{", "}", ", ", ": ", "#"),
)
STRANGE = (
    *("&m ", "*m", "!!str ", "!own ", "|\n   text\n", ">-\n   text\n", "---\n", "...\n", "%YAML 1.2\n"),
    *("\t", "\x00", "é"),
)
WRITTEN = st.lists(st.sampled_from(PIECES + STRANGE) | st.sampled_from(PIECES), max_size=14).map("".join)
VALUES = st.recursive(
    st.none() | st.text(max_size=6) | st.sampled_from(["no", "1.10", "null", "~", "", "a: b", "- a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
DUMPED = st.builds(
    lambda value, flow, style: yaml.safe_dump(value, default_flow_style=flow, default_style=style, allow_unicode=True),
    VALUES,
    st.sampled_from([True, False, None]),
    st.sampled_from([None, "'", '"', "|", ">"]),
)


def composed(node: yaml.Node | None) -> Any:
    """What a composed text holds; an error where a key is repeated, is no scalar, or a node is used again."""
    seen: set[int] = set()

    def value(one: yaml.Node) -> Any:
        assert id(one) not in seen
        seen.add(id(one))
        if isinstance(one, yaml.ScalarNode):
            return None if not one.style and one.value in ("", "~", "null") else one.value
        if isinstance(one, yaml.SequenceNode):
            return [value(item) for item in one.value]
        keys = [key.value for key, _ in one.value]
        assert all(isinstance(key, yaml.ScalarNode) for key, _ in one.value)
        assert len(set(keys)) == len(keys)
        return {key.value: value(item) for key, item in one.value}

    return None if node is None else value(node)


@given(text=WRITTEN | DUMPED)
@settings(max_examples=1000)
@example("- a: ~\n  b: 'null'\n- []\n- {}\n- ''\n")
@example("[x]\n--- \n[y]\n")
@example("&m [x]\n")
@example("- !m x\n")
@example("a: 1\na: 2\n")
@example("? [a]\n: b\n")
def test_a_yaml_text_is_read_by_its_events_as_by_its_nodes(text: str) -> None:
    quickly = plain(text)
    try:
        slowly = composed(yaml.compose(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, AssertionError):
        slowly = None
    if quickly is not None or not any(mark in text for mark in "&!"):
        assert quickly == slowly


@given(value=st.lists(VALUES, min_size=1, max_size=3))
def test_a_text_without_anchors_is_read_by_its_events(value: list[Any]) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    assert plain(text) == composed(yaml.compose(text, Loader=yaml.CSafeLoader))


@pytest.mark.parametrize("made", ["link", "pipe"])
@pytest.mark.parametrize("file", ["events.yaml", "parties/more.yaml"])
def test_what_is_neither_a_file_nor_a_folder_is_told_so(world: Path, file: str, made: str) -> None:
    path = world / "spice-round" / file
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if made == "link":
        path.symlink_to(path.name)
    else:
        os.mkfifo(path)
    assert (str(path), 0, 0, "is neither a file nor a folder; it may be a broken link") in [
        (fault.file, fault.line, fault.column, fault.message) for fault in faults(world)
    ]


def test_a_folder_that_is_called_as_a_file_is_told_its_name(world: Path) -> None:
    path = world / "glacier-accord" / "responses.yaml"
    path.unlink(missing_ok=True)
    path.mkdir()
    assert any(
        fault.file == str(path) and fault.message.startswith("is a folder; rename it to responses,")
        for fault in faults(world)
    )


@pytest.mark.parametrize("file", ["proposals.yaml", "demands.yaml"])
def test_what_names_a_record_of_a_file_that_cannot_be_read_is_no_fault(world: Path, file: str) -> None:
    """Nor what names a record inside one, as responses name the terms of proposals."""
    add(world, f"spice-round/{file}", "- &a {id: x}\n")
    (fault,) = faults(world)
    assert "is the anchor &a" in fault.message


def test_a_folder_that_is_linked_to_is_read_and_a_change_in_it_is_a_change_of_the_seeds(world: Path) -> None:
    elsewhere = world.parent / "elsewhere"
    (world / "spice-round").rename(elsewhere)
    (world / "spice-round").symlink_to(elsewhere)
    (elsewhere / "demands").mkdir()
    (elsewhere / "apart").mkdir()
    (elsewhere / "demands.yaml").rename(elsewhere / "apart" / "all.yaml")
    (elsewhere / "apart").rename(world.parent / "apart")
    (elsewhere / "demands" / "linked").symlink_to(world.parent / "apart")
    before = len(check(world, RESOURCES).of("demands")), seeds_digest(world)
    assert before[0] > 1
    with (world.parent / "apart" / "all.yaml").open("a") as file:
        file.write("# seen\n")
    assert seeds_digest(world) != before[1]


def test_a_link_that_leads_back_is_told_and_not_followed(world: Path) -> None:
    (world / "spice-round" / "events").mkdir()
    (world / "spice-round" / "events" / "again").symlink_to(".")
    (fault,) = faults(world)
    assert (fault.file, fault.message) == (
        str(world / "spice-round" / "events" / "again"),
        "is a link back to a folder that it is in; remove it",
    )


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("common/process.yaml", "common/ is no process; each process has a folder of its own beside it"),
        ("spice-round/process.jsonl", "a process is described in one file, process.yaml"),
    ],
)
def test_a_process_that_is_described_elsewhere_is_told_where(world: Path, file: str, said: str) -> None:
    (world / file).write_text("{}\n")
    (fault,) = faults(world)
    assert (fault.file, fault.message) == (str(world / file), f"is out of place: {said}")


@pytest.mark.parametrize("sign", ["#1 demand", "#Borovia's"])
def test_text_that_yaml_takes_for_a_comment_is_not_lost_unseen(world: Path, sign: str) -> None:
    line = add(world, RETIRED, f"- collection: demands\n  id: gone\n  note: The {sign} is gone.  # why\n") + 2
    (fault,) = faults(world)
    assert (fault.line, fault.column) == (line, 13)
    assert fault.message.startswith("begins a comment, which cuts the text off; quote the text")


@pytest.mark.parametrize("note", ['"The #1 demand"', "'The #1'", "|\n    The #1 demand", "C#", "a#b  # why", "a  #"])
def test_what_cuts_nothing_off_is_no_fault(world: Path, note: str) -> None:
    add(world, RETIRED, f"- collection: demands\n  id: gone\n  note: {note}\n")
    check(world, RESOURCES)


def test_evidence_that_is_no_mapping_is_told_what_it_must_have(world: Path) -> None:
    add(world, LINES, '{"id": "x-y", "evidence": ["wire-copy"]}\n')
    said = (
        "statements “x-y”: evidence: expected a mapping with source, relation, mode and credibility, found “wire-copy”"
    )
    assert said in [fault.message for fault in faults(world)]
