"""An export: what dbt's sources hold of each district whose deliveries are accepted, written where they changed.

Read from the warehouse, which the caller holds; the rows are those that a build of the district from its live deliveries reads.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.scope import scope_rows
from subgroup_pipeline.disk import full_disk_in_words
from subgroup_pipeline.export.store import ExportedDistrict, Store
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import iso_time, live_deliveries
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control import write_report_settings, write_subgroup_settings
from subgroup_pipeline.warehouse.control_tables import (
    LANDED_HEADER,
    REPORT_BAND,
    REPORT_PAIR,
    RUN_SCOPE,
    SUBGROUP_COLUMN,
    SUBGROUP_VALUE,
)
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.history_tables import MONTH_COUNT, STUDENT_CELL
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.sql_text import literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

FORM = 1
"""Raised when the layout or the columns of an export change, so that every district is written anew."""
KEPT = timedelta(days=1)
"""How long files stay that no entry names any more: whoever began to read them has that long to end."""
AT_A_TIME = 100
"""Districts that one scan of a table writes; DuckDB keeps as many files open."""

_SETTINGS = (RUN_SCOPE, SUBGROUP_COLUMN, SUBGROUP_VALUE, REPORT_BAND, REPORT_PAIR)
"""Control tables that are made for the export: the warehouse's own hold the districts of the last run only."""
_BEFORE = "valid_from < history_from"
"""What a build reads of the history: what was before it."""


@dataclass(frozen=True)
class Exported:
    """What an export came to: districts written, as they were, not to be had (by why), taken out; and folders cleared."""

    written: list[str]
    unchanged: int
    left_out: list[str]
    removed: list[str]
    cleared: int


def export_districts(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict], address: str) -> Exported:
    """Bring an export to what is accepted of these districts. Raises ExportError, DiskFullError.

    `left_out` are districts whose live deliveries are not in the warehouse, or do not fit their settings: their entry stands.
    """
    store = Store(address, settings)
    before = store.exported()
    with full_disk_in_words(settings.paths), _sources(settings) as connection:
        rows = {row["district_id"]: row for row in scope_rows(connection, registry, districts, {})}
        landed = {row[0] for row in connection.execute("select delivery_id from control.landed_delivery").fetchall()}
        whole = [d for d in districts if d.district_id in rows and _delivery_ids(rows[d.district_id]) <= landed]
        found = _entries(connection, whole, rows)
        changed = [one for one in found if one.district_id not in before or before[one.district_id].version != one.version]
        _write(connection, store, changed)
    with registry.begin() as session:
        live = live_deliveries(session, "roster")
    gone = sorted({d.district_id for d in districts if d.district_id not in live} & before.keys())
    for district_id in gone:
        store.forget(district_id)
    written = [one.district_id for one in changed]
    if written or gone:
        with registry.begin() as session:
            record_event(session, "export.written", actor="pipeline", detail={"districts": len(written), "removed": len(gone)})
    known = {one.district_id for one in found}
    left_out = sorted(d.district_id for d in districts if d.district_id in live and d.district_id not in known)
    return Exported(written, len(found) - len(written), left_out, gone, store.sweep(KEPT))


@contextmanager
def _sources(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Dbt's sources by their names: views of the warehouse, and control tables of this connection's own."""
    with open_warehouse(settings):
        pass  # makes what an earlier release lacks
    paths = settings.paths
    read = {"warehouse": paths.raw_database, "history": paths.history_database, "analytics": paths.analytics_database}
    with open_files(settings, read=read) as connection:
        connection.execute("create schema raw; create schema control")
        for table in RAW_TABLES.values():
            connection.execute(f"create view {table} as from warehouse.{table}")
        for name in ("landed_delivery", "landed_header", "held_back", "build"):
            connection.execute(f"create view control.{name} as from warehouse.control.{name}")
        for settings_table in _SETTINGS:
            connection.execute(f"create table {settings_table} {settings_table.definition}")
        yield connection


def _delivery_ids(row: dict[str, Any]) -> set[str]:
    return {row["roster_delivery_id"], *filter(None, [row["subgroup_delivery_id"]])}


def _entries(
    connection: duckdb.DuckDBPyConnection, districts: Sequence[RegisteredDistrict], rows: dict[str, dict[str, Any]]
) -> list[ExportedDistrict]:
    """Fill the control tables for these districts, and give each one's entry as it should stand in the export."""
    insert_rows(connection, RUN_SCOPE, [rows[district.district_id] for district in districts])
    _take_built_at(connection)
    write_subgroup_settings(connection, districts)
    write_report_settings(connection, districts)
    history = dict(
        connection.execute(
            f"select district_id, concat_ws(' ', count(*), count(valid_to), max(valid_from)) from {STUDENT_CELL} "
            f"inner join control.run_scope using (district_id) where {_BEFORE} group by all"
        ).fetchall()
    )
    entries = []
    for district in districts:
        row = rows[district.district_id]
        of_build = [row[name] for name in ("roster_delivery_id", "subgroup_delivery_id", "as_of_date", "effective_at")]
        parts = [FORM, district.version, *of_build, row["history_from"], history.get(district.district_id)]
        version = hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]
        entries.append(
            ExportedDistrict(
                district_id=district.district_id,
                version=version,
                roster_delivery_id=row["roster_delivery_id"],
                subgroup_delivery_id=row["subgroup_delivery_id"],
                settings_version=district.version,
                exported_at=iso_time(datetime.now(UTC)) or "",
            )
        )
    return entries


