"""The SSH keys that may sign in as a district: authorizing, pausing, revoking and replacing them, each with an audit event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from subgroup_pipeline.districts.public_keys import read_public_key
from subgroup_pipeline.districts.registered import registered_district, registered_districts
from subgroup_pipeline.errors import UnknownKeyError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import District, DistrictKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import asyncssh
    from sqlalchemy.orm import Session

Change = Literal["paused", "resumed", "revoked"]


@dataclass(frozen=True)
class AuthorizedKey:
    """A key on record. `paused_at`: it signs nobody in since then. `also_of`: other districts that it signs in as."""

    district_id: str
    fingerprint: str
    kind: str
    added_at: datetime
    paused_at: datetime | None
    also_of: tuple[str, ...]


def authorize_keys(
    registry: Registry, keys: Iterable[tuple[str, str]], *, actor: str, instead: bool = False
) -> list[AuthorizedKey]:
    """Let public keys (district, OpenSSH line) sign in, all of them or none; a paused key that is given again resumes.

    With `instead` every other key of these districts is revoked in the same transaction. Raises UnknownDistrictError, and
    SettingsError when a text is not a public key we accept.
    """
    read = [(district_id, read_public_key(text)) for district_id, text in keys]
    names = [district_id for district_id, _ in read]
    registered_districts(registry, names)
    with registry.begin() as session:
        for district_id, key in read:
            authorize_key(session, district_id, key, actor=actor)
        if instead:
            kept = {(district_id, key.get_fingerprint()) for district_id, key in read}
            for old in session.scalars(sa.select(DistrictKey).where(DistrictKey.district_id.in_(names))):
                if (old.district_id, old.fingerprint) not in kept:
                    _change(session, old, "revoked", actor)
    wanted = {key.get_fingerprint() for _, key in read}
    return [key for key in keys_on_record(registry, names) if key.fingerprint in wanted]


def authorize_key(session: Session, district_id: str, key: asyncssh.SSHKey, *, actor: str) -> str:
    """Let one key sign in, within the caller's transaction; gives its fingerprint. A paused key resumes."""
    fingerprint = key.get_fingerprint()
    known = _key(session, district_id, fingerprint)
    if known is None:
        line = key.export_public_key().decode("ascii").strip()
        now = datetime.now(UTC)
        session.add(DistrictKey(district_id=district_id, public_key=line, fingerprint=fingerprint, added_at=now))
        _note(session, "authorized", actor, district_id, fingerprint)
    elif known.paused_at is not None:
        _change(session, known, "resumed", actor)
    return fingerprint


def change_key(registry: Registry, district_id: str, fingerprint: str, change: Change, *, actor: str) -> str:
    """Pause, resume or revoke a key, named by its fingerprint or the unique beginning of one; gives the fingerprint.

    A revoked key leaves the registry; the audit log keeps that it was there. Raises UnknownDistrictError and UnknownKeyError.
    """
    registered_district(registry, district_id)
    wanted = "SHA256:" + fingerprint.removeprefix("SHA256:")
    with registry.begin() as session:
        of_district = session.scalars(sa.select(DistrictKey).filter_by(district_id=district_id)).all()
        found = [key for key in of_district if key.fingerprint.startswith(wanted)]
        if len(found) != 1:
            what = "no key" if not found else "more than one key"
            raise UnknownKeyError(
                f"{what} of {district_id} begins with {fingerprint}. `subgroups district keys list {district_id}` shows them."
            )
        name = found[0].fingerprint
        _change(session, found[0], change, actor)
        return name


def account_keys(registry: Registry, account: str) -> list[str] | None:
    """The public keys that may sign in as a district now, in OpenSSH form; None when there is no such district."""
    with registry.begin() as session:
        if session.get(District, account) is None:
            return None
        query = sa.select(DistrictKey.public_key).filter_by(district_id=account, paused_at=None)
        return list(session.scalars(query.order_by(DistrictKey.key_id)))


def keys_on_record(registry: Registry, districts: Sequence[str] | None = None) -> list[AuthorizedKey]:
    """Keys of all districts or of some, paused ones too, in the order in which they came."""
    with registry.begin() as session:
        rows = session.scalars(sa.select(DistrictKey).order_by(DistrictKey.district_id, DistrictKey.key_id)).all()
    owners: dict[str, set[str]] = {}
    for row in rows:
        owners.setdefault(row.fingerprint, set()).add(row.district_id)
    return [
        AuthorizedKey(
            district_id=row.district_id,
            fingerprint=row.fingerprint,
            kind=row.public_key.partition(" ")[0],
            added_at=row.added_at,
            paused_at=row.paused_at,
            also_of=tuple(sorted(owners[row.fingerprint] - {row.district_id})),
        )
        for row in rows
        if districts is None or row.district_id in districts
    ]


def _key(session: Session, district_id: str, fingerprint: str) -> DistrictKey | None:
    return session.scalar(sa.select(DistrictKey).filter_by(district_id=district_id, fingerprint=fingerprint))


def _change(session: Session, key: DistrictKey, change: Change, actor: str) -> None:
    if change == "revoked":
        session.delete(key)
    elif (change == "paused") == (key.paused_at is not None):
        return
    else:
        key.paused_at = datetime.now(UTC) if change == "paused" else None
    _note(session, change, actor, key.district_id, key.fingerprint)


def _note(session: Session, what: str, actor: str, district_id: str, fingerprint: str) -> None:
    record_event(session, f"district.key_{what}", actor=actor, district_id=district_id, detail={"key": fingerprint})
