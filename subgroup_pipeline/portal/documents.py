"""Pages that other tools wrote, for staff and for links in Dagster: Data Docs, and dbt's documentation of the models.

Of Data Docs only pages of one fixed folder are served, by their whole names: nothing is listed and nothing is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.build.dbt_docs import dbt_docs
from subgroup_pipeline.desk.links import DATA_DOCS, DBT_DOCS
from subgroup_pipeline.portal.page import Page, Visit
from subgroup_pipeline.portal.shield import DOCUMENT_POLICY, script_policy

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGE = re.compile(r"\w[\w.-]*\.html", re.ASCII)


def data_docs(visit: Visit) -> Response:
    """A page of Great Expectations: names of checks and totals. Raises HTTPException (404) for a link, and for any other file."""
    root, name = visit.settings.paths.gx / "data_docs", visit.path("page")
    path = root / name
    if not _PAGE.fullmatch(name) or not path.is_file() or path.resolve() != root.resolve() / name:
        raise HTTPException(404)
    return FileResponse(path, media_type="text/html", headers={"content-security-policy": DOCUMENT_POLICY})


def dbt_documentation(visit: Visit) -> Response:
    """The models, their columns and tests, and the graph of them, as dbt shows them: one page with its scripts inside.

    Raises HTTPException (404) where nobody has parsed the project yet.
    """
    docs = dbt_docs(visit.settings.paths)
    if docs is None:
        raise HTTPException(404)
    return HTMLResponse(docs.html, headers={"content-security-policy": script_policy(docs.script_sources)})


PAGES = [Page(DATA_DOCS + "/{page}", Need.STAFF, get=data_docs), Page(DBT_DOCS, Need.STAFF, get=dbt_documentation)]