def _take_built_at(connection: duckdb.DuckDBPyConnection) -> None:
    """A district that is built from these deliveries keeps the time of that build: what is published says it."""
    has_marts = "select 1 from duckdb_tables() where database_name = 'analytics' and table_name = 'dim_district'"
    if connection.execute(has_marts).fetchone():
        connection.execute(
            "update control.run_scope as s set built_at = d.published_at from analytics.marts.dim_district as d "
            "inner join control.build as b using (district_id) where s.district_id = d.district_id and s.build_key = b.build_key"
        )


def _queries() -> dict[str, str]:
    """What is exported, by folder: every source of dbt, narrowed to the live deliveries of the districts in `export_version`."""
    queries = {
        f"raw/{table.name}": f"select t.* from {table} as t inner join control.run_scope as s "
        f"on t.district_id = s.district_id and t.delivery_id = s.{'roster' if table.feed == 'roster' else 'subgroup'}_delivery_id"
        for table in RAW_TABLES.values()
    }
    queries |= {f"control/{table.name}": f"select t.* from {table} as t" for table in _SETTINGS}
    queries[f"control/{LANDED_HEADER.name}"] = (
        f"select s.district_id, t.* from {LANDED_HEADER} as t "
        "inner join control.run_scope as s on t.delivery_id = s.roster_delivery_id"
    )
    queries[f"history/{STUDENT_CELL.name}"] = (
        "select t.* replace (case when valid_to < history_from then valid_to end as valid_to) "
        f"from {STUDENT_CELL} as t inner join control.run_scope using (district_id) where {_BEFORE}"
    )
    queries[f"history/{MONTH_COUNT.name}"] = (
        f"select t.* from {MONTH_COUNT} as t inner join control.run_scope as s using (district_id) "
        "where t.effective_at < s.history_from"
    )
    return queries


def _write(connection: duckdb.DuckDBPyConnection, store: Store, changed: Sequence[ExportedDistrict]) -> None:
    """Write the files of districts and let them count, some districts at a time."""
    connection.execute("create temp table export_version (district_id varchar, version varchar)")
    for first in range(0, len(changed), AT_A_TIME):
        some = changed[first : first + AT_A_TIME]
        connection.execute("delete from export_version")
        connection.execute(
            f"insert into export_version select unnest({literals(one.district_id for one in some)}), "
            f"unnest({literals(one.version for one in some)})"
        )
        with store.draft() as draft:
            folders = [
                folder for table, query in _queries().items() for folder in _write_table(connection, draft, table, query, some)
            ]
            store.take(draft, folders)
            for one in some:
                store.name(one)


def _write_table(
    connection: duckdb.DuckDBPyConnection, draft: Path, table: str, query: str, some: Sequence[ExportedDistrict]
) -> list[str]:
    """Write the rows of some districts in one scan of a table; gives their folders. One without rows has a file without rows."""
    folder = draft / table
    folder.mkdir(mode=0o700, parents=True)
    rows = f"select r.*, v.version from ({query}) as r inner join export_version as v on r.district_id = v.district_id"
    options = "format parquet, compression zstd"
    connection.execute(f"copy ({rows}) to {literal(folder)} ({options}, partition_by (district_id, version))")
    of_districts = [f"district_id={one.district_id}/version={one.version}" for one in some]
    if missing := [folder / name for name in of_districts if not (folder / name).is_dir()]:
        empty = draft / "empty.parquet"
        connection.execute(
            f"copy (select * exclude (district_id, version) from ({rows}) limit 0) to {literal(empty)} ({options})"
        )
        for target in missing:
            target.mkdir(mode=0o700, parents=True)
            (target / "data.parquet").write_bytes(empty.read_bytes())
    return [f"{table}/{name}" for name in of_districts]
