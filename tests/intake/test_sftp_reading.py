"""Files read with many requests under way, from servers that answer as they are free to: shortly, late, and not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.dropserver.files import DropFiles, OpenFile
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.intake.sources.sftp import SftpConnection
from subgroup_pipeline.intake.sources.sftp_reading import AHEAD, PIECE
from subgroup_pipeline.intake.sources.sftp_server import TransferError, server_of
from tests.support.servers import World

FOLDER = "/alpha/inbox/subgroups"


@pytest.fixture
def connection(world: World) -> Iterator[SftpConnection]:
    made = SftpConnection(server_of(world.settings, registered_district(world.registry, "alpha")))
    yield made
    made.close()


def _fetched(connection: SftpConnection, world: World, entry: RemoteEntry) -> str | None:
    """sha256 of what came; None where the file changed."""
    with incoming_file(DistrictArchive(world.settings.paths, "alpha")) as incoming:
        return incoming.sha256 if connection.fetch(entry, incoming) else None


def _answers(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let the server answer no read with more bytes than that."""

    def read(_: DropFiles, file: OpenFile, offset: int, size: int) -> bytes:
        return os.pread(file.descriptor, min(size, most), offset)

    monkeypatch.setattr(DropFiles, "read", read)


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, AHEAD + 3 * PIECE + 7])
def test_every_size_arrives_whole_and_the_channel_serves_on(world: World, connection: SftpConnection, size: int) -> None:
    content = os.urandom(size)
    world.put("alpha", "subgroups", "s.csv", content)
    for _ in range(2):
        (entry,) = connection.list_files(FOLDER)
        assert _fetched(connection, world, entry) == hashlib.sha256(content).hexdigest()


def test_a_server_that_gives_less_than_it_is_asked_for_is_asked_for_the_rest(
    world: World, connection: SftpConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answers(monkeypatch, 10_007)
    content = os.urandom(1_000_000)
    world.put("alpha", "subgroups", "s.csv", content)
    (entry,) = connection.list_files(FOLDER)
    assert _fetched(connection, world, entry) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("now", [b"", b"shorter", b"the same length!", b"longer" * 100_000])
def test_a_file_that_changed_since_it_was_listed_is_not_taken(world: World, connection: SftpConnection, now: bytes) -> None:
    world.put("alpha", "subgroups", "s.csv", b"of this length...", age=3600)
    (entry,) = connection.list_files(FOLDER)
    world.put("alpha", "subgroups", "s.csv", now, age=60)
    assert _fetched(connection, world, entry) is None
    (entry,) = connection.list_files(FOLDER)
    assert _fetched(connection, world, entry) == hashlib.sha256(now).hexdigest()


def test_a_file_that_went_away_is_not_taken(world: World, connection: SftpConnection) -> None:
    path = world.put("alpha", "subgroups", "s.csv", b"here")
    (entry,) = connection.list_files(FOLDER)
    path.unlink()
    assert _fetched(connection, world, entry) is None
    assert connection.list_files(FOLDER) == []


def test_a_server_that_gives_more_than_it_is_asked_for_is_not_believed(
    world: World, connection: SftpConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DropFiles, "read", lambda *_: bytes(PIECE + 1))
    world.put("alpha", "subgroups", "s.csv", bytes(PIECE))
    (entry,) = connection.list_files(FOLDER)
    with pytest.raises(TransferError, match="other bytes"):
        _fetched(connection, world, entry)
