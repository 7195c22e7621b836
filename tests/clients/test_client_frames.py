"""A page of another origin in a real browser: the frames that oEmbed gives show what they embed, and nothing else may be framed."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from html import unescape

import httpx
import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="Chromium is not installed; CI installs it (see .ci/run)"
)
#: What is embedded, and what is to be read in its frame.
EMBEDDED = {
    "/explore/matrix": "Cession of the Donbas and the south",
    "/explore/gaps?parties=russia,ukraine": "How far apart Russia and Ukraine are",
    "/explore/timeline": "Call between Ushakov and Sullivan",
    "/explore/movements": "toward Russia",
    "/explore/silences": "No answer is recorded for at least",
    "/explore/proposals/us-phased-withdrawal-proposal/reception": "clarification sought",
    "/explore/proposals/us-phased-withdrawal-proposal/diff?against=us-20-point-plan": "Deals with restrictions",
    "/explore/events/ushakov-sullivan-call/dossier": "How the status came about",
    "/explore/facets/positions?by=stance,issue,claim_status": "supports conditionally",
    "/explore/positions/russia-open-to-talks-with-kyiv": "supports",
    "/explore/proposals/us-28-point-plan": "peace plan",
    "/explore/events/ushakov-sullivan-call": "unconfirmed",
}
REFUSED = ("/", "/explore/matrix", "/docs/")
WIDTHS = (1280, 360)

PAGE = """\
<!doctype html><meta charset="utf-8"><title>An article</title>%s<pre id="found"></pre>
<script>
addEventListener("load", () => {
  const seen = ({contentDocument: page}) => page
    ? {text: page.body.innerText, wide: page.documentElement.scrollWidth > page.documentElement.clientWidth}
    : {text: "", wide: false};
  document.querySelector("#found").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map(seen));
});
</script>
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def look(tmp_path):
    """What a browser shows in the frames of a page on another port, which is another origin."""
    assert CHROMIUM, "CI has no Chromium: .ci/run is to install it"
    handler = functools.partial(_Quiet, directory=str(tmp_path))

    def looked(frames):
        (tmp_path / "index.html").write_text(PAGE % "\n".join(frames))
        address = f"http://127.0.0.1:{server.server_address[1]}/index.html"
        # Without web security this page can read what its frames show; which pages may be framed is not part of that.
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-web-security"]
        more = [
            "--disable-site-isolation-trials",
            "--virtual-time-budget=20000",
            f"--user-data-dir={tmp_path / 'profile'}",
        ]
        done = subprocess.run(
            [*command, *more, "--window-size=1400,900", "--dump-dom", address],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        match = re.search(r'<pre id="found">(.+?)</pre>', done.stdout, re.DOTALL)
        assert match, done.stdout[-2000:] + done.stderr[-2000:]
        return json.loads(unescape(match[1]))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield looked
        server.shutdown()
        thread.join()


def test_a_frame_shows_what_it_embeds_within_its_width(look, server):
    codes = [
        httpx.get(f"{server}/oembed", params={"url": f"{server}{path}"}).raise_for_status().json()["html"]
        for path in EMBEDDED
    ]
    for width in WIDTHS:
        frames = [re.sub(r'width="\d+"', f'width="{width}"', code).replace('loading="lazy"', "") for code in codes]
        for (path, words), found in zip(EMBEDDED.items(), look(frames), strict=True):
            assert words in found["text"], f"{path}: {found['text'][:500]}"
            assert "CC BY 4.0" in found["text"]
            assert found["wide"] is False, f"{path} is wider than {width} pixels"


def test_a_frame_whose_address_is_wrong_says_so(look, server):
    (found,) = look([f'<iframe src="{server}/embed/matrix?known_at=yesterday"></iframe>'])
    assert "is not a valid date" in found["text"]


def test_no_other_page_may_be_framed(look, server):
    for path, found in zip(REFUSED, look([f'<iframe src="{server}{path}"></iframe>' for path in REFUSED]), strict=True):
        assert "Positions" not in found["text"], path
        assert found["text"] == "" or "refused to connect" in found["text"], path
