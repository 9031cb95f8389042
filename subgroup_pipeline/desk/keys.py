"""The SSH keys and passwords of districts as a person handles them; each change is in force at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.access.passwords import passwords_on_record, remove_password
from subgroup_pipeline.districts.district_keys import AuthorizedKey, authorize_keys, change_key, keys_on_record
from subgroup_pipeline.districts.public_keys import read_public_key
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from subgroup_pipeline.districts.district_keys import Change
    from subgroup_pipeline.registry.database import Registry


def list_keys(registry: Registry, district_id: str | None = None) -> list[AuthorizedKey]:
    """The keys of one district, or of all. Raises UnknownDistrictError."""
    named = [district_id] if district_id else None
    registered_districts(registry, named)
    return keys_on_record(registry, named)


def districts_with_password(registry: Registry, district_id: str | None = None) -> list[str]:
    """The districts, or the one, that may sign in with a password."""
    return sorted(name for name in passwords_on_record(registry) if district_id in (None, name))


def revoke_password(registry: Registry, district_id: str, *, actor: str) -> bool:
    """Take a district's password away; gives whether it had one. Raises UnknownDistrictError."""
    registered_districts(registry, [district_id])
    return remove_password(registry, district_id, actor=actor)


def read_key_files(files: Sequence[tuple[str, Path]]) -> list[tuple[str, str]]:
    """Public keys by district, from their files. Raises SettingsError, with the file, for one that we do not accept."""
    texts = []
    for district_id, path in files:
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            read_public_key(text)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error
        texts.append((district_id, text))
    return texts


def authorize(registry: Registry, keys: Sequence[tuple[str, str]], *, actor: str, instead: bool) -> list[AuthorizedKey]:
    """Let keys sign in, all or none; with `instead` in place of every other key of these districts."""
    return authorize_keys(registry, keys, actor=actor, instead=instead)


def change(
    registry: Registry, district_id: str, fingerprint: str, what: Change, *, actor: str
) -> tuple[str, list[AuthorizedKey]]:
    """Pause, resume or revoke a key; gives its whole fingerprint, and the keys that the district has now."""
    whole = change_key(registry, district_id, fingerprint, what, actor=actor)
    return whole, keys_on_record(registry, [district_id])
