"""One run at a time: a second one names the first one's process (the lock: tests/warehouse)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from subgroup_pipeline.cli.run import run_now
from subgroup_pipeline.errors import WarehouseBusyError
from subgroup_pipeline.orchestration.instance import run_night
from tests.orchestration.conftest import Ran

pytestmark = pytest.mark.xdist_group("orchestration")

_HOLD = """
import sys
from subgroup_pipeline.warehouse.connection import warehouse_lock
from subgroup_pipeline.settings import load_settings
with warehouse_lock(load_settings()):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def _other_process(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the warehouse until a line is written to it."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=directory
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        try:
            yield other
        finally:
            other.kill()


def test_a_second_run_names_the_process_that_holds_the_warehouse(ran: Ran, tmp_path: Path) -> None:
    before = ran.installation.deliveries()
    with _other_process(tmp_path) as other:
        with pytest.raises(WarehouseBusyError, match=rf"process {other.pid}\b.*--wait"):
            run_now(ran.installation.settings, ran.installation.registry, [])
        result = run_night(ran.installation.settings)
    assert not result.success
    said = str([event.event_specific_data for event in result.all_events if event.is_failure])
    assert str(other.pid) in said
    assert ran.installation.deliveries() == before
