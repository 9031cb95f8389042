"""The warehouse: the one module that opens it for writing, makes its tables, and guards it with a lock file.

`raw.duckdb` (attached as `warehouse`: schemas raw, control, staging), `analytics.duckdb` (attached as `analytics`: what dbt
publishes) and `history.duckdb` (attached as `history`: what is kept of every build). A DuckDB file has one writing process, so
whoever writes holds `warehouse/lock` for the whole run.
"""

from __future__ import annotations

import fcntl
import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from subgroup_pipeline.disk import full_disk_in_words
from subgroup_pipeline.errors import WarehouseBusyError, WarehouseDamagedError
from subgroup_pipeline.warehouse.duckdb_files import attach, open_files
from subgroup_pipeline.warehouse.schema import make_tables

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.settings import Settings

_A_LOOK = 0.5
"""Seconds for which a run that does not wait tries: another command may hold the lock for a blink, to see who holds it."""
_STORAGE = "v1.4.0"
"""Of `raw.duckdb`, which nobody but us reads: since then DuckDB packs texts tighter, and writes and reads them faster."""
_LOG = "1GB"
"""What is written before DuckDB checkpoints by itself: its usual 16 MB come several times while a state is landed."""
_DAMAGE = ("not a valid DuckDB database", "Corrupt database file", "Corrupt WAL file", "Could not read enough bytes")
"""What DuckDB says of a file that is not what was written; it has no class of its own for that."""


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the three files for writing, `warehouse` as the default catalog, with every table in place.

    The caller holds `warehouse_lock`. The connection is closed (and the files checkpointed) on leaving. Raises
    WarehouseDamagedError or DiskFullError for what DuckDB met on the way.
    """
    import duckdb

    home = settings.paths
    files = {"analytics": home.analytics_database, "history": home.history_database}
    try:
        with full_disk_in_words(home), open_files(settings, write=files) as connection:
            connection.execute(attach("warehouse", home.raw_database, storage=_STORAGE))
            connection.execute(f"use warehouse; set checkpoint_threshold = '{_LOG}'")
            make_tables(connection)
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
        f"a file in {home.warehouse} or the history is damaged. Archive, ledger and what readers see are safe. Run "
        "`subgroups run` again; it sets the damaged file aside and makes it anew."
    )


@contextmanager
def warehouse_lock(settings: Settings, *, wait: bool = False) -> Iterator[None]:
    """Hold the warehouse for this process: the one guard that keeps two runs from writing.

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
