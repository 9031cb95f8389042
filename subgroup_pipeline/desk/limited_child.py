"""Our own command in a process under limits, for work on uploaded files that the portal does not do itself."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.rehearsal.throwaway_home import remove_homes_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from subgroup_pipeline.settings import Settings

_MOST_MEMORY = 6 * 1024**3
"""Address space of the process, of which DuckDB reserves more than it uses; DuckDB itself is held to `_MEMORY`."""
_MEMORY = "1GB"
_GOODBYE = 5.0
"""Seconds in which a process that is stopped removes what it made."""


class BusyError(Exception):
    """Somebody else has the one place there is."""


class TooSlowError(Exception):
    """The process was stopped at its limit of time."""


def plain_name(name: str) -> str:
    """The last part of a file's name, without what could be a path, an option or a control character."""
    last = re.split(r"[\\/]", name)[-1]
    plain = "".join(character if character.isprintable() else "_" for character in last).strip()
    return plain[-120:].lstrip(".-") or "file"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the one place that there is for such work, by a lock on a folder of the home. Raises BusyError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError from None
        yield
    finally:
        os.close(descriptor)


def run_limited(settings: Settings, arguments: Sequence[str], seconds: float) -> tuple[int, str, str]:
    """Run `subgroups` with these arguments on this home; gives its status and what it printed. Raises TooSlowError.

    Whatever ends the process, no throw-away home of it stays.
    """
    environment = os.environ | {
        "SUBGROUPS_HOME": str(settings.paths.root),
        "SUBGROUPS_DATABASE_URL": settings.database_url.get_secret_value(),
        "SUBGROUPS_TIMEZONE": settings.timezone,
        "SUBGROUPS_MEMORY_LIMIT": _MEMORY,
        "SUBGROUPS_THREADS": "1",
        "COLUMNS": "1000",
    }
    with subprocess.Popen(  # noqa: S603
        [str(Path(sys.executable).parent / "subgroups"), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for limit, most in ((resource.RLIMIT_AS, _MOST_MEMORY), (resource.RLIMIT_CPU, int(seconds) + 1)):
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, limit, (most, most))
        try:
            said, words = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _stop(process)
            raise TooSlowError from None
        finally:
            remove_homes_of(settings, process.pid)
    return process.returncode, said, words


def _stop(process: subprocess.Popen[str]) -> None:
    """End a process and those it started; asked first, so that it removes the home it works in."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GOODBYE)
