"""The registry of the registry's own tests: districts are kept in it."""

from __future__ import annotations

from tests.registry.conftest import registry

__all__ = ["registry"]
