"""The ready charts, drawn by Vega from their address alone, and Altair on the tables."""

import re

import httpx
import pytest
import vl_convert

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")

CHARTS = {
    "matrix": "party=russia,ukraine,united-states",
    "gaps": "parties=russia,united-states",
    "gap-history": "parties=russia,ukraine",
    "timeline": "from=2024-01-01",
    "reception": "proposal=us-phased-withdrawal-proposal",
}


def _drawn(spec: dict, server: str) -> str:
    return vl_convert.vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[f"{server}/"])


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_drawn_without_other_input(name, v1, server):
    spec = httpx.get(f"{v1}/charts/{name}.vl.json?{CHARTS[name]}").raise_for_status().json()
    assert spec["$schema"] == "https://vega.github.io/schema/vega-lite/v6.json"
    assert spec["data"]["url"].startswith(f"{v1}/")
    svg = _drawn(spec, server)
    marks = re.findall(r'aria-roledescription="(?:rect mark|point|rule mark|tick|bar)"', svg)
    assert len(marks) > 3, svg[:2000]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_vega_lite(name, v1):
    import altair

    spec = httpx.get(f"{v1}/charts/{name}.vl.json?{CHARTS[name]}").json()
    chart = altair.Chart.from_dict(spec, validate=True)
    assert chart.to_dict()["data"]["url"] == spec["data"]["url"]


def test_a_chart_and_its_table_are_under_the_same_filters(v1):
    spec = httpx.get(f"{v1}/charts/matrix.vl.json?party=russia&as_of=2024-03-01").json()
    rows = httpx.get(spec["data"]["url"]).json()
    assert rows == httpx.get(f"{v1}/matrix.json?party=russia&as_of=2024-03-01").json()
    assert "russia" in rows[0]


def test_a_chart_of_what_does_not_exist_is_404(v1):
    for path in ("matrix.vl.json?party=rusia", "reception.vl.json?proposal=no-such-plan", "gaps.vl.json?parties=rusia"):
        assert httpx.get(f"{v1}/charts/{path}").status_code == 404, path


def test_addresses_are_those_of_the_host_that_was_asked(v1):
    for host in ("one.example", "two.example"):
        spec = httpx.get(f"{v1}/charts/timeline.vl.json", headers={"Host": host}).json()
        assert spec["data"]["url"] == f"http://{host}/v1/timeline.json"


def test_altair_draws_from_the_address_of_a_table(v1, server):
    import altair

    chart = (
        altair.Chart(f"{v1}/positions.csv")
        .mark_bar()
        .encode(x="count():Q", y=altair.Y("party_label:N", sort="-x"), color="stance:N")
    )
    assert _drawn(chart.to_dict(), server).count('aria-roledescription="bar"') > 5
