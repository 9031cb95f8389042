"""SFTPGo's documented requests, replayed: who may sign in, what they may do, and which uploads are noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.passwords import set_password
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.district_keys import authorize_keys
from subgroup_pipeline.districts.registered import apply_settings
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.installation import keep_host_keys
from tests.support.portal import portal_running

RIGHT = "seven red barns burn"
SECRET = "between sftpgo and us"
KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home: Path = tmp_path_factory.mktemp("sftpgo") / "home"
    keep_host_keys(home / "keys")
    return load_settings(home=home, sftpgo_secret=SECRET)


@pytest.fixture(scope="module")
def registry(settings: Settings) -> Iterator[Registry]:
    opened = open_registry(settings)
    for district in ("alpha", "beta"):
        text = f"district: {district}\nname: Made-up {district}\ntimezone: America/Chicago\n"
        apply_settings(opened, parse_district(text), text, actor="test")
    with opened.begin() as session:
        set_password(session, "alpha", RIGHT, by="test")
    authorize_keys(opened, [("beta", KEY)], actor="test")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sftpgo(settings: Settings, registry: Registry) -> Iterator[httpx.Client]:
    with portal_running(settings, registry) as portal:
        yield httpx.Client(base_url=portal.url, headers={"x-subgroups-secret": SECRET})


def _asked(sftpgo: httpx.Client, username: str, ip: str = "192.0.2.7", protocol: str = "SSH", **how: str) -> dict[str, Any]:
    """The request as `external_auth_hook` makes it: all fields, those that do not apply empty."""
    proof = {"password": "", "public_key": "", "keyboard_interactive": "", "tls_cert": ""} | how
    answer = sftpgo.post("/hooks/sftpgo/auth", json={"username": username, "ip": ip, "protocol": protocol} | proof)
    assert answer.status_code == 200
    user: dict[str, Any] = answer.json()
    return user


def _noted(registry: Registry, kind: str) -> list[tuple[str, dict[str, Any]]]:
    with registry.begin() as session:
        query = sa.select(AuditEvent).where(AuditEvent.kind == kind).order_by(AuditEvent.event_id)
        return [(event.actor, event.detail) for event in session.scalars(query)]


def test_a_password_and_a_key_are_answered_with_the_districts_own_folder(
    sftpgo: httpx.Client, registry: Registry, settings: Settings
) -> None:
    for account, proof in (("alpha", {"password": RIGHT}), ("beta", {"public_key": KEY})):
        user = _asked(sftpgo, account, **proof)
        assert (user["status"], user["username"]) == (1, account)
        assert user["home_dir"] == str(settings.paths.sftp / account)
        assert (settings.paths.sftp / account / "inbox" / "roster").is_dir()
        assert "download" not in user["permissions"]["/inbox/roster"]
        assert user["permissions"]["/"] == ["list"]
    noted = dict(_noted(registry, "sftp.login"))
    assert {actor: detail["way"] for actor, detail in noted.items()} == {"alpha": "password", "beta": "key"}
    assert noted["beta"]["signature"] == "left to sftpgo"


def test_the_pipeline_reads_every_inbox_with_its_own_key(sftpgo: httpx.Client, settings: Settings) -> None:
    user = _asked(sftpgo, "_pipeline", public_key=(settings.paths.keys / "pipeline.pub").read_text())
    assert user["home_dir"] == str(settings.paths.sftp)


@pytest.mark.parametrize(
    ("username", "how"),
    [
        ("alpha", {"password": "not the right one"}),
        ("alpha", {"password": ""}),
        ("alpha", {"password": "a rainbow \U0001f308"}),
        ("beta", {"password": RIGHT}),
        ("nobody", {"password": RIGHT}),
        ("../alpha", {"password": RIGHT}),
        ("_pipeline", {"password": RIGHT}),
        ("alpha", {"public_key": KEY}),
        ("beta", {"public_key": "ssh-ed25519 AAAA"}),
        ("_pipeline", {"public_key": KEY}),
        ("alpha", {"password": RIGHT, "protocol": "FTP"}),
        ("alpha", {"keyboard_interactive": "1"}),
    ],
)
def test_everybody_else_is_answered_with_nobody(sftpgo: httpx.Client, username: str, how: dict[str, str]) -> None:
    assert _asked(sftpgo, username, "192.0.2.99", **how) == {"username": ""}


def test_refusals_are_noted_without_what_was_sent_and_limited_by_the_address_that_sftpgo_names(
    sftpgo: httpx.Client, registry: Registry
) -> None:
    for number in range(12):
        _asked(sftpgo, "beta", "198.51.100.1", password=f"guess number {number}")
    refused = [detail for actor, detail in _noted(registry, "sftp.login_refused") if detail["peer"] == "198.51.100.1"]
    assert any("refused_unseen" in detail for detail in refused)
    assert "guess number" not in str(refused)
    assert _asked(sftpgo, "alpha", password=RIGHT)["username"] == "alpha"


def test_an_upload_is_noted_as_on_our_own_server(sftpgo: httpx.Client, registry: Registry, settings: Settings) -> None:
    body = {
        "action": "upload", "username": "alpha", "path": str(settings.paths.sftp / "alpha/inbox/roster/roster.zip"),
        "virtual_path": "/inbox/roster/roster.zip", "file_size": 1234, "fs_provider": 0, "status": 1, "protocol": "SFTP",
        "ip": "192.0.2.7", "session_id": "SFTP_1", "timestamp": 1,
    }  # fmt: skip
    for change in ({}, {"status": 2}, {"action": "download"}, {"username": "../x"}):
        assert sftpgo.post("/hooks/sftpgo/action", json=body | change).status_code == 200
    assert _noted(registry, "sftp.upload") == [
        ("alpha", {"path": "/inbox/roster/roster.zip", "bytes": "1234", "clean_close": clean, "server": "sftpgo"})
        for clean in ("true", "false")
    ]


@pytest.mark.parametrize("path", ["/hooks/sftpgo/auth", "/hooks/sftpgo/action"])
def test_strangers_find_nothing_here(sftpgo: httpx.Client, path: str) -> None:
    body = {"username": "alpha", "password": RIGHT, "protocol": "SSH", "action": "upload"}
    assert sftpgo.post(path, json=body, headers={"x-subgroups-secret": "another"}).status_code == 404
    assert sftpgo.post(path, json=body, headers={"x-forwarded-for": "192.0.2.1"}).status_code == 404
    assert sftpgo.post(path, json={"user": 1}).status_code == 400
    assert sftpgo.post(path, content=b"x" * 70_000).status_code == 413


def test_without_the_setting_there_is_nothing(registry: Registry, settings: Settings) -> None:
    with portal_running(load_settings(home=settings.home), registry) as portal, httpx.Client(base_url=portal.url) as client:
        answer = client.post("/hooks/sftpgo/auth", json={"username": "alpha"}, headers={"x-subgroups-secret": ""})
        assert answer.status_code == 404
