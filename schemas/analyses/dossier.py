"""Dossiers: who says what about a record."""

from schemas.analyses.common import NULLABLE_OUTPUT, OUTPUT
from schemas.fields import (
    Counts,
    Day,
    DerivedId,
    EdtfDate,
    Flag,
    Integer,
    Link,
    Pieces,
    Reference,
    References,
    Subject,
    Term,
    Text,
)
from schemas.record import Mapping
from schemas.vocabulary import ClaimStatus, Mode, Relation


class ClaimSchema(Mapping):
    """What one piece of evidence does to a record, and who says so."""

    evidence = DerivedId("The id of the evidence.", **OUTPUT)
    href = Link("The path of the evidence.", **OUTPUT)
    relation = Term(Relation, **OUTPUT)
    speaker = Reference("parties", "Who says so; null if the source names nobody.", **NULLABLE_OUTPUT)
    speaker_description = Text(
        "Who says so, as the source describes them; null if it does not.", longest=300, **NULLABLE_OUTPUT
    )
    speaker_party = Reference(
        "parties", "The party that an unnamed speaker belongs to, if the source says so.", **NULLABLE_OUTPUT
    )
    by_holder = Flag("Whether the speaker holds the claimed position, or represents a party that does.", **OUTPUT)
    mode = Term(Mode, **OUTPUT)
    source = Reference("sources", "The document that says so.", **OUTPUT)
    origin = Subject("The outlet that it goes back to, or else the document.", **OUTPUT)
    known_on = Day("The day from which the public could know it.", **OUTPUT)
    said_on = EdtfDate("When it was said; null if the source does not say.", **NULLABLE_OUTPUT)
    decides = Flag("Whether the claim status follows from this evidence.", **OUTPUT)


class OriginSchema(Mapping):
    """An outlet that assertions go back to, and the documents that repeat it: one voice, however many papers."""

    origin = Subject("The outlet, or else the document.", **OUTPUT)
    documents = References("sources", "The documents that took it from there.", **OUTPUT)


class StageSchema(Mapping):
    """How well the record was supported from a given day on."""

    known_from = Day("The first day of the stage.", **OUTPUT)
    claim_status = Term(ClaimStatus, **OUTPUT)
    evidence_count = Integer("Pieces of evidence by then.", **OUTPUT)
    document_count = Integer("Distinct sources by then.", **OUTPUT)
    origin_count = Integer("Distinct outlets by then.", **OUTPUT)


class DossierSchema(Mapping):
    """The claims graph of one record: who says what about it, where each claim comes from, and what they amount to."""

    subject = Subject("The record.", **OUTPUT)
    claim_status = Term(ClaimStatus, **OUTPUT)
    rule = Text("The rule that gave the claim status, which is the first that holds.", **OUTPUT)
    relations = Counts("How many pieces of evidence assert, confirm, deny and so on.", **OUTPUT)
    modes = Counts("How many pieces of evidence rest on each footing.", **OUTPUT)
    claims = Pieces(ClaimSchema, "Every piece of evidence, in the order in which it became known.", **OUTPUT)
    documents = References("sources", "The distinct documents.", **OUTPUT)
    origins = Pieces(
        OriginSchema,
        "The distinct origins of its assertions, without the judgements of writers and analysts.",
        **OUTPUT,
    )
    stages = Pieces(StageSchema, "How the claim status came about: one stage for each day with new evidence.", **OUTPUT)
    assumed = Flag(
        "With `as_of`: the record does not confirm that what it reports held on the day, or was done by then. False without `as_of`.",
        **OUTPUT,
    )
