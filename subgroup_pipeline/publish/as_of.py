"""What students were on a day: the table macro `student_subgroup_on(day)`, and a reader's connection that answers for one day.

The day ends at midnight in the district's time zone, also where the clock is changed that night.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.warehouse.duckdb_files import attach, open_views
from subgroup_pipeline.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    import duckdb

    from subgroup_pipeline.settings import Settings

HISTORY = "fct_student_subgroup_history"
_NOW = "fct_student_subgroup"
_ON = """
create or replace macro {schema}.student_subgroup_on(day) as table
select was.district_id, was.student_id, was.subgroup, was.value, was.delivery_id, was.valid_from
from marts.fct_student_subgroup_history as was
inner join (
    select district_id, (cast(day as date) + 1)::timestamp at time zone timezone at time zone 'UTC' as day_end
    from marts.dim_district
) as district on was.district_id = district.district_id
where was.valid_from < district.day_end and (was.valid_to is null or was.valid_to >= district.day_end)
"""
_PATH = "select path from duckdb_databases() where database_name = current_database()"
_NAMES = """
select schema_name, table_name from duckdb_tables() where schema_name in ('marts', 'quality')
union all
select schema_name, view_name from duckdb_views() where schema_name in ('main', 'marts', 'quality') and not internal
"""


def macros_of(tables: Iterable[str], *schemas: str) -> list[str]:
    """Statements that make the macro in these schemas of the connection's own catalog; none where there is no history."""
    return [_ON.format(schema=schema) for schema in schemas] if HISTORY in tables else []


def make_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macro anew in the working file, in `marts` and in `main`."""
    query = "select table_name from duckdb_tables() where database_name = 'analytics' and schema_name = 'marts'"
    macros = macros_of([row[0] for row in connection.execute(query).fetchall()], "marts", "main")
    # DuckDB looks for the tables of a macro in the catalog that is in use.
    connection.execute(f"use analytics; begin; {' '.join(f'{macro};' for macro in macros)} commit; use warehouse")


@contextmanager
def open_on_day(settings: Settings, day: date, writes_into: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A reader's connection to what is published, in which `fct_student_subgroup` holds the values at the end of a day.

    Its columns are then those of the macro. Every other table is as it is now. Raises PublishError before the first snapshot
    with a history.
    """
    with open_published(settings) as connection:
        names = connection.execute(_NAMES).fetchall()
        (path,) = connection.execute(_PATH).fetchone() or ("",)
    if ("marts", HISTORY) not in names:
        raise PublishError("what readers see was published before there was a history. The next `subgroups run` publishes one.")
    statements = [
        f"{attach('published', Path(path), read_only=True)}; create schema marts; create schema quality;",
        *(_view(schema, name, f"published.{schema}.{identifier(name)}") for schema, name in names if name != _NOW),
        *(f"{macro};" for macro in macros_of([HISTORY], "marts", "main")),
        *(_view(schema, _NOW, f"marts.student_subgroup_on({literal(day)})") for schema in ("marts", "main")),
    ]
    connection = open_views(statements, [Path(path)], settings, writes_into)
    try:
        yield connection
    finally:
        connection.close()


def _view(schema: str, name: str, of: str) -> str:
    return f"create view {schema}.{identifier(name)} as from {of};"
