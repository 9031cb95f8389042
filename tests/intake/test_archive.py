"""The archive: bytes by their hash, for the owner only, and nothing half-written under a final name."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from subgroup_pipeline.intake.archive import archived_path, incoming_file

BYTES = b"student_id,ell\ns1,y\n"
SHA = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    place = tmp_path / "archive"
    place.mkdir(mode=0o700)
    return place


def _keep(archive: Path, *blocks: bytes) -> Path:
    with incoming_file(archive) as incoming:
        for block in blocks:
            incoming.write(block)
        return incoming.keep()


def _everything(archive: Path) -> list[str]:
    return sorted(str(path.relative_to(archive)) for path in archive.rglob("*") if path.is_file())


def test_bytes_lie_under_their_hash(archive: Path) -> None:
    kept = _keep(archive, BYTES[:5], BYTES[5:])
    assert kept == archived_path(archive, SHA)
    assert kept.read_bytes() == BYTES


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_whatever_the_umask(archive: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        kept = _keep(archive, BYTES)
    finally:
        os.umask(before)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_the_same_bytes_twice_are_one_file(archive: Path) -> None:
    _keep(archive, BYTES)
    _keep(archive, BYTES)
    assert _everything(archive) == [f"{SHA[:2]}/{SHA}"]


def test_what_is_not_kept_leaves_nothing(archive: Path) -> None:
    with incoming_file(archive) as incoming:
        incoming.write(BYTES)
    assert _everything(archive) == []


def test_a_failure_while_bytes_come_in_leaves_nothing(archive: Path) -> None:
    def work() -> None:
        with incoming_file(archive) as incoming:
            incoming.write(BYTES)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        work()
    assert _everything(archive) == []


def test_another_try_starts_from_nothing(archive: Path) -> None:
    with incoming_file(archive) as incoming:
        incoming.write(b"the first half of something longer than what follows")
        incoming.restart()
        incoming.write(BYTES)
        assert (incoming.size, incoming.sha256) == (len(BYTES), SHA)
        assert incoming.keep().read_bytes() == BYTES
