"""Feeds: what each release changed, as Atom (RFC 4287), and the events as a calendar (RFC 5545, RFC 7986)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any
from uuid import UUID, uuid5
from xml.etree import ElementTree

from sqlalchemy import Connection, select

from api.embeds import explored
from api.models import Change, Release, in_any
from api.operation import Answer, Call, Operation
from api.parameters import Behind, narrowing, of_filter, query
from api.problems import refuse_unknown
from api.reading import conditions, refusals, selection
from api.reading.queries import ListQuery
from api.representations import parsed
from api.resource import Resource, Table
from schemas import VERSION_PATH
from schemas.fields import Contract, Integer

ATOM = "application/atom+xml"
CALENDAR = "text/calendar; charset=utf-8"
HTML = "text/html"
#: The namespace of the ids of entries and events, so that they are the same wherever the service runs.
NAMESPACE = UUID("44068d23-94ae-44bf-804d-c54de68a2f0e")
ENTRIES = 100


def feed_operations(table: Table) -> Iterator[Operation]:
    """The two feeds."""
    changes, events = table.by_name["changes"], table.by_name["events"]
    asked: dict[str, Contract[Any]] = {
        **{one.name: of_filter(one) for one in changes.filters if one.name != "release"},
        "limit": Integer(f"Entries on a page; {ENTRIES} by default.", least=1, most=200),
        "after": Behind(changes, "Start the page after this change."),
    }
    yield Operation(
        path="/feeds/changes.atom",
        name="feedChanges",
        tag="feeds",
        summary="What each release changed",
        description="An Atom feed: one entry per changed record, newest release first; `next` links lead to older entries (RFC 5005).",
        view=lambda call: _changes(call, asked),
        query=query(**asked),
        content={ATOM: {"type": "string"}},
    )
    yield Operation(
        path="/feeds/events.ics",
        name="feedEvents",
        tag="feeds",
        summary="The events as a calendar",
        description="An iCalendar feed of all-day events. An event covers every day on which it may have happened; "
        "if only a day before or after which it happened is known, it is on that day. "
        "Events that are not confirmed are marked as tentative, and events without a date are left out.",
        view=lambda call: _events(call, events),
        query=query(**narrowing(events)),
        content={"text/calendar": {"type": "string"}},
    )


def _uuid(kind: str, id: str) -> UUID:
    return uuid5(NAMESPACE, f"{kind}/{id}")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _changes(call: Call, asked: Mapping[str, Contract[Any]]) -> Answer:
    refuse_unknown(refusals.unknown_names(call.connection, asked, call.values))
    limit: int = call.values["limit"] or ENTRIES
    found = list(islice(newest_changes(call.connection, call.values, limit + 1), limit + 1))
    feed = _feed(call)
    if len(found) > limit:
        _link(feed, "next", call.base + call.link(after=found[limit - 1][0].id))
    rows = [row for row, _ in found[:limit]]
    for (_, day), change in zip(found, parsed(rows), strict=False):
        feed.append(_entry(call, change, day))
    return Answer(ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True), ATOM)


def newest_changes(connection: Connection, values: Mapping[str, Any], most: int) -> Iterator[tuple[Any, date]]:
    """The bodies and ids of changes with the dates of their releases, the newest release first. Read release by release, at most ``most``
    of each, since sorting all changes would mean reading them all. The value ``after`` is the id of a change.
    """
    releases = select(Release.id, Release.date).order_by(Release.number.desc())
    narrowed = [
        in_any(column, values[name])
        for column, name in ((Change.collection, "collection"), (Change.action, "action"))
        if values.get(name)
    ]
    behind = []
    if after := values.get("after"):
        of_after = select(Release.number).join(Change, Change.release_id == Release.id).where(Change.id == after)
        releases = releases.where(Release.number <= of_after.scalar_subquery())
        behind = [Change.id > after]
    for release in connection.execute(releases).all():
        of_it = select(Change.body, Change.id).where(Change.release_id == release.id, *narrowed, *behind)
        for row in connection.execute(of_it.order_by(Change.id).limit(most)).all():
            yield row, release.date
        behind = []


def _feed(call: Call) -> ElementTree.Element:
    feed = ElementTree.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "en"})
    _text(feed, "id", _uuid("feeds", "changes").urn)
    _text(feed, "title", "Positions: changes of the record")
    _text(feed, "subtitle", "What each release added, changed and removed.")
    _text(feed, "updated", _midnight(call.store.date).isoformat())
    _text(ElementTree.SubElement(feed, "author"), "name", "The Positions authors")
    _text(feed, "rights", "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/")
    _link(feed, "self", call.base + call.link())
    _link(feed, "alternate", call.base + explored(f"{VERSION_PATH}/changes"), HTML)
    _link(feed, "alternate", f"{call.base}{VERSION_PATH}/changes", "application/json")
    return feed


def _entry(call: Call, change: Mapping[str, Any], day: date) -> ElementTree.Element:
    record = change["record"]
    entry = ElementTree.Element("entry")
    _text(entry, "id", _uuid("changes", change["id"]).urn)
    _text(entry, "title", f"{change['action'].capitalize()}: {record['name']} ({record['collection']})")
    _text(entry, "updated", _midnight(day).isoformat())
    # The page comes first, since some feed readers open only the first link.
    _link(entry, "alternate", call.base + explored(change["href"]), HTML)
    _link(entry, "alternate", call.base + change["href"], "application/json")
    if change["action"] != "removed":
        _link(entry, "related", call.base + record["href"], "application/json")
    for term in (record["collection"], change["action"]):
        ElementTree.SubElement(entry, "category", {"term": term})
    fields = ", ".join(one["field"] for one in change["fields_changed"])
    about = f"{record['collection']}/{record['id']} was {change['action']} in {change['release']['id']}."
    _text(entry, "summary", f"{about} Fields changed: {fields}." if fields else about)
    return entry


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _link(parent: ElementTree.Element, rel: str, href: str, media_type: str = ATOM) -> None:
    ElementTree.SubElement(parent, "link", {"rel": rel, "href": href, "type": media_type})


def _events(call: Call, resource: Resource) -> Answer:
    from api.views.calendar import calendar  # noqa: PLC0415  # slow to import, and few workers need it

    asked = ListQuery(resource, {**call.values, "sort": "occurred_on"})
    refusals.check_ids(call.connection, asked)
    where = conditions.resolved_conditions(call.connection, asked, conditions.related(call.table, resource))
    records = parsed(call.connection.execute(selection.select_rows(asked, where)))
    return Answer(calendar(records, call.store.date, call.base, call.base + call.here, _uuid), CALENDAR)
