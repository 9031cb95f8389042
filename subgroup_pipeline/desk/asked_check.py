"""The check that a district asked for ("I have uploaded"), as its people see it: how far it is, and what came of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.desk.inbox_now import inbox_now
from subgroup_pipeline.desk.uploads import as_upload
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.intake.fetch import observe_sources
from subgroup_pipeline.intake.sources.source import SourceError
from subgroup_pipeline.registry.asked_checks import ended_at
from subgroup_pipeline.registry.schema import AskedCheck, Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from subgroup_pipeline.desk.inbox_now import InboxFile
    from subgroup_pipeline.desk.uploads import Upload
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SOON = timedelta(minutes=2)
"""Within so long of the files being complete a check begins, where the scheduler runs."""
PATIENCE = timedelta(minutes=10)
"""For so long a check waits for a file that is still changing; then it begins without that file."""

Stage = Literal["none", "arriving", "asked", "overdue", "running", "ended"]


@dataclass(frozen=True)
class CheckSeen:
    """How far a check is. `came` are uploads that arrived since it was asked for, or came again, the newest first."""

    stage: Stage
    asked_at: datetime | None
    asked_by: str
    ended_at: datetime | None
    inbox: list[InboxFile]
    came: list[Upload]

    @property
    def is_open(self) -> bool:
        """Whether it may still change by itself, so that a page looks again."""
        return self.stage not in ("none", "ended")


def see_check(registry: Registry, settings: Settings, district: RegisteredDistrict, now: datetime) -> CheckSeen:
    """The last check that was asked for, and what the server sees."""
    inbox = inbox_now(registry, settings, district)
    with registry.begin() as session:
        asked = session.get(AskedCheck, district.district_id)
        if asked is None:
            return CheckSeen("none", None, "", None, inbox, [])
        ended = ended_at(session, asked, now)
        since = sa.or_(Delivery.received_at >= asked.asked_at, Delivery.seen_again_at >= asked.asked_at)
        query = sa.select(Delivery).where(Delivery.district_id == district.district_id, Delivery.sha256.is_not(None), since)
        came = [as_upload(d) for d in session.scalars(query.order_by(Delivery.received_at.desc()).limit(20))]
    stage = _stage(asked, ended, inbox, now)
    return CheckSeen(stage, asked.asked_at, asked.asked_by, ended, inbox, came)


def checks_ready(registry: Registry, settings: Settings, waiting: Sequence[AskedCheck], now: datetime) -> list[AskedCheck]:
    """Of the checks that wait, those whose uploads have all stood long enough, or that waited long enough for them."""
    districts = {one.district_id: one for one in registered_districts(registry, [asked.district_id for asked in waiting])}
    own = [district for district in districts.values() if district.settings.server]
    # Their files are looked at over SFTP. A server that does not answer has its fault said by the run.
    with suppress(SourceError):
        observe_sources(registry, settings, own)
    inboxes = {district_id: inbox_now(registry, settings, district) for district_id, district in districts.items()}
    return [asked for asked in waiting if begins_at(asked, inboxes[asked.district_id]) <= now]


def begins_at(asked: AskedCheck, inbox: list[InboxFile]) -> datetime:
    """From when on a run may take the uploads: when all of them have stood long enough, or the patience is over."""
    latest = asked.asked_at + PATIENCE
    if any(file.is_unfinished for file in inbox):
        return latest
    return min(latest, max([asked.asked_at, *(file.settles_at for file in inbox)]))


def _stage(asked: AskedCheck, ended: datetime | None, inbox: list[InboxFile], now: datetime) -> Stage:
    if ended is not None:
        return "ended"
    if asked.started_at is not None:
        return "running"
    begins = begins_at(asked, inbox)
    if now < begins:
        return "arriving"
    return "overdue" if now > begins + SOON else "asked"
