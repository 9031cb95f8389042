"""A sight: how something stands at its source, so that a later look can tell whether it changed."""

from __future__ import annotations

Sight = tuple[str, int, int]
"""Its path or name, its size in bytes, and when it last changed, in seconds since 1970."""
