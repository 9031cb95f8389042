"""How to upload: a guide made from the district's own settings, and a template of its subgroup file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.upload_guide import template_csv, upload_guide
from subgroup_pipeline.desk.upload_texts import upload_texts
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict


def guide(visit: Visit) -> Response:
    """What to send, where and how."""
    district: RegisteredDistrict = district_of(visit)
    made = upload_guide(visit.settings, district)
    return district_page(visit, "district_guide.html", district, guide=made, texts=upload_texts())


def template(visit: Visit) -> Response:
    """The subgroup file's header with one made-up row."""
    district = district_of(visit)
    text = template_csv(district.settings)
    if text is None:
        raise HTTPException(404)
    headers = {"content-disposition": f'attachment; filename="{district.district_id}_subgroups_template.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


PAGES = [
    Page("/d/{district_id}/guide", Need.DELIVERIES, get=guide),
    Page("/d/{district_id}/guide/template.csv", Need.DELIVERIES, get=template),
]
