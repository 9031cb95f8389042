"""What each family of checks found over all deliveries of the run that judged last: counts that plot."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from subgroup_pipeline.quality.expectations import family_of
from subgroup_pipeline.warehouse.connection import insert_rows, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.quality.validation import Failure
    from subgroup_pipeline.settings import Settings

_COLUMNS = dict.fromkeys(("table_name", "family", "codes"), "VARCHAR") | dict.fromkeys(
    ("failing_rows", "failing_deliveries", "failing_districts"), "BIGINT"
)


class FamilyTotal(NamedTuple):
    """What a family of checks found on one table: the codes that failed, and counts that plot."""

    codes: tuple[str, ...]
    failing_rows: int
    failing_deliveries: int
    failing_districts: int


def family_totals(settings: Settings) -> dict[tuple[str, str], FamilyTotal]:
    """What failed in the run that judged last, by (table, family); a family without failing rows is absent."""
    with open_warehouse(settings) as connection:
        rows = connection.execute("from control.check_family").fetchall()
    return {(table, family): FamilyTotal(tuple(codes.split(",")), *counts) for table, family, codes, *counts in rows}


def note_families(connection: duckdb.DuckDBPyConnection, failures: Iterable[Failure], district_of: Mapping[str, str]) -> None:
    """Replace the totals by those of these failures; `district_of` gives the district of a delivery."""
    failed: dict[tuple[str, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        failed[failure.table, family_of(failure.code)].append(failure)
    rows = [
        (
            table,
            family,
            ",".join(sorted({one.code for one in of_family})),
            sum(one.count for one in of_family),
            len({one.delivery_id for one in of_family}),
            len({district_of[one.delivery_id] for one in of_family}),
        )
        for (table, family), of_family in failed.items()
    ]
    connection.execute("delete from control.check_family")
    insert_rows(connection, "control.check_family", _COLUMNS, [dict(zip(_COLUMNS, row, strict=True)) for row in rows])
