"""A second negotiation, invented and called a sample: it is data, and everything answers for it."""

import shutil
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
    "against": "orrin-first-offer",
    "proposal": "orrin-first-offer",
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
    page = (tmp_path / "docs/coverage.md").read_text(encoding="utf-8")
    assert "| 4 | 698–724 | none: Picture credit. |" in page
    assert "`events/prime-ministers-call`" in page


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
