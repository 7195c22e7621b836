"""The fields of the contract. Each knows both of its sides: what a seed file may hold, and what an answer holds.

``load`` reads the seed side and is strict (marshmallow's own fields take ``1_0`` as ten and let a trailing line end through);
``dump`` writes the answer side. ``shape(side)`` is the JSON Schema of one side, for OpenAPI and for editors.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, NamedTuple, TypeVar

from marshmallow import Schema, ValidationError, fields

from schemas import dates
from schemas.vocabulary import Absence, Vocabulary

Side = Literal["seed", "answer"]
JsonSchema = dict[str, Any]

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
SLUG_LENGTH = 80
DERIVED_ID_LENGTH = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_DIGITS = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_SUBJECT = re.compile(rf"[a-z]+/{SLUG.pattern}", re.ASCII)
SELECTOR = re.compile(r"char=([0-9]{1,9}),([0-9]{1,9})", re.ASCII)


def has_control(text: str) -> bool:
    """Whether a text holds a control character or half of a surrogate pair."""
    return _CONTROL.search(text) is not None


class Ref(NamedTuple):
    """A reference that the loader has resolved: which record, and what it is called."""

    collection: str
    id: str
    name: str

    def as_answer(self) -> dict[str, str]:
        return {"id": self.id, "name": self.name, "href": href(self.collection, self.id)}


def href(collection: str, id: str) -> str:
    """The canonical path of a record."""
    return f"/v1/{collection}/{id}"


class Finding(str):
    """A message about a wrong value that also carries what was found and what is allowed; marshmallow passes it on untouched."""

    found: object
    allowed: list[str]

    @classmethod
    def of(cls, message: str, found: object, allowed: list[str]) -> "Finding":
        finding = cls(message)
        finding.found = found
        finding.allowed = allowed
        return finding


def not_allowed(message: str, found: object, allowed: list[str]) -> ValidationError:
    """The error for a value outside a closed set."""
    return ValidationError(Finding.of(message, found, allowed))


T = TypeVar("T")


class Contract(fields.Field[T]):
    """What every field of the contract has: a description, and whether it belongs to the record's tail (provenance, notes)."""

    def __init__(self, description: str, *, example: object = None, tail: bool = False, **options: Any) -> None:
        if not options.get("required") and not options.get("dump_only"):
            options.setdefault("load_default", None)
            options.setdefault("allow_none", True)
        super().__init__(metadata={"description": description}, **options)
        self.description = description
        self.example = example
        self.tail = tail

    def shape(self, side: Side) -> JsonSchema:
        """The JSON Schema of the value on one side, its being null left to the caller."""
        # Each field has its own; a metaclass of marshmallow's rules out ABC.
        raise NotImplementedError(type(self).__name__)

    def _expect(self, value: object, kind: type, what: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, kind):
            raise ValidationError(f"{_found(value)} is not {what}")
        return value


def _found(value: object) -> str:
    """A short rendering of what was found, for messages."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


class Text(Contract[str]):
    """Prose on one line: runs of white space, line ends included, become one space. ``searched`` text is found by ``q``."""

    def __init__(self, description: str, *, longest: int = 1000, searched: bool = True, **options: Any) -> None:
        super().__init__(description, **options)
        self.longest = longest
        self.searched = searched

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "minLength": 1, "maxLength": self.longest}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text = " ".join(self._expect(value, str, "text").split())
        if not text:
            raise ValidationError("is empty; leave the field out where there is nothing to say")
        if has_control(text):
            raise ValidationError("holds a control character")
        if len(text) > self.longest:
            raise ValidationError(f"has {len(text)} characters; at most {self.longest} are allowed")
        return text


class Pattern(Contract[str]):
    """A string of a fixed form, matched whole."""

    def __init__(self, description: str, *, pattern: str, form: str, longest: int, **options: Any) -> None:
        super().__init__(description, **options)
        self.pattern = re.compile(pattern, re.ASCII)
        self.form = form
        self.longest = longest

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "pattern": f"^{self.pattern.pattern}$", "maxLength": self.longest}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, self.form)
        if len(text) > self.longest or not self.pattern.fullmatch(text):
            raise ValidationError(f"{_found(text)} is not {self.form}{self.hint(text)}")
        return text

    def hint(self, text: str) -> str:
        """What may have been meant, as the end of a sentence, or nothing."""
        return ""


class Slug(Pattern):
    """The id of a record: lower-case words and digits joined by hyphens, beginning with a letter."""

    def __init__(self, description: str = "Unique within its collection, and never reused.", **options: Any) -> None:
        longest = options.pop("longest", SLUG_LENGTH)
        form = f"an id (lower-case letters and digits in words joined by single hyphens, a letter first, at most {longest} characters)"
        super().__init__(description, pattern=SLUG.pattern, form=form, longest=longest, **options)

    def hint(self, text: str) -> str:
        return _as_slug(text)


class DerivedId(Contract[str]):
    """The id of a record that the loader makes; longer than a slug, and never read from a seed."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "maxLength": DERIVED_ID_LENGTH}


