"""Make the pictures of the recipes from a running server: ``python docs/dashboards/make_pictures.py [ADDRESS]``.

Where the tool is a library, the code that the page says to paste is what is run, with the address put in its place. R and
Observable Plot need ``Rscript`` and Chromium; what is missing is named, and its picture stays as it is.
"""

import argparse
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import chdir
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import altair as alt
import duckdb
import pandas as pd
import vl_convert
from shillelagh.backends.apsw.db import connect

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE.parents[1] / "node_modules"
WRITTEN = "http://localhost:8000"
VEGA_LITE = "6.4"
READY = {
    "matrix": "charts/matrix.vl.json?party=russia,ukraine,united-states",
    "gaps": "charts/gaps.vl.json?parties=russia,united-states",
    "gap-history": "charts/gap-history.vl.json?parties=russia,ukraine",
    "timeline": "charts/timeline.vl.json",
    "reception": "charts/reception.vl.json?proposal=us-phased-withdrawal-proposal",
}
PYTHON = ("pandas", "polars", "duckdb", "vega-altair")


def block(page: str, language: str, address: str) -> str:
    """The last block of a page in a language, with the address of the server in the place of the written one."""
    text = (HERE / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.+?)```", text, re.DOTALL)[-1].replace(WRITTEN, address)


def draw(spec: str | dict[str, Any], address: str) -> bytes:
    """A Vega-Lite specification as PNG; data comes from the server alone."""
    return vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=1, allowed_base_urls=[f"{address}/"])


def ready(name: str, address: str) -> bytes:
    """A ready chart."""
    with urlopen(f"{address}/v1/{READY[name]}") as answer:
        return draw(answer.read().decode(), address)


def python(page: str, address: str) -> bytes:
    """The chart that the Python code of a page makes."""
    names: dict[str, Any] = {}
    if page == "duckdb":
        _load_httpfs()
    exec(compile(block(page, "python", address), f"{page}.md", "exec"), names)
    return draw(names["chart"].to_dict(), address)


def _load_httpfs() -> None:
    """DuckDB's HTTP extension from its package, where it is installed; else DuckDB fetches it by itself."""
    spec = find_spec("duckdb_extension_httpfs")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).glob(f"extensions/v{duckdb.__version__}/httpfs.duckdb_extension"):
            duckdb.sql(f"LOAD '{file}'")


def _counts(frame: pd.DataFrame, address: str) -> bytes:
    chart = (
        alt.Chart(frame).mark_bar().encode(x="positions:Q", y=alt.Y("party:N", sort="-x", title=None), color="stance:N")
    )
    return draw(chart.to_dict(), address)


def superset(address: str) -> bytes:
    """The answer of the query of the page, by the library through which Superset asks."""
    # It keeps what it read in a file of the current folder.
    with (
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
        connect(":memory:", adapters=["genericjsonapi"], safe=True) as connection,
    ):
        rows = connection.cursor().execute(block("superset", "sql", address)).fetchall()
    return _counts(pd.DataFrame(rows, columns=["party", "stance", "positions"]), address)


def sqlite(address: str) -> bytes:
    """The answer of the query of Metabase's page, from the exported database."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "positions.sqlite"
        with urlopen(f"{address}/v1/exports/positions.sqlite") as answer:
            path.write_bytes(answer.read())
        database = sqlite3.connect(path)
        frame = pd.read_sql_query(block("metabase", "sql", address), database)
        database.close()
    return _counts(frame.rename(columns={"name": "party"}), address)


def r(address: str) -> bytes:
    """What the R code of the page draws."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.png"
        code = f'png("{path}", 900, 520, type = "cairo")\n{block("r", "r", address)}\ninvisible(dev.off())'
        subprocess.run([_program("Rscript"), "--vanilla", "-e", code], check=True, capture_output=True, timeout=120)
        return path.read_bytes()


def observable_plot(address: str) -> bytes:
    """What the JavaScript of the page draws, in Chromium."""
    scripts = (NODE_MODULES / "d3/dist/d3.min.js", NODE_MODULES / "@observablehq/plot/dist/plot.umd.min.js")
    if missing := [path.name for path in scripts if not path.is_file()]:
        raise FileNotFoundError(f"{' and '.join(missing)}: make install")
    loaded = "".join(f"<script src='file://{quote(str(path))}'></script>" for path in scripts)
    code = block("observable-plot", "js", address)
    page = f"<!doctype html><meta charset='utf-8'>{loaded}<script type='module'>{code}\ndocument.body.append(chart);</script>"
    with tempfile.TemporaryDirectory() as folder:
        source, picture = Path(folder) / "page.html", Path(folder) / "picture.png"
        source.write_text(page, encoding="utf-8")
        command = [
            _program("chromium", "chromium-browser", "google-chrome"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
        ]
        more = [
            "--virtual-time-budget=15000",
            "--hide-scrollbars",
            "--window-size=680,380",
            f"--user-data-dir={folder}/profile",
        ]
        shot = [f"--screenshot={picture}", source.as_uri()]
        subprocess.run([*command, *more, *shot], check=True, capture_output=True, timeout=120)
        return picture.read_bytes()


def _program(*names: str) -> str:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(f"{names[0]} is not installed")
    return found


def main() -> int:
    """Make them all; the number of those that could not be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address", nargs="?", default=WRITTEN, help=f"the address of the server ({WRITTEN})")
    parser.add_argument("--to", type=Path, default=HERE / "pictures", help="the folder of the pictures")
    given = parser.parse_args()
    address: str = given.address.rstrip("/")
    given.to.mkdir(exist_ok=True)
    makers = {
        **{name: lambda name=name: ready(name, address) for name in READY},
        **{page: lambda page=page: python(page, address) for page in PYTHON},
        "superset": lambda: superset(address),
        "sqlite": lambda: sqlite(address),
        "r": lambda: r(address),
        "observable-plot": lambda: observable_plot(address),
    }
    missing = 0
    for name, make in makers.items():
        try:
            (given.to / f"{name}.png").write_bytes(make())
        except FileNotFoundError as error:
            missing += 1
            sys.stderr.write(f"{name}: {error}\n")
    return missing


if __name__ == "__main__":
    sys.exit(main())
