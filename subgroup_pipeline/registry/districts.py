"""Districts: applying their settings (versioned), listing them, and the keys that may sign in as them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.errors import UnknownDistrictError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.district_file import DistrictSettings
from subgroup_pipeline.registry.public_keys import read_public_key
from subgroup_pipeline.registry.schema import District, DistrictKey, DistrictSettingsVersion


@dataclass(frozen=True)
class RegisteredDistrict:
    """A district with the newest version of its settings."""

    settings: DistrictSettings
    version: int

    @property
    def district_id(self) -> str:
        """The district's key."""
        return self.settings.district


def apply_settings(registry: Registry, settings: DistrictSettings, yaml_text: str, *, actor: str) -> tuple[int, bool]:
    """Record settings for a district, making the district if it is new.

    Gives the version now in force and whether this call made it; the same settings again change nothing.
    """
    document = settings.model_dump(mode="json")
    now = datetime.now(UTC)
    with registry.begin() as session:
        district = session.get(District, settings.district)
        if district is None:
            district = District(district_id=settings.district, name=settings.name, settings_version=0, created_at=now)
            session.add(district)
            session.flush()
        elif _version(session, district).document == document:
            return district.settings_version, False
        district.name = settings.name
        district.settings_version += 1
        session.add(
            DistrictSettingsVersion(
                district_id=settings.district,
                version=district.settings_version,
                document=document,
                yaml_text=yaml_text,
                applied_at=now,
            )
        )
        record_event(
            session,
            "district.settings_applied",
            actor=actor,
            district_id=settings.district,
            detail={"version": district.settings_version},
        )
        return district.settings_version, True


def registered_districts(registry: Registry, only: list[str] | None = None) -> list[RegisteredDistrict]:
    """Districts by key, all or those named. Raises UnknownDistrictError for a name that is not registered."""
    newest = sa.and_(
        DistrictSettingsVersion.district_id == District.district_id,
        DistrictSettingsVersion.version == District.settings_version,
    )
    query = sa.select(DistrictSettingsVersion).join(District, newest).order_by(District.district_id)
    with registry.begin() as session:
        found = [RegisteredDistrict(DistrictSettings.model_validate(row.document), row.version) for row in session.scalars(query)]
    if only:
        missing = sorted(set(only) - {district.district_id for district in found})
        if missing:
            raise UnknownDistrictError(
                f"no district is called {', '.join(missing)}. `subgroups district list` shows those that are registered."
            )
        found = [district for district in found if district.district_id in only]
    return found


def registered_district(registry: Registry, district_id: str) -> RegisteredDistrict:
    """One district. Raises UnknownDistrictError."""
    return registered_districts(registry, [district_id])[0]


def settings_text(registry: Registry, district_id: str) -> str:
    """The YAML that was applied last, as it was written. Raises UnknownDistrictError."""
    registered_district(registry, district_id)
    with registry.begin() as session:
        return _version(session, session.get_one(District, district_id)).yaml_text


def authorize_key(registry: Registry, district_id: str, public_key: str, *, actor: str) -> str:
    """Let a public key (OpenSSH form) sign in as a district; gives its SHA256 fingerprint.

    Raises UnknownDistrictError, and SettingsError when the text is not a public key we accept.
    """
    registered_district(registry, district_id)
    key = read_public_key(public_key)
    line = key.export_public_key().decode("ascii").strip()
    fingerprint = key.get_fingerprint()
    with registry.begin() as session:
        known = sa.select(DistrictKey).filter_by(district_id=district_id, fingerprint=fingerprint)
        if session.scalar(known) is None:
            session.add(
                DistrictKey(district_id=district_id, public_key=line, fingerprint=fingerprint, added_at=datetime.now(UTC))
            )
            record_event(session, "district.key_authorized", actor=actor, district_id=district_id, detail={"key": fingerprint})
    return fingerprint


def account_keys(registry: Registry, account: str) -> list[str] | None:
    """The public keys that may sign in as a district, in OpenSSH form; None when there is no such district."""
    with registry.begin() as session:
        if session.get(District, account) is None:
            return None
        query = sa.select(DistrictKey.public_key).filter_by(district_id=account).order_by(DistrictKey.key_id)
        return list(session.scalars(query))


def key_fingerprints(registry: Registry) -> dict[str, list[str]]:
    """Fingerprints of the keys on record, by district."""
    by_district: dict[str, list[str]] = {}
    with registry.begin() as session:
        query = sa.select(DistrictKey.district_id, DistrictKey.fingerprint).order_by(DistrictKey.key_id)
        for district_id, fingerprint in session.execute(query):
            by_district.setdefault(district_id, []).append(fingerprint)
    return by_district


def _version(session: Session, district: District) -> DistrictSettingsVersion:
    return session.get_one(DistrictSettingsVersion, (district.district_id, district.settings_version))
