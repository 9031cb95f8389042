"""The PostgreSQL mirror as an operator sees it: what it holds, who sees which district there, and changing that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.mirror.bookkeeping import EVERY_DISTRICT, is_made, mirrored_districts, mirrored_snapshot
from subgroup_pipeline.mirror.grants import Grant, add_grants, grants, open_views, remove_grants
from subgroup_pipeline.mirror.server import transaction
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.registry.database import record_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class MirrorStatus:
    """What the mirror holds against what readers see here; `snapshot` is None before the first sync.

    `open_views` are views in the mirror that show every district to whoever may ask them.
    """

    mirror: str
    snapshot: str | None
    shown_snapshot: str | None
    mirrored_at: datetime | None
    districts: int
    grants: list[Grant]
    open_views: list[str]

    @property
    def is_current(self) -> bool:
        """Whether both show the same."""
        return self.snapshot == self.shown_snapshot


def mirror_status(settings: Settings) -> MirrorStatus:
    """Ask the mirror. Raises MirrorError where it does not answer."""
    manifest = current_manifest(settings)
    shown = manifest.snapshot if manifest else None
    place = settings.shown("mirror_url")
    with transaction(settings) as cursor:
        if not is_made(cursor):
            return MirrorStatus(place, None, shown, None, 0, [], [])
        held = mirrored_snapshot(cursor)
        return MirrorStatus(
            place,
            held.snapshot if held else None,
            shown,
            held.mirrored_at if held else None,
            len(mirrored_districts(cursor)),
            grants(cursor),
            open_views(cursor),
        )


def let_see(settings: Settings, registry: Registry, role: str, district_ids: Sequence[str], *, by: str) -> None:
    """Let a role of the mirror's server see districts, `*` for every one. Raises MirrorError, UnknownDistrictError."""
    if named := [district_id for district_id in district_ids if district_id != EVERY_DISTRICT]:
        registered_districts(registry, named)
    with transaction(settings) as cursor:
        add_grants(cursor, role, district_ids)
    _record(registry, "mirror.granted", role, district_ids, by)


def let_see_no_more(settings: Settings, registry: Registry, role: str, district_ids: Sequence[str], *, by: str) -> int:
    """Take districts from a role, all that it has when none is named; gives how many it had. Raises MirrorError."""
    with transaction(settings) as cursor:
        removed = remove_grants(cursor, role, district_ids)
    if removed:
        _record(registry, "mirror.revoked", role, district_ids or [EVERY_DISTRICT], by)
    return removed


def _record(registry: Registry, kind: str, role: str, district_ids: Sequence[str], by: str) -> None:
    with registry.begin() as session:
        for district_id in district_ids:
            of = None if district_id == EVERY_DISTRICT else district_id
            record_event(session, kind, actor=by, district_id=of, detail={"role": role, "district": district_id})
