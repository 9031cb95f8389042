"""The folder that the noticeboard shows: its newest directory, opened so that no other file can be reached."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from subgroup_pipeline.posted import CURRENT, NUMBERS, Posted, read_posted
from subgroup_pipeline.settings import Settings
from subgroup_pipeline.warehouse.duckdb_files import open_for_reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb


@dataclass(frozen=True)
class Lying:
    """What lies there now: its names, and a cursor over its numbers."""

    posted: Posted
    cursor: duckdb.DuckDBPyConnection


class Board:
    """The folder. What lies there is opened once and read by many, until something newer is laid out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._open: tuple[Path, Posted, duckdb.DuckDBPyConnection] | None = None

    @contextmanager
    def look(self) -> Iterator[Lying | None]:
        """What lies there, for as long as the block runs; None where nothing was laid out yet."""
        with self._lock:
            opened = self._newest()
            cursor = opened[2].cursor() if opened else None
        if opened is None or cursor is None:
            yield None
            return
        with closing(cursor):
            yield Lying(opened[1], cursor)

    def _newest(self) -> tuple[Path, Posted, duckdb.DuckDBPyConnection] | None:
        directory = (self._folder / CURRENT).resolve()
        if self._open is not None and self._open[0] == directory:
            return self._open
        posted = read_posted(directory)
        if posted is None:
            return self._open
        limits = Settings(home=self._folder, memory_limit="512MB")
        connection = open_for_reader(directory / NUMBERS, limits)
        if self._open is not None:
            self._open[2].close()  # whoever still reads has a cursor, which keeps the file open
        self._open = (directory, posted, connection)
        return self._open
