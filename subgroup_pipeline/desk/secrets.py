"""The secrets of a district's roster server as a person handles them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_secrets import open_secrets, secrets_on_record, set_secret
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.intake.oneroster.tenants import tenants_at
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.networks import read_networks

if TYPE_CHECKING:
    from subgroup_pipeline.intake.oneroster.tenants import Tenant
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


def keep_secret(registry: Registry, settings: Settings, district_id: str, name: str, value: str, *, actor: str) -> list[str]:
    """Keep a secret; gives the names of those that the district's settings need and that are still missing.

    Raises UnknownDistrictError, and SecretRefusedError for a text that cannot be a secret.
    """
    set_secret(registry, Keyring(settings.paths), district_id, name, value, actor=actor)
    return missing_secrets(registry, district_id)


def missing_secrets(registry: Registry, district_id: str) -> list[str]:
    """The names of secrets that a district's settings need and that are not on record. Raises UnknownDistrictError."""
    auth = registered_district(registry, district_id).settings.roster.auth
    return auth.missing({one.name for one in secrets_on_record(registry, district_id)}) if auth else []


def visible_tenants(registry: Registry, settings: Settings, district_id: str) -> list[Tenant]:
    """The tenants that a district's own token can see at the proxy that its roster is fetched from.

    Raises UnknownDistrictError, SettingsError, KeyringError, and RosterServerError.
    """
    url = registered_district(registry, district_id).settings.roster.url
    token = open_secrets(registry, Keyring(settings.paths), district_id).get("token", "")
    if url is None or not token:
        raise SettingsError(
            f"{district_id} has no {'address of a roster server' if url is None else 'token'}. Give both, or ask with `--url` "
            "and a token on standard input."
        )
    return tenants_at(url, token, read_networks(settings.roster_networks))
