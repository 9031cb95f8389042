"""Files on servers that are not ours: since when each stands unchanged, and which were taken (we delete nothing there)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.intake.sources.sight import Sight
from subgroup_pipeline.registry.schema import RemoteFile


def observe_files(session: Session, district_id: str, sights: Iterable[Sight]) -> dict[str, RemoteFile]:
    """Note how files stand now; a file that changed since it was last seen starts anew. Our clock, not the server's."""
    now = datetime.now(UTC)
    states: dict[str, RemoteFile] = {}
    for path, size, mtime in sights:
        known = session.get(RemoteFile, (district_id, path))
        if known is None:
            known = RemoteFile(district_id=district_id, path=path, size=-1, mtime=-1)
            session.add(known)
        if (known.size, known.mtime) != (size, mtime):
            known.size, known.mtime, known.unchanged_since, known.is_taken = size, mtime, now, False
        states[path] = known
    return states


def forget_files(session: Session, district_id: str, paths: Iterable[str]) -> None:
    """Forget files that are gone from their server."""
    session.execute(sa.delete(RemoteFile).where(RemoteFile.district_id == district_id, RemoteFile.path.in_(list(paths))))


def mark_taken(session: Session, district_id: str, sights: Iterable[Sight]) -> None:
    """Remember that files were archived as they stood when listed."""
    for path, size, mtime in sights:
        file = sa.update(RemoteFile).filter_by(district_id=district_id, path=path, size=size, mtime=mtime)
        session.execute(file.values(is_taken=True))
