"""The archive: bytes sealed under their hash, for the owner only, nothing half-written under a final name, any change noticed."""

from __future__ import annotations

import hashlib
import os
import stat
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from subgroup_pipeline.errors import ArchiveDamagedError
from subgroup_pipeline.home import Home
from subgroup_pipeline.intake.archive import DistrictArchive, clear_incoming, incoming_file, unsealed_place
from subgroup_pipeline.intake.sealed_file import CHUNK, MAGIC

BYTES = b"student_id,ell\ns1,y\n"
SHA = hashlib.sha256(BYTES).hexdigest()
_HEAD = len(MAGIC) + 32
_SEALED = CHUNK + 16


@pytest.fixture
def archive(tmp_path: Path) -> DistrictArchive:
    home = Home(tmp_path)
    home.make()
    return DistrictArchive(home, "pine")


def _keep(archive: DistrictArchive, *blocks: bytes) -> Path:
    with incoming_file(archive) as incoming:
        for block in blocks:
            incoming.write(block)
        return incoming.keep()


def _everything(archive: DistrictArchive) -> list[str]:
    """Every file of the home but the keys."""
    root = archive.home.root
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and "keys" not in path.parts)


def _plain(archive: DistrictArchive, sha256: str) -> bytes:
    with archive.opened(sha256, archive.home.scratch) as path:
        return path.read_bytes()


def test_bytes_lie_sealed_under_the_hash_that_they_have_in_plain(archive: DistrictArchive) -> None:
    kept = _keep(archive, BYTES[:5], BYTES[5:])
    assert kept == archive.place(SHA) == archive.find(SHA)
    assert b"student" not in kept.read_bytes()
    assert _plain(archive, SHA) == BYTES
    into = archive.home.scratch / "delivery"
    assert archive.plain(SHA, into).read_bytes() == BYTES
    assert archive.plain(SHA, into) == into / SHA
    assert stat.S_IMODE((into / SHA).stat().st_mode) == 0o600
    assert archive.is_whole(SHA)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])
def test_every_size_comes_back_as_it_was(archive: DistrictArchive, size: int) -> None:
    content = os.urandom(size)
    kept = _keep(archive, *(content[at : at + 32768] for at in range(0, size, 32768)))
    assert kept.stat().st_size == _HEAD + size + 16 * max(1, -(-size // CHUNK))
    assert _plain(archive, hashlib.sha256(content).hexdigest()) == content


def _swapped(sealed: bytes) -> bytes:
    first, second = sealed[_HEAD : _HEAD + _SEALED], sealed[_HEAD + _SEALED : _HEAD + 2 * _SEALED]
    return sealed[:_HEAD] + second + first + sealed[_HEAD + 2 * _SEALED :]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda sealed: sealed[: _HEAD + 2 * _SEALED], id="the last chunk is gone"),
        pytest.param(lambda sealed: sealed[:-1], id="a byte is gone"),
        pytest.param(lambda sealed: sealed[:_HEAD], id="all chunks are gone"),
        pytest.param(lambda sealed: sealed[:20], id="half of the head is gone"),
        pytest.param(lambda _: b"", id="emptied"),
        pytest.param(lambda sealed: sealed + sealed[-16:], id="something is behind it"),
        pytest.param(_swapped, id="two chunks changed places"),
        pytest.param(lambda sealed: sealed[:_HEAD] + sealed[_HEAD + _SEALED :], id="the first chunk is gone"),
        pytest.param(lambda sealed: sealed[:-40] + bytes([sealed[-40] ^ 1]) + sealed[-39:], id="a bit is another"),
        pytest.param(lambda sealed: sealed[:15] + bytes([sealed[15] ^ 1]) + sealed[16:], id="a bit of the salt is another"),
    ],
)
def test_whatever_is_done_to_a_sealed_file_is_noticed(archive: DistrictArchive, damage) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    content = os.urandom(2 * CHUNK + 100)
    kept = _keep(archive, content)
    kept.write_bytes(damage(kept.read_bytes()))
    sha256 = hashlib.sha256(content).hexdigest()
    assert not archive.is_whole(sha256)
    with pytest.raises(ArchiveDamagedError, match="pine"):
        _plain(archive, sha256)
    assert _everything(archive) == [f"archive/pine/{sha256[:2]}/{sha256}"], "nothing plain is left of it"


