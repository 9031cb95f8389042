"""A warehouse of made-up rows, and the dbt project run over it in process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.dbt import run_dbt
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import CONTROL_TABLES
from subgroup_pipeline.warehouse.duckdb_files import attach
from subgroup_pipeline.warehouse.rows import insert_rows
from tests.support.as_landed import insert_as_landed

if TYPE_CHECKING:
    import duckdb
    from dbt.cli.main import dbtRunnerResult

Row = Mapping[str, Any]

MARTS = (
    "dim_district", "dim_school", "dim_course", "dim_student", "dim_subgroup", "fct_enrollment", "fct_student_school",
    "fct_student_subgroup", "rpt_district_subgroup", "rpt_school_subgroup", "rpt_course_subgroup", "rpt_student_subgroup",
)  # fmt: skip


class Warehouse:
    """The two database files of one home, and dbt over them. Nobody else has them open between calls."""

    def __init__(self, home: Path) -> None:
        self.settings = load_settings(home=home, memory_limit="1GB")
        self.settings.paths.make()
        self._tables_of_the_run = home / "work.duckdb"

    def write(self, work: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
        with open_warehouse(self.settings) as connection:
            connection.execute(attach("work", self._tables_of_the_run))
            work(connection)

    def deliver(self, district_id: str, delivery_id: str, tables: Mapping[str, Sequence[Row]]) -> None:
        """Land a roster or subgroup file, given as OneRoster rows by raw table."""

        def land(connection: duckdb.DuckDBPyConnection) -> None:
            for table, rows in tables.items():
                insert_as_landed(connection, table, rows, district_id=district_id, delivery_id=delivery_id, landed_at=at(3))

        self.write(land)

    def control(self, **tables: Sequence[Row]) -> None:
        """Replace control tables."""

        def fill(connection: duckdb.DuckDBPyConnection) -> None:
            for name, rows in tables.items():
                table = next(table for table in CONTROL_TABLES if table.name == name)
                connection.execute(f"delete from {table}")
                insert_rows(connection, table, rows)

        self.write(fill)

    def dbt(self, *arguments: str) -> dbtRunnerResult:
        """Run dbt in process and return its result; the files are closed again afterwards."""
        return run_dbt(self.settings, "--quiet", *arguments, work=self._tables_of_the_run)

    def night(self, *scope: Row, command: str = "build") -> None:
        """Build the districts in scope as the nightly run does, and note their build keys; `run` leaves the tests out."""
        self.control(run_scope=list(scope))
        result = self.dbt(command, *(["--exclude-resource-type", "unit_test"] if command == "build" else []))
        assert result.success, [r.message for r in result.result or [] if r.message]

        def note(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("delete from control.build where district_id in (select district_id from control.run_scope)")
            connection.execute("insert into control.build select district_id, build_key from control.run_scope")

        self.write(note)

    def mart(self, table: str, columns: str, district_id: str | None = None, where: str = "true") -> list[tuple[Any, ...]]:
        """These columns of a published table's rows, sorted."""
        import duckdb

        of_district = "district_id = $1" if district_id else "true"
        with duckdb.connect(str(self.settings.paths.analytics_database), read_only=True) as connection:
            rows = connection.execute(
                f"select {columns} from marts.{table} where {of_district} and {where}", [district_id] if district_id else []
            ).fetchall()
        return sorted(rows, key=repr)

    def marts(self, district_id: str | None = None) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.mart(table, "*", district_id) for table in MARTS}


def at(hour: int) -> datetime:
    """A time of the night; the warehouse keeps UTC without a zone."""
    return datetime(2025, 10, 1, hour)  # noqa: DTZ001


def scope(district_id: str, roster: str, subgroups: str | None = None, **more: object) -> dict[str, Any]:
    """A row of control.run_scope."""
    return {
        "district_id": district_id,
        "district_name": f"{district_id.title()} ISD",
        "roster_delivery_id": roster,
        "subgroup_delivery_id": subgroups,
        "roster_received_at": at(1),
        "subgroup_received_at": at(2) if subgroups else None,
        "as_of_date": date(2025, 10, 1),
        "match_field": None,
        "build_key": f"{roster}/{subgroups}",
        "built_at": at(3),
        "timezone": "America/Chicago",
        "effective_at": at(2) if subgroups else at(1),
        "effective_date": date(2025, 9, 30),
        "history_from": at(2) if subgroups else at(1),
        "reading_key": "",
        "meaning_key": "",
        "month": date(2025, 9, 1),
        **more,
    }


def student(sourced_id: str, given: str, family: str, **more: str) -> dict[str, str]:
    """A row of users.csv."""
    return {
        "sourcedId": sourced_id, "enabledUser": "true", "role": "student", "username": given.lower(), "givenName": given,
        "familyName": family, "grades": "03", **more,
    }  # fmt: skip
