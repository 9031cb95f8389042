"""A district says that its roster comes from ClassLink or another OneRoster server: the form it fills in, read and put in force.

What it writes is an address that we are going to ask with its secrets, so it has to be on the public internet by https, unless
the operator allows a network (`SUBGROUPS_ROSTER_NETWORKS`). What a name leads to is looked at when it is dialled
(`intake.oneroster.dialling`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subgroup_pipeline.desk.roster_server import given_secrets
from subgroup_pipeline.desk.settings_yaml import in_one_line, read_yaml, written_yaml
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.district_secrets import keep_within
from subgroup_pipeline.districts.registered import apply_within, settings_text
from subgroup_pipeline.districts.roster_settings import Auth, is_loopback, safe_url
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.networks import may_connect, read_networks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

PROXY = "https://oneroster-proxy.classlink.io"
"""ClassLink's own door to the servers of all districts (developer.classlink.com, OneRoster proxy)."""
ROOT = "/ims/oneroster/v1p1"
_APPLICATION = re.compile(r"[A-Za-z0-9_-]{1,100}")
FIELDS = ("address", "client_id", "client_secret", "token_url", "application", "token")


@dataclass(frozen=True)
class Offer:
    """What a form says: the address, how requests are signed, and the secrets. `wrong` has by field what is to be mended."""

    url: str = ""
    auth: Auth | None = None
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    wrong: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NewSource:
    """Settings with another source of the roster, the text of their file, and the version that they were made from."""

    settings: DistrictSettings
    text: str
    made_from: int


def read_offer(settings: Settings, given: Mapping[str, str]) -> Offer:
    """Read the form: a client ID and a client secret with an address, or a token with an application ID or an address."""
    said = {name: given.get(name, "").strip() for name in FIELDS}
    by_token = bool(said["token"] or said["application"])
    wrong: dict[str, str] = {}
    if by_token and (said["client_id"] or said["client_secret"]):
        wrong["token"] = "Fill in one of the two ways: client ID and secret, or application ID and token."  # noqa: S105 - words
    if by_token and said["application"]:
        url = f"{PROXY}/{said['application']}{ROOT}"
        if not _APPLICATION.fullmatch(said["application"]):
            wrong["application"] = "An application ID has letters, digits, - and _ only."
    else:
        url = _address(settings, said["address"], "address", wrong)
    names = Auth(type="bearer" if by_token else "oauth1").secrets
    secrets, missing = given_secrets(names, said)
    wrong = missing | wrong
    token_url = _address(settings, said["token_url"], "token_url", wrong) if said["token_url"] and not by_token else ""
    if wrong:
        return Offer(wrong=wrong)
    if by_token:
        return Offer(url, Auth(type="bearer"), secrets)
    if token_url:
        return Offer(url, Auth(type="oauth2", token_url=token_url), secrets)
    return Offer(url, Auth(type="oauth1", signature="HMAC-SHA256"), secrets)


def with_source(registry: Registry, district: RegisteredDistrict, url: str, auth: Auth) -> NewSource:
    """The settings of a district with its roster from this server. Raises SettingsError where they contradict each other."""
    before = settings_text(registry, district.district_id)
    document = read_yaml(before)
    kept = document.get("roster") or {}
    paging = {name: kept[name] for name in ("page_size", "parallel") if name in kept}
    signing = auth.model_dump(exclude_none=True)
    document["roster"] = in_one_line({"source": "oneroster_api", "url": url, "auth": in_one_line(signing), **paging})
    text = written_yaml(document, before)
    return NewSource(parse_district(text, "settings"), text, district.version)


def take_offer(registry: Registry, settings: Settings, district: RegisteredDistrict, offer: Offer, *, actor: str) -> None:
    """Put a good offer in force with its secrets, both or neither. Raises SettingsError and StaleSettingsError."""
    if offer.auth is None:
        raise SettingsError("the form is not filled in.")
    new = with_source(registry, district, offer.url, offer.auth)
    with registry.begin() as session:
        apply_within(session, new.settings, new.text, actor=actor, made_from=new.made_from)
        keep_within(session, Keyring(settings.paths), district.district_id, offer.secrets, actor=actor)


def _address(settings: Settings, text: str, name: str, wrong: dict[str, str]) -> str:
    """An address that may be asked; otherwise `wrong` says why it may not."""
    if not text:
        wrong[name] = "Enter the address, or an application ID below."
        return ""
    try:
        url = safe_url(text)
    except ValueError as error:
        wrong[name] = f"{str(error).partition(';')[0].capitalize()}."
        return ""
    host = urlsplit(url).hostname or ""
    try:
        literal = "127.0.0.1" if is_loopback(host) else str(ip_address(host))
    except ValueError:
        return url
    if not may_connect(literal, read_networks(settings.roster_networks)):
        wrong[name] = "This address is inside a private network, where we cannot ask. Write the one that others reach you by."
    return url
