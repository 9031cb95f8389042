"""A district today, at one glance: whether all is well, what to do next, what came last, and what the reports show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from subgroup_pipeline.desk.shown_marts import ShownSubgroup, shown_manifest, shown_subgroups
from subgroup_pipeline.desk.uploads import ACCEPTED_ONLY, FEED_WORDS, ON_HOLD, as_upload
from subgroup_pipeline.districts.lateness import missed_nights
from subgroup_pipeline.local_time import day_words
from subgroup_pipeline.registry.ledger import FEEDS
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.reports.words import next_run

if TYPE_CHECKING:
    from subgroup_pipeline.desk.uploads import Tone, Upload
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class FeedToday:
    """One feed: its newest upload, how many nights it was not there when it was expected, and if we fetch it from a server."""

    feed: Feed
    feed_words: str
    last: Upload | None
    late_nights: int
    is_fetched: bool = False


@dataclass(frozen=True)
class ShownToday:
    """What the reports show. `apart` says how far roster and subgroup file lie apart; None when they are of one day."""

    student_count: int
    as_of: str
    published_at: datetime
    roster_received_at: datetime | None
    subgroups_received_at: datetime | None
    apart: str | None
    subgroups: list[ShownSubgroup]


@dataclass(frozen=True)
class Step:
    """One thing to do, and the page of the district where it is done (`deliveries/…`, `guide`); empty for none."""

    in_words: str
    page: str = ""
    link: str = ""


@dataclass(frozen=True)
class DistrictToday:
    """All of it. `next_due` is when the next upload is expected, where the district has an hour for it."""

    headline: str
    tone: Tone
    steps: list[Step]
    feeds: list[FeedToday]
    shown: ShownToday | None
    next_due: datetime | None
    next_run: datetime | None


def district_today(registry: Registry, settings: Settings, district: RegisteredDistrict, now: datetime) -> DistrictToday:
    """The district as it stands: a handful of queries for it alone, and its own published file."""
    late = missed_nights(registry, [district], now).get(district.district_id, {})
    newest = _newest(registry, district.district_id)
    uploaded = district.settings.uploaded_feeds
    feeds = [
        FeedToday(feed, FEED_WORDS[feed], newest.get(feed), late.get(feed, 0), feed not in uploaded)
        for feed in district.settings.feeds
    ]
    headline, tone = headline_of(feeds)
    return DistrictToday(
        headline=headline,
        tone=tone,
        steps=steps_of(feeds),
        feeds=feeds,
        shown=shown_today(registry, settings, district),
        next_due=next_due(district, now),
        next_run=next_run(settings.nightly_cron, settings.timezone, now),
    )


def shown_today(registry: Registry, settings: Settings, district: RegisteredDistrict) -> ShownToday | None:
    """What readers see of the district; None before its first publish."""
    manifest = shown_manifest(settings)
    published = manifest.districts.get(district.district_id) if manifest else None
    if manifest is None or published is None:
        return None
    ids = [published.roster_delivery_id, published.subgroup_delivery_id]
    query = sa.select(Delivery.delivery_id, Delivery.received_at).where(Delivery.delivery_id.in_(filter(None, ids)))
    with registry.begin() as session:
        came = {row.delivery_id: row.received_at for row in session.execute(query)}
    roster, subgroups = came.get(published.roster_delivery_id), came.get(published.subgroup_delivery_id or "")
    return ShownToday(
        student_count=published.student_count,
        as_of=day_words(datetime.fromisoformat(published.as_of_date).date()),
        published_at=datetime.fromisoformat(manifest.created_at),
        roster_received_at=roster,
        subgroups_received_at=subgroups,
        apart=apart_words(roster, subgroups, district.settings.timezone),
        subgroups=shown_subgroups(settings, district.district_id),
    )


def headline_of(feeds: list[FeedToday]) -> tuple[str, Tone]:
    """Whether all is well, in one sentence; the gravest comes first."""
    came = [feed.last for feed in feeds if feed.last]
    tones = {upload.tone for upload in came}
    late = [feed for feed in feeds if feed.late_nights]
    # A roster that we fetch is no upload.
    upload = "Your roster" if all(feed.is_fetched for feed in feeds) else "An upload"
    graver: list[tuple[bool, str, Tone]] = [
        (not came, "Nothing has arrived yet.", "wait"),
        ("stop" in tones, f"{upload} could not be used.", "stop"),
        (bool(late) and all(feed.is_fetched for feed in late), "Your roster could not be fetched.", "look"),
        (bool(late), "An expected upload did not come.", "look"),
        (any(upload.short == ON_HOLD for upload in came), f"{upload} is on hold: a person looks at it.", "look"),
        ("wait" in tones, f"{upload} is waiting to be checked.", "wait"),
        (len(came) < len(feeds), "One of your files has not come yet.", "look"),
        (
            any(upload.short.startswith(ACCEPTED_ONLY) for upload in came),
            "Your files are accepted. The next run publishes them.",
            "good",
        ),
        ("look" in tones, "Your data is in use, but some rows were left out.", "look"),
    ]
    return next(((words, tone) for is_so, words, tone in graver if is_so), ("Everything is fine.", "good"))


def steps_of(feeds: list[FeedToday]) -> list[Step]:
    """What to do next, the most urgent first; for nothing to do it says so."""
    steps = [step for feed in feeds for step in _steps_of(feed)]
    return steps or [Step("You do not have to do anything. Thank you!")]


def _steps_of(feed: FeedToday) -> list[Step]:
    name, upload = _mid_sentence(feed.feed_words), feed.last
    if feed.is_fetched:
        return _steps_of_fetched(feed)
    if upload is None:
        return [Step(f"Upload your {name}.", "guide", "How to upload")]
    report = f"deliveries/{upload.delivery_id}"
    steps = []
    if upload.tone == "stop":
        steps.append(
            Step(f"Fix what the error report of your {name} says, then upload the file again.", report, "Read the report")
        )
    elif upload.short == ON_HOLD:
        steps.append(Step(f"Read why your {name} is on hold. If the data is wrong, send a corrected file.", report, "Read why"))
    elif upload.tone == "look":
        steps.append(Step(f"Some rows of your {name} were left out. The report says how to fix them.", report, "Read the report"))
    if feed.late_nights:
        steps.append(Step(f"Upload your {name}: {late_words(feed.late_nights)}.", "guide", "How to upload"))
    return steps


def _steps_of_fetched(feed: FeedToday) -> list[Step]:
    """The same of a roster that we fetch: it is put right in the district's own system, and nothing is uploaded."""
    upload = feed.last
    if upload is None or feed.late_nights:
        nights = f" for {feed.late_nights} nights" if feed.late_nights > 1 else ""
        said = f"We could not fetch your roster{nights}." if feed.late_nights else "We fetch your roster in the next nightly run."
        return [Step(said, "roster", "Test the connection")]
    report = f"deliveries/{upload.delivery_id}"
    if upload.tone == "stop":
        said = "Fix what the error report of your roster says in your own system. We fetch it again in the next night."
        return [Step(said, report, "Read the report")]
    if upload.short == ON_HOLD:
        return [Step("Read why your roster is on hold. If it is wrong, correct it in your own system.", report, "Read why")]
    if upload.tone == "look":
        return [Step("Some rows of your roster were left out. The report says how to fix them.", report, "Read the report")]
    return []


