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
from subgroup_pipeline.registry.ledger import PIPELINE, latest_delivery, live_deliveries
from subgroup_pipeline.registry.schema import District, FindingRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.registry.schema import Delivery

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
        live = {feed: live_deliveries(session, feed) for feed in _FEEDS}
        escalated = _escalated(session)
    for district in districts:
        key = district.district_id
        missed = _missed_by_feed(registry, district, now)
        findings = [_missed_finding(feed, nights) for feed, nights in missed.items()]
        findings += _lag(district, live["roster"].get(key), live["subgroups"].get(key))
        with registry.begin() as session:
            store_findings(session, STAGE, key, None, findings)
            for feed, nights in missed.items():
                if nights >= len(CODES) and (key, feed) not in escalated:
                    detail = {"feed": feed, "nights": nights}
                    record_event(session, ESCALATED, actor=PIPELINE, district_id=key, detail=detail)
        if findings:
            late[key] = findings
    return late


def missed_nights(registry: Registry, districts: Sequence[RegisteredDistrict], now: datetime) -> dict[str, dict[Feed, int]]:
    """Nights without an upload by district and feed, as of now; who is in time is left out."""
    missed = {district.district_id: _missed_by_feed(registry, district, now) for district in districts}
    return {district_id: feeds for district_id, feeds in missed.items() if feeds}


_FEEDS: tuple[Feed, ...] = ("roster", "subgroups")


def _missed_by_feed(registry: Registry, district: RegisteredDistrict, now: datetime) -> dict[Feed, int]:
    """Nights without an upload by feed; a feed that came is left out, and a feed that is not set up."""
    if not district.settings.schedule:
        return {}
    due = _last_deadline(district.settings.schedule, ZoneInfo(district.settings.timezone), now)
    feeds = _FEEDS if district.settings.has_subgroup_file else _FEEDS[:1]
    missed = {feed: _missed_nights(_last_seen(registry, district.district_id, feed), due) for feed in feeds}
    return {feed: nights for feed, nights in missed.items() if nights}


def _missed_finding(feed: Feed, nights: int) -> Finding:
    code = CODES[min(nights, len(CODES)) - 1]
    return Finding(code, file=None, count=nights, about=f"({feed}; nights missed: {nights}.)")


def _escalated(session: Session) -> set[tuple[str, Feed]]:
    """District and feed of what the last look escalated already."""
    query = sa.select(FindingRow).where(FindingRow.stage == STAGE, FindingRow.code == CODES[-1])
    return {(row.district_id, feed) for row in session.scalars(query) for feed in _FEEDS if f"({feed};" in row.message}


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


def _last_seen(registry: Registry, district_id: str, feed: Feed) -> datetime:
    """When bytes of the feed were last uploaded; before the first, when the district was set up."""
    with registry.begin() as session:
        latest = latest_delivery(session, district_id, feed)
        return session.get_one(District, district_id).created_at if latest is None else _uploaded(latest)
