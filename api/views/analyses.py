"""The analyses: all as nested answers, and those in `ANALYSES` as flat tables too."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from marshmallow import Schema

from api.analysis import diff, gap_history, gaps, matrix, movements, reception, silences, timeline
from api.analysis.question import Findings
from api.analysis.stances import stances
from api.contract.examples import EARLIER, LATER, PARTIES, RECEIVED
from api.models import Cited, Party
from api.operation import Call, Operation, ref
from api.parameters import MOST_COMPARED, SPAN, AnyOf
from api.problems import Wrong, invalid
from api.representations import Column, columns, row_schema
from api.resource import Table
from api.views.analysis import COMMON, Analysis, Comparison, compared, question
from api.views.dossiers import dossier_of
from api.views.facets import facets_of
from api.views.flat import FlatTable
from api.views.named import named, of_path
from schemas.analyses.diff import DiffTermSchema
from schemas.analyses.gaps import GapLineSchema, GapSchema, GapSpanLineSchema, GapSpanSchema
from schemas.analyses.matrix import MatrixLineSchema, StanceLineSchema
from schemas.analyses.movements import MovementSchema
from schemas.analyses.reception import ReceptionLineSchema
from schemas.analyses.silences import SilenceSchema
from schemas.analyses.timeline import TimelineEntrySchema
from schemas.fields import Choice, Contract, JsonSchema, Slug, component

_WIDE = (
    "The table is wide, with two columns per party, and does not show how well a stance is supported; `/stances.csv` does, as a "
    "tidy table with one row per position."
)


def _listing(schema: type[Schema]) -> JsonSchema:
    return {"type": "array", "items": ref(component(schema))}


def _matrix(call: Call) -> Findings:
    asked = question(call)
    topics, compared = call.values.get("rows") == "topic", call.values.get("compare")
    if topics and compared:
        raise invalid(
            [
                Wrong(
                    "rows",
                    "topic",
                    "`topic` cannot be combined with `compare`, which is by issue; leave one of them out.",
                )
            ]
        )
    if compared:
        return matrix.sensitivity(asked, question(call, **Comparison.changes(compared)))
    return matrix.topics(asked) if topics else matrix.matrix(asked)


def _of_parties(schema: type[Schema]) -> Callable[[Call], tuple[Column, ...]]:
    """The columns of a wide table that follow those of its schema."""
    taken = [one.name for one in columns(schema)]
    return lambda call: matrix.party_columns(matrix.columns_asked(question(call)), taken)


def _gap_lines(call: Call) -> list[dict[str, Any]]:
    asked = compared(call)
    cells = {line["issue"]["id"]: line["cells"] for line in matrix.lines(asked)}
    return [{**gap, "cells": cells[gap["issue"]["id"]]} for gap in gaps.gaps(asked).data]


def _answer(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(row.body)
    return found


def _reception(call: Call) -> Findings:
    asked = question(call)
    return reception.reception(asked, _answer(of_path(call, call.table.by_name["proposals"], asked.of_all_modes)))


def _diff(call: Call) -> Findings:
    proposals, at = call.table.by_name["proposals"], call.clocks
    against = named(call, proposals, "against")
    if against.id == call.ids["id"]:
        raise invalid([Wrong("against", against.id, "is the same proposal; name a different one to compare it with.")])
    return diff.diff(question(call), _answer(of_path(call, proposals, at)), _answer(against))


def _without(*names: str) -> dict[str, Contract[Any]]:
    return {name: kind for name, kind in COMMON.items() if name not in names}


MATRIX = Analysis(
    path="/matrix",
    operation_id="getMatrix",
    name="matrix",
    summary="Parties × issues: the latest stance in each cell",
    description=(
        "Per issue, each party's latest stance, the positions behind it, and how many documents and origins these have. If "
        "simultaneous records conflict, all of them are shown. `rows=topic` folds issues into topics. `compare` returns "
        f"only the cells that differ under another clock or other modes, before and after. {_WIDE}"
    ),
    query=COMMON,
    nested={
        "rows": Choice(("issue", "topic"), "Whether a row is an issue (default) or a topic."),
        "compare": Comparison(
            "Return only the cells that differ under another clock or other modes: `as_of:DATE`, `known_at:DATE`, "
            "`mode:MODE` (only this mode) or `without:MODE` (all others); several modes are separated by commas."
        ),
    },
    find=_matrix,
    data={
        "type": "array",
        "items": {"anyOf": [ref("MatrixRow"), ref("MatrixTopic"), ref("MatrixChange")]},
    },
    columns=columns(MatrixLineSchema),
    more=_of_parties(MatrixLineSchema),
    records=lambda call: matrix.lines(question(call)),
    key="issue_id",
    about=_WIDE,
    prepared=((), (("rows", "topic"),)),
)

GAPS = Analysis(
    path="/gaps",
    operation_id="getGaps",
    name="gaps",
    summary="How far apart parties are, issue by issue",
    description=(
        "For each issue, the widest gap first: each party's stance, the distance (the largest difference between two scores, "
        f"divided by 2), who blocks, and who has no recorded position. Name at least two parties, or none for all. {_WIDE}"
    ),
    query={
        "parties": AnyOf(Slug(), "The parties to compare; by default all with a recorded position.", Party),
        **COMMON,
        "party": AnyOf(Slug(), "More parties to compare; works like `parties`.", Party),
    },
    find=lambda call: gaps.gaps(compared(call)),
    data=_listing(GapSchema),
    columns=columns(GapLineSchema),
    more=_of_parties(GapLineSchema),
    records=_gap_lines,
    examples={"parties": list(PARTIES)},
    key="issue_id",
    about=_WIDE,
    prepared=((),),
)

GAP_HISTORY = Analysis(
    path="/gaps/history",
    operation_id="getGapHistory",
    name="gap-history",
    summary="How the distance between parties changed, issue by issue",
    description=(
        "For each issue, the spans of days over which the gap between the named parties stayed the same, oldest first. Each row is "
        "what `/gaps` answers with `as_of` any day of the span; no row covers a day on which none of them may have held a position. "
        f"`from` and `to` select the spans that meet a period. {_WIDE}"
    ),
    query={
        "parties": AnyOf(Slug(), "The parties to compare.", Party, least=2, most=MOST_COMPARED),
        **_without("party", "as_of"),
        **SPAN,
    },
    find=lambda call: gap_history.history(question(call)),
    data=_listing(GapSpanSchema),
    columns=columns(GapSpanLineSchema),
    more=_of_parties(GapSpanLineSchema),
    records=lambda call: gap_history.spans(question(call)),
    examples={"parties": list(PARTIES)},
    about=_WIDE,
)

TIMELINE = Analysis(
    path="/timeline",
    operation_id="getTimeline",
    name="timeline",
    summary="What happened and when it was first reported",
    description=(
        "Events, proposals, demands and responses on one axis: when each happened, when it was first reported, and the days "
        "in between. Includes the columns of Grafana's annotations."
    ),
    query={
        **COMMON,
        "collection": AnyOf(Choice(timeline.COLLECTIONS, "Collection."), "Only records of these collections."),
        **SPAN,
    },
    find=lambda call: timeline.timeline(question(call), call.values["collection"]),
    data=_listing(TimelineEntrySchema),
    columns=columns(TimelineEntrySchema),
    records=lambda call: timeline.lines(question(call), call.values["collection"]),
)

MOVEMENTS = Analysis(
    path="/movements",
    operation_id="getMovements",
    name="movements",
    summary="Each change of a party's stance on an issue",
    description=(
        "From which stance to which, when, whether the party conceded, hardened, reversed or dropped its stance, and toward or away "
        "from whom. A position given up moves to nothing. `as_of` shows what may have moved by that day, `from` and `to` what may "
        "have moved between two days."
    ),
    query={**COMMON, **SPAN},
    find=lambda call: movements.movements(question(call)),
    data=_listing(MovementSchema),
    columns=columns(MovementSchema),
    records=lambda call: movements.lines(question(call)),
)

SILENCES = Analysis(
    path="/silences",
    operation_id="getSilences",
    name="silences",
    summary="Demands and proposals that an addressee has not answered",
    description=(
        "Who has not answered what, and for at least how many days, by `as_of` or else by the release's date. `party` selects "
        "those who ask and those who are asked; `from` and `to` refer to the day of asking."
    ),
    query={**COMMON, **SPAN},
    find=lambda call: silences.silences(question(call)),
    data=_listing(SilenceSchema),
    columns=columns(SilenceSchema),
    records=lambda call: silences.silences(question(call)).data,
)

RECEPTION = Analysis(
    path="/proposals/{id}/reception",
    operation_id="getProposalReception",
    name="reception",
    summary="How a proposal was received, term by term",
    description=(
        "Terms × parties: the latest verdict in each cell, who blocks, and which addressees have not answered. The same for "
        "the proposal as a whole."
    ),
    query=_without("process"),
    find=_reception,
    data=ref("Reception"),
    columns=columns(ReceptionLineSchema),
    records=lambda call: reception.lines(_reception(call)),
    examples={"id": RECEIVED},
)

DIFF = Analysis(
    path="/proposals/{id}/diff",
    operation_id="getProposalDiff",
    name="diff",
    summary="What changed from one proposal to another",
    description=(
        "Which terms were added, removed, reworded, moved or unchanged since an earlier proposal, matched by lineage, with "
        "the numbers of points. The answer says what is not recorded."
    ),
    query={
        "against": Slug("The earlier proposal.", required=True),
        **_without("process", "party", "fold"),
    },
    find=_diff,
    data=ref("Diff"),
    columns=columns(DiffTermSchema),
    records=lambda call: _diff(call).data["terms"],
    examples={"id": LATER, "against": EARLIER},
)

#: The analyses except those that each collection has: dossiers and facets.
ANALYSES = (MATRIX, GAPS, GAP_HISTORY, TIMELINE, MOVEMENTS, SILENCES, RECEPTION, DIFF)


def analysis_operations(table: Table) -> Iterator[Operation]:
    """The nested answers of the analyses, including those of each collection."""
    for analysis in ANALYSES:
        yield analysis.operation()
    for resource in table:
        if issubclass(resource.model, Cited):
            yield dossier_of(resource).operation()
        if resource.facets:
            yield facets_of(resource).operation()


def analysis_tables() -> tuple[FlatTable, ...]:
    """The flat tables of the analyses, including the long table of the matrix."""
    return (*(analysis.table() for analysis in ANALYSES), _stances())


def _stances() -> FlatTable:
    return FlatTable(
        path="/stances",
        name="stances",
        about=(
            "The matrix in long form: who holds which position on what, since when, and how well supported. One row for each position "
            "behind a cell."
        ),
        query=COMMON,
        fixed=columns(StanceLineSchema),
        records=lambda call: stances(question(call)),
        row=row_schema(columns(StanceLineSchema)),
        key=None,
    )
