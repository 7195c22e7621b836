"""Sources: the documents that evidence cites."""

from schemas.fields import Day, EdtfDate, Integer, Link, Pattern, Pieces, Reference, References, Selector, Term, Text
from schemas.record import Mapping, OfProcess
from schemas.vocabulary import Reliability, SourceKind


class PassedOverSchema(Mapping):
    """A passage of a source that no record carries, and why."""

    selector = Selector(
        "The passage, as a range of characters of the normalised text (RFC 5147).", title="Passage", required=True
    )
    reason = Text("Why no record carries it.", longest=200, required=True)


class SourceSchema(OfProcess):
    """One document. The project points into its text and never stores it."""

    example = "russia-refuses-a-deal"
    named_by = "title"
    dated_by = ("published_on",)

    title = Text("Its title as published, or a description if it has none.", longest=300, required=True)
    authors = References("parties", "Who wrote it.")
    publisher = Reference("parties", "The outlet that published it; null if the text does not say.")
    published_on = EdtfDate("When it was published.")
    retrieved_on = Day("The exact day on which the project obtained it.", required=True)
    kind = Term(SourceKind, required=True)
    language = Pattern(
        "Its language.", pattern="[a-z]{2,3}", form="an ISO 639 code such as en", longest=3, required=True
    )
    url = Link("Where it can be read.", title="Address")
    relays = References("parties", "The outlets whose reports it relays.", title="Reports from")
    length = Integer(
        "The length of its normalised text (Unicode NFC, line ends as \\n) in code points.",
        title="Length in characters",
        least=1,
    )
    sha256 = Pattern(
        "The SHA-256 of its normalised text as UTF-8.",
        title="SHA-256 of its text",
        pattern="[0-9a-f]{64}",
        form="a SHA-256 in lower-case hexadecimal",
        longest=64,
    )
    reliability = Term(Reliability, required=True)
    passed_over = Pieces(
        PassedOverSchema,
        "The passages that no record carries, and why; records cover the rest.",
        title="Passages not recorded",
    )
    known_on = Day(
        "The day from which the public could know it: the latest day that `published_on` can mean, or `retrieved_on` if that is earlier.",
        title="Public from",
        dump_only=True,
        tail=True,
    )
