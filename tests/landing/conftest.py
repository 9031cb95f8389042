"""A warehouse and a registry of their own, and a way to put deliveries in without a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import load_settings

from .place import Place


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty registry: its tables take half a second to make."""
    home = tmp_path_factory.mktemp("template")
    open_registry(load_settings(home=home)).close()
    return home


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Iterator[Place]:
    shutil.copytree(template, tmp_path / "home")
    settings = load_settings(home=tmp_path / "home", memory_limit="1GB")
    registry = open_registry(settings)
    yield Place(settings, registry)
    registry.close()
