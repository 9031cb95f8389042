"""The settings of a district in words, for its people to read; staff change them on pages of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.columns_in_words import shown_columns
from subgroup_pipeline.desk.districts import settings_as_applied
from subgroup_pipeline.desk.roster_server import roster_server
from subgroup_pipeline.desk.settings_in_words import settings_in_words
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict


def settings(visit: Visit) -> Response:
    """Each setting with what it means."""
    district: RegisteredDistrict = district_of(visit)
    return district_page(
        visit,
        "district_settings.html",
        district,
        version=district.version,
        sections=settings_in_words(district.settings),
        server=roster_server(visit.registry, district),
        on_own_server=district.settings.server is not None,
        columns=shown_columns(district.settings.subgroups),
    )


def settings_file(visit: Visit) -> Response:
    """The YAML that is in force, as it was applied."""
    district = district_of(visit)
    text = settings_as_applied(visit.registry, district.district_id)
    headers = {"content-disposition": f'attachment; filename="{district.district_id}.yml"'}
    return Response(text, media_type="application/yaml", headers=headers)


PAGES = [
    Page("/d/{district_id}/settings", Need.DELIVERIES, get=settings),
    Page("/d/{district_id}/settings.yml", Need.DELIVERIES, get=settings_file),
]
