"""How the counts of an entity went from month to month: one row per month that anything was built in, and value of a subgroup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import Counted

if TYPE_CHECKING:
    from datetime import date

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows

_SHARE = "if(total_students > 0, student_count / total_students, null)"
TREND_COUNTED = ", ".join(
    f"{_SHARE} as student_share" if field.name == "student_share" else f"reported.{field.name}" for field in fields(Counted)
)
"""The columns of `Counted` as SQL over `rpt_trend_subgroup as reported`, which has no share of its own."""


@dataclass(frozen=True, kw_only=True)
class TrendRow(Counted):
    """One value in one month; `value_label` is the value itself where the settings no longer have it."""

    month: date
    school_year: str | None
    term: str | None
    value_label: str


_STEPS: dict[str, Callable[[TrendRow], tuple[object, ...]]] = {
    "": lambda row: (row.month,),
    "term": lambda row: (row.school_year, row.term),
    "year": lambda row: (row.school_year,),
}
"""What has one point each, by its name in the address, as the month's rows say it."""


@dataclass(frozen=True)
class Month:
    """A month that an entity was counted in."""

    month: date
    school_year: str | None


def trend_of(shown: ShownRows, entity: Entity, subgroup: str) -> list[TrendRow]:
    """Every month of a subgroup, oldest first; values in the order of the settings.

    A snapshot of a contract before 2.2.0 has no terms: the column is added to it, empty.
    """
    query = f"""
        select {TREND_COUNTED}, month, school_year, term, coalesce(described.value_label, reported.value) as value_label
        from (from marts.rpt_trend_subgroup union all by name select null::varchar as term where false) as reported
        left join marts.dim_subgroup as described using (subgroup, value)
        where level = '{entity.level}' and {entity.where} and reported.subgroup = $subgroup
        order by month, described.display_order nulls last, reported.value
    """
    return shown.kept(TrendRow, query, **entity.keys, subgroup=subgroup)


def last_of_each(rows: list[TrendRow], step: str) -> list[TrendRow]:
    """The rows of the last month of each `term` or school `year`, as `trend_of` orders them; without a step all of them.

    A month without a term is no point where terms are.
    """
    if step == "term":
        rows = [row for row in rows if row.term]
    step_of = _STEPS.get(step, _STEPS[""])
    last = {step_of(row): row.month for row in rows}
    return [row for row in rows if last[step_of(row)] == row.month]


def months_of(shown: ShownRows, entity: Entity) -> list[Month]:
    """The months that an entity was counted in, newest first."""
    query = f"""
        select distinct month, school_year from marts.rpt_trend_subgroup as reported
        where level = '{entity.level}' and {entity.where} order by month desc
    """
    return shown.kept(Month, query, **entity.keys)
