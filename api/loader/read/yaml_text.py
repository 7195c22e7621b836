"""YAML: from the text of a file to plain values, or to nodes, which know their places."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from api.loader.faults import Fault, Unreadable
from api.loader.read.yaml_errors import cause

try:
    from yaml import CSafeLoader as Parser
except ImportError:  # a build of PyYAML without its C part
    from yaml import SafeLoader as Parser  # type: ignore[assignment]

DEPTH = 100
UTF16 = (BOM_UTF16_LE, BOM_UTF16_BE)
IS_UTF16 = "is encoded in UTF-16 or UTF-32; save it as UTF-8"
YAML_LIMIT = 16 * 2**20
_BRACKET = re.compile(r"[\[\]{}]")
_INDENT = re.compile(r"^[ ?:-]+", re.MULTILINE)
_TAG = re.compile(r"!\S*")
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+")
_MERGE = "<<"
#: A comment that is more likely meant as text: “the #1 demand”. Whoever means a comment writes a space after the sign.
_GLUED_COMMENT = re.compile(r"(?<=\S)[ \t]+#(?![\s#!])")
_NULLS = ("", "~", "null")


def whole(path: Path, kind: type[list[Any] | dict[str, Any]], expected: str, *, empty: str) -> Any:
    """The value that a file holds: a list or a mapping.

    Args:
        expected: how the message begins if the file holds another kind of value.
        empty: what the message advises if the file is empty.

    Raises:
        Unreadable: the file cannot be read, is not YAML, repeats a key, or holds something else.
    """
    text = text_of(path)
    if type(value := plain(text)) is kind and not _GLUED_COMMENT.search(text):
        return value
    node = composed(path, text)
    if node is None:
        raise Unreadable(Fault.of_file(path, f"is empty; {empty}"))
    if not isinstance(node, yaml.SequenceNode if kind is list else yaml.MappingNode):
        raise Unreadable(Fault(str(path), *start_of(node), f"{expected}, found {_kind(node)}"))
    faults = list(_unwanted(path, text))
    value = _values(node, path, set(), faults)
    if faults:
        raise Unreadable(*faults)
    return value


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    return "a list" if isinstance(node, yaml.SequenceNode) else "a single value"


def text_of(path: Path) -> str:
    """The text of a file.

    Raises:
        Unreadable: it cannot be read, is too large for YAML, or is not UTF-8.
    """
    try:
        if path.suffix == ".yaml" and path.stat().st_size > YAML_LIMIT:
            size = path.stat().st_size / 2**20
            raise Unreadable(
                Fault.of_file(
                    path,
                    f"has {size:.0f} MB; a YAML file may have at most {YAML_LIMIT // 2**20} MB. "
                    f"Split it into a folder {path.stem}/ of smaller files, or use JSON Lines ({path.stem}.jsonl)",
                )
            )
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(Fault.of_file(path, f"cannot be read: {error.strerror}")) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise Unreadable(Fault(str(path), line, column, no_text(content, error))) from error


def no_text(content: bytes, error: UnicodeDecodeError) -> str:
    """What to say of bytes that are not UTF-8."""
    if content.startswith(UTF16):
        return IS_UTF16
    return f"is not valid UTF-8: the byte 0x{content[error.start]:02x} cannot be decoded; save the file as UTF-8"


def plain(text: str) -> Any:
    """The plain values of a YAML text, made of the parser's events, which is five times as fast as composing its nodes; None if
    it is not, or may not be, one document of plain values; composing it then gives the fault, or the same values.
    """
    parser = None
    top: Any = []
    here, key, named = top, None, False
    above: list[tuple[Any, bool]] = []
    try:
        parser = Parser(text)
        while event := parser.get_event():
            if isinstance(event, yaml.ScalarEvent):
                value: Any = event.value
                if (
                    event.tag is not None
                    or event.anchor is not None
                    or (named and key is None and (value in here or value == _MERGE))
                ):
                    return None
                if named and key is None:
                    key = value
                    continue
                if not event.style and value in _NULLS:
                    value = None
            elif isinstance(event, yaml.CollectionStartEvent):
                tagged = event.tag is not None or event.anchor is not None
                if tagged or (named and key is None) or len(above) == DEPTH:
                    return None
                value = {} if isinstance(event, yaml.MappingStartEvent) else []
                above.append((here, named))
            elif isinstance(event, yaml.CollectionEndEvent):
                here, named = above.pop()
                key = None
                continue
            elif isinstance(event, yaml.AliasEvent) or (isinstance(event, yaml.DocumentStartEvent) and top):
                return None
            else:
                continue
            if named:
                here[key] = value
                key = None
            else:
                here.append(value)
            if type(value) is dict or type(value) is list:
                here, named = value, type(value) is dict
    except yaml.YAMLError:
        return None
    finally:
        if parser is not None:
            parser.dispose()
    return top[0] if top else None


def composed(path: Path, text: str) -> yaml.Node | None:
    """The nodes of a YAML text; None where it is empty.

    Raises:
        Unreadable: it is not YAML, or nested too deep.
    """
    loader = None
    try:
        _refuse_deep(path, text)
        loader = Parser(text)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        at, said = cause(error, text)
        raise Unreadable(Fault(str(path), *_place(text, at), f"is not valid YAML: {said}")) from error
    except yaml.reader.ReaderError as error:
        what = f"is not valid YAML: it contains the control character U+{error.character:04X}"
        raise Unreadable(Fault(str(path), *_place(text, text.find(chr(error.character))), what)) from error
    finally:
        if loader is not None:
            loader.dispose()


def _place(text: str, at: int) -> tuple[int, int]:
    """The line and the column, counted from 1, of a place in a text, counted from 0."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def composed_line(line: str) -> yaml.Node | None:
    """The nodes of a line of JSON, which is YAML too; None where it cannot be read."""
    try:
        return yaml.compose(line, Loader=Parser)
    except (yaml.YAMLError, RecursionError):
        return None


