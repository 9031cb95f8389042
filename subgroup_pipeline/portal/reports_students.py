"""`/d/<id>/reports/students`: the students of a group, by page or as a file, and the search for one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need, schools_seen
from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import find_entity, list_schools
from subgroup_pipeline.desk.dashboard.students import (
    PAGE,
    SORTS,
    Sought,
    count_students,
    find_students,
    list_groups,
    list_students,
)
from subgroup_pipeline.desk.student_views import record_listed
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.reports_address import AskedStudents, path_of, student_path
from subgroup_pipeline.portal.reports_frame import crumbs_to, form_asked, report_page, shown_of
from subgroup_pipeline.portal.staff_districts import page_number

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.desk.dashboard.students import Group, StudentRow
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.portal.reports_frame import Crumb

LONGEST_SOUGHT = 100
"""Characters of a name or number that are looked for."""


def of_group(visit: Visit) -> Response:
    """The list that the address asks for. Raises HTTPException (404) for what is not there, or not the reader's."""
    return _list(visit, district_of(visit), sought_text="")


def search(visit: Visit) -> Response:
    """Students whose number or name begins with what was sent, which is in no address, no log and no audit event."""
    return _list(visit, district_of(visit), sought_text=visit.given("sought").strip()[:LONGEST_SOUGHT])


def _list(visit: Visit, district: RegisteredDistrict, sought_text: str) -> Response:
    asked, own = AskedStudents.read(visit.request.query_params), schools_seen(visit.person)
    if own is not None and len(own) == 1 and not asked.school and not sought_text:
        return visit.go(path_of(district.district_id, "students") + asked.query(school=next(iter(own))))
    with shown_of(visit, district) as shown:
        if shown is None:
            return district_page(visit, "reports_none.html", district)
        groups = list_groups(shown)
        entity, group = _entity(shown, asked, own), _group(groups, asked)
        if entity is None or group is None:
            raise HTTPException(404)
        sought = Sought(group, entity.school_id, entity.course_id, own)
        sort = asked.sort if asked.sort in SORTS else "name"
        found = count_students(shown, sought)
        pages = max(1, -(-found // PAGE))
        page = min(page_number(visit), pages)
        form = form_asked(visit)
        if sought_text:
            rows = find_students(shown, sought_text, own)
        else:
            rows = list_students(shown, sought, sort, None if form else page)
        _record(visit, shown, asked, rows, is_search=bool(sought_text))
        return report_page(
            visit, "reports_students.html", district, shown, entity, [Part("fct_student_subgroup", rows)], about="students",
            asked=asked, heading=f"Students: {group.words}", crumbs=_crumbs(visit, entity), group=group, groups=groups,
            rows=rows, found=found, page=page, pages=pages, sort=sort, sought_text=sought_text,
            schools=list_schools(shown, own), student_path=student_path, most=PAGE,
        )  # fmt: skip


def _entity(shown: ShownRows, asked: AskedStudents, own: frozenset[str] | None) -> Entity | None:
    """The district, school or course whose students are wanted; None for one that is not published, or not the reader's."""
    if (asked.course and not asked.school) or (own is not None and asked.school and asked.school not in own):
        return None
    return find_entity(shown, asked.school or None, asked.course or None)


def _group(groups: list[Group], asked: AskedStudents) -> Group | None:
    """The group that is asked for; without a value the members of the subgroup. None for one that is not listed by student."""
    wanted = [group for group in groups if group.subgroup == (asked.subgroup or EVERYONE)]
    if asked.value:
        return next((group for group in wanted if group.value == asked.value), None)
    return next((group for group in wanted if group.is_member), next(iter(wanted), None))


def _crumbs(visit: Visit, entity: Entity) -> list[Crumb]:
    """The way to a list of an entity's students: over the entity's own report."""
    steps = [("schools", entity.school_id), ("courses", entity.course_id)]
    path = path_of(entity.district_id, *(text for name, step in steps if step is not None for text in (name, step)))
    return [*crumbs_to(visit, entity), (path, entity.name)]


def _record(visit: Visit, shown: ShownRows, asked: AskedStudents, rows: list[StudentRow], *, is_search: bool) -> None:
    of = (
        {}
        if is_search
        else {name: getattr(asked, name) for name in ("subgroup", "value", "school", "course", "membership", "page")}
    )
    record_listed(
        visit.registry, actor=visit.who, district_id=visit.district_id, students=len(rows), snapshot=shown.snapshot,
        by="search" if is_search else "list", format=form_asked(visit), **of,
    )  # fmt: skip


PAGES = [Page("/d/{district_id}/reports/students", Need.STUDENTS, get=of_group, post=search)]
