"""The record against the texts of its sources, where they are at hand: they are kept beside the project, never in it."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from support import ROOT

from api.cli import main
from api.texts import by_sha256

# Read here, before the tests clear the environment.
TEXTS = Path(os.environ.get("POSITIONS_TEXTS_DIR") or ROOT.parent / "shared" / "sources")

pytestmark = pytest.mark.skipif(
    not TEXTS.is_dir(),
    reason="the texts of the sources are not at hand: neither POSITIONS_TEXTS_DIR nor ../shared/sources is a folder",
)


def positions(*arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments, "--seeds", str(ROOT / "seeds"), "--texts", str(TEXTS)])
    assert result.exit_code == 0, result.output
    return result.output


def test_every_selector_digest_length_and_hash_holds() -> None:
    assert "citations of 5 sources verified" in positions("verify")


def test_coverage_is_current_and_leaves_no_paragraph_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert "is up to date" in positions("coverage", "--check")


def tracked() -> list[Path]:
    """The files under version control; outside of a checkout, those of the project's folders."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for name in ("api", "schemas", "seeds", "docs", "tests") for path in (ROOT / name).rglob("*")]


def copied_runs(own: str, texts: dict[str, str], *, words: int = 10) -> list[str]:
    """The runs of words of the texts that stand in something of the project's own, titles aside."""

    def split(text: str) -> list[str]:
        return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.lower())

    seen = {
        tuple(run[i : i + words])
        for text in texts.values()
        for run in [split(text)]
        for i in range(len(run) - words + 1)
    }
    mine = split(own)
    return [" ".join(mine[i : i + words]) for i in range(len(mine) - words + 1) if tuple(mine[i : i + words]) in seen]


def test_no_ten_words_of_a_source_stand_in_a_row_anywhere() -> None:
    texts = by_sha256(TEXTS)
    assert len(texts) == 5
    titles = [one["title"] for one in yaml.safe_load((ROOT / "seeds/ukraine-war/sources.yaml").read_text())]
    found = {}
    for path in tracked():
        if not path.is_file():
            continue
        own = " ".join(path.read_text(encoding="utf-8", errors="ignore").split())
        if path.parent.parent == ROOT / "seeds" and path.name == "sources.yaml":
            for title in titles:
                own = own.replace(title.replace("'", "''"), " ").replace(title, " ")
        if runs := copied_runs(own, texts):
            found[str(path.relative_to(ROOT))] = runs
    assert not found


def test_a_copied_sentence_would_be_found() -> None:
    text = next(iter(by_sha256(TEXTS).values()))
    words = text.split()
    assert copied_runs(f"# {' '.join(words[40:60]).upper()}", by_sha256(TEXTS))
