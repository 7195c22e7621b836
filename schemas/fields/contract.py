"""The base classes of fields and of lists of values, and the errors for wrong values."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from marshmallow import ValidationError, fields

Side = Literal["seed", "answer"]
JsonSchema = dict[str, Any]
T = TypeVar("T")


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


def shown(value: object) -> str:
    """A short rendering of a value for messages; invisible characters appear as their code points."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    seen = "".join(sign if sign.isprintable() else f"<U+{ord(sign):04X}>" for sign in text[:60])
    return f"“{seen}…”" if len(text) > 60 else f"“{seen}”"


class Contract(fields.Field[T], ABC):
    """A field with a description.

    A field that is neither required nor made by the service may be left out or null.

    Args:
        title: its label for readers, if its name with spaces for underscores is not clear enough.
        tail: whether it comes after the others, with provenance and notes.
        later: whether it was added after the columns of the flat table were promised, so that its columns come last.
        bearable: whether one piece of evidence may establish it on its own, after the record itself was known; it is null until then.
    """

    def __init__(
        self,
        description: str,
        *,
        title: str | None = None,
        tail: bool = False,
        later: bool = False,
        bearable: bool = False,
        **options: Any,
    ) -> None:
        if not options.get("required") and not options.get("dump_only"):
            options.setdefault("load_default", None)
            options.setdefault("allow_none", True)
        super().__init__(metadata={"description": description}, **options)
        if bearable and not self.allow_none:
            raise TypeError(
                f"{description} A bearable field is null until its evidence is known, so it must be allowed to be"
            )
        self.description = description
        self.title = title
        self.tail = tail
        self.later = later
        self.bearable = bearable

    @abstractmethod
    def shape(self, side: Side) -> JsonSchema:
        """The JSON Schema of the value on one side. The caller adds null if the field may be null."""

    def _expect(self, value: object, kind: type, what: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, kind):
            raise ValidationError(f"expected {what}, found {shown(value)}")
        return value


class ListOf(Contract[list[Any]]):
    """Any number of distinct values in the order given, each read and written by the field ``one``; empty if left out."""

    def __init__(self, one: Contract[Any], description: str, *, most: int = 1000, **options: Any) -> None:
        if not options.get("required") and not options.get("dump_only"):
            options.update(load_default=list, allow_none=False)
        super().__init__(description, **options)
        self.one = one
        self.most = most

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "array", "items": self.one.shape(side), "maxItems": self.most, "uniqueItems": True}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> list[Any]:
        found = each(self._expect(value, list, "a list"), self.one.deserialize)
        if self.required and not found:
            raise ValidationError("must have at least one value")
        for index, item in enumerate(found):
            if item in found[:index]:
                raise ValidationError(f"lists “{item}” twice")
        return found

    def _serialize(self, value: Any, attr: str | None, obj: object, **kwargs: Any) -> list[Any]:
        return [self.one._serialize(item, attr, obj) for item in value or ()]


def each(items: list[Any], read: Callable[[Any], Any]) -> list[Any]:
    """Read every item.

    Raises:
        ValidationError: with the messages of every wrong item, by its index.
    """
    found, errors = [], {}
    for index, item in enumerate(items):
        try:
            found.append(read(item))
        except ValidationError as error:
            errors[index] = error.messages
    if errors:
        raise ValidationError(errors)
    return found
