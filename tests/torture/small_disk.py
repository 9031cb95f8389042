"""A disk of a few megabytes that can be filled: a tmpfs of its own (root mounts it)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """Where it is mounted, and its megabytes when it has room."""

    place: Path
    megabytes: int

    def leave_free(self, kilobytes: int) -> None:
        """Make it so small that so many kB are free."""
        disk = os.statvfs(self.place)
        used = (disk.f_blocks - disk.f_bfree) * disk.f_frsize // 1024
        self._resize(used + max(kilobytes, 4))

    def make_room(self) -> None:
        """Make it as large as it was."""
        self._resize(self.megabytes * 1024)

    def _resize(self, kilobytes: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", self.place], check=True)


@contextmanager
def mounted(place: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount one on a new directory; skips the test where that is not allowed."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "small", str(place)]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        pytest.skip(f"needs root to mount a small tmpfs: {done.stderr.decode().strip()}")
    try:
        yield SmallDisk(place, megabytes)
    finally:
        subprocess.run(["umount", "-l", place], check=True)
