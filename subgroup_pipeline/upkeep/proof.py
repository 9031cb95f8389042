"""Proof of everything that is kept: the registry, the archive, the warehouse and the snapshots, read to the last byte.

What is derived is mended: a damaged snapshot is set aside and published anew, a damaged warehouse is left to the next run.
What is not is named, with its mend.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import RegistryDamagedError
from subgroup_pipeline.intake.archive import archived_files, hash_of
from subgroup_pipeline.intake.archive_proof import changed_files, how_to_mend, lost_files
from subgroup_pipeline.publish.current import show_newest
from subgroup_pipeline.publish.lake import district_hash, districts_of
from subgroup_pipeline.publish.manifest import ASIDE, FILE_NAME, damaged_snapshots, set_aside, snapshot_names, whole_manifest
from subgroup_pipeline.publish.released import SHAREABLE_FOLDER
from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.registry.damage import last_proof, note_damage, note_proof
from subgroup_pipeline.warehouse.proof import HISTORY, doubt_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

INTERVAL = timedelta(days=7)
"""How often a night proves everything."""


@dataclass
class Proof:
    """What was read, and what of it is damaged, each in a sentence with its mend."""

    archived: int = 0
    published: int = 0
    damage: list[str] = field(default_factory=list)


def is_proof_due(registry: Registry, now: datetime) -> bool:
    """Whether the last proof is a week old, or there was none."""
    last = last_proof(registry)
    return last is None or now - last >= INTERVAL


def prove_all(registry: Registry, settings: Settings, *, run_id: str) -> Proof:
    """Read everything that is kept, and mend what is derived. The caller holds the warehouse."""
    proof = Proof()
    try:
        registry.require_whole()
    except RegistryDamagedError as error:
        proof.damage.append(f"{error}")
        return proof
    _prove_archive(registry, settings, proof)
    if damaged := doubt_warehouse(settings):
        said = f"{' and '.join(damaged)} in the warehouse is damaged. The next run makes it anew from the archive"
        proof.damage.append(f"{said}, as far as that reaches." if HISTORY in damaged else f"{said}.")
    _prove_snapshots(registry, settings, proof, run_id)
    for said in proof.damage:
        note_damage(registry, "proof", said)
    note_proof(registry, archived=proof.archived, published=proof.published, damaged=len(proof.damage))
    return proof


def _prove_archive(registry: Registry, settings: Settings, proof: Proof) -> None:
    paths = archived_files(settings.paths)
    proof.archived = len(paths)
    changed = changed_files(settings.paths, paths)
    lost = lost_files(registry, settings, changed)
    proof.damage += [f"{one}. {how_to_mend(one, settings)}" for one in lost]
    for name in sorted({path.name for path in changed} - {one.sha256 for one in lost}):
        proof.damage.append(
            f"The archived file {name} is not what arrived. No report needs it; take it from a backup or delete it."
        )


def _prove_snapshots(registry: Registry, settings: Settings, proof: Proof, run_id: str) -> None:
    """Hold every file of every snapshot against its manifest, set damaged snapshots aside, and publish anew in their place."""
    home = settings.paths
    known = {path.parent.name for path in home.published.glob(f"*/{ASIDE}")}
    damaged = {name: [FILE_NAME] for name in damaged_snapshots(settings) if name not in known}
    damaged |= _changed_snapshots(settings, proof)
    for name in damaged:
        set_aside(settings, name)
    if not damaged:
        return
    shown = home.current_snapshot.resolve().name
    if shown in damaged:
        home.pinned_snapshot.unlink(missing_ok=True)
        show_newest(settings)
        publish_snapshot(registry, settings, run_id=run_id)
    now = home.current_snapshot.resolve().name
    for name, files in damaged.items():
        said = f"Snapshot {name} is not what was published ({', '.join(files[:5])}). It was set aside"
        proof.damage.append(
            f"{said}; readers see {now}." if now != name else f"{said}, and no other could be made of what is left."
        )


def _changed_snapshots(settings: Settings, proof: Proof) -> dict[str, list[str]]:
    """Files and districts' lakes, per snapshot, that are not what its manifest says. A file that snapshots share is read once."""
    hashes: dict[int, str] = {}

    def hash_once(path: Path) -> str:
        number = path.stat().st_ino
        if number not in hashes:
            hashes[number] = hash_of(path)
            proof.published += 1
        return hashes[number]

    found = {}
    for name in snapshot_names(settings):
        snapshot = settings.paths.published / name
        manifest = whole_manifest(snapshot)
        if manifest is None:
            continue
        files = {file: hash_once(snapshot / file) if (snapshot / file).is_file() else "" for file in manifest.files}
        wrong = [file for file, sha256 in manifest.files.items() if files[file] != sha256]
        wrong += [
            f"the lake of {district_id}"
            for district_id in sorted(districts_of(snapshot) | manifest.lake.keys())
            if district_hash(snapshot, district_id, hash_once) != manifest.lake.get(district_id)
        ]
        wrong += [
            f"what is shared of {district_id}"
            for district_id in sorted(districts_of(snapshot, SHAREABLE_FOLDER) | manifest.shareable.keys())
            if district_hash(snapshot, district_id, hash_once, SHAREABLE_FOLDER) != manifest.shareable.get(district_id)
        ]
        if wrong:
            found[name] = wrong
    return found
