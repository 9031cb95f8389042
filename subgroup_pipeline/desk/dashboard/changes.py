"""What builds changed in a district: how many students went from one value of a subgroup to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.shown_rows import open_shown
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.subgroup_changes import CHANGES_AT, NEWEST_CHANGES, Change

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.settings import Settings


_MOST_BUILDS = 60
"""How many builds a reader can choose from."""


@dataclass(frozen=True)
class _Build:
    effective_at: datetime


def changed_at(shown: ShownRows) -> list[datetime]:
    """The times of the newest builds that changed anything, newest first (UTC); the first build of all is none of them."""
    query = f"""
        select distinct effective_at from marts.rpt_subgroup_change
        where effective_at > (select min(effective_at) from marts.rpt_subgroup_change)
        order by effective_at desc limit {_MOST_BUILDS}
    """
    return [build.effective_at for build in shown.kept(_Build, query)]


def changes_at(shown: ShownRows, effective_at: datetime) -> list[Change]:
    """The steps of one build, the largest first. Who joined or left did so in every subgroup, which is said once."""
    return shown.kept(Change, CHANGES_AT, effective_at=effective_at)


def newest_changes(settings: Settings, district_id: str) -> list[Change]:
    """What the newest build that readers see changed; none where the first build is the newest, or nothing can be read."""
    try:
        with open_shown(settings, district_id) as shown:
            return shown.kept(Change, NEWEST_CHANGES) if shown else []
    except PublishError:
        return []
