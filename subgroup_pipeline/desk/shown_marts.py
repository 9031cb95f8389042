"""What readers see of one district: the manifest of the snapshot that is shown, and how full its subgroups are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.district_reader import open_district
from subgroup_pipeline.publish.manifest import FILE_NAME, Manifest, whole_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

_FILLED = """
    select any_value(d.subgroup_label), sum(r.student_count) filter (r.value <> 'not_reported'), any_value(r.total_students)
    from marts.rpt_district_subgroup as r
    inner join marts.dim_subgroup as d using (district_id, subgroup, value)
    where r.subgroup <> 'all_students'
    group by r.subgroup
    order by min(d.display_order)
"""


@dataclass(frozen=True)
class ShownSubgroup:
    """A subgroup of the reports, and the students of whom it is known whether they are in it."""

    label: str
    students_reported: int
    students: int

    @property
    def share(self) -> str:
        """The share of students of whom it is known, rounded down: only all of them are 100%."""
        return f"{100 * self.students_reported // self.students}%" if self.students else "-"


def shown_manifest(settings: Settings) -> Manifest | None:
    """The manifest of the snapshot that readers see; None before the first publish, or where it is damaged."""
    snapshot = settings.paths.current_snapshot.resolve()
    try:
        changed = (snapshot / FILE_NAME).stat().st_mtime_ns
    except OSError:
        return None
    return _read(snapshot, changed)


@lru_cache(maxsize=4)
def _read(snapshot: Path, _changed: int) -> Manifest | None:
    """A manifest of a thousand districts takes longer to read than a page may take, and a snapshot does not change."""
    return whole_manifest(snapshot)


def shown_subgroups(settings: Settings, district_id: str) -> list[ShownSubgroup]:
    """The subgroups in the reports of a district, from its own published files; none where they cannot be read."""
    try:
        with open_district(settings, district_id) as connection:
            rows = connection.execute(_FILLED).fetchall()
    except PublishError:
        return []
    return [ShownSubgroup(label, int(reported or 0), students) for label, reported, students in rows]
