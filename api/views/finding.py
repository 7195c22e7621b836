"""Finding records by their text."""

from collections.abc import Iterator
from functools import lru_cache, partial

import orjson
from sqlalchemy import ColumnElement, select

from api import search
from api.models import Clocks, ClocksKind
from api.operation import JSON, TOTAL, Answer, Call, Operation, ref
from api.parameters import CLOCKS, AnyOf, Words, query
from api.problems import Wrong, unknown
from api.queries import phrase
from api.representations import envelope
from api.resource import Resource, Table
from schemas.fields import SLUG, Choice, Integer, Pattern, href


def finding_operations(table: Table) -> Iterator[Operation]:
    """The search."""
    yield Operation(
        path="/search",
        name="search",
        tag="search",
        summary="Search every collection",
        description=(
            "Records in whose text every word stands, in some form: first those that have all of them in their names. Among these, "
            "as among the others, processes, parties and issues come first, then what the assertions of more origins support, at no "
            "clock, and sources last; ties are in order of collection and id. What the clocks do not show is left out; a collection "
            "without clocks is always shown. `highlight` is HTML-escaped, with what was found in `<mark>`."
        ),
        view=_search,
        query=query(
            q=Words("The words to find.", required=True),
            collection=AnyOf(
                Choice(tuple(one.name for one in table if one.searched), "Collection."),
                "Only records of these collections.",
            ),
            limit=Integer("Hits on a page; 50 by default.", least=1, most=200),
            after=Pattern(
                "The hit behind which the page begins, as `collection/id`.",
                pattern=rf"[a-z]+/{SLUG.pattern}",
                form="a hit, as collection/id",
                longest=300,
            ),
            **CLOCKS,
        ),
        content={JSON: ref("HitList")},
        examples={"q": "ceasefire"},
        sends=(TOTAL,),
    )


def _search(call: Call) -> Answer:
    wanted: tuple[str, ...] | None = tuple(sorted(call.values["collection"])) or None
    clocks = call.clocks
    found = _statements(call.table, call.connection.dialect.name, wanted, clocks.kind)
    parameters = {**clocks.days, **found.asked(phrase(call.connection, call.values["q"]))}
    total = call.store.remembered((wanted, clocks.kind), parameters, lambda: found.total(call.connection, parameters))
    limit: int = call.values["limit"] or 50
    after: str | None = call.values["after"]
    try:
        hits = found.page(call.connection, parameters, after, limit + 1)
    except LookupError:
        raise unknown([Wrong("after", after, f"“{after}” is not among the hits.")]) from None
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
def _statements(table: Table, dialect: str, wanted: tuple[str, ...] | None, kind: ClocksKind) -> search.Search:
    """The statements of a search in some collections, or in all, at clocks of some kind."""
    every = {resource.name: resource for resource in table if resource.searched}
    at, asked = Clocks.of_kind(kind), kind != Clocks().kind
    shown = {
        name: partial(_counts, resource, at)
        for name, resource in every.items()
        if (wanted is None or name in wanted) and asked and resource.model.clocks
    }
    return search.Search(dialect, None if wanted is None and not shown else wanted or every, shown)


def _counts(resource: Resource, at: Clocks, id: ColumnElement[str]) -> ColumnElement[bool]:
    """The condition that a collection has a record of an id that the clocks show."""
    model = resource.model
    where = [] if resource.where is None else [resource.where]
    return select(model.id).where(model.id == id, model.at(at), *where).exists()
