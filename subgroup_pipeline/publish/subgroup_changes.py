"""What a build changed: how many students went from one value of a subgroup to another, read from a snapshot, and in words."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.subgroup_settings import ALL_STUDENTS
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.lake import tables_of
from subgroup_pipeline.publish.manifest import DATABASE
from subgroup_pipeline.publish.reader import open_snapshot

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.settings import Settings

_MART = "rpt_subgroup_change"


@dataclass(frozen=True)
class Change:
    """Students who went one way at one build: a row of `rpt_subgroup_change`, with what `dim_subgroup` says of it (UTC)."""

    district_id: str
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
        if self.subgroup == ALL_STUDENTS:
            return "joined the district" if self.from_value is None else "left the district"
        verb = "changed in"
        if bool(self.to_is_member) != bool(self.from_is_member):
            verb = "entered" if self.to_is_member else "left"
        return f"{verb} {self.subgroup_label}: from {self.from_label} to {self.to_label}"

    @property
    def in_words(self) -> str:
        """The same with who it happened to, for example `12 students entered English learner: from No to Yes`."""
        return f"{'1 student' if self.student_count == 1 else f'{self.student_count:,} students'} {self.way}"


_STEPS = f"""
    select
        step.district_id, effective_at, step.subgroup, from_value, to_value, student_count,
        coalesce(described.subgroup_label, before.subgroup_label, step.subgroup) as subgroup_label,
        coalesce(before.value_label, from_value) as from_label, coalesce(described.value_label, to_value) as to_label,
        before.is_member as from_is_member, described.is_member as to_is_member
    from marts.{_MART} as step
    left join marts.dim_subgroup as described
        on described.district_id = step.district_id and described.subgroup = step.subgroup and described.value = to_value
    left join marts.dim_subgroup as before
        on before.district_id = step.district_id and before.subgroup = step.subgroup and before.value = from_value
    where (step.subgroup = '{ALL_STUDENTS}' or (from_value is not null and to_value is not null))
"""
"""Who joined or left did so in every subgroup, which is said once."""
_LARGEST_FIRST = "order by student_count desc, step.subgroup, from_value, to_value"
CHANGES_AT = f"{_STEPS} and effective_at = $effective_at {_LARGEST_FIRST}"
"""The steps of one build, the largest first."""
NEWEST_CHANGES = f"""{_STEPS} and (step.district_id, effective_at) in (
    select (district_id, max(effective_at)) from marts.{_MART} group by district_id having max(effective_at) > min(effective_at)
) {_LARGEST_FIRST}"""
"""Those of the newest build that changed anything; none where that is the first build of all."""


def published_changes(settings: Settings, snapshot: str) -> dict[str, list[Change]]:
    """What the newest builds in a snapshot changed, by district; nothing where it is of an earlier release or cannot be read."""
    folder = settings.paths.published / snapshot
    found: dict[str, list[Change]] = defaultdict(list)
    names = [field.name for field in fields(Change)]
    if _MART in tables_of(folder):
        with suppress(PublishError), open_snapshot(folder / DATABASE, settings) as connection:
            for row in connection.execute(NEWEST_CHANGES).fetchall():
                change = Change(**dict(zip(names, row, strict=True)))
                found[change.district_id].append(change)
    return found
