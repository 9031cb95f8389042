"""Words that every page or command needs."""

from __future__ import annotations

from collections.abc import Sequence


def some_of(names: Sequence[str]) -> str:
    """Names in a sentence; 300 districts do not fill the screen."""
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
