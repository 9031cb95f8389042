"""Rows as landing leaves them in `raw`, for tests that put them there themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    import duckdb


def as_landed(cell: Any) -> Any:  # noqa: ANN401 - a text, a map of texts, or anything else as it is
    """Trimmed, in Unicode's form NFC, null where blank."""
    if isinstance(cell, dict):
        return {name: as_landed(text) for name, text in cell.items()}
    return (normalize("NFC", cell.strip()) or None) if isinstance(cell, str) else cell


def insert_as_landed(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]], **lineage: object
) -> None:
    """Rows of a raw table, each a map of cells; `lineage` says of which district and delivery, and when they landed."""
    of_all = {**lineage, "file_name": f"{table}.csv"}
    insert_rows(connection, RAW_TABLES[table], [of_all | as_landed(dict(row)) for row in rows])
