"""Addresses of the pages that `subgroups up` serves on the web port, as metadata links to them.

The web port is bound to this machine's own address, like Dagster's: a link opens where the person sees Dagster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

HOST = "127.0.0.1"
DATA_DOCS = "/data-docs"
REPORTS = "/reports"


def data_docs_url(settings: Settings) -> str:
    """The pages of Great Expectations: names of checks and totals of the last runs."""
    return f"http://{HOST}:{settings.web_port}{DATA_DOCS}/index.html"


def report_url(settings: Settings, delivery: Delivery) -> str:
    """A delivery's report, as the district gets it."""
    return f"http://{HOST}:{settings.web_port}{REPORTS}/{delivery.district_id}/{delivery.delivery_id}.html"
