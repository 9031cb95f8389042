"""Which other field of the roster the student IDs of a file fit, when they do not fit the one that `matches` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.warehouse.sql_text import literals

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb


@dataclass(frozen=True)
class FieldFit:
    """A field of the roster, in the words of `matches`, and how many distinct IDs of the file are one active student's there."""

    match_field: str
    ids: int


def best_fits(session: duckdb.DuckDBPyConnection, delivery_ids: Collection[str]) -> dict[str, FieldFit]:
    """For each of these deliveries, whose IDs match badly: the other field that most of them fit. Reads checks.file_key."""
    if not delivery_ids:
        return {}
    session.execute(fact_query("subgroups/other_fields", deliveries=literals(delivery_ids)))
    fits = session.execute(fact_query("subgroups/field_fits")).fetchall()
    return {file_id: FieldFit(match_field, count) for file_id, match_field, count in fits}
