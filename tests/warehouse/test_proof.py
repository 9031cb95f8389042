"""Damaged files of the warehouse: found at opening or at the first read, set aside, made anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from subgroup_pipeline.errors import WarehouseDamagedError
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.proof import doubt_warehouse, end_well, prove_warehouse


def _flip(at: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(int(path.stat().st_size * at))
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 0xFF]))

    return damage


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("a letter\n" * 1000)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with a landed row, a big table of the models', and a note that alpha was built."""
    settings = load_settings(home=tmp_path)
    settings.paths.make()
    with open_warehouse(settings) as connection:
        connection.execute("insert into raw.subgroup_row values ('alpha', 'd', '', now(), '1', map())")
        connection.execute("create schema analytics.marts")
        connection.execute("create table analytics.marts.big as select range as n, md5(range::varchar) as t from range(60000)")
        connection.execute("insert into control.build values ('alpha', 'key')")
    assert prove_warehouse(settings) == []
    end_well(settings.paths)
    return settings


@pytest.mark.parametrize("name", ["raw.duckdb", "analytics.duckdb"])
@pytest.mark.parametrize("damage", [_cut, _empty, _text, _flip(0)], ids=["cut", "emptied", "text", "header"])
def test_a_file_that_does_not_open_makes_way(settings: Settings, name: str, damage: Callable[[Path], None]) -> None:
    home = settings.paths
    damage(home.warehouse / name)
    assert prove_warehouse(settings) == [name]
    assert (home.warehouse / f"{name}.damaged").is_file()
    with open_warehouse(settings) as connection:
        assert connection.execute("from control.build").fetchall() == [], "what is lost is built again"
        landed_rows = connection.execute("select count(*) from raw.subgroup_row").fetchone()
    assert (landed_rows == (0,)) == (name == "raw.duckdb"), "raw stays when only the models' file is damaged"
    assert prove_warehouse(settings) == []
    end_well(home)
    assert {path.name for path in home.warehouse.iterdir() if path.suffix != ".damaged"} == {"analytics.duckdb", "raw.duckdb"}


def test_a_flipped_byte_inside_fails_one_run_and_the_next_makes_the_file_anew(settings: Settings) -> None:
    home = settings.paths
    _flip(0.5)(home.analytics_database)
    assert prove_warehouse(settings) == [], "opening does not read every block"
    with pytest.raises(WarehouseDamagedError, match="subgroups run"), open_warehouse(settings) as connection:
        connection.execute("select max(t) from analytics.marts.big").fetchall()
    assert prove_warehouse(settings) == ["analytics.duckdb"]


def test_a_proof_without_a_run_leaves_the_mend_to_the_next(settings: Settings) -> None:
    _flip(0.5)(settings.paths.analytics_database)
    assert doubt_warehouse(settings) == ["analytics.duckdb"]
    assert prove_warehouse(settings) == ["analytics.duckdb"]


def test_free_blocks_that_do_not_stand_on_disk_are_no_damage(settings: Settings) -> None:
    """A quiet night of twenty districts was once taken for damage and landed everything anew."""
    import duckdb

    path = settings.paths.raw_database
    for size in (900_000, 500_000, 700_000, 300_000):
        with open_warehouse(settings) as connection:
            connection.execute(
                f"create or replace table raw.big as select range as n, md5(range::varchar) as t from range({size})"
            )
            connection.execute("checkpoint warehouse")
        assert prove_warehouse(settings) == []
        end_well(settings.paths)
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.execute("select block_size * total_blocks, free_blocks from pragma_database_size()").fetchone()
    assert row is not None
    assert row[1] > 0, "there are free blocks, some of them behind the end of the file"
