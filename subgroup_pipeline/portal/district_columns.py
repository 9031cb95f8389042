"""“Tell us about a new column”: columns of the newest subgroup file that are not set up, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.columns_in_words import shown_columns
from subgroup_pipeline.desk.new_columns import MEMBER, new_columns, subgroup_choices, tell_column, told_columns
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

_RATE = Rate(tries=30, seconds=120)
"""Each is a mail to our staff."""


def columns(visit: Visit) -> Response:
    """The columns, the forms, and what was told before."""
    return _page(visit)


def tell(visit: Visit) -> Response:
    """Take what was told of one column. What is refused is said beside its form, which keeps what was typed."""
    district = district_of(visit)
    seen = new_columns(visit.registry, visit.settings, district)
    if visit.given("delivery_id") != seen.delivery_id:
        return visit.go(f"/d/{district.district_id}/columns", said="A newer file has come meanwhile. Please look again.")
    number = visit.given("number")
    asked = {str(at): column for at, column in enumerate(seen.columns) if column.is_asked}
    if number not in asked:
        raise HTTPException(404)
    column = asked[number]
    if not visit.of.limits.take("column", district.district_id, _RATE):
        return _page(visit, refused="You told us a lot within an hour. Please go on later.", number=int(number), status=429)
    try:
        tell_column(
            visit.registry,
            visit.settings,
            district,
            column,
            by=visit.who,
            subgroup=visit.given("subgroup"),
            meaning=visit.given("meaning"),
            values={text: visit.given(f"value{at}") or "unsure" for at, (text, _) in enumerate(column.values)},
        )
    except SettingsError as error:
        return _page(visit, refused=str(error), number=int(number), status=400)
    return visit.go(f"/d/{district.district_id}/columns", said=f"Thank you. We know now what {column.name} means.")


def _page(visit: Visit, *, refused: str = "", number: int = -1, status: int = 200) -> Response:
    district = district_of(visit)
    return district_page(
        visit,
        "district_columns.html",
        district,
        status=status,
        seen=new_columns(visit.registry, visit.settings, district),
        told=told_columns(visit.registry, district.district_id),
        columns=shown_columns(district.settings.subgroups),
        choices=subgroup_choices(),
        member=MEMBER,
        refused=refused,
        number=number,
        given=visit.given,
    )


PAGES = [Page("/d/{district_id}/columns", Need.DELIVERIES, get=columns, post=tell)]
