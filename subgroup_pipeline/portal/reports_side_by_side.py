"""The view of the schools of a district, or of the courses of a school, beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import Level
from subgroup_pipeline.desk.dashboard.side_by_side import side_by_side
from subgroup_pipeline.desk.dashboard.subgroup_table import subgroup_table
from subgroup_pipeline.portal.reports_content import SORTS, Content, own_part

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.desk.dashboard.side_by_side import PartRow
    from subgroup_pipeline.portal.reports_address import Asked


def side_by_side_view(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """The schools of a district or the courses of a school: all subgroups at once, or one of them against the whole."""
    own = subgroup_table(shown, entity)
    chosen = [row for row in own if row.group == (asked.of, asked.value)]
    groups = chosen or [row for row in own[1:] if row.is_member] or own[:1]
    rows = side_by_side(shown, entity, [row.group for row in groups])
    by_part: dict[tuple[str, str], dict[tuple[str, str], PartRow]] = {}
    for row in rows:
        by_part.setdefault(row.part, {})[row.group] = row
    parts = list(by_part.items())
    if chosen and asked.sort in SORTS:
        parts.sort(key=lambda part: SORTS[asked.sort](part[1][chosen[0].group]))
    level = Level.SCHOOL if entity.level == Level.DISTRICT else Level.COURSE
    return Content(
        [Part(f"rpt_{level}_subgroup", [row for _, found in parts for row in found.values()]), own_part(entity, groups)],
        {
            "groups": groups,
            "chosen": chosen[0] if chosen else None,
            "by_part": parts,
            "has_scores": any(row.scored_students for row in rows),
            "highest": max((row.student_share or 0 for row in (*rows, *chosen) if row.group == groups[0].group), default=1),
        },
    )
