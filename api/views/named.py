"""The records that a call names, in its path or by a parameter."""

from collections.abc import Callable
from typing import Any

from api.models import Clocks
from api.operation import Call
from api.problems import Problem, of_parameter
from api.reading import records
from api.reading.records import Moved, MovedTo
from api.resource import Resource
from schemas.fields import href


def record(call: Call, resource: Resource, id: str, link: Callable[[str], str], at: Clocks | None = None) -> Any:
    """The row of a record at some clocks, the call's by default.

    Args:
        link: gives the link of this call for another id.

    Raises:
        MovedTo: the record has another id now, with the link to it.
        Problem: see `records.record`.
    """
    try:
        return records.record(call.connection, resource, id, call.clocks if at is None else at)
    except Moved as moved:
        raise MovedTo(link(moved.id)) from None


def named(call: Call, resource: Resource, parameter: str) -> Any:
    """The row of the record that a parameter names.

    Raises:
        MovedTo, Problem: see `record`; the problem names the parameter.
    """
    id = call.values[parameter]
    try:
        return record(call, resource, id, lambda other: call.link(**{parameter: other}))
    except Problem as problem:
        raise of_parameter(problem, parameter, id) from None


def of_path(call: Call, resource: Resource, at: Clocks) -> Any:
    """The row of the record that the path names."""
    old = href(resource.name, call.ids["id"])
    return record(call, resource, call.ids["id"], lambda id: call.link().replace(old, href(resource.name, id), 1), at)
