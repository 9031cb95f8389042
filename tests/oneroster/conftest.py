"""One OneRoster server for all tests of a module, and a home that fetches from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.intake.oneroster import server as requests
from tests.oneroster_server.server import OneRosterServer, serving
from tests.support.roster_server import FetchedHome, fetched_home


@pytest.fixture(scope="module")
def server() -> Iterator[OneRosterServer]:
    with serving() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, server: OneRosterServer) -> Iterator[FetchedHome]:
    server.districts.clear()
    made = fetched_home(tmp_path / "home", server)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once, unless the server asks us to wait."""
    monkeypatch.setattr(requests, "_FIRST_WAIT", 0.0)
