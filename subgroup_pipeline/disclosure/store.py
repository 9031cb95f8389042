"""The durable store of releases: what each district's last ones showed, so that it can be shown again until the next one.

`releases/releases.duckdb` is opened by who holds the warehouse and by nobody else. The counts that a release hides stand in it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.release_tables import RELEASE_TABLES, RELEASED_CELL
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.warehouse.connection import is_damaged
from subgroup_pipeline.warehouse.duckdb_files import attach, open_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings

KEPT = 2
"""Releases of a district whose cells are kept: the last one, and the one before it, should a kill undo the last."""


@dataclass(frozen=True)
class Release:
    """The last release of a district."""

    release_id: str
    released_at: datetime
    minimum_count: int
    profile: str
    shows_zero: bool
    build_key: str


@contextmanager
def open_store(settings: Settings, **read: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory with the store attached as `releases`, made if it is not there, and other files to read.

    Raises duckdb.Error where a file does not open.
    """
    with open_files(settings, write={"releases": settings.paths.releases_database}, read=read) as connection:
        for table in RELEASE_TABLES:
            connection.execute(f"create table if not exists {table} {table.definition}")
        connection.execute(f"alter table {RELEASED_CELL} add column if not exists known boolean")  # 0.1.0 began without it
        yield connection


def last_releases(settings: Settings, finished: Sequence[str]) -> dict[str, Release]:
    """The last release of each district, by district.

    `finished` are the names of all snapshots that ever became one and are still there. A release for a snapshot that is newer
    than all of them was made by a process that was killed before anybody saw it, and is forgotten. Where there is no snapshot at
    all, the home was restored from a backup, and its releases were seen where that was made.
    """
    if not settings.paths.releases_database.exists() or _was_damaged(settings):
        return {}
    with open_store(settings) as connection:
        unseen = "select release_id from releases.release where snapshot > ?"
        newest = _newest(finished)
        if connection.execute(unseen, [newest]).fetchone():
            for table in reversed(RELEASE_TABLES):
                connection.execute(f"delete from {table} where release_id in ({unseen})", [newest])
        rows = connection.execute(
            "select district_id, release_id, released_at::timestamptz, minimum_count, profile, shows_zero, build_key "
            "from releases.release qualify row_number() over (partition by district_id order by released_at desc) = 1"
        ).fetchall()
    return {row[0]: Release(*row[1:]) for row in rows}


def copy_releases(settings: Settings, connection: duckdb.DuckDBPyConnection, district_id: str, finished: Sequence[str]) -> None:
    """Make `releases` in the connection: a copy in memory of what the store has of a district, and what anybody saw of that.

    `finished` is that of `last_releases`. The caller holds the warehouse. The store itself is not changed.
    """
    connection.execute("attach ':memory:' as releases")
    for table in RELEASE_TABLES:
        connection.execute(f"create table {table} {table.definition}")
    path = settings.paths.releases_database
    if not path.exists() or _was_damaged(settings):
        return
    connection.execute(attach("kept", path, read_only=True))
    seen = "release_id in (select release_id from kept.release where district_id = $district and snapshot <= $newest)"
    for table in RELEASE_TABLES:
        connection.execute(
            f"insert into {table} by name from kept.{table.name} where district_id = $district and {seen}",
            {"district": district_id, "newest": _newest(finished)},
        )
    connection.execute("detach kept")


def _newest(finished: Sequence[str]) -> str:
    """The snapshot after which nothing was seen; after every name where there is none."""
    return max(finished, default="~")


def _was_damaged(settings: Settings) -> bool:
    """Set the store aside where it does not open; every district then gets a first release again."""
    import duckdb

    path = settings.paths.releases_database
    try:
        with open_store(settings):
            return False
    except duckdb.Error as error:
        if not is_damaged(error):
            raise
    log_event("damage.releases")
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    path.replace(path.with_name(f"{path.name}.damaged"))
    return True


def count_but(settings: Settings, district_ids: Sequence[str]) -> int:
    """How many rows the store has of other districts than these."""
    with open_store(settings) as connection:
        query = "select count(*) from {} where district_id not in (select unnest(?::varchar[]))"
        counts = [connection.execute(query.format(table), [list(district_ids)]).fetchall() for table in RELEASE_TABLES]
    return sum(count for ((count,),) in counts)


def forget_but(settings: Settings, district_ids: Sequence[str]) -> None:
    """Remove the releases of all other districts; what freed blocks hold stays until the file is written anew."""
    with open_store(settings) as connection:
        for table in RELEASE_TABLES:
            connection.execute(
                f"delete from {table} where district_id not in (select unnest(?::varchar[]))", [list(district_ids)]
            )


def forget_old_cells(connection: duckdb.DuckDBPyConnection) -> None:
    """Remove the cells of releases before those that are kept; that the releases were made stays."""
    connection.execute(
        f"delete from {RELEASE_TABLES[1]} where release_id not in (select release_id from {RELEASE_TABLES[0]} "
        f"qualify row_number() over (partition by district_id order by released_at desc) <= {KEPT})"
    )


def release_ids(releases: Mapping[str, Release], district_ids: Sequence[str]) -> dict[str, str]:
    """The release of each of these districts that has one."""
    return {district_id: releases[district_id].release_id for district_id in district_ids if district_id in releases}
