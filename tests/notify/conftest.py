"""A registry of its own with two districts in it, on SQLite and on PostgreSQL."""

from tests.registry.conftest import registry

__all__ = ["registry"]
