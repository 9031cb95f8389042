"""The folder `check/` of a district on our server: which files lie there and have settled. Nothing in it is ever a delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.sources.listing import is_temporary
from subgroup_pipeline.reading.litter import is_litter

if TYPE_CHECKING:
    from subgroup_pipeline.intake.sources.file_server import FileServer, RemoteEntry
    from subgroup_pipeline.settings import Settings


def settled_checks(server: FileServer, settings: Settings, district_id: str) -> list[RemoteEntry]:
    """Files to check, oldest first; none while one of them is still being written, for they may belong together.

    What programs left there is removed. A district's own server has no such folder: a checked file has to be removed, and there
    we remove nothing.
    """
    if not server.is_ours:
        return []
    listed = server.list_files(f"/{district_id}/check")
    litter = [entry for entry in listed if is_litter(entry.name)]
    for entry in litter:
        server.remove(entry)
    entries = [entry for entry in listed if entry not in litter and not is_temporary(entry.name)]
    settle = timedelta(seconds=settings.settle_seconds)
    newest = max((entry.mtime for entry in entries), default=0)
    is_quiet = not settle or datetime.now(UTC) - datetime.fromtimestamp(newest, UTC) >= settle
    return entries if is_quiet else []
