"""The lists of one district on a OneRoster server, as a source of rosters.

A night takes every list whole. What it took is one delivery, or was seen before; of a roster in which one list does not add up
nothing is kept.
"""

from __future__ import annotations

import hashlib
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_secrets import open_secrets
from subgroup_pipeline.errors import KeyringError
from subgroup_pipeline.intake.archive import DistrictArchive, IncomingFile, incoming_file
from subgroup_pipeline.intake.arrival import Arrival
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
from subgroup_pipeline.registry.ledger import UploadedFile

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.intake.oneroster.server import RosterHost
    from subgroup_pipeline.intake.sources.sight import Sight
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
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

    def take(self) -> Taken:
        """Archive every list. Raises SourceError, having kept nothing."""
        server = self._server()
        archive = DistrictArchive(self._settings.paths, self._district.district)
        parallel = self._district.roster.parallel
        with ExitStack() as stack, ThreadPoolExecutor(parallel) as pool:
            incoming: dict[str, IncomingFile] = {}
            collections: dict[str, ListedCollection] = {}
            for name in (*CORE, *OPTIONAL):
                lists = Collection(server, name, self._district.roster.page_size, pool, parallel)
                file = stack.enter_context(incoming_file(archive))
                listed = _take_list(lists, file)
                if listed is not None:
                    collections[name] = listed
                    if listed.is_whole:
                        incoming[pages_file(name)] = file
            listing = stack.enter_context(incoming_file(archive))
            listing.write(Listing(self._district.roster.version, collections).as_json())
            incoming[LISTING] = listing
            for file in incoming.values():
                file.keep()
            files = tuple(UploadedFile(name, file.sha256, file.size) for name, file in incoming.items())
        return Taken([Arrival("roster", (), files, "complete_listing", content=_content(collections))])

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


def _take_list(lists: Collection, file: IncomingFile) -> ListedCollection | None:
    """Write a list's pages into a file as they came, one after the other; None for a list that the server does not offer.

    A gradebook never stops a roster (docs/architecture.md 3.20): one that cannot be fetched is noted as not whole.
    """
    packer = _packer()

    def restart() -> None:
        nonlocal packer
        packer = _packer()
        file.restart()

    def keep(page: bytes) -> None:
        file.write(packer.compress(page + b"\n"))

    try:
        listed = lists.fetch(keep, restart)
    except (NotOfferedError, NotSharedError):
        if lists.name in CORE:
            raise
        return None
    except (FaultyPageError, UnsteadyListError):
        if lists.name not in _GRADEBOOK:
            raise
        return ListedCollection(is_whole=False)
    file.write(packer.flush())
    return ListedCollection(listed.objects, listed.pages, listed.largest_page, listed.content.sha256)


def _packer() -> zlib._Compress:
    """What writes gzip, the same bytes for the same pages."""
    return zlib.compressobj(_PACKED, zlib.DEFLATED, 16 + zlib.MAX_WBITS)


def _content(collections: dict[str, ListedCollection]) -> str:
    """One hash over what the lists say, whatever the pages they came in were packed to."""
    lines = [f"{name}\0{listed.content}" for name, listed in sorted(collections.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
