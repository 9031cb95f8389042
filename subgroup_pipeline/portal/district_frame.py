"""What every page of a district begins with: the district of the address, as the frame needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import UnknownDistrictError

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.portal.page import Visit


def district_of(visit: Visit) -> RegisteredDistrict:
    """The district in the address. Raises HTTPException (404) for one that is not registered."""
    try:
        return registered_district(visit.registry, visit.district_id)
    except UnknownDistrictError as error:
        raise HTTPException(404) from error


def district_page(visit: Visit, template: str, district: RegisteredDistrict, **values: Any) -> Response:  # noqa: ANN401 - a template's values
    """A page in the frame of its district; times in it are of the district's zone."""
    named = {
        "district_id": district.district_id,
        "name": district.settings.name,
        "uploads": bool(district.settings.uploaded_feeds),
        "fetches_roster": district.settings.roster.is_fetched,
    }
    return visit.page(template, district=named, zone=district.settings.timezone, **values)
