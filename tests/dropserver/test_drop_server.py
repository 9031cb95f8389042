"""The server as a whole: many at once, stopping, starting again, and failing in words."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import asyncssh
import paramiko
import pytest

from subgroup_pipeline.dropserver.accounts import Accounts
from subgroup_pipeline.dropserver.server import DropServer, running
from subgroup_pipeline.errors import SettingsError
from tests.dropserver.world import Client, World, open_world
from tests.support.waiting import waited


def test_forty_uploads_at_once(world: World) -> None:
    content = bytes(range(256)) * 2000

    async def upload(number: int) -> None:
        async with asyncssh.connect(**world.asyncssh_options(("alpha", "beta")[number % 2])) as connection:
            sftp = await connection.start_sftp_client()
            async with sftp.open(f"inbox/roster/{number}.csv", "wb") as file:
                await file.write(content)

    async def all_at_once() -> None:
        await asyncio.gather(*(upload(number) for number in range(40)))

    asyncio.run(all_at_once())
    for number in range(40):
        path = world.root / ("alpha", "beta")[number % 2] / f"inbox/roster/{number}.csv"
        assert path.read_bytes() == content

    def uploads() -> list[dict[str, str]]:
        return [details for kind, _, details in world.events if kind == "sftp.upload"]

    waited(lambda: len(uploads()) == 40)
    assert all(d["clean_close"] == "true" and d["bytes"] == str(len(content)) for d in uploads())


def test_it_stops_within_ten_seconds_whatever_clients_do(tmp_path: Path, keys_dir: Path, clients: dict[str, Client]) -> None:
    silent: list[socket.socket] = []
    with open_world(tmp_path, keys_dir, clients) as world:
        transport = world.transport()
        transport.auth_publickey("alpha", clients["alpha"].paramiko_key)
        sftp = transport.open_sftp_client()
        half = sftp.open("check/half.csv", "w")
        half.write(b"half")
        half.stat()
        silent.extend(socket.create_connection(("127.0.0.1", world.server.port)) for _ in range(5))
        # Somebody who asks for much and reads nothing.
        (world.root / "alpha/outbox/big.csv").write_bytes(b"x" * 3_000_000)
        deaf = world.transport()
        deaf.auth_publickey("alpha", clients["alpha"].paramiko_key)
        channel = deaf.open_session(window_size=1000)
        channel.invoke_subsystem("sftp")
        started = time.monotonic()
    assert time.monotonic() - started < 10
    assert [d for kind, _, d in world.events if kind == "sftp.upload"] == [
        {"path": "/check/half.csv", "bytes": "4", "clean_close": "false"}
    ]
    with pytest.raises(OSError):  # noqa: PT011 - nobody listens any more
        socket.create_connection(("127.0.0.1", world.server.port), 1)
    open_ones: tuple[paramiko.Transport | socket.socket, ...] = (transport, deaf, *silent)
    for one in open_ones:
        one.close()


def test_it_can_be_started_again_and_keeps_its_keys(tmp_path: Path, keys_dir: Path, clients: dict[str, Client]) -> None:
    server = DropServer(
        root=tmp_path / "sftp", keys_dir=keys_dir, host="127.0.0.1", port=0,
        accounts=Accounts(lambda _: [clients["alpha"].public]), audit=lambda *_: None,
    )  # fmt: skip
    shown = []
    for _ in range(2):
        with running(server):
            assert server.port != 0
            assert server.keyring is not None
            shown.append((server.port, server.keyring.fingerprints))
            assert f"[127.0.0.1]:{server.port} ssh-ed25519 " in server.keyring.known_hosts.read_text()
    assert shown[0] == shown[1]


def test_a_port_that_is_taken_is_named_with_the_mend(world: World, keys_dir: Path, tmp_path: Path) -> None:
    pinned = (keys_dir / "known_hosts").read_text()
    second = DropServer(
        root=tmp_path / "second", keys_dir=keys_dir, host="127.0.0.1", port=world.server.port, accounts=Accounts(lambda _: None),
        audit=lambda *_: None,
    )  # fmt: skip
    with pytest.raises(SettingsError, match=rf"port {world.server.port}.*SUBGROUPS_SFTP_PORT"), running(second):
        pass
    assert (keys_dir / "known_hosts").read_text() == pinned


def test_an_audit_log_that_fails_does_not_stop_uploads(
    tmp_path: Path, keys_dir: Path, clients: dict[str, Client], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(kind: str, account: str, details: dict[str, str]) -> None:
        raise RuntimeError("the registry is away")

    server = DropServer(
        root=tmp_path / "sftp",
        keys_dir=keys_dir,
        host="127.0.0.1",
        port=0,
        accounts=Accounts(lambda _: [clients["alpha"].public]),
        audit=broken,
    )
    with running(server):
        world = World(tmp_path, server, {}, clients)
        with world.sftp("alpha") as sftp:
            sftp.open("check/x.csv", "w").close()
    assert "sftp.upload" in caplog.text
    assert (tmp_path / "sftp/alpha/check/x.csv").exists()


def test_known_hosts_that_cannot_be_written_stop_the_start(tmp_path: Path, keys_dir: Path) -> None:
    for path in keys_dir.glob("*key*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "known_hosts").mkdir()
    server = DropServer(
        root=tmp_path / "sftp",
        keys_dir=tmp_path,
        host="127.0.0.1",
        port=0,
        accounts=Accounts(lambda _: None),
        audit=lambda *_: None,
    )
    with pytest.raises(SettingsError, match="known_hosts"), running(server):
        pass
    with pytest.raises(OSError):  # noqa: PT011 - nobody listens
        socket.create_connection(("127.0.0.1", server.port), 1)
