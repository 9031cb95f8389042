"""Rows that an earlier version of the published tables holds, said in the words of this one.

A home that an earlier release built goes on with its next run, whatever that run has in scope: districts that it does not
build keep rows which were made under the earlier contract. An entry leaves when no home can be that old any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    import duckdb

# Before 2.0.0: the subgroup file was called by the way it arrived, and its time of receipt by what it was not.
_BEFORE_2 = {
    "fct_student_subgroup": """
        * replace (case source when 'sftp' then 'file' else source end as source) rename (valid_from as received_at)
    """,
}
# Tables of one run that lay in the warehouse, and models that were renamed: they would stay for good, with data of students.
_GONE = """
    select table_name from duckdb_tables()
    where database_name = 'warehouse' and schema_name = 'intermediate' and table_name <> 'int_row_count'
"""
_IS_BEFORE_2 = """
select count(*) > 0 from duckdb_columns()
where database_name = ? and table_name = 'fct_student_subgroup' and column_name = 'valid_from'
"""


def columns_now(connection: duckdb.DuckDBPyConnection, database: str, table: str) -> str:
    """What to select from a table of the schema `marts` in an attached database to get columns of today's contract."""
    is_before = connection.execute(_IS_BEFORE_2, [database]).fetchone()
    return _BEFORE_2.get(table, "*") if is_before and is_before[0] else "*"


def bring_up_to_date(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the tables of the working file the columns of today's contract, and drop tables of models that are gone.

    Constraints and comments of such a table come back with the next run that has every district in scope, and with the
    next publish.
    """
    for table in _BEFORE_2:
        if (columns := columns_now(connection, "analytics", table)) != "*":
            name = f"analytics.marts.{table}"
            connection.execute(f"create or replace table {name} as select {columns} from {name}")
    for (table,) in connection.execute(_GONE).fetchall():
        connection.execute(f"drop table warehouse.intermediate.{identifier(table)}")
