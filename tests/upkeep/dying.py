"""`subgroups` in a process that kills itself before the n-th thing that it does to a file or a database.

`python -m tests.upkeep.dying N ARGUMENTS…`: N counts from 1; with 0 the command ends by itself, and stderr ends with how many
things it did.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Any

_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
_STATEMENTS = {"execute", "executemany", "commit"}
"""Of DuckDB and of SQLite: methods that are written in C."""


class _Countdown:
    """Counts what this process does; its children do nothing that counts."""

    def __init__(self, last: int) -> None:
        self.done = 0
        self._last = last
        self._pid = os.getpid()

    def _count(self) -> None:
        if os.getpid() == self._pid:
            self.done += 1
            if self.done == self._last:
                os.kill(self._pid, signal.SIGKILL)

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """For `sys.addaudithook`: opening a file to write it counts too."""
        if event in _CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)):
            self._count()

    def profile(self, _frame: FrameType, event: str, called: Any) -> None:  # noqa: ANN401 - any function
        """For `sys.setprofile`."""
        if event == "c_call" and getattr(called, "__name__", "") in _STATEMENTS:
            self._count()


def main() -> None:
    """Run the command."""
    from subgroup_pipeline.cli.main import app

    countdown = _Countdown(int(sys.argv[1]))
    sys.addaudithook(countdown.audit)
    sys.setprofile(countdown.profile)
    try:
        app(sys.argv[2:])
    finally:
        sys.setprofile(None)
        sys.stderr.write(f"\n{countdown.done}\n")


if __name__ == "__main__":
    main()
