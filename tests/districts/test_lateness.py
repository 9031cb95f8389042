"""Nothing arrived: counted from the hour of the district's schedule, in its time zone, across clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.districts.lateness import note_late_feeds
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.ledger import Feed, UploadedFile
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import AuditEvent, Delivery, District, FindingRow
from subgroup_pipeline.settings import load_settings
from tests.support.home import apply

TEXT = 'district: alpha\nname: Alpha\ntimezone: America/Chicago\nschedule: "02:00"\n'


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = open_registry(load_settings(home=tmp_path))
    apply(made, TEXT)
    yield made
    made.close()


def _codes(registry: Registry, set_up: datetime, now: datetime) -> list[str]:
    with registry.begin() as session:
        session.execute(sa.update(District).values(created_at=set_up))
    return [finding.code for finding in note_late_feeds(registry, registered_districts(registry), now).get("alpha", [])]


@pytest.mark.parametrize(
    ("hours", "codes"),
    [
        (0, []),
        (24, []),
        (26, ["LAG901"]),
        (48, ["LAG901"]),
        (50, ["LAG902"]),
        (72, ["LAG902"]),
        (74, ["LAG903"]),
        (200, ["LAG903"]),
    ],
)
def test_a_night_is_missed_two_hours_after_its_hour(registry: Registry, hours: int, codes: list[str]) -> None:
    set_up = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)  # 03:00 in Chicago: an hour after the night's upload was due
    assert _codes(registry, set_up, set_up + timedelta(hours=hours)) == codes


@pytest.mark.parametrize("day", [datetime(2026, 3, 7, 7, 30, tzinfo=UTC), datetime(2026, 10, 31, 6, 30, tzinfo=UTC)])
def test_a_night_of_23_or_25_hours_is_one_night(registry: Registry, day: datetime) -> None:
    """The clocks change in the night after `day`; an upload at 01:30 local each night is never late."""
    assert _codes(registry, day, day + timedelta(hours=24)) == []


COLUMNS = "subgroups: {columns: {ell: {subgroup: ell, open: true}}}\n"
ROSTER_AT = datetime(2026, 10, 20, 7, 0, tzinfo=UTC)


def _live(registry: Registry, feed: Feed, at: datetime) -> None:
    """An accepted delivery of a feed, uploaded then."""
    with registry.begin() as session:
        files = [UploadedFile(f"{feed}.csv", feed, 1)]
        delivery, _ = register_delivery(session, "alpha", feed, sha256=feed, content_sha256=feed, proof="settled", files=files)
        delivery.received_at, delivery.state = at, "accepted"


@pytest.mark.parametrize(
    ("more", "hours", "days"),
    [
        ('schedule: "02:00"\n', 26, None),
        ('schedule: "02:00"\n', 27, 1),
        ('schedule: "02:00"\nguards: {subgroup_lag_days: 3}\n', 74, None),
        ('schedule: "02:00"\nguards: {subgroup_lag_days: 3}\n', 75, 3),
        ("", 7 * 24 + 2, None),
        ("", 11 * 24, 11),
    ],
)
def test_a_subgroup_file_behind_the_roster_is_told_in_days(registry: Registry, more: str, hours: int, days: int | None) -> None:
    apply(registry, TEXT.replace('schedule: "02:00"\n', more) + COLUMNS)
    _live(registry, "roster", ROSTER_AT)
    _live(registry, "subgroups", ROSTER_AT - timedelta(hours=hours))
    found = note_late_feeds(registry, registered_districts(registry), ROSTER_AT).get("alpha", [])
    lags = [finding for finding in found if finding.code == "LAG904"]
    assert [(finding.file, finding.count) for finding in lags] == ([("subgroups.csv", days)] if days else [])
    older = "1 day" if days == 1 else f"{days} days"
    assert all(f"It is {older} older; we tell you above" in finding.message for finding in lags)


def test_the_same_subgroup_file_sent_again_does_not_lag(registry: Registry) -> None:
    apply(registry, TEXT + COLUMNS)
    _live(registry, "roster", ROSTER_AT)
    _live(registry, "subgroups", ROSTER_AT - timedelta(days=30))
    with registry.begin() as session:
        session.execute(sa.update(Delivery).where(Delivery.feed == "subgroups").values(seen_again_at=ROSTER_AT))
    assert note_late_feeds(registry, registered_districts(registry), ROSTER_AT) == {}


def test_each_feed_is_looked_at_and_escalated_once(registry: Registry) -> None:
    apply(registry, TEXT + COLUMNS)
    _live(registry, "roster", ROSTER_AT)
    with registry.begin() as session:
        session.execute(sa.update(District).values(created_at=ROSTER_AT - timedelta(days=5)))
    for hours in (0, 24, 48):
        note_late_feeds(registry, registered_districts(registry), ROSTER_AT + timedelta(hours=hours))
    with registry.begin() as session:
        events = session.scalars(sa.select(AuditEvent).filter_by(kind="feed.escalated")).all()
        stored = session.scalars(sa.select(FindingRow).filter_by(stage="schedule")).all()
    assert [(event.district_id, event.detail["feed"]) for event in events] == [("alpha", "subgroups")]
    assert [(finding.code, finding.message.rpartition("(")[2]) for finding in stored] == [
        ("LAG901", "roster; nights missed: 1.)"), ("LAG903", "subgroups; nights missed: 6.)")
    ]  # fmt: skip


def test_what_was_late_is_no_longer_said_when_it_has_come(registry: Registry) -> None:
    set_up = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
    later = set_up + timedelta(hours=26)
    assert _codes(registry, set_up, later) == ["LAG901"]
    _live(registry, "roster", later)
    assert _codes(registry, set_up, later) == []
    with registry.begin() as session:
        assert session.scalars(sa.select(FindingRow).filter_by(stage="schedule")).all() == []
