"""Keys that are made once, and a server of its own for a test that wants one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from subgroup_pipeline.dropserver.host_keys import ensure_keys
from tests.dropserver.world import Client, World, make_client, open_world


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Server keys are made once for all tests: an RSA key takes a second."""
    directory = tmp_path_factory.mktemp("keys")
    ensure_keys(directory)
    return directory


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory, keys_dir: Path) -> dict[str, Client]:
    directory = tmp_path_factory.mktemp("clients")
    made = {name: make_client(directory, name) for name in ("alpha", "beta", "stranger")}
    pipeline = keys_dir / "pipeline"
    made["_pipeline"] = Client(asyncssh.read_private_key(pipeline), (keys_dir / "pipeline.pub").read_text(), pipeline)
    return made


@pytest.fixture
def world(tmp_path: Path, keys_dir: Path, clients: dict[str, Client]) -> Iterator[World]:
    with open_world(tmp_path, keys_dir, clients) as made:
        yield made


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory, keys_dir: Path, clients: dict[str, Client]) -> Iterator[World]:
    """For tests that leave the server as it was."""
    with open_world(tmp_path_factory.mktemp("home"), keys_dir, clients) as made:
        yield made
