"""The session that the SQL of checks and guards speaks to: the warehouse read-only, and schema `checks` in memory.

Rules about rows and cells are the models' own (`warehouse.rule_sql`); the queries lie in `quality/sql`, one file per fact.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.findings.finding import MOST_ROWS
from subgroup_pipeline.landing.delta import CARRIED_OVER
from subgroup_pipeline.warehouse import rule_sql
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from subgroup_pipeline.settings import Settings

_KEYS_OF_A_RUN, _FEWEST_KEYS = 500_000, 100
"""Keys that one rule may name over all deliveries of a run, and those that a delivery may always name."""
_FOLDER = Path(__file__).parent / "sql"


class ChecksNotRunError(SubgroupsError):
    """Nothing is known about the deliveries of a run, because the checks could not be run. Says where, and the mend."""


@contextmanager
def open_session(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a session over the deliveries in `control.run_delivery`, for one turn of judging.

    The warehouse is attached read-only, so no other connection may have it open for writing, in this process or another.
    All that a session makes lives in memory. Raises ChecksNotRunError.
    """
    import duckdb

    try:
        with open_files(settings, read={"warehouse": settings.paths.raw_database}) as session:
            for statement in _statements():
                session.execute(statement)
            yield session
    except duckdb.Error as error:
        raise ChecksNotRunError(
            f"the warehouse in {settings.paths.warehouse} cannot be checked: {without_values(error)}. "
            "Close whatever else has it open, or run `subgroups doctor`."
        ) from None


def fact_query(name: str, **values: object) -> str:
    """The SQL of `quality/sql/<name>.sql`; `values` are the template's."""
    return rule_sql.query(_FOLDER, f"{name}.sql", **values)


def without_values(error: object) -> str:
    """Say what DuckDB said, where that can only name tables, columns, files and syntax; else the kind of error alone.

    DuckDB quotes the cell in a conversion error, and that must reach no log.
    """
    first_line = str(error).partition("\n")[0]
    kind = first_line.partition(":")[0]
    is_harmless = kind in {"Binder Error", "Catalog Error", "Parser Error", "IO Error", "Connection Error"}
    return first_line if is_harmless or kind == first_line else kind


def _statements() -> list[str]:
    """SQL that makes the session: the functions that name keys, and a view per raw table."""
    fault = rule_sql.rules()
    return [
        "set preserve_insertion_order = false",
        "create schema checks",
        fact_query("session/keys", fewest=_FEWEST_KEYS, most=MOST_ROWS, of_run=_KEYS_OF_A_RUN),
        *(
            fact_query(
                "session/roster_table",
                table=table.name,
                fault=getattr(fault, f"fault_of_{table.name}")("r"),
                carried_over=CARRIED_OVER,
            )
            for table in roster_tables().values()
        ),
        fact_query("session/subgroups"),
    ]
