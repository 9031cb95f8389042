"""When a district gets a release: the calendar of `privacy.release`, in the district's own days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.disclosure.store import Release
    from subgroup_pipeline.districts.district_file import DistrictSettings

Cause = Literal["first", "rule", "correction", "month", "count_day", "night"]
"""Why a release is made: there is none yet, the rule for small groups changed, a person asked, or the calendar says so."""


@dataclass(frozen=True)
class DueRelease:
    """A district that gets a release, and why."""

    settings: DistrictSettings
    build_key: str
    cause: Cause

    @property
    def district_id(self) -> str:
        """The district's key."""
        return self.settings.district


def cause_of_release(
    settings: DistrictSettings, build_key: str, last: Release | None, now: datetime, *, is_asked: bool = False
) -> Cause | None:
    """Why a district gets a release now; None while its last one stands.

    Where nothing was built since the last one, the calendar makes no new one: it would show the same.
    """
    privacy = settings.privacy
    if last is None:
        return "first"
    if is_asked:
        return "correction"
    if (last.minimum_count, last.profile, last.shows_zero) != (privacy.minimum_count, privacy.profile, privacy.zero == "show"):
        return "rule"
    return _by_calendar(settings, last, now) if last.build_key != build_key else None


def _by_calendar(settings: DistrictSettings, last: Release, now: datetime) -> Cause | None:
    """What the district's calendar says, in its own days."""
    zone = ZoneInfo(settings.timezone)
    today, last_day = now.astimezone(zone).date(), last.released_at.astimezone(zone).date()
    match settings.privacy.release:
        case "nightly":
            return "night"
        case "monthly":
            return "month" if (today.year, today.month) > (last_day.year, last_day.month) else None
        case "count_day":
            return "count_day" if last_day < _newest_count_day(settings.privacy.counted_on, today) else None


def _newest_count_day(month_and_day: tuple[int, int], today: date) -> date:
    """The count day of this year, or of the last one where that is still to come."""
    this_year = date(today.year, *month_and_day)
    return this_year if this_year <= today else date(today.year - 1, *month_and_day)
