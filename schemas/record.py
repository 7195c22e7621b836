"""What every record has in common, and what every record with evidence has."""

from typing import Any, ClassVar

from marshmallow import RAISE, Schema
from marshmallow.schema import SchemaMeta

from schemas.fields import Absent, Contract, Day, EdtfDate, Integer, Link, Parts, Reference, Slug, Term, Text
from schemas.vocabulary import ClaimStatus

FIRST_REPORTED = (
    "When it was first reported, as exactly as its sources show; `first_reported_on` is the latest day this can mean."
)


class _TailLast(SchemaMeta):
    """Orders the fields of a schema: first those with neither mark, then those marked ``tail``, which say where a record comes from, and
    last the others marked ``later``.
    """

    @classmethod
    def get_declared_fields(
        mcs,  # noqa: N804  # marshmallow's own metaclass calls it so
        klass: Any,
        cls_fields: Any,
        inherited_fields: Any,
        dict_cls: Any = dict,
    ) -> dict[str, Any]:
        declared = super().get_declared_fields(klass, cls_fields, inherited_fields, dict_cls)
        return dict_cls(sorted(declared.items(), key=lambda item: _place(item[1])))  # type: ignore[no-any-return]


def _place(field: Any) -> tuple[bool, bool]:
    tail = getattr(field, "tail", False)
    return getattr(field, "later", False) and not tail, tail


class Mapping(Schema, metaclass=_TailLast):
    """A mapping of fields. Seeds reject what is not declared; answers may gain fields within a version."""

    #: The fields that date it: from the first's earliest day to the last's latest; empty if it has no date.
    dated_by: ClassVar[tuple[str, ...]] = ()

    class Meta:
        unknown = RAISE


class Record(Mapping):
    """One record of a collection."""

    #: The field that names a record to a reader, in references and in search.
    named_by: ClassVar[str]
    #: The id of a record of the shipped data, for the contract's examples; None if ids change with the content or from
    #: release to release.
    example: ClassVar[str | None] = None

    id = Slug(required=True)
    href = Link("The record's own path.", dump_only=True)
    note = Text("What a reader should know about this record and its sources.", longest=2000, tail=True)
    absent = Absent()

    @classmethod
    def bearable(cls) -> list[str]:
        """The names of the fields that one piece of evidence may establish on its own."""
        return [name for name, kind in cls._declared_fields.items() if isinstance(kind, Contract) and kind.bearable]


class OfProcess(Record):
    """A record that belongs to a process, or to none if several processes share it."""

    process = Reference(
        "processes",
        "The process that the record belongs to; null if several share it.",
        dump_only=True,
        allow_none=True,
    )


class Cited(OfProcess):
    """A record with evidence. How well it is supported is worked out from the evidence, never written by hand."""

    #: Whether it may be reported before it begins, as an announced event is. Otherwise it must begin by the day of its report.
    announced: ClassVar[bool] = False

    evidence = Parts("evidence", "subject", "The evidence for the record: one citation or more.", required=True)
    first_reported_on = Day("The day from which the public could know of it.", dump_only=True, tail=True)
    claim_status = Term(ClaimStatus, dump_only=True, tail=True)
    evidence_count = Integer("Pieces of evidence.", dump_only=True, tail=True)
    document_count = Integer("Distinct sources among the evidence.", dump_only=True, tail=True)
    origin_count = Integer(
        "Distinct outlets that the assertions go back to. The judgements of authors and analysts are no origin, so it may be 0.",
        dump_only=True,
        tail=True,
    )
    first_reported = EdtfDate(FIRST_REPORTED, dump_only=True, tail=True, later=True)
