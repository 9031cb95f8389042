"""Pages that were written as files: Data Docs and the error reports of deliveries, for staff and for links in Dagster.

Only pages of two fixed folders are served, by their whole names: nothing is listed and nothing is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.links import DATA_DOCS, REPORTS
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.shield import DOCUMENT_POLICY

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.responses import Response

_PAGE = re.compile(r"\w[\w.-]*\.html", re.ASCII)
_FOLDER = re.compile(r"\w+", re.ASCII)


def data_docs(visit: Visit) -> Response:
    """A page of Great Expectations: names of checks and totals of the last runs."""
    return document(visit.settings.paths.gx / "data_docs", visit.path("page"))


def report(visit: Visit) -> Response:
    """A delivery's error report, as the district gets it."""
    return document(visit.settings.paths.reports, visit.district_id, visit.path("page"))


def document(root: Path, *names: str) -> Response:
    """A page by the names of its folders and its own. Raises HTTPException for any other file, and for one behind a link."""
    path = root.joinpath(*names)
    is_named = _PAGE.fullmatch(names[-1]) and all(map(_FOLDER.fullmatch, names[:-1]))
    if not is_named or not path.is_file() or path.resolve() != root.resolve().joinpath(*names):
        raise HTTPException(404)
    return FileResponse(path, media_type="text/html", headers={"content-security-policy": DOCUMENT_POLICY})


PAGES = [
    Page(DATA_DOCS + "/{page}", Need.STAFF, get=data_docs),
    Page(REPORTS + "/{district_id}/{page}", Need.DELIVERIES, get=report),
]
