"""A registry that is damaged, gone or without room: one sentence, nothing lost, and a backup brings it back."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.errors import RegistryDamagedError, RegistryLostError, SettingsError
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.upkeep.backup import back_up, restore

EVENTS = 3000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a registry of many pages and one archived file, its registry closed; and its backup beside it."""
    place = tmp_path_factory.mktemp("made")
    settings = load_settings(home=place / "home")
    registry = open_registry(settings)
    with registry.begin() as session:
        session.add_all(AuditEvent(at=datetime.now(UTC), kind="kind", actor="me", detail={"n": n}) for n in range(EVENTS))
    with incoming_file(DistrictArchive(settings.paths, "alpha")) as file:
        file.write(b"delivered")
        file.keep()
    back_up(registry, settings, place / "backup.tar")
    registry.close()
    return place


@pytest.fixture
def kept(made: Path, tmp_path: Path) -> tuple[Settings, Path]:
    """A copy of that home, and the backup."""
    shutil.copytree(made / "home", tmp_path / "home")
    return load_settings(home=tmp_path / "home"), made / "backup.tar"


def _overwrite(at: int, count: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\xff" * count)

    return damage


def _letter(path: Path) -> None:
    path.write_text("a letter\n" * 1000)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "header": _overwrite(0, 100),
    "middle": _overwrite(4096 * 3, 4096 * 40),
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "text": _letter,
}


def _events(registry: Registry) -> int:
    with registry.begin() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0


def _use(settings: Settings) -> None:
    registry = open_registry(settings)
    try:
        registry.require_whole()
    finally:
        registry.close()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_registry_is_one_sentence_and_a_backup_brings_it_back(
    kept: tuple[Settings, Path], damage: Callable[[Path], None]
) -> None:
    settings, backup = kept
    damage(settings.paths.registry_file)
    with pytest.raises(RegistryDamagedError, match=r"is damaged.*are safe.*subgroups restore FILE"):
        _use(settings)
    restore(settings, backup)
    registry = open_registry(settings)
    assert _events(registry) == EVENTS
    registry.close()
    assert list(settings.paths.root.glob("registry.sqlite.damaged-*")), "the damaged file is kept for whoever wants to look"


@pytest.mark.parametrize("is_emptied", [True, False], ids=["emptied", "deleted"])
def test_no_new_registry_is_made_beside_an_archive(kept: tuple[Settings, Path], is_emptied: bool) -> None:
    settings, backup = kept
    for file in settings.paths.root.glob("registry.sqlite*"):
        file.unlink()
    if is_emptied:
        settings.paths.registry_file.touch()
    for _ in range(2):
        with pytest.raises(RegistryLostError, match=r"this home had a registry.*archived files.*subgroups restore FILE"):
            open_registry(settings)
    restore(settings, backup)
    registry = open_registry(settings)
    assert _events(registry) == EVENTS
    registry.close()


def test_a_registry_in_use_is_not_restored_over(kept: tuple[Settings, Path]) -> None:
    settings, backup = kept
    with pytest.raises(SettingsError, match="holds data already"):
        restore(settings, backup)


@pytest.mark.parametrize("content", [b"", b"no tar", b"[1, 2]"], ids=["empty", "text", "json"])
def test_a_file_that_is_no_backup_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(content)
    with tarfile.open(packed, "w") as package:
        member = tarfile.TarInfo("about.json")
        member.size = len(content)
        package.addfile(member, io.BytesIO(content))
    for file in (plain, packed):
        with pytest.raises(SettingsError, match="is not a backup"):
            restore(load_settings(home=tmp_path / "home"), file)
