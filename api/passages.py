"""Evidence and the texts of its sources: finding a passage to cite, verifying selectors and digests, measuring coverage.

The texts stay outside the project; a source's text is identified by the SHA-256 of its normalised form.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from api.loader.read import fault_at
from api.loader.record import Seed
from api.loader.seeds import Seeds
from api.texts import by_sha256, digest, sha256
from schemas.fields import span


class CitingError(Exception):
    """A passage cannot be cited; the message says why, and how to correct it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that was found: the selector and digest for a piece of evidence, and the text itself."""

    selector: str
    digest: str
    text: str


def cite(text: str, words: str) -> Passage:
    """The passage of a text that contains some words; white space, case and the style of quotes make no difference.

    Raises:
        CitingError: the words occur more than once, or not at all; the message then names the nearest passage, if there is one.
    """
    wanted = words.split()
    if not wanted:
        raise CitingError("no words given")
    pattern = re.compile(r"\s+".join(_loose(word) for word in wanted), re.IGNORECASE)
    found = [match.span() for match in pattern.finditer(text)]
    if len(found) == 1:
        return _passage(text, *found[0])
    if found:
        places = "; ".join(f"char={start},{end} (“…{_around(text, start, end)}…”)" for start, end in found)
        raise CitingError(f"these words occur {len(found)} times; give more of them. They occur at {places}")
    from rapidfuzz import fuzz  # noqa: PLC0415  # see `api.nearest`: what serves imports this module too

    match = fuzz.partial_ratio_alignment(words.lower(), text.lower(), score_cutoff=70)
    if match is None:
        raise CitingError("these words do not occur in the text, nor anything similar")
    start, end = _whole_words(text, match.dest_start, match.dest_end)
    raise CitingError(
        f"these words do not occur in the text; the nearest passage is at char={start},{end}: “{' '.join(text[start:end].split())}”"
    )


def _loose(word: str) -> str:
    return "".join("['’‘]" if char in "'’‘" else '["“”]' if char in '"“”' else re.escape(char) for char in word)


def _around(text: str, start: int, end: int) -> str:
    return " ".join(text[max(0, start - 25) : end + 25].split())


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def _passage(text: str, start: int, end: int) -> Passage:
    return Passage(f"char={start},{end}", digest(text[start:end]), text[start:end])


def text_of(source: Seed, texts: Path) -> str:
    """The normalised text of a source.

    Raises:
        CitingError: the folder has no text of the source's SHA-256.
    """
    found = by_sha256(texts).get(source.data["sha256"] or "")
    if found is None:
        why = (
            "has no sha256"
            if not source.data["sha256"]
            else f"has the sha256 {source.data['sha256'][:16]}…, but no text in {texts} does"
        )
        raise CitingError(
            f"{source.subject} {why}. Texts found: {', '.join(key[:16] + '…' for key in by_sha256(texts)) or 'none'}"
        )
    return found


def verify(seeds: Seeds, texts: Path) -> Iterator[str]:
    """One sentence for each selector, digest or length that does not match the texts."""
    read: dict[str, str] = {}
    for source in seeds.of("sources").values():
        try:
            read[source.id] = text_of(source, texts)
        except CitingError as error:
            yield f"{error}."
            continue
        if source.data["length"] != len(read[source.id]):
            said = f"{source.subject}: length: expected {source.data['length']}, but the text has {len(read[source.id])} characters."
            yield str(fault_at(source.place / "length", said))
    for subject in seeds.all():
        for cited in subject.parts.get("evidence", ()):
            text = read.get(cited.data["source"].id)
            if text is not None:
                yield from _verify(subject, cited, text)


def _verify(subject: Seed, cited: Seed, text: str) -> Iterator[str]:
    source, selector, given = cited.data["source"].id, cited.data["selector"], cited.data["digest"]

    def told(field: str | None, what: str) -> str:
        place, name = (cited.place / field, f"{field}: ") if field else (cited.place, "")
        return str(fault_at(place, f"{subject.subject}: evidence: {name}{what}."))

    if selector is None:
        yield told(None, f"has no selector for “{source}”; `positions cite` finds a selector and a digest")
        return
    start, end = span(selector)
    found = digest(text[start:end])
    if end > len(text):
        yield told("selector", f"expected {selector} in “{source}”, but its text ends at {len(text)}")
    elif given is None:
        yield told(None, f"has no digest for {selector} of “{source}”; the digest of that passage is {found}")
    elif found != given:
        reads = " ".join(text[start:end].split())[:80]
        yield told("digest", f"expected {given} at {selector} of “{source}”, found {found} (“{reads}”)")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of a source: its range of characters, the records that cite it, and the reasons if it was passed over."""

    number: int
    start: int
    end: int
    records: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def accounted(self) -> bool:
        return bool(self.records or self.reasons)


def coverage(seeds: Seeds, source: Seed, text: str) -> list[Paragraph]:
    """Each paragraph of a text (a line that is not blank) with the records or reasons that account for it."""
    cited = [
        (*span(one.data["selector"]), subject.subject)
        for subject in seeds.all()
        for one in subject.parts.get("evidence", ())
        if one.data["source"].id == source.id and one.data["selector"]
    ]
    passed = [(*span(one["selector"]), one["reason"]) for one in source.data["passed_over"]]
    found = []
    for number, match in enumerate(re.finditer(r"[^\n]*\S[^\n]*", text), 1):
        start, end = match.span()
        records = sorted({name for begin, until, name in cited if begin < end and until > start})
        reasons = dict.fromkeys(reason for begin, until, reason in passed if begin < end and until > start)
        found.append(Paragraph(number, start, end, tuple(records), tuple(reasons)))
    return found


def coverage_page(seeds: Seeds, texts: Path) -> str:
    """docs/coverage.md: each paragraph of each source, with the records that cite it or the reason why none does.

    Raises:
        CitingError: a text is missing, or a paragraph is not accounted for.
    """
    lines = [
        "# Coverage",
        "",
        "This page lists every paragraph of every source, with the records that cite it or the reason why none does. A paragraph",
        "is a line of the normalised text that is not blank. It is identified by its range of characters (RFC 5147), because the",
        "texts are not part of the project.",
        "",
        "Do not edit this page: `positions coverage --texts DIR` generates it.",
    ]
    missing = []
    for source in seeds.of("sources").values():
        text = text_of(source, texts)
        paragraphs = coverage(seeds, source, text)
        missing += [
            f"{source.id}, paragraph {one.number} (char={one.start},{one.end})"
            for one in paragraphs
            if not one.accounted
        ]
        lines += [
            "",
            f"## {source.id}",
            "",
            f"SHA-256 {sha256(text)}, {len(text)} characters.",
            "",
            "| paragraph | characters | cited by |",
            "|---|---|---|",
        ]
        for one in paragraphs:
            cited = ", ".join(f"`{name}`" for name in one.records) or f"none: {' '.join(one.reasons)}"
            lines.append(f"| {one.number} | {one.start}–{one.end} | {cited} |")
    if missing:
        raise CitingError(
            "not accounted for: "
            + "; ".join(missing)
            + ". Cite each one, or list it in passed_over of its source with a reason"
        )
    return "\n".join(lines) + "\n"
