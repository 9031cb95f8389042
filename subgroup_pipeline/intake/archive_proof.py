"""Proof of the archive: every file that the ledger names, held against the sha256 of the bytes that arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from subgroup_pipeline.errors import ArchiveDamagedError
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.registry.needed import needed_deliveries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class LostFile:
    """An upload whose archived bytes are missing, or are not those that arrived."""

    district_id: str
    feed: str
    delivery_id: str
    name: str
    sha256: str
    what: Literal["missing", "damaged"]

    def __str__(self) -> str:
        return f"{self.district_id}: {self.name} of delivery {self.delivery_id} ({self.feed}) is {self.what}"

    @property
    def place(self) -> str:
        """Where its bytes belong, within the home and within a backup."""
        return f"archive/{self.district_id}/{self.sha256[:2]}/{self.sha256}"


def lost_files(registry: Registry, settings: Settings, changed: Collection[Path] = ()) -> list[LostFile]:
    """Uploads of live and waiting deliveries, and of rosters that deltas rest on, that are missing or among `changed`.

    Reads no file: `changed` are archived files with other bytes than those that arrived, as `changed_files` gives them.
    """
    return _lost(_needed(registry, settings), settings, changed)


def changed_files(home: Home, paths: Iterable[Path]) -> set[Path]:
    """Archived files whose bytes are not those that arrived; reads each."""
    return {path for path in paths if path.is_file() and not _archive_of(home, path).is_whole(path.name)}


def require_archive(registry: Registry, settings: Settings) -> None:
    """Refuse to drop the warehouse while it holds rows that the archive cannot give again. Raises ArchiveDamagedError."""
    needed = _needed(registry, settings)
    kept = {path for delivery in needed for path in _kept(settings.paths, delivery) if path is not None}
    lost = _lost(needed, settings, changed_files(settings.paths, kept))
    if lost:
        shown = "; ".join(map(str, lost[:5])) + (f"; and {len(lost) - 5} more" if len(lost) > 5 else "")
        raise ArchiveDamagedError(
            f"nothing was dropped, because {len(lost)} archived files could not be read again: {shown}. The warehouse and what "
            f"readers see still hold these districts. {how_to_mend(lost[0], settings)}"
        )


def is_lost(home: Home, delivery: Delivery) -> bool:
    """Whether an upload of a delivery is missing or damaged; reads each."""
    kept = _kept(home, delivery)
    return None in kept or bool(changed_files(home, filter(None, kept)))


def how_to_mend(lost: LostFile, settings: Settings) -> str:
    """How archived bytes come back: from a backup, or from the district, whose same bytes take the same place."""
    return (
        f"Take the files out of a backup (`tar -xf BACKUP -C {settings.paths.root} {lost.place}`, and so on), or have the "
        "districts upload them again and run `subgroups run`."
    )


def _archive_of(home: Home, path: Path) -> DistrictArchive:
    """The archive that a file lies in; a plain one of a release before belongs to no district, and needs no key."""
    return DistrictArchive(home, path.relative_to(home.archive).parts[0])


def _kept(home: Home, delivery: Delivery) -> list[Path | None]:
    archive = DistrictArchive(home, delivery.district_id)
    return [archive.find(file.sha256) for file in delivery.files if not file.member_of]


def _needed(registry: Registry, settings: Settings) -> list[Delivery]:
    """What a home of this shard keeps: the archive of another shard's districts lies in its home."""
    with registry.begin() as session:
        return [delivery for delivery in needed_deliveries(session) if settings.own_shard.takes(delivery.district_id)]


def _lost(deliveries: Sequence[Delivery], settings: Settings, changed: Collection[Path]) -> list[LostFile]:
    lost = []
    for delivery in deliveries:
        archive = DistrictArchive(settings.paths, delivery.district_id)
        for file in delivery.files:
            kept = archive.find(file.sha256) if not file.member_of else None
            if not file.member_of and (kept is None or kept in changed):
                what: Literal["missing", "damaged"] = "damaged" if kept else "missing"
                lost.append(LostFile(delivery.district_id, delivery.feed, delivery.delivery_id, file.name, file.sha256, what))
    return lost
