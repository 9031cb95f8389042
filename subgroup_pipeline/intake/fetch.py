"""One fetch over many districts: take what is complete, enter it in the ledger, clear the inbox.

Order of safety: bytes into the archive, row into the ledger, and only then the upload is removed; a kill between any two
is mended by the next fetch, which sees the same bytes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from subgroup_pipeline.districts.registered import RegisteredDistrict
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive_proof import is_lost
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.intake.sources.check_folder import settled_checks
from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.intake.sources.inbox import Inbox, Taken
from subgroup_pipeline.intake.sources.remote_files import forget_files, mark_taken, observe_files
from subgroup_pipeline.intake.sources.sftp import CHANNELS, SftpConnection
from subgroup_pipeline.intake.sources.sftp_server import HostKeyError, SftpError, SftpServer, SignInError, server_of
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import FEEDS, Feed
from subgroup_pipeline.registry.receiving import register_delivery, set_waiting, take_files
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import Settings


@dataclass
class Fetched:
    """What a fetch did. `waiting` names files that are not complete yet, `faults` the districts that could not be read."""

    districts: int = 0
    new: list[str] = field(default_factory=list)
    seen_again: int = 0
    waiting: dict[tuple[str, Feed], list[str]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    bytes: int = 0


def fetch_deliveries(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> Fetched:
    """Fetch from every district's server. A district whose server has a fault gets a finding; the others go on."""
    fetched = Fetched(districts=len(districts))
    for part in settings.paths.archive.glob(".*.part"):
        part.unlink(missing_ok=True)  # of a fetch that was killed; runs hold the warehouse's lock, so nobody writes it
    with ReadingPool(settings.threads) as readers:
        zips = UnpackedZips(settings.paths.scratch, readers)
        zips.clear()  # of a run that ended before it landed them
        for server, members in _by_server(settings, districts).items():
            connection = SftpConnection(server)
            inboxes = [Inbox(registry, settings, connection, district.settings, readers, zips) for district in members]
            try:
                with ThreadPoolExecutor(CHANNELS) as pool:
                    for district, outcome in zip(members, pool.map(_take, inboxes), strict=True):
                        _enter(registry, connection, district.district_id, outcome, fetched, settings.paths.archive)
            finally:
                connection.close()
    return fetched


def ready_files(
    registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]
) -> tuple[dict[str, list[RemoteEntry]], list[str]]:
    """Files that are ready to be taken or checked, by district (for the sensor); and which servers do not answer.

    Raises HostKeyError and SignInError, which a person must mend.
    """
    ready: dict[str, list[RemoteEntry]] = {}
    faults: list[str] = []
    readers = ReadingPool(1)  # a look reads no file, so it starts no process
    zips = UnpackedZips(settings.paths.scratch, readers)
    for server, members in _by_server(settings, districts).items():
        connection = SftpConnection(server)
        try:
            for district in members:
                files = Inbox(registry, settings, connection, district.settings, readers, zips).ready()
                files = [*files, *settled_checks(connection, settings, district.district_id)]
                if files:
                    ready[district.district_id] = files
        except (HostKeyError, SignInError):
            raise
        except SftpError as fault:
            faults.append(str(fault))
        finally:
            connection.close()
    return ready, faults


def _by_server(settings: Settings, districts: Sequence[RegisteredDistrict]) -> dict[SftpServer, list[RegisteredDistrict]]:
    groups: dict[SftpServer, list[RegisteredDistrict]] = {}
    for district in districts:
        groups.setdefault(server_of(settings, district), []).append(district)
    return groups


def _take(inbox: Inbox) -> Taken | SftpError:
    try:
        return inbox.take()
    except SftpError as fault:
        return fault


def _enter(
    registry: Registry,
    connection: SftpConnection,
    district_id: str,
    outcome: Taken | SftpError,
    fetched: Fetched,
    archive: Path,
) -> None:
    """Write one district's outcome to the ledger, and remove what was archived from our server."""
    taken = Taken() if isinstance(outcome, SftpError) else outcome
    fault = outcome if isinstance(outcome, SftpError) else None
    removed: list[str] = []
    for arrival in taken.arrivals:
        _register(registry, district_id, arrival, fetched, archive)
        if connection.server.is_ours:
            try:
                for entry in arrival.remote:
                    connection.remove(entry)
                    removed.append(entry.path)
            except SftpError as error:
                fault = error  # the next fetch removes the rest
    with registry.begin() as session:
        forget_files(session, district_id, removed)
        if not isinstance(outcome, SftpError):
            for feed in FEEDS:
                waiting = taken.waiting.get(feed, [])
                set_waiting(session, district_id, feed, waiting)
                if waiting:
                    fetched.waiting[district_id, feed] = waiting
        findings = [*taken.partial, *([Finding(fault.code, about=str(fault))] if fault else [])]
        store_findings(session, "intake", district_id, None, findings)
    if fault:
        fetched.faults[district_id] = str(fault)


def _register(registry: Registry, district_id: str, arrival: Arrival, fetched: Fetched, archive: Path) -> None:
    """Enter an arrival, and that its files were taken as they were listed: both or neither."""
    # Also on our own server: what is left of a set when a kill comes while it is cleared is no delivery of its own.
    sights = [(entry.path, entry.size, entry.mtime) for entry in arrival.remote]
    with registry.begin() as session:
        delivery, is_new = register_arrival(session, district_id, arrival)
        if not is_new and delivery.sha256 != arrival.sha256 and is_lost(archive, delivery):
            take_files(session, delivery, arrival.sha256, arrival.files)
        observe_files(session, district_id, sights)
        mark_taken(session, district_id, sights)
    if is_new:
        fetched.new.append(delivery.delivery_id)
        fetched.bytes += sum(file.size for file in arrival.uploads)
    else:
        fetched.seen_again += 1


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
