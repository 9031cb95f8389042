"""The log: one JSON object a line in `$SUBGROUPS_HOME/logs`, with run and delivery ids; never a student's value."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

RUN_ID: ContextVar[str | None] = ContextVar("run_id", default=None)
"""The Dagster run that this process works for."""

_IS_REHEARSED: ContextVar[bool] = ContextVar("is_rehearsed", default=False)
_LOGGER = logging.getLogger("subgroup_pipeline")


class _JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "run_id": RUN_ID.get(),
            **getattr(record, "facts", {}),
        }
        return json.dumps(line, default=str)


class _LogFile(logging.Handler):
    """The log file, which several processes write: the SFTP server, Dagster's, and every command.

    A line is written while this process alone holds the folder, so that nobody writes to a file that another one just set aside.
    When the log cannot be written, one line says so until it can again; the work goes on, and the audit log stays.
    """

    _is_failing = _is_said = False

    def __init__(self, path: Path, most_bytes: int, kept: int) -> None:
        super().__init__()
        self.path, self._most_bytes, self._kept = path, most_bytes, kept

    def emit(self, record: logging.LogRecord) -> None:
        """Append one line, in a new file where it does not fit into this one."""
        self._is_failing = False
        try:
            line = f"{self.format(record)}\n".encode()
            with self._alone():
                if self.path.exists() and self.path.stat().st_size + len(line) > self._most_bytes:
                    self._set_aside()
                with self.path.open("ab") as file:
                    file.write(line)
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
        self._is_said = self._is_failing

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder. A lock of an own opening: processes that were forked would share an older one."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _set_aside(self) -> None:
        """Number the file and those before it one higher; what is beyond those kept goes."""
        for number in range(self._kept, 0, -1):
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                newer.replace(self.path.with_name(f"{self.path.name}.{number}"))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name
        """Say once why the log cannot be written."""
        self._is_failing = True
        if not self._is_said:
            error = sys.exc_info()[1]
            said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            sys.stderr.write(f"the log {self.path} cannot be written ({said}); the work goes on without it\n")


def open_log(settings: Settings, *, most_bytes: int = 10_000_000, kept: int = 5) -> None:
    """Write this process's events to the log of the installation; calling it again changes nothing.

    A file has at most `most_bytes`; `kept` older ones stay beside it.
    """
    path = settings.paths.logs / "subgroups.jsonl"
    if any(isinstance(handler, _LogFile) and handler.path == path for handler in _LOGGER.handlers):
        return
    for handler in list(_LOGGER.handlers):
        _LOGGER.removeHandler(handler)
        handler.close()
    log_file = _LogFile(path, most_bytes, kept)
    log_file.setFormatter(_JsonLine())
    _LOGGER.addHandler(log_file)
    _LOGGER.setLevel(logging.INFO)
    _LOGGER.propagate = False


@contextmanager
def unlogged() -> Iterator[None]:
    """Log nothing meanwhile: for what only seems to happen (a rehearsal)."""
    before = _IS_REHEARSED.set(True)
    try:
        yield
    finally:
        _IS_REHEARSED.reset(before)


def log_event(event: str, **facts: object) -> None:
    """Log an event with its facts (ids, counts, codes)."""
    if not _IS_REHEARSED.get():
        _LOGGER.info(event, extra={"facts": facts})
