"""The schools of a district, or the courses of a school, beside each other: one value of a subgroup, or many at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.counted import Counted
from subgroup_pipeline.desk.dashboard.entity import Level

if TYPE_CHECKING:
    from collections.abc import Collection

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


@dataclass(frozen=True, kw_only=True)
class SchoolRow(Counted):
    """One value of a subgroup in one school: columns of `rpt_school_subgroup`."""

    school_id: str
    school_name: str | None

    @property
    def part(self) -> tuple[str, str]:
        """Its ID, and what people call it."""
        return self.school_id, self.school_name or self.school_id


@dataclass(frozen=True, kw_only=True)
class CourseRow(Counted):
    """One value of a subgroup in one course of a school: columns of `rpt_course_subgroup`."""

    course_id: str
    course_title: str | None

    @property
    def part(self) -> tuple[str, str]:
        """Its ID, and what people call it."""
        return self.course_id, self.course_title or self.course_id


PartRow = SchoolRow | CourseRow


def side_by_side(shown: ShownRows, entity: Entity, groups: Collection[tuple[str, str]]) -> list[PartRow]:
    """A row for every part and each of these values of subgroups; parts by name. A value that nobody in a part has counts 0."""
    if entity.level == Level.DISTRICT:
        return _rows(SchoolRow, "school", "school_name", shown, entity, groups)
    return _rows(CourseRow, "course", "course_title", shown, entity, groups)


def _rows(
    kind: type[PartRow], level: str, name: str, shown: ShownRows, entity: Entity, groups: Collection[tuple[str, str]]
) -> list[PartRow]:
    query = f"""
        with wanted as (
            select part.{level}_id, part.{name}, part.student_count as total_students, wanted.subgroup, wanted.value
            from marts.dim_{level} as part
            cross join (select unnest($subgroups::varchar[]) as subgroup, unnest($values::varchar[]) as value) as wanted
            where {entity.where.replace("reported.", "part.")}
        )
        select
            subgroup, value, coalesce(reported.student_count, 0) as student_count, wanted.total_students,
            coalesce(reported.student_share, if(wanted.total_students > 0, 0.0, null)) as student_share,
            coalesce(reported.scored_students, 0) as scored_students, reported.mean_score_pct, reported.score_gap_pct,
            wanted.{level}_id, wanted.{name}
        from wanted
        left join (select * from marts.rpt_{level}_subgroup as reported where {entity.where}) as reported
            using ({level}_id, subgroup, value)
        order by coalesce(wanted.{name}, wanted.{level}_id), wanted.{level}_id
    """
    subgroups, values = [group[0] for group in groups], [group[1] for group in groups]
    return shown.kept(kind, query, **entity.keys, subgroups=subgroups, values=values)
