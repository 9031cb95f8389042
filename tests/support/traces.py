"""Looking for what should be gone: in every byte of a home, and in what its compressed files say when they are read."""

from __future__ import annotations

import gzip
import re
import sqlite3
import zipfile
from collections import Counter
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import duckdb

from subgroup_pipeline.intake.archive import DistrictArchive, archived_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.settings import Settings


def traces(settings: Settings, pattern: str) -> dict[str, int]:
    """How many texts that fit the pattern stand in which file of a home."""
    home, found, looked_for = settings.paths, Counter[str](), re.compile(pattern.encode())
    for path in sorted(path for path in home.root.rglob("*") if path.is_file() and not path.is_symlink()):
        for content in (path.read_bytes(), *_read(path)):
            found[str(path.relative_to(home.root))] += len(looked_for.findall(content))
    for path in archived_files(home):
        with DistrictArchive(home, path.relative_to(home.archive).parts[0]).opened(path.name, home.scratch) as plain:
            for content in (plain.read_bytes(), *_members(plain)):
                found[str(path.relative_to(home.root))] += len(looked_for.findall(content))
    return {name: count for name, count in found.items() if count}


def _read(path: Path) -> Iterator[bytes]:
    """What a file says to who can read it."""
    if path.suffix == ".duckdb":
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as looked_at (read_only)")
            tables = "select schema_name, table_name from duckdb_tables() where database_name = 'looked_at'"
            for schema, table in connection.execute(tables).fetchall():
                yield repr(connection.execute(f'select * from looked_at."{schema}"."{table}"').fetchall()).encode()
    elif path.suffix == ".parquet":
        yield repr(duckdb.sql(f"select * from read_parquet('{path}')").fetchall()).encode()
    elif path.suffix in (".sqlite", ".db"):
        with closing(sqlite3.connect(path)) as connection:
            yield "\n".join(connection.iterdump()).encode()
    else:
        yield from _members(path)


def _members(path: Path) -> Iterator[bytes]:
    with suppress(gzip.BadGzipFile):
        yield gzip.decompress(path.read_bytes())
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as package:
        for name in package.namelist():
            yield package.read(name)
