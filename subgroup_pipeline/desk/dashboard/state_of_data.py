"""How far the numbers of a report can be trusted, in plain words: what they were counted from, what is missing, what waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from subgroup_pipeline.desk.uploads import FEED_WORDS
from subgroup_pipeline.local_time import day_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows

OLD = timedelta(days=7)
"""How old a roster or a subgroup file is when readers are warned."""


@dataclass(frozen=True)
class StateOfData:
    """Sentences about what the numbers are of, and what a reader must know before using them."""

    counted_from: list[str]
    to_know: list[str]


@dataclass(frozen=True)
class _Delivery:
    """A delivery that the numbers come from, or one that came later; times in UTC."""

    feed: str
    state: str
    received_at: datetime
    set_aside_count: int | None
    is_live: bool


_DELIVERIES = """
with delivery as (
    select
        feed, state, received_at, set_aside_count,
        delivery_id in (district.roster_delivery_id, district.subgroup_delivery_id) as is_live,
        if(feed = 'roster', district.roster_received_at, district.subgroup_received_at) as live_received_at
    from quality.delivery cross join marts.dim_district as district
)
select * exclude (live_received_at) from delivery
where is_live or (state in ('held', 'rejected') and (received_at > live_received_at or live_received_at is null))
qualify row_number() over (partition by feed, state order by received_at desc) = 1
order by is_live desc, feed, received_at
"""


def state_of_data(shown: ShownRows, entity: Entity, zone: str, now: datetime) -> StateOfData:
    """Read it; days are those of the time zone of the district."""
    deliveries = shown.kept(_Delivery, _DELIVERIES)
    return StateOfData(list(_counted_from(entity, zone)), list(_to_know(entity, deliveries, zone, now)))


def _counted_from(entity: Entity, zone: str) -> Iterator[str]:
    yield f"Students and classes are those of the roster of {_day(entity.roster_received_at, zone)}."
    if entity.subgroup_received_at:
        yield f"Subgroups are those of the subgroup file of {_day(entity.subgroup_received_at, zone)}."
    else:
        yield "There is no subgroup file in use."


def _to_know(entity: Entity, deliveries: list[_Delivery], zone: str, now: datetime) -> Iterator[str]:
    roster, subgroups = entity.roster_received_at, entity.subgroup_received_at
    if subgroups and _day(roster, zone) != _day(subgroups, zone):
        older, newer = ("subgroup file", "roster") if subgroups < roster else ("roster", "subgroup file")
        yield f"The {older} is older than the {newer}: students who came or left in between may be counted wrongly."
    if now - roster.replace(tzinfo=UTC) > OLD:
        yield f"No newer roster than that of {_day(roster, zone)} is in use."
    for one in deliveries:
        words = FEED_WORDS[one.feed].lower()
        if one.is_live and one.set_aside_count:
            yield f"Some rows of the {words} could not be used and are left out of all counts. Its error report lists them."
        elif one.state == "held":
            yield f"A newer {words}, of {_day(one.received_at, zone)}, waits for a decision and is not in these numbers."
        elif one.state == "rejected":
            yield f"A newer {words}, of {_day(one.received_at, zone)}, could not be used; these numbers are from the one before."


def _day(moment: datetime, zone: str) -> str:
    return day_words(moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)))
