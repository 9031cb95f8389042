"""Checks of the portal: how people reach it, its key, and whether staff can sign in."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def public_url(settings: Settings) -> list[Complaint]:
    """Whether links and passwords would go over a network in the clear."""
    url = urlsplit(settings.portal_url)
    if url.scheme == "https" or _is_loopback(url.hostname or ""):
        return []
    what = f"Links of the portal begin with {settings.portal_url}: passwords and sign-ins go over the network unencrypted."
    mend = "Put a proxy with TLS in front (docs/production.md) and set SUBGROUPS_PUBLIC_URL to its https:// address."
    return [Complaint("warning", what, mend)]


def readable_key(settings: Settings) -> list[Complaint]:
    """Whether other accounts of this machine can read the key that forms and links are signed with."""
    key = settings.paths.keys / "portal_key"
    if not key.exists() or not key.stat().st_mode & 0o077:
        return []
    mend = f"`chmod 600 {key}`. If somebody may have read it, remove it and start `subgroups up` anew, which makes another."
    return [Complaint("warning", f"The portal's key {key} can be read by other accounts of this machine.", mend)]


def without_staff(settings: Settings, registry: Registry) -> list[Complaint]:
    """Whether nobody could look at what is held; a sign-in service may bring staff by its claims."""
    from subgroup_pipeline.access.people import Wanted, count_people
    from subgroup_pipeline.access.roles import Role

    if (settings.oidc_issuer and settings.oidc_role_claim) or count_people(registry, Wanted(role=Role.VENDOR)):
        return []
    mend = "`subgroups user add EMAIL --role vendor` adds one, and `subgroups user link EMAIL` gives the first link to sign in."
    return [Complaint("warning", "Nobody of the staff can sign in to the portal.", mend)]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
