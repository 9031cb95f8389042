"""Putting reports where people find them: kept under the home, and in the district's outbox on our SFTP server.

An outbox holds `index.html`, a folder per date, and `latest/` with the newest report of each feed for programs. A report is made
when what the ledger says of its delivery differs from what was last delivered, which a note beside the kept reports remembers.
The note is written last: after a kill, or when the server does not answer, the next night does it again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.disk import write_whole
from subgroup_pipeline.intake.sources.sftp import CHANNELS, SftpConnection
from subgroup_pipeline.intake.sources.sftp_server import SftpError, server_of
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.publish.subgroup_changes import published_changes
from subgroup_pipeline.registry.ledger import LIVE_STATES, deliveries_since, describe_delivery, is_latest
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.forms import FORMS
from subgroup_pipeline.reports.outbox_index import Entry, as_index, shelf
from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.stages import stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.reports.report import Report
    from subgroup_pipeline.settings import Settings

_RECENT = timedelta(days=7)
_LAYOUT = "2:"
"""Before each note: reports of the layout before (all files side by side) are made anew where they may still change."""
_log = logging.getLogger(__name__)


@dataclass
class Delivered:
    """What was done: reports made, districts whose outbox has them, and faults of servers by district."""

    reports: int = 0
    districts: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Parcel:
    """The files of one report by their paths in the outbox, and what its note will say."""

    delivery_id: str
    note: str
    files: dict[str, bytes]

    @property
    def folders(self) -> set[str]:
        """Folders of the outbox that its files stand in."""
        return {path.partition("/")[0] for path in self.files}


def report_path(home: Home, delivery: Delivery, form: str) -> Path:
    """Where a report is kept."""
    return home.reports / delivery.district_id / f"{delivery.delivery_id}.{form}"


@stage("reports")
def deliver_reports(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> Delivered:
    """Make the report of every delivery that changed, keep it, and put it into the outbox. A server's fault stops nothing."""
    by_id = {district.district_id: district for district in districts}
    with registry.begin() as session:
        candidates = _candidates(session, by_id)
        newest = set(session.scalars(sa.select(Delivery.delivery_id).where(is_latest(by_id))))
    notes = {district_id: _read_note(settings.paths, district_id) for district_id in {d.district_id for d in candidates}}
    changed = [d for d in candidates if _needs_report(d, notes[d.district_id])]
    parcels: dict[str, list[_Parcel]] = defaultdict(list)
    delivered = Delivered()
    manifest = current_manifest(settings)
    changes = published_changes(settings, manifest.snapshot) if manifest and changed else {}
    # Bounded memory: districts are delivered in groups, a report can hold 10,000 rows in four forms.
    for group in _groups(changed):
        parcels.clear()
        for delivery, report in zip(
            group, build_reports(registry, settings, by_id, group, manifest=manifest, changes=changes), strict=True
        ):
            district = by_id[delivery.district_id]
            parcel = _pack(settings.paths, district, delivery, report, is_newest=delivery.delivery_id in newest)
            parcels[delivery.district_id].append(parcel)
            delivered.reports += 1
        _send(settings, by_id, parcels, _indexes(registry, by_id, parcels, notes), delivered)
        for district_id in parcels.keys() - delivered.faults.keys():
            notes[district_id] |= {parcel.delivery_id: parcel.note for parcel in parcels[district_id]}
            _write_note(settings.paths, district_id, notes[district_id])
    return delivered


def _candidates(session: Session, districts: Collection[str]) -> list[Delivery]:
    """Deliveries whose report may be due, oldest first: those of the last days, and whatever is live or waits."""
    found = deliveries_since(session, datetime.now(UTC) - _RECENT, ["landed", "held", *LIVE_STATES])
    came = [delivery for delivery in found if delivery.sha256 is not None and delivery.district_id in districts]
    return sorted(came, key=lambda delivery: delivery.delivery_id)


def _needs_report(delivery: Delivery, note: dict[str, str]) -> bool:
    said = note.get(delivery.delivery_id)
    # The report of a delivery that was overtaken stays as it was.
    return said is None if delivery.state == "superseded" else said != _note(delivery)


def _note(delivery: Delivery) -> str:
    described = {name: value for name, value in describe_delivery(delivery).items() if not name.startswith("seen_again")}
    return _LAYOUT + hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _groups(deliveries: Sequence[Delivery], size: int = 100) -> list[list[Delivery]]:
    """Deliveries in groups that do not split a district."""
    by_district: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_district[delivery.district_id].append(delivery)
    groups: list[list[Delivery]] = [[]]
    for members in by_district.values():
        if len(groups[-1]) >= size:
            groups.append([])
        groups[-1] += members
    return [group for group in groups if group]


