"""A disk that is full at one write or another: words, readers unharmed, and the next night with space makes it good."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from torture.homes import Bench, TortureHome, home_at
from torture.invariants import State, not_converged, torn

pytestmark = [pytest.mark.xdist_group("torture")]

WORDS = (
    "no space left",
    "disk is full",
    "disk i/o",
    "file too large",
    "could not write",
    "not enough space",
    "errno 28",
    "errno 27",
)
FREE = (0, 100, 400, 1000, 2000, 4000, 8000, 16000)
"""kB that are free when the night begins; with the last it may well end."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of its own; `_resize` makes it smaller and larger."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "torture", place], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"needs root to mount a small tmpfs: {mounted.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def _resize(place: Path, kilobytes: int | None) -> None:
    """Leave so many kB free; None: plenty."""
    disk = os.statvfs(place)
    used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 1024
    size = 300 * 1024 if kilobytes is None else used + max(kilobytes, 4)
    subprocess.run(["mount", "-o", f"remount,size={size}k", place], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("free", FREE)
def test_a_full_disk(bench: Bench, small_disk: Path, free: int) -> None:
    scenario, before, after = bench.twin("two at once")
    shutil.copytree(bench.directory / "templates" / "two_at_once", small_disk / "home", symlinks=True)
    with home_at(small_disk / "home") as home:
        home.drop(scenario.day)
        _resize(small_disk, free)
        changes: dict[str, Any] = {"report": small_disk.parent / "night.report"}
        failed = _endures(home, before, after, changes)
        _resize(small_disk, None)
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
        said = " ".join(outcome.errors).lower()
        assert any(words in said for words in WORDS), outcome.errors
    assert torn(home.settings, before, after) == []
    return bool(outcome.exit_code)
