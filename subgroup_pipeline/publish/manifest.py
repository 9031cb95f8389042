"""`manifest.json` of a snapshot: what it holds and what it was made from. Start-up mends the ledger from it.

A manifest is sealed with a hash of itself. A snapshot without a whole manifest counts as none: the newest whole one is used.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from subgroup_pipeline.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

FILE_NAME = "manifest.json"
ASIDE = f"{FILE_NAME}.damaged"
"""Its name in a snapshot that was set aside."""
DATABASE = "analytics.duckdb"
"""The staff file of a snapshot."""


class PublishedDistrict(BaseModel):
    """A district as it stands in the snapshot."""

    model_config = ConfigDict(frozen=True)

    build_key: str
    roster_delivery_id: str
    subgroup_delivery_id: str | None
    as_of_date: str
    student_count: int
    quality_sha256: str = ""


class Manifest(BaseModel):
    """One snapshot: its files by path within it (sha256), rows by table, and the districts it holds.

    `lake` has one sha256 per district, over the names and hashes of its files in the lake, and `shareable` one over those that
    may be shared. `releases` has the release that these show. `seal` is the sha256 of the rest; manifests of older releases lack
    some of these. `shard` says which districts it is about where it is not all.
    """

    model_config = ConfigDict(frozen=True)

    snapshot: str
    created_at: str
    run_id: str
    contract_version: str
    files: dict[str, str]
    tables: dict[str, int]
    quality_sha256: str
    compacted_at: str
    districts: dict[str, PublishedDistrict]
    lake: dict[str, str] = {}
    releases: dict[str, str] = {}
    shareable: dict[str, str] = {}
    shard: str = ""
    seal: str = ""

    def sealed(self) -> Self:
        """The same with its seal."""
        return self.model_copy(update={"seal": self._hash()})

    @property
    def is_as_sealed(self) -> bool:
        """Whether it says what it said when it was written."""
        return self.seal in ("", self._hash())

    def _hash(self) -> str:
        came_later = {name for name in ("shard", "releases", "shareable") if not getattr(self, name)}
        return hashlib.sha256(self.model_dump_json(exclude={"seal", *came_later}).encode()).hexdigest()

    @property
    def build_keys(self) -> dict[str, str]:
        """Build key of every published district."""
        return {district_id: district.build_key for district_id, district in self.districts.items()}


def shown_deliveries(districts: Mapping[str, PublishedDistrict]) -> dict[tuple[str, str], str]:
    """The delivery that is shown of each district and feed."""
    shown = {(district_id, "roster"): district.roster_delivery_id for district_id, district in districts.items()}
    for district_id, district in districts.items():
        if district.subgroup_delivery_id:
            shown[district_id, "subgroups"] = district.subgroup_delivery_id
    return shown


def read_manifest(settings: Settings) -> Manifest | None:
    """The manifest of the newest whole snapshot; None when there is none. Readers see another one while a rollback holds."""
    home = settings.paths.published
    return next((manifest for name in reversed(finished_names(settings)) if (manifest := whole_manifest(home / name))), None)


def published_build_keys(settings: Settings) -> dict[str, str]:
    """The build key, per district, that the newest whole snapshot was made from."""
    manifest = read_manifest(settings)
    return manifest.build_keys if manifest else {}


def current_manifest(settings: Settings) -> Manifest | None:
    """The manifest of the snapshot that readers see; None before the first publish, or where it is damaged."""
    return whole_manifest(settings.paths.current_snapshot.resolve())


def whole_manifest(snapshot: Path) -> Manifest | None:
    """The manifest of a snapshot's directory when it is sealed, of this snapshot, and the staff file is there."""
    try:
        manifest = Manifest.model_validate_json((snapshot / FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return None
    is_whole = manifest.is_as_sealed and manifest.snapshot == snapshot.name and (snapshot / DATABASE).is_file()
    return manifest if is_whole else None


def finished_names(settings: Settings) -> list[str]:
    """Snapshots that are there, whole or not, oldest first: one gets its name when it is finished and verified."""
    home = settings.paths.published
    return sorted(path.name for path in home.glob("[0-9]*Z") if path.is_dir()) if home.is_dir() else []


def snapshot_names(settings: Settings) -> list[str]:
    """Snapshots that are whole, oldest first."""
    return [name for name in finished_names(settings) if whole_manifest(settings.paths.published / name)]


def damaged_snapshots(settings: Settings) -> list[str]:
    """Snapshots that were finished and are not whole any more, oldest first."""
    return [name for name in finished_names(settings) if not whole_manifest(settings.paths.published / name)]


def set_aside(settings: Settings, name: str) -> None:
    """Let a snapshot whose files are damaged count as none from now on; its directory leaves like any other's."""
    manifest = settings.paths.published / name / FILE_NAME
    aside = manifest.with_name(ASIDE)
    manifest.rename(aside) if manifest.exists() else aside.touch()


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write it, sealed, durably into a snapshot that is being made."""
    write_whole(directory / FILE_NAME, manifest.sealed().model_dump_json(indent=2) + "\n")
