"""All operations: those of the table of resources, and the others."""

from pathlib import Path

from api.database import Store
from api.exports import Progress
from api.operation import Operation
from api.resource import Table
from api.views.about import about_operations
from api.views.analyses import analysis_operations, analysis_tables
from api.views.charts import chart_operations
from api.views.citation import citation_operation
from api.views.collections import collection_operations
from api.views.exports import export_operations, make_exports
from api.views.feeds import feed_operations
from api.views.finding import finding_operations
from api.views.flat import flat_operations, flat_tables
from api.views.oembed import oembed_operation
from api.views.options import option_operations

__all__ = ["export", "operations", "prepared_operations"]


def export(table: Table, store: Store, shelf: Path, progress: Progress) -> Path:
    """Create the exports of a release and return their folder; see `make_exports`."""
    return make_exports(table, (*flat_tables(table), *analysis_tables()), store, shelf, progress)


def prepared_operations(table: Table) -> tuple[Operation, ...]:
    """The operations that have prepared answers; the others are left out, since building them would delay a load."""
    return tuple(one for one in analysis_operations(table) if one.prepared)


def operations(table: Table) -> tuple[Operation, ...]:
    """Every operation of the service, in the order of the contract."""
    tables = (*flat_tables(table), *analysis_tables())
    listed = (
        *about_operations(table),
        *collection_operations(table),
        *analysis_operations(table),
        *finding_operations(table),
        *flat_operations(tables),
        *option_operations(table),
        *export_operations(tables),
        *feed_operations(table),
        *chart_operations(tables),
    )
    every = (*listed, oembed_operation(table, listed))
    return (*every, citation_operation(every))
