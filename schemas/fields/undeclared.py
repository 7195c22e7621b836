"""Values whose members are not declared: what answers say by name, or pass on as it is."""

from typing import Any

from schemas.fields.contract import Contract, JsonSchema, Side


class Counts(Contract[dict[str, int]]):
    """Whole numbers by name."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "object", "additionalProperties": {"type": "integer", "format": "int64", "minimum": 0}}


class Values(Contract[dict[str, Any]]):
    """Values by name, as they were asked for."""

    def shape(self, side: Side) -> JsonSchema:
        return {"type": "object", "additionalProperties": True}


class Anything(Contract[Any]):
    """Any JSON value, as a seed file holds it."""

    def shape(self, side: Side) -> JsonSchema:
        return {}
