"""The analyses: each nested in the envelope, and those that are of no collection or of proposals as flat tables."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from marshmallow import Schema

from api.analysis import diff, gaps, matrix, movements, reception, silences, timeline
from api.analysis.question import Findings
from api.analysis.stances import stances
from api.contract.examples import EARLIER, LATER, PARTIES, RECEIVED
from api.models import Cited, Party
from api.operation import Call, Operation, ref
from api.parameters import AnyOf, Moment
from api.problems import Wrong, invalid
from api.representations import Column, columns, row_schema
from api.resource import Table
from api.views.analysis import COMMON, Analysis, Comparison, compared, named, of_path, question
from api.views.dossiers import dossier_of
from api.views.facets import facets_of
from api.views.flat import FlatTable
from schemas.analyses import (
    DiffTermSchema,
    GapLineSchema,
    GapSchema,
    MatrixLineSchema,
    MovementSchema,
    ReceptionLineSchema,
    SilenceSchema,
    StanceLineSchema,
    TimelineEntrySchema,
)
from schemas.fields import Choice, Contract, JsonSchema, Slug, component


def _listing(schema: type[Schema]) -> JsonSchema:
    return {"type": "array", "items": ref(component(schema))}


def _plain(schema: type[Schema]) -> Callable[[Call], tuple[Column, ...]]:
    return lambda _call: columns(schema)


def _matrix(call: Call) -> Findings:
    asked = question(call)
    topics, compared = call.values.get("rows") == "topic", call.values.get("compare")
    if topics and compared:
        raise invalid(
            [Wrong("rows", "topic", "does not go with `compare`, which gives cells of issues; leave one of them out.")]
        )
    if compared:
        return matrix.sensitivity(asked, question(call, **Comparison.changes(compared)))
    return matrix.topics(asked) if topics else matrix.matrix(asked)


def _wide(schema: type[Schema]) -> Callable[[Call], tuple[Column, ...]]:
    def shape(call: Call) -> tuple[Column, ...]:
        fixed = columns(schema)
        return (*fixed, *matrix.party_columns(matrix.columns_asked(question(call)), (one.name for one in fixed)))

    return shape


def _gap_lines(call: Call) -> list[dict[str, Any]]:
    asked = compared(call)
    cells = {line["issue"]["id"]: line["cells"] for line in matrix.lines(asked)}
    return [{**gap, "cells": cells[gap["issue"]["id"]]} for gap in gaps.gaps(asked).data]


def _span_asked(call: Call) -> tuple[Any, Any, tuple[str, ...]]:
    """What narrows a timeline beside the filters of all analyses."""
    return call.values.get("from"), call.values.get("to"), tuple(call.values["collection"])


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
        raise invalid([Wrong("against", against.id, "is the same proposal; name another one to compare it with.")])
    return diff.diff(question(call), _answer(of_path(call, proposals, at)), _answer(against))


def _without(*names: str) -> dict[str, Contract[Any]]:
    return {name: kind for name, kind in COMMON.items() if name not in names}


def analyses() -> tuple[tuple[str, Analysis], ...]:
    """The analyses that are of no collection, each with the name of its operation."""
    wide = {"additionalProperties": {"type": ["string", "number", "null"]}}
    return (
        (
            "getMatrix",
            Analysis(
                path="/matrix",
                name="matrix",
                summary="Parties × issues: the latest stance in each cell",
                description=(
                    "Per issue, each party's latest stance with the positions behind it and how many documents and origins they "
                    "have; a conflict of simultaneous records is shown with all of them. `rows=topic` folds issues into topics. "
                    "`compare` gives only the cells that differ under another clock or other modes, before and after. The table is "
                    "wide; `/stances.csv` has the same with a row for each position."
                ),
                query=COMMON,
                nested={
                    "rows": Choice(("issue", "topic"), "What a row is; an issue by default."),
                    "compare": Comparison(
                        "Give only the cells that differ under `as_of:`, `known_at:`, `mode:` (these alone) or `without:` (all "
                        "other modes)."
                    ),
                },
                find=_matrix,
                data={
                    "type": "array",
                    "items": {"anyOf": [ref("MatrixRow"), ref("MatrixTopic"), ref("MatrixChange")]},
                },
                columns=_wide(MatrixLineSchema),
                records=lambda call: matrix.lines(question(call)),
                row={**row_schema(columns(MatrixLineSchema)), **wide},
                key="issue_id",
                prepared=((), (("rows", "topic"),)),
            ),
        ),
        (
            "getGaps",
            Analysis(
                path="/gaps",
                name="gaps",
                summary="How far apart parties are, issue by issue",
                description=(
                    "Per issue: each party's stance, the distance (the largest difference of scores over 2), who blocks, and who has "
                    "no recorded position; the widest first. Name at least two parties, or none for all. "
                    "The table also has two columns for each party; `/stances.csv` has the positions behind them."
                ),
                query={
                    "parties": AnyOf(
                        Slug(), "The parties to compare; all that have a recorded position by default.", Party
                    ),
                    **COMMON,
                    "party": AnyOf(Slug(), "More parties to compare: the same as `parties`.", Party),
                },
                find=lambda call: gaps.gaps(compared(call)),
                data=_listing(GapSchema),
                columns=_wide(GapLineSchema),
                records=_gap_lines,
                row={**row_schema(columns(GapLineSchema)), **wide},
                examples={"parties": list(PARTIES)},
                key="issue_id",
                prepared=((),),
            ),
        ),
        (
            "getTimeline",
            Analysis(
                path="/timeline",
                name="timeline",
                summary="What happened and when it was first reported",
                description=(
                    "Events, proposals, demands and responses on one axis, each with when it happened, when it was first reported and "
                    "the days between; with the columns of Grafana's annotations."
                ),
                query={
                    **COMMON,
                    "collection": AnyOf(
                        Choice(timeline.COLLECTIONS, "Collection."), "Only records of these collections."
                    ),
                    "from": Moment("Only what may lie on or after this day."),
                    "to": Moment("Only what may lie on or before this day; not before `from`."),
                },
                find=lambda call: timeline.timeline(question(call), *_span_asked(call)),
                data=_listing(TimelineEntrySchema),
                columns=_plain(TimelineEntrySchema),
                records=lambda call: timeline.lines(question(call), *_span_asked(call)),
                row=row_schema(columns(TimelineEntrySchema)),
            ),
        ),
        (
            "getMovements",
            Analysis(
                path="/movements",
                name="movements",
                summary="Each change of a party's stance on an issue",
                description=(
                    "From which stance to which, when, whether it conceded or hardened, and toward or away from whom; a position given "
                    "up moves to nothing. `as_of` shows what had moved by that day."
                ),
                query=COMMON,
                find=lambda call: movements.movements(question(call)),
                data=_listing(MovementSchema),
                columns=_plain(MovementSchema),
                records=lambda call: movements.lines(question(call)),
                row=row_schema(columns(MovementSchema)),
            ),
        ),
        (
            "getSilences",
            Analysis(
                path="/silences",
                name="silences",
                summary="Demands and proposals that an addressee has not answered",
                description=(
                    "Who is silent on what, and for how many days at the least: at `as_of`, else at the release's date. `party` is one "
                    "who asks or one who is asked."
                ),
                query=COMMON,
                find=lambda call: silences.silences(question(call)),
                data=_listing(SilenceSchema),
                columns=_plain(SilenceSchema),
                records=lambda call: silences.silences(question(call)).data,
                row=row_schema(columns(SilenceSchema)),
            ),
        ),
        (
            "getProposalReception",
            Analysis(
                path="/proposals/{id}/reception",
                name="reception",
                summary="How a proposal was received, term by term",
                description=(
                    "Terms × parties: the latest verdict in each cell, who stands in the way, and which addressees have not answered; "
                    "and the same for the proposal as a whole."
                ),
                query=_without("process"),
                find=_reception,
                data=ref("Reception"),
                columns=_plain(ReceptionLineSchema),
                records=lambda call: reception.lines(_reception(call)),
                row=row_schema(columns(ReceptionLineSchema)),
                examples={"id": RECEIVED},
            ),
        ),
        (
            "getProposalDiff",
            Analysis(
                path="/proposals/{id}/diff",
                name="diff",
                summary="What changed from one proposal to another",
                description=(
                    "Terms added, removed, reworded, moved and unchanged against an earlier proposal, by lineage, with the numbers of "
                    "points; what is not recorded is said."
                ),
                query={
                    "against": Slug("The earlier proposal.", required=True),
                    **_without("process", "party", "fold"),
                },
                find=_diff,
                data=ref("Diff"),
                columns=_plain(DiffTermSchema),
                records=lambda call: _diff(call).data["terms"],
                row=row_schema(columns(DiffTermSchema)),
                examples={"id": LATER, "against": EARLIER},
            ),
        ),
    )


def analysis_operations(table: Table) -> Iterator[Operation]:
    """The nested answers of the analyses, of no collection and of each."""
    for name, analysis in analyses():
        yield analysis.operation(name)
    for resource in table:
        if issubclass(resource.model, Cited):
            yield dossier_of(resource).operation(f"get{component(resource.schema)}Dossier")
        if resource.facets:
            yield facets_of(resource).operation(f"count{resource.name.capitalize()}")


def analysis_tables() -> tuple[FlatTable, ...]:
    """The flat tables of the analyses, and the long table of the matrix."""
    return (*(analysis.table() for _, analysis in analyses()), _stances())


def _stances() -> FlatTable:
    return FlatTable(
        path="/stances",
        name="stances",
        about=(
            "The matrix in long form: who holds which position on what, since when, and how well that is supported; a row for each "
            "position behind a cell."
        ),
        query=COMMON,
        columns=_plain(StanceLineSchema),
        records=lambda call: stances(question(call)),
        row=row_schema(columns(StanceLineSchema)),
        key=None,
    )
