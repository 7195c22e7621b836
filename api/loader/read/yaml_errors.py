"""Why a text is not YAML, and what to do about it: at the place of the cause, which is often before the place where the parser
fails.
"""

import re

import yaml

_JOINED = re.compile(r" *(?:- +)*\w+:(?![ \t\r\n/]|\Z)")
_FIELD = re.compile(r"( *(?:- +)*)(\w+):(?=[ \t\r\n]|\Z)")
_DASHED = re.compile(r" *-(?=\w)")
#: As Git writes them: seven signs at the beginning of a line, and the name of what is merged.
_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
_PLAIN = "text without quotation marks; quote the text"
#: What either parser says of a text that begins with a character that has a meaning of its own.
_BEGINNING = (
    "cannot start any token",
    "expected alphabetic or numeric character",
    "expected node content",
    "expected the node content",
    "found undefined tag handle",
    "expected comment or line break",
    "expected a comment or a line break",
)


def cause(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """Where in a text the cause of an error stands, counted in characters from 0, and what is wrong there."""
    said, context = error.problem or error.context or "", error.context or ""
    failed = error.problem_mark or error.context_mark
    at = failed.index if failed else 0
    if conflict := _CONFLICT.search(text):
        return conflict.start(), "a Git merge conflict begins here; resolve it"
    opened = error.context_mark.index if error.context_mark else at
    if "mapping values are not allowed" in said:
        return _colon(text, at)
    if "could not find expected ':'" in said:
        word = re.split("[ \t\r\n]", text[opened:], maxsplit=1)[0]
        colonless = f"“{word}” has no colon; write a field as “name: value”"
        return _joined(text, _line(text, opened)) or (opened, colonless)
    if "tab character" in said or text[at : at + 1] == "\t":
        return at, "the indentation contains a tab; indent with spaces"
    if "found undefined alias" in said:
        return opened, f"“*” cannot begin {_PLAIN}; if you meant an alias, aliases are not allowed in seeds"
    if any(one in said for one in _BEGINNING) and opened < len(text):
        return opened, f"“{text[opened]}” cannot begin {_PLAIN}"
    if "found another document" in said:
        return at, "a second document begins here; a file must contain only one, so remove the line ---"
    if "quoted scalar" in context and "end of stream" in said:
        return opened, f"the quotation mark {text[opened]} that opens here is never closed"
    if "unknown escape character" in said:
        return (
            at,
            "a backslash has a special meaning in double quotation marks; use single quotation marks",
        )
    if "expected ',' or" in said:
        return (
            opened,
            f"the “{text[opened]}” that opens here is never closed; close it, or quote the text",
        )
    if "expected key" in said or "expected <block end>" in said or "'-' indicator" in said:
        return _going_on(text, at)
    return at, said


def _line(text: str, at: int) -> int:
    """Where the line of a place begins."""
    return text.rfind("\n", 0, at) + 1


def _colon(text: str, at: int) -> tuple[int, str]:
    """A colon that no field's name can stand before: within a text, or in one that continues from the line above."""
    line = _line(text, at)
    if ": " in text[line:at]:
        return at, f"a colon followed by a space is not allowed in {_PLAIN}"
    above = _line(text, max(line - 1, 0))
    return (
        _joined(text, above)
        or _joined(text, line)
        or _deeper(text, line)
        or (at, f"a colon is not allowed in {_PLAIN}, or indent this line like the other fields")
    )


def _deeper(text: str, line: int) -> tuple[int, str] | None:
    """A field in the line that begins at a place, which is read as part of the text above; None where the line is no field."""
    field = _FIELD.match(text, line)
    if field is None or (above := _field_above(text, line)) is None:
        return None
    place, deep = field.start(2), len(field[1])
    mended = f"indent it by {len(above[1])} like “{above[2]}”, or quote the text if it is part of it"
    return place, f"“{field[2]}” is indented by {deep} spaces and so belongs to the text above it; {mended}"


def _field_above(text: str, line: int) -> re.Match[str] | None:
    """The nearest field above the line that begins at a place."""
    while line > 0:
        line = _line(text, line - 1)
        if field := _FIELD.match(text, line):
            return field
    return None


def _joined(text: str, line: int) -> tuple[int, str] | None:
    """A colon or a dash without the space that makes it one, in the line that begins at a place; None where there is none."""
    if found := _DASHED.match(text, line):
        return found.end(), "a space is missing after the dash that begins a record; write “- id: …”"
    if found := _JOINED.match(text, line):
        name, behind = found[0].strip(" -:"), text[found.end()]
        if behind.isspace():
            code = f"U+{ord(behind):04X}"
            return found.end(), f"the colon after “{name}” is followed by {code} instead of a space; write “{name}: …”"
        return found.end(), f"a space is missing after the colon of “{name}”; write “{name}: …”"
    return None


def _going_on(text: str, at: int) -> tuple[int, str]:
    """What follows a value that has ended: text after its closing quotation mark, or a line indented wrongly."""
    before = text[_line(text, at) : at].strip(" -")
    if not before:
        line = _line(text, at)
        indented = "this line is not indented like the other fields or records"
        if text[at] != "-" and (above := _field_above(text, line)):
            indented += f"; it is indented by {at - line}, “{above[2]}” above it by {len(above[1])}"
        return _joined(text, line) or (at, indented)
    quoted = 0
    # The same parser, since the other may stumble earlier.
    for token in yaml.scan(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if token.start_mark.index >= at:
            break
        quoted = token.start_mark.index if isinstance(token, yaml.ScalarToken) and token.style else 0
    if not quoted:
        return at, f"text cannot continue after “{before[-1]}”; quote the whole text"
    mark = text[quoted]
    again = "write it twice" if mark == "'" else "write a backslash before it"
    closed = text.count("\n", 0, at) + 1
    what = f"the quotation mark {mark} that opens here is closed on line {closed}, but text follows it"
    return quoted, f"{what}; to use it inside the text, {again}"
