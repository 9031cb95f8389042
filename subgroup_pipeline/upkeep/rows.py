"""What is past its time in tables: raw rows of deliveries that nobody needs, and runs that Dagster remembers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.needed import NEEDED
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.upkeep.leaving import Leaving
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.rows import delete_deliveries
from subgroup_pipeline.warehouse.schema import delivery_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.upkeep.places import Installation

MOST_RUNS = 500
"""Runs that are forgotten in one night; each takes a few milliseconds, and the rest waits a night."""


def raw_rows(at: Installation) -> Iterator[Leaving]:
    """Deliveries that are not needed and have rows in the warehouse, also where a killed run did not note that it landed them.

    What is published stays, also behind a newer accepted one: the build may yet hold that.
    """
    if not at.home.raw_database.exists():
        return
    with at.registry.begin() as session:
        needed = list(session.scalars(sa.select(Delivery.delivery_id).where(Delivery.state.in_(NEEDED))))
    there = " union ".join(f"select delivery_id from {table}" for table in delivery_tables())
    with open_warehouse(at.settings) as connection:
        query = f"select delivery_id from ({there}) where delivery_id not in (select unnest(?::varchar[]))"
        gone = [row[0] for row in connection.execute(query, [needed]).fetchall()]
    if gone:
        yield Leaving(partial(forget_deliveries, at.settings, gone), things=len(gone))


def forget_deliveries(settings: Settings, delivery_ids: list[str]) -> None:
    """Remove what the warehouse holds of deliveries; the archive keeps their bytes for their time."""
    with open_warehouse(settings) as connection:
        delete_deliveries(connection, delivery_ids)


def past_runs(at: Installation) -> Iterator[Leaving]:
    """Finished runs with their events, oldest first."""
    if at.history is not None:
        for run_id in at.history.runs_before(at.now - REPORTS_KEPT)[:MOST_RUNS]:
            yield Leaving(partial(at.history.forget, run_id))
