"""The records that a call names in its path or by a parameter. If one has a new id, the call is redirected to the same address with
that id.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from api.models import Clocks
from api.operation import Call
from api.problems import Problem, of_parameter
from api.reading.records import Moved, MovedTo, record
from api.resource import Resource
from schemas.fields import href

#: A function that reads a row, such as `record` and `whole`.
Read = Callable[[Connection, Resource, str, Clocks], Any]


def named(call: Call, resource: Resource, parameter: str) -> Any:
    """The row of the record that a parameter names.

    Raises:
        MovedTo: the record has a new id.
        Problem: see `record`; it names the parameter.
    """
    id = call.values[parameter]
    try:
        return record(call.connection, resource, id, call.clocks)
    except Moved as moved:
        raise MovedTo(call.link(**{parameter: moved.id})) from None
    except Problem as problem:
        raise of_parameter(problem, parameter, id) from None


def of_path(call: Call, resource: Resource, at: Clocks | None = None, read: Read = record) -> Any:
    """The row of the record that the path names, at the clocks ``at``, by default those of the call.

    Raises:
        MovedTo: the record has a new id.
        Problem: see `record`.
    """
    id = call.ids["id"]
    try:
        return read(call.connection, resource, id, call.clocks if at is None else at)
    except Moved as moved:
        raise MovedTo(call.link().replace(href(resource.name, id), href(resource.name, moved.id), 1)) from None