def _pack(home: Home, district: RegisteredDistrict, delivery: Delivery, report: Report, *, is_newest: bool) -> _Parcel:
    """Make the forms and keep them."""
    stem = shelf(delivery.delivery_id, delivery.feed, delivery.received_at, district.settings.timezone)
    files: dict[str, bytes] = {}
    for form, make in FORMS.items():
        content = make(report)
        path = report_path(home, delivery, form)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content, durable=False)
        files[f"{stem}.{form}"] = content
        if is_newest:
            files[f"latest/{delivery.feed}.{form}"] = content
    return _Parcel(delivery.delivery_id, _note(delivery), files)


def _indexes(
    registry: Registry,
    districts: Mapping[str, RegisteredDistrict],
    parcels: Mapping[str, Sequence[_Parcel]],
    notes: Mapping[str, Mapping[str, str]],
) -> dict[str, bytes]:
    """The index of each district that gets a parcel: what stands in its outbox when the parcel is there."""
    since = datetime.now(UTC) - REPORTS_KEPT
    columns = (Delivery.delivery_id, Delivery.district_id, Delivery.feed, Delivery.received_at, Delivery.state, Delivery.verdict)
    query = sa.select(*columns).where(
        Delivery.district_id.in_(list(parcels)), Delivery.sha256.is_not(None), Delivery.received_at >= since
    )
    entries: dict[str, list[Entry]] = {district_id: [] for district_id in parcels}
    with registry.begin() as session:
        for row in session.execute(query.order_by(Delivery.delivery_id.desc())):
            is_there = notes[row.district_id].get(row.delivery_id, "").startswith(_LAYOUT)
            if is_there or any(parcel.delivery_id == row.delivery_id for parcel in parcels[row.district_id]):
                entry = Entry(row.delivery_id, row.feed, row.received_at, row.state, row.verdict)
                entries[row.district_id].append(entry)
    return {district_id: as_index(districts[district_id].settings, found) for district_id, found in entries.items()}


def _send(
    settings: Settings,
    districts: dict[str, RegisteredDistrict],
    parcels: Mapping[str, Sequence[_Parcel]],
    indexes: Mapping[str, bytes],
    delivered: Delivered,
) -> None:
    """Write parcels into the outboxes of our server; a district with a server of its own has none there."""
    ours = [district_id for district_id in parcels if districts[district_id].settings.server is None]
    if not ours:
        return
    connection = SftpConnection(server_of(settings, districts[ours[0]]))

    def put(district_id: str) -> str:
        try:
            _put(connection, f"{district_id}/outbox", parcels[district_id], indexes[district_id])
        except SftpError as fault:
            return str(fault)
        return ""

    try:
        with ThreadPoolExecutor(CHANNELS) as pool:
            for district_id, fault in zip(ours, pool.map(put, ours), strict=True):
                if fault:
                    delivered.faults[district_id] = fault
                    _log.warning("%s: its reports wait for the next night: %s", district_id, fault)
                else:
                    delivered.districts.add(district_id)
    finally:
        connection.close()


def _put(connection: SftpConnection, outbox: str, parcels: Sequence[_Parcel], index: bytes) -> None:
    """Write the reports, then the index that leads to them; safe to repeat. What gets too old there is upkeep's."""
    there = connection.list_folders(outbox)
    for folder in sorted(set().union(*(parcel.folders for parcel in parcels)) - set(there)):
        connection.make_folder(f"{outbox}/{folder}")
    written = {path: content for parcel in parcels for path, content in parcel.files.items()}
    for path, content in written.items():
        connection.write(f"{outbox}/{path}", content)
    connection.write(f"{outbox}/index.html", index)
    replaced = {f"latest_report_{path.removeprefix('latest/')}" for path in written if path.startswith("latest/")}
    for entry in connection.list_files(outbox):
        if entry.name in replaced:
            connection.remove(entry)


def _read_note(home: Home, district_id: str) -> dict[str, str]:
    try:
        note: dict[str, str] = json.loads((home.reports / district_id / "delivered.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return note


def _write_note(home: Home, district_id: str, note: dict[str, str]) -> None:
    path = home.reports / district_id / "delivered.json"
    # Only what can still be a candidate matters, and a district has few deliveries a day.
    recent = dict(sorted(note.items())[-500:])
    write_whole(path, json.dumps(recent, indent=0), durable=False)
