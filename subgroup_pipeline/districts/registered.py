"""Districts: applying their settings (versioned) and listing them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.districts.district_file import DistrictSettings
from subgroup_pipeline.errors import StaleSettingsError, UnknownDistrictError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import District, DistrictSettingsVersion
from subgroup_pipeline.shard import Shard


@dataclass(frozen=True)
class RegisteredDistrict:
    """A district with the newest version of its settings."""

    settings: DistrictSettings
    version: int

    @property
    def district_id(self) -> str:
        """The district's key."""
        return self.settings.district


@dataclass(frozen=True)
class _Kept:
    """A district as it was read, and the version and time of the settings that it was read from."""

    made: list[object]
    district: RegisteredDistrict


_KEPT: WeakKeyDictionary[Registry, dict[str, _Kept]] = WeakKeyDictionary()
"""What was read of each registry: a version never changes, reading one takes a millisecond, and a night asks a dozen times."""


def apply_settings(
    registry: Registry, settings: DistrictSettings, yaml_text: str, *, actor: str, made_from: int | None = None
) -> tuple[int, bool]:
    """Record settings for a district, making the district if it is new.

    Gives the version now in force and whether this call made it; the same settings again change nothing. `made_from` is the
    version that somebody looked at while writing these (0: none). Raises StaleSettingsError when another one is in force.
    """
    with registry.begin() as session:
        return apply_within(session, settings, yaml_text, actor=actor, made_from=made_from)


def apply_within(
    session: Session, settings: DistrictSettings, yaml_text: str, *, actor: str, made_from: int | None = None
) -> tuple[int, bool]:
    """As `apply_settings`, within the caller's transaction."""
    document = settings.model_dump(mode="json")
    now = datetime.now(UTC)
    # A write comes first, so that of two who apply at once the second reads what the first one left.
    own = sa.update(District).where(District.district_id == settings.district)
    session.execute(own.values(settings_version=District.settings_version))
    district = session.get(District, settings.district)
    in_force = district.settings_version if district else 0
    if made_from not in (None, in_force):
        raise StaleSettingsError(f"version {in_force} of the settings of {settings.district} came meanwhile.")
    if district is None:
        district = District(district_id=settings.district, name=settings.name, settings_version=0, created_at=now)
        session.add(district)
        session.flush()
    elif DistrictSettings.model_validate(_version(session, district).document) == settings:
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
    columns = (District.district_id, DistrictSettingsVersion.version, DistrictSettingsVersion.applied_at)
    query = sa.select(*columns).join(DistrictSettingsVersion, newest).order_by(District.district_id)
    if only:
        query = query.where(District.district_id.in_(only))
    kept = _KEPT.setdefault(registry, {})
    with registry.begin() as session:
        named = session.execute(query).tuples().all()
        changed = [district_id for district_id, *made in named if district_id not in kept or kept[district_id].made != made]
        if changed:
            of_these = sa.select(DistrictSettingsVersion).join(District, newest).where(District.district_id.in_(changed))
            for row in session.scalars(of_these):
                read = RegisteredDistrict(DistrictSettings.model_validate(row.document), row.version)
                kept[row.district_id] = _Kept([row.version, row.applied_at], read)
    found = [kept[district_id].district for district_id, *_ in named]
    if only:
        missing = sorted(set(only) - {district.district_id for district in found})
        if missing:
            raise UnknownDistrictError(
                f"no district is called {', '.join(missing)}. `subgroups district list` shows those that are registered."
            )
    return found


def districts_of_shard(registry: Registry, shard: Shard, only: list[str] | None = None) -> list[RegisteredDistrict]:
    """Districts by key that this shard takes, all or those named.

    Raises UnknownDistrictError for a name that is not registered, or is another shard's.
    """
    found = registered_districts(registry, only)
    if only and (others := [d.district_id for d in found if not shard.takes(d.district_id)]):
        raise UnknownDistrictError(
            f"{', '.join(others)}: shard {shard.owner(others[0])}/{shard.of} takes it, and SUBGROUPS_SHARD is {shard} here."
        )
    return [district for district in found if shard.takes(district.district_id)]


def registered_district(registry: Registry, district_id: str) -> RegisteredDistrict:
    """One district. Raises UnknownDistrictError."""
    return registered_districts(registry, [district_id])[0]


def settings_text(registry: Registry, district_id: str) -> str:
    """The YAML that was applied last, as it was written. Raises UnknownDistrictError."""
    registered_district(registry, district_id)
    with registry.begin() as session:
        return _version(session, session.get_one(District, district_id)).yaml_text


def _version(session: Session, district: District) -> DistrictSettingsVersion:
    return session.get_one(DistrictSettingsVersion, (district.district_id, district.settings_version))
