"""Bringing the mirror to the snapshot that readers see: in one transaction, and only what changed since the last time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from subgroup_pipeline.disk import full_disk_in_words
from subgroup_pipeline.mirror.bookkeeping import (
    MirroredSnapshot,
    definitions,
    make_bookkeeping,
    mirrored_districts,
    mirrored_snapshot,
    note_mirrored,
)
from subgroup_pipeline.mirror.grants import grant_tables
from subgroup_pipeline.mirror.server import copy_in, transaction
from subgroup_pipeline.mirror.tables import MirroredTable, mirrored_tables
from subgroup_pipeline.publish.manifest import DATABASE, current_manifest
from subgroup_pipeline.publish.reader import open_snapshot
from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import duckdb
    from sqlalchemy.engine.interfaces import DBAPICursor

    from subgroup_pipeline.publish.manifest import Manifest
    from subgroup_pipeline.settings import Settings

_STUDENTS_AT_ONCE = 100_000
"""Students whose rows are written into one file before they are sent; of the largest table that is some 100 MB."""


@dataclass(frozen=True)
class Mirrored:
    """What a sync did: the snapshot that the mirror holds now, districts and rows that it brought, tables that it made anew."""

    snapshot: str
    changed_districts: int
    removed_districts: int
    rows: int
    new_tables: int


def sync_mirror(settings: Settings) -> Mirrored | None:
    """Bring the mirror to what readers see now; None before the first publish.

    Readers of the mirror see all of the change or nothing of it. A table whose columns changed is made beside the one before
    and takes its place at the end. Raises MirrorError, PublishError, DiskFullError; then nothing has changed.
    """
    manifest = current_manifest(settings)
    if manifest is None:
        return None
    with transaction(settings) as cursor:
        make_bookkeeping(cursor)
        held = mirrored_snapshot(cursor)
        if held is not None and held.snapshot == manifest.snapshot:
            return Mirrored(manifest.snapshot, 0, 0, 0, 0)
        settings.paths.make()
        with (
            full_disk_in_words(settings.paths),
            TemporaryDirectory(dir=settings.paths.scratch) as scratch,
            open_snapshot(settings.paths.published / manifest.snapshot / DATABASE, settings, Path(scratch)) as source,
        ):
            return _Sync(cursor, source, manifest, Path(scratch) / "rows").run()


class _Sync:
    """One transaction of it."""

    def __init__(self, cursor: DBAPICursor, source: duckdb.DuckDBPyConnection, manifest: Manifest, path: Path) -> None:
        self._cursor, self._source, self._manifest, self._path = cursor, source, manifest, path
        self._contents = _contents(manifest)
        before = mirrored_districts(cursor)
        self._changed = [district_id for district_id, content in self._contents.items() if before.get(district_id) != content]
        self._removed = sorted(before.keys() - self._contents.keys())
        self._definitions = definitions(cursor)

    def run(self) -> Mirrored:
        tables = mirrored_tables(self._source)
        rows, made = 0, []
        for table in tables:
            if self._definitions.get(table.sql_name) == table.definition:
                self._cursor.execute(f"delete from {table.sql_name} where district_id = any(%s)", [self._changed + self._removed])
                rows += self._copy(table, table.sql_name, self._changed)
            else:
                rows += self._make(table)
                made.append(table)
        for name in self._definitions.keys() - {table.sql_name for table in tables}:
            self._cursor.execute(f"drop table if exists {name} cascade")
        for table in made:
            self._show(table)
        self._cursor.execute("; ".join(statement for table in tables for statement in table.comments()))
        self._cursor.execute("; ".join(f"analyze {table.sql_name}" for table in tables))
        grant_tables(self._cursor)
        held = MirroredSnapshot(self._manifest.snapshot, self._manifest.contract_version, datetime.now(UTC))
        note_mirrored(self._cursor, held, self._contents, {table.sql_name: table.definition for table in tables})
        return Mirrored(self._manifest.snapshot, len(self._changed), len(self._removed), rows, len(made))

    def _make(self, table: MirroredTable) -> int:
        """Make a table with the rows of every district, out of sight of readers; gives the rows."""
        made = _beside(table)
        self._cursor.execute(f"create table {made} {table.definition}")
        rows = self._copy(table, made, list(self._contents))
        self._cursor.execute(f"create index on {made} (district_id)")
        return rows

    def _show(self, table: MirroredTable) -> None:
        """Put a table that was made in its place. Views of others that stand on the one before go with it."""
        made = _beside(table)
        self._cursor.execute(
            f"drop table if exists {table.sql_name} cascade; "
            f"alter table {made} rename to {identifier(table.name)}; "
            f"alter table mirror.{identifier(table.name)} set schema {identifier(table.schema)}; "
            f"alter table {table.sql_name} enable row level security; "
            f"create policy own_district on {table.sql_name} for select "
            "using (district_id = any (array(select o.district_id from mirror.own_district as o)))"
        )

    def _copy(self, table: MirroredTable, target: str, district_ids: Sequence[str]) -> int:
        rows = 0
        for some in self._at_once(district_ids):
            table.write_rows(self._source, some, self._path)
            rows += copy_in(self._cursor, target, self._path)
            self._path.unlink()
        return rows

    def _at_once(self, district_ids: Collection[str]) -> Iterator[list[str]]:
        """Districts in groups of not too many students."""
        some: list[str] = []
        students = 0
        for district_id in district_ids:
            some.append(district_id)
            students += self._manifest.districts[district_id].student_count
            if students >= _STUDENTS_AT_ONCE:
                yield some
                some, students = [], 0
        if some:
            yield some


def _contents(manifest: Manifest) -> dict[str, str]:
    """What each district's published rows were made from, as a hash: equal ones have equal rows."""
    return {
        district_id: hashlib.sha256(f"{manifest.contract_version}\0{district.model_dump_json()}".encode()).hexdigest()
        for district_id, district in manifest.districts.items()
    }


def _beside(table: MirroredTable) -> str:
    return f"mirror.{identifier(f'{table.schema}.{table.name}')}"
