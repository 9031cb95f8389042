"""Feeds that stay empty, or fall behind each other, beyond what a district set for its uploads (`schedule`, in its time zone)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from subgroup_pipeline.districts.limits import LAG_DAYS, limit_in_words
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import FEEDS, PIPELINE, is_latest, live_deliveries
from subgroup_pipeline.registry.schema import AuditEvent, Delivery, District, FindingRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed

GRACE = timedelta(hours=2)
"""After the hour of the schedule, before a night counts as missed."""
CODES = ("LAG901", "LAG902", "LAG903")
"""Of one night missed (2 hours late), of two (26 hours), and of three and more (50 hours), which are escalated."""
ESCALATED = "feed.escalated"
STAGE = "schedule"
"""Of the findings that this module stores."""


def note_late_feeds(registry: Registry, districts: Sequence[RegisteredDistrict], now: datetime) -> dict[str, list[Finding]]:
    """Store a finding for each feed with nothing in the last nights due, and for a subgroup file that lags; by district.

    A feed that is escalated for the first time also gets an entry in the audit log.
    """
    late: dict[str, list[Finding]] = {}
    with registry.begin() as session:
        live = {feed: live_deliveries(session, feed) for feed in FEEDS}
        uploaded = last_uploads(session, districts)
        said = sa.select(FindingRow.district_id).where(FindingRow.stage == STAGE, FindingRow.delivery_id.is_(None))
        noted = set(session.scalars(said))
    for district in districts:
        key = district.district_id
        missed = _missed_by_feed(district, uploaded, now)
        findings = [_missed_finding(feed, nights) for feed, nights in missed.items()]
        findings += _lag(district, live["roster"].get(key), live["subgroups"].get(key))
        if not findings and key not in noted:
            continue
        with registry.begin() as session:
            store_findings(session, STAGE, key, None, findings)
            for feed, nights in missed.items():
                if nights >= len(CODES) and not _is_escalated(session, key, feed, uploaded[key, feed]):
                    detail = {"feed": feed, "nights": nights}
                    record_event(session, ESCALATED, actor=PIPELINE, district_id=key, detail=detail)
        if findings:
            late[key] = findings
    return late


def missed_nights(registry: Registry, districts: Sequence[RegisteredDistrict], now: datetime) -> dict[str, dict[Feed, int]]:
    """Nights without an upload by district and feed, as of now; who is in time is left out."""
    with registry.begin() as session:
        uploaded = last_uploads(session, districts)
    missed = {district.district_id: _missed_by_feed(district, uploaded, now) for district in districts}
    return {district_id: feeds for district_id, feeds in missed.items() if feeds}


def _missed_by_feed(
    district: RegisteredDistrict, uploaded: Mapping[tuple[str, Feed], datetime], now: datetime
) -> dict[Feed, int]:
    """Nights without an upload by feed; a feed that came is left out, and a feed that is not set up."""
    if not district.settings.schedule:
        return {}
    due = _last_deadline(district.settings.schedule, ZoneInfo(district.settings.timezone), now)
    missed = {feed: _missed_nights(uploaded[district.district_id, feed], due) for feed in district.settings.feeds}
    return {feed: nights for feed, nights in missed.items() if nights}


def _missed_finding(feed: Feed, nights: int) -> Finding:
    code = CODES[min(nights, len(CODES)) - 1]
    return Finding(code, file=None, count=nights, about=f"({feed}; nights missed: {nights}.)")


def _is_escalated(session: Session, district_id: str, feed: Feed, since: datetime) -> bool:
    """Whether this feed was escalated since then."""
    query = sa.select(AuditEvent).where(
        AuditEvent.kind == ESCALATED, AuditEvent.district_id == district_id, AuditEvent.at >= since
    )
    return any(event.detail["feed"] == feed for event in session.scalars(query))


def _lag(district: RegisteredDistrict, roster: Delivery | None, subgroups: Delivery | None) -> list[Finding]:
    """The live subgroup file against the live roster, both by when their bytes were last uploaded."""
    if roster is None or subgroups is None:
        return []
    own = district.settings.guards.subgroup_lag_days
    days = own if own is not None else 1 if district.settings.schedule else LAG_DAYS
    behind = _uploaded(roster) - _uploaded(subgroups)
    if behind <= timedelta(days=days) + GRACE:
        return []
    limit = limit_in_words(district.settings, "subgroup_lag_days", days)
    older = "1 day" if behind.days == 1 else f"{behind.days} days"
    about = f"It is {older} older; we tell you above {limit}."
    return [Finding("LAG904", file=subgroups.files[0].name, count=behind.days, about=about)]


def _last_deadline(schedule: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The last moment, before now, by which a night's upload had to be there."""
    hour, minute = map(int, schedule.split(":"))
    local = (now - GRACE).astimezone(zone)
    due = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if due > local:
        due -= timedelta(days=1)  # wall time: the same hour of the day before, whatever the clocks did
    return due.astimezone(UTC) + GRACE


def _missed_nights(seen: datetime, due: datetime) -> int:
    """Deadlines up to `due` with nothing in the day before each."""
    return max(0, (due - seen) // timedelta(days=1))


def _uploaded(delivery: Delivery) -> datetime:
    """When these bytes were last uploaded, new or not."""
    return max(filter(None, (delivery.received_at, delivery.seen_again_at)))


def last_uploads(session: Session, districts: Sequence[RegisteredDistrict]) -> dict[tuple[str, Feed], datetime]:
    """When bytes of each feed were last uploaded; before the first, when the district was set up."""
    ids = [district.district_id for district in districts]
    set_up = session.scalars(sa.select(District).where(District.district_id.in_(ids)))
    uploads: dict[tuple[str, Feed], datetime] = {(one.district_id, feed): one.created_at for one in set_up for feed in FEEDS}
    columns = (Delivery.district_id, Delivery.feed, Delivery.received_at, Delivery.seen_again_at)
    for district_id, feed, *times in session.execute(sa.select(*columns).where(is_latest(ids))).tuples():
        uploads[district_id, feed] = max(filter(None, times))  # type: ignore[index]  # stored as text
    return uploads
