"""The functions and values that every template may use."""

from collections.abc import Iterable
from typing import Any

from api.embeds import ANALYSES, Embeds, called, compared, explored
from api.pages.arrange import across, courses, grouped
from api.pages.client import comparable, options, processes, released
from api.pages.glossary import Glossary
from api.pages.humanize import bound, moved, passage, plain, reported, spoken
from api.pages.links import clocked, counted, narrowed, ways_back
from api.palette import DISTANCES, LOOKS, apart
from api.parameters import MOST_COMPARED
from api.resource import Resource, Table
from schemas import VERSION_PATH
from schemas.record import OfProcess
from schemas.vocabulary import Mode, Stance, Vocabulary

ABOUT = "Who holds which position in a negotiation, on what, since when, according to whom, and how far apart the parties are."
SHOWN = 200  # entries of an analysis on a page
_FUNCTIONS = (
    *(bound, moved, passage, plain, reported, spoken),
    *(clocked, counted, explored, narrowed, ways_back),
    *(comparable, options, processes, released),
    *(across, apart, compared, courses, grouped),
)


def shared_context(table: Table, embeds: Embeds) -> dict[str, Any]:
    """Functions and values by the names that templates use; none of the values depends on the request."""
    glossary = Glossary(table)
    return {
        **{function.__name__: function for function in _FUNCTIONS},
        "about": ABOUT,
        "in_navigation": [resource.name for resource in table if resource.in_navigation],
        "by_party": lambda cells: {cell["party"]["id"]: cell for cell in cells},
        "called": lambda record: called(table.by_name[record["href"].split("/")[2]], record),
        "choices": _choices,
        "collections": [resource.name for resource in table],
        "dated_by": {resource.name: resource.schema.dated_by for resource in table},
        "define": glossary.define,
        "distances": list(DISTANCES),
        "describe": glossary.describe,
        "dossiers": embeds.dossiers,
        "facets": {resource.name: resource.facets for resource in table},
        "formats": (),
        "label": glossary.label,
        "modes": list(Mode),
        "most": SHOWN,
        "most_compared": MOST_COMPARED,
        "narrowing": {resource.name: _narrowing(resource) for resource in table},
        "searched": [(resource.name, resource.name) for resource in table if resource.searched],
        "stances": list(Stance),
        "symbols": {str(name): look.symbol for name, look in LOOKS.items()},
        "version": VERSION_PATH,
        "views": [one.path[1:] for one in ANALYSES if "/" not in one.path[1:]],
        "within": [resource.name for resource in table if issubclass(resource.schema, OfProcess)],
    }


def _choices(terms: Iterable[Vocabulary]) -> list[tuple[str, str]]:
    """Terms for a list of choices: each in words, and its value."""
    return [(plain(term), term.value) for term in terms]


def _narrowing(resource: Resource) -> dict[str, Any]:
    """What a form can narrow the list of a collection by."""
    return {
        "filters": [one for one in resource.filters if one.vocabulary],
        "takes_words": resource.takes_words,
        "of_process": issubclass(resource.schema, OfProcess),
        "clocks": resource.model.clocks,
    }
