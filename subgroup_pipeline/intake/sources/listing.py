"""One look at the directory of a feed: which files lie there, and since when each stands unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.sources.file_server import FileServer, RemoteEntry
from subgroup_pipeline.intake.sources.remote_files import observe_files
from subgroup_pipeline.intake.sources.sidecars import is_sidecar
from subgroup_pipeline.reading.litter import is_litter
from subgroup_pipeline.registry.ledger import Feed

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import RemoteFile

TEMPORARY = ("*.filepart", "*.part", "*.partial", "*.tmp", "*.crdownload", "*~", ".*")
"""Names that clients give a file while they write it (WinSCP: .filepart)."""


def inbox_directory(district: DistrictSettings, feed: Feed) -> str:
    """Where a district's uploads of a feed lie on its server."""
    subgroups, own = district.subgroups, district.server
    path = subgroups.path if feed == "subgroups" and subgroups else district.roster.path
    return f"{own.root.rstrip('/')}/{path}" if own else f"/{district.district}/{path}"


def is_temporary(name: str) -> bool:
    """Whether a file is named as clients name one that they still write."""
    return any(fnmatch(name.casefold(), pattern) for pattern in TEMPORARY)


def is_loose(feed: Feed, entry: RemoteEntry) -> bool:
    """Whether a file is one of a roster that came without a zip."""
    return feed == "roster" and entry.name.strip().casefold().endswith(".csv")


@dataclass(frozen=True)
class Listing:
    """The files of a feed, oldest first. `litter` was left by programs, `unfinished` is still named as temporary.

    `files` are all others; `seen` is what the registry knows of them and of the unfinished ones, by path.
    """

    feed: Feed
    files: tuple[RemoteEntry, ...]
    litter: tuple[RemoteEntry, ...]
    unfinished: tuple[RemoteEntry, ...]
    seen: Mapping[str, RemoteFile]
    is_ours: bool
    settle: timedelta

    @property
    def sidecars(self) -> list[RemoteEntry]:
        """Files that speak of others."""
        return [entry for entry in self.files if is_sidecar(entry.name)]

    @property
    def data(self) -> list[RemoteEntry]:
        """Files that are no sidecars, whether they were taken before or not."""
        return [entry for entry in self.files if not is_sidecar(entry.name)]

    @property
    def uploads(self) -> list[RemoteEntry]:
        """Files that were not taken before, without sidecars."""
        fresh = [entry for entry in self.data if not self.was_taken(entry)]
        # A loose roster is one set: where one of its files changed, those that did not are part of it as before. On our own
        # server those that were taken are leftovers of a set that is being cleared.
        if self.is_ours or not any(is_loose(self.feed, entry) for entry in fresh):
            return fresh
        return [entry for entry in self.data if entry in fresh or is_loose(self.feed, entry)]

    def was_taken(self, entry: RemoteEntry) -> bool:
        """Whether a file was taken before as it stands now."""
        return self.seen[entry.path].is_taken

    def is_settled(self, entry: RemoteEntry) -> bool:
        """Whether a file stood unchanged for long enough."""
        return not self.settle or self.age(entry) >= self.settle

    def age(self, entry: RemoteEntry) -> timedelta:
        """For how long a file has stood unchanged. Our server's mtime is its own clock's, which no client can set."""
        since = datetime.fromtimestamp(entry.mtime, UTC) if self.is_ours else self.seen[entry.path].unchanged_since
        return datetime.now(UTC) - since


def list_feed(registry: Registry, server: FileServer, district: DistrictSettings, feed: Feed, settle: timedelta) -> Listing:
    """List the files of a feed, and note in the registry how they stand. Raises SourceError."""
    found = server.list_files(inbox_directory(district, feed))
    litter = tuple(entry for entry in found if is_litter(entry.name))
    listed = [entry for entry in found if entry not in litter]
    unfinished = tuple(entry for entry in listed if is_temporary(entry.name))
    files = tuple(entry for entry in listed if entry not in unfinished)
    seen: Mapping[str, RemoteFile] = {}
    if listed:
        with registry.begin() as session:
            seen = observe_files(session, district.district, [entry.sight for entry in listed])
    return Listing(feed, files, litter, unfinished, seen, server.is_ours, settle)
