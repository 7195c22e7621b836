"""A real server with the shipped data, in a process of its own, for the clients that read from it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the server."""
    folder, port = tmp_path_factory.mktemp("server"), _free_port()
    log = folder / "log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSITIONS_")}
    environment = {**kept, "DATABASE_URL": f"sqlite:///{folder / 'positions.db'}"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port), "--workers", "1"]
    address = f"http://127.0.0.1:{port}"
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            _wait(f"{address}/readyz", process, log)
            yield address
        finally:
            process.terminate()


def _wait(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(PATIENCE * 10):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {log.read_text()}")
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"the server did not answer within {PATIENCE} seconds: {log.read_text()}")


@pytest.fixture(scope="session")
def v1(server: str) -> str:
    """The address of version 1."""
    return f"{server}/v1"


@pytest.fixture(scope="session")
def tables(v1: str) -> dict[str, dict]:
    """Every flat table of the release as ``/v1/tables`` describes it, by name."""
    return {one["name"]: one for one in httpx.get(f"{v1}/tables").raise_for_status().json()["data"]}
