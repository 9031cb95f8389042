"""An inbox: the directories of one district on a file server, as a source of deliveries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.sources.check_folder import settled_checks
from subgroup_pipeline.intake.sources.listing import Listing, list_feed
from subgroup_pipeline.intake.sources.remote_files import forget_files, mark_taken, observe_files
from subgroup_pipeline.intake.sources.sidecars import CHECKSUM, MAX_SIZE, ROW_COUNTS, Promise, read_sidecar
from subgroup_pipeline.intake.sources.source import SourceError, Taken
from subgroup_pipeline.intake.sources.uploads import PARTIAL_AFTER, Uploads

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.intake.arrival import Arrival
    from subgroup_pipeline.intake.sources.file_server import FileServer
    from subgroup_pipeline.intake.sources.sight import Sight
    from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

MOST_A_RUN, LONGEST = 20, timedelta(minutes=10)
"""Uploads of one feed that a run takes from an inbox, and for how long."""


class Inbox:
    """The inbox of one district: a `Source`. On a server that is not ours nothing is ever removed."""

    def __init__(
        self, registry: Registry, settings: Settings, server: FileServer, district: DistrictSettings, zips: UnpackedZips
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._server = server
        self._district = district
        self._zips = zips
        self._archive = DistrictArchive(settings.paths, district.district)

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """Those that come as files."""
        return self._district.uploaded_feeds

    def take(self) -> Taken:
        """Archive everything that is complete. Raises SourceError."""
        taken, began = Taken(), time.monotonic()
        for feed in self.feeds:
            listing = self._list(feed)
            self._tidy(listing)
            promises = self._read_sidecars(listing) if listing.uploads else {}
            uploads = Uploads(self._server, self._district, self._archive, self._zips, listing, promises)
            for number, candidate in enumerate(uploads.candidates()):
                # One district's many or large uploads do not keep the others waiting; the next run goes on with them.
                is_over = number >= MOST_A_RUN or time.monotonic() - began > LONGEST.total_seconds()
                arrival = None if is_over else uploads.take(candidate)
                if arrival is None:
                    taken.waiting.setdefault(feed, []).extend(entry.name for entry in candidate)
                else:
                    taken.arrivals.append(arrival)
            taken.partial += _under_way_too_long(listing, taken.arrivals)
        return taken

    def note_taken(self, session: Session, arrival: Arrival) -> None:
        """Remember that the files of an arrival were taken as they were listed.

        Also on our own server: what is left of a set when a kill comes while it is cleared is no delivery of its own.
        """
        sights = [entry.sight for entry in arrival.remote]
        observe_files(session, self._district.district, sights)
        mark_taken(session, self._district.district, sights)

    def clear(self, arrival: Arrival) -> None:
        """Remove the files of an arrival from our server; what a fault leaves there is removed by the next `take`."""
        if not self._server.is_ours:
            return
        removed: list[str] = []
        try:
            for entry in arrival.remote:
                self._server.remove(entry)
                removed.append(entry.path)
        except SourceError:
            self._forget(removed)
            raise
        self._forget(removed)

    def observe(self) -> list[Sight]:
        """Note how the files stand, and give those that stood unchanged for long enough, in `check/` too."""
        listings = [self._list(feed) for feed in self.feeds]
        settled = [entry for listing in listings for entry in listing.uploads if listing.is_settled(entry)]
        checks = settled_checks(self._server, self._settings, self._district.district)
        return [entry.sight for entry in (*settled, *checks)]

    def _list(self, feed: Feed) -> Listing:
        settle = timedelta(seconds=self._settings.settle_seconds)
        return list_feed(self._registry, self._server, self._district, feed, settle)

    def _tidy(self, listing: Listing) -> None:
        """Remove from our server what programs left, and what a fetch that was killed while it cleared had entered before."""
        if not self._server.is_ours:
            return
        taken = [entry for entry in listing.files if listing.was_taken(entry)]
        for entry in (*listing.litter, *taken):
            self._server.remove(entry)
        self._forget([entry.path for entry in taken])

    def _forget(self, paths: list[str]) -> None:
        if paths:
            with self._registry.begin() as session:
                forget_files(session, self._district.district, paths)

    def _read_sidecars(self, listing: Listing) -> dict[str, Promise]:
        promises: dict[str, Promise] = {}
        spoken_of = {entry.name.casefold() for entry in listing.files}
        for entry in listing.sidecars:
            if entry.name.casefold() != ROW_COUNTS and entry.name[: -len(CHECKSUM)].casefold() not in spoken_of:
                continue
            with incoming_file(self._archive) as incoming:
                if entry.size <= MAX_SIZE and self._server.fetch(entry, incoming):
                    incoming.flush()
                    promises |= read_sidecar(entry, incoming.path, self._zips.readers)
        return promises


def _under_way_too_long(listing: Listing, arrivals: Sequence[Arrival]) -> list[Finding]:
    """Uploads of a feed that nobody finished, and sidecars whose file never came, as findings of the district."""
    cleared = {entry for arrival in arrivals for entry in arrival.remote}
    spoken_of = {entry.name.casefold() for entry in listing.data}
    left = [entry for entry in listing.sidecars if entry not in cleared]
    alone = [entry for entry in left if entry.name[: -len(CHECKSUM)].casefold() not in spoken_of]
    late = [e for e in (*listing.unfinished, *alone) if not listing.was_taken(e) and listing.age(e) >= PARTIAL_AFTER]
    return [Finding("PRT901", file=entry.name) for entry in late]
