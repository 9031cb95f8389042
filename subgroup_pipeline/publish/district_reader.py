"""Reading one district of the snapshot that is shown, and nothing else: what every page about a district reads with.

A connection is in memory and has views over the district's own files of the lake; no other file can be reached through it.
Opening one takes some 18 ms, so a few are kept open, and each use has a cursor of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_file import DISTRICT_KEY
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.as_of import macros_of
from subgroup_pipeline.publish.lake import file_of, tables_of
from subgroup_pipeline.publish.quality_tables import QUALITY_TABLES
from subgroup_pipeline.warehouse.duckdb_files import open_views
from subgroup_pipeline.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings

_KEPT_OPEN = 32
"""Connections; a few megabytes each while their district is looked at."""


@dataclass(eq=False)
class _Open:
    """A connection to one district of one snapshot, and how many use it now."""

    connection: duckdb.DuckDBPyConnection
    users: int = 0
    is_kept: bool = True


_LOCK = Lock()
_kept: OrderedDict[tuple[Path, str], _Open] = OrderedDict()
"""By snapshot and district, the one that was used last at the end."""


@contextmanager
def open_district(settings: Settings, district_id: str, snapshot: str = "current") -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to what readers see of one district now: schemas `marts` and `quality`, as in the staff file.

    Thread safe: every caller has a cursor of its own, for as long as the block runs. A publish meanwhile changes nothing for
    it. Who has read a manifest asks for its `snapshot`, so that both are of one. Raises PublishError where nothing is published
    of the district, or its files cannot be read.
    """
    with _LOCK:
        opened = _take(settings, (settings.paths.published / snapshot).resolve(), district_id)
        cursor = opened.connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()
        with _LOCK:
            opened.users -= 1
            _close_unused(opened)


def _take(settings: Settings, snapshot: Path, district_id: str) -> _Open:
    """The connection to a district, opened where it is not; those to snapshots that are no longer shown are let go."""
    key = (snapshot, district_id)
    for other in [one for one in _kept if one[0] != snapshot and one[0].parent == snapshot.parent]:
        _let_go(other)
    if key not in _kept:
        while len(_kept) >= _KEPT_OPEN:
            _let_go(next(iter(_kept)))
        _kept[key] = _Open(_connect(settings, snapshot, district_id))
    _kept.move_to_end(key)
    _kept[key].users += 1
    return _kept[key]


def _let_go(key: tuple[Path, str]) -> None:
    opened = _kept.pop(key)
    opened.is_kept = False
    _close_unused(opened)


def _close_unused(opened: _Open) -> None:
    if not opened.is_kept and not opened.users:
        opened.connection.close()


def _connect(settings: Settings, snapshot: Path, district_id: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    of_quality = {table.name for table in QUALITY_TABLES}
    files = {table: file_of(snapshot, table, district_id) for table in tables_of(snapshot)}
    if not DISTRICT_KEY.fullmatch(district_id) or not files or not all(file.is_file() for file in files.values()):
        raise PublishError(f"nothing is published of {district_id} yet. A roster that is accepted is published by the next run.")
    views = [
        f"create view {'quality' if table in of_quality else 'marts'}.{identifier(table)} as "
        # The path is not asked: it would make a number of the district 007, and a column of any folder above called `a=b`.
        f"select {literal(district_id)} as district_id, * from read_parquet({literal(file)}, hive_partitioning = false);"
        for table, file in files.items()
    ]
    views += [f"{macro};" for macro in macros_of(files, "marts")]
    try:
        return open_views(["create schema marts; create schema quality;", *views], files.values(), settings)
    except duckdb.Error as error:
        raise PublishError(
            f"the published files of {district_id} in {snapshot} cannot be read: {str(error).splitlines()[0]}. "
            "`subgroups verify` finds what is damaged and publishes it anew."
        ) from error
