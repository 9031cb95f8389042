"""A district's failed tests stand until it is built again, whoever is built meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.build.isolation import note_failed_tests
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import RUN_SCOPE
from subgroup_pipeline.warehouse.rows import insert_rows
from tests.support.dbt_warehouse import scope


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    settings = load_settings(home=tmp_path)
    settings.paths.make()
    with open_warehouse(settings) as connection:
        yield connection


def _scope(warehouse: duckdb.DuckDBPyConnection, *districts: str) -> None:
    warehouse.execute("delete from control.run_scope")
    insert_rows(warehouse, RUN_SCOPE, [scope(district, "r1") for district in districts])


def test_another_districts_failure_stands_until_it_is_built_again(warehouse: duckdb.DuckDBPyConnection) -> None:
    _scope(warehouse, "pine", "oak")
    assert note_failed_tests(warehouse, {"oak": ["one_row", "totals"]}) == {"one_row": 1, "totals": 1}
    _scope(warehouse, "pine")
    assert note_failed_tests(warehouse, {"pine": ["totals"]}) == {"one_row": 1, "totals": 2}
    _scope(warehouse, "oak")
    assert note_failed_tests(warehouse, {}) == {"totals": 1}
