"""Uploads of a district: the list of them, and each with its error report, to read and to take along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.dashboard.changes import newest_changes
from subgroup_pipeline.desk.shown_marts import shown_manifest
from subgroup_pipeline.desk.uploads import as_upload, decisions_on, find_delivery, list_uploads
from subgroup_pipeline.landing.listed import is_listed
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.shield import DOCUMENT_POLICY
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.forms import FORMS
from subgroup_pipeline.reports.html_page import as_sections

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.reports.report import Report

_TYPES = {
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def uploads(visit: Visit) -> Response:
    """What arrived when, and what became of it."""
    district = district_of(visit)
    asked = visit.asked("page", "1")
    shown = list_uploads(visit.registry, district.district_id, int(asked) if asked.isdecimal() and len(asked) < 9 else 1)
    return district_page(visit, "district_uploads.html", district, shown=shown)


def upload(visit: Visit) -> Response:
    """One upload: its error report in the frame of the portal, and what a person decided."""
    district = district_of(visit)
    delivery = _delivery(visit, district)
    report = _read_report(visit, district, delivery, "page")
    return district_page(
        visit,
        "district_upload.html",
        district,
        upload=as_upload(delivery),
        fetched=is_listed(delivery),
        decisions=decisions_on(visit.registry, delivery.delivery_id),
        sections=Markup(as_sections(report)),  # noqa: S704 - a template that escapes every value made it
    )


def download(visit: Visit) -> Response:
    """The error report as a file."""
    form = visit.path("form")
    if form not in FORMS:
        raise HTTPException(404)
    district = district_of(visit)
    delivery = _delivery(visit, district)
    content = FORMS[form](_read_report(visit, district, delivery, form))
    name = f"{district.district_id}_{delivery.feed}_{delivery.delivery_id}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "content-security-policy": DOCUMENT_POLICY}
    return Response(content, media_type=_TYPES[form], headers=headers)


def _delivery(visit: Visit, district: RegisteredDistrict) -> Delivery:
    """The delivery in the address. Raises HTTPException (404) for one of another district, as for none."""
    delivery = find_delivery(visit.registry, district.district_id, visit.path("delivery_id"))
    if delivery is None:
        raise HTTPException(404)
    return delivery


def _read_report(visit: Visit, district: RegisteredDistrict, delivery: Delivery, form: str) -> Report:
    """The report, which names students by their IDs: who looks at it is noted."""
    districts, shown = {district.district_id: district}, shown_manifest(visit.settings)
    changes = {district.district_id: newest_changes(visit.settings, district.district_id)}
    (report,) = build_reports(visit.registry, visit.settings, districts, [delivery], manifest=shown, changes=changes)
    visit.registry.audit(
        "report.read",
        actor=visit.who,
        district_id=district.district_id,
        delivery_id=delivery.delivery_id,
        detail={"form": form},
    )
    return report


_AT = "/d/{district_id}/deliveries"
PAGES = [
    Page(_AT, Need.DELIVERIES, get=uploads),
    Page(_AT + "/{delivery_id}", Need.DELIVERIES, get=upload),
    Page(_AT + "/{delivery_id}/report.{form}", Need.DELIVERIES, get=download),
]
