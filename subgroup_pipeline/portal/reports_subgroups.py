"""The first view of a report: each subgroup and value of an entity, now or in a month that is past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.subgroup_table import SubgroupRow, list_subgroups, subgroup_table, subgroups_in_month
from subgroup_pipeline.desk.dashboard.trend import months_of
from subgroup_pipeline.portal.reports_content import SORTS, Content, own_part

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.portal.reports_address import Asked


def subgroups_view(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """Every subgroup and value, all students first."""
    months = months_of(shown, entity)
    past = next((one.month for one in months[1:] if one.month.isoformat() == asked.month), None)
    found = subgroups_in_month(shown, entity, past) if past else subgroup_table(shown, entity)
    rows = [row for row in found if row.subgroup == EVERYONE or _is_wanted(row, asked)]
    if asked.sort == "name":
        rows[1:] = sorted(rows[1:], key=lambda row: row.words.lower())
    elif asked.sort in SORTS:
        rows[1:] = sorted(rows[1:], key=SORTS[asked.sort])
    values = {
        "rows": rows,
        "subgroups": list_subgroups(shown),
        "months": months,
        "past": past,
        "bands": next((list(row.student_count_in) for row in rows if row.student_count_in), []),
        "has_scores": any(row.scored_students for row in rows),
        "widest": max((abs(row.score_gap_pct or 0) for row in rows), default=0),
    }
    return Content([Part("rpt_trend_subgroup", rows) if past else own_part(entity, rows)], values)


def _is_wanted(row: SubgroupRow, asked: Asked) -> bool:
    return (not asked.subgroup or row.subgroup in asked.subgroup) and (asked.values != "members" or bool(row.is_member))
