"""The tests of a group run in one process, so that what they share (a night, a warehouse) is made once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MEMBERS = """
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("one night")


@pytest.mark.parametrize("number", range(4))
def test_member(number: int) -> None:
    Path(f"{__name__}-{number}-{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


def test_two_files_of_a_group_run_in_one_process(tmp_path: Path) -> None:
    """Each test on its own would be dealt out in turn. With pytest 9.2 and pytest-xdist 3.8 the marks were not read."""
    for name in ("test_these.py", "test_those.py"):
        (tmp_path / name).write_text(MEMBERS)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    ran = [path.name.rsplit("-", 1) for path in tmp_path.glob("test_th*-*")]
    assert len(ran) == 8
    assert len({worker for _, worker in ran}) == 1
