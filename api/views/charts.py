"""Ready-made charts: Vega-Lite specifications that read the flat tables at their addresses, without other input."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from api.analysis import matrix
from api.contract.examples import PARTIES, RECEIVED
from api.operation import JSON, Answer, Call, Operation, ref
from api.palette import CONFLICTING, DISTANCES, LOOKS, NO_DISTANCE, UNRECORDED, Look
from api.parameters import query
from api.views.analysis import compared, question
from api.views.flat import FlatTable
from api.views.named import named
from schemas.fields import Contract, Slug
from schemas.vocabulary import Stance

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_BORDER = "#595959"
_CELL = 26
_DAY = 86_400_000  # milliseconds

Spec = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart: the table that it reads, what it shows, and a function that makes its specification."""

    table: str
    summary: str
    spec: Callable[[Call, FlatTable], Spec]
    query: dict[str, Contract[Any]]
    examples: dict[str, Any]


def chart_operations(tables: Sequence[FlatTable]) -> Iterator[Operation]:
    """The charts of analyses."""
    by_name = {table.name: table for table in tables}
    for name, chart in CHARTS.items():
        table = by_name[chart.table]
        yield Operation(
            path=f"/charts/{name}.vl.json",
            name=f"chart{name.title().replace('-', '')}",
            tag="charts",
            summary=chart.summary,
            description="A Vega-Lite specification that reads the table at its absolute address, under the same filters. "
            "Give its address to Vega-Embed, the Vega editor, Altair or Observable.",
            view=partial(_answer, chart, table),
            query=query(**chart.query, **table.query),
            content={JSON: ref("VegaLite")},
            examples=chart.examples,
        )


def _answer(chart: Chart, table: FlatTable, call: Call) -> Answer:
    spec = {
        "$schema": SCHEMA,
        "usermeta": {"release": call.store.release, "licence": "CC-BY-4.0", "cite": call.base + call.meta()["cite"]},
        **chart.spec(call, table),
        "config": {"view": {"stroke": None}, "axis": {"labelLimit": 320}, "font": "sans-serif"},
    }
    return Answer(orjson.dumps(spec))


def _data(call: Call, path: str, **changes: str | None) -> Spec:
    """The table at its absolute address, under the filters of the call."""
    address = replace(call, path=f"{path}.json").link(**changes)
    return {"url": call.base + address, "format": {"type": "json"}}


def _nominal(**titles: str) -> list[Spec]:
    """Entries of a tooltip: the fields of a row, each with its title."""
    return [{"field": field, "type": "nominal", "title": title} for field, title in titles.items()]


def _parties(call: Call, table: FlatTable) -> dict[str, str]:
    """The names of the parties that a wide table has two columns for, by the name of the first of these."""
    parties = matrix.columns_asked(question(call))
    stems = [column.name for column in table.columns(call)[-2 * len(parties) :: 2]] if parties else []
    return {stem: name for stem, (_, name) in zip(stems, parties, strict=True)}


def _folded(call: Call, table: FlatTable, score: bool) -> tuple[list[Spec], list[str]]:
    """Transforms that turn a wide table into one row per party, and the names of the parties."""
    names = _parties(call, table)
    wanted = [f"{stem}_score" if score else stem for stem in names]
    labels = orjson.dumps(dict(zip(wanted, names.values(), strict=True))).decode()
    value = "score" if score else "stance"
    folding: list[Spec] = [
        {"fold": wanted, "as": ["column", value]},
        {"filter": f"isValid(datum.{value})"},
        {"calculate": f"({labels})[datum.column]", "as": "party"},
    ]
    return (folding if wanted else [{"filter": "false"}]), list(names.values())


def _looks(extra: Sequence[str]) -> list[tuple[str, Look]]:
    return [(str(name), look) for name, look in LOOKS.items() if isinstance(name, Stance) or name in extra]


def _cells(x: Spec, y: Spec, tooltip: list[Spec], extra: Sequence[str]) -> list[Spec]:
    """Layers of cells coloured by the field ``shown``, each with its symbol."""
    looks = _looks(extra)
    symbols = orjson.dumps({name: look.symbol for name, look in looks}).decode()
    names = [name for name, _ in looks]
    return [
        {
            "mark": {"type": "rect", "stroke": _BORDER, "strokeWidth": 0.5},
            "encoding": {
                "x": x,
                "y": y,
                "tooltip": tooltip,
                "color": {
                    "field": "shown",
                    "type": "nominal",
                    "title": "Stance",
                    "scale": {"domain": names, "range": [look.fill for _, look in looks]},
                    "legend": {
                        "symbolStrokeColor": _BORDER,
                        "labelExpr": f"({symbols})[datum.label] + ' ' + replace(datum.label, /_/g, ' ')",
                    },
                },
            },
        },
        {
            "transform": [{"calculate": f"({symbols})[datum.shown]", "as": "symbol"}],
            "mark": {"type": "text", "fontSize": 12, "aria": False},
            "encoding": {
                "x": x,
                "y": y,
                "text": {"field": "symbol", "type": "nominal"},
                "color": {
                    "field": "shown",
                    "type": "nominal",
                    "legend": None,
                    "scale": {"domain": names, "range": [look.ink for _, look in looks]},
                },
            },
        },
    ]


