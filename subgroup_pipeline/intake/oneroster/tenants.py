"""The tenants that a token of ClassLink's proxy can see: districts that share their roster with our application.

`GET /applications` of the proxy lists them; the roster of one lies under `/{oneroster_application_id}/ims/oneroster/v1p1`
(developer.classlink.com, OneRoster proxy).
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from subgroup_pipeline.districts.roster_settings import Auth, safe_url
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.intake.oneroster.faults import FaultyPageError
from subgroup_pipeline.intake.oneroster.server import RosterHost, RosterServer, host_of
from subgroup_pipeline.intake.oneroster.signing import signing_of

if TYPE_CHECKING:
    from subgroup_pipeline.networks import Network

SECONDS = 60.0
"""For so long a person waits for the list."""


@dataclass(frozen=True)
class Tenant:
    """A district as the proxy knows it; `url` is what its settings have under `roster`."""

    tenant_name: str
    tenant_id: str
    oneroster_application_id: str
    url: str


def tenants_at(url: str, token: str, networks: tuple[Network, ...] = ()) -> list[Tenant]:
    """The tenants that a token can see at the proxy under this address, by name.

    Raises SettingsError for an address that is none or is not safe, and RosterServerError.
    """
    try:
        parts = urlsplit(safe_url(url))
    except ValueError as error:
        raise SettingsError(f"this is no address of a proxy: {error}.") from error
    root = f"{parts.scheme}://{parts.netloc}"
    with closing(RosterHost(host_of(root), networks)) as host:
        server = RosterServer(
            host, root, signing_of(Auth(type="bearer"), {"token": token}, host.name), time.monotonic() + SECONDS
        )
        _, body = server.get("applications")
    try:
        found = [_tenant(root, one) for one in _applications(json.loads(body))]
    except (ValueError, TypeError, KeyError):
        raise FaultyPageError(f"{host.name} gave no list of applications; is this the address of ClassLink's proxy?") from None
    return sorted(found, key=lambda tenant: tenant.tenant_name.casefold())


def _applications(said: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The list itself, or the one that stands in an envelope."""
    if isinstance(said, dict):
        said = next((value for value in said.values() if isinstance(value, list)), None)
    return list(said)


def _tenant(root: str, one: dict[str, Any]) -> Tenant:
    application = str(one["oneroster_application_id"])
    url = f"{root}/{quote(application, safe='')}/ims/oneroster/v1p1"
    return Tenant(str(one.get("tenant_name", "")), str(one.get("tenant_id", "")), application, url)
