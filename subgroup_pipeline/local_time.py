"""Time zones by name, and moments and days as people of a zone write them, in reports and in mail."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def local_time(moment: datetime, zone: str) -> str:
    """A moment as people write it, in a time zone: October 1, 2026 at 3:05 AM CDT."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day_words(local)} at {clock(local)}"


def day_words(day: date) -> str:
    """A day as people write it: October 1, 2026."""
    return f"{day:%B} {day.day}, {day.year}"


def clock(local: datetime) -> str:
    """A time of day as people write it: 3:05 AM CDT."""
    return f"{local.hour % 12 or 12}:{local:%M %p} {local.tzname()}"


def zone_name(value: str) -> str:
    """The name of a time zone as given. Raises ValueError for one that the time zone database does not know."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("write an IANA name, for example America/Chicago") from error
    return value
