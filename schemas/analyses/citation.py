"""Citations of answers."""

from schemas.analyses.common import NULLABLE_OUTPUT, OUTPUT
from schemas.fields import Day, Integer, Link, Text, Values
from schemas.record import Mapping


class CitationSchema(Mapping):
    """How to cite an answer so that readers can retrieve it again."""

    path = Link("The path that returns the same answer again: it pins the release.", **OUTPUT)
    url = Link("The same path with the address of this server.", **OUTPUT)
    title = Text("What the answer is.", **OUTPUT)
    release = Text("The id of the release.", **OUTPUT)
    released_on = Day("Its date.", **OUTPUT)
    release_sha256 = Text("The SHA-256 of its seed files, in hexadecimal.", **OUTPUT)
    as_of = Day("The `as_of` of the request; null if it had none.", **NULLABLE_OUTPUT)
    known_at = Day("The `known_at` of the request; null if it had none.", **NULLABLE_OUTPUT)
    media_type = Text("The media type of the answer.", **OUTPUT)
    bytes = Integer("The length of its body in bytes, uncompressed.", **OUTPUT)
    sha256 = Text("The SHA-256 of its body, uncompressed, in hexadecimal.", **OUTPUT)
    text = Text("The citation as a sentence.", **OUTPUT)
    bibtex = Text("The citation in BibTeX.", **OUTPUT)
    csl = Values("The citation in CSL-JSON.", **OUTPUT)
