"""What is released of a district: `/p/<id>` for everybody, and the reports of those who see nothing else.

The noticeboard, a process of its own, makes these pages; the portal decides who may have one and hands on the address, without
a word about who asks. So no page here can show a number that is not released.
"""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response

from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import UnknownDistrictError
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.posted import DOOR, SOCKET

SECONDS = 20
BY_ADDRESS = Rate(tries=120, seconds=0.5)
"""Pages for an address: enough for a school behind one, and too few to keep the portal from everybody else."""
_HANDED_ON = ("content-type", "content-disposition", "cache-control", "etag")


def public_page(visit: Visit) -> Response:
    """A page for everybody. Raises HTTPException: 404 for a district that has none or is not there, 429 for too many pages."""
    if not visit.of.limits.take("public page", visit.place, BY_ADDRESS):
        raise HTTPException(429, "That was very many pages. Wait a minute and go on.")
    try:
        district = registered_district(visit.registry, visit.district_id)
    except UnknownDistrictError as error:
        raise HTTPException(404) from error
    if not district.settings.privacy.public_page:
        raise HTTPException(404)
    shown = released_page(visit, visit.request.scope["path"])
    if shown is None:
        raise HTTPException(404)
    return shown


def released_page(visit: Visit, path: str) -> Response | None:
    """The noticeboard's page at this address, encoded as it is sent, with what the request has behind the `?`.

    None for what is not released. Raises HTTPException (503) while the noticeboard does not answer.
    """
    query = visit.request.scope["query_string"].decode("latin-1")
    seen = visit.request.headers.get("if-none-match", "")
    asked = _AtTheDoor(visit.settings.noticeboard_folder)
    try:
        asked.request("GET", f"{path}?{query}" if query else path, headers={"if-none-match": seen} if seen else {})
        answer = asked.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise HTTPException(503, "The released numbers cannot be shown right now. Try again in a few minutes.") from error
    finally:
        asked.close()
    if answer.status == 404:
        return None
    if answer.status not in (200, 304):
        raise HTTPException(503, "The released numbers cannot be shown right now. Try again in a few minutes.")
    headers = {name: value for name in _HANDED_ON if (value := answer.getheader(name))}
    return Response(body, status_code=answer.status, headers=headers)


class _AtTheDoor(http.client.HTTPConnection):
    """HTTP over the noticeboard's socket."""

    def __init__(self, folder: Path) -> None:
        super().__init__("noticeboard", timeout=SECONDS)
        self._folder = folder

    def connect(self) -> None:
        """Open the socket."""
        self.sock = open_door(self._folder)


def open_door(folder: Path) -> socket.socket:
    """A connection to the noticeboard of a folder. Raises OSError where none answers.

    It goes by way of the directory: the whole path of a socket may be longer than the 107 bytes that there is room for.
    """
    directory = os.open(folder / DOOR, os.O_PATH | os.O_DIRECTORY)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        door.settimeout(SECONDS)
        door.connect(f"/proc/self/fd/{directory}/{SOCKET}")
    except OSError:
        door.close()
        raise
    finally:
        os.close(directory)
    return door


_AT = "/p/{district_id}"
PAGES = [
    Page(path, Need.NOTHING, get=public_page)
    for path in (_AT, f"{_AT}/schools/{{school_id}}", f"{_AT}/schools/{{school_id}}/courses/{{course_id}}")
]
