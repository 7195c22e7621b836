"""Finding records by their text."""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Select, select

from api import search
from api.models import Clocks
from api.operation import JSON, Answer, Call, Operation, ref
from api.parameters import CLOCKS, AnyOf, Choice, Words, query
from api.problems import not_found
from api.representations import array, envelope
from api.resource import Resource, Table
from schemas.fields import SLUG, Integer, Pattern, href


def finding_operations(table: Table) -> Iterator[Operation]:
    """The search."""
    yield Operation(
        path="/search",
        name="search",
        tag="search",
        summary="Search every collection",
        description=(
            "Records in whose text every word stands, in some form, the best match first. What the clocks do not show is left out; "
            "a collection without clocks is always shown. `highlight` is HTML-escaped, with what was found in `<mark>`."
        ),
        view=_search,
        query=query(
            q=Words("The words to find.", required=True, example="ceasefire"),
            collection=AnyOf(
                Choice(tuple(one.name for one in _searched(table)), "Collection."),
                "Only records of these collections.",
            ),
            limit=Integer("Hits on a page; 50 unless said.", least=1, most=200),
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
        paged=True,
    )


def _searched(table: Table) -> list[Resource]:
    return [resource for resource in table if resource.seeded or resource.name == "terms"]


def _search(call: Call) -> Answer:
    wanted = call.values["collection"] or [resource.name for resource in _searched(call.table)]
    clocks = call.clocks
    shown = {
        resource.name: _shown(resource, clocks)
        for resource in _searched(call.table)
        if resource.name in wanted and clocks != Clocks() and resource.model.clocks
    }
    every = not shown and not call.values["collection"]
    found = search.Search(call.connection, call.values["q"], None if every else wanted, shown)
    limit: int = call.values["limit"] or 50
    after = call.values["after"]
    try:
        hits = found.page(tuple(after.split("/")) if after else None, limit + 1)
    except LookupError:
        raise not_found(f"after: “{after}” is not among the hits.") from None
    page = hits[:limit]
    following = f"{page[-1].collection}/{page[-1].id}" if len(hits) > limit else None
    bodies = [
        orjson.dumps(
            {
                "collection": hit.collection,
                "id": hit.id,
                "name": hit.title,
                "href": href(hit.collection, hit.id),
                "highlight": hit.highlight,
            }
        )
        for hit in page
    ]
    links = {
        "self": call.link(),
        "first": call.link(after=None),
        "next": call.link(after=following) if following else None,
    }
    return Answer(
        envelope(
            array(bodies),
            page={"limit": limit, "total": found.total, "next": following},
            links=links,
            meta=call.meta(),
        ),
        headers={"X-Total-Count": str(found.total)},
    )


def _shown(resource: Resource, clocks: Clocks) -> Select[Any]:
    """The ids of a collection that the clocks show."""
    model = resource.model
    where = [model.at(clocks)] if resource.where is None else [model.at(clocks), resource.where]
    return select(model.id).where(*where)
