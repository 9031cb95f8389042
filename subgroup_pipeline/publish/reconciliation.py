"""Reconciliation: what goes into each hop of a file's way comes out of it or is set aside, to the row.

| hop | rows in | rows out | set aside |
|-|-|-|-|
| lines to records | physical lines | header, records that fit, continuing lines | blank rows, records that do not fit |
| records to raw | records | rows landed | records that do not fit |
| raw to staging | rows landed | rows staged (of a subgroup file: students whom it names) | rows set aside by a rule |
| staging to marts | staged students | `dim_student` | none |

A record is a row as CSV reads it: a quoted cell may hold line breaks, and every line after a record's first continues it.
The last two hops are those of deliveries that were built (the very last one of rosters); a delivery that waits has come no
further than raw. A district that keeps its rows of the snapshot before (its build did not end well) keeps those hops with them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.landing.delta import CARRIED_OVER
from subgroup_pipeline.publish.reader import open_snapshot
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.registry.delivery_record import FileRecord
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

RECONCILIATION = Table(
    "quality",
    "reconciliation",
    "One row per hop of a file's way: what goes in comes out or is set aside, to the row.",
    {
        "delivery_id": Column("varchar", "The delivery that the file is of."),
        "district_id": Column("varchar", "Key of the district, from its login; never from file content."),
        "file_name": Column("varchar", "Name of the file."),
        "hop": Column("varchar", "lines to records, records to raw, raw to staging, or staging to marts."),
        "rows_in": Column("bigint", "Rows that go in."),
        "rows_out": Column("bigint", "Rows that come out."),
        "rows_set_aside": Column("bigint", "Rows that a rule sets aside."),
        "set_aside_by_rule": Column("varchar", "The same by rule, as a JSON object; null if there are none."),
        "is_balanced": Column("boolean", "Whether rows_in = rows_out + rows_set_aside."),
    },
    database="analytics",
)

_MODEL_HOPS = ("raw to staging", "staging to marts")
_HOPS_OF = "from quality.reconciliation where district_id in (select unnest(?)) and hop in (select unnest(?))"
_HAS_COUNTS = "select count(*) from duckdb_tables() where database_name = 'warehouse' and table_name = 'int_row_count'"
_ROWS = "select delivery_id, file_name, fate, rule, sum(row_count)::bigint from warehouse.intermediate.int_row_count group by all"
_PUBLISHED = """
select d.roster_delivery_id, d.subgroup_delivery_id, count(s.student_id)
from analytics.marts.dim_district d left join analytics.marts.dim_student s using (district_id) group by all
"""


@dataclass
class _Built:
    """Rows by file of the deliveries that were built, from the models alone."""

    staged: dict[tuple[str, str], int] = field(default_factory=dict)
    rules: dict[tuple[str, str], dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    staged_students: dict[str, int] = field(default_factory=dict)
    published_students: dict[str, int] = field(default_factory=dict)
    subgroup_files: set[str] = field(default_factory=set)


def reconcile(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Iterable[Delivery],
    kept: Mapping[str, Sequence[dict[str, Any]]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Every hop of every file of these deliveries, as rows of `quality.reconciliation`; `kept` as `hops_before` gives them."""
    built = _read_built(connection)
    rows = []
    for delivery in deliveries:
        for name, file in delivery.record.files.items():
            rows += _landing_hops(delivery, name, file)
        if delivery.district_id in kept:
            rows += [row for row in kept[delivery.district_id] if row["delivery_id"] == delivery.delivery_id]
        elif delivery.delivery_id in built.subgroup_files or delivery.delivery_id in built.published_students:
            rows += _model_hops(delivery, built)
    return rows


def hops_before(settings: Settings, snapshot: Path | None, districts: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The two hops of the models, by district, as this snapshot (None: there is none) says them."""
    kept: dict[str, list[dict[str, Any]]] = {district_id: [] for district_id in districts}
    if not kept or snapshot is None:
        return kept
    with open_snapshot(snapshot, settings) as published:
        rows = published.execute(_HOPS_OF, [list(kept), list(_MODEL_HOPS)]).fetchall()
    for row in rows:
        hop = dict(zip(RECONCILIATION.columns, row, strict=True))
        kept[hop["district_id"]].append(hop)
    return kept


def _landing_hops(delivery: Delivery, name: str, file: FileRecord) -> list[dict[str, Any]]:
    fitting = file.records - file.set_aside
    unfit = {"does not fit the header": file.set_aside}
    aside = {"blank": file.blank, "above or below the rows": file.skipped} | unfit
    return [
        _hop(delivery, name, "lines to records", file.lines, 1 + file.continued + fitting, aside),
        _hop(delivery, name, "records to raw", file.records, file.landed, unfit),
    ]


def _model_hops(delivery: Delivery, built: _Built) -> list[dict[str, Any]]:
    landed = {name: file.landed for name, file in delivery.record.files.items() if file.table in RAW_TABLES}
    carried = delivery.record.rows_carried_over
    if carried or (delivery.delivery_id, CARRIED_OVER) in built.staged:
        landed[CARRIED_OVER] = carried
    hops = []
    for name, rows_in in landed.items():
        key = (delivery.delivery_id, name)
        hops.append(_hop(delivery, name, _MODEL_HOPS[0], rows_in, built.staged.get(key, 0), built.rules.get(key, {})))
    if delivery.feed == "roster":
        students = built.staged_students.get(delivery.delivery_id, 0)
        published = built.published_students[delivery.delivery_id]
        hops.append(_hop(delivery, "users.csv", _MODEL_HOPS[1], students, published, {}))
    return hops


def _read_built(connection: duckdb.DuckDBPyConnection) -> _Built:
    built = _Built()
    has_counts = connection.execute(_HAS_COUNTS).fetchone()
    if not has_counts or not has_counts[0]:
        return built
    for delivery_id, file_name, fate, rule, count in connection.execute(_ROWS).fetchall():
        if fate == "staged":
            built.staged[delivery_id, file_name] = count
        elif fate == "set aside":
            built.rules[delivery_id, file_name][rule] = count
        else:
            built.staged_students[delivery_id] = count
    for roster, subgroups, students in connection.execute(_PUBLISHED).fetchall():
        built.published_students[roster] = students
        built.subgroup_files.add(subgroups)
    return built


def _hop(delivery: Delivery, file_name: str, hop: str, rows_in: int, rows_out: int, set_aside: dict[str, int]) -> dict[str, Any]:
    rules = {rule: count for rule, count in sorted(set_aside.items()) if count}
    aside = sum(rules.values())
    return {
        "delivery_id": delivery.delivery_id,
        "district_id": delivery.district_id,
        "file_name": file_name,
        "hop": hop,
        "rows_in": rows_in,
        "rows_out": rows_out,
        "rows_set_aside": aside,
        "set_aside_by_rule": json.dumps(rules) if rules else None,
        "is_balanced": rows_in == rows_out + aside,
    }
