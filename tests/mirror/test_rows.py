"""The mirror holds what is published, cell for cell, with types and comments that BI tools show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from subgroup_pipeline.mirror.bookkeeping import mirrored_snapshot
from subgroup_pipeline.mirror.server import copy_in, transaction
from subgroup_pipeline.mirror.sync import sync_mirror
from subgroup_pipeline.mirror.tables import mirrored_tables
from subgroup_pipeline.publish.comments import published_tables
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.publish.reader import open_published
from tests.mirror.conftest import ODD, Mirror

pytestmark = pytest.mark.needs_postgres


def _plain(cell: Any) -> str:  # noqa: ANN401 - a cell of either side
    """A cell as both sides can have it: published times are UTC, also where DuckDB does not say so."""
    if isinstance(cell, datetime):
        return str((cell.astimezone(UTC) if cell.tzinfo else cell).replace(tzinfo=None))
    return json.dumps(cell, sort_keys=True, default=str)


def _rows(rows: list[tuple[Any, ...]]) -> list[list[str]]:
    return sorted([_plain(cell) for cell in row] for row in rows)


def test_every_published_row_is_there_cell_for_cell(mirror: Mirror) -> None:
    mirrored = sync_mirror(mirror.settings)
    assert mirrored is not None
    rows = 0
    with open_published(mirror.settings) as source:
        tables = {f"{table.schema}.{table.name}" for table in mirrored_tables(source)}
        assert tables == {f"{table.schema}.{table.name}" for table in published_tables()}
        for table in sorted(tables):
            there, here = mirror.ask(f"select * from {table}"), source.execute(f"from {table}").fetchall()
            assert _rows(there) == _rows(here), table
            rows += len(here)
    assert (mirrored.rows, mirrored.changed_districts, mirrored.new_tables) == (rows, 2, len(tables))
    values = mirror.ask("select distinct value from marts.fct_student_subgroup where subgroup = 'home_language'")
    assert {value for (value,) in values} == set(ODD)


def test_maps_and_lists_are_there_cell_for_cell(mirror: Mirror) -> None:
    with open_published(mirror.settings) as source:
        (view,) = [table for table in mirrored_tables(source) if table.name == "rpt_student_subgroup"]
        types = {column.name: column.type for column in view.columns}
        assert (types["subgroups"], types["school_names"], types["as_of_date"]) == ("jsonb", "text[]", "date")
        cells = [
            source.sql(f"select {column.copied} from (select ? as {column.name})", params=[given]).fetchall()[0][0]
            for column, given in (
                (next(c for c in view.columns if c.name == "subgroups"), {"a": "x\\y\n", "b": None}),
                (next(c for c in view.columns if c.name == "school_names"), ["a", None, 'b"\\', "", "NULL", "ä,{}\t"]),
            )
        ]
    mirror.ask("create table written (subgroups jsonb, school_names text[])")
    path = mirror.settings.paths.scratch / "one_row"
    path.write_text("\t".join(cells) + "\n", encoding="utf-8")
    mirror.ask("grant insert on written to public")
    with transaction(mirror.settings) as cursor:
        assert copy_in(cursor, "public.written", path) == 1
    path.unlink()
    assert mirror.ask("select * from written") == [({"a": "x\\y\n", "b": None}, ["a", None, 'b"\\', "", "NULL", "ä,{}\t"])]


def test_tables_and_columns_say_what_they_mean(mirror: Mirror) -> None:
    sync_mirror(mirror.settings)
    said = mirror.ask("""
        select n.nspname || '.' || c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid)
        from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace
        inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname in ('marts', 'quality') and c.relkind = 'r'
    """)
    assert sorted(said) == sorted(
        (f"{table.schema}.{table.name}", name, column.meaning, table.meaning)
        for table in published_tables()
        for name, column in table.columns.items()
    )


def test_a_second_sync_does_nothing(mirror: Mirror) -> None:
    sync_mirror(mirror.settings)
    again = sync_mirror(mirror.settings)
    manifest = current_manifest(mirror.settings)
    assert again is not None
    assert manifest is not None
    assert (again.snapshot, again.changed_districts, again.rows, again.new_tables) == (manifest.snapshot, 0, 0, 0)
    with transaction(mirror.settings) as cursor:
        held = mirrored_snapshot(cursor)
    assert held is not None
    assert (held.snapshot, held.contract_version) == (manifest.snapshot, manifest.contract_version)
