"""When a district gets new shared numbers, by a table of moments."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from subgroup_pipeline.disclosure.due import cause_of_release
from subgroup_pipeline.disclosure.store import Release
from subgroup_pipeline.districts.district_file import DistrictSettings, parse_district

CHICAGO = "district: pine\nname: Pine\ntimezone: America/Chicago\n"
MONTHLY = "{}"
NIGHTLY = "{release: nightly}"
IN_OCTOBER = "{release: count_day}"
IN_FEBRUARY = "{release: count_day, count_day: 02-15}"


def _settings(privacy: str) -> DistrictSettings:
    return parse_district(CHICAGO + f"privacy: {privacy}\n")


def _released(at: str, minimum: int = 10) -> Release:
    return Release("one", datetime.fromisoformat(at).replace(tzinfo=UTC), minimum, "custom", shows_zero=True, build_key="before")


@pytest.mark.parametrize(
    ("privacy", "last", "now", "cause"),
    [
        (MONTHLY, "2026-09-02T08:00", "2026-09-30T08:00", None),
        (MONTHLY, "2026-09-02T08:00", "2026-10-01T08:00", "month"),
        # In Chicago it is still September 30, 10 p.m., and then October 1.
        (MONTHLY, "2026-09-02T08:00", "2026-10-01T03:00", None),
        (MONTHLY, "2026-10-01T03:00", "2026-10-01T08:00", "month"),
        (MONTHLY, "2026-12-05T08:00", "2027-01-02T08:00", "month"),
        (NIGHTLY, "2026-10-01T08:00", "2026-10-01T09:00", "night"),
        (IN_OCTOBER, "2026-10-01T08:00", "2027-09-30T08:00", None),
        (IN_OCTOBER, "2026-10-01T08:00", "2027-10-01T08:00", "count_day"),
        (IN_OCTOBER, "2026-10-01T03:00", "2026-10-01T08:00", "count_day"),
        (IN_OCTOBER, "2025-11-20T08:00", "2026-11-20T08:00", "count_day"),
        (IN_FEBRUARY, "2026-03-01T08:00", "2027-02-15T08:00", "count_day"),
        (IN_FEBRUARY, "2026-03-01T08:00", "2027-01-31T08:00", None),
        ("{minimum_count: 12}", "2026-10-01T08:00", "2026-10-02T08:00", "rule"),
        ("{zero: hide}", "2026-10-01T08:00", "2026-10-02T08:00", "rule"),
        ("{profile: california}", "2026-10-01T08:00", "2026-10-02T08:00", "rule"),
    ],
)
def test_the_calendar_is_the_districts_own(privacy: str, last: str, now: str, cause: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert cause_of_release(_settings(privacy), "now", _released(last), moment) == cause


def test_where_nothing_was_built_there_is_nothing_new_to_show() -> None:
    later = datetime(2027, 3, 1, tzinfo=UTC)
    last = _released("2026-09-02T08:00")
    assert cause_of_release(_settings(NIGHTLY), "before", last, later) is None
    assert cause_of_release(_settings(MONTHLY), "before", last, later) is None
    assert cause_of_release(_settings(MONTHLY), "before", None, later) == "first"
    assert cause_of_release(_settings(MONTHLY), "before", last, later, is_asked=True) == "correction"
