"""Query parameters: declared as marshmallow schemas and read strictly; one error reports all that are wrong.

A list parameter may be repeated or hold several values separated by commas; ``*`` and the empty value mean no filter.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, missing
from marshmallow.fields import Field
from werkzeug.datastructures import MultiDict

from api.filters import Filter
from api.models import Process, Recorded
from api.problems import Wrong, did_you_mean, invalid
from api.resource import Resource
from api.search import BEGINNING, LEAST_LETTERS, WORD
from schemas.fields import (
    DERIVED_ID_LENGTH,
    SLUG_LENGTH,
    Choice,
    Contract,
    Day,
    Finding,
    Integer,
    JsonSchema,
    Side,
    Slug,
    Term,
    day_hint,
    id_meant,
    slug,
)
from schemas.fields.contract import shown
from schemas.record import Mapping
from schemas.vocabulary import ClaimStatus, Mode

#: With fewer digits, a year, a date without hyphens or a number of seconds would be read as a day of early 1970.
_MILLISECONDS = re.compile(r"0|[0-9]{11,14}|-[0-9]{11,13}", re.ASCII)
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]{5,30}(Z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII)
_LEAP_SECOND = re.compile(r"(T[0-9]{2}:[0-9]{2}):60", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FREE_LENGTH = 300
#: The parameters that decide how a flat table is written, not what is in it.
WRITING = ("format", "bom", "columns")
_OTHER_SEPARATOR = re.compile(r"\s*[;|]\s*")
#: The names that other services give to the parameters of this one, in small letters, without other signs: ``$top`` is ``top``.
_ELSEWHERE = {
    "after": (
        "cursor",
        "offset",
        "page",
        "pageafter",
        "pagenumber",
        "pageoffset",
        "pagetoken",
        "skip",
        "start",
        "startingafter",
    ),
    "as_of": ("at", "date", "day"),
    "columns": ("attributes", "cols", "field", "fieldnames", "fields", "fl", "properties", "select"),
    "format": ("output", "outputformat", "responseformat"),
    "from": ("begin", "datefrom", "fromdate", "since", "start", "startdate"),
    "limit": ("count", "first", "max", "maxresults", "pagelimit", "pagesize", "perpage", "rows", "size", "take", "top"),
    "q": ("keyword", "keywords", "query", "search", "term", "text"),
    "sort": ("order", "orderby", "ordering", "sortby"),
    "to": ("asof", "dateto", "end", "enddate", "todate", "until"),
}
#: The formats of flat tables that take a parameter, if not all do.
_OF_TABLES = {"bom": "CSV", "columns": "CSV or JSON Lines (.ndjson)"}
#: The character that replaces bytes that are not UTF-8.
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
#: The pattern in the contract of a text without it.
READABLE = r"^[^\ufffd]*$"
NO_UTF8 = "bytes that are not UTF-8; percent-encoded text must be UTF-8 (é is %C3%A9)"


class AnyOf(Contract[tuple[str, ...]]):
    """Any number of values, each read by the field ``one``, or as free text on one line if that is None.

    ``refers_to`` is the model that values are ids of, or the filter that they are keys of; None if they refer to nothing. ``least`` and
    ``most`` are how many there must be; with a ``least`` the parameter is required.
    """

    def __init__(
        self,
        one: Contract[Any] | None,
        description: str,
        refers_to: type[Recorded] | Filter | None = None,
        *,
        least: int = 0,
        most: int = 100,
    ) -> None:
        given: dict[str, Any] = {"required": True} if least else {"load_default": ()}
        super().__init__(description, allow_none=False, **given)
        self.least, self.most = least, most
        self.one = one
        self.refers_to = refers_to
        if isinstance(one, Slug) and isinstance(refers_to, type):
            one.collection = refers_to.__tablename__  # type: ignore[attr-defined]  # every mapped class has one

    def shape(self, side: Side) -> JsonSchema:
        if self.least and self.one is not None:
            bounds = {"minItems": self.least, "maxItems": self.most, "uniqueItems": True}
            return {"type": "array", "items": self.one.shape("seed"), **bounds}
        return {"type": "array", "items": _item(self.one), "maxItems": self.most, "not": _STAR_AMONG}

    def _deserialize(self, value: Any, attr: str | None, data: object, **kwargs: Any) -> tuple[str, ...]:
        values = [one for text in value for one in text.split(",")]
        if len(values) > self.most:
            raise ValidationError(f"has {len(values)} values; at most {self.most} are allowed.")
        if "*" in values and len(values) > 1:
            raise ValidationError("“*” means no filter and cannot be combined with other values.")
        given = [value for value in dict.fromkeys(values) if value not in ("", "*")]
        if len(given) < self.least:
            raise ValidationError(
                f"has {len(given) or 'no'} value{'s' * (len(given) != 1)}; at least {self.least} are required."
            )
        found: list[str] = []
        wrong: list[Any] = []
        for one in given:
            try:
                found.append(self._read(one))
            except ValidationError as error:
                parts = _OTHER_SEPARATOR.split(one)
                told = f"{shown(one)} is a single value; separate several values with commas: {','.join(parts)[:200]}"
                wrong += error.messages if len(parts) == 1 else [told]
                # The id that was meant may name nothing either: the same answer says so (see `read`).
                if len(parts) == 1 and isinstance(self.one, Slug):
                    found += [id for id in (id_meant(one, self.one.collection) or _name(one),) if id]
        if wrong:
            raise ValidationError(wrong, valid_data=list(dict.fromkeys(found)))
        return tuple(found)

    def _read(self, text: str) -> str:
        if self.one is not None:
            return str(self.one.deserialize(text))
        if len(text) > _FREE_LENGTH:
            raise ValidationError(f"contains a value of {len(text)} characters; at most {_FREE_LENGTH} are allowed.")
        if _CONTROL.search(text):
            raise ValidationError("contains a control character.")
        return text


def _name(text: str) -> str:
    """A text that is no id but may be another name of a record, such as its name in another alphabet; empty if it cannot be."""
    return (
        text if not text.isascii() and len(text) <= SLUG_LENGTH and slug(text) == text.lower().replace(" ", "-") else ""
    )


class Columns(AnyOf):
    """Columns of a table, in the requested order. ``names`` are all its columns; empty if they depend on other parameters."""

    def __init__(self, names: tuple[str, ...]) -> None:
        told = "" if names else " The available columns depend on the other parameters."
        one = Choice(names, "Column.") if names else None
        super().__init__(one, f"Return only these columns of the flat table, in this order; all by default.{told}")

    def shape(self, side: Side) -> JsonSchema:
        return {**super().shape(side), "uniqueItems": True}

    def _deserialize(self, value: Any, attr: str | None, data: object, **kwargs: Any) -> tuple[str, ...]:
        named = Counter(one for text in value for one in text.split(",") if one)
        wrong: list[Any] = [
            f"{shown(one)} is listed {times} times; list it once." for one, times in named.items() if times > 1
        ]
        found: tuple[str, ...] = ()
        try:
            found = super()._deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            wrong = [*error.messages, *wrong]
        if wrong:
            raise ValidationError(wrong)
        return found


class Behind(Slug):
    """The id of the record after which a page begins."""

    def __init__(self, resource: Resource, description: str | None = None) -> None:
        about = "Start the page after the record with this id (`page.next` of the page before)."
        super().__init__(description or about, longest=SLUG_LENGTH if resource.seeded else DERIVED_ID_LENGTH)
        self.resource = resource


#: ``*`` means no filter, so it cannot be combined with other values.
_STAR_AMONG: JsonSchema = {"contains": {"const": "*"}, "minItems": 2}


def _item(one: Contract[Any] | None) -> JsonSchema:
    """The shape of one value of a list parameter. ``*`` and the empty value are allowed beside the terms."""
    if one is None:
        return {"type": "string", "pattern": r"^[^,\u0000-\u001f\u007f-\u009f\ufffd]*$", "maxLength": _FREE_LENGTH}
    shape = one.shape("seed")
    if "enum" in shape:
        return {**shape, "enum": [*shape["enum"], "*", ""]}
    return {"type": "string", "pattern": rf"^({Slug().pattern.pattern}|\*)?$", "maxLength": shape["maxLength"]}


class Moment(Contract[date]):
    """A day, given as a date, a date-time or milliseconds since 1970 (as dashboards send them).

    Milliseconds and date-times with an offset are converted to their day in UTC.
    """

    def __init__(self, description: str) -> None:
        super().__init__(
            f"{description} A date, a date-time or milliseconds since 1970. Milliseconds, and date-times with an offset, stand for "
            "their day in UTC."
        )

    def shape(self, side: Side) -> JsonSchema:
        return {
            "type": "string",
            "maxLength": 60,
            "anyOf": [
                {"format": "date"},
                {"format": "date-time"},
                {"pattern": rf"^({_MILLISECONDS.pattern})$"},
                {"maxLength": 0},
            ],
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> date:
        text = _LEAP_SECOND.sub(r"\1:59", str(value).upper())  # RFC 3339 allows small letters and leap seconds
        try:
            if _MILLISECONDS.fullmatch(text):
                return datetime.fromtimestamp(int(text) / 1000, UTC).date()
            if match := _MOMENT.fullmatch(text):
                return _day(datetime.fromisoformat(text)) if match[2] else date.fromisoformat(text)
        except (ValueError, OverflowError, OSError):
            pass
        raise ValidationError(
            f"“{str(value)[:60]}” is not a valid time; expected a date (2024-02-13), a date-time (2024-02-13T00:00:00Z) "
            f"or milliseconds since 1970 (0, or at least 11 digits){day_hint(text)}"
        )


def _day(moment: datetime) -> date:
    """The day in UTC; without an offset, or if UTC's day would be outside the calendar, the day as written."""
    with suppress(OverflowError):
        return moment.astimezone(UTC).date() if moment.tzinfo else moment.date()
    return moment.date()


