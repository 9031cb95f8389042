"""Where a district's roster comes from: the section `roster` of its YAML, and how a roster server is signed in to."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from subgroup_pipeline.districts.settings_part import Part

SecretName = Literal["client_id", "client_secret", "token"]
MOST_PARALLEL = 8
"""Requests of one district that a server has to answer at the same time."""
_OF_PAGES = ("url", "auth", "page_size", "parallel")
_VERSIONS: dict[str, Literal["1.1", "1.2"]] = {"v1p1": "1.1", "v1p2": "1.2"}


class Auth(Part):
    """How requests are signed. The secrets themselves are given to `subgroups district secret`, never here."""

    type: Literal["oauth1", "oauth2", "bearer"]
    signature: Literal["HMAC-SHA256", "HMAC-SHA1"] | None = Field(
        None, description="of oauth1; HMAC-SHA256 where it is not given"
    )
    token_url: str | None = Field(None, description="of oauth2: where a token is asked for")
    scope: str | None = Field(None, description="of oauth2, where the server wants one")

    @property
    def secrets(self) -> tuple[SecretName, ...]:
        """Names of the secrets that it needs."""
        return ("token",) if self.type == "bearer" else ("client_id", "client_secret")

    def missing(self, on_record: Collection[str]) -> list[str]:
        """Names of those that are not among these."""
        return [name for name in self.secrets if name not in on_record]

    @field_validator("token_url")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        return None if value is None else safe_url(value)

    @model_validator(mode="after")
    def _of_its_type(self) -> Auth:
        for name, kind in (("signature", "oauth1"), ("token_url", "oauth2"), ("scope", "oauth2")):
            if getattr(self, name) is not None and self.type != kind:
                raise ValueError(f"`{name}` is for `type: {kind}`; take it out")
        if self.type == "oauth2" and self.token_url is None:
            raise ValueError("`token_url` is missing: where `type: oauth2` asks for its token")
        return self


class Roster(Part):
    """Uploaded files (`sftp`), or a OneRoster server that pages are fetched from (`oneroster_api`)."""

    source: Literal["sftp", "oneroster_api"] = "sftp"
    path: str = "inbox/roster"
    url: str | None = Field(None, description="root of the service, up to and with /ims/oneroster/v1p1")
    auth: Auth | None = None
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 5000
    parallel: Annotated[int, Field(ge=1, le=MOST_PARALLEL)] = 4

    @property
    def is_fetched(self) -> bool:
        """Whether it comes from a server's pages and not from uploads."""
        return self.source == "oneroster_api"

    @property
    def version(self) -> Literal["1.1", "1.2"]:
        """The version of OneRoster that the root path names (1EdTech: `/ims/oneroster/v1p1`, `/ims/oneroster/rostering/v1p2`).

        1.1 where it names none.
        """
        steps = urlsplit(self.url or "").path.split("/")
        return next((_VERSIONS[step] for step in steps if step in _VERSIONS), "1.1")

    @field_validator("url")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        return None if value is None else safe_url(value)

    @model_validator(mode="after")
    def _of_its_source(self) -> Roster:
        given = self.model_fields_set
        if not self.is_fetched:
            if odd := [name for name in _OF_PAGES if name in given and getattr(self, name) != _default(name)]:
                raise ValueError(f"`{odd[0]}` is for `source: oneroster_api`; take it out, or set the source")
            return self
        if missing := [name for name in ("url", "auth") if getattr(self, name) is None]:
            raise ValueError(f"`{missing[0]}` is missing, and `source: oneroster_api` needs it")
        if "path" in given and self.path != _default("path"):
            raise ValueError("`path` is for `source: sftp`; take it out")
        if self.version == "1.2" and self.auth is not None and self.auth.type == "oauth1":
            raise ValueError("`auth` of OneRoster 1.2 is `type: oauth2` or `type: bearer`; OAuth 1.0a ended with 1.1")
        return self


def _default(name: str) -> object:
    return Roster.model_fields[name].default


def safe_url(value: str) -> str:
    """An address that secrets and rosters may travel to, without `/` at its end. Raises ValueError for any other."""
    text = value.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("write an address as https://host/path") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("write an address as https://host/path")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("write the address without a user, a `?` and a `#`; secrets are given to `subgroups district secret`")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("plain http shows rosters and secrets to everybody on the way; only https is fetched from")
    return text


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
