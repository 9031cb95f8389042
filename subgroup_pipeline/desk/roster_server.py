"""A district's roster server as its people see it: where it is, which secrets are kept since when, and giving them anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_secrets import good_secret, keep_within, secrets_on_record
from subgroup_pipeline.errors import SecretRefusedError
from subgroup_pipeline.keyring import Keyring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.districts.roster_settings import Auth, SecretName
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SECRET_WORDS: Mapping[SecretName, str] = {"client_id": "Client ID", "client_secret": "Client secret", "token": "Token"}
"""ClassLink's console calls the first two Key and Secret."""
_HOW = {
    "oauth1": "with a client ID and a client secret (OAuth 1.0a, {signature})",
    "oauth2": "with a client ID and a client secret (OAuth 2, tokens from {token_url})",
    "bearer": "with a token",
}


@dataclass(frozen=True)
class ShownSecret:
    """That a secret is there, since when and by whom, or that it is missing; never what it is."""

    name: SecretName
    words: str
    set_at: datetime | None
    set_by: str


@dataclass(frozen=True)
class RosterServerView:
    """The server of a district whose roster is fetched."""

    url: str
    how: str
    secrets: list[ShownSecret]

    @property
    def missing(self) -> list[str]:
        """The secrets that are not on record, in words."""
        return [one.words for one in self.secrets if one.set_at is None]


def roster_server(registry: Registry, district: RegisteredDistrict) -> RosterServerView | None:
    """The roster server of a district; None where its roster is uploaded."""
    roster = district.settings.roster
    if not roster.is_fetched or roster.auth is None or roster.url is None:
        return None
    known = {one.name: one for one in secrets_on_record(registry, district.district_id)}
    secrets = [
        ShownSecret(name, SECRET_WORDS[name], one.set_at if one else None, one.set_by if one else "")
        for name in roster.auth.secrets
        for one in [known.get(name)]
    ]
    return RosterServerView(roster.url, how_signed(roster.auth), secrets)


def how_signed(auth: Auth) -> str:
    """How requests are signed, in words."""
    return _HOW[auth.type].format(signature=auth.signature or "HMAC-SHA256", token_url=auth.token_url)


def given_secrets(names: Sequence[SecretName], given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The secrets of a form that can be some, and by name what is wrong with the others. No wrong one is part of the words."""
    good: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name in names:
        if not given.get(name, "").strip():
            wrong[name] = f"Enter the {SECRET_WORDS[name].lower()}."
            continue
        try:
            good[name] = good_secret(name, given[name])
        except SecretRefusedError:
            wrong[name] = "This has characters that no such secret has. Copy it again, without quotation marks or line breaks."
    return good, wrong


def replace_secrets(
    registry: Registry, settings: Settings, district: RegisteredDistrict, secrets: Mapping[str, str], *, actor: str
) -> None:
    """Keep good secrets in place of those before."""
    with registry.begin() as session:
        keep_within(session, Keyring(settings.paths), district.district_id, secrets, actor=actor)
