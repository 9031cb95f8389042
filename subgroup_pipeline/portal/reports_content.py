"""What a view of a report found: the rows that are on screen, which are also those of its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.dashboard.download import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from subgroup_pipeline.desk.dashboard.counted import Counted
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.subgroup_table import SubgroupRow


@dataclass(frozen=True)
class Content:
    """Its rows by report, and other values for its template."""

    parts: Sequence[Part]
    values: dict[str, Any]


SORTS: dict[str, Callable[[Counted], Any]] = {
    "students": lambda row: -row.student_count,
    "share": lambda row: -(row.student_share or 0),
    "mean": lambda row: (row.mean_score_pct is None, -(row.mean_score_pct or 0)),
    "gap": lambda row: (row.score_gap_pct is None, row.score_gap_pct or 0),
}
"""Orders of rows by what an address calls them; numbers begin with the largest, gaps with the furthest below."""


def own_part(entity: Entity, rows: Sequence[SubgroupRow]) -> Part:
    """The rows of the entity itself."""
    return Part(f"rpt_{entity.level}_subgroup", rows)
