"""`shareable.duckdb`: the reports with small groups hidden, in a file that holds nothing else.

It is always written anew, never changed: what a file once held may stand in its free blocks. It has no row of a student, and no
column from which a hidden count could be worked out: no totals beside `all_students`, no unrounded shares, no counts of scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.release_tables import PUBLIC_TABLES, RELEASE, REPORTS
from subgroup_pipeline.warehouse.sql_text import identifier, literal, literals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import duckdb

    from subgroup_pipeline.warehouse.table import Table

SHAREABLE = "shareable.duckdb"
_KEYS = ("district_id", "level", "school_id", "course_id", "month", "subgroup", "value", "with_subgroup", "with_value")
"""What names a row, in the order in which rows stand."""
_OF_PLACE = "with_subgroup is null and month is null"
_WHICH = {
    "rpt_district_subgroup": f"level = 'district' and {_OF_PLACE}",
    "rpt_school_subgroup": f"level = 'school' and {_OF_PLACE}",
    "rpt_course_subgroup": f"level = 'course' and {_OF_PLACE}",
    "rpt_district_subgroup_pair": "level = 'district' and with_subgroup is not null",
    "rpt_school_subgroup_pair": "level = 'school' and with_subgroup is not null",
    "rpt_trend_subgroup": "month is not null",
}


def make_public(connection: duckdb.DuckDBPyConnection, rows: Callable[[Table], str]) -> None:
    """Make the schema `public` of the database that is attached as `shareable`; `rows` gives the query of a table's rows."""
    connection.execute("create schema shareable.public")
    for table in PUBLIC_TABLES:
        name = f"shareable.{table}"
        order = ", ".join(f"{key} nulls first" for key in _KEYS if key in table.columns)
        columns = ", ".join(identifier(column) for column in table.columns)
        connection.execute(f"create table {name} {table.definition}")
        connection.execute(f"insert into {name} select {columns} from ({rows(table)}) order by {order}")
        connection.execute(f"comment on table {name} is {literal(table.meaning)}")
        for column, said in table.columns.items():
            connection.execute(f"comment on column {name}.{identifier(column)} is {literal(said.meaning)}")


def released_rows(table: Table, release_ids: Iterable[str]) -> str:
    """The query of a table's rows from the store, of these releases."""
    chosen = f"release_id in (select unnest({literals(release_ids)}))"
    if table is RELEASE:
        return f"select * from releases.release where {chosen}"
    shown = (
        "select * replace (if(hidden, null, student_count) as student_count), shown_mean_pct as mean_score_pct "
        f"from releases.released_cell where {chosen} and {_WHICH[table.name]}"
    )
    if "with_subgroup" not in table.columns:
        return shown
    turned = "* rename (subgroup as with_subgroup, value as with_value, with_subgroup as subgroup, with_value as value)"
    return f"{shown} union all by name select {turned} from ({shown})"


__all__ = ["REPORTS", "SHAREABLE", "make_public", "released_rows"]
