"""The day on which the students of a district are counted (docs/architecture.md 3.6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from subgroup_pipeline.warehouse.rule_sql import rules

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict


def as_of_day(district: RegisteredDistrict, received_at: datetime, year_end: date | None) -> date:
    """The day for a roster that was received at this time (aware), whose latest school year ends at `year_end`."""
    as_of = district.settings.as_of
    if as_of == "roster" and year_end is not None:
        as_of = year_end - timedelta(days=1)
    return as_of if isinstance(as_of, date) else day_of(received_at, district)


def day_of(moment: datetime, district: RegisteredDistrict) -> date:
    """The day that it is at an aware moment where the district is."""
    return moment.astimezone(ZoneInfo(district.settings.timezone)).date()


def school_year_ends(connection: duckdb.DuckDBPyConnection, delivery_ids: list[str]) -> dict[str, date]:
    """End of the latest school year of each roster (OneRoster: exclusive, so the day before is the last)."""
    query = f"""
        select s.delivery_id, max({rules().date_of("s.endDate")}) from raw.academic_sessions s
        where lower(s.type) = 'schoolyear' and {rules().row_counts("s.status")}
            and {rules().fault_of_academic_sessions("s")} is null and s.delivery_id in (select unnest(?))
        group by all
    """
    return {row[0]: row[1] for row in connection.execute(query, [delivery_ids]).fetchall() if row[1]}
