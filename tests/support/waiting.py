"""Waiting for what another process or thread brings about: as short as it takes, and never without an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def waited(look: Callable[[], T | None], seconds: float = 10, *, every: float = 0.02) -> T:
    """Look every so many seconds until there is something (a true value), and give it. AssertionError when time is up."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(every)
    return found
