"""Two nights at once: the second names the process of the first, or waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.waiting import waited
from tests.torture.homes import Bench, TortureHome
from tests.torture.invariants import not_converged
from tests.torture.night import LONGEST, RunningNight

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torture")]


def _holds(home: TortureHome, night: RunningNight) -> None:
    """Wait until the night holds the warehouse."""
    lock = home.settings.paths.warehouse_lock
    waited(lambda: lock.is_file() and lock.read_text() == str(night.process.pid), LONGEST)


def _asks(home: TortureHome, night: RunningNight) -> None:
    """Wait until the night has opened the lock of the warehouse, which another one holds."""
    files = Path(f"/proc/{night.process.pid}/fd")
    waited(lambda: home.settings.paths.warehouse_lock in [file.resolve() for file in files.iterdir()], LONGEST)


def test_two_nights_at_once(bench: Bench) -> None:
    _, _, after = bench.twin("two at once")
    with bench.home("two at once") as home:
        report = home.order().report
        first = home.begin()
        _holds(home, first)
        second = home.begin(report=report.with_suffix(".second"))
        third = home.begin(wait=True, report=report.with_suffix(".third"))
        refused = second.join()
        assert refused.exit_code == 1
        assert f"process {first.process.pid}" in " ".join(refused.errors)
        assert "--wait" in " ".join(refused.errors)
        assert first.join().is_good
        waited = third.join()
        assert waited.is_good, waited.errors
        assert not_converged(home.settings, after) == []


def test_a_night_waits_for_one_that_is_killed(bench: Bench) -> None:
    _, _, after = bench.twin("two at once")
    with bench.home("two at once") as home:
        first = home.begin()
        _holds(home, first)
        second = home.begin(wait=True, report=home.order().report.with_suffix(".second"))
        _asks(home, second)
        first.process.kill()
        waited = second.join()
        assert waited.is_good, waited.errors
        assert not_converged(home.settings, after) == []
