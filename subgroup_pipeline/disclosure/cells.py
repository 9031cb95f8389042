"""The table `cell`: every count that the published reports give away, once, for the rules and the audit to work on.

It lives in a DuckDB in memory. `student_count` and whatever else it holds are true counts, so it never leaves the process.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

_FOLDER = Path(__file__).with_name("sql")
_CELL = """
create or replace table cell (
    key integer not null,
    district_id varchar not null,
    level varchar not null,
    school_id varchar,
    course_id varchar,
    month date,
    subgroup varchar not null,
    value varchar not null,
    with_subgroup varchar,
    with_value varchar,
    school_year varchar,
    as_of_date date,
    student_count bigint not null,
    total_students bigint not null,
    scored_students bigint not null,
    mean_score_pct double,
    was_hidden boolean not null,
    is_unchanged boolean not null,
    is_carried boolean not null,
    is_proved boolean not null default false,
    hidden boolean not null,
    mean_hidden boolean not null,
    reason varchar
)
"""
"""One row per count. `key` numbers the rows from 1 in the order of what names them, so it depends on no order of rows.

`level` is `district`, `school` or `course`; a school has a `school_id`, a course has both IDs. A cell of the subgroup
`all_students` is the total of its place (one per place and month). `month` is null for the current reports; the months of the
trend are the cells of their own first days, without the newest one where the current reports say the same.
`with_subgroup` and `with_value` are null but for pairs, of which each has one cell: `subgroup` is before `with_subgroup` in
the alphabet. Pairs are of districts and schools, and of no month.

`total_students` are the students of the place. `was_hidden`: the district's last release hid the cell, and none before it had
shown that count. `is_unchanged`: it counted the same there, shown or (by the same rule) hidden. `is_carried`: the last
release showed the same counts of the whole district in this month, under the same settings, so what it hid stands and is not
worked out again. `is_proved`: the audit proved its district and month, and nothing was hidden there since. `hidden` and `reason`
are the result: a cell that is not hidden has no reason. `mean_hidden`: the mean is not shown; that of a hidden cell never is.
"""
_PRIVACY = Table(
    "main",
    "privacy",
    "What each district set about groups that are hidden.",
    {
        "district_id": Column("varchar", "Key of the district.", required=True),
        "minimum_count": Column("integer", "The smallest group that is shown.", required=True),
        "shows_zero": Column("boolean", "Whether groups of nobody are shown.", required=True),
    },
)


class Privacy(NamedTuple):
    """What a district set about groups that are hidden: those of 1 to `minimum_count` - 1 students, and empty ones by setting."""

    district_id: str
    minimum_count: int
    shows_zero: bool


def make_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables `cell` and `privacy`, empty, in the connection's own database; what they held is gone."""
    connection.execute(_CELL)
    connection.execute(f"create or replace table {_PRIVACY} {_PRIVACY.definition}")


def read_cells(connection: duckdb.DuckDBPyConnection, privacy: Iterable[Privacy]) -> None:
    """Fill `cell` and `privacy` for some districts from the marts of the database that is attached as `source`.

    Nothing is hidden yet. Values that nobody has are listed nowhere in the marts and have no cell, but in districts that hide
    empty groups: there each place has a cell for every value of the district, since a row that is missing would say zero.
    """
    make_cells(connection)
    insert_rows(connection, _PRIVACY, [one._asdict() for one in privacy])
    for statement in ("counts", "zeros", "cells"):
        connection.execute(sql(statement))


@cache
def sql(name: str) -> str:
    """The text of `disclosure/sql/<name>.sql`."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")
