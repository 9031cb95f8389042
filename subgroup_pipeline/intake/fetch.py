"""One fetch over many districts: take what is complete, enter it in the ledger, clear it at its source.

Order of safety: bytes into the archive, row into the ledger, and only then the upload is removed; a kill between any two
is mended by the next fetch, which sees the same bytes again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from subgroup_pipeline.districts.registered import RegisteredDistrict
from subgroup_pipeline.errors import KeyringError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.home import Home
from subgroup_pipeline.intake.archive import clear_incoming
from subgroup_pipeline.intake.archive_proof import is_lost
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.intake.sources.of_district import SharedConnection, sources_of
from subgroup_pipeline.intake.sources.sight import Sight
from subgroup_pipeline.intake.sources.source import Source, SourceError, Taken
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import Feed
from subgroup_pipeline.registry.receiving import noted_districts, register_delivery, set_waiting, take_files
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import Settings
from subgroup_pipeline.stages import stage

AT_ONCE = 8
"""Districts on one server that are asked at the same time; they share its connection's channels."""
SERVERS_AT_ONCE = 32
"""Servers that are asked at the same time, so that one which does not answer delays nobody but its own districts."""


@dataclass
class Fetched:
    """What a fetch did. `waiting` names files that are not complete yet, `faults` the districts that could not be read."""

    districts: int = 0
    new: list[str] = field(default_factory=list)
    seen_again: int = 0
    waiting: dict[tuple[str, Feed], list[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    bytes: int = 0


@stage("fetch")
def fetch_deliveries(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> Fetched:
    """Fetch from every district's server. A district whose server has a fault gets a finding; the others go on."""
    fetched = Fetched(districts=len(districts))
    clear_incoming(settings.paths)
    with ReadingPool(settings.threads) as readers:
        zips = UnpackedZips(settings.paths.scratch, readers)
        zips.clear()  # of a run that ended before it landed them
        with registry.begin() as session:
            entering = _Entering(registry, settings.paths, fetched, noted_districts(session))

        def fetch_one(member: tuple[RegisteredDistrict, Source]) -> None:
            district, source = member
            entering.enter(source, district.district_id, _take(source))

        def fetch_all(shared: SharedConnection) -> None:
            with closing(shared.connection), ThreadPoolExecutor(AT_ONCE) as threads:
                deque(threads.map(fetch_one, shared.members), maxlen=0)

        with ThreadPoolExecutor(SERVERS_AT_ONCE) as servers:
            deque(servers.map(fetch_all, sources_of(registry, settings, districts, zips)), maxlen=0)
    return fetched


def observe_sources(
    registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]
) -> tuple[dict[str, list[Sight]], list[str]]:
    """Note in the registry how everything stands at the sources; gives what is ready to be taken or checked, by district.

    Also gives the faults of sources that do not answer. Raises a SourceError that a person must mend.
    """
    ready: dict[str, list[Sight]] = {}
    faults: list[str] = []
    zips = UnpackedZips(settings.paths.scratch, ReadingPool(1))  # no file is read, so no process starts
    for shared in sources_of(registry, settings, districts, zips):
        try:
            with closing(shared.connection):
                for district, source in shared.members:
                    if found := source.observe():
                        ready[district.district_id] = found
        except SourceError as fault:
            if fault.needs_person:
                raise
            faults.append(str(fault))
    return ready, faults


class SealingError(SourceError):
    """What a district sent cannot be kept, because its key does not open: a fault here, of this district alone."""

    code = "ARC004"


def _take(source: Source) -> Taken | SourceError:
    try:
        return source.take()
    except SourceError as fault:
        return fault
    except KeyringError as fault:
        return SealingError(str(fault))


@dataclass
class _Entering:
    """Writes outcomes to the ledger, one district at a time. `noted` are districts of which the fetch before noted something."""

    registry: Registry
    home: Home
    fetched: Fetched
    noted: set[str]
    lock: threading.Lock = field(default_factory=threading.Lock)
    said: dict[str, list[Finding]] = field(default_factory=dict)
    """What this fetch has to say of a district so far: it may have several sources."""

    def enter(self, source: Source, district_id: str, outcome: Taken | SourceError) -> None:
        """Enter what one district gave, and clear at its source what was archived."""
        taken = Taken() if isinstance(outcome, SourceError) else outcome
        fault = outcome if isinstance(outcome, SourceError) else None
        for arrival in taken.arrivals:
            with self.lock:
                self._register(source, district_id, arrival)
            try:
                source.clear(arrival)
            except SourceError as error:
                fault = error  # the next fetch clears the rest
        if taken.waiting or taken.partial or fault or district_id in self.noted:
            with self.lock:
                waiting = None if isinstance(outcome, SourceError) else {f: taken.waiting.get(f, []) for f in source.feeds}
                self._note(district_id, waiting, [*taken.partial, *([Finding(fault.code, about=str(fault))] if fault else [])])
                if fault:
                    known = self.fetched.faults.get(district_id)
                    self.fetched.faults[district_id] = f"{known} {fault}" if known else str(fault)

    def _note(self, district_id: str, waiting: Mapping[Feed, list[str]] | None, findings: list[Finding]) -> None:
        """Note what waits, where the source said so, and what is wrong, in place of what the fetch before noted."""
        said = self.said.setdefault(district_id, [])
        said += findings
        with self.registry.begin() as session:
            for feed, names in (waiting or {}).items():
                set_waiting(session, district_id, feed, names)
            store_findings(session, "intake", district_id, None, said)
        self.fetched.waiting |= {(district_id, feed): names for feed, names in (waiting or {}).items() if names}

    def _register(self, source: Source, district_id: str, arrival: Arrival) -> None:
        """Enter an arrival, and that it was taken as it stood at its source: both or neither."""
        with self.registry.begin() as session:
            delivery, is_new = register_arrival(session, district_id, arrival)
            if not is_new and delivery.sha256 != arrival.sha256 and is_lost(self.home, delivery):
                take_files(session, delivery, arrival.sha256, arrival.files)
            source.note_taken(session, arrival)
        if is_new:
            self.fetched.new.append(delivery.delivery_id)
            self.fetched.bytes += sum(file.size for file in arrival.uploads)
        else:
            self.fetched.seen_again += 1


def register_arrival(session: Session, district_id: str, arrival: Arrival) -> tuple[Delivery, bool]:
    """Enter in the ledger what an inbox gave; gives the delivery, and whether it is new."""
    return register_delivery(
        session,
        district_id,
        arrival.feed,
        sha256=arrival.sha256,
        content_sha256=arrival.content_sha256,
        proof=arrival.proof,
        files=arrival.files,
        findings=arrival.findings,
        is_rejected=arrival.is_rejected,
    )