def _matrix(call: Call, table: FlatTable) -> Spec:
    folding, parties = _folded(call, table, score=False)
    x = {
        "field": "party",
        "type": "nominal",
        "title": None,
        "scale": {"domain": parties},
        "axis": {"orient": "top", "labelAngle": -45},
    }
    y = {"field": "issue_label", "type": "nominal", "title": None, "sort": None}
    tooltip = _nominal(
        issue_label="Issue",
        topic_label="Topic",
        party="Party",
        stance="Stance",
    )
    conflicting = f"indexof(datum.stance, ';') >= 0 ? '{CONFLICTING}' : datum.stance"
    return {
        "title": "Who holds what: the latest recorded stance on each issue",
        "description": "Parties across, issues down; the colour and the symbol of a cell give the stance, an empty cell has none recorded.",
        "data": _data(call, table.path),
        "transform": [*folding, {"calculate": conflicting, "as": "shown"}],
        "width": {"step": _CELL},
        "height": {"step": _CELL * 3 // 4},
        "resolve": {"scale": {"color": "independent"}},
        "layer": _cells(x, y, tooltip, [CONFLICTING]),
    }


def _gaps(call: Call, table: FlatTable) -> Spec:
    compared(call)
    folding, parties = _folded(call, table, score=True)
    y = {"field": "issue_label", "type": "nominal", "title": None, "sort": None}
    x = {
        "field": "score",
        "type": "quantitative",
        "title": "against  ←  score of the stance  →  for",
        "scale": {"domain": [-1, 1], "nice": False},
        "axis": {"values": [-1, -0.5, 0, 0.5, 1], "grid": True},
    }
    return {
        "title": "How far apart they are, issue by issue: the widest gap first",
        "description": "One line per issue, from the lowest to the highest score of a party; one point per party.",
        "data": _data(call, table.path),
        "transform": [{"filter": "isValid(datum.distance)"}, *folding],
        "width": 420,
        "height": {"step": 22},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "color": "#bdbdbd"},
                "encoding": {
                    "y": y,
                    "x": {**x, "aggregate": "min"},
                    "x2": {"field": "score", "aggregate": "max"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 0.85},
                "encoding": {
                    "y": y,
                    "x": x,
                    "color": {"field": "party", "type": "nominal", "title": "Party", "scale": {"domain": parties}},
                    "shape": {"field": "party", "type": "nominal", "title": "Party", "scale": {"domain": parties}},
                    "tooltip": [
                        *_nominal(issue_label="Issue", party="Party"),
                        {"field": "score", "type": "quantitative", "title": "Score"},
                        {"field": "distance", "type": "quantitative", "title": "Distance"},
                        *_nominal(blockers_labels="Blockers"),
                    ],
                },
            },
        ],
    }


def _gap_history(call: Call, table: FlatTable) -> Spec:
    today = question(call).today
    tooltip = [
        *_nominal(issue_label="Issue", since="From", until="To"),
        {"field": "distance", "type": "quantitative", "title": "Distance"},
        *_nominal(assumed="Assumed", **_parties(call, table)),
    ]
    return {
        "title": "How far apart they were, issue by issue",
        "description": "One line per issue; the darker a span, the further apart the parties were. Grey: no two stances to compare. "
        "Pale, with a dashed edge: only assumed.",
        "data": _data(call, table.path),
        "transform": [
            {"calculate": f"isValid(datum.until) ? toDate(datum.until) + {_DAY} : toDate('{today}')", "as": "end"},
            # What has no known beginning is drawn from the left edge, which is a year before it ends at the latest.
            {"calculate": f"isValid(datum.since) ? toDate(datum.since) : datum.end - {365 * _DAY}", "as": "known"},
            {"joinaggregate": [{"op": "min", "field": "known", "as": "edge"}]},
            {"calculate": "isValid(datum.since) ? datum.known : datum.edge", "as": "begin"},
        ],
        "width": 560,
        "height": {"step": 22},
        "mark": {"type": "bar", "height": {"band": 0.8}, "stroke": _BORDER, "strokeWidth": 0.5},
        "encoding": {
            "y": {"field": "issue_label", "type": "nominal", "title": None, "sort": None},
            "x": {"field": "begin", "type": "temporal", "title": None, "scale": {"type": "utc", "nice": False}},
            "x2": {"field": "end"},
            "tooltip": tooltip,
            "fillOpacity": {"condition": {"test": "datum.assumed", "value": 0.4}, "value": 1},
            "strokeDash": {"condition": {"test": "datum.assumed", "value": [3, 2]}, "value": [1, 0]},
            "color": {
                "condition": {"test": "!isValid(datum.distance)", "value": NO_DISTANCE},
                "field": "distance",
                "type": "ordinal",
                "title": "Distance",
                "scale": {"domain": list(DISTANCES), "range": list(DISTANCES.values())},
            },
        },
    }


