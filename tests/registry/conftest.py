"""A registry of its own, with two districts in it, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.settings import load_settings
from tests.support.home import apply

_OF_SQLITE = {"test_the_migrations_make_what_the_models_say", "test_times_are_stored_in_utc_and_sort_as_text"}
"""These look at SQLite's own file; `tests/postgres` has their like."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what has no meaning on PostgreSQL."""
    items[:] = [item for item in items if not (item.name.split("[")[0] in _OF_SQLITE and item.name.endswith("[postgresql]"))]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def registry(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Registry]:
    database = {} if request.param == "sqlite" else {"database_url": request.getfixturevalue("postgres_url")}
    opened = open_registry(load_settings(home=tmp_path / "home", **database))
    for district in ("alpha", "beta"):
        text = f"district: {district}\nname: Made-up {district}\ntimezone: America/Chicago\n"
        apply(opened, text)
    yield opened
    opened.close()