class Words(Contract[str]):
    """Words to search for."""

    def __init__(self, description: str, **options: Any) -> None:
        how = (
            f"A word that ends in `*` matches all words that begin with it, and needs at least {LEAST_LETTERS} letters: `russi*`. "
            "Order and quotation marks make no difference."
        )
        super().__init__(f"{description} {how}", **options)

    def shape(self, side: Side) -> JsonSchema:
        # No portable pattern distinguishes letters from signs in every alphabet, so beyond ASCII it accepts every character.
        some = r"[^\u0000-\u001f\u007f-\u009f\ufffd]*"
        words = rf"{some}[^\u0000-/:-@\[-`{{-\u009f\ufffd]{some}"
        return {
            "type": "string",
            "pattern": rf"^{words}$" if self.required else rf"^( *\*? *|{words})$",
            "maxLength": 200,
        }

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: Any) -> str:
        text = str(value)
        if len(text) > 200:
            raise ValidationError(f"has {len(text)} characters; at most 200 are allowed.")
        if _CONTROL.search(text):
            raise ValidationError("contains a control character.")
        for begun in BEGINNING.findall(text):
            if len(begun) < LEAST_LETTERS:
                raise ValidationError(f"“{begun}*” is too short; “*” must follow at least {LEAST_LETTERS} letters.")
        text = text.strip()
        if not self.required and text in ("", "*"):
            return ""  # dashboards send these for a filter that is not set
        if text == "*":
            raise ValidationError(f"“*” is not a word; it must follow at least {LEAST_LETTERS} letters.")
        if not WORD.search(text):
            raise ValidationError(f"{shown(text)} contains no word; only letters and digits can be searched for.")
        return text


