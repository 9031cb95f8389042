"""The parts of `subgroups up`: ports asked for first, children that are started again, and a health page that tries each part."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from subgroup_pipeline.cli.children import Children
from subgroup_pipeline.cli.up import drop_server
from subgroup_pipeline.cli.vital_signs import VitalSigns
from subgroup_pipeline.desk import doctor
from subgroup_pipeline.desk.ports import require_free, taken_by
from subgroup_pipeline.dropserver.server import running
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.notify.rounds import MailRounds
from subgroup_pipeline.portal.server import PortalServer
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.settings import Settings, load_settings
from tests.dropserver.world import make_client
from tests.support.command import free_port
from tests.support.waiting import waited


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    from tests.support.installation import keep_host_keys

    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBGROUPS_SFTP_PORT", str(free_port()))
    keep_host_keys(tmp_path / "home" / "keys")
    return load_settings()


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    registry = open_registry(settings)
    yield registry
    registry.close()


@pytest.fixture
def somebody_else(settings: Settings) -> Iterator[int]:
    """A server that is not ours on our SFTP port, and that says nothing."""
    with socket.create_server(("127.0.0.1", settings.sftp_port)) as other:
        yield int(other.getsockname()[1])


def test_a_port_that_is_taken_names_who_has_it_and_the_setting(somebody_else: int) -> None:
    with pytest.raises(SettingsError, match=rf"Port {somebody_else} .* process {os.getpid()} \(.*SUBGROUPS_SFTP_PORT"):
        require_free({"SFTP": ("127.0.0.1", somebody_else), "DAGSTER": ("127.0.0.1", free_port())})
    assert taken_by("127.0.0.1", free_port()) == ""


def _watched(children: Children) -> bool:
    children.watch()
    return True


@pytest.mark.slow
def test_a_child_that_ends_is_started_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["/bin/sh", "-c", f"cd {tmp_path}; echo $$ > pid.new; mv pid.new pid; exec sleep 100"]
    pid = tmp_path / "pid"
    children = Children({"child": command}, dict(os.environ), tmp_path)
    try:
        waited(pid.exists)
        first = pid.read_text()
        os.kill(int(first), signal.SIGKILL)
        waited(lambda: not children.running()["child"])
        waited(lambda: _watched(children) and pid.read_text() != first)
        assert children.running() == {"child": True}
    finally:
        children.stop()
    assert children.running() == {"child": False}
    assert "child ended with status -9 and starts again in 1 s" in capsys.readouterr().err


def test_health_tries_our_server_and_the_registry(settings: Settings, registry: Registry) -> None:
    signs = VitalSigns(settings, registry)
    with running(drop_server(settings, registry)) as server:
        signs.server = server
        assert asyncio.run(signs.parts()) == {"registry": "up", "sftp": "up"}
        assert not [said for said in doctor.examine() if "SFTP" in said.what]
    assert asyncio.run(signs.parts())["sftp"] == f"nobody answers on port {settings.sftp_port}"
    registry.close()  # what stands in SQLite's journal is written now, not over the damage
    (settings.paths.root / "registry.sqlite").write_bytes(b"not a database" * 500)
    assert asyncio.run(signs.parts())["registry"].startswith("down")


def test_health_of_the_portal_alone_says_when_mail_waits(settings: Settings, registry: Registry) -> None:
    """A mail server that is away makes nobody's page slow or wrong, so it is said and nothing is down."""

    async def parts(of: Settings) -> dict[str, str]:
        signs = VitalSigns(of, registry)
        signs.portal, signs.mail = PortalServer(of, registry, signs.parts, port=0), MailRounds(of, registry)
        await signs.portal.start()
        found = [await signs.parts()]
        signs.mail.start()
        found.append(await signs.parts())
        await signs.portal.stop()
        await signs.mail.stop()
        assert found[0] == {"registry": "up", "portal": "up", "mail": "ended"}
        return found[1]

    with registry.begin() as session:
        then = datetime.now(UTC) - timedelta(hours=2)
        waiting = {"key": "a", "recipient": "a@b.example", "kind": "held", "subject": "-", "text": "-", "html": "-"}
        session.add(Mail(state="queued", queued_at=then, due_at=datetime.now(UTC) + timedelta(hours=1), **waiting))
    assert asyncio.run(parts(settings)) == {"registry": "up", "portal": "up", "mail": "up"}
    mailing = load_settings(smtp_url="smtp://127.0.0.1:1", mail_from="a@b.example")
    assert asyncio.run(parts(mailing))["mail"].startswith(f"up, but mail waits since {then:%Y-%m-%d %H:%M} UTC")


def test_the_doctor_knows_another_server_from_ours(somebody_else: int, registry: Registry) -> None:
    (said,) = [said for said in doctor.examine() if "Another server" in said.what]
    assert said.level == "error"
    assert f"process {os.getpid()}" in said.what


def test_uploads_and_sign_ins_are_told_and_the_pipelines_own_are_not(
    settings: Settings, registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import paramiko

    from subgroup_pipeline.districts.district_keys import authorize_keys
    from tests.support.home import apply

    apply(registry, "district: alpha\nname: Alpha\ntimezone: UTC\n")
    client = make_client(tmp_path, "alpha")
    authorize_keys(registry, [("alpha", client.public)], actor="test")
    with running(drop_server(settings, registry, is_told=True)) as server:
        for account, key in (("_pipeline", settings.paths.keys / "pipeline"), ("alpha", client.path)):
            with paramiko.Transport(("127.0.0.1", server.port)) as transport:
                transport.connect(username=account, pkey=paramiko.Ed25519Key.from_private_key_file(str(key)))
                sftp = paramiko.SFTPClient.from_transport(transport)
                assert sftp
                if account == "alpha":
                    with sftp.open("inbox/roster/roster.zip", "wb") as file:
                        file.write(b"1234")
    said = capsys.readouterr().err
    assert "alpha signed in with a key from 127.0.0.1" in said
    assert "roster.zip, 4 bytes" in said
    assert "_pipeline" not in said
