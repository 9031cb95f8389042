"""Addresses of pages of the portal, for links in Dagster, in mail and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

DATA_DOCS = "/data-docs"
DBT_DOCS = "/docs/data"
LINEAGE = "/docs/lineage"
SETUP = "/setup"
CONNECTION = "/connection"


def data_docs_url(settings: Settings) -> str:
    """The pages of Great Expectations: names of checks and totals of the last runs."""
    return f"{settings.portal_url}{DATA_DOCS}/index.html"


def dbt_docs_url(settings: Settings, unique_id: str) -> str:
    """A model in dbt's documentation of the project, by its unique id in dbt's manifest."""
    return f"{settings.portal_url}{DBT_DOCS}#!/model/{unique_id}"


def lineage_url(settings: Settings, table: str) -> str:
    """Where the columns of a published table come from."""
    return f"{settings.portal_url}{LINEAGE}/{table}"


def report_url(settings: Settings, delivery: Delivery) -> str:
    """A delivery's report, as the district reads it."""
    return f"{settings.portal_url}/d/{delivery.district_id}/deliveries/{delivery.delivery_id}"


def setup_url(settings: Settings, token: str) -> str:
    """A district's set-up page; whoever holds this address can set the district's password."""
    return f"{settings.portal_url}{SETUP}/{token}"
