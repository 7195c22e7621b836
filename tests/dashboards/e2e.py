"""Apache Superset and Streamlit, whole, against a running server: ``make dashboards-e2e``.

They are large, so they have an environment of their own, and a target that is run by hand and not in every run of CI.
Superset: database, query, data set and chart data over its REST API, over HTTP and from the exported file. Streamlit: the
recipe's program, run and looked at; its picture is kept for the recipe where Chromium is there.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "docs" / "dashboards"
WRITTEN = "http://localhost:8000"
PATIENCE = 120
CONFIG = """\
SECRET_KEY = "only for this run, on this machine"
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
PREVENT_UNSAFE_DB_CONNECTIONS = False
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""
RUN_APP = """\
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
assert not app.exception, app.exception
before = app.dataframe[0].value
app.multiselect[0].set_value(["russia"]).run()
assert not app.exception, app.exception
after = app.dataframe[0].value
assert len(before) > 5 and {"russia", "ukraine", "united_states"} < set(before.columns), before
assert "russia" in after.columns and "ukraine" not in after.columns, after
print(len(before), "issues,", len(after), "of them with a stance of Russia")
"""


def say(text: str) -> None:
    """Tell what was proved."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(
    command: list[str], health: str, log: Path, environment: Mapping[str, str], folder: Path = ROOT
) -> Iterator[None]:
    """A server in a process and a folder of its own, from its first answer to the end of the block."""
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=folder, env=dict(environment), stdout=output, stderr=output) as process,
    ):
        try:
            for _ in range(PATIENCE * 4):
                if process.poll() is not None:
                    raise SystemExit(f"{command[0]} ended:\n{log.read_text()[-4000:]}")
                try:
                    if httpx.get(health, timeout=5).is_success:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.25)
            else:
                raise SystemExit(f"{command[0]} did not answer:\n{log.read_text()[-4000:]}")
            yield
        finally:
            process.terminate()


@contextmanager
def positions(folder: Path) -> Iterator[str]:
    """The address of a server with the shipped data."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder / 'positions.db'}"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--workers", "1"]
    with running(command, f"{address}/readyz", folder / "positions.log", environment):
        yield address


