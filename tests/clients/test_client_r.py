"""R with readr, jsonlite and nothing but base R, run against a real server."""

import json
import os
import shutil
import subprocess

import pytest

RSCRIPT = shutil.which("Rscript")
pytestmark = pytest.mark.skipif(
    RSCRIPT is None and not os.environ.get("CI"), reason="R is not installed; CI installs it (see .ci/run)"
)

SCRIPT = r"""
base <- commandArgs(trailingOnly = TRUE)[1]
suppressMessages({library(readr); library(jsonlite)})
tables <- fromJSON(paste0(base, "/tables"))$data
found <- list()
for (name in tables$name) {
  with_readr <- read_csv(paste0(base, "/", name, ".csv"), show_col_types = FALSE, guess_max = Inf)
  stopifnot(nrow(problems(with_readr)) == 0)
  with_json <- fromJSON(paste0(base, "/", name, ".json"))
  with_base <- read.csv(paste0(base, "/", name, ".csv"), na.strings = "", check.names = FALSE)
  found[[name]] <- list(
    names = names(with_readr), readr = nrow(with_readr), json = NROW(with_json), base = nrow(with_base),
    same_names = identical(names(with_readr), names(with_base)))
}
positions <- read_csv(paste0(base, "/positions.csv"), show_col_types = FALSE)
lines <- stream_in(url(paste0(base, "/positions.ndjson")), verbose = FALSE)
cat(toJSON(list(
  tables = found, reported = class(positions$reported_on), score = class(positions$stance_score),
  ended = class(positions$ended), lines = nrow(lines)), auto_unbox = TRUE))
"""


def test_r_reads_every_table_with_types(v1, tables):
    assert RSCRIPT, "CI has no Rscript: .ci/run is to install r-base-core, r-cran-readr and r-cran-jsonlite"
    done = subprocess.run(
        [RSCRIPT, "--vanilla", "-e", SCRIPT, v1], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, table in tables.items():
        read = found["tables"][name]
        assert read["names"] == [column["name"] for column in table["columns"]], name
        assert read["same_names"], name
        assert read["readr"] == read["json"] == read["base"] == table["rows"], name
    assert (found["reported"], found["score"], found["ended"]) == ("Date", "numeric", "logical")
    assert found["lines"] == tables["positions"]["rows"]
