"""Retention: bytes of deliveries that nobody needs any more leave the archive; the ledger keeps that they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.intake.archive import archived_path
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.ledger import PIPELINE, State, base_deliveries
from subgroup_pipeline.registry.schema import Delivery, DeliveryFile

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

NEEDED: tuple[State, ...] = ("received", "screened", "landed", "held", "accepted", "published")
_ABANDONED = timedelta(days=1)


@dataclass(frozen=True)
class Purged:
    """Files and bytes that left the archive."""

    files: int
    bytes: int


def purge_archive(registry: Registry, settings: Settings, now: datetime) -> Purged:
    """Delete archived files that only deliveries older than the retention name, none of them live, waiting, or the base of one.

    Also removes what a killed fetch left. Deleting is repeatable: a file that is gone already is no fault.
    """
    oldest = now - timedelta(days=settings.retention_days)
    archive = settings.paths.archive
    with registry.begin() as session:
        kept = list(
            session.scalars(sa.select(Delivery).where(sa.or_(Delivery.state.in_(NEEDED), Delivery.received_at >= oldest)))
        )
        kept += base_deliveries(session, kept)
        needed = {file.sha256 for delivery in kept for file in delivery.files if not file.member_of}
        named = set(session.scalars(sa.select(DeliveryFile.sha256).where(DeliveryFile.member_of == "").distinct()))
    files = size = 0
    for sha256 in sorted(named - needed):
        path = archived_path(archive, sha256)
        if path.is_file():
            size += path.stat().st_size
            path.unlink()
            files += 1
    for part in archive.glob(".*.part"):
        if now.timestamp() - part.stat().st_mtime > _ABANDONED.total_seconds():
            part.unlink(missing_ok=True)
    if files:
        with registry.begin() as session:
            record_event(session, "archive.purged", actor=PIPELINE, detail={"files": files, "bytes": size})
    return Purged(files, size)
