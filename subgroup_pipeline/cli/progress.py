"""What a night does at the moment: one line per finished step on stderr, and on a terminal the step that runs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from subgroup_pipeline.cli.output import say

if TYPE_CHECKING:
    from rich.status import Status

_WORDS = {
    "archived_deliveries": "fetch uploads",
    "raw_tables": "land rows",
    "delivery_verdict": "check and judge",
    "raw_expectations": "note the checks",
    "run_scope": "choose districts to build",
    "history": "read past builds again",
    "dbt_models": "build the marts",
    "published_snapshot.publish": "publish",
    "error_reports": "write reports",
    "upkeep": "clear what is past its time",
    "checked_files": "answer `check/` folders",
    "proved_files": "hold kept files against their hashes",
}
"""Steps in a person's words. Any other is shown by its own name."""


class NightProgress:
    """Say at once that a night begins, then each step that ends."""

    def __init__(self) -> None:
        self._status: Status | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("Dagster starts")
            self._status.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._status is not None:
            self._status.stop()

    def step(self, key: str, seconds: float | None) -> None:
        """A step started (None), or ended after so many seconds."""
        words = _WORDS.get(key, key)
        if seconds is None:
            if self._status is not None:
                self._status.update(f"{words} since {time.strftime('%H:%M:%S')}")
        else:
            say(f"  {seconds:6.1f} s  {words}")
