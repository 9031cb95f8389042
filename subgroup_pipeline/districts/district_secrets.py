"""Secrets with which we sign in to a district's roster server: given once, sealed at rest, and never shown again.

What is kept is sealed with the district's key (`keyring`), so neither the registry nor a backup without `keys/` opens it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

import sqlalchemy as sa

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.districts.roster_settings import SecretName
from subgroup_pipeline.errors import SecretRefusedError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import DistrictSecret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from subgroup_pipeline.keyring import Keyring

NAMES: tuple[SecretName, ...] = get_args(SecretName)
MOST_CHARACTERS = 8192
"""Of a secret: tokens of some servers are whole signed documents."""


@dataclass(frozen=True)
class SecretOnRecord:
    """That a secret is there, and since when. What it is nobody is shown."""

    name: str
    set_at: datetime
    set_by: str


def set_secret(registry: Registry, keyring: Keyring, district_id: str, name: str, value: str, *, actor: str) -> None:
    """Keep a secret in place of the one before. Raises UnknownDistrictError, and SecretRefusedError for what cannot be one."""
    good = good_secret(name, value)
    registered_district(registry, district_id)
    with registry.begin() as session:
        keep_within(session, keyring, district_id, {name: good}, actor=actor)


def good_secret(name: str, value: str) -> str:
    """A secret without the blanks around it. Raises SecretRefusedError for what cannot be one."""
    if name not in NAMES:
        raise SecretRefusedError(f"no secret is called `{name}`; allowed: {', '.join(NAMES)}")
    secret = value.strip()
    if not secret or len(secret) > MOST_CHARACTERS or not secret.isascii() or not secret.isprintable():
        raise SecretRefusedError(
            f"this cannot be a {name}: it has to be 1 to {MOST_CHARACTERS} printable ASCII characters on one line. Nothing was "
            "kept."
        )
    return secret


def keep_within(session: Session, keyring: Keyring, district_id: str, secrets: Mapping[str, str], *, actor: str) -> None:
    """Keep good secrets in place of those before, within the caller's transaction."""
    for name, secret in secrets.items():
        known = session.get(DistrictSecret, (district_id, name))
        row = known or DistrictSecret(district_id=district_id, name=name)
        row.sealed = keyring.seal(district_id, _purpose(name), secret.encode())
        row.set_at, row.set_by = datetime.now(UTC), actor
        session.add(row)
        detail = {"name": name, "replaces": known is not None}
        record_event(session, "district.secret_set", actor=actor, district_id=district_id, detail=detail)


def remove_secret(registry: Registry, district_id: str, name: str, *, actor: str) -> bool:
    """Forget a secret; gives whether there was one. Raises UnknownDistrictError."""
    registered_district(registry, district_id)
    with registry.begin() as session:
        known = session.get(DistrictSecret, (district_id, name))
        if known is None:
            return False
        session.delete(known)
        record_event(session, "district.secret_removed", actor=actor, district_id=district_id, detail={"name": name})
        return True


def secrets_on_record(registry: Registry, district_id: str) -> list[SecretOnRecord]:
    """The secrets that are kept of a district, by name. Raises UnknownDistrictError."""
    registered_district(registry, district_id)
    query = sa.select(DistrictSecret).filter_by(district_id=district_id).order_by(DistrictSecret.name)
    with registry.begin() as session:
        return [SecretOnRecord(row.name, row.set_at, row.set_by) for row in session.scalars(query)]


def names_on_record(registry: Registry) -> dict[str, set[str]]:
    """The names of the secrets that are kept of each district that has some."""
    names: dict[str, set[str]] = {}
    with registry.begin() as session:
        for district_id, name in session.execute(sa.select(DistrictSecret.district_id, DistrictSecret.name)).tuples():
            names.setdefault(district_id, set()).add(name)
    return names


def open_secrets(registry: Registry, keyring: Keyring, district_id: str) -> Mapping[str, str]:
    """The secrets of a district by name, for the one request that needs them. Raises KeyringError without the district's key."""
    query = sa.select(DistrictSecret).filter_by(district_id=district_id)
    with registry.begin() as session:
        sealed = {row.name: row.sealed for row in session.scalars(query)}
    return {name: keyring.unseal(district_id, _purpose(name), kept).decode() for name, kept in sealed.items()}


def _purpose(name: str) -> str:
    return f"secret {name}"
