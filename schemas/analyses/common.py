"""What the answers of several analyses have in common."""

from typing import Any

from schemas.fields import Day, Integer, Link, Piece, Strings, Text, Values
from schemas.record import Mapping

#: The options of a field that only answers have, and of one that can also be null.
OUTPUT: dict[str, Any] = {"dump_only": True}
NULLABLE_OUTPUT: dict[str, Any] = {"dump_only": True, "allow_none": True}
ASSUMED = (
    "With `as_of`: it may have been held on the day, but the record does not confirm it: it may have begun later or ended "
    "earlier. False without `as_of`."
)


class FootingSchema(Mapping):
    """What an answer rests on."""

    records = Integer("Distinct records.", **OUTPUT)
    documents = Integer("Distinct sources among their evidence.", **OUTPUT)
    origins = Integer("Distinct outlets that their assertions go back to.", **OUTPUT)


class AnalysisMetaSchema(Mapping):
    """The context of an answer: the release, the clocks, the filters, and what it rests on."""

    release = Text("The id of the release.", **OUTPUT)
    as_of = Day("The `as_of` of the request; null if it had none.", **NULLABLE_OUTPUT)
    known_at = Day("The `known_at` of the request; null if it had none.", **NULLABLE_OUTPUT)
    mode = Strings("The modes of evidence that count; empty means all.", **OUTPUT)
    cite = Link("The path of the citation of this answer.", **OUTPUT)
    day = Day("The day used as today: `as_of`, or else the release's date.", **OUTPUT)
    filters = Values("The other parameters of the request, by name.", **OUTPUT)
    rests_on = Piece(FootingSchema, "How many records, documents and origins it rests on.", **OUTPUT)