class Clock(Day):
    """The day of a clock. An empty value means that the clock is not set, since dashboards send it."""

    def shape(self, side: Side) -> JsonSchema:
        return {"anyOf": [super().shape(side), {"type": "string", "maxLength": 0}]}


CLOCKS: dict[str, Contract[Any]] = {
    "as_of": Clock("Only what may have been held on this day, or made or begun by then (valid time)."),
    "known_at": Clock("Use only evidence that the public could know on this day (knowledge time)."),
    "mode": AnyOf(Term(Mode), "Use only evidence of these modes."),
}
SPAN: dict[str, Contract[Any]] = {
    "from": Moment("Only what may fall on or after this day."),
    "to": Moment("Only what may fall on or before this day, which must not precede `from`."),
}
RELEASE = Slug("Answer only from this release; 410 if another is loaded.")
#: How many parties the history of gaps compares: its cost grows with their positions times the days on which these change.
MOST_COMPARED = 12


def query(**fields: Contract[Any]) -> Schema:
    """The schema of a query string. Each has `release`, which is a filter if ``fields`` has it, and otherwise pins the release."""
    declared: dict[str, Any] = {**fields, "release": fields.get("release", RELEASE)}
    return Mapping.from_dict(declared, name="Query")()


def of_filter(one: Filter) -> AnyOf:
    """The parameter of a filter."""
    if one.vocabulary:
        return AnyOf(Term(one.vocabulary), one.description)
    if one.references:
        return AnyOf(Slug(), one.description, one.references)
    return AnyOf(None, one.description, one)


