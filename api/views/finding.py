"""Full-text search over the records."""

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import orjson
from sqlalchemy import ColumnElement, and_, or_, select

from api import search
from api.contract.examples import SOUGHT
from api.models import Clocks, ClocksKind, Process, Use, in_any
from api.operation import JSON, TOTAL, Answer, Call, Operation, ref
from api.parameters import CLOCKS, AnyOf, Words, query
from api.problems import Wrong, refuse_unknown, unknown
from api.reading.conditions import phrase
from api.reading.refusals import unknown_names
from api.representations import envelope
from api.resource import Resource, Table
from schemas.fields import SLUG, Choice, Contract, Integer, Pattern, Slug, href

_NAMING: dict[str, Contract[Any]] = {
    "process": AnyOf(
        Slug(),
        "Only these processes, the records that belong to them, and the shared records that they use.",
        Process,
    )
}


def finding_operations(table: Table) -> Iterator[Operation]:
    """The search."""
    searched = [resource.name for resource in table if resource.searched]
    wordless = [resource.name for resource in table if not resource.takes_words]
    yield Operation(
        path="/search",
        name="search",
        tag="search",
        summary="Search the records",
        description=(
            f"Searches {', '.join(searched)}: finds the records whose text contains every word, in any inflected form. A position is "
            f"found as a record of its kind, an offer through its term; {', '.join(wordless)} are not searched.\n\n"
            "Order: first the records with all words in their names, then the others. Within both groups: processes, parties and "
            "issues; then records by the number of origins that support them (whatever the clocks), the most first; then sources. Ties "
            "are ordered by collection and id.\n\n"
            "Records that the clocks do not show are left out; collections without clocks are always shown. `highlight` is "
            "HTML-escaped, with the words found in `<mark>`."
        ),
        view=_search,
        query=query(
            q=Words("The words to find.", required=True),
            collection=AnyOf(
                Choice(tuple(searched), "Collection."),
                "Only records of these collections.",
            ),
            **_NAMING,
            limit=Integer("Hits on a page; 50 by default.", least=1, most=200),
            after=Pattern(
                "Start the page after this hit, given as `collection/id`.",
                pattern=rf"[a-z]+/{SLUG.pattern}",
                form="a hit, as collection/id",
                longest=300,
            ),
            **CLOCKS,
        ),
        content={JSON: ref("HitList")},
        examples={"q": SOUGHT},
        sends=(TOTAL,),
    )


def _search(call: Call) -> Answer:
    wanted: tuple[str, ...] | None = tuple(sorted(call.values["collection"])) or None
    processes: tuple[str, ...] = tuple(sorted(call.values["process"]))
    typed = phrase(call.connection, call.values, _NAMING)
    refuse_unknown(unknown_names(call.connection, _NAMING, call.values))
    clocks = call.clocks
    found = statements(call.table, call.connection.dialect.name, wanted, clocks.kind, processes)
    parameters = {**clocks.days, **found.asked(typed)}
    asked = {**parameters, "process": processes}
    total = call.store.remembered((wanted, clocks.kind), asked, lambda: found.total(call.connection, parameters))
    limit: int = call.values["limit"] or 50
    after: str | None = call.values["after"]
    try:
        hits = found.page(call.connection, parameters, after, limit + 1)
    except LookupError:
        raise unknown([Wrong("after", after, f"“{after}” is not one of the hits.")]) from None
    page = hits[:limit]
    following = f"{page[-1].collection}/{page[-1].id}" if len(hits) > limit else None
    shown = [
        {
            "collection": hit.collection,
            "id": hit.id,
            "name": hit.title,
            "href": href(hit.collection, hit.id),
            "highlight": hit.highlight,
        }
        for hit in page
    ]
    links = {
        "self": call.link(),
        "first": call.link(after=None),
        "next": call.link(after=following) if following else None,
    }
    return Answer(
        envelope(
            orjson.dumps(shown),
            page={"limit": limit, "total": total, "next": following},
            links=links,
            meta=call.meta(),
        ),
        total=total,
    )


@lru_cache(maxsize=64)
def statements(
    table: Table, dialect: str, wanted: tuple[str, ...] | None, kind: ClocksKind, processes: tuple[str, ...]
) -> search.Search:
    """The SQL statements of a search in the ``wanted`` collections (None: all), at clocks of a kind, in some processes (empty: all)."""
    every = {resource.name: resource for resource in table if resource.searched}
    at, asked = Clocks.of_kind(kind), kind != Clocks().kind
    shown = {
        name: partial(_counts, resource, at)
        for name, resource in every.items()
        if (wanted is None or name in wanted) and asked and resource.model.clocks
    }
    within = partial(_within, processes) if processes else None
    return search.Search(dialect, None if wanted is None and not shown else wanted or every, shown, within)


def _within(
    processes: tuple[str, ...], process: ColumnElement[str], collection: ColumnElement[str], id: ColumnElement[str]
) -> ColumnElement[bool]:
    """The condition that a record belongs to one of these processes or, if several share it, that one of them uses it."""
    used = select(Use.id).where(Use.collection == collection, Use.id == id, in_any(Use.process_id, processes))
    return or_(in_any(process, processes), and_(process.is_(None), used.exists()))


def _counts(resource: Resource, at: Clocks, id: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that the collection has a record with this id, and the clocks show it."""
    model = resource.model
    where = [] if resource.where is None else [resource.where]
    return select(model.id).where(model.id == id, model.at(at), *where).exists()
