"""The first table of every report: each subgroup and value of an entity, counted and compared with everyone else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import COUNTED, EVERYONE, Counted
from subgroup_pipeline.desk.dashboard.trend import TREND_COUNTED

if TYPE_CHECKING:
    from datetime import date

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


@dataclass(frozen=True, kw_only=True)
class SubgroupRow(Counted):
    """One value of one subgroup, with what `dim_subgroup` says of it."""

    subgroup_label: str
    value_label: str
    is_member: bool | None
    student_count_in: dict[str, int] = field(default_factory=dict)
    """Students by performance band, the lowest first, of those who have a score; empty without bands."""

    @property
    def words(self) -> str:
        """What people call it: `English learner: Yes`, and `All students`."""
        return self.subgroup_label if self.subgroup == EVERYONE else f"{self.subgroup_label}: {self.value_label}"


@dataclass(frozen=True)
class ShownSubgroup:
    """A subgroup that students of the district can have, to choose from."""

    subgroup: str
    subgroup_label: str


@dataclass(frozen=True)
class _BandCell:
    subgroup: str
    value: str
    band: str
    student_count: int


_BANDS = """
    select subgroup, value, band, student_count from marts.rpt_{level}_subgroup_band as reported
    where {where} order by band_order
"""


def subgroup_table(shown: ShownRows, entity: Entity) -> list[SubgroupRow]:
    """Every value that somebody in the entity has, all students first, then in the order of the settings."""
    query = f"""
        select {COUNTED}, described.subgroup_label, described.value_label, described.is_member
        from marts.rpt_{entity.level}_subgroup as reported
        inner join marts.dim_subgroup as described using (subgroup, value)
        where {entity.where}
        order by reported.subgroup <> '{EVERYONE}', described.display_order
    """
    bands: dict[tuple[str, str], dict[str, int]] = {}
    for cell in shown.kept(_BandCell, _BANDS.format(level=entity.level, where=entity.where), **entity.keys):
        bands.setdefault((cell.subgroup, cell.value), {})[cell.band] = cell.student_count
    rows = shown.kept(SubgroupRow, query, **entity.keys)
    return [replace(row, student_count_in=bands.get(row.group, {})) for row in rows] if bands else rows


def subgroups_in_month(shown: ShownRows, entity: Entity, month: date) -> list[SubgroupRow]:
    """The same as it was in a month; a value that the settings no longer have is called as it was written."""
    query = f"""
        select
            {TREND_COUNTED}, coalesce(described.subgroup_label, reported.subgroup) as subgroup_label,
            coalesce(described.value_label, reported.value) as value_label, described.is_member
        from marts.rpt_trend_subgroup as reported
        left join marts.dim_subgroup as described using (subgroup, value)
        where level = '{entity.level}' and {entity.where} and month = $month
        order by reported.subgroup <> '{EVERYONE}', described.display_order nulls last, reported.subgroup, reported.value
    """
    return shown.kept(SubgroupRow, query, **entity.keys, month=month)


def list_subgroups(shown: ShownRows) -> list[ShownSubgroup]:
    """The subgroups of the district in the order of its settings, without all students."""
    query = f"""
        select subgroup, any_value(subgroup_label) as subgroup_label from marts.dim_subgroup
        where subgroup <> '{EVERYONE}' group by subgroup order by min(display_order)
    """
    return shown.kept(ShownSubgroup, query)