def late_words(nights: int) -> str:
    """How late a feed is: `it was expected last night and did not come`."""
    return "it was expected last night and did not come" if nights == 1 else f"nothing has come for {nights} nights"


def apart_words(roster: datetime | None, subgroups: datetime | None, zone: str) -> str | None:
    """How far the two uploads that the reports show lie apart, by days of the district; None for one day or one file."""
    if roster is None or subgroups is None:
        return None
    days = (roster.astimezone(ZoneInfo(zone)).date() - subgroups.astimezone(ZoneInfo(zone)).date()).days
    if not days:
        return None
    older, newer = ("subgroup file", "roster") if days > 0 else ("roster", "subgroup file")
    return f"The {older} is {abs(days)} {'day' if abs(days) == 1 else 'days'} older than the {newer}."


def next_due(district: RegisteredDistrict, now: datetime) -> datetime | None:
    """When the next upload is expected; None where the district has no hour for it."""
    if not district.settings.schedule:
        return None
    hour, minute = map(int, district.settings.schedule.split(":"))
    local = now.astimezone(ZoneInfo(district.settings.timezone))
    due = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (due if due > local else due + timedelta(days=1)).astimezone(UTC)


def _newest(registry: Registry, district_id: str) -> dict[str, Upload]:
    """The newest upload of each feed, also one that is still arriving."""
    with registry.begin() as session:
        found = {}
        for feed in FEEDS:
            query = sa.select(Delivery).filter_by(district_id=district_id, feed=feed)
            newest = session.scalar(query.order_by(Delivery.received_at.desc(), Delivery.delivery_id.desc()).limit(1))
            if newest is not None:
                found[str(feed)] = as_upload(newest)
        return found


def _mid_sentence(words: str) -> str:
    return words[0].lower() + words[1:]
