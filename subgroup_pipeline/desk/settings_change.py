"""Changing a district's settings: what a text would change, what is wrong with it, applying it, and earlier versions."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.districts.district_file import DistrictSettings, parse_district
from subgroup_pipeline.districts.registered import apply_settings
from subgroup_pipeline.errors import SettingsError, UnknownDistrictError
from subgroup_pipeline.registry.schema import AuditEvent, District, DistrictSettingsVersion

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.registry.database import Registry

_SOURCE = "settings"
_AROUND = 2
"""Lines that are shown around a change."""


@dataclass(frozen=True)
class DiffLine:
    """A line of a comparison; `more` stands for lines that are left out because they are the same."""

    kind: Literal["same", "added", "gone", "more"]
    text: str


@dataclass(frozen=True)
class Version:
    """A version of a district's settings as it was given. `by` is empty where the audit log no longer says."""

    number: int
    text: str
    applied_at: datetime
    by: str


@dataclass(frozen=True)
class Review:
    """What a text would do. `faults` are sentences with their lines; `made_from` is the version in force (0: none)."""

    text: str
    district_id: str
    made_from: int
    diff: list[DiffLine]
    faults: list[str]
    is_same: bool

    @property
    def can_be_applied(self) -> bool:
        """Whether it is accepted and says something new."""
        return not self.faults and not self.is_same


def versions(registry: Registry, district_id: str) -> list[Version]:
    """Every version of a district's settings, the newest first. Raises UnknownDistrictError."""
    query = sa.select(DistrictSettingsVersion).filter_by(district_id=district_id)
    said = sa.select(AuditEvent).filter_by(district_id=district_id, kind="district.settings_applied")
    with registry.begin() as session:
        by = {event.detail.get("version"): event.actor for event in session.scalars(said)}
        found = list(session.scalars(query.order_by(DistrictSettingsVersion.version.desc())))
    if not found:
        raise UnknownDistrictError(f"no district is called {district_id}.")
    return [Version(one.version, one.yaml_text, one.applied_at, by.get(one.version, "")) for one in found]


def review(registry: Registry, text: str, district_id: str | None = None) -> Review:
    """Check a text as `subgroups district apply` does, and compare it with what is in force.

    With a district the text must be of that one; without, of one that is not registered yet.
    """
    text = as_written(text)
    faults: list[str] = []
    settings: DistrictSettings | None = None
    try:
        settings = parse_district(text, _SOURCE)
    except SettingsError as error:
        faults = [line.replace(f"{_SOURCE}:", "Line ", 1) for line in str(error).splitlines()]
    named = settings.district if settings else ""
    if district_id and settings and named != district_id:
        faults.append(f"These settings are of the district `{named}`, and this page is of `{district_id}`.")
    before = _in_force(registry, district_id or named)
    if not district_id and before is not None:
        faults.append(f"There is a district `{named}` already. Change its settings on its own page.")
    return Review(
        text=text,
        district_id=district_id or named,
        made_from=before.version if before else 0,
        diff=compare(before.yaml_text if before else "", text),
        faults=faults,
        is_same=before is not None and DistrictSettings.model_validate(before.document) == settings,
    )


def apply_text(registry: Registry, text: str, district_id: str, *, made_from: int, actor: str) -> int:
    """Put a text in force; gives its version.

    Raises SettingsError when it is refused or of another district, StaleSettingsError when a version came since `made_from`.
    """
    text = as_written(text)
    settings = parse_district(text, _SOURCE)
    if settings.district != district_id:
        raise SettingsError(f"these settings are of {settings.district}, not of {district_id}.")
    version, _ = apply_settings(registry, settings, text, actor=actor, made_from=made_from)
    return version


def compare(before: str, after: str) -> list[DiffLine]:
    """Two texts line by line, with a few lines around each change."""
    lines: list[DiffLine] = []
    kinds: dict[str, Literal["same", "added", "gone"]] = {" ": "same", "+": "added", "-": "gone"}
    unified = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=_AROUND, lineterm=""))
    for line in unified[2:]:
        if line.startswith("@@"):
            lines += [DiffLine("more", "")] if lines else []
        else:
            lines.append(DiffLine(kinds[line[0]], line[1:]))
    return lines


def as_written(text: str) -> str:
    """A text from a form, whose lines end as browsers send them, as a file has it."""
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip() + "\n"


def _in_force(registry: Registry, district_id: str) -> DistrictSettingsVersion | None:
    newest = sa.and_(
        DistrictSettingsVersion.district_id == District.district_id,
        DistrictSettingsVersion.version == District.settings_version,
    )
    query = sa.select(DistrictSettingsVersion).join(District, newest).where(District.district_id == district_id)
    with registry.begin() as session:
        return session.scalar(query)
