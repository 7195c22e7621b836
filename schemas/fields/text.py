"""Text: prose, strings of a fixed form, addresses, and selectors of passages."""

import re
from typing import Any

from marshmallow import ValidationError

from schemas.fields.contract import Contract, JsonSchema, ListOf, Side, shown

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
SELECTOR = re.compile(r"char=([0-9]{1,9}),([0-9]{1,9})", re.ASCII)


def has_control(text: str) -> bool:
    """Whether a text holds a control character or half of a surrogate pair."""
    return _CONTROL.search(text) is not None


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
            raise ValidationError("must not be empty; leave the field out if there is nothing to say")
        if has_control(text):
            raise ValidationError("contains a control character")
        if len(text) > self.longest:
            raise ValidationError(f"has {len(text)} characters; at most {self.longest} are allowed")
        return text


class Strings(ListOf):
    """A list of short texts."""

    def __init__(self, description: str, **options: Any) -> None:
        super().__init__(Text(description, longest=300, required=True), description, **options)
        self.searched = True


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
            raise ValidationError(f"{shown(text)} is not {self.form}{self.hint(text)}")
        return text

    def hint(self, text: str) -> str:
        """The end of a sentence that suggests what was meant; empty if nothing is near."""
        return ""


class Link(Contract[str]):
    """A path within the service or an address on the web."""

    def shape(self, side: Side) -> JsonSchema:
        # Links that the service generates can be longer than a seed may hold.
        longest = {"maxLength": 2000} if side == "seed" else {}
        return {"type": "string", "format": "uri-reference", **longest}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, "an http or https address")
        if not re.fullmatch(r"https?://[\x21-\x7e]{1,1990}", text):
            raise ValidationError(f"{shown(text)} is not a valid http or https address")
        return text


class Selector(Contract[str]):
    """A character range of a text, as a fragment of RFC 5147: ``char=1043,1187``, counted in code points from 0, the end excluded."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "string", "pattern": f"^{SELECTOR.pattern}$", "maxLength": 30}

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text: str = self._expect(value, str, "a selector such as char=1043,1187")
        match = SELECTOR.fullmatch(text)
        if not match or int(match[1]) >= int(match[2]):
            raise ValidationError(
                f"{shown(text)} is not a valid selector; expected one such as char=1043,1187, the end after the start"
            )
        return text


def span(selector: str) -> tuple[int, int]:
    """The start and the end of the passage that a selector picks."""
    start, _, end = selector.removeprefix("char=").partition(",")
    return int(start), int(end)
