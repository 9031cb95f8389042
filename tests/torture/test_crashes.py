"""A sample of kills; `make torture` runs the whole table and seeded moments beside it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.torture.cases import CRASHES, SAMPLE, Crash
from tests.torture.homes import Bench
from tests.torture.ordeal import endure

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("torture")]


@pytest.mark.parametrize("crash", [crash for crash in CRASHES if crash.name in SAMPLE], ids=lambda crash: crash.name)
def test_the_next_night_makes_it_good(bench: Bench, crash: Crash) -> None:
    endured = endure(bench, crash)
    assert endured.kills, f"no night came to {crash}"
    assert endured.faults == []


def test_the_sample_names_cases_of_the_table() -> None:
    assert set(SAMPLE) <= {crash.name for crash in CRASHES}
    assert len({crash.name for crash in CRASHES}) == len(CRASHES)


def test_nights_are_forked_from_a_process_of_one_thread() -> None:
    """What is imported before the fork must start no thread; `warm` ends with 70 when something does."""
    command = [sys.executable, "-W", "ignore", "-c", "import tests.torture.warm"]
    subprocess.run(command, env={"OPENBLAS_NUM_THREADS": "1"}, cwd=ROOT, check=True)
