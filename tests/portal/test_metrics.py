"""`/metrics`: a scrape as Prometheus reads it, for this machine only, whose cost does not grow with the districts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from subgroup_pipeline.desk.figures import MOST_REFUSED
from subgroup_pipeline.registry.nights import note_ended, note_failed
from subgroup_pipeline.registry.schema import AuditEvent, Delivery, District, FindingRow, Mail
from tests.support.place import Place
from tests.support.portal import PortalUnderTest, portal_running
from tests.support.registry_statements import scans, statements

NOW = datetime.now(UTC).replace(microsecond=0)
PARTS = {"registry": "up", "sftp": "nobody answers on port 1", "mail": "up, but mail waits since yesterday"}


@pytest.fixture
def parts() -> dict[str, str]:
    return dict(PARTS)


@pytest.fixture
def portal(place: Place, parts: dict[str, str]) -> Iterator[PortalUnderTest]:
    async def tried() -> dict[str, str]:
        return parts

    with portal_running(place.settings, place.registry, tried) as running:
        yield running


def _scrape(portal: PortalUnderTest) -> dict[str, float]:
    """Every sample by its name and labels, as they stand in the text."""
    answer = portal.browser().get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {f"{one.name}{sorted(one.labels.values()) or ''}".removeprefix("subgroups_"): one.value for one in samples}


def _fill(portal: PortalUnderTest, districts: int, nights: int) -> None:
    """Districts with a night's two deliveries each, of which the newest of the first district are on hold."""
    ids = [f"d{number:04}" for number in range(districts)]
    rows = [
        {"delivery_id": f"{feed}-{district}-{night}", "district_id": district, "feed": feed,
         "received_at": NOW - timedelta(night), "state": "superseded" if night else "held" if district == ids[0] else "published"}
        for district in ids for feed in ("roster", "subgroups") for night in range(nights)
    ]  # fmt: skip
    finding = {"severity": "warning", "message": "-", "how_to_fix": "-", "lines": [], "found_at": NOW, "count": 1}
    late = [{"district_id": one, "stage": "schedule", "code": "LAG901", **finding} for one in ids[:3]]
    mail = [
        {"key": str(number), "recipient": "a@b.example", "kind": "held", "subject": "-", "text": "-", "html": "-",
         "state": "queued" if number < 2 else "sent", "queued_at": NOW - timedelta(hours=3 - number), "due_at": NOW}
        for number in range(5)
    ]  # fmt: skip
    with portal.registry.begin() as session:
        named = [{"district_id": one, "name": one, "settings_version": 1, "created_at": NOW} for one in ids]
        session.execute(sa.insert(District), named)
        session.execute(sa.insert(Delivery), rows)
        session.execute(sa.insert(FindingRow), late)
        session.execute(sa.insert(Mail), mail)


def _refuse(portal: PortalUnderTest, count: int, at: datetime) -> None:
    row = {"at": at, "kind": "sftp.login_refused", "actor": "-", "detail": {}}
    with portal.registry.begin() as session:
        session.execute(sa.insert(AuditEvent), [row] * count)


def test_a_scrape_says_how_the_installation_stands(portal: PortalUnderTest) -> None:
    _fill(portal, districts=4, nights=3)
    _refuse(portal, 5, NOW - timedelta(hours=30))
    _refuse(portal, 7, NOW - timedelta(hours=2))
    note_ended(portal.registry, "run-1", "published", 61.25)
    snapshot = portal.settings.paths.published / "20260102T030405000006Z"
    snapshot.mkdir()
    portal.settings.paths.current_snapshot.symlink_to(snapshot.name)
    read = _scrape(portal)
    assert {name: value for name, value in read.items() if name.startswith("part_up")} == {
        "part_up['registry']": 1, "part_up['sftp']": 0, "part_up['mail']": 1,
    }  # fmt: skip
    assert {name: value for name, value in read.items() if name.startswith("deliveries")} == {
        "deliveries['held', 'roster']": 1, "deliveries['held', 'subgroups']": 1,
        "deliveries['published', 'roster']": 3, "deliveries['published', 'subgroups']": 3,
    }  # fmt: skip
    assert {name: value for name, value in read.items() if name.startswith("received_last_day")} == {
        f"received_last_day['{state}', '{feed}']": count
        for state, count in (("held", 1), ("published", 3)) for feed in ("roster", "subgroups")
    }  # fmt: skip
    assert (read["districts"], read["districts_late"], read["held"]) == (4, 3, 2)
    assert read["held_oldest_timestamp_seconds"] == NOW.timestamp()
    assert (read["mail['queued']"], read["mail['sent']"]) == (2, 3)
    assert read["mail_oldest_queued_timestamp_seconds"] == (NOW - timedelta(hours=3)).timestamp()
    assert read["refused_last_day['sftp.login_refused']"] == 7
    assert (read["last_night_failed"], read["last_night_seconds"]) == (0, 61.2)
    assert abs(read["last_night_end_timestamp_seconds"] - time.time()) < 60
    assert read["snapshot_timestamp_seconds"] == datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()
    assert read["disk_free_bytes"] > 0
    note_failed(portal.registry, "run-2", "the disk is full")
    read = _scrape(portal)
    assert read["last_night_failed"] == 1
    assert "last_night_seconds" not in read


def test_a_new_installation_is_scraped_too(portal: PortalUnderTest) -> None:
    read = _scrape(portal)
    assert read["districts"] == 0
    assert not {"held_oldest_timestamp_seconds", "last_night_failed", "snapshot_timestamp_seconds"} & set(read)


def test_without_the_registry_the_parts_are_still_said(portal: PortalUnderTest, parts: dict[str, str]) -> None:
    parts["registry"] = "down (OperationalError)"
    assert _scrape(portal) == {"part_up['registry']": 0, "part_up['sftp']": 0, "part_up['mail']": 1}


def test_it_is_for_this_machine_only(portal: PortalUnderTest) -> None:
    for headers in ({"x-forwarded-for": "203.0.113.9"}, {"x-forwarded-for": "127.0.0.1"}, {"host": "subgroups.example.com"}):
        for path in ("/metrics", "/healthz"):
            assert portal.browser().get(path, headers=headers).status_code in (400, 404), (path, headers)


def test_no_district_is_named_and_more_of_them_ask_no_more(portal: PortalUnderTest) -> None:
    _fill(portal, districts=3, nights=1)
    with statements() as few:
        _scrape(portal)
    assert not scans(portal.registry.engine, few)
    with portal.registry.begin() as session:
        for table in (Delivery, FindingRow, Mail, District):
            session.execute(sa.delete(table))
    _fill(portal, districts=1000, nights=4)
    _refuse(portal, MOST_REFUSED + 100, NOW)
    with statements() as many:
        read = _scrape(portal)
    assert len(many) == len(few) <= 16
    assert read["districts"] == 1000
    assert read["refused_last_day['sftp.login_refused']"] == MOST_REFUSED
    assert not [name for name in read if "d0" in name]
    assert statistics.median(_seconds(portal.browser()) for _ in range(5)) < 0.5


def _seconds(browser: httpx.Client) -> float:
    began = time.monotonic()
    assert browser.get("/metrics").status_code == 200
    return time.monotonic() - began


def test_staff_are_told_from_everybody_else(portal: PortalUnderTest) -> None:
    _fill(portal, districts=1, nights=1)
    with portal.staff() as staff, portal.of_district("d0000") as district, portal.browser() as stranger:
        answers = [browser.get("/auth/staff") for browser in (staff, district, stranger)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (401, b""), (401, b"")]
