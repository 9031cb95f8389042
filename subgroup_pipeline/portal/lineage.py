"""`/docs/lineage`: where each published column comes from, back to the files, for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.lineage import published_lineage
from subgroup_pipeline.desk.links import DATA_DOCS, DBT_DOCS, LINEAGE
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response


def tables(visit: Visit) -> Response:
    """The published tables, and where else to read about them."""
    models = published_lineage(visit.settings.paths).values()
    data_docs = f"{DATA_DOCS}/index.html" if (visit.settings.paths.gx / "data_docs" / "index.html").is_file() else ""
    return visit.page("lineage.html", models=models, lineage=LINEAGE, dbt_docs=DBT_DOCS, data_docs=data_docs)


def table(visit: Visit) -> Response:
    """The columns of one table with what they are made of. Raises HTTPException (404) for a table that is not published."""
    model = published_lineage(visit.settings.paths).get(visit.path("table"))
    if model is None:
        raise HTTPException(404)
    return visit.page("lineage_table.html", model=model, lineage=LINEAGE, dbt_docs=DBT_DOCS)


PAGES = [Page(LINEAGE, Need.STAFF, get=tables), Page(LINEAGE + "/{table}", Need.STAFF, get=table)]
