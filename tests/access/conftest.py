"""The registry of the registry's own tests, on both databases."""

from __future__ import annotations

from tests.registry.conftest import registry

__all__ = ["registry"]
