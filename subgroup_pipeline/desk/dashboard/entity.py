"""What a report is about: a district, one of its schools, or a course at a school."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


class Level(StrEnum):
    """How much of a district is counted together."""

    DISTRICT = "district"
    SCHOOL = "school"
    COURSE = "course"


@dataclass(frozen=True)
class Entity:
    """One of them, with its students and what it was counted from; the fields are columns of the dimensions.

    Fields of a level below the entity's are None. `student_count` is the entity's own.
    """

    district_id: str
    district_name: str
    school_id: str | None
    school_name: str | None
    course_id: str | None
    course_title: str | None
    student_count: int
    school_year: str | None
    as_of_date: date
    roster_received_at: datetime
    subgroup_received_at: datetime | None
    published_at: datetime

    @property
    def level(self) -> Level:
        """The level that it is of."""
        if self.course_id is not None:
            return Level.COURSE
        return Level.DISTRICT if self.school_id is None else Level.SCHOOL

    @property
    def name(self) -> str:
        """What people call it; its ID where the roster gives no name."""
        if self.course_id is not None:
            return self.course_title or self.course_id
        return self.district_name if self.school_id is None else self.school_name or self.school_id

    @property
    def keys(self) -> dict[str, str]:
        """What its rows have in common, by column, without the district: a connection sees one."""
        keys = {"school_id": self.school_id, "course_id": self.course_id}
        return {column: key for column, key in keys.items() if key is not None}

    @property
    def where(self) -> str:
        """The same as SQL over `reported`, for bound `keys`."""
        return " and ".join(f"reported.{column} = ${column}" for column in self.keys) or "true"


@dataclass(frozen=True)
class School:
    """A school to go on to."""

    school_id: str
    school_name: str | None
    student_count: int

    @property
    def name(self) -> str:
        """Its name; its ID where the roster gives none."""
        return self.school_name or self.school_id


def find_entity(shown: ShownRows, school_id: str | None = None, course_id: str | None = None) -> Entity | None:
    """The district of the rows, or a school or course of it; None for one that is not published."""
    query = """
        select
            district.district_id, district.district_name, school.school_id, school.school_name, course.course_id,
            course.course_title, coalesce(course.student_count, school.student_count, district.student_count) as student_count,
            district.school_year, district.as_of_date, district.roster_received_at, district.subgroup_received_at,
            district.published_at
        from marts.dim_district as district
        left join marts.dim_school as school on school.school_id = $school_id
        left join marts.dim_course as course on course.school_id = $school_id and course.course_id = $course_id
        where ($school_id is null or school.school_id is not null) and ($course_id is null or course.course_id is not null)
    """
    return next(iter(shown.kept(Entity, query, school_id=school_id, course_id=course_id)), None)


def list_schools(shown: ShownRows, among: Collection[str] | None = None) -> list[School]:
    """The schools of the district by name, or those of them that are named."""
    query = """
        select school_id, school_name, student_count from marts.dim_school
        where $among is null or list_contains($among, school_id)
        order by coalesce(school_name, school_id), school_id
    """
    return shown.kept(School, query, among=None if among is None else sorted(among))
