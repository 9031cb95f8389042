"""OpenSSH as a district's own server, and tries that follow each other at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.intake.sources import sftp_server
from tests.support.servers import Sshd, World, run_sshd


@pytest.fixture
def sshd(tmp_path: Path, world: World) -> Iterator[Sshd]:
    with run_sshd(tmp_path / "sshd", world.settings.paths.keys / "foreign") as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers get 0.4 s to answer instead of 20."""
    made = sftp_server.SftpServer

    def server(*args: object, **options: object) -> sftp_server.SftpServer:
        return made(*args, **(options | {"timeout": 0.4}))  # type: ignore[arg-type]

    monkeypatch.setattr(sftp_server, "SftpServer", server)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once: how long the pauses are is tenacity's matter, how many tries there are is ours."""
    import tenacity

    monkeypatch.setattr(tenacity, "wait_random_exponential", lambda **_: tenacity.wait_none())
