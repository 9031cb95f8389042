"""The log: one JSON object a line in `$SUBGROUPS_HOME/logs`, with run and delivery ids; never a student's value."""

from __future__ import annotations

import json
import logging
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


def open_log(settings: Settings) -> None:
    """Write this process's events to the log of the installation; calling it again changes nothing."""
    path = settings.paths.logs / "subgroups.jsonl"
    if any(isinstance(h, RotatingFileHandler) and h.baseFilename == str(path) for h in _LOGGER.handlers):
        return
    for handler in list(_LOGGER.handlers):
        _LOGGER.removeHandler(handler)
        handler.close()
    handler = RotatingFileHandler(path, maxBytes=_MOST_BYTES, backupCount=_KEPT, encoding="utf-8", delay=True)
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
