"""Two subgroups together: how many students of an entity have a value of one and a value of the other, and their mean score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


@dataclass(frozen=True)
class PairRow:
    """A pair of values: columns of `rpt_district_subgroup_pair` and `rpt_school_subgroup_pair`, with the labels of both."""

    subgroup: str
    value: str
    with_subgroup: str
    with_value: str
    student_count: int
    scored_students: int
    mean_score_pct: float | None
    value_label: str
    with_value_label: str


@dataclass(frozen=True)
class CountedPair:
    """Two subgroups that are counted together."""

    subgroup: str
    with_subgroup: str


def list_pairs(shown: ShownRows, entity: Entity) -> list[CountedPair]:
    """The pairs that are counted, in the order of the settings; each stands in both orders."""
    query = f"""
        with ordered as (select subgroup, min(display_order) as place from marts.dim_subgroup group by subgroup)
        select distinct pair.subgroup, pair.with_subgroup, one.place, other.place as with_place
        from marts.rpt_{entity.level}_subgroup_pair as pair
        inner join ordered as one on pair.subgroup = one.subgroup
        inner join ordered as other on pair.with_subgroup = other.subgroup
        order by one.place, other.place
    """
    return shown.kept(CountedPair, f"select subgroup, with_subgroup from ({query})")


def pair_table(shown: ShownRows, entity: Entity, pair: CountedPair) -> list[PairRow]:
    """Every value of the first by every value of the second that somebody here has; a pair that nobody has counts 0."""
    query = f"""
        with counted as (
            select * from marts.rpt_{entity.level}_subgroup_pair as reported
            where {entity.where} and subgroup = $subgroup and with_subgroup = $with_subgroup
        ), wanted as (
            select $subgroup as subgroup, value, $with_subgroup as with_subgroup, with_value
            from (select distinct value from counted) cross join (select distinct with_value from counted)
        )
        select
            subgroup, value, with_subgroup, with_value, coalesce(student_count, 0) as student_count,
            coalesce(scored_students, 0) as scored_students, mean_score_pct, one.value_label,
            other.value_label as with_value_label
        from wanted
        left join counted using (subgroup, value, with_subgroup, with_value)
        inner join marts.dim_subgroup as one using (subgroup, value)
        inner join marts.dim_subgroup as other on other.subgroup = with_subgroup and other.value = with_value
        order by one.display_order, other.display_order
    """
    values = {"subgroup": pair.subgroup, "with_subgroup": pair.with_subgroup}
    return shown.kept(PairRow, query, **entity.keys, **values)