def test_a_sealed_file_under_another_name_or_of_another_district_is_not_taken(archive: DistrictArchive) -> None:
    other = b"other bytes"
    kept, sha256 = _keep(archive, other), hashlib.sha256(other).hexdigest()
    _keep(archive, BYTES)
    kept.write_bytes(archive.place(SHA).read_bytes())
    with pytest.raises(ArchiveDamagedError, match="is not what arrived"):
        _plain(archive, sha256)
    oak = DistrictArchive(archive.home, "oak")
    of_oak = _keep(oak, BYTES)
    of_oak.write_bytes(archive.place(SHA).read_bytes())
    assert not oak.is_whole(SHA)
    assert archive.is_whole(SHA)


def test_two_districts_that_send_the_same_bytes_have_a_file_each(archive: DistrictArchive) -> None:
    oak = DistrictArchive(archive.home, "oak")
    assert _keep(archive, BYTES).read_bytes() != _keep(oak, BYTES).read_bytes()
    archive.keyring.destroy("pine")
    assert oak.is_whole(SHA)
    with pytest.raises(ArchiveDamagedError, match="the key of pine is not in"):
        _plain(archive, SHA)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_whatever_the_umask(archive: DistrictArchive, umask: int) -> None:
    before = os.umask(umask)
    try:
        kept = _keep(archive, BYTES)
    finally:
        os.umask(before)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (kept.parent, kept.parent.parent)} == {0o700}


def test_the_same_bytes_twice_are_one_file(archive: DistrictArchive) -> None:
    _keep(archive, BYTES)
    _keep(archive, BYTES)
    assert _everything(archive) == [f"archive/pine/{SHA[:2]}/{SHA}"]
    assert _plain(archive, SHA) == BYTES


def test_what_is_not_kept_leaves_nothing(archive: DistrictArchive) -> None:
    with incoming_file(archive) as incoming:
        incoming.write(BYTES)
        incoming.flush()
        assert incoming.path.read_bytes() == BYTES, "what proves it complete reads it before it is kept"
        assert stat.S_IMODE(incoming.path.stat().st_mode) == 0o600
    assert _everything(archive) == []


def test_a_failure_while_bytes_come_in_leaves_nothing_and_a_kill_what_the_next_fetch_removes(archive: DistrictArchive) -> None:
    def work() -> None:
        with incoming_file(archive) as incoming:
            incoming.write(BYTES)
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        work()
    assert _everything(archive) == []
    killed = incoming_file(archive)
    killed.__enter__()
    assert len(_everything(archive)) == 2
    clear_incoming(archive.home)
    assert _everything(archive) == []


def test_another_try_starts_from_nothing(archive: DistrictArchive) -> None:
    with incoming_file(archive) as incoming:
        incoming.write(os.urandom(3 * CHUNK))
        incoming.restart()
        incoming.write(BYTES)
        assert (incoming.size, incoming.sha256) == (len(BYTES), SHA)
        incoming.keep()
    assert _plain(archive, SHA) == BYTES


def test_what_a_release_before_kept_in_plain_is_read_where_it_lies(archive: DistrictArchive) -> None:
    place = unsealed_place(archive.home, SHA)
    place.parent.mkdir()
    place.write_bytes(BYTES)
    assert archive.find(SHA) == place
    assert archive.plain(SHA, archive.home.scratch) == place
    assert archive.is_whole(SHA)
    place.write_bytes(b"other")
    assert not archive.is_whole(SHA)
    with pytest.raises(ArchiveDamagedError):
        _plain(archive, SHA)
    assert place.exists()


def test_a_large_file_is_never_whole_in_memory(archive: DistrictArchive) -> None:
    block, blocks = os.urandom(32768), 640
    tracemalloc.start()
    with incoming_file(archive) as incoming:
        for _ in range(blocks):
            incoming.write(block)
        incoming.keep()
        sha256 = incoming.sha256
    with archive.opened(sha256, archive.home.scratch) as path, path.open("rb") as file:
        assert all(read == block for read, _ in pairwise(iter(lambda: file.read(32768), b"")))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 4 * CHUNK + 2**20 < 32768 * blocks / 5
