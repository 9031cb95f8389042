"""Districts as a person sees them: all with their newest deliveries, one with its settings, and giving them new settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.access.passwords import password_on_record, passwords_on_record
from subgroup_pipeline.districts.district_file import read_district_file
from subgroup_pipeline.districts.district_keys import keys_on_record
from subgroup_pipeline.districts.lateness import missed_nights
from subgroup_pipeline.districts.registered import apply_settings, registered_district, registered_districts, settings_text
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.registry.ledger import iso_time, latest_deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed


@dataclass(frozen=True)
class ListedDistrict:
    """A district with its newest delivery of each feed; `keys` counts, `late_nights` are the missed nights by feed.

    `has_password` says whether it may sign in to the SFTP server with one.
    """

    district_id: str
    name: str
    settings_version: int
    keys: int
    has_password: bool
    roster_state: str | None
    roster_received_at: str | None
    subgroups_state: str | None
    subgroups_received_at: str | None
    late_nights: dict[Feed, int]


@dataclass(frozen=True)
class ShownDistrict:
    """A district's settings in force, with every default, the fingerprints of its keys, and since when it has a password."""

    district_id: str
    settings_version: int
    settings: dict[str, Any]
    keys: list[str]
    password_set_at: str | None
    password_set_by: str | None


@dataclass(frozen=True)
class AppliedSettings:
    """What applying a file did: `changed` is false where it said what was in force already."""

    district_id: str
    version: int
    changed: bool


def list_districts(registry: Registry) -> list[ListedDistrict]:
    """Every district, by its key."""
    keys = [key.district_id for key in keys_on_record(registry)]
    passwords = passwords_on_record(registry)
    districts = registered_districts(registry)
    missed = missed_nights(registry, districts, datetime.now(UTC))
    with registry.begin() as session:
        latest = {(d.district_id, d.feed): d for d in latest_deliveries(session, [d.district_id for d in districts])}
    listed = []
    for district in districts:
        roster, subgroups = (latest.get((district.district_id, feed)) for feed in ("roster", "subgroups"))
        listed.append(
            ListedDistrict(
                district_id=district.district_id,
                name=district.settings.name,
                settings_version=district.version,
                keys=keys.count(district.district_id),
                has_password=district.district_id in passwords,
                roster_state=roster.state if roster else None,
                roster_received_at=iso_time(roster.received_at) if roster else None,
                subgroups_state=subgroups.state if subgroups else None,
                subgroups_received_at=iso_time(subgroups.received_at) if subgroups else None,
                late_nights=missed.get(district.district_id, {}),
            )
        )
    return listed


def show_district(registry: Registry, district_id: str) -> ShownDistrict:
    """One district. Raises UnknownDistrictError."""
    district = registered_district(registry, district_id)
    password = password_on_record(registry, district_id)
    return ShownDistrict(
        district_id=district_id,
        settings_version=district.version,
        settings=district.settings.model_dump(mode="json"),
        keys=[key.fingerprint for key in keys_on_record(registry, [district_id])],
        password_set_at=iso_time(password.set_at) if password else None,
        password_set_by=password.set_by if password else None,
    )


def settings_as_applied(registry: Registry, district_id: str) -> str:
    """The YAML that is in force, as it was given. Raises UnknownDistrictError."""
    return settings_text(registry, district_id)


def read_files(files: Sequence[Path]) -> list[tuple[DistrictSettings, str]]:
    """Settings with their text, from files. Raises SettingsError for a file that is refused, or for two of one district."""
    read = [read_district_file(path) for path in files]
    named = [settings.district for settings, _ in read]
    if twice := sorted({one for one in named if named.count(one) > 1}):
        raise SettingsError(f"more than one of these files is for {', '.join(twice)}. Give one file per district.")
    return read


def apply_all(registry: Registry, read: Sequence[tuple[DistrictSettings, str]], *, actor: str) -> list[AppliedSettings]:
    """Register districts, or give them new settings."""
    applied = []
    for settings, text in read:
        version, is_new = apply_settings(registry, settings, text, actor=actor)
        applied.append(AppliedSettings(settings.district, version, is_new))
    return applied
