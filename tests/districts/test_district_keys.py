"""The keys that may sign in as a district: taken all or none, paused, resumed, revoked, replaced; each change is audited."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import asyncssh
import pytest
import sqlalchemy as sa

from subgroup_pipeline.districts.district_keys import account_keys, authorize_keys, change_key, keys_on_record
from subgroup_pipeline.errors import SettingsError, UnknownDistrictError, UnknownKeyError
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import AuditEvent


def _key(kind: str = "ssh-ed25519", **how: Any) -> str:  # noqa: ANN401 - options of asyncssh
    return asyncssh.generate_private_key(kind, **how).export_public_key().decode()


def _audited(registry: Registry) -> list[str]:
    with registry.begin() as session:
        query = sa.select(AuditEvent.kind).where(AuditEvent.kind.startswith("district.key_")).order_by(AuditEvent.event_id)
        return [kind.removeprefix("district.key_") for kind in session.scalars(query)]


def test_a_key_authorized_twice_is_on_record_once(registry: Registry) -> None:
    key = _key()
    (first,) = authorize_keys(registry, [("alpha", key)], actor="test")
    (again,) = authorize_keys(registry, [("alpha", f"  {key.strip()} office computer\n")], actor="test")
    assert first == again
    assert [(k.district_id, k.fingerprint, k.kind) for k in keys_on_record(registry)] == [
        ("alpha", first.fingerprint, "ssh-ed25519")
    ]


def test_a_key_of_two_districts_says_so(registry: Registry) -> None:
    key = _key()
    taken = authorize_keys(registry, [("alpha", key), ("beta", key)], actor="test")
    assert [(k.district_id, k.also_of) for k in taken] == [("alpha", ("beta",)), ("beta", ("alpha",))]
    assert account_keys(registry, "alpha") == account_keys(registry, "beta") == [key.strip()]


def test_a_district_without_a_key_is_told_from_no_district(registry: Registry) -> None:
    assert account_keys(registry, "alpha") == []
    assert account_keys(registry, "nobody") is None


def test_a_paused_key_signs_nobody_in_until_it_resumes(registry: Registry) -> None:
    key = _key()
    (taken,) = authorize_keys(registry, [("alpha", key)], actor="test")
    beginning = taken.fingerprint[:12]
    assert change_key(registry, "alpha", beginning, "paused", actor="test") == taken.fingerprint
    change_key(registry, "alpha", beginning, "paused", actor="test")
    assert account_keys(registry, "alpha") == []
    assert keys_on_record(registry)[0].paused_at
    change_key(registry, "alpha", beginning.removeprefix("SHA256:"), "resumed", actor="test")
    assert account_keys(registry, "alpha") == [key.strip()]
    assert _audited(registry) == ["authorized", "paused", "resumed"]


def test_a_revoked_key_is_gone_and_audited(registry: Registry) -> None:
    (taken,) = authorize_keys(registry, [("alpha", _key())], actor="test")
    change_key(registry, "alpha", taken.fingerprint, "revoked", actor="test")
    assert keys_on_record(registry) == []
    assert _audited(registry) == ["authorized", "revoked"]


def test_rotating_leaves_the_new_keys_only(registry: Registry) -> None:
    old, kept, new = _key(), _key(), _key()
    authorize_keys(registry, [("alpha", old), ("alpha", kept), ("beta", old)], actor="test")
    authorize_keys(registry, [("alpha", kept), ("alpha", new)], actor="test", instead=True)
    assert account_keys(registry, "alpha") == [kept.strip(), new.strip()]
    assert account_keys(registry, "beta") == [old.strip()]


def test_a_comment_in_any_language_is_no_reason_to_refuse_a_key(registry: Registry) -> None:
    kind, key, *_ = _key().split()
    authorize_keys(registry, [("alpha", f"{kind} {key} josé@büro")], actor="test")
    assert account_keys(registry, "alpha") == [f"{kind} {key} jos?@b?ro"]


@pytest.mark.parametrize("modulus", [b"\xff" * 400, b"\x7f" * 2049], ids=["negative", "longer than OpenSSL verifies"])
def test_an_rsa_key_that_no_login_could_use_is_refused_in_words(registry: Registry, modulus: bytes) -> None:
    parts = (b"ssh-rsa", b"\x01\x00\x01", modulus)
    key = b64encode(b"".join(len(part).to_bytes(4) + part for part in parts)).decode()
    with pytest.raises(SettingsError, match=r"not a public key|not accepted"):
        authorize_keys(registry, [("alpha", f"ssh-rsa {key}")], actor="test")


@pytest.mark.parametrize(("named", "words"), [("SHA256:none", "no key of alpha"), ("", "more than one key of alpha")])
def test_a_key_that_is_not_named_alone_is_refused(registry: Registry, named: str, words: str) -> None:
    authorize_keys(registry, [("alpha", _key()), ("alpha", _key())], actor="test")
    with pytest.raises(UnknownKeyError, match=f"{words}.*district keys list alpha"):
        change_key(registry, "alpha", named, "revoked", actor="test")
    assert len(keys_on_record(registry)) == 2


@pytest.mark.parametrize(
    ("district_id", "text", "error", "words"),
    [
        ("nobody", _key(), UnknownDistrictError, "nobody"),
        ("alpha", "AAAAC3NzaC1lZDI1NTE5", SettingsError, "ssh-keygen -t ed25519"),
        ("alpha", _key("ssh-rsa", key_size=1024), SettingsError, "1024 bits is not accepted; 2048 to 16384 are"),
    ],
    ids=["no district", "no key", "short RSA"],
)
def test_one_that_is_refused_refuses_all(
    registry: Registry, district_id: str, text: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        authorize_keys(registry, [("beta", _key()), (district_id, text)], actor="test")
    assert keys_on_record(registry) == []
