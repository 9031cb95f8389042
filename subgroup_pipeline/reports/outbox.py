"""Putting reports where people find them: kept under the home, and in the district's outbox on our SFTP server.

A report is made when what the ledger says of its delivery differs from what was last delivered, which a note beside the kept
reports remembers. The note is written last: after a kill, or when the server does not answer, the next night does it again.
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
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from subgroup_pipeline.intake.fetch import server_of
from subgroup_pipeline.intake.sftp import CHANNELS, SftpConnection, SftpError
from subgroup_pipeline.registry.ledger import describe_delivery
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.districts import RegisteredDistrict
    from subgroup_pipeline.reports.report import Report
    from subgroup_pipeline.settings import Home, Settings

KEPT = timedelta(days=90)
"""After this a report leaves the home and the outbox."""
_RECENT = timedelta(days=7)
_log = logging.getLogger(__name__)


@dataclass
class Delivered:
    """What was done: reports made, districts whose outbox has them, and faults of servers by district."""

    reports: int = 0
    districts: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Parcel:
    """The files of one report by their names in the outbox, and what its note will say."""

    delivery_id: str
    note: str
    files: dict[str, bytes]


def report_path(home: Home, delivery: Delivery, form: str) -> Path:
    """Where a report is kept."""
    return home.reports / delivery.district_id / f"{delivery.delivery_id}.{form}"


def deliver_reports(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> Delivered:
    """Make the report of every delivery that changed, keep it, and put it into the outbox. A server's fault stops nothing."""
    by_id = {district.district_id: district for district in districts}
    with registry.begin() as session:
        candidates = _candidates(session, by_id)
        newest = _newest(session, by_id)
    notes = {district_id: _read_note(settings.paths, district_id) for district_id in {d.district_id for d in candidates}}
    changed = [d for d in candidates if _needs_report(d, notes[d.district_id])]
    parcels: dict[str, list[_Parcel]] = defaultdict(list)
    delivered = Delivered()
    # Bounded memory: districts are delivered in groups, a report can hold 10,000 rows in four forms.
    for group in _groups(changed):
        parcels.clear()
        for delivery, report in zip(group, build_reports(registry, settings, by_id, group), strict=True):
            district = by_id[delivery.district_id]
            parcel = _pack(settings.paths, district, delivery, report, is_newest=delivery.delivery_id in newest)
            parcels[delivery.district_id].append(parcel)
            delivered.reports += 1
        _send(settings, by_id, parcels, delivered)
        for district_id in parcels.keys() - delivered.faults.keys():
            notes[district_id] |= {parcel.delivery_id: parcel.note for parcel in parcels[district_id]}
            _write_note(settings.paths, district_id, notes[district_id])
    _drop_old(settings.paths, {delivery.district_id for delivery in changed})
    return delivered


def _candidates(session: Session, districts: Iterable[str]) -> list[Delivery]:
    """Deliveries whose report may be due, oldest first: those of the last days, and whatever is live or waits."""
    recent = datetime.now(UTC) - _RECENT
    query = sa.select(Delivery).where(
        Delivery.district_id.in_(list(districts)),
        Delivery.sha256.is_not(None),
        sa.or_(Delivery.received_at >= recent, Delivery.state.in_(["landed", "held", "accepted", "published"])),
    )
    return list(session.scalars(query.order_by(Delivery.delivery_id)))


def _newest(session: Session, districts: Iterable[str]) -> set[str]:
    """The newest delivery of each feed; ids sort by time."""
    query = sa.select(sa.func.max(Delivery.delivery_id)).where(
        Delivery.district_id.in_(list(districts)), Delivery.sha256.is_not(None)
    )
    return set(session.scalars(query.group_by(Delivery.district_id, Delivery.feed)))


def _needs_report(delivery: Delivery, note: dict[str, str]) -> bool:
    said = note.get(delivery.delivery_id)
    # The report of a delivery that was overtaken stays as it was.
    return said is None if delivery.state == "superseded" else said != _note(delivery)


def _note(delivery: Delivery) -> str:
    described = {name: value for name, value in describe_delivery(delivery).items() if not name.startswith("seen_again")}
    return hashlib.sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()[:16]


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
    day = delivery.received_at.astimezone(ZoneInfo(district.settings.timezone)).date().isoformat()
    files: dict[str, bytes] = {}
    for form, make in FORMS.items():
        content = make(report)
        path = report_path(home, delivery, form)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
        files[f"report_{day}_{delivery.feed}_{delivery.delivery_id}.{form}"] = content
        if is_newest:
            files[f"latest_report_{delivery.feed}.{form}"] = content
    return _Parcel(delivery.delivery_id, _note(delivery), files)


def _send(
    settings: Settings, districts: dict[str, RegisteredDistrict], parcels: dict[str, list[_Parcel]], delivered: Delivered
) -> None:
    """Write parcels into the outboxes of our server; a district with a server of its own has none there."""
    ours = [district_id for district_id in parcels if districts[district_id].settings.server is None]
    if not ours:
        return
    connection = SftpConnection(server_of(settings, districts[ours[0]]))

    def put(district_id: str) -> str:
        try:
            for parcel in parcels[district_id]:
                for name, content in parcel.files.items():
                    connection.write(f"{district_id}/outbox/{name}", content)
            _clear_outbox(connection, district_id)
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


def _clear_outbox(connection: SftpConnection, district_id: str) -> None:
    oldest = (datetime.now(UTC) - KEPT).timestamp()
    for entry in connection.list_files(f"{district_id}/outbox"):
        if entry.name.startswith("report_") and entry.mtime < oldest:
            connection.remove(entry)


def _drop_old(home: Home, districts: Iterable[str]) -> None:
    """Remove what was kept longer than a report is."""
    oldest = (datetime.now(UTC) - KEPT).timestamp()
    for district_id in districts:
        for directory in (home.reports / district_id, home.failing_rows / district_id):
            for path in directory.glob("[0-9]*"):
                if path.stat().st_mtime < oldest:
                    path.unlink(missing_ok=True)


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
    part = path.with_suffix(".part")
    part.write_text(json.dumps(recent, indent=0), encoding="utf-8")
    part.replace(path)
