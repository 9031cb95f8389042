"""Nothing arrived: counted from the hour of the district's schedule, in its time zone, across clock changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.district_file import parse_district
from subgroup_pipeline.registry.districts import apply_settings, registered_districts
from subgroup_pipeline.registry.lateness import note_late_feeds
from subgroup_pipeline.registry.schema import District
from subgroup_pipeline.settings import load_settings

TEXT = 'district: alpha\nname: Alpha\ntimezone: America/Chicago\nschedule: "02:00"\n'


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = open_registry(load_settings(home=tmp_path))
    apply_settings(made, parse_district(TEXT), TEXT, actor="test")
    yield made
    made.close()


def _codes(registry: Registry, set_up: datetime, now: datetime) -> list[str]:
    with registry.begin() as session:
        session.execute(sa.update(District).values(created_at=set_up))
    return [finding.code for finding in note_late_feeds(registry, registered_districts(registry), now).get("alpha", [])]


@pytest.mark.parametrize(
    ("hours", "codes"),
    [(0, []), (24, []), (26, ["LAG901"]), (48, ["LAG901"]), (50, ["LAG902"]), (200, ["LAG902"])],
)
def test_a_night_is_missed_two_hours_after_its_hour(registry: Registry, hours: int, codes: list[str]) -> None:
    set_up = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)  # 03:00 in Chicago: an hour after the night's upload was due
    assert _codes(registry, set_up, set_up + timedelta(hours=hours)) == codes


@pytest.mark.parametrize("day", [datetime(2026, 3, 7, 7, 30, tzinfo=UTC), datetime(2026, 10, 31, 6, 30, tzinfo=UTC)])
def test_a_night_of_23_or_25_hours_is_one_night(registry: Registry, day: datetime) -> None:
    """The clocks change in the night after `day`; an upload at 01:30 local each night is never late."""
    assert _codes(registry, day, day + timedelta(hours=24)) == []
