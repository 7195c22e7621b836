"""Values whose members are not declared: counts and parameters by name, and values passed on unchanged."""

from typing import Any

from schemas.fields.contract import Contract, JsonSchema, Side


class Counts(Contract[dict[str, int]]):
    """Integers by name."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "object", "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0}}


class Values(Contract[dict[str, Any]]):
    """The values of parameters by name, as in the request."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "object", "additionalProperties": True}


class Anything(Contract[Any]):
    """Any JSON value, as a seed file holds it."""

    def shape(self, side: Side) -> JsonSchema:
        return {}
