"""What a proxy in front asks before it lets somebody through to a page that has no sign-in of its own, as Dagster's UI.

nginx asks by `auth_request`, Caddy by `forward_auth`. Both pass the visitor's cookies on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from subgroup_pipeline.access.roles import Need, may
from subgroup_pipeline.portal.page import Page

if TYPE_CHECKING:
    from subgroup_pipeline.portal.page import Visit


def staff(visit: Visit) -> Response:
    """204 for staff who are signed in, 401 for everybody else; both without a body."""
    return Response(status_code=204 if may(visit.person, Need.STAFF) else 401)


PAGES = [Page("/auth/staff", Need.NOTHING, get=staff)]
