"""Evidence: why anyone believes a record."""

from schemas.fields import (
    BearableFields,
    Day,
    DerivedId,
    EdtfDate,
    Link,
    Pattern,
    Piece,
    Reference,
    Selector,
    Subject,
    Term,
    Text,
)
from schemas.record import Mapping, OfProcess
from schemas.vocabulary import Credibility, Mode, Relation


class FragmentSelectorSchema(Mapping):
    """A selector of the W3C Web Annotation Data Model, §4.2.1."""

    type = Text("Always FragmentSelector.", dump_only=True)
    conformsTo = Link("The specification of the fragment, RFC 5147.", title="Specification", dump_only=True)  # noqa: N815  # the standard's own spelling
    value = Text("The fragment.", dump_only=True)


class AnnotationTargetSchema(Mapping):
    """A specific resource of the W3C Web Annotation Data Model, §4: the passage of the source."""

    type = Text("Always SpecificResource.", dump_only=True)
    source = Link("The source: its published address if it has one, otherwise its record here.", dump_only=True)
    selector = Piece(FragmentSelectorSchema, "The cited part of the source.", dump_only=True)


class EvidenceSchema(OfProcess):
    """One citation: who says what about one record, in which source, and on what footing."""

    named_by = "id"
    dated_by = ("said_on",)

    id = DerivedId("Derived from what is cited.", dump_only=True)  # type: ignore[assignment]  # made, not written
    subject = Subject("The record it is about.", dump_only=True)
    source = Reference("sources", "The document cited.", required=True)
    selector = Selector("The passage, as a range of characters of the normalised text (RFC 5147).", title="Passage")
    digest = Pattern(
        "The first 16 hexadecimal digits of the passage's SHA-256.",
        title="Digest of the passage",
        pattern="[0-9a-f]{16}",
        form="16 lower-case hexadecimal digits",
        longest=16,
    )
    relation = Term(Relation, required=True)
    speaker = Reference("parties", "Who says so; null if the source names nobody.")
    speaker_description = Text("Who says so, as the source describes them.", title="Speaker, as described", longest=300)
    mode = Term(Mode, required=True)
    via = Reference("parties", "The outlet that the source took it from.", title="Taken from")
    credibility = Term(Credibility, required=True)
    said_on = EdtfDate("When it was said.")
    bears_on = BearableFields(
        "The only fields that it establishes; empty if it is about the record as a whole.", title="Establishes only"
    )
    target = Piece(
        AnnotationTargetSchema,
        "The passage as a target of the W3C Web Annotation Data Model; null without a selector.",
        dump_only=True,
        allow_none=True,
    )
    quote = Text(
        "The passage itself, if the server has the texts; otherwise null. Always null in tables, which are the same on every server.",
        longest=100000,
        dump_only=True,
        allow_none=True,
        searched=False,
    )
    known_on = Day(
        "The day from which the public could know it: that of its source.",
        title="Public from",
        dump_only=True,
        tail=True,
    )
    origin = Subject(
        "The outlet that it goes back to, or else the document. `origin_count` counts those of evidence that asserts or confirms, "
        "without the judgements of authors and analysts.",
        dump_only=True,
        later=True,
    )
    speaker_party = Reference(
        "parties",
        "The party that an unnamed speaker belongs to, if the source says so; null for a named speaker, whose party is in `speaker`'s "
        "affiliations.",
        title="Speaker's party",
        later=True,
    )