def _refuse_deep(path: Path, text: str) -> None:
    """PyYAML composes by recursion, and its C part by recursion that nothing bounds: too deep a file would end the process."""
    flow = deepest = 0
    for found in _BRACKET.finditer(text):
        flow = flow + 1 if found[0] in "[{" else max(0, flow - 1)
        deepest = max(deepest, flow)
    indented = max((len(found[0]) for found in _INDENT.finditer(text)), default=0)
    if deepest + indented <= DEPTH:  # it cannot be deeper, whatever of this stands in texts
        return
    depth = 0
    for event in yaml.parse(text, Loader=Parser):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH:
                start = event.start_mark
                place = (start.line + 1, start.column + 1) if start else (0, 0)
                raise Unreadable(Fault(str(path), *place, f"is nested more than {DEPTH} levels deep"))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _unwanted(path: Path, text: str) -> Iterator[Fault]:
    """The parts of YAML that seeds do not allow, so that each record can be read by itself: tags, anchors and aliases; and text that
    YAML takes for a comment.
    """
    for event in yaml.parse(text, Loader=Parser):
        if not isinstance(event, yaml.NodeEvent) or not event.start_mark:
            continue
        at = event.start_mark.index
        if isinstance(event, yaml.AliasEvent):
            what = f"is the alias *{event.anchor}; aliases are not allowed in seeds: write out the value here"
            yield Fault(str(path), *_place(text, at), what)
        elif event.anchor is not None:
            yield _property(path, text, at, "anchor", _ANCHOR, "&")
        if getattr(event, "tag", None) is not None:
            yield _property(path, text, at, "tag", _TAG, "!")
        is_plain = isinstance(event, yaml.ScalarEvent) and not event.style and event.value
        if is_plain and event.end_mark and (lost := _GLUED_COMMENT.match(text, event.end_mark.index)):
            what = "begins a comment, which cuts the text off; quote the text, or write “# ” before a comment"
            yield Fault(str(path), *_place(text, lost.end() - 1), what)


def _property(path: Path, text: str, at: int, kind: str, form: re.Pattern[str], mark: str) -> Fault:
    """The fault that a value has an anchor or a tag."""
    found = form.search(text, at)
    what = f"is the {kind} {found[0]}" if found else f"has a {kind}"
    told = f"{what}; {kind}s are not allowed in seeds: leave it out, or quote text that begins with {mark}"
    return Fault(str(path), *_place(text, found.start() if found else at), told)


def _values(node: yaml.Node, path: Path, seen: set[int], faults: list[Fault]) -> Any:
    """The plain values of nodes, as `plain` gives them. What is wrong with them is added to ``faults``."""
    if id(node) in seen:  # by an alias, which is reported already
        return None
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return None if not node.style and node.value in _NULLS else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_values(item, path, seen, faults) for item in node.value]
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            faults.append(Fault(str(path), *start_of(key), "is not a field name"))
        elif key.value == _MERGE and not key.style:
            what = f"is the merge key {_MERGE}; merge keys are not allowed in seeds: write out the fields here"
            faults.append(Fault(str(path), *start_of(key), what))
        elif key.value in found:
            faults.append(
                Fault(
                    str(path),
                    *start_of(key),
                    f"repeats the key “{key.value}”; each key is allowed only once in a mapping",
                )
            )
        else:
            found[key.value] = _values(value, path, seen, faults)
    return found


def start_of(node: yaml.Node) -> tuple[int, int]:
    """The line and the column at which a node begins, counted from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1
