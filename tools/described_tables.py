"""The warehouse's own tables as dbt's sources and as a section of the data dictionary, made from their descriptions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.history_tables import HISTORY_TABLES
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.schema import warehouse_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.warehouse.table import Kept, Table

_SCHEMAS = {
    "raw": "Landed files, all text; several deliveries of a district may be there.",
    "control": "What a run builds, judges and has landed, and what the settings of districts say.",
    "history": "What students were and how many there were at every build; durable.",
}
_KEPT: dict[Kept, str] = {
    "delivery": "with their delivery",
    "verdict": "until their delivery is judged",
    "district": "while their district is built",
    "run": "until the next run",
    "history": "for good",
}


def sources_yml() -> str:
    """The text of dbt's `_sources.yml`. A column that may not be null is so by the DDL, so it has no test."""
    lines = [
        "# Made by `make docs` from raw_tables.py, control_tables.py and history_tables.py of subgroup_pipeline/warehouse;",
        "# change those, not this file.",
        "# They make the tables as well: what is `not null` there needs no test here.",
        "version: 2",
        "sources:",
    ]
    for schema, about in _SCHEMAS.items():
        lines += [
            f"  - name: {schema}",
            f"    description: {json.dumps(about)}",
            f"    schema: {'main' if schema == 'history' else schema}",
        ]
        if schema == "history":  # Spark has no catalogs of that kind, and refuses one that is named
            lines.append("    database: \"{{ none if target.type == 'spark' else 'history' }}\"")
        lines.append("    tables:")
        for table in _tables(schema):
            lines += [f"      - name: {table.name}", f"        description: {json.dumps(table.meaning)}", "        columns:"]
            for name, column in table.columns.items():
                about_it = json.dumps(column.meaning, ensure_ascii=False)
                lines.append(f'          - {{name: {name}, data_type: "{column.type}", description: {about_it}}}')
    return "\n".join([*lines, ""])


def own_tables() -> list[str]:
    """Lines of the data dictionary: the tables that only the pipeline itself reads."""
    lines = [
        "## Schemas raw and control, and the history",
        "",
        "The pipeline's own tables in `warehouse/raw.duckdb` and `history/history.duckdb`; nobody else reads them.",
        "Types and meanings of their columns stand in `dbt_project/models/staging/_sources.yml`.",
        "",
        "| table | rows | a row is known by | rows stay |",
        "|-|-|-|-|",
    ]
    for schema in _SCHEMAS:
        for table in _tables(schema):
            key = f"`{RAW_TABLES[table.name].key_column}`" if table.name in RAW_TABLES else ""
            lines.append(f"| `{table}` | {table.meaning} | {key} | {_KEPT[table.kept]} |")
    return [*lines, ""]


def _tables(schema: str) -> Iterator[Table]:
    own = (*warehouse_tables(), *HISTORY_TABLES)
    return (table for table in own if schema in (table.schema, table.database))
