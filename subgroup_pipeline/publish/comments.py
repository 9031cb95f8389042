"""What a person sees who opens `analytics.duckdb` with any tool: comments on tables and columns, and names without a schema.

A file cannot say which schema is searched, so `main` holds a view of each published table, as `rpt_district_subgroup`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.publish.mart_tables import mart_tables
from subgroup_pipeline.publish.quality_tables import QUALITY_TABLES
from subgroup_pipeline.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.warehouse.table import Table

# A table that was made anew, or gained a column, has lost its comments or never had them.
_WITHOUT = """
select distinct schema_name, table_name from duckdb_columns()
where database_name = 'analytics' and schema_name in ('marts', 'quality') and comment is null
"""


def published_tables() -> list[Table]:
    """Every published table and view, with what it means."""
    return [*mart_tables(), *QUALITY_TABLES]


def comment_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the comments that `analytics` lacks, and the views of their tables, in one statement and transaction."""
    without = set(connection.execute(_WITHOUT).fetchall())
    # `quality` is made anew by every publish; the marts are not, and reading what they mean takes longer than writing it.
    tables = published_tables() if any(schema == "marts" for schema, _ in without) else QUALITY_TABLES
    lacking = [table for table in tables if (table.schema, table.name) in without]
    connection.execute(f"begin; {' '.join(_statements(lacking))} commit")


def _statements(tables: Iterable[Table]) -> Iterable[str]:
    for table in tables:
        view = f"analytics.main.{table.name}"
        # Without the catalog in it, a view also works where the file is attached under another name.
        yield f"create or replace view {view} as from {table.schema}.{table.name};"
        for name in (str(table), view):
            yield f"comment on table {name} is {literal(table.meaning)};"
            for column, said in table.columns.items():
                yield f"comment on column {name}.{identifier(column)} is {literal(said.meaning)};"