def _timeline(call: Call, table: FlatTable) -> Spec:
    y = {"field": "subject_id", "type": "nominal", "axis": None, "sort": None}
    tooltip = _nominal(
        title="What",
        actors_labels="Who",
        occurred_on_edtf="When (EDTF)",
        reported_on_edtf="First reported (EDTF)",
        claim_status="Claim status",
    )
    happened = {"field": "occurred_on", "type": "temporal", "title": None}
    reported = {"field": "reported_on", "type": "temporal", "title": None}
    dated = [{"filter": "isValid(datum.occurred_on)"}]
    return {
        "title": "What happened (●) and when it was first reported (|)",
        "description": "One line per record, from the day on which it happened to the day of its first report, by kind of record.",
        "data": _data(call, table.path),
        "facet": {
            "row": {
                "field": "subject_collection",
                "type": "nominal",
                "title": None,
                "header": {"labelAngle": 0, "labelAlign": "left", "labelFontWeight": "bold"},
            }
        },
        "spacing": 8,
        "resolve": {"scale": {"y": "independent"}},
        "spec": {
            "width": 620,
            "height": {"step": 9},
            "layer": [
                {
                    "transform": dated,
                    "mark": {"type": "rule", "color": "#8c8c8c"},
                    "encoding": {"y": y, "x": happened, "x2": {"field": "reported_on"}, "tooltip": tooltip},
                },
                {
                    "mark": {"type": "tick", "thickness": 2, "color": "#000000", "size": 9},
                    "encoding": {"y": y, "x": reported, "tooltip": tooltip},
                },
                {
                    "transform": dated,
                    "mark": {"type": "point", "filled": True, "size": 40, "opacity": 1},
                    "encoding": {
                        "y": y,
                        "x": happened,
                        "color": {"field": "claim_status", "type": "nominal", "title": "Claim status"},
                        "shape": {"field": "claim_status", "type": "nominal", "title": "Claim status"},
                        "tooltip": tooltip,
                    },
                },
            ],
        },
    }


def _reception(call: Call, table: FlatTable) -> Spec:
    row = named(call, call.table.by_name["proposals"], "proposal")
    question(call)  # refuses ids that name nothing
    x = {"field": "party_label", "type": "nominal", "title": None, "axis": {"orient": "top", "labelAngle": -45}}
    y = {"field": "of", "type": "nominal", "title": None, "sort": None}
    tooltip = _nominal(
        of="Term",
        party_label="Party",
        verdict="Verdict",
        response_label="Answer",
    )
    whole = "isValid(datum.term_label) ? datum.number + '. ' + datum.term_label : 'The proposal as a whole'"
    shown = f"!datum.answered ? '{UNRECORDED}' : datum.conflicting ? '{CONFLICTING}' : datum.stance"
    return {
        "title": {"text": f"How it was received: {row.title}", "anchor": "start"},
        "description": "Parties across, terms down; the colour and the symbol of a cell give the stance of the party's latest answer.",
        "data": _data(call, table.path.replace("{id}", row.id), proposal=None),
        "transform": [{"calculate": whole, "as": "of"}, {"calculate": shown, "as": "shown"}],
        "width": {"step": 2 * _CELL},
        "height": {"step": _CELL},
        "resolve": {"scale": {"color": "independent"}},
        "layer": _cells(x, y, tooltip, [CONFLICTING, UNRECORDED]),
    }


CHARTS = {
    "matrix": Chart("matrix", "The matrix of stances", _matrix, {}, {"party": list(PARTIES)}),
    "gaps": Chart("gaps", "The gaps between parties", _gaps, {}, {"parties": list(PARTIES)}),
    "gap-history": Chart(
        "gap-history", "How the gaps between parties changed over time", _gap_history, {}, {"parties": list(PARTIES)}
    ),
    "timeline": Chart("timeline", "What happened and when it was first reported", _timeline, {}, {}),
    "reception": Chart(
        "reception",
        "How a proposal was received",
        _reception,
        {"proposal": Slug("The proposal.", required=True)},
        {"proposal": RECEIVED},
    ),
}
