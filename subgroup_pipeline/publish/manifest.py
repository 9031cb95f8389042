"""`manifest.json` of a snapshot: what it holds and what it was made from. Start-up mends the ledger from it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

FILE_NAME = "manifest.json"
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
    """One snapshot: its files by name (sha256), rows by table, and the districts it holds."""

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
    """The manifest of the newest snapshot; None before the first publish. Readers see another one while a rollback holds."""
    names = snapshot_names(settings)
    if not names:
        return None
    return Manifest.model_validate_json((settings.paths.published / names[-1] / FILE_NAME).read_bytes())


def current_manifest(settings: Settings) -> Manifest | None:
    """The manifest of the snapshot that readers see; None before the first publish."""
    try:
        return Manifest.model_validate_json((settings.paths.current_snapshot / FILE_NAME).read_bytes())
    except FileNotFoundError:
        return None


def snapshot_names(settings: Settings) -> list[str]:
    """Snapshots that are whole, oldest first: a snapshot gets its name when it is finished and verified."""
    home = settings.paths.published
    return sorted(path.parent.name for path in home.glob(f"[0-9]*Z/{FILE_NAME}")) if home.is_dir() else []


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write it durably into a snapshot that is being made."""
    with (directory / FILE_NAME).open("w", encoding="utf-8") as file:
        file.write(manifest.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
