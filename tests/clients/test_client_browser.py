"""A page of another origin in a real browser: d3 reads a table from the server, and Observable Plot draws it."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = {
    "d3.js": ROOT / "node_modules/d3/dist/d3.min.js",
    "plot.js": ROOT / "node_modules/@observablehq/plot/dist/plot.umd.min.js",
}
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed; CI installs it (see .ci/run)"
)

PAGE = """\
<!doctype html><meta charset="utf-8"><title>waiting</title><div id="chart"></div><pre id="found"></pre>
<script src="d3.js"></script><script src="plot.js"></script>
<script type="module">
const answer = await fetch("%(v1)s/positions.csv");
const rows = d3.csvParse(await answer.text(), d3.autoType);
document.querySelector("#chart").append(Plot.plot({marks: [
  Plot.barX(rows, Plot.groupY({x: "count"}, {y: "party_label", fill: "stance"}))]}));
document.querySelector("#found").textContent = JSON.stringify({
  rows: rows.length, bars: document.querySelectorAll("#chart rect").length, etag: answer.headers.get("ETag"),
  reported: rows[0].reported_on instanceof Date, score: typeof rows.find((row) => row.stance_score !== null).stance_score,
  ended: typeof rows[0].ended, id: typeof rows[0].id});
</script>
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def page(tmp_path, v1):
    """The address of a page on another port, which is another origin."""
    for name, path in SCRIPTS.items():
        assert path.is_file(), f"{path} is missing: make install"
        (tmp_path / name).symlink_to(path)
    (tmp_path / "index.html").write_text(PAGE % {"v1": v1})
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        server.shutdown()
        thread.join()


def test_observable_plot_draws_a_table_of_another_origin(page, tables, tmp_path):
    assert CHROMIUM, "CI has no Chromium: .ci/run is to install it"
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=15000"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [*command, profile, "--dump-dom", page], capture_output=True, text=True, timeout=90, check=True
    )
    match = re.search(r'<pre id="found">(.+?)</pre>', done.stdout)
    assert match, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads(unescape(match[1]))
    assert found["rows"] == tables["positions"]["rows"]
    assert found["bars"] > 10
    assert (found["reported"], found["score"], found["ended"], found["id"]) == (True, "number", "boolean", "string")
    assert found["etag"]