@cache
def narrowing(resource: Resource) -> dict[str, Contract[Any]]:
    """The parameters that narrow a list of a resource: its filters, its clocks, and those that all lists have."""
    declared: dict[str, Contract[Any]] = {one.name: of_filter(one) for one in resource.filters}
    if "process" in resource.schema._declared_fields:
        uses = ", or that uses it if several share it" if resource.shared else ""
        declared["process"] = AnyOf(Slug(), f"The process it belongs to{uses}.", Process)
    declared.update({name: CLOCKS[name] for name in resource.model.clocks})
    if "as_of" in resource.model.clocks:
        declared["claim_status"] = AnyOf(
            Term(ClaimStatus), "How well the record is supported, by the evidence that counts."
        )
    if resource.model.dated:
        declared.update(SPAN)
    if resource.takes_words:
        declared["q"] = Words("Only records whose text contains each of these words, in any inflected form.")
    return declared


def paging(resource: Resource) -> dict[str, Contract[Any]]:
    """The parameters that sort a list and select a page of it."""
    orders = [name for sort in resource.sorts for name in (sort.name, f"-{sort.name}")]
    return {
        "sort": Choice(("id", "-id", *orders), "The sort order; `-` reverses it, and ties are ordered by id."),
        "limit": Integer("Records on a page; 50 by default.", least=1, most=200),
        "after": Behind(resource),
    }


def read(
    schema: Schema,
    arguments: "MultiDict[str, str]",
    unknown_in: Callable[[dict[str, Any]], Iterable[Wrong]] = lambda _found: (),
    elsewhere: Callable[[str], Iterable[str]] = lambda _name: (),
) -> dict[str, Any]:
    """Read a query string: the result is that of `Schema.load`, but the defaults are computed once per schema.

    Args:
        unknown_in: finds the values that name nothing. Called only if another parameter is wrong, so that one answer reports everything.
        elsewhere: the addresses that take an unknown parameter, by its name, if the same data are there too.

    Raises:
        Problem: 400, with every parameter that is wrong.
    """
    unset, required = _unset(schema)
    found = dict(unset)
    unknown: list[Wrong] = []
    wrong: dict[str, list[Any]] = {}
    for name, values in arguments.lists():
        declared = schema.fields.get(name)
        if declared is None:
            unknown.append(_unknown(name, values[0], sorted(schema.fields), elsewhere(name)))
        elif any(UNREADABLE in value for value in values):
            wrong[name] = [f"contains {NO_UTF8}."]
        elif isinstance(declared, AnyOf):
            _into(found, wrong, name, declared, values)
        elif len(values) > 1:
            wrong[name] = [f"is given {len(values)} times; it can be given only once."]
        elif values[0] != "" or not isinstance(declared, Words | Moment | Clock):
            _into(found, wrong, name, declared, values[0])
    wrong.update(
        (name, [_missing(schema.fields[name])]) for name in required if name not in found and name not in wrong
    )
    if (begin := found.get("from")) and (end := found.get("to")) and begin > end:
        wrong["from"] = [f"must not be after `to`: {begin} is after {end}."]
    if unknown or wrong:
        told = [
            explain(name, message, ",".join(arguments.getlist(name)))
            for name in schema.fields
            for message in wrong.get(name, ())
        ]
        raise invalid([*unknown, *told, *unknown_in(found)])
    return found


