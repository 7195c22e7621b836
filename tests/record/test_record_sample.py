"""A second negotiation, invented and called a sample: it is data, and everything answers for it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from support import ROOT, Api

from api.cli import main

SAMPLE = Path(__file__).with_name("sample")
PROCESS = "timber-dispute-sample"
CONTRACT: dict[str, Any] = yaml.load(
    (ROOT / "openapi.yaml").read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)
OPERATIONS = [path for path, methods in CONTRACT["paths"].items() if "get" in methods]
#: What a required parameter is given that is neither the id of a record that the path names nor one of a few words.
GIVEN = {
    "q": "timber",
    "path": "/v1/demands?issue=duty-cut",
    "against": "orrin-second-offer",
    "proposal": "orrin-first-offer",
    "parties": "calvane,orrin",
    "url": "http://localhost/explore/matrix",
}


def parameters(path: str) -> list[Any]:
    item = CONTRACT["paths"][path]
    listed = [*item.get("parameters", []), *item["get"].get("parameters", [])]
    return [
        CONTRACT["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in listed
    ]


def filled(api: Api, path: str) -> tuple[str, dict[str, Any]]:
    """A path of the contract with an id of the data in it, and the query that it requires."""
    query = {}
    for one in parameters(path):
        if one["in"] == "path":
            before = path.partition("{" + one["name"] + "}")[0].rstrip("/")
            value = GIVEN.get(one["name"]) or link(first(api, before)).rpartition("/")[2]
            path = path.replace("{" + one["name"] + "}", value)
        elif one["in"] == "query" and one.get("required"):
            words = one["schema"].get("items", {}).get("enum", [None])
            query[one["name"]] = GIVEN.get(one["name"]) or words[0]
            assert query[one["name"]], f"{path} requires {one['name']}: say in GIVEN what it is given here"
    return path, query


def first(api: Api, path: str) -> dict[str, Any]:
    """The first record of a list."""
    records: list[dict[str, Any]] = api.data(f"/v1{path}")
    assert records, f"the sample has nothing at {path}: write a record of it into tests/record/sample/seeds/{PROCESS}"
    return records[0]


def link(record: dict[str, Any]) -> str:
    """The link of a record; a kind of problem is named by its."""
    return str(record.get("href") or record["type"])


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_endpoint_answers_for_the_sample(sample: Api, path: str) -> None:
    where, query = filled(sample, path)
    response = sample.ask(f"/v1{where}", **query)
    assert response.status_code == 200, f"{where}: {response.text[:500]}"
    assert response.data


def test_the_sample_is_called_a_sample(sample: Api) -> None:
    assert "sample" in sample.data(f"/v1/processes/{PROCESS}")["title"]


def test_the_sample_is_verified_and_covered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    where = ["--seeds", str(SAMPLE / "seeds"), "--texts", str(SAMPLE / "texts")]
    for command in ("verify", "coverage"):
        result = CliRunner().invoke(main, [command, *where])
        assert result.exit_code == 0, result.output
    assert not list((tmp_path / "docs").iterdir()), "docs/coverage.md is of the shipped seeds"
    page = result.stdout
    out = tmp_path / "sample.md"
    refused = CliRunner().invoke(main, ["coverage", *where, "--check"])
    assert refused.exit_code == 2
    assert "name the file with --out" in refused.output
    for check in ([], ["--check"]):
        written = CliRunner().invoke(main, ["coverage", *where, "--out", str(out), *check])
        assert written.exit_code == 0, written.output
    assert out.read_text(encoding="utf-8") == page
    assert "| 4 | 698–724 | none: Picture credit. |" in page
    assert "`events/prime-ministers-call`" in page


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "digest: fab5c27d10b5bcd2",
            "digest: fab5c27d10b5bcd3",
            (
                "9:15: statements/calvane-would-settle-for-quota: evidence: digest: expected fab5c27d10b5bcd3 at char=577,635 "
                "of “lantern-on-timber”, found fab5c27d10b5bcd2 (“Calvane, it seems"
            ),
        ),
        (
            "      selector: char=577,635\n      digest: fab5c27d10b5bcd2\n",
            "",
            "7:7: statements/calvane-would-settle-for-quota: evidence: has no selector for “lantern-on-timber”; ",
        ),
        (
            "      digest: fab5c27d10b5bcd2\n",
            "",
            (
                "7:7: statements/calvane-would-settle-for-quota: evidence: has no digest for char=577,635 "
                "of “lantern-on-timber”; the digest of that passage is fab5c27d10b5bcd2"
            ),
        ),
    ],
)
def test_verify_names_the_line_and_what_it_looked_for(tmp_path: Path, old: str, new: str, said: str) -> None:
    copy = Path(shutil.copytree(SAMPLE, tmp_path / "sample"))
    path = copy / "seeds" / PROCESS / "statements.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    where = ["--seeds", str(copy / "seeds"), "--texts", str(copy / "texts")]
    result = CliRunner().invoke(main, ["verify", *where])
    assert result.exit_code == 1
    assert f"{path}:{said}" in result.output


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ("proposals/orrin-first-offer", "unconfirmed"),
        ("demands/calvane-end-of-duty", "confirmed"),
        ("events/secret-timber-talks", "denied"),
        ("events/port-sela-meeting", "confirmed"),
        ("events/prime-ministers-call", "unconfirmed"),
        ("statements/calvane-would-settle-for-quota", "reported"),
        ("responses/calvane-answers-second-offer", "confirmed"),
    ],
)
def test_the_guides_claim_statuses_come_out(sample: Api, subject: str, status: str) -> None:
    assert sample.data(f"/v1/{subject}")["claim_status"] == status


def test_what_the_second_article_teaches_is_not_known_before(sample: Api) -> None:
    path = "/v1/demands/calvane-end-of-duty"
    assert sample.data(path, known_at="2031-05-10")["valid_until"] is None
    assert sample.data(path)["lifecycle"] == "dropped"
    assert sample.data("/v1/proposals/orrin-first-offer", known_at="2031-05-10")["status"] is None
    assert sample.data("/v1/proposals/orrin-first-offer")["status"] == "superseded"


def test_stances_follow_from_verdicts(sample: Api) -> None:
    assert sample.data("/v1/responses/calvane-answers-subsidies")["stance"] == "undecided"
    assert sample.data("/v1/responses/calvane-answers-first-duty")["stance"] == "opposes_in_part"
    assert sample.data("/v1/responses/calvane-answers-second-offer")["stance"] == "supports_conditionally"


def test_the_readmes_record_is_sound_as_it_stands_there(tmp_path: Path) -> None:
    """Whoever pastes it and types the commands has a release with one statement more, and nothing of the shipped record changed."""
    _, _, section = (ROOT / "README.md").read_text(encoding="utf-8").partition("### Add a record")
    section, _, _ = section.partition("\n### ")
    (pasted,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    copying, *commands = [
        line.replace("/tmp/timber", str(tmp_path / "timber")).replace(
            ".venv/bin/positions", f"{sys.executable} -m api.cli"
        )
        for line in re.findall(r"^\$ (.*)", section, re.MULTILINE)
    ]

    def typed(command: str) -> str:
        done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    typed(copying)
    (path,) = tmp_path.rglob("statements.yaml")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{pasted}")
    checked, verified, loaded = map(typed, commands)
    assert " statements 2" in checked
    assert "Note:" not in checked
    assert "citations of 2 sources verified" in verified
    assert "release r2031-1 loaded" in loaded


def test_the_sample_loads_beside_the_shipped_process(make_service: Any, tmp_path: Path) -> None:
    """Another folder under seeds/ is all that it takes."""
    seeds = Path(shutil.copytree(ROOT / "seeds", tmp_path / "seeds"))
    shutil.copytree(SAMPLE / "seeds" / PROCESS, seeds / PROCESS)
    shutil.copy(SAMPLE / "seeds/release.yaml", seeds)
    for path in (SAMPLE / "seeds/common").iterdir():
        shared = seeds / "common" / path.name
        held = shared.read_text(encoding="utf-8").rstrip().removesuffix("[]")
        shared.write_text(f"{held}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    api = Api(make_service(seeds).wsgi)
    assert set(api.ids("/v1/processes")) == {"ukraine-war", PROCESS}
    assert {one["process"]["id"] for one in api.all("/v1/demands", process=PROCESS)} == {PROCESS}
    assert api.ids("/v1/demands", process="ukraine-war")
