"""What lies in a district's inbox now: the files that the server sees, and which of them have stood unchanged for long enough."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.desk.uploads import FEED_WORDS
from subgroup_pipeline.intake.sources.listing import inbox_directory, is_temporary
from subgroup_pipeline.reading.litter import is_litter
from subgroup_pipeline.registry.schema import RemoteFile
from subgroup_pipeline.reports.words import size_words

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

MOST_FILES = 200
"""A page lists no more; a roster has 15 files."""


@dataclass(frozen=True)
class InboxFile:
    """A file as the server sees it. `is_unfinished`: it still has the name that programs give a file while they upload it."""

    name: str
    feed_words: str
    size: str
    unchanged_since: datetime
    settles_at: datetime
    is_unfinished: bool

    def is_settled(self, now: datetime) -> bool:
        """Whether it is taken for complete."""
        return not self.is_unfinished and self.settles_at <= now


def inbox_now(registry: Registry, settings: Settings, district: RegisteredDistrict) -> list[InboxFile]:
    """The files of both inboxes by name: on our server as they lie there, on the district's own as a run or a sensor saw them."""
    settle = timedelta(seconds=settings.settle_seconds)
    found: list[InboxFile] = []
    for feed in district.settings.uploaded_feeds:
        place = inbox_directory(district.settings, feed)
        seen = _noted(registry, district, place) if district.settings.server else _lying(settings, place)
        for name, size, since in seen:
            if not is_litter(name):
                found.append(_file(name, feed, size, since, settle))
    return sorted(found, key=lambda file: (file.feed_words, file.name))[:MOST_FILES]


def _file(name: str, feed: Feed, size: int, since: datetime, settle: timedelta) -> InboxFile:
    # A name may hold bytes that are no text; a page cannot show those.
    shown = name.encode("utf-8", "replace").decode()
    return InboxFile(shown, FEED_WORDS[feed], size_words(size), since, since + settle, is_temporary(name))


def _lying(settings: Settings, place: str) -> list[tuple[str, int, datetime]]:
    """Name, size in bytes and time of the last change of each file in a directory of our server, whose clock no client sets."""
    seen = []
    try:
        with os.scandir(settings.paths.sftp / place.lstrip("/")) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    seen.append((entry.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC)))
    except FileNotFoundError:
        return []  # nobody has signed in yet
    return seen


def _noted(registry: Registry, district: RegisteredDistrict, place: str) -> list[tuple[str, int, datetime]]:
    query = sa.select(RemoteFile).filter_by(district_id=district.district_id, is_taken=False)
    with registry.begin() as session:
        files = [file for file in session.scalars(query) if file.path.rpartition("/")[0] == place]
    return [(file.path.rpartition("/")[2], file.size, file.unchanged_since) for file in files]
