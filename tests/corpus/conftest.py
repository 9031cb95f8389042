"""The place of the landing tests: archive, ledger and warehouse without a server."""

from __future__ import annotations

from landing.conftest import place, template

__all__ = ["place", "template"]
