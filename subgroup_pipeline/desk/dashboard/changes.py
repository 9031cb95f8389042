"""What the newest change of a district's data changed: how many students went from one value to another, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE

if TYPE_CHECKING:
    from datetime import datetime

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


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
    def in_words(self) -> str:
        """A sentence, for example `12 students entered English learner: from No to Yes`, with its full stop."""
        count = "1 student" if self.student_count == 1 else f"{self.student_count:,} students"
        if self.subgroup == EVERYONE:
            return f"{count} joined." if self.from_value is None else f"{count} left the district."
        way = f"from {self.from_label} to {self.to_label}"
        if self.to_is_member and not self.from_is_member:
            return f"{count} entered {self.subgroup_label}: {way}."
        if self.from_is_member and not self.to_is_member:
            return f"{count} left {self.subgroup_label}: {way}."
        return f"{count} changed in {self.subgroup_label}: {way}."


def newest_changes(shown: ShownRows) -> list[Change]:
    """The steps of the newest build that changed anything, the largest first; none where the first build is the newest.

    Who joined or left did so in every subgroup, which is said once.
    """
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
            effective_at = (
                select max(effective_at) from marts.rpt_subgroup_change having max(effective_at) > min(effective_at)
            )
            and (step.subgroup = '{EVERYONE}' or (from_value is not null and to_value is not null))
        order by student_count desc, step.subgroup, from_value, to_value
    """
    return shown.counts(Change, query)
