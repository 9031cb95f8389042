"""The lists of one district on a OneRoster server, as a source of rosters.

What a night took is one delivery with every list whole, or was seen before; of a roster in which one list does not add up
nothing is kept.
"""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_secrets import open_secrets
from subgroup_pipeline.errors import KeyringError
from subgroup_pipeline.intake.archive import DistrictArchive, IncomingFile, incoming_file
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.intake.oneroster.changes import changes_of, is_full_due, merged, pages_in
from subgroup_pipeline.intake.oneroster.collection import Collection
from subgroup_pipeline.intake.oneroster.faults import (
    FaultyPageError,
    NotOfferedError,
    NotSharedError,
    SecretsError,
    UnsteadyListError,
)
from subgroup_pipeline.intake.oneroster.server import RosterServer
from subgroup_pipeline.intake.oneroster.signing import signing_of
from subgroup_pipeline.intake.sources.source import Taken
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.reading.listed_pages import LISTING, ListedCollection, Listing, pages_file
from subgroup_pipeline.registry.ledger import UploadedFile, latest_delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.intake.oneroster.collection import Listed
    from subgroup_pipeline.intake.oneroster.server import RosterHost
    from subgroup_pipeline.intake.sources.sight import Sight
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.registry.schema import DeliveryFile
    from subgroup_pipeline.settings import Settings

CORE = ("orgs", "academicSessions", "courses", "classes", "users", "enrollments")
OPTIONAL = ("demographics", "lineItems", "results")
"""Lists that a server need not offer, and that a district may choose not to share."""
_GRADEBOOK = ("lineItems", "results")
LONGEST = 1800.0
"""Seconds that a district has in a night."""
_PACKED = 3
"""Level of gzip: pages repeat themselves so much that higher ones save little."""


class OneRosterApi:
    """The lists of one district: a `Source`."""

    feeds: tuple[Feed, ...] = ("roster",)

    def __init__(self, registry: Registry, settings: Settings, host: RosterHost, district: DistrictSettings) -> None:
        self._registry = registry
        self._settings = settings
        self._host = host
        self._district = district
        self._archive = DistrictArchive(settings.paths, district.district)

    def take(self) -> Taken:
        """Archive every list. Raises SourceError, having kept nothing."""
        server = self._server()
        parallel = self._district.roster.parallel
        with ExitStack() as stack, ThreadPoolExecutor(parallel) as pool:
            taking = _Taking(self._archive, self._before(), stack)
            for name in (*CORE, *OPTIONAL):
                taking.take(Collection(server, name, self._district.roster.page_size, pool, parallel))
            root = self._district.roster.url or ""
            files = taking.keep(Listing(self._district.roster.version, root, taking.collections))
        return Taken([Arrival("roster", (), files, "complete_listing", content=_content(taking.collections))])

    def _before(self) -> _Before | None:
        """The roster that was fetched last; None where everything has to be fetched today."""
        if is_full_due(self._district.district, datetime.now(UTC).date()):
            return None
        with self._registry.begin() as session:
            latest = latest_delivery(session, self._district.district, "roster")
            is_usable = latest is not None and latest.proof == "complete_listing" and latest.state != "rejected"
            files = {file.name: file for file in latest.files} if latest is not None and is_usable else {}
        if not files or any(self._archive.find(file.sha256) is None for file in files.values()):
            return None
        with self._archive.opened(files[LISTING].sha256, self._settings.paths.scratch) as path:
            listing = Listing.read(path)
        return _Before(listing, files) if listing.root == self._district.roster.url else None

    def note_taken(self, session: Session, arrival: Arrival) -> None:
        """Nothing: a list stands as it is until it is asked for again."""

    def clear(self, arrival: Arrival) -> None:
        """Nothing: no record of a server is ours to remove."""

    def observe(self) -> list[Sight]:
        """Nothing: a list shows no arrivals, and the schedule asks for it."""
        return []

    def _server(self) -> RosterServer:
        roster = self._district.roster
        assert roster.url is not None and roster.auth is not None  # noqa: S101, PT018 - the settings were checked
        try:
            secrets = open_secrets(self._registry, Keyring(self._settings.paths), self._district.district)
        except KeyringError as error:
            raise SecretsError(str(error)) from None
        signing = signing_of(roster.auth, secrets, self._host.name)
        return RosterServer(self._host, roster.url, signing, time.monotonic() + LONGEST)


