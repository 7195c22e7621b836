"""How stances look: every one has a look of its own, and the pages, the charts and what is written of them agree."""

import json
import re

from support import ROOT, Api

from api.palette import CONFLICTING, DISTANCES, LOOKS, NO_DISTANCE, UNRECORDED, apart
from schemas.vocabulary import Stance


def test_every_stance_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == {*Stance, CONFLICTING, UNRECORDED}
    assert len({look.symbol for look in LOOKS.values()}) == len(LOOKS)
    assert len({LOOKS[stance].fill for stance in Stance}) == len(Stance)


def test_the_pages_show_every_stance_as_it_looks(api: Api) -> None:
    style = api.ask("/explore/style.css").text
    page = api.ask("/explore/matrix").text
    for name in (*map(str, Stance), CONFLICTING):
        fill, ink, symbol = LOOKS[name]
        assert f".{name} {{ background: {fill}; color: {ink}; }}" in style
        assert re.search(rf'<li><span class="{name}"[^>]*>{re.escape(symbol)} ', page), name


def test_the_charts_show_every_stance_as_it_looks(api: Api) -> None:
    for chart, query, more in (
        ("matrix", {}, [CONFLICTING]),
        ("reception", {"proposal": api.ids("/v1/proposals")[0]}, [CONFLICTING, UNRECORDED]),
    ):
        cells, text = api.get(f"/v1/charts/{chart}.vl.json", **query)["layer"]
        shown = {name: LOOKS[name] for name in LOOKS if name in more or name in set(Stance)}
        assert set(shown) == {*Stance, *more}
        for part, colour in ((cells, "fill"), (text, "ink")):
            scale = part["encoding"]["color"]["scale"]
            assert dict(zip(scale["domain"], scale["range"], strict=True)) == {
                str(name): getattr(look, colour) for name, look in shown.items()
            }
        symbols = json.loads(re.match(r"\((.*?)\)", text["transform"][0]["calculate"])[1])  # type: ignore[index]  # it matches
        assert symbols == {str(name): look.symbol for name, look in shown.items()}


def test_every_distance_has_a_colour_of_its_own(api: Api) -> None:
    scores = [stance.score for stance in Stance if stance.score is not None]
    assert set(DISTANCES) == {abs(one - other) / 2 for one in scores for other in scores}
    fills = [*DISTANCES.values(), NO_DISTANCE]
    assert len(set(fills)) == len(fills)
    style = api.ask("/explore/style.css").text
    for distance, fill in [*DISTANCES.items(), (None, NO_DISTANCE)]:
        assert f".{apart(distance)} {{ fill: {fill}; }}" in style
    colour = api.get("/v1/charts/gap-history.vl.json?parties=aldoria,borovia")["encoding"]["color"]
    assert dict(zip(colour["scale"]["domain"], colour["scale"]["range"], strict=True)) == DISTANCES
    assert colour["condition"]["value"] == NO_DISTANCE


def test_the_recipe_of_observable_plot_has_every_stance_in_its_colour() -> None:
    recipe = (ROOT / "docs/dashboards/observable-plot.md").read_text(encoding="utf-8")
    domain, colours = (json.loads(re.search(rf"{of}: (\[.*?\])", recipe)[1]) for of in ("domain", "range"))  # type: ignore[index]  # the recipe has them
    assert dict(zip(domain, colours, strict=True)) == {stance.value: LOOKS[stance].fill for stance in Stance}
