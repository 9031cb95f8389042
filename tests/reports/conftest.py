"""A warehouse and a registry of their own, as the tests of landing have them."""

from __future__ import annotations

from landing.conftest import place, template

__all__ = ["place", "template"]