class Link(Contract[str]):
    """A path within the service or an address on the web."""

    def shape(self, side: Side) -> JsonSchema:
        # What the service itself makes of a long address is longer than what a seed may hold.
        longest = {"maxLength": 2000} if side == "seed" else {}
        return {"type": "string", "format": "uri-reference", **longest}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, "an address")
        if not re.fullmatch(r"https?://[\x21-\x7e]{1,1990}", text):
            raise ValidationError(f"{_found(text)} is not an http or https address")
        return text


class Term(Contract[Vocabulary]):
    """A term of a closed vocabulary."""

    def __init__(self, vocabulary: type[Vocabulary], description: str | None = None, **options: Any) -> None:
        super().__init__(description or (vocabulary.__doc__ or "").strip(), **options)
        self.vocabulary = vocabulary

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "enum": [term.value for term in self.vocabulary]}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Vocabulary:
        try:
            return self.vocabulary.of(str(value))
        except ValueError:
            allowed = [term.value for term in self.vocabulary]
            raise not_allowed(f"{_found(value)} is not one of its terms", value, allowed) from None


class Integer(Contract[int]):
    """A whole number within bounds, written in ASCII digits alone."""

    def __init__(self, description: str, *, least: int = 0, most: int = 10**15 - 1, **options: Any) -> None:
        super().__init__(description, **options)
        self.least = least
        self.most = most

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "integer", "format": "int64", "minimum": self.least, "maximum": self.most}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> int:
        if isinstance(value, bool) or not (
            isinstance(value, int) or (isinstance(value, str) and _DIGITS.fullmatch(value))
        ):
            raise ValidationError(f"{_found(value)} is not a whole number; {self.least} to {self.most} are allowed")
        if not self.least <= int(value) <= self.most:
            raise ValidationError(f"{value} is out of range; {self.least} to {self.most} are allowed")
        return int(value)


class Number(Contract[float]):
    """A number that the service works out."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "number", "format": "double"}


class Flag(Contract[bool]):
    """True or false, and nothing that merely looks like it."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "boolean"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> bool:
        if value is True or value == "true":
            return True
        if value is False or value == "false":
            return False
        raise not_allowed(f"{_found(value)} is neither true nor false", value, ["true", "false"])


