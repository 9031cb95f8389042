"""Plain files of releases that did not seal the archive: each is sealed for the districts that it came from, and then removed.

A kill on the way leaves the plain file, which the next night seals again; a sealed file has its name when it is whole.
"""

from __future__ import annotations

import os
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file, is_archived
from subgroup_pipeline.registry.schema import Delivery, DeliveryFile
from subgroup_pipeline.upkeep.leaving import Leaving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.upkeep.places import Installation

_BLOCK = 1024**2


def plain_files(at: Installation) -> Iterator[Leaving]:
    """Plain files in the archive that a delivery names; what no delivery names leaves with its age, as it is."""
    plain = [path for folder in at.folders(at.home.archive) for path in at.files(folder) if is_archived(path)]
    if not plain:
        return
    districts: dict[str, set[str]] = defaultdict(set)
    with at.registry.begin() as session:
        query = sa.select(DeliveryFile.sha256, Delivery.district_id).join(Delivery.files).where(DeliveryFile.member_of == "")
        for sha256, district_id in session.execute(query.distinct()):
            districts[sha256].add(district_id)
    for path in plain:
        if owners := districts.get(path.name):
            yield Leaving(partial(_seal, at.home, path, owners), bytes=path.stat().st_size)


def _seal(home: Home, path: Path, districts: set[str]) -> None:
    """Seal a file for each of its districts, as old as it is, and remove it."""
    times = path.stat()
    for district_id in sorted(districts):
        with incoming_file(DistrictArchive(home, district_id)) as incoming, path.open("rb") as file:
            while block := file.read(_BLOCK):
                incoming.write(block)
            if incoming.sha256 != path.name:
                return  # damaged: `audit` names it, and a backup may mend it
            os.utime(incoming.keep(), ns=(times.st_atime_ns, times.st_mtime_ns))
    path.unlink(missing_ok=True)
