"""The JSON Schemas of the seed files, one a file name, for editors."""

import json

from api.resource import Table
from schemas.releases import ReleaseFileSchema, RetiredSchema
from schemas.seeds import file_schema


def editor_schemas(table: Table) -> dict[str, str]:
    """Each schema file's name and text."""
    parts = {resource.name: resource.schema for resource in table}
    found = {
        ("process" if resource.name == "processes" else resource.name): file_schema(
            resource.schema, parts, many=resource.name != "processes"
        )
        for resource in table
        if resource.seeded
    }
    found["release"] = file_schema(ReleaseFileSchema, parts, many=False)
    found["retired"] = file_schema(RetiredSchema, parts, many=True)
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in found.items()
    }