def block(page: str, language: str, address: str) -> str:
    """The last block of a recipe in a language, with the address of the server in the place of the written one."""
    text = (RECIPES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.+?)```", text, re.DOTALL)[-1].replace(WRITTEN, address)


@contextmanager
def superset(binaries: Path, folder: Path) -> Iterator[httpx.Client]:
    """A client of a fresh Superset, signed in."""
    (folder / "superset_config.py").write_text(CONFIG.format(folder=folder))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"),
        "SUPERSET_HOME": str(folder),
        "FLASK_APP": "superset",
    }
    program = str(binaries / "superset")
    admin = [
        "--username",
        "admin",
        "--firstname",
        "A",
        "--lastname",
        "B",
        "--email",
        "a@b.example",
        "--password",
        "admin",
    ]
    for step in (["db", "upgrade"], ["fab", "create-admin", *admin], ["init"]):
        done = subprocess.run([program, *step], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"superset {step[0]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (
        running([program, "run", "-p", str(port)], f"{address}/health", folder / "superset.log", environment, folder),
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        login = {"username": "admin", "password": "admin", "provider": "db", "refresh": True}
        token = _answer(client.post("/api/v1/security/login", json=login))["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


def _answer(response: httpx.Response) -> Any:
    if not response.is_success:
        raise SystemExit(f"{response.request.url}: {response.status_code} {response.text[:2000]}")
    return response.json()


def explore(client: httpx.Client, name: str, uri: str, engine: str, sql: str, total: int) -> None:
    """Add a database, ask it, make a data set of the query, and read the data of a chart on it.

    Args:
        engine: the engine parameters, as JSON.
    """
    database = {
        "database_name": name,
        "sqlalchemy_uri": uri,
        "expose_in_sqllab": True,
        "extra": f'{{"engine_params": {engine}}}',
    }
    created = _answer(client.post("/api/v1/database/", json=database))
    asked = _answer(
        client.post("/api/v1/sqllab/execute/", json={"database_id": created["id"], "sql": sql, "runAsync": False})
    )
    assert sum(row["positions"] for row in asked["data"]) == total, asked["data"]
    dataset = _answer(
        client.post("/api/v1/dataset/", json={"database": created["id"], "table_name": f"{name} positions", "sql": sql})
    )
    query = {
        "columns": ["stance"],
        "metrics": [
            {
                "label": "positions",
                "expressionType": "SIMPLE",
                "column": {"column_name": "positions"},
                "aggregate": "SUM",
            }
        ],
        "row_limit": 100,
    }
    source = {"id": dataset["id"], "type": "table"}
    chart = _answer(
        client.post(
            "/api/v1/chart/data",
            json={"datasource": source, "queries": [query], "result_format": "json", "result_type": "full"},
        )
    )
    rows = chart["result"][0]["data"]
    assert sum(row["positions"] for row in rows) == total, rows
    say(f"Superset, {name}: database, query, data set and chart data; {total} positions in {len(rows)} stances")


def check_superset(binaries: Path, folder: Path, address: str) -> None:
    """Superset over HTTP, and from the exported file."""
    sql = block("superset", "sql", address)
    url = re.findall(r'"(http[^"]+)"', sql)[0]
    file = folder / "positions.sqlite"
    file.write_bytes(httpx.get(f"{address}/v1/exports/positions.sqlite").raise_for_status().content)
    with superset(binaries, folder) as client:
        asked, held = (len(httpx.get(one).json()) for one in (url, f"{address}/v1/positions.json"))
        engine = block("superset", "json", address).strip()
        explore(client, "over HTTP", "shillelagh+safe://", engine, sql.strip(), asked)
        from_file = "SELECT party_label, stance, COUNT(*) AS positions FROM positions GROUP BY party_label, stance"
        explore(client, "from the file", f"sqlite:///{file}", "{}", from_file, held)


def check_streamlit(binaries: Path, folder: Path, address: str) -> None:
    """The program of the recipe, run by Streamlit's own test harness, and looked at with Chromium."""
    app = folder / "positions_app.py"
    app.write_text(block("streamlit", "python", address))
    harness = folder / "harness.py"
    harness.write_text(RUN_APP)
    done = subprocess.run(
        [str(binaries / "python"), str(harness), str(app)], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise SystemExit(f"the program of the recipe failed:\n{done.stderr[-4000:]}")
    say(f"Streamlit: the recipe's program runs and follows its filter: {done.stdout.strip()}")
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if chromium is None:
        say("Streamlit: no picture, since Chromium is not installed")
        return
    port = free_port()
    command = [str(binaries / "streamlit"), "run", str(app), "--server.headless=true", f"--server.port={port}"]
    quiet = ["--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
    home = f"http://127.0.0.1:{port}"
    with running(
        [*command, *quiet], f"{home}/_stcore/health", folder / "streamlit.log", {**os.environ, "HOME": str(folder)}
    ):
        picture = RECIPES / "pictures" / "streamlit.png"
        look = [str(binaries / "python"), str(Path(__file__).with_name("look.py"))]
        chart = "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg"
        subprocess.run([*look, chromium, home, chart, str(picture), str(folder / "profile")], timeout=180, check=True)
        say(f"Streamlit: {picture.relative_to(ROOT)} is made")


def main() -> None:
    """Check both, or the one that is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "binaries", type=Path, help="the folder of the environment's programs, such as .venv-dashboards/bin"
    )
    parser.add_argument("only", nargs="?", choices=("superset", "streamlit"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, positions(Path(name)) as address:
        for tool, check in (("streamlit", check_streamlit), ("superset", check_superset)):
            if given.only in (None, tool):
                folder = Path(name) / tool
                folder.mkdir()
                check(given.binaries.absolute(), folder, address)


if __name__ == "__main__":
    main()
