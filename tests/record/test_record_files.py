"""The seed files for whoever edits them: editor schemas, the line that names them, and the curator's guide."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from support import ROOT

from api.cli import main

SAMPLE = Path(__file__).with_name("sample")
GUIDE = ROOT / "docs" / "curating.md"
SEEDS = ROOT / "seeds"
NAMES = sorted(path.name.removesuffix(".schema.json") for path in (SEEDS / ".schemas").iterdir())


class Editor(yaml.SafeLoader):
    """YAML as editors read it: a date is a string."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.yaml") if ".schemas" not in path.parts)


def kind(path: Path) -> str:
    return path.stem if path.stem in NAMES else path.parent.name


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SEEDS / ".schemas" / f"{name}.schema.json").read_text(encoding="utf-8")))


def faults(name: str, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(data)]


def test_the_editor_schemas_are_current() -> None:
    result = CliRunner().invoke(main, ["editor-schemas", "--check", "--seeds", str(SEEDS)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(validator(name).schema)


@pytest.mark.parametrize(
    "path", [*files(SEEDS), *files(SAMPLE / "seeds")], ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_seed_file_meets_its_editor_schema(path: Path) -> None:
    assert not faults(kind(path), yaml.load(path.read_text(encoding="utf-8"), Editor))


@pytest.mark.parametrize("path", files(SEEDS), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_shipped_file_names_its_editor_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    wanted = SEEDS / ".schemas" / f"{kind(path)}.schema.json"
    line = f"# yaml-language-server: $schema={os.path.relpath(wanted, path.parent)}"
    assert found, f"{path.relative_to(ROOT)} begins with “{first}”; for editors, give it this first line: {line}"
    assert (path.parent / found[1]).resolve() == wanted, f"{path.relative_to(ROOT)}: its first line should be: {line}"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"firmness": "firm"}, "$[0].firmness"),
        ({"colour": "red"}, "$[0]"),
        ({"id": "Not A Slug"}, "$[0].id"),
        ({"party": None}, "$[0].party"),
        ({"evidence": [{"source": "lantern-on-timber"}]}, "$[0].evidence[0]"),
    ],
)
def test_an_editor_schema_finds_a_fault(change: dict[str, Any], place: str) -> None:
    path = SAMPLE / "seeds/timber-dispute-sample/demands.yaml"
    record = yaml.load(path.read_text(encoding="utf-8"), Editor)[0]
    assert any(fault.startswith(f"{place}: ") for fault in faults("demands", [{**record, **change}]))


# The curator's guide


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_guide_shows_the_records_of_the_sample() -> None:
    held = [
        record
        for path in files(SAMPLE / "seeds")
        if isinstance(found := yaml.load(path.read_text(encoding="utf-8"), Editor), list)
        for record in found
    ]
    shown = [record for block in blocks("yaml") for record in yaml.load(block, Editor) or []]
    assert len(shown) >= 9
    for record in shown:
        assert record in held, record["id"]


def test_the_guide_quotes_the_sample() -> None:
    quoted = " ".join(re.sub(r"^> ?", "", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE).split())
    paragraph = max((SAMPLE / "texts/lantern.txt").read_text(encoding="utf-8").splitlines(), key=len)
    assert paragraph in quoted


def test_the_guide_shows_what_cite_prints() -> None:
    block = next(one for one in blocks("console") if one.startswith("$ positions cite"))
    source, words = re.match(r'\$ positions cite (\S+) "(.+)" --texts', block).groups()  # type: ignore[union-attr]
    arguments = [source, words, "--seeds", str(SAMPLE / "seeds"), "--texts", str(SAMPLE / "texts")]
    result = CliRunner().invoke(main, ["cite", *arguments])
    assert block.partition("\n")[2] == result.stdout


def test_the_guides_settings_name_schemas_that_exist() -> None:
    settings = json.loads(blocks("json")[0])
    for name in settings["yaml.schemas"]:
        assert (ROOT / name).is_file()
