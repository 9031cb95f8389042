"""The warehouse: the one module that opens it for writing, makes its tables, and guards it with a lock file.

`raw.duckdb` (attached as `warehouse`: schemas raw, control, staging) and `analytics.duckdb` (attached as `analytics`: what
dbt publishes). A DuckDB file has one writing process, so whoever writes holds `warehouse/lock` for the whole run.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.disk import full_disk_in_words
from subgroup_pipeline.errors import WarehouseBusyError, WarehouseDamagedError
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.settings import Home, Settings

_A_LOOK = 0.5
"""Seconds for which a run that does not wait tries: another command may hold the lock for a blink, to see who holds it."""
LINEAGE = ("district_id", "delivery_id", "file_name", "landed_at")
RAW_TABLES = (*(table.name for table in roster_tables().values()), "subgroup_row")
_DAMAGE = ("not a valid DuckDB database", "Corrupt database file", "Corrupt WAL file", "Could not read enough bytes")
"""What DuckDB says of a file that is not what was written; it has no class of its own for that."""


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open both files for writing, `warehouse` as the default catalog, with every table in place.

    The caller holds `warehouse_lock`. The connection is closed (and both files checkpointed) on leaving. Raises
    WarehouseDamagedError or DiskFullError for what DuckDB met on the way.
    """
    import duckdb

    home = settings.paths
    files = {"warehouse": home.raw_database, "analytics": home.analytics_database}
    try:
        with full_disk_in_words(home), open_files(settings, write=files) as connection:
            connection.execute("use warehouse")
            _make_tables(connection)
            yield connection
    except duckdb.Error as error:
        if is_damaged(error):
            raise damaged_warehouse(home) from None
        raise


def is_damaged(fault: Exception | str) -> bool:
    """Whether a fault of DuckDB, or the words of one, say that a file is not what was written."""
    return any(words in str(fault) for words in _DAMAGE)


def damaged_warehouse(home: Home) -> WarehouseDamagedError:
    """The error that says so, with the mend."""
    return WarehouseDamagedError(
        f"a file in {home.warehouse} is damaged. It is derived: archive, ledger and what readers see are safe. Run "
        "`subgroups run` again; it sets the damaged file aside and makes it anew."
    )


@contextmanager
def warehouse_lock(settings: Settings, *, wait: bool = False) -> Iterator[None]:
    """Hold the warehouse for this process; the second line behind Dagster's pool.

    Raises WarehouseBusyError, naming the pid that holds it, unless `wait`. The kernel drops the lock with the process,
    so a killed run never leaves it held.
    """
    with settings.paths.warehouse_lock.open("a+", encoding="ascii", errors="replace") as lock:
        give_up = math.inf if wait else time.monotonic() + _A_LOOK
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up:
                    lock.seek(0)
                    holder = lock.read().strip() or "unknown"
                    raise WarehouseBusyError(
                        f"the warehouse in {settings.paths.warehouse} is held by process {holder}, another run. "
                        "Wait for it to end, or use `subgroups run --wait`."
                    ) from None
                time.sleep(0.05)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows given as mappings; `columns` maps a column to its DuckDB type. One statement, whatever the number."""
    if rows:
        names = ", ".join(f'"{column}"' for column in columns)
        connection.execute(
            f"insert into {table} ({names}) select {names} from (select unnest(from_json(?, ?), recursive := true))",
            [json.dumps(list(rows)), json.dumps([dict(columns)])],
        )


def replace_ids(connection: duckdb.DuckDBPyConnection, table: str, gone: Iterable[str], new: Iterable[str]) -> None:
    """Take delivery ids out of a control table that lists them, and put others in."""
    connection.execute(f"delete from {table} where delivery_id in (select unnest(?))", [list(gone)])
    insert_rows(connection, table, {"delivery_id": "VARCHAR"}, [{"delivery_id": delivery_id} for delivery_id in new])


def delete_deliveries(connection: duckdb.DuckDBPyConnection, delivery_ids: Iterable[str]) -> None:
    """Remove the raw rows of deliveries and the note that they are there, so that landing them is safe to repeat.

    One transaction: a note without its rows would let a delivery that becomes live again be published empty.
    """
    ids = list(delivery_ids)
    if ids:
        connection.execute("begin")
        about = ("raw.set_aside_row", "control.landed_header", "control.judged_feed", "control.check_failure")
        for table in (*(f"raw.{table}" for table in RAW_TABLES), *about, "control.landed_delivery"):
            connection.execute(f"delete from {table} where delivery_id in (select unnest(?))", [ids])
        connection.execute("commit")


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(resources.files(__package__).joinpath("warehouse_schema.sql").read_text(encoding="utf-8"))
    for table in roster_tables().values():
        columns = ", ".join(f'"{column}" varchar' for column in table.landed_columns)
        connection.execute(
            f"create table if not exists raw.{table.name} (district_id varchar not null, delivery_id varchar not null, "
            f"file_name varchar not null, landed_at timestamp not null, {columns}, metadata map(varchar, varchar))"
        )
