"""Dagster's SQLite files: what runs, events and ticks there were. A damaged one is set aside, and Dagster makes a new one.

Nothing of a district rests on them, so they never stop a night.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from subgroup_pipeline.registry.damage import note_damage
from subgroup_pipeline.registry.database import open_registry

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

_MAIN = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
_FIRST_PAGES, _EVERY_PAGE = "select count(*) from sqlite_master", "pragma quick_check(1)"


def mend_bookkeeping(settings: Settings, *, every_page: bool) -> bool:
    """Set damaged files aside and note it; gives whether there were any."""
    damaged = damaged_files(settings, every_page=every_page)
    for file in damaged:
        for log in ("-wal", "-shm"):
            file.with_name(file.name + log).unlink(missing_ok=True)
        file.replace(file.with_name(f"{file.name}.damaged"))
    if damaged:
        names = ", ".join(file.name for file in damaged[:5])
        registry = open_registry(settings)
        try:
            said = f"Dagster's damaged files ({names}) were set aside and begun anew, so its UI does not show all older runs."
            note_damage(registry, "bookkeeping", said)
        finally:
            registry.close()
    return bool(damaged)


def damaged_files(settings: Settings, *, every_page: bool) -> list[Path]:
    """Files that SQLite cannot read.

    Opening the three main files finds a damaged beginning and costs a millisecond; `every_page` reads all files whole.
    """
    dagster = settings.paths.dagster
    files = sorted(dagster.rglob("*.db")) if every_page else [dagster / name for name in _MAIN]
    question = _EVERY_PAGE if every_page else _FIRST_PAGES
    return [file for file in files if file.is_file() and not _is_whole(file, question)]


def _is_whole(file: Path, question: str) -> bool:
    """Whether SQLite can read a file; one that is empty was something else before. A file that is busy is not damaged."""
    if not file.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(file)) as connection:
            said = connection.execute(question).fetchone()[0]
            return question != _EVERY_PAGE or said == "ok"
    except sqlite3.OperationalError:
        return True
    except sqlite3.DatabaseError:
        return False