class EdtfDate(Contract[dates.Edtf]):
    """A date in EDTF level 1, served as given and as the days that bound it."""

    def shape(self, side: Side) -> JsonSchema:
        if side == "answer":
            return {"$ref": "#/components/schemas/Date"}
        return {
            "type": "string",
            "maxLength": 40,
            "examples": ["2024-02-13", "2024-01", "2023~", "2023/2024-01", "2025-11/..", "/2024"],
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> dates.Edtf:
        try:
            return dates.parse(
                str(value)
                if isinstance(value, int | date) and not isinstance(value, bool)
                else self._expect(value, str, "a date")
            )
        except ValueError as error:
            raise ValidationError(f"{_found(value)}: {error}") from error

    def _serialize(
        self, value: dates.Edtf | None, attr: str | None, obj: object, **kwargs: Any
    ) -> dict[str, str | None] | None:
        return None if value is None else date_answer(value)


def date_answer(value: dates.Edtf) -> dict[str, str | None]:
    """A date as the API serves it."""
    return {
        "edtf": value.text,
        "earliest": value.earliest.isoformat() if value.earliest else None,
        "latest": value.latest.isoformat() if value.latest else None,
        "precision": value.precision.value,
    }


class Day(Contract[date]):
    """One exact day, ``YYYY-MM-DD``."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "format": "date"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> date:
        text = str(value)
        if _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                pass
        raise ValidationError(f"{_found(value)} is not a day of the calendar, written YYYY-MM-DD")

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()


class Reference(Contract[Any]):
    """One record of a collection. ``holder``: it holds what the record claims (see the claim status)."""

    def __init__(self, collection: str, description: str, *, holder: bool = False, **options: Any) -> None:
        super().__init__(description, **options)
        self.collection = collection
        self.holder = holder

    def shape(self, side: Side) -> JsonSchema:
        if side == "answer":
            return {"$ref": "#/components/schemas/Reference"}
        return {
            "type": "string",
            "pattern": f"^{SLUG.pattern}$",
            "description": f"The id of one of the {self.collection}.",
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        return _slug(value)

    def _serialize(self, value: Ref | None, attr: str | None, obj: object, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else value.as_answer()


class References(Contract[Any]):
    """Any number of records of a collection, in the order given, none twice."""

    def __init__(self, collection: str, description: str, *, holder: bool = False, **options: Any) -> None:
        if not options.get("required") and not options.get("dump_only"):
            options.update(load_default=list, allow_none=False)
        super().__init__(description, **options)
        self.collection = collection
        self.holder = holder

    def shape(self, side: Side) -> JsonSchema:
        one = Reference.shape(self, side)  # type: ignore[arg-type]  # the two share what shape() reads
        return {"type": "array", "items": one, "maxItems": 1000, "uniqueItems": True}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> list[str]:
        ids = _each(self._expect(value, list, "a list"), _slug)
        if self.required and not ids:
            raise ValidationError("is empty; name at least one")
        _refuse_repeats(ids)
        return ids

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> list[dict[str, str]]:
        return [ref.as_answer() for ref in value or ()]


class Strings(Contract[list[str]]):
    """A list of short texts, none twice."""

    def __init__(self, description: str, **options: Any) -> None:
        if not options.get("dump_only"):
            options.update(load_default=list, allow_none=False)
        super().__init__(description, **options)
        self.searched = True
        self._one = Text(description, longest=300)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": self._one.shape(side), "maxItems": 1000, "uniqueItems": True}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> list[str]:
        texts = _each(self._expect(value, list, "a list"), self._one.deserialize)
        _refuse_repeats(texts)
        return texts


class Terms(Contract[list[Vocabulary]]):
    """A list of names out of a closed set given when the field is made."""

    def __init__(self, allowed: tuple[str, ...], description: str, **options: Any) -> None:
        options.update(load_default=list, allow_none=False)
        super().__init__(description, **options)
        self.allowed = list(allowed)

    def shape(self, side: Side) -> JsonSchema:
        return {
            "type": "array",
            "items": {"type": "string", "enum": self.allowed},
            "maxItems": len(self.allowed),
            "uniqueItems": True,
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        def one(item: object) -> str:
            if item not in self.allowed:
                raise not_allowed(f"{_found(item)} is not one of the names allowed here", item, self.allowed)
            return str(item)

        return _each(self._expect(value, list, "a list"), one)


class Piece(Contract[Any]):
    """A mapping of fields of its own inside a record."""

    def __init__(self, schema: type[Schema], description: str, **options: Any) -> None:
        super().__init__(description, **options)
        self.schema = schema
        self.nested = fields.Nested(schema)

    def shape(self, side: Side) -> JsonSchema:
        return {"$ref": f"#/components/schemas/{component(self.schema)}"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return self.nested.deserialize(self._expect(value, dict, "a mapping"))

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> Any:
        return self.nested._serialize(value, attr, obj)  # type: ignore[no-untyped-call]  # untyped in marshmallow


class Pieces(Piece):
    """A list of such mappings."""

    def __init__(self, schema: type[Schema], description: str, **options: Any) -> None:
        if not options.get("dump_only"):
            options.update(load_default=list, allow_none=False)
        super().__init__(schema, description, **options)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": super().shape(side), "maxItems": 10000}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return _each(self._expect(value, list, "a list"), self.nested.deserialize)

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> Any:
        return [self.nested._serialize(one, attr, obj) for one in value]  # type: ignore[no-untyped-call]


def component(schema: type[Schema]) -> str:
    """The name of a schema in the contract's components."""
    return schema.__name__.removesuffix("Schema")


class Subject(Contract[Any]):
    """Any record of any collection, written ``collection/id``."""

    def shape(self, side: Side) -> JsonSchema:
        if side == "answer":
            return {"$ref": "#/components/schemas/Subject"}
        return {"type": "string", "pattern": f"^{_SUBJECT.pattern}$"}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, "a record")
        if len(text) > DERIVED_ID_LENGTH or not _SUBJECT.fullmatch(text):
            raise ValidationError(f"{_found(text)} is not a record, written collection/id")
        return text

    def _serialize(self, value: Ref | None, attr: str | None, obj: object, **kwargs: Any) -> dict[str, str] | None:
        return None if value is None else {"collection": value.collection, **value.as_answer()}


