"""The first table of every report: each subgroup and value of an entity, counted and compared with everyone else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows

EVERYONE = "all_students"


@dataclass(frozen=True)
class SubgroupRow:
    """One value of one subgroup, by the columns of `rpt_<level>_subgroup` and `dim_subgroup`. Shares are between 0 and 1."""

    subgroup: str
    value: str
    subgroup_label: str
    value_label: str
    is_member: bool | None
    student_count: int
    total_students: int
    student_share: float | None


@dataclass(frozen=True)
class ShownSubgroup:
    """A subgroup that students of the district can have, to choose from."""

    subgroup: str
    subgroup_label: str


def subgroup_table(shown: ShownRows, entity: Entity) -> list[SubgroupRow]:
    """Every value that somebody in the entity has, all students first, then in the order of the settings."""
    query = f"""
        select
            reported.subgroup, reported.value, described.subgroup_label, described.value_label, described.is_member,
            reported.student_count, reported.total_students, reported.student_share
        from marts.rpt_{entity.level}_subgroup as reported
        inner join marts.dim_subgroup as described using (subgroup, value)
        where {entity.where}
        order by reported.subgroup <> '{EVERYONE}', described.display_order
    """
    return shown.rows(SubgroupRow, query, **entity.keys)


def list_subgroups(shown: ShownRows) -> list[ShownSubgroup]:
    """The subgroups of the district in the order of its settings, without all students."""
    query = f"""
        select subgroup, any_value(subgroup_label) as subgroup_label from marts.dim_subgroup
        where subgroup <> '{EVERYONE}' group by subgroup order by min(display_order)
    """
    return shown.rows(ShownSubgroup, query)
