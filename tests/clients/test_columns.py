"""The columns of the flat tables are a contract: names, order and types only grow.

``columns.json`` is what has been promised. A new column belongs at the end of its table, and into the file:
``python tests/clients/test_columns.py`` adds what is new, and changes or removes nothing.
"""

import json
import sys
from pathlib import Path
from typing import Any

from api.app import create_service
from api.operation import Operation
from api.resources import RESOURCES
from api.settings import Settings
from api.views import operations

PROMISED = Path(__file__).with_name("columns.json")
#: What a cell may hold, by the type of its column.
KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def _declared() -> dict[str, list[list[str]]]:
    """The columns of every table that the contract names, with their types."""
    contract = create_service(Settings.read({})).contract
    found = {}
    for operation in operations(RESOURCES):
        if operation.tag == "tables" and operation.path.endswith(".json") and _rows(operation):
            row = _rows(operation)
            shape = contract["components"]["schemas"][row["$ref"].rpartition("/")[2]] if "$ref" in row else row
            columns = shape.get("properties", {})
            if columns and not operation.path.startswith("/options"):
                found[operation.path.removesuffix(".json")] = [[name, _type(one)] for name, one in columns.items()]
    return found


def _rows(operation: Operation) -> dict[str, Any]:
    shape: dict[str, Any] = operation.content.get("application/json", {})
    return shape.get("items", {}) if shape.get("type") == "array" else {}


def _type(shape: dict[str, Any]) -> str:
    if shape.get("format") == "date":
        return "date"
    kind = shape.get("anyOf", [shape])[0]["type"]  # of a term, or null
    return kind if isinstance(kind, str) else next(one for one in kind if one != "null")


def test_no_promised_column_is_renamed_moved_retyped_or_removed():
    declared = _declared()
    for table, columns in json.loads(PROMISED.read_text()).items():
        assert declared[table][: len(columns)] == columns, f"{table}: columns may only be added, at the end"


def test_every_column_is_promised():
    promised = json.loads(PROMISED.read_text())
    assert _declared() == promised, "run: python tests/clients/test_columns.py"


def test_names_are_plain_and_few_enough_for_every_tool():
    for table, columns in _declared().items():
        names = [name for name, _ in columns]
        assert len(names) == len(set(names)) < 64, table
        assert not {"rowid", "key", "index"} & set(names), table
        allowed = {"timeEnd"}  # Grafana's own spelling
        assert all(name in allowed or (name == name.lower() and name.isidentifier()) for name in names), table


def test_served_tables_have_the_promised_columns_and_types(v1, tables):
    import httpx

    promised = json.loads(PROMISED.read_text())
    for name, table in tables.items():
        columns = [(column["name"], column["type"]) for column in table["columns"]]
        fixed = [tuple(one) for one in promised[f"/{name}"]]
        assert columns[: len(fixed)] == fixed, name
        for row in httpx.get(f"{v1}/{name}.json").json():
            assert list(row) == [column for column, _ in columns], name
            for column, kind in columns:
                value = row[column]
                assert value is None or type(value) in KINDS[kind], f"{name}.{column}: {value!r}"
                assert not isinstance(value, str) or ("\n" not in value and "\r" not in value), f"{name}.{column}"
        booleans = [column for column, kind in columns if kind == "boolean"]
        assert all(row[column] is not None for row in httpx.get(f"{v1}/{name}.json").json() for column in booleans)


def _grow() -> None:
    promised = json.loads(PROMISED.read_text()) if PROMISED.exists() else {}
    for table, columns in _declared().items():
        held = promised.setdefault(table, [])
        if columns[: len(held)] != held:
            sys.exit(f"{table}: the promised columns are not the first ones any more; put them back")
        held += columns[len(held) :]
    lines = (
        f"  {json.dumps(table)}: [\n" + ",\n".join(f"    {json.dumps(one)}" for one in columns) + "\n  ]"
        for table, columns in promised.items()
    )
    PROMISED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    _grow()