class Subjects(Contract[Any]):
    """Any number of records of any collections, none twice."""

    def __init__(self, description: str) -> None:
        super().__init__(description, load_default=list, allow_none=False)
        self._one = Subject(description)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": self._one.shape(side), "maxItems": 1000, "uniqueItems": True}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> list[str]:
        subjects = _each(self._expect(value, list, "a list"), self._one.deserialize)
        _refuse_repeats(subjects)
        return subjects

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> Any:
        return [self._one._serialize(ref, attr, obj) for ref in value]


class Selector(Contract[str]):
    """A character range of a text, as a fragment of RFC 5147: ``char=1043,1187``, counted in code points from 0, the end excluded."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "pattern": f"^{SELECTOR.pattern}$", "maxLength": 30}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, "a selector")
        match = SELECTOR.fullmatch(text)
        if not match or int(match[1]) >= int(match[2]):
            raise ValidationError(f"{_found(text)} is not a selector such as char=1043,1187, its end after its start")
        return text


def span(selector: str) -> tuple[int, int]:
    """The start and the end of the passage that a selector picks."""
    start, _, end = selector.removeprefix("char=").partition(",")
    return int(start), int(end)


class Absent(Contract[dict[str, Absence]]):
    """For fields that are absent: why."""

    def __init__(self) -> None:
        description = "For each field that readers will look for and that is absent, the reason."
        super().__init__(description, load_default=dict, allow_none=False, tail=True)
        self._reason = Term(Absence)

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "object", "additionalProperties": self._reason.shape(side)}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        named = self._expect(value, dict, "a mapping of field names to reasons")
        found: dict[str, Absence] = {}
        errors: dict[str, Any] = {}
        for name, reason in named.items():
            try:
                found[str(name)] = Absence.of(self._reason.deserialize(reason))
            except ValidationError as error:
                errors[str(name)] = error.messages
        if errors:
            raise ValidationError(errors)
        return found


class Parts(Contract[list[Any]]):
    """Records of another collection written inside this one; ``subject_field`` is their field that then names this record."""

    def __init__(self, collection: str, parent: str, description: str, **options: Any) -> None:
        if not options.get("required"):
            options.update(load_default=list, allow_none=False)
        super().__init__(description, load_only=True, **options)
        self.collection = collection
        self.subject_field = parent

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": {"$ref": f"#/$defs/{self.collection}"}}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> Any:
        return self._expect(value, list, "a list of records")


def _slug(value: object) -> str:
    if not isinstance(value, str) or len(value) > SLUG_LENGTH or not SLUG.fullmatch(value):
        raise ValidationError(f"{_found(value)} is not an id{_as_slug(value)}")
    return value


def _as_slug(value: object) -> str:
    """How a name would be written as an id, as the end of a sentence, or nothing."""
    slug = "-".join(re.findall(r"[a-z0-9]+", str(value).lower())) if isinstance(value, str) and value.isascii() else ""
    return f"; did you mean “{slug}”?" if len(slug) <= SLUG_LENGTH and SLUG.fullmatch(slug) else ""


def _each(items: list[Any], read: Any) -> list[Any]:
    """Read every item, and report every one that is wrong under its index."""
    found, errors = [], {}
    for index, item in enumerate(items):
        try:
            found.append(read(item))
        except ValidationError as error:
            errors[index] = error.messages
    if errors:
        raise ValidationError(errors)
    return found


def _refuse_repeats(items: list[str]) -> None:
    for index, item in enumerate(items):
        if item in items[:index]:
            raise ValidationError(f"names “{item}” twice")
