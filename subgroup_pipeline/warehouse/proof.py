"""Proof of the warehouse's three files before a run works in them.

Two are derived: a damaged one is set aside, and the run makes it anew from archive and ledger. The history is not: it is set
aside as well, and read again as far back as the archive reaches. Opening a file finds a damaged beginning, a cut and a damaged
log. A damaged block inside is found when something reads it: that run fails and leaves the note
`unproven`, and the next run reads every block first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.connection import is_damaged, open_warehouse
from subgroup_pipeline.warehouse.duckdb_files import open_files
from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.settings import Settings

_NAMES = ["raw.duckdb", "analytics.duckdb"]
HISTORY = "history.duckdb"
_ASIDE = ".damaged"


def prove_warehouse(settings: Settings) -> list[str]:
    """Set damaged files aside; gives their names. The caller holds the warehouse.

    What a district's marts were made from is noted in `raw.duckdb`, so `analytics.duckdb` goes with it; without the second
    the notes are dropped, and every district is built again.
    """
    home = settings.paths
    damaged = damaged_files(settings)
    gone = _NAMES if "raw.duckdb" in damaged else damaged
    for name in gone:
        _set_aside(home.warehouse / name)
    if HISTORY in damaged:
        _set_aside(home.history_database)
    if home.raw_database.exists() and not home.analytics_database.exists():
        build_all_again(settings)
    home.unproven_warehouse.touch()
    return damaged


def build_all_again(settings: Settings) -> None:
    """Drop the notes of what was built, so that the next run builds every district."""
    with open_warehouse(settings) as connection:
        connection.execute("delete from control.build")


def damaged_files(settings: Settings) -> list[str]:
    """Names of files that do not open; after a run that did not end well, also of those with a damaged block."""
    return _damaged(settings, every_block=settings.paths.unproven_warehouse.exists())


def doubt_warehouse(settings: Settings) -> list[str]:
    """Read every block of all files; gives the names of damaged ones, which the next run then makes anew."""
    damaged = _damaged(settings, every_block=True)
    if damaged:
        settings.paths.unproven_warehouse.touch()
    return damaged


def end_well(home: Home) -> None:
    """Note that a run read and wrote the warehouse to the end: what was set aside before is made anew, and may leave."""
    home.unproven_warehouse.unlink(missing_ok=True)


def _damaged(settings: Settings, *, every_block: bool) -> list[str]:
    files = [*(settings.paths.warehouse / name for name in _NAMES), settings.paths.history_database]
    return [file.name for file in files if file.exists() and not _is_whole(file, settings, every_block=every_block)]


def _is_whole(path: Path, settings: Settings, *, every_block: bool) -> bool:
    import duckdb

    try:
        with open_files(settings, read={"proved": path}) as connection:
            if every_block:
                _read_every_block(connection)
                return True
            # Free blocks at the end need not stand on disk, so only the used ones tell a cut.
            query = "select block_size * used_blocks from pragma_database_size() where database_name = 'proved'"
            size = connection.execute(query).fetchone()
            return size is not None and path.stat().st_size >= size[0]
    except duckdb.Error as error:
        if is_damaged(error):
            return False
        raise


def _read_every_block(connection: duckdb.DuckDBPyConnection) -> None:
    """Read every row of the file under the name `proved`. Raises duckdb.Error where a block is not what was written."""
    query = "select schema_name, table_name from duckdb_tables() where database_name = 'proved'"
    for schema, table in connection.execute(query).fetchall():
        connection.execute(f"select bit_xor(hash(t)) from proved.{identifier(schema)}.{identifier(table)} t").fetchall()


def _set_aside(path: Path) -> None:
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    if path.exists():
        path.replace(path.with_name(path.name + _ASIDE))
