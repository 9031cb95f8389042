"""Marks for what a machine may lack, and the installation that end-to-end tests share."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT.parent / "shared" / "samples"
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT))

_NEEDS = {
    "needs_sshd": (
        bool(shutil.which("sftp") and (shutil.which("sshd") or Path("/usr/sbin/sshd").exists())),
        "OpenSSH is not installed: apt-get install openssh-server openssh-client",
    ),
    "real_data": (SAMPLES.is_dir(), "the folder with real samples is not beside the project (../shared/samples)"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the machine cannot run, saying how to mend it; with SUBGROUPS_REQUIRE_ALL=1 fail instead."""
    for mark, (is_there, mend) in _NEEDS.items():
        if item.get_closest_marker(mark) and not is_there:
            if os.environ.get("SUBGROUPS_REQUIRE_ALL") == "1":
                pytest.fail(mend)
            pytest.skip(mend)


@pytest.fixture
def samples() -> Path:
    """The folder of real files."""
    return SAMPLES


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Installation"]:
    """A whole installation in a home of its own, its SFTP server running on a free port."""
    from night.installation import Installation, keep_host_keys

    for name in list(os.environ):
        if name.startswith("SUBGROUPS_") and name != "SUBGROUPS_REQUIRE_ALL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBGROUPS_SETTLE_SECONDS", "0")
    monkeypatch.setenv("SUBGROUPS_MEMORY_LIMIT", "2GB")
    keep_host_keys(tmp_path / "home" / "keys")
    with Installation(monkeypatch) as made:
        yield made
