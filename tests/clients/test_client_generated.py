"""Clients that are generated from the contract, used against a real server: list, filter by two values, page through, 404."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
CONTRACT = ROOT / "openapi.yaml"
DASHBOARDS = ROOT / "docs" / "dashboards" / "README.md"
NODE_MODULES = ROOT / "node_modules"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The package that openapi-python-client makes with what the page on dashboards tells it, without a single warning."""
    folder = tmp_path_factory.mktemp("python-client")
    (told,) = re.findall("```yaml\n(content_type_overrides:.*?)```", DASHBOARDS.read_text(encoding="utf-8"), re.DOTALL)
    (folder / "config.yaml").write_text(f"package_name_override: positions_client\npost_hooks: []\n{told}")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(CONTRACT)]
    config = ["--config", str(folder / "config.yaml"), "--meta", "none", "--fail-on-warning"]
    target = ["--output-path", str(folder / "positions_client")]
    done = subprocess.run([*command, *config, *target], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module("positions_client")
    sys.path.remove(str(folder))


@pytest.fixture
def client(generated, v1):
    with generated.Client(base_url=v1) as client:
        yield client


def test_the_python_client_lists(generated, client, v1):
    from positions_client.api.parties import list_parties
    from positions_client.models import PartyList

    found = list_parties.sync(client=client, limit=200)
    assert isinstance(found, PartyList)
    assert found.page.total == httpx.get(f"{v1}/parties").json()["page"]["total"]
    assert "Russia" in {party.name for party in found.data}


def test_the_python_client_filters_by_two_values(generated, client):
    from positions_client.api.positions import list_positions

    found = list_positions.sync(client=client, party=["russia", "ukraine"], limit=200)
    assert {one.party.id for one in found.data} == {"russia", "ukraine"}


def test_the_python_client_pages_through(generated, client):
    from positions_client.api.positions import list_positions
    from positions_client.types import UNSET

    seen, after = [], UNSET
    while after is not None:
        page = list_positions.sync(client=client, limit=20, after=after)
        seen += [one.id for one in page.data]
        after = page.page.next_
    assert len(seen) == len(set(seen)) == page.page.total > 20


def test_the_python_client_has_a_404_as_a_typed_problem(generated, client):
    from positions_client.api.parties import get_party
    from positions_client.models import Problem

    found = get_party.sync_detailed(id="rusia", client=client)
    assert found.status_code == 404
    assert isinstance(found.parsed, Problem)
    assert "russia" in found.parsed.detail


def test_the_python_client_reads_an_analysis_and_a_table(generated, client, tables):
    from positions_client.api.tables import table_positions_csv

    text = table_positions_csv.sync_detailed(client=client).content.decode()
    assert text.split("\r\n")[0] == ",".join(column["name"] for column in tables["positions"]["columns"])


def test_the_python_client_has_whole_rows_of_a_table(generated, client, v1):
    from positions_client.api.tables import table_positions_json
    from positions_client.types import UNSET

    rows = table_positions_json.sync(client=client, party=["russia"])
    assert [row.to_dict() for row in rows] == httpx.get(f"{v1}/positions.json?party=russia").json()
    annotations = type(rows[0]).__annotations__
    assert not [name for name, kind in annotations.items() if type(UNSET).__name__ in str(kind)]
    assert annotations["party_label"] in (str, "str")


@pytest.fixture(scope="module")
def typescript(tmp_path_factory, v1):
    """What the TypeScript client found, its types generated and compiled strictly."""
    node = shutil.which("node")
    assert node, "node was not found; the linters of the contract need it too"
    assert NODE_MODULES.is_dir(), "node_modules is missing: make install"
    folder = tmp_path_factory.mktemp("typescript-client")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    (folder / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "typed_client.mts", folder)

    def run(*command: str) -> str:
        done = subprocess.run([node, *command], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("node_modules/openapi-typescript/bin/cli.js", str(CONTRACT), "-o", "schema.mts")
    options = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--skipLibCheck"]
    run(
        "node_modules/typescript/bin/tsc",
        *options,
        *("--module", "nodenext", "--target", "es2022", "--lib", "es2023,dom,dom.iterable"),
        "typed_client.mts",
    )
    return json.loads(run("typed_client.mjs", v1))


def test_the_typescript_client_lists(typescript, v1):
    assert typescript["listed"] == httpx.get(f"{v1}/parties").json()["page"]["total"]


def test_the_typescript_client_filters_by_two_values(typescript):
    assert typescript["filtered"]["parties"] == ["russia", "ukraine"]


def test_the_typescript_client_pages_through(typescript, tables):
    ids = typescript["paged"]["ids"]
    assert len(ids) == len(set(ids)) == tables["positions"]["rows"]
    assert typescript["paged"]["pages"] == -(-len(ids) // 20)


def test_the_typescript_client_has_whole_rows_of_tables(typescript, v1):
    rows = httpx.get(f"{v1}/positions.json?party=russia").json()
    assert typescript["tables"]["told"] == [f"{r['party_label']} {r['stance']} {r['reported_on']}" for r in rows]
    assert typescript["tables"]["since"] == len(httpx.get(f"{v1}/stances.json").json())


def test_the_typescript_client_has_a_404_as_a_typed_problem(typescript):
    assert typescript["problem"]["status"] == 404
    assert "russia" in typescript["problem"]["detail"]
