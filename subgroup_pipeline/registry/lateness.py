"""Feeds that stay empty beyond the hour a district set for its uploads (`schedule`), counted from that hour in its time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from subgroup_pipeline.registry.findings import Finding, store_findings
from subgroup_pipeline.registry.ledger import latest_delivery
from subgroup_pipeline.registry.schema import District

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.districts import RegisteredDistrict
    from subgroup_pipeline.registry.ledger import Feed

GRACE = timedelta(hours=2)
"""After the hour of the schedule, before a night counts as missed."""


def note_late_feeds(registry: Registry, districts: Sequence[RegisteredDistrict], now: datetime) -> dict[str, list[Finding]]:
    """Store a finding for each feed with nothing in the last night due (LAG901) or in two or more (LAG902); by district."""
    late: dict[str, list[Finding]] = {}
    for district in districts:
        findings = []
        if district.settings.schedule:
            due = _last_deadline(district.settings.schedule, ZoneInfo(district.settings.timezone), now)
            feeds: list[Feed] = ["roster", "subgroups"] if district.settings.has_subgroup_file else ["roster"]
            for feed in feeds:
                nights = _missed_nights(_last_seen(registry, district.district_id, feed), due)
                if nights:
                    about = f"({feed}; nights missed: {nights}.)"
                    findings.append(Finding("LAG902" if nights > 1 else "LAG901", count=nights, about=about))
        with registry.begin() as session:
            store_findings(session, "schedule", district.district_id, None, findings)
        if findings:
            late[district.district_id] = findings
    return late


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


def _last_seen(registry: Registry, district_id: str, feed: Feed) -> datetime:
    """When bytes of the feed were last uploaded, new or not; before the first, when the district was set up."""
    with registry.begin() as session:
        latest = latest_delivery(session, district_id, feed)
        if latest is None:
            return session.get_one(District, district_id).created_at
        return max(filter(None, (latest.received_at, latest.seen_again_at)))