@dataclass(frozen=True)
class _Before:
    """What was fetched last: the lists, and their archived files by name."""

    listing: Listing
    files: Mapping[str, DeliveryFile]


class _Taking:
    """The lists of one fetch while they come in."""

    def __init__(self, archive: DistrictArchive, before: _Before | None, stack: ExitStack) -> None:
        self._archive = archive
        self._before = before
        self._stack = stack
        self._incoming: dict[str, IncomingFile] = {}
        self._unchanged: list[UploadedFile] = []
        self.collections: dict[str, ListedCollection] = {}

    def take(self, lists: Collection) -> None:
        """Take one list: only what changed in it where that is enough, else all of it."""
        if not self._take_changes(lists):
            self._take_all(lists)

    def keep(self, listing: Listing) -> tuple[UploadedFile, ...]:
        """Archive what came in, and give the files of the delivery."""
        file = self._stack.enter_context(incoming_file(self._archive))
        file.write(listing.as_json())
        self._incoming[LISTING] = file
        for one in self._incoming.values():
            one.keep()
        came = (UploadedFile(name, file.sha256, file.size) for name, file in self._incoming.items())
        return (*came, *self._unchanged)

    def _take_changes(self, lists: Collection) -> bool:
        known = self._before.listing.collections.get(lists.name) if self._before else None
        if self._before is None or known is None or not known.is_whole:
            return False
        changed = changes_of(lists, known)
        if changed is None:
            return False
        kept = self._before.files[pages_file(lists.name)]
        if not changed:
            self._unchanged.append(UploadedFile(kept.name, kept.sha256, kept.size))
            self.collections[lists.name] = known
            return True
        file, packer = self._stack.enter_context(incoming_file(self._archive)), _packer()
        with self._archive.opened(kept.sha256, self._archive.home.scratch) as path:
            text = gzip.decompress(path.read_bytes()).decode()
        listed = merged(lists, pages_in(text), changed, lambda page: file.write(packer.compress(page + b"\n")))
        if listed is None or listed.facts.objects != lists.total():
            return False
        file.write(packer.flush())
        self._note(lists.name, file, listed)
        return True

    def _take_all(self, lists: Collection) -> None:
        """Write a list's pages into a file as they came, one after the other; nothing for a list that is not offered.

        A gradebook never stops a roster (docs/architecture.md 3.20): one that cannot be fetched is noted as not whole.
        """
        file, packer = self._stack.enter_context(incoming_file(self._archive)), _packer()

        def restart() -> None:
            nonlocal packer
            packer = _packer()
            file.restart()

        try:
            listed = lists.fetch(lambda page: file.write(packer.compress(page + b"\n")), restart)
        except (NotOfferedError, NotSharedError):
            if lists.name in CORE:
                raise
        except (FaultyPageError, UnsteadyListError):
            if lists.name not in _GRADEBOOK:
                raise
            self.collections[lists.name] = ListedCollection(is_whole=False)
        else:
            file.write(packer.flush())
            self._note(lists.name, file, listed)

    def _note(self, name: str, file: IncomingFile, listed: Listed) -> None:
        facts = listed.facts
        self._incoming[pages_file(name)] = file
        self.collections[name] = ListedCollection(
            facts.objects, listed.pages, listed.largest_page, facts.content, facts.newest_change
        )


def _packer() -> zlib._Compress:
    """What writes gzip, the same bytes for the same pages."""
    return zlib.compressobj(_PACKED, zlib.DEFLATED, 16 + zlib.MAX_WBITS)


def _content(collections: dict[str, ListedCollection]) -> str:
    """One hash over what the lists say, whatever the pages they came in were packed to."""
    lines = [f"{name}\0{listed.content}" for name, listed in sorted(collections.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
