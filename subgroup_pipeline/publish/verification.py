"""A new file of published tables, held against what it should say before any reader sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.reader import open_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.publish.manifest import PublishedDistrict
    from subgroup_pipeline.settings import Settings


def mart_tables_in(connection: duckdb.DuckDBPyConnection, database: str | None = None) -> list[str]:
    """The tables of the schema `marts` in the connection's own database, or in one that is attached."""
    query = (
        "select table_name from duckdb_tables() where schema_name = 'marts' and database_name = coalesce(?, current_database()) "
        "order by 1"
    )
    return [row[0] for row in connection.execute(query, [database]).fetchall()]


def verify_file(settings: Settings, path: Path, districts: dict[str, PublishedDistrict]) -> dict[str, int]:
    """Open the new file as a reader does, and hold it against what it should say; gives rows by table.

    Raises PublishError naming what does not fit.
    """
    with open_snapshot(path, settings) as connection:
        shown = dict(connection.execute("select district_id, student_count from marts.dim_district").fetchall())
        expected = {district_id: district.student_count for district_id, district in districts.items()}
        if shown != expected:
            wrong = sorted(set(shown.items()) ^ set(expected.items()))
            raise PublishError(
                f"the new snapshot shows other districts or student counts than were built: {wrong[:5]}. Nothing was "
                "published; run `subgroups run` again, and `subgroups doctor` if it repeats."
            )
        reported = dict(
            connection.execute(
                "select district_id, sum(student_count)::bigint from marts.rpt_district_subgroup "
                "where subgroup = 'all_students' group by all"
            ).fetchall()
        )
        if without := [d for d, students in expected.items() if reported.get(d, 0) != students]:
            raise PublishError(f"the district report does not count the students of {without[:5]}. Nothing was published.")
        query = (
            "select district_id from marts.rpt_district_subgroup group by district_id, subgroup "
            "having sum(student_count) <> any_value(total_students)"
        )
        if wrong_sums := connection.execute(query).fetchall():
            raise PublishError(
                f"counts do not add up in the district report of {sorted(set(wrong_sums))[:5]}. Nothing was published."
            )
        connection.execute("select count(*) from marts.rpt_student_subgroup")
        return {
            table: connection.execute(f"select count(*) from marts.{table}").fetchall()[0][0]
            for table in mart_tables_in(connection)
        }
