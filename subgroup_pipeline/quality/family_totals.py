"""What each family of checks finds in the deliveries that were judged last, one per district and feed: counts that plot.

A delivery counts until another one of its feed is judged, or its rows leave the warehouse; so a family that one district
fails stays failed while others deliver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from subgroup_pipeline.quality.expectations import CheckFamily, check_families, family_of
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import CHECK_FAILURE, JUDGED_FEED
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.quality.validation import Failure
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

JudgedFeeds = dict[tuple[str, "Feed"], str]
"""The delivery that was judged last, by district and feed."""


class FamilyTotal(NamedTuple):
    """What a family of checks finds on one table: the codes that fail, and counts that plot."""

    codes: tuple[str, ...]
    failing_rows: int
    failing_deliveries: int
    failing_districts: int


def family_totals(settings: Settings, run_id: str) -> list[tuple[CheckFamily, FamilyTotal]]:
    """The totals of each family on the tables of the feeds that a run judged; of other tables it says nothing."""
    with open_warehouse(settings) as connection:
        feeds = connection.execute("select distinct feed from control.judged_feed where run_id = ?", [run_id]).fetchall()
        rows = connection.execute(
            "select table_name, family, list(distinct code order by code), sum(failing_rows)::bigint, "
            "count(distinct delivery_id), count(distinct district_id) "
            "from control.check_failure join control.judged_feed using (delivery_id) group by all"
        ).fetchall()
    found = {(table, family): FamilyTotal(tuple(codes), *counts) for table, family, codes, *counts in rows}
    judged = {feed for (feed,) in feeds}
    return [
        (check, found.get((check.table, check.family), FamilyTotal((), 0, 0, 0)))
        for check in check_families()
        if RAW_TABLES[check.table].feed in judged
    ]


def note_failures(
    connection: duckdb.DuckDBPyConnection, run_id: str, judged: Mapping[tuple[str, Feed], str], failures: Iterable[Failure]
) -> None:
    """Note what failed in the deliveries that a run judged last, in place of what stood there for their feeds."""
    rows = [
        {"district_id": district_id, "feed": feed, "delivery_id": delivery_id, "run_id": run_id}
        for (district_id, feed), delivery_id in judged.items()
    ]
    last = set(judged.values())
    failing = [
        {
            "delivery_id": one.delivery_id,
            "table_name": one.table,
            "family": family_of(one.code),
            "code": one.code,
            "failing_rows": one.count,
        }
        for one in failures
        if one.delivery_id in last
    ]
    connection.execute(
        "delete from control.judged_feed as before using (select unnest(?) as district_id, unnest(?) as feed) as now "
        "where before.district_id = now.district_id and before.feed = now.feed",
        [[district_id for district_id, _ in judged], [feed for _, feed in judged]],
    )
    insert_rows(connection, JUDGED_FEED, rows)
    connection.execute("delete from control.check_failure where delivery_id not in (select delivery_id from control.judged_feed)")
    connection.execute("delete from control.check_failure where delivery_id in (select unnest(?))", [sorted(last)])
    insert_rows(connection, CHECK_FAILURE, failing)