@cache
def _unset(schema: Schema) -> tuple[dict[str, Any], frozenset[str]]:
    """The default values of the parameters, and the names of the required ones."""
    # All requests share these values, so they must be immutable: a list parameter has a tuple.
    values = {name: one.load_default for name, one in schema.fields.items() if one.load_default is not missing}
    return values, frozenset(name for name, one in schema.fields.items() if one.required)


def _missing(declared: Field[Any]) -> str:
    """The message about a required parameter that is missing: what it is, and the allowed values if they are a closed set."""
    told = f"is required: {declared.metadata['description']}"
    one = declared.one if isinstance(declared, AnyOf) else declared
    allowed = one.shape("seed").get("enum", []) if isinstance(one, Contract) else []
    return Finding.of(f"{told} Allowed values", "", allowed) if allowed else told


def _into(found: dict[str, Any], wrong: dict[str, list[Any]], name: str, declared: Field[Any], value: Any) -> None:
    try:
        found[name] = declared.deserialize(value)
    except ValidationError as error:
        wrong[name] = list(error.messages)
        if error.valid_data:
            found[name] = tuple(error.valid_data)  # the values of a list parameter that are right


def _unknown(name: str, value: str, names: list[str], addresses: Iterable[str]) -> Wrong:
    instead = " or ".join(f"“{address}”" for address in addresses)
    if not name.strip():
        told = f"“={value[:60]}” has no parameter name."
    elif name in _OF_TABLES:
        told = f"applies only to a flat table as {_OF_TABLES[name]}{f'; use {instead}' if instead else ''}."
    elif instead:
        told = f"is not a parameter of a whole table, which has no pages; for a page, use {instead}."
    else:
        ours = _named_here(name)
        near = next((one for one in ours if one in names), name)
        told = f"unknown parameter.{did_you_mean(near, names)}"
        if near == name and (only := next((one for one in ours if one in _OF_TABLES), None)):
            told = f"unknown parameter. “{only}” does this, but applies only to a flat table as {_OF_TABLES[only]}."
    return Wrong(
        name[:80] if name.strip() else "", value[:200], f"{told} Known parameters: {', '.join(names)}.", tuple(names)
    )


def _named_here(name: str) -> list[str]:
    """The parameters that another service's name may stand for: ``pageSize``, ``$top``, ``fields[positions]``."""
    whole, before = (re.sub(r"[^a-z]", "", one) for one in (name.lower(), name.lower().partition("[")[0]))
    found = [here for here, others in _ELSEWHERE.items() if whole in others]
    return found or [here for here, others in _ELSEWHERE.items() if before in others]


def explain(name: str, message: str, value: str) -> Wrong:
    """The error for a wrong parameter; for a `Finding` with the allowed values and the nearest of them."""
    if not isinstance(message, Finding):
        return Wrong(name, value[:200], message if message.endswith((".", "?")) else f"{message}.")
    hint = did_you_mean(str(message.found), message.allowed)
    allowed = f".{hint} Allowed" if hint else ""
    return Wrong(name, value[:200], f"{message}{allowed}: {', '.join(message.allowed)}.", tuple(message.allowed))
