"""The records that the contract's examples name: those of the shipped data, or others if a release lacks them.

The ids of evidence, changes and releases depend on their content or on the release, so a committed example would soon name nothing. The
committed contract has no examples of them; the served one takes them from its release.
"""

import re
from copy import deepcopy
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from api.models import Clocks, Party, Position, Proposal
from api.resource import Resource, Table
from schemas.issues import IssueSchema

PARTIES = ("russia", "ukraine")
RECEIVED = "us-phased-withdrawal-proposal"
LATER, EARLIER = "us-20-point-plan", "us-28-point-plan"
#: What examples search for: the words of an id.
SOUGHT = IssueSchema.example
#: What examples name beside the `example` of each collection's schema.
_MORE = {"parties": PARTIES, "proposals": (RECEIVED, LATER, EARLIER)}


def in_release(contract: dict[str, Any], table: Table, connection: Connection) -> dict[str, Any]:
    """The contract with examples from a release. Records that the release lacks are replaced by others of their collection; an example
    is left out if there are none. Ids without a lasting example (see above) get one of the release.
    """
    instead = stand_ins(table, connection)
    served = deepcopy(contract)
    shared = served["components"]["parameters"]
    operations = (operation for item in served["paths"].values() for operation in item.values())
    listed = (one for operation in operations for one in operation["parameters"])
    for parameter in (*listed, *shared.values()):
        if "example" in parameter:
            parameter["example"] = renamed(parameter["example"], instead)
            if parameter["example"] is None:
                del parameter["example"]
    lacking = {resource.name: resource for resource in table if resource.schema.example is None}
    found = {name: connection.scalar(_foremost(resource).limit(1)) for name, resource in lacking.items()}
    for path, item in served["paths"].items():
        id = found.get(path.split("/")[1]) if "{id}" in path else None
        for parameter in item["get"]["parameters"] if id else ():
            one = shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
            if one["in"] == "path":
                one["example"] = id
    return served


def stand_ins(table: Table, connection: Connection) -> dict[str, str | None]:
    """The replacement of each id in the examples that the release lacks; None if its collection has no other record."""
    instead: dict[str, str | None] = {}
    # The kinds of position come after positions: an id of both is replaced by one of its own kind.
    for resource in table:
        instead |= _instead(resource, connection)
    return instead


def _instead(resource: Resource, connection: Connection) -> dict[str, str | None]:
    """The replacement of each example id of a collection that the release lacks."""
    named = dict.fromkeys((resource.schema.example, *_MORE.get(resource.name, ())))
    wanted = [id for id in named if id]
    model = resource.model
    held = set(connection.scalars(select(model.id).where(model.id.in_(wanted), *_of(resource))))
    lacking = [id for id in wanted if id not in held]
    if not lacking:
        return {}
    others = [id for id in connection.scalars(_foremost(resource).limit(len(wanted))) if id not in held]
    # A single record replaces only the first id, since examples that compare need two different ones.
    return {
        id: others[place % len(others)] if len(others) > min(place, 1) else None for place, id in enumerate(lacking)
    }


def _of(resource: Resource) -> list[Any]:
    return [resource.model.at(Clocks()), *([] if resource.where is None else [resource.where])]


def _foremost(resource: Resource) -> Select[Any]:
    """The ids of a collection, the best examples first: parties with the most positions; proposals of the process with the most, so that
    they can be compared.
    """
    model = resource.model
    found = select(model.id).where(*_of(resource))
    if model is Party:
        held = and_(Position.party_id == Party.id, Position.at(Clocks()))
        return found.outerjoin(Position, held).group_by(Party.id).order_by(func.count(Position.id).desc(), Party.id)
    if model is Proposal:
        sizes = select(Proposal.process_id).where(*_of(resource)).group_by(Proposal.process_id)
        found = found.where(
            Proposal.process_id == sizes.order_by(func.count().desc(), Proposal.process_id).limit(1).scalar_subquery()
        )
    return found.order_by(model.id)


def renamed(example: Any, instead: dict[str, str | None]) -> Any:
    """An example (an id, a list of ids or a path) with its ids replaced; None if one of them has no replacement."""
    if isinstance(example, list):
        every = [renamed(one, instead) for one in example]
        return None if None in every else every
    words = re.split(r"([a-z0-9-]+)", example)
    found = [instead.get(word, word) for word in words]
    return None if None in found else "".join(word for word in found if word)
