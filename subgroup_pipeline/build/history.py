"""The history: what was built is written into `history.duckdb`, once the tests of the models have passed.

The models compare a build with what the history says (`int_history_change`); here the differences are kept. DuckDB first,
registry second, and each step may be repeated: everything from `history_from` on is written anew.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.registry.builds import note_build
from subgroup_pipeline.registry.schema import Build
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.history_tables import MONTH_COUNT, STUDENT_CELL

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from subgroup_pipeline.registry.database import Registry

_OF_A_BUILD = (
    "district_id", "effective_at", "roster_delivery_id", "subgroup_delivery_id", "month", "reading_key", "meaning_key",
    "built_at",
)  # fmt: skip
_SCOPE = "(select * from control.run_scope where district_id not in (select unnest($failing)))"
_SAME_ROW = "h.district_id = c.district_id and h.student_id = c.student_id and h.subgroup = c.subgroup"
_CELLS = f"""
    delete from {STUDENT_CELL} as h using {_SCOPE} as s where h.district_id = s.district_id and h.valid_from >= s.history_from;
    update {STUDENT_CELL} as h set valid_to = null
        from {_SCOPE} as s where h.district_id = s.district_id and h.valid_to >= s.history_from;
    update {STUDENT_CELL} as h set valid_to = s.effective_at
        from work.intermediate.int_history_change as c inner join {_SCOPE} as s on c.district_id = s.district_id
        where {_SAME_ROW} and h.valid_from = c.closed_from;
    insert into {STUDENT_CELL} by name
        select o.district_id, o.student_id, o.subgroup, o.cells, o.valid_from, o.delivery_id
        from work.intermediate.int_history_opened as o inner join {_SCOPE} as s on o.district_id = s.district_id
"""
_MONTHS = f"""
    delete from {MONTH_COUNT} as h using {_SCOPE} as s
        where h.district_id = s.district_id and (h.effective_at >= s.history_from or h.month = s.month);
    insert into {MONTH_COUNT} by name
        select t.*, s.effective_at from analytics.marts.rpt_trend_subgroup as t
        inner join {_SCOPE} as s on t.district_id = s.district_id and t.month = s.month
"""


@stage("history")
def keep_history(connection: duckdb.DuckDBPyConnection, registry: Registry, *, but: Collection[str] = ()) -> None:
    """Write what the districts in scope were built as, `but` for those that failed. The models have the warehouse open."""
    failing = {"failing": list(but)}
    connection.execute("begin")
    for statement in f"{_CELLS};{_MONTHS}".split(";"):
        connection.execute(statement, failing)
    connection.execute("commit")
    rows = connection.execute(f"select {', '.join(_OF_A_BUILD)}, history_from from {_SCOPE}", failing).fetchall()
    with registry.begin() as session:
        for row in rows:
            values = dict(zip(_OF_A_BUILD, map(aware, row), strict=False))
            note_build(session, Build(**values), aware(row[-1]))


def aware(cell: Any) -> Any:  # noqa: ANN401 - a cell of any column
    """The warehouse keeps UTC without a zone, the registry keeps it with one, and months as text."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC)
    return cell.isoformat() if isinstance(cell, date) else cell
