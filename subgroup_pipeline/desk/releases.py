"""Releases of shared numbers as a person sees them: what is out, what a new one would show and hide, and asking for one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.disclosure.cells import Privacy
from subgroup_pipeline.disclosure.preview import PreviewCell, preview_release
from subgroup_pipeline.disclosure.shareable import SHAREABLE
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.manifest import DATABASE, finished_names
from subgroup_pipeline.publish.reader import open_snapshot
from subgroup_pipeline.registry.ledger import iso_time
from subgroup_pipeline.warehouse.connection import warehouse_lock

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_LIST = """
with counted as (
    select district_id, student_count from public.rpt_district_subgroup
    union all select district_id, student_count from public.rpt_school_subgroup
    union all select district_id, student_count from public.rpt_course_subgroup
)
select
    release.district_id, release_id, released_at::timestamptz, snapshot, minimum_count, profile, count(student_count),
    count(*) - count(student_count)
from public.release left join counted using (district_id)
where $district is null or release.district_id = $district
group by all order by all
"""


@dataclass(frozen=True)
class ListedRelease:
    """The release of a district that readers see; `shown` and `hidden` count cells of its district, schools and courses."""

    district_id: str
    release_id: str
    released_at: str | None
    snapshot: str
    minimum_count: int
    profile: str
    shown: int
    hidden: int


@dataclass(frozen=True)
class ReleasePreview:
    """What a release of a district would show and hide now, and how many cells are hidden by reason.

    `narrowest` and `too_narrow` are those of `disclosure.room_left.RoomLeft`.
    """

    district_id: str
    minimum_count: int
    profile: str
    shown: int
    hidden: int
    reasons: dict[str, int]
    narrowest: int | None
    too_narrow: int
    cells: list[PreviewCell]


def list_releases(settings: Settings, district_id: str | None = None) -> list[ListedRelease]:
    """The releases that readers see, by district; none before the first publish."""
    file = settings.paths.current_snapshot.resolve() / SHAREABLE
    if not file.is_file():
        return []
    with open_snapshot(file, settings) as connection:
        rows = connection.execute(_LIST, {"district": district_id}).fetchall()
    return [ListedRelease(row[0], row[1], iso_time(row[2]), *row[3:]) for row in rows]


def preview(registry: Registry, settings: Settings, district_id: str) -> ReleasePreview:
    """What a release of a district would show and hide now, from the snapshot that readers see.

    Raises UnknownDistrictError, WarehouseBusyError, and PublishError before the first publish.
    """
    rule = registered_district(registry, district_id).settings.privacy
    snapshot = settings.paths.current_snapshot.resolve()
    if not (snapshot / DATABASE).is_file():
        raise PublishError("nothing is published yet, so there is nothing to release. `subgroups run` publishes.")
    privacy = Privacy(district_id, rule.minimum_count, rule.zero == "show")
    cells, room = preview_release(settings, snapshot / DATABASE, finished_names(settings), privacy)
    reasons = Counter(cell.reason for cell in cells if cell.reason)
    hidden = sum(cell.hidden for cell in cells)
    return ReleasePreview(
        district_id,
        rule.minimum_count,
        rule.profile,
        len(cells) - hidden,
        hidden,
        dict(reasons.most_common()),
        room.narrowest,
        room.too_narrow,
        cells,
    )


def release_now(registry: Registry, settings: Settings, district_id: str, *, by: str, reason: str) -> ListedRelease:
    """Make a release of a district at once, whatever its calendar says: a correction, or numbers that are wanted early.

    Raises UnknownDistrictError, WarehouseBusyError, and PublishError when nothing is published of the district.
    """
    from subgroup_pipeline.publish.snapshot import publish_snapshot

    registered_district(registry, district_id)
    registry.audit("release.asked", actor=by, district_id=district_id, detail={"reason": reason})
    with warehouse_lock(settings):
        publish_snapshot(registry, settings, run_id="release", asked=[district_id])
    found = list_releases(settings, district_id)
    if not found:
        raise PublishError(f"nothing is published of {district_id} yet, so there is nothing to release.")
    return found[0]
