"""The code of the recipes is run as it is written, by the script that makes their pictures."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "dashboards" / "make_pictures.py"
PNG = b"\x89PNG\r\n\x1a\n"
NEEDS = {"r": ("Rscript",), "observable-plot": ("chromium", "chromium-browser", "google-chrome")}
DRAWN = (
    "matrix", "gaps", "gap-history", "timeline", "reception", "pandas", "polars", "duckdb", "vega-altair",
    "superset", "sqlite", "r", "observable-plot",
)  # fmt: skip


def test_every_recipe_that_can_be_run_draws_its_picture(server, tmp_path):
    # DuckDB and Altair warn of their own dependencies; those are not ours to mend.
    command = [sys.executable, str(SCRIPT), server, "--to", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    absent = {name for name, programs in NEEDS.items() if not any(map(shutil.which, programs))}
    assert not (absent and os.environ.get("CI")), f"CI is to install what {absent} need (see .ci/run)"
    assert done.returncode == len(absent), done.stderr
    for name in set(DRAWN) - absent:
        picture = (tmp_path / f"{name}.png").read_bytes()
        assert picture.startswith(PNG), name
        assert len(picture) > 5_000, name
