"""A disk that is full at one write or another: words, readers unharmed, and the next night with space makes it good."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.torture.homes import Bench, TortureHome, home_at
from tests.torture.invariants import State, not_converged, torn
from tests.torture.small_disk import SmallDisk, mounted

pytestmark = pytest.mark.xdist_group("torture")

FREE = (0, 100, 400, 1000, 2000, 4000, 8000, 16000)
"""kB that are free when the night begins, without having measured them; with the last it may well end."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk for one home."""
    with mounted(tmp_path / "disk", 300) as disk:
        yield disk


@pytest.mark.slow
@pytest.mark.parametrize("free", FREE)
def test_a_full_disk(bench: Bench, small_disk: SmallDisk, free: int) -> None:
    scenario, before, after = bench.twin("two at once")
    shutil.copytree(bench.directory / "templates" / "two_at_once", small_disk.place / "home", symlinks=True)
    with home_at(small_disk.place / "home") as home:
        home.upload(scenario.day)
        small_disk.leave_free(free)
        changes: dict[str, Any] = {"report": small_disk.place.parent / "night.report"}
        failed = _endures(home, before, after, {**changes, "plant": "unmeasured disk"})
        if failed:
            refused = home.night(**changes)
            assert "too full for a night" in " ".join(refused.errors), "what is measured is refused before it begins"
        small_disk.make_room()
        outcome = home.night(**changes)
        assert outcome.is_good, outcome.errors
        assert not_converged(home.settings, after) == []
    assert failed or free >= 4000


@pytest.mark.torture
@pytest.mark.parametrize("limit", [16_000, 300_000, 1_200_000, 2_500_000])
def test_a_file_that_cannot_grow(bench: Bench, limit: int) -> None:
    """Where mounting is not allowed: no file of the night may grow beyond so many bytes."""
    _, before, after = bench.twin("two at once")
    with bench.home("two at once") as home:
        _endures(home, before, after, {"file_limit": limit})
        outcome = home.night()
        assert outcome.is_good, outcome.errors
        assert not_converged(home.settings, after) == []


def _endures(home: TortureHome, before: State, after: State, changes: dict[str, Any]) -> bool:
    """Run a night that may fail, in words, and leaves readers what they had or the new; gives whether it failed."""
    outcome = home.night(**changes)
    assert outcome.exit_code in (0, 1), (outcome, outcome.errors)
    if outcome.exit_code:
        assert "DiskFullError: the disk is full" in " ".join(outcome.errors), outcome.errors
    assert torn(home.settings, before, after) == []
    return bool(outcome.exit_code)
