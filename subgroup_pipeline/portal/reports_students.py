"""`/d/<id>/reports/students`: the students of a group, by page or as a file, and the search for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need, schools_seen
from subgroup_pipeline.desk.dashboard.counted import EVERYONE
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import find_entity, list_schools
from subgroup_pipeline.desk.dashboard.groups import list_groups
from subgroup_pipeline.desk.dashboard.membership import Membership, school_year_begin
from subgroup_pipeline.desk.dashboard.students import (
    PAGE,
    SORTS,
    Place,
    Sought,
    find_students,
    list_ids,
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
    from subgroup_pipeline.desk.dashboard.groups import Group
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.desk.dashboard.students import StudentRow
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.portal.reports_frame import Crumb

MEMBERSHIPS = {Membership.DAY: "On the day", Membership.NOW: "Now", Membership.EVER: "Ever this year"}
"""The words of the switch."""
MOST_OFFERED = 150
"""Groups to choose from: more would be too many to look through, and to send."""
LONGEST_SOUGHT = 100
"""Characters of a name or number that are looked for."""


@dataclass(frozen=True)
class _Listing:
    """What an address asks for, found among the published rows, and to whose schools the reader is limited."""

    asked: AskedStudents
    entity: Entity
    groups: list[Group]
    sought: Sought


def of_group(visit: Visit) -> Response:
    """The list that the address asks for. Raises HTTPException (404) for what is not there, or not the reader's."""
    district, own, asked = district_of(visit), schools_seen(visit.person), AskedStudents.read(visit.request.query_params)
    if own is not None and len(own) == 1 and not asked.school:
        return visit.go(path_of(district.district_id, "students") + asked.query(school=next(iter(own))))
    with shown_of(visit, district) as shown:
        if shown is None:
            return district_page(visit, "reports_none.html", district)
        listing = _listing(visit, shown, district)
        sort = asked.sort if asked.sort in SORTS else "name"
        students = list_ids(shown, listing.sought, sort)
        pages = max(1, -(-len(students) // PAGE))
        page = min(page_number(visit), pages)
        on_page = students if form_asked(visit) else students[PAGE * (page - 1) : PAGE * page]
        rows = list_students(shown, listing.sought, on_page, is_page=not form_asked(visit))
        _record(visit, shown, rows, by="list", format=form_asked(visit), page=str(page), **_noted(listing.sought))
        return _answer(visit, shown, district, listing, rows, found=len(students), page=page, pages=pages, sort=sort)


def search(visit: Visit) -> Response:
    """Students whose number or name begins with what was sent, which stands in no address, no log and no audit event."""
    district, text = district_of(visit), visit.given("sought").strip()[:LONGEST_SOUGHT]
    if not text:
        return visit.go(path_of(district.district_id, "students"))
    with shown_of(visit, district) as shown:
        if shown is None:
            return district_page(visit, "reports_none.html", district)
        listing = _listing(visit, shown, district)
        rows = find_students(shown, text, listing.sought)
        _record(visit, shown, rows, by="search")
        return _answer(visit, shown, district, listing, rows, found=len(rows), page=1, pages=1, sort="", sought_text=text)


def _listing(visit: Visit, shown: ShownRows, district: RegisteredDistrict) -> _Listing:
    """Read the address. Raises HTTPException (404) for a group or place that is not there, or not the reader's."""
    asked, own, zone = AskedStudents.read(visit.request.query_params), schools_seen(visit.person), district.settings.timezone
    groups = list_groups(shown)
    entity, group = _entity(shown, asked, own), _group(groups, asked)
    if entity is None or group is None:
        raise HTTPException(404)
    sought = Sought(
        group=group,
        place=Place(entity.school_id, entity.course_id, None if own is None else tuple(sorted(own))),
        membership=next((one for one in Membership if one == asked.membership), Membership.DAY),
        today=datetime.now(ZoneInfo(zone)).date(),
        year_began=school_year_begin(entity.school_year, entity.as_of_date, zone),
    )
    return _Listing(asked, entity, groups, sought)


def _answer(
    visit: Visit,
    shown: ShownRows,
    district: RegisteredDistrict,
    listing: _Listing,
    rows: list[StudentRow],
    *,
    sought_text: str = "",
    **values: object,
) -> Response:
    entity, sought = listing.entity, listing.sought
    mart = "fct_student_subgroup" + ("_history" if sought.membership else "")
    return report_page(
        visit, "reports_students.html", district, shown, entity, [Part(mart, rows)], about="students", asked=listing.asked,
        heading="Students" if sought_text else f"Students: {sought.group.words}", crumbs=_crumbs(visit, entity),
        group=sought.group, groups=_offered(listing), rows=rows, sought=sought,
        schools=list_schools(shown, sought.place.own_schools), memberships=MEMBERSHIPS, student_path=student_path,
        most=PAGE, sought_text=sought_text, **values,
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


def _offered(listing: _Listing) -> list[Group]:
    """The groups to choose from: of an open column, which may have hundreds, the first one until the column is chosen."""
    chosen, seen, offered = listing.sought.group.subgroup, set[str](), []
    for group in listing.groups:
        if group.is_member is not None or group.subgroup not in seen or group.subgroup == chosen:
            offered.append(group)
        seen.add(group.subgroup)
    return offered[:MOST_OFFERED]


def _noted(sought: Sought) -> dict[str, str]:
    """What the audit log says of a list: nothing as it was sent, and no text of an open column."""
    group, place = sought.group, sought.place
    return {
        "subgroup": group.subgroup,
        "value": "" if group.is_member is None else group.value,
        "school": place.school_id or "",
        "course": place.course_id or "",
        "membership": sought.membership.value,
    }


def _record(visit: Visit, shown: ShownRows, rows: list[StudentRow], **asked: str) -> None:
    record_listed(
        visit.registry, actor=visit.who, district_id=visit.district_id, students=len(rows), snapshot=shown.snapshot, **asked
    )


PAGES = [Page("/d/{district_id}/reports/students", Need.STUDENTS, get=of_group, post=search)]
