"""A full disk under the registry: one sentence, a reserve for the ledger, and readers who are not concerned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from subgroup_pipeline import disk
from subgroup_pipeline.errors import DiskFullError
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.logs import log_event, open_log
from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.torture.small_disk import SmallDisk, mounted


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with mounted(tmp_path / "disk", 60) as small:
        yield small


@pytest.fixture
def settings(small_disk: SmallDisk) -> Settings:
    return load_settings(home=small_disk.place / "home")


def _fill(settings: Settings) -> None:
    """Write until nothing more goes, as whatever shares the disk may do."""
    with (settings.paths.root.parent / "other").open("ab", buffering=0) as file:
        for size in (2**20, 2**12):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                continue


def _archive(settings: Settings, content: bytes) -> None:
    with disk.full_disk_in_words(settings.paths), incoming_file(DistrictArchive(settings.paths, "alpha")) as file:
        file.write(content)
        file.keep()


def test_the_ledger_has_a_reserve_when_the_disk_is_full(settings: Settings) -> None:
    registry = open_registry(settings)
    assert settings.paths.reserve.stat().st_blocks * 512 >= disk.RESERVE
    _fill(settings)
    for number in range(50):
        registry.audit("sftp.upload", actor="alpha", detail={"number": number, "name": "x" * 300})
    assert not settings.paths.reserve.exists(), "it was given up for these events"
    with registry.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 50
    registry.close()
    (settings.paths.root.parent / "other").unlink()
    open_registry(settings).close()
    assert settings.paths.reserve.exists(), "it is kept again once there is room"


def test_a_ledger_without_room_says_so_in_one_sentence(settings: Settings) -> None:
    registry = open_registry(settings)
    settings.paths.reserve.unlink()
    _fill(settings)
    with (
        pytest.raises(DiskFullError, match=r"^the disk is full: .* are free under .*Free space and run `subgroups run`"),
        registry.begin() as session,
    ):
        session.add_all(AuditEvent(at=datetime.now(UTC), kind="k", actor="me", detail={"x": "x" * 9000}) for _ in range(2000))
    with registry.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0, "none of it stays"
    registry.close()


def test_the_warehouse_without_room_says_so_in_one_sentence(settings: Settings) -> None:
    settings.paths.make()
    with open_warehouse(settings) as connection:
        connection.execute("create table analytics.t as select 1 as n")
    _fill(settings)
    with pytest.raises(DiskFullError, match="the disk is full"), open_warehouse(settings) as connection:
        connection.execute("create table analytics.big as select md5(range::varchar) as t from range(3000000)")
    (settings.paths.root.parent / "other").unlink()
    with open_warehouse(settings) as connection:
        assert connection.execute("from analytics.t").fetchall() == [(1,)]


@pytest.mark.parametrize("free", [0, 100, 400, 1000])
def test_readers_are_not_concerned(small_disk: SmallDisk, settings: Settings, free: int) -> None:
    home = settings.paths
    home.make()
    snapshot = home.published / "20260101T000000000000Z"
    snapshot.mkdir()
    with duckdb.connect(str(snapshot / "analytics.duckdb")) as connection:
        connection.execute(
            "create schema marts; create table marts.t as select range as n, md5(range::varchar) s from range(50000)"
        )
    home.current_snapshot.symlink_to(snapshot.name)
    home.published_database.symlink_to("current/analytics.duckdb")
    home.reserve.touch()
    small_disk.leave_free(free)
    with open_published(settings) as connection:
        assert connection.execute("select count(distinct s) from marts.t").fetchall() == [(50000,)]
    with duckdb.connect(str(home.published_database), read_only=True) as connection:
        assert connection.execute("select count(*) from (select s from marts.t order by s)").fetchall() == [(50000,)]


def test_a_log_and_an_upload_without_room(small_disk: SmallDisk, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    home = settings.paths
    home.make()
    open_log(settings)
    small_disk.leave_free(0)
    for _ in range(3):
        log_event("night.ended", detail="x" * 9000)
    assert capsys.readouterr().err.splitlines() == [
        f"the log {home.logs / 'subgroups.jsonl'} cannot be written (No space left on device); the work goes on without it"
    ]
    with pytest.raises(DiskFullError, match="the disk is full"):
        _archive(settings, b"x" * 1_000_000)
    assert not list(home.archive.rglob("*.part"))
    small_disk.make_room()
    log_event("night.ended")
    assert "night.ended" in (home.logs / "subgroups.jsonl").read_text()


def test_a_file_is_written_whole_or_stands_as_it_was(small_disk: SmallDisk, settings: Settings) -> None:
    settings.paths.make()
    file = settings.paths.root / "note.json"
    disk.write_whole(file, "first")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("first", 0o600)
    small_disk.leave_free(0)
    with pytest.raises(OSError, match="No space left"):
        disk.write_whole(file, b"x" * 1_000_000)
    assert file.read_text() == "first"
    assert not list(file.parent.glob(f".*{disk.PART}"))
    small_disk.make_room()
