"""What a build changed in a district: how many students went from one value of a subgroup to another, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.shown_rows import open_shown
from subgroup_pipeline.errors import PublishError

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.settings import Settings


_MOST_BUILDS = 60
"""How many builds a reader can choose from."""


@dataclass(frozen=True)
class _Build:
    effective_at: datetime


@dataclass(frozen=True)
class Change:
    """Students who went one way at one build: a row of `rpt_subgroup_change`, with what `dim_subgroup` says of it (UTC)."""

    effective_at: datetime
    subgroup: str
    from_value: str | None
    to_value: str | None
    student_count: int
    subgroup_label: str
    from_label: str | None
    to_label: str | None
    from_is_member: bool | None
    to_is_member: bool | None

    @property
    def way(self) -> str:
        """What happened, for example `entered English learner: from No to Yes`."""
        if self.subgroup == EVERYONE:
            return "joined the district" if self.from_value is None else "left the district"
        verb = "changed in"
        if bool(self.to_is_member) != bool(self.from_is_member):
            verb = "entered" if self.to_is_member else "left"
        return f"{verb} {self.subgroup_label}: from {self.from_label} to {self.to_label}"

    @property
    def in_words(self) -> str:
        """The same with who it happened to, for example `12 students entered English learner: from No to Yes`."""
        return f"{'1 student' if self.student_count == 1 else f'{self.student_count:,} students'} {self.way}"


def changed_at(shown: ShownRows) -> list[datetime]:
    """The times of the newest builds that changed anything, newest first (UTC); the first build of all is none of them."""
    query = f"""
        select distinct effective_at from marts.rpt_subgroup_change
        where effective_at > (select min(effective_at) from marts.rpt_subgroup_change)
        order by effective_at desc limit {_MOST_BUILDS}
    """
    return [build.effective_at for build in shown.counts(_Build, query)]


def changes_at(shown: ShownRows, effective_at: datetime) -> list[Change]:
    """The steps of one build, the largest first. Who joined or left did so in every subgroup, which is said once."""
    query = f"""
        select
            effective_at, step.subgroup, from_value, to_value, student_count,
            coalesce(described.subgroup_label, before.subgroup_label, step.subgroup) as subgroup_label,
            coalesce(before.value_label, from_value) as from_label, coalesce(described.value_label, to_value) as to_label,
            before.is_member as from_is_member, described.is_member as to_is_member
        from marts.rpt_subgroup_change as step
        left join marts.dim_subgroup as described on described.subgroup = step.subgroup and described.value = to_value
        left join marts.dim_subgroup as before on before.subgroup = step.subgroup and before.value = from_value
        where
            effective_at = $effective_at
            and (step.subgroup = '{EVERYONE}' or (from_value is not null and to_value is not null))
        order by student_count desc, step.subgroup, from_value, to_value
    """
    return shown.counts(Change, query, effective_at=effective_at)


def newest_changes(settings: Settings, district_id: str) -> list[Change]:
    """What the newest build that readers see changed; none where the first build is the newest, or nothing can be read."""
    try:
        with open_shown(settings, district_id) as shown:
            builds = changed_at(shown) if shown else []
            return changes_at(shown, builds[0]) if shown and builds else []
    except PublishError:
        return []
