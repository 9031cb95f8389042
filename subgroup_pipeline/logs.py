"""The log: one JSON object a line in `$SUBGROUPS_HOME/logs`, with run and delivery ids; never a student's value."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.settings import Settings

RUN_ID: ContextVar[str | None] = ContextVar("run_id", default=None)
"""The Dagster run that this process works for."""

_IS_REHEARSED: ContextVar[bool] = ContextVar("is_rehearsed", default=False)
_LOGGER = logging.getLogger("subgroup_pipeline")
_MOST_BYTES, _KEPT = 10_000_000, 5


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


class _LogFile(RotatingFileHandler):
    """The log file. When it cannot be written, one line says so until it can again; the work goes on, and the audit log stays."""

    _is_failing = _is_said = False

    def emit(self, record: logging.LogRecord) -> None:
        self._is_failing = False
        super().emit(record)
        self._is_said = self._is_failing

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name
        self._is_failing = True
        if not self._is_said:
            error = sys.exc_info()[1]
            said = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            sys.stderr.write(f"the log {self.baseFilename} cannot be written ({said}); the work goes on without it\n")


def open_log(settings: Settings) -> None:
    """Write this process's events to the log of the installation; calling it again changes nothing."""
    path = settings.paths.logs / "subgroups.jsonl"
    if any(isinstance(h, RotatingFileHandler) and h.baseFilename == str(path) for h in _LOGGER.handlers):
        return
    for handler in list(_LOGGER.handlers):
        _LOGGER.removeHandler(handler)
        handler.close()
    handler = _LogFile(path, maxBytes=_MOST_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(_JsonLine())
    _LOGGER.addHandler(handler)
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
