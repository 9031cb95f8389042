"""The index of an outbox: one page that leads to every report in it, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from subgroup_pipeline.local_time import clock, day_words
from subgroup_pipeline.reports.html_page import template
from subgroup_pipeline.reports.words import verdict_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from subgroup_pipeline.districts.district_file import DistrictSettings

_FEEDS = {"roster": "Roster", "subgroups": "Subgroup file"}


@dataclass(frozen=True)
class Entry:
    """A delivery whose report stands in the outbox."""

    delivery_id: str
    feed: str
    received_at: datetime
    state: str
    verdict: str | None


@dataclass(frozen=True)
class _Line:
    """An entry as the page says it."""

    feed: str
    time: str
    words: str
    is_newest: bool
    path: str


def shelf(delivery_id: str, feed: str, received_at: datetime, zone: str) -> str:
    """Path of a report in the outbox without its ending: its local date, then feed, time and the end of its id."""
    return f"{received_at.astimezone(ZoneInfo(zone)):%Y-%m-%d/{feed}_%H%M}_{delivery_id[-6:]}"


def as_index(settings: DistrictSettings, entries: Sequence[Entry]) -> bytes:
    """The page, from entries with the newest first. Every value is escaped."""
    zone = ZoneInfo(settings.timezone)
    newest: dict[str, str] = {}
    for entry in entries:
        newest.setdefault(entry.feed, entry.delivery_id)
    days = [
        (day_words(day), [_line(entry, settings.timezone, newest) for entry in of_day])
        for day, of_day in groupby(entries, key=lambda entry: entry.received_at.astimezone(zone).date())
    ]
    return template("outbox.html.j2").render(name=settings.name, days=days).encode()


def _line(entry: Entry, zone: str, newest: dict[str, str]) -> _Line:
    return _Line(
        feed=_FEEDS[entry.feed],
        time=clock(entry.received_at.astimezone(ZoneInfo(zone))),
        words=verdict_words(entry.state, entry.verdict, 0),
        is_newest=newest[entry.feed] == entry.delivery_id,
        path=shelf(entry.delivery_id, entry.feed, entry.received_at, zone),
    )
