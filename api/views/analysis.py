"""The declaration of an analysis, its parameters, and the question that a call asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from marshmallow import ValidationError
from sqlalchemy import Connection

from api.analysis.question import Findings, Question
from api.models import Issue, Party, Process
from api.operation import JSON, TOTAL, Answer, Call, Operation, enveloped, json_answer, ref
from api.parameters import CLOCKS, WRITING, AnyOf, query
from api.problems import Wrong, invalid, refuse_unknown
from api.reading import queries, refusals
from api.representations import Column, row_schema
from api.views.flat import FlatTable, answer, contents, form_asked, forms
from schemas.fields import Choice, Contract, Day, JsonSchema, Side, Slug, Term
from schemas.vocabulary import Mode

TAG = "analyses"
FOLDS = ("affiliation", "none")
#: Parameters that are not filters: `meta` has the clocks as members of their own, and the others decide how the answer is written.
_NOT_FILTERS = frozenset({*CLOCKS, "release", *WRITING})
COMMON: dict[str, Contract[Any]] = {
    "process": AnyOf(Slug(), "The process that the records belong to.", Process),
    "issue": AnyOf(Slug(), "The issue; a topic stands for all its issues.", Issue),
    "party": AnyOf(Slug(), "The party; with folding, this includes what those who represent it hold.", Party),
    "fold": Choice(
        FOLDS,
        "`affiliation` (default): what people and bodies hold counts for the party they represent; `none`: each stands alone.",
    ),
    **CLOCKS,
}
#: The parameters that name what a question is about.
_NAMING = {**COMMON, "parties": COMMON["party"]}


class Comparison(Contract[str]):
    """Another value of one clock or of the modes: ``known_at:2024-02-20``, ``mode:on_record``, ``without:anonymous``."""

    WORDS = ("as_of", "known_at", "mode", "without")

    def shape(self, side: Side) -> JsonSchema:
        modes = "|".join(mode.value for mode in Mode)
        day = "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"  # the days that every month has
        return {
            "type": "string",
            "pattern": rf"^((as_of|known_at):{day}|(mode|without):({modes})(,({modes})){{0,6}})$",
            "maxLength": 140,
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        word, _, given = str(value).partition(":")
        if word not in self.WORDS or not given:
            raise ValidationError(
                f"“{str(value)[:60]}” is not a valid comparison; expected one such as known_at:2024-02-20, as_of:2024-02-20, "
                "mode:on_record or without:anonymous."
            )
        self.changes(f"{word}:{given}")
        return f"{word}:{given}"

    @staticmethod
    def changes(comparison: str) -> dict[str, Any]:
        """The values of parameters that a comparison replaces."""
        word, _, given = comparison.partition(":")
        if word in ("as_of", "known_at"):
            return {word: Day("").deserialize(given)}
        modes = [str(Term(Mode, "").deserialize(one)) for one in given.split(",")]
        return {"mode": modes if word == "mode" else [mode.value for mode in Mode if mode.value not in modes]}


@dataclass(frozen=True)
class Analysis:
    """One analysis: its parameters, its nested answer and its flat table.

    ``operation_id`` names its operation in the contract, ``name`` its table. ``find`` returns the nested answer, and ``data`` is the JSON
    Schema of that. ``columns``, ``more`` and ``records`` are those of the `FlatTable`; ``about`` adds to its description.
    """

    path: str
    operation_id: str
    name: str
    summary: str
    description: str
    query: dict[str, Contract[Any]]
    find: Callable[[Call], Findings]
    data: JsonSchema
    columns: tuple[Column, ...]
    records: Callable[[Call], Iterable[Mapping[str, Any]]]
    more: Callable[[Call], tuple[Column, ...]] | None = None
    nested: dict[str, Contract[Any]] = field(default_factory=dict)
    examples: dict[str, Any] = field(default_factory=dict)
    tag: str = TAG
    key: str | None = None
    about: str = ""
    #: See `Operation`.
    prepared: tuple[tuple[tuple[str, str], ...], ...] = ()
    large: Callable[[Connection], bool] = lambda _connection: True

    def operation(self) -> Operation:
        """The nested answer; the flat one where the format is asked for."""
        table = self.table()
        return Operation(
            path=self.path,
            name=self.operation_id,
            tag=self.tag,
            summary=self.summary,
            description=self.description,
            view=self._view,
            query=query(
                **self.query,
                **self.nested,
                **forms("Return the flat table instead of the nested answer.", table.names),
            ),
            content={JSON: _analysed(self.data), **contents(table.row)},
            examples=self.examples,
            prepared=self.prepared,
            large=self.large,
            sends=(TOTAL,),
        )

    def table(self) -> FlatTable:
        """The flat table."""
        return FlatTable(
            path=self.path,
            name=self.name,
            about=f"{self.summary}. {self.about}".strip(),
            query=self.query,
            fixed=self.columns,
            more=self.more,
            records=self.records,
            row=row_schema(self.columns, more=self.more is not None),
            key=self.key,
            examples=self.examples,
        )

    def _view(self, call: Call) -> Answer:
        wanted = form_asked(call)
        if not wanted:
            found = self.find(call)
            meta = {**_said(call), "rests_on": found.rests_on}
            if isinstance(found.data, Iterator):
                return Answer(_streamed(found.data, {"links": {"self": call.link()}, "meta": call.meta(**meta)}))
            return json_answer(found.data, call, **meta)
        self._refuse_nested(call)
        return answer(self.table(), call, wanted)

    def _refuse_nested(self, call: Call) -> None:
        """Refuse what shapes the nested answer alone, where the table is asked for.

        Raises:
            Problem: 400.
        """
        told = "applies only to the nested answer; leave it out, or ask for application/json without `format`."
        if wrong := [Wrong(name, str(call.values[name]), told) for name in self.nested if call.values.get(name)]:
            raise invalid(wrong)


def _streamed(rows: Iterator[Any], beside: dict[str, Any]) -> Iterator[bytes]:
    """An answer whose rows are made while it is sent, in the form of the others."""
    yield b'{"data":['
    for number, row in enumerate(rows):
        yield (b"," if number else b"") + orjson.dumps(row)
    yield b"]," + orjson.dumps(beside)[1:]


def _analysed(data: JsonSchema) -> JsonSchema:
    shape = enveloped(data)
    return {**shape, "properties": {**shape["properties"], "meta": ref("AnalysisMeta")}}


def _said(call: Call) -> dict[str, Any]:
    """What `meta` says of what was asked for."""
    filters = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in sorted(call.values.items())
        if value not in (None, ()) and name not in _NOT_FILTERS
    }
    return {"day": (call.clocks.as_of or call.store.date).isoformat(), "filters": filters}


def question(call: Call, **changes: Any) -> Question:
    """What a call asks, its ids checked; ``changes`` replace some of its values.

    Raises:
        Problem: 404, where a filter names an id that does not exist.
    """
    if not changes and "question" in call.known:
        known: Question = call.known["question"]
        return known
    values = {**call.values, **changes}
    clocks = queries.clocks(values)
    refuse_unknown(refusals.unknown_names(call.connection, _NAMING, values))
    party, parties = values.get("party") or (), values.get("parties") or ()
    asked = Question(
        connection=call.connection,
        clocks=clocks,
        today=clocks.as_of or call.store.date,
        processes=tuple(values.get("process") or ()),
        issues=tuple(values.get("issue") or ()),
        parties=tuple(dict.fromkeys([*party, *parties])),
        fold=values.get("fold") != "none",
        released_on=call.store.date,
        begin=values.get("from"),
        end=values.get("to"),
    )
    if not changes:
        call.known["question"] = asked
    return asked


def compared(call: Call) -> Question:
    """What a call for gaps asks.

    Raises:
        Problem: 400, where it names one party alone.
    """
    asked = question(call)
    if len(asked.parties) == 1:
        only = asked.parties[0]
        named = "parties" if call.values.get("parties") else "party"
        raise invalid(
            [
                Wrong(
                    named,
                    only,
                    f"“{only}” is only one party; name at least two different parties, or none to compare all.",
                )
            ]
        )
    return asked
