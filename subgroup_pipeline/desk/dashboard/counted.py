"""What every report says of a value of a subgroup: how many students have it, and of how many."""

from __future__ import annotations

from dataclasses import dataclass, fields

EVERYONE = "all_students"
"""The subgroup that each student is in."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The columns that `rpt_district_subgroup`, `rpt_school_subgroup` and `rpt_course_subgroup` share.

    Shares are from 0 to 1, means in percent, gaps in points between them.
    """

    subgroup: str
    value: str
    student_count: int
    total_students: int
    student_share: float | None
    scored_students: int
    mean_score_pct: float | None
    score_gap_pct: float | None

    @property
    def group(self) -> tuple[str, str]:
        """The subgroup and the value, by which rows of several tables belong together."""
        return self.subgroup, self.value


COUNTED = ", ".join(f"reported.{field.name}" for field in fields(Counted))
"""The same columns as SQL over `reported`."""
