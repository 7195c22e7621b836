"""Machine-readable descriptions of the flat tables: Frictionless Table Schemas and Data Package, and CSV on the Web metadata."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.database import Store
from api.representations import LIST_SEPARATOR, Column

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
MISSING = ""


@dataclass(frozen=True)
class Described:
    """A table to describe. ``key`` is the column that identifies a row; None if there is none."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: str | None

    def references(self, names: Collection[str]) -> Iterator[tuple[Column, str]]:
        """The columns whose cells are ids of the rows of a table among ``names``, each with that table."""
        for column in self.columns:
            if column.references in names:
                yield column, str(column.references)


def table_schema(table: Described) -> dict[str, Any]:
    """A Frictionless Table Schema."""
    schema: dict[str, Any] = {
        "fields": [
            {
                "name": column.name,
                "type": column.type,
                "description": column.description,
                **({"constraints": constraints} if (constraints := _constraints(column)) else {}),
            }
            for column in table.columns
        ],
        "missingValues": [MISSING],
    }
    return {**schema, "primaryKey": [table.key]} if table.key else schema


def _constraints(column: Column) -> dict[str, Any]:
    """The constraints of a column in a Table Schema. A list is a single string there, so its terms are left out."""
    return {
        **({"required": True} if column.required else {}),
        **({"enum": column.terms} if column.terms and not column.several else {}),
    }


def foreign_keys(table: Described, names: Collection[str]) -> list[dict[str, Any]]:
    """The foreign keys of a Table Schema in a Data Package."""
    return [
        {"fields": [column.name], "reference": {"resource": "" if other == table.name else other, "fields": ["id"]}}
        for column, other in table.references(names)
    ]


def data_package(store: Store, tables: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A Frictionless Data Package; its paths are relative, so it holds in the archive and at its address alike.

    Args:
        tables: for each its ``name``, ``about``, ``schema``, and the ``bytes`` and ``sha256`` of its CSV.
    """
    return {
        "profile": "tabular-data-package",
        "name": "positions",
        "title": "Positions: the open, structured record of a negotiation",
        "version": store.release,
        "created": f"{store.date.isoformat()}T00:00:00Z",
        "licenses": [LICENCE],
        "resources": [
            {
                "name": table["name"],
                "description": table["about"],
                "path": f"{table['name']}.csv",
                "profile": "tabular-data-resource",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": table["bytes"],
                "hash": f"sha256:{table['sha256']}",
                "schema": table["schema"],
            }
            for table in tables
        ],
    }


def csvw_table(store: Store, table: Described, url: str) -> dict[str, Any]:
    """The description of one CSV (W3C, “Metadata Vocabulary for Tabular Data”). It has no foreign keys, since both tables of a foreign
    key must be in one description.

    Args:
        url: the address of the CSV, which may be relative to that of the description.
    """
    return {**_csvw(store), **_csvw_table(table, url, ())}


def csvw_group(store: Store, tables: Sequence[Described]) -> dict[str, Any]:
    """The description of all tables, in the same folder as their CSV. It has only those foreign keys whose column is never empty: for an
    empty cell a validator must report that the row it refers to is missing.
    """
    names = {table.name for table in tables}
    return {**_csvw(store), "tables": [_csvw_table(table, f"{table.name}.csv", names) for table in tables]}


def _csvw(store: Store) -> dict[str, Any]:
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:license": {"@id": LICENCE["path"]},
        "dc:modified": {"@value": store.date.isoformat(), "@type": "xsd:date"},
        "schema:version": store.release,
    }


def _csvw_table(table: Described, url: str, names: Collection[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"null": MISSING, "columns": [_csvw_column(column) for column in table.columns]}
    if table.key:
        schema["primaryKey"] = table.key
    keys = [
        {"columnReference": column.name, "reference": {"resource": f"{other}.csv", "columnReference": "id"}}
        for column, other in table.references(names)
        if column.required
    ]
    if keys:
        schema["foreignKeys"] = keys
    return {"url": url, "dc:title": table.name, "dc:description": table.about, "tableSchema": schema}


def _csvw_column(column: Column) -> dict[str, Any]:
    """A column; its type has the same name as in a Table Schema."""
    return {
        "name": column.name,
        "titles": column.name,  # the titles are matched against the header line
        "dc:description": column.description,
        "datatype": _csvw_datatype(column),
        **({"required": True} if column.required else {}),
        **({"separator": LIST_SEPARATOR} if column.several else {}),
    }


def _csvw_datatype(column: Column) -> str | dict[str, Any]:
    """The type of a column's values. The standard has no enumerations: terms that are words become a regular expression (§6.4.6 of its
    “Model for Tabular Data”), and terms that are numbers become bounds (§6.4.3, and §5.11.2 of its vocabulary).
    """
    terms = column.terms
    if not terms:
        return column.type
    if column.type == "integer":
        return {"base": column.type, "minimum": min(terms), "maximum": max(terms)}
    return {"base": column.type, "format": f"^({'|'.join(map(str, terms))})$"}
