"""The view of two subgroups together: a table of the values of one by the values of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.pairs import list_pairs, pair_table
from subgroup_pipeline.desk.dashboard.subgroup_table import list_subgroups
from subgroup_pipeline.portal.reports_content import Content

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.portal.reports_address import Asked


def pairs_view(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """The pair that is asked for, else the first one with its first subgroup, else the first of all."""
    pairs = list_pairs(shown, entity)
    with_first = [pair for pair in pairs if pair.subgroup == asked.of] or pairs
    chosen = next((pair for pair in with_first if pair.with_subgroup == asked.beside), with_first[0] if with_first else None)
    rows = pair_table(shown, entity, chosen) if chosen else []
    labels = {one.subgroup: one.subgroup_label for one in list_subgroups(shown)}
    values = {
        "chosen": chosen,
        "labels": labels,
        "firsts": list(dict.fromkeys(pair.subgroup for pair in pairs)),
        "seconds": [pair.with_subgroup for pair in with_first if chosen and pair.subgroup == chosen.subgroup],
        "columns": list(dict.fromkeys(row.with_value_label for row in rows)),
        "lines": [
            (label, [row for row in rows if row.value_label == label]) for label in dict.fromkeys(row.value_label for row in rows)
        ],
        "largest": max((row.student_count for row in rows), default=0) or 1,
        "has_scores": any(row.scored_students for row in rows),
    }
    return Content([Part(f"rpt_{entity.level}_subgroup_pair", rows)], values)
