"""Backup: held against its seal before anything is restored, and never whole in memory."""

from __future__ import annotations

import json
import shutil
import tarfile
import tracemalloc
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.districts.district_secrets import open_secrets
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.intake.archive import archived_files
from subgroup_pipeline.intake.archive_proof import changed_files
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.registry.audit_chain import prove_chain
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.upkeep.backup import _dump, back_up, restore
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import small_district as small
from tests.support.place import Place


@pytest.fixture
def backup(place: Place, tmp_path: Path) -> Path:
    place.add()
    place.deliver("subgroups", {"s.csv": small.subgroups()})
    (place.settings.paths.keys / "pipeline").write_text("a key")
    (place.settings.paths.archive / ".1234.part").write_text("half a file")
    with open_warehouse(place.settings) as connection:
        connection.execute("insert into history.student_cell values ('alpha', 's1', 'meals', 'file:f', '2026-09-01', null, 'd1')")
    back_up(place.registry, place.settings, tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "elsewhere")


def test_a_secret_of_a_roster_server_opens_where_it_is_restored(place: Place, tmp_path: Path, elsewhere: Settings) -> None:
    place.add()
    keep_secret(place.registry, place.settings, "alpha", "token", "a token that nobody reads", actor="test")
    back_up(place.registry, place.settings, tmp_path / "secret.tar")
    restore(elsewhere, tmp_path / "secret.tar")
    registry = open_registry(elsewhere)
    assert open_secrets(registry, Keyring(elsewhere.paths), "alpha") == {"token": "a token that nobody reads"}
    registry.close()


def test_what_was_kept_is_there_again(backup: Path, place: Place, elsewhere: Settings) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert restore(elsewhere, backup) == 1
    for kept in ("archive", "keys", "history"):
        here, there = place.settings.paths.root / kept, elsewhere.paths.root / kept
        files = {path.relative_to(there): path.read_bytes() for path in there.rglob("*") if path.is_file()}
        assert files == {
            path.relative_to(here): path.read_bytes() for path in here.rglob("*") if path.is_file() and path.suffix != ".part"
        }


def test_without_its_keys_a_backup_shows_nothing_and_is_restored_where_they_are(
    backup: Path, place: Place, tmp_path: Path, elsewhere: Settings
) -> None:
    assert backup.exists()
    back_up(place.registry, place.settings, tmp_path / "sealed.tar", with_keys=False)
    content = (tmp_path / "sealed.tar").read_bytes()
    assert not [word for word in (b"s001", b"student_cell", b"a key", b"keys/") if word in content]
    with pytest.raises(SettingsError, match="was made without its keys"):
        restore(elsewhere, tmp_path / "sealed.tar")
    shutil.copytree(place.settings.paths.keys, elsewhere.paths.keys)
    assert restore(elsewhere, tmp_path / "sealed.tar") == 1
    history = elsewhere.paths.history_database
    assert history.read_bytes() == place.settings.paths.history_database.read_bytes()
    assert [path.name for path in elsewhere.paths.history.iterdir()] == [history.name]
    (archived,) = archived_files(elsewhere.paths)
    assert changed_files(elsewhere.paths, [archived]) == set()


@pytest.mark.parametrize("name", ["registry.jsonl", "archive/", "keys/pipeline"])
def test_a_backup_with_another_byte_is_refused_and_nothing_is_restored(backup: Path, elsewhere: Settings, name: str) -> None:
    with tarfile.open(backup) as package:
        member = next(m for m in package if m.name.startswith(name) and m.isfile())
    with backup.open("r+b") as file:
        file.seek(member.offset_data)
        byte = file.read(1)
        file.seek(member.offset_data)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(SettingsError, match="its bytes are not those that were written"):
        restore(elsewhere, backup)
    assert not elsewhere.paths.root.exists()


def test_a_backup_that_was_cut_is_refused(backup: Path, elsewhere: Settings) -> None:
    with tarfile.open(backup) as package:
        end = next(m for m in package if m.name == "seal").offset
    with backup.open("r+b") as file:
        file.truncate(end)
    with pytest.raises(SettingsError, match="is not a backup that can be read"):
        restore(elsewhere, backup)
    assert not elsewhere.paths.root.exists()


def test_a_backup_of_the_release_before_is_restored(
    place: Place, tmp_path: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its registry has none of the tables that came since, and events without a chain."""
    place.add()
    place.deliver("subgroups", {"s.csv": small.subgroups()})
    new = {"invitation", "district_password", "person", "sign_in_link", "sign_in", "mail", "asked_check"}

    def dump(registry: Registry, target: IO[bytes]) -> None:
        whole = BytesIO()
        _dump(registry, whole)
        for entry in map(json.loads, whole.getvalue().splitlines()):
            entry["row"].pop("chain_sha256", None)
            target.write(b"" if entry["table"] in new else json.dumps(entry).encode() + b"\n")

    with monkeypatch.context() as before:
        before.setattr("subgroup_pipeline.upkeep.backup.HEAD", "0004")
        before.setattr("subgroup_pipeline.upkeep.backup._dump", dump)
        back_up(place.registry, place.settings, tmp_path / "old.tar")
    assert restore(elsewhere, tmp_path / "old.tar") == 1
    registry = open_registry(elsewhere)
    registry.audit("test.event", actor="test")
    with registry.begin() as session:
        proof = prove_chain(session)
    registry.close()
    assert (proof.events - proof.unchained, proof.faults) == (1, [])


def test_a_backup_of_a_release_that_we_cannot_read_says_so(
    place: Place, tmp_path: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr("subgroup_pipeline.upkeep.backup.HEAD", "9999")
        back_up(place.registry, place.settings, tmp_path / "new.tar")
    with pytest.raises(SettingsError, match="a release with registry 9999"):
        restore(elsewhere, tmp_path / "new.tar")


def test_a_registry_is_saved_and_restored_a_part_at_a_time(
    place: Place, tmp_path: Path, elsewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subgroup_pipeline.upkeep.backup.AT_A_TIME", 10)
    events, letters = 500, 20_000
    row = {"at": datetime.now(UTC), "kind": "kind", "actor": "me", "detail": {"said": "x" * letters}}
    with place.registry.begin() as session:
        session.execute(sa.insert(AuditEvent), [row] * events)
    tracemalloc.start()
    back_up(place.registry, place.settings, tmp_path / "backup.tar")
    restore(elsewhere, tmp_path / "backup.tar")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < events * letters / 2, "the registry was in memory as a whole"
    restored = open_registry(elsewhere)
    with restored.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == events
    restored.close()
