"""Addresses of reports: what stands behind the `?` of one, and the way to a school, a course or another view."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from subgroup_pipeline.desk.dashboard.entity import Entity


@dataclass(frozen=True)
class Asked:
    """What a reader chose. An empty text is what is shown when nothing is chosen, and does not stand in an address.

    `subgroup` names those to be shown, none for all; `of` and `value` name one value of one. What a view does not know is
    passed over by it.
    """

    view: str = ""
    subgroup: tuple[str, ...] = ()
    values: str = ""
    of: str = ""
    value: str = ""
    beside: str = ""
    measure: str = ""
    year: str = ""
    step: str = ""
    month: str = ""
    at: str = ""
    sort: str = ""

    @classmethod
    def read(cls, query: QueryParams) -> Self:
        """What an address asks for."""
        texts = {each.name: query.get(each.name, "") for each in fields(cls) if each.name != "subgroup"}
        return cls(subgroup=tuple(query.getlist("subgroup")), **texts)

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - fields of this class, or `format`
        """The part of an address behind the path with some choices changed, for example `?view=trend`; may be empty."""
        return query_of(self, **changes)


@dataclass(frozen=True)
class AskedStudents:
    """Which students a reader chose. No `value` is that of the subgroup's members, no `subgroup` is all students."""

    subgroup: str = ""
    value: str = ""
    school: str = ""
    course: str = ""
    membership: str = ""
    sort: str = ""
    page: str = ""

    @classmethod
    def read(cls, query: QueryParams) -> Self:
        """What an address asks for."""
        return cls(**{each.name: query.get(each.name, "") for each in fields(cls)})

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - fields of this class, or `format`
        """The part of an address behind the path with some choices changed. Whatever is changed begins at the first page."""
        return query_of(self, **({"page": ""} | changes))


def query_of(chosen: Asked | AskedStudents, **changes: Any) -> str:  # noqa: ANN401 - fields of what was chosen, or `format`
    """What was chosen as the part of an address behind the path, some of it changed; may be empty."""
    form = changes.pop("format", "")
    pairs = vars(chosen) | changes | {"format": form}
    text = urlencode({name: value for name, value in pairs.items() if value}, doseq=True)
    return f"?{text}" if text else ""


def path_of(district_id: str, *steps: str) -> str:
    """The address of a page of the reports; each step is encoded, so an ID may hold any character."""
    return "/".join([f"/d/{quote(district_id)}/reports", *(quote(step, safe="") for step in steps)])


def school_path(entity: Entity, school_id: str) -> str:
    """The address of a school's report."""
    return path_of(entity.district_id, "schools", school_id)


def part_path(entity: Entity, part_id: str) -> str:
    """The address of the report of a part of an entity: a school of a district, a course at a school."""
    if entity.school_id is None:
        return school_path(entity, part_id)
    return path_of(entity.district_id, "schools", entity.school_id, "courses", part_id)


def students_path(entity: Entity, subgroup: str = "", value: str = "") -> str:
    """The address of the list of an entity's students who have a value of a subgroup; without one, of all of them."""
    of = AskedStudents(subgroup, value, entity.school_id or "", entity.course_id or "")
    return path_of(entity.district_id, "students") + of.query()


def student_path(district_id: str, student_id: str) -> str:
    """The address of a student's page."""
    return path_of(district_id, "students", student_id)
