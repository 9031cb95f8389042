"""Who gets in with a key, where passwords are not taken: asked anew at every login, and nothing but SFTP behind the door."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import asyncssh
import paramiko
import pytest

from tests.dropserver.world import Client, World
from tests.support.waiting import waited

LEGACY = (
    "sha1",
    "cbc",
    "md5",
    "arcfour",
    "3des",
    "ssh-dss",
    "umac-64",
    "blowfish",
    "group-exchange",
    "nistp",
    "group1-",
    "group14",
)


def _refusal(world: World, account: str, key: paramiko.PKey) -> tuple[str, str]:
    transport = world.transport()
    try:
        with pytest.raises(paramiko.AuthenticationException) as refused:
            transport.auth_publickey(account, key)
        return type(refused.value).__name__, str(refused.value)
    finally:
        transport.close()


def test_a_key_opens_its_own_account_only(world: World, clients: dict[str, Client]) -> None:
    with world.sftp("alpha") as sftp:
        assert sftp.listdir("inbox") == ["roster", "subgroups"]
    login = world.wait_for("sftp.login", "alpha")
    assert login["peer"] == "127.0.0.1"
    assert login["key"] == clients["alpha"].private.get_fingerprint()
    _refusal(world, "beta", clients["alpha"].paramiko_key)
    refused = world.wait_for("sftp.login_refused", "beta")
    assert clients["alpha"].private.get_fingerprint() in refused["keys"]


def test_directories_are_made_private(world: World) -> None:
    with world.sftp("alpha"):
        pass
    for place in ("", "inbox", "inbox/roster", "inbox/subgroups", "check", "outbox"):
        assert (world.root / "alpha" / place).stat().st_mode & 0o7777 == 0o700


def test_an_unknown_account_is_answered_like_a_wrong_key(world: World, clients: dict[str, Client]) -> None:
    stranger = clients["stranger"].paramiko_key
    answers = {_refusal(world, name, stranger) for name in ("alpha", "nobody_here", "_pipeline", "../etc", "root")}
    assert len(answers) == 1
    assert world.wait_for("sftp.login_refused", "-", name="../etc")
    assert not (world.root / "nobody_here").exists()


@pytest.mark.parametrize("name", ["Alpha", "alpha/", "alpha\0", "./alpha", "alpha ", "", "_PIPELINE", "x" * 900])
def test_names_that_are_no_account_do_not_get_in(shared_world: World, clients: dict[str, Client], name: str) -> None:
    shared_world.keys[name] = [clients["alpha"].public]  # even if the caller knew keys for it
    logins = [event for event in shared_world.events if event[0] == "sftp.login"]
    transport = shared_world.transport()
    try:
        with pytest.raises(paramiko.SSHException):
            transport.auth_publickey(name, clients["alpha"].paramiko_key)
    finally:
        transport.close()
    assert [event for event in shared_world.events if event[0] == "sftp.login"] == logins


def test_keys_rotate_while_the_server_runs(world: World, clients: dict[str, Client]) -> None:
    with world.sftp("alpha") as old:
        world.keys["alpha"].append(clients["stranger"].public)
        with world.sftp("alpha", "stranger") as new:
            assert new.listdir(".") == old.listdir(".")
        world.keys["alpha"] = ["# a comment, or a damaged line", clients["stranger"].public]
        _refusal(world, "alpha", clients["alpha"].paramiko_key)
    with world.sftp("alpha", "stranger"):
        pass
    del world.keys["alpha"]
    _refusal(world, "alpha", clients["stranger"].paramiko_key)
    world.keys["alpha"] = []
    _refusal(world, "alpha", clients["stranger"].paramiko_key)


def test_a_registry_that_fails_refuses_and_the_server_lives_on(world: World, clients: dict[str, Client]) -> None:
    world.keys["alpha"] = cast("list[str]", 5)  # what a broken caller might give
    _refusal(world, "alpha", clients["alpha"].paramiko_key)
    with world.sftp("beta") as sftp:
        sftp.listdir(".")


def test_three_refused_keys_end_the_connection(world: World, clients: dict[str, Client]) -> None:
    """Even when the fourth key would have been the right one."""
    wrong = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(3)]

    async def connect(keys: list[asyncssh.SSHKey]) -> None:
        options = world.asyncssh_options("alpha") | {"client_keys": keys}
        async with asyncssh.connect(**options):
            pass

    asyncio.run(connect([*wrong[:2], clients["alpha"].private]))
    with pytest.raises(asyncssh.DisconnectError, match="Too many authentication failures"):
        asyncio.run(connect([*wrong, clients["alpha"].private]))
    refused = world.wait_for("sftp.login_refused", "alpha")
    assert refused["keys"].split() == [key.get_fingerprint() for key in wrong]


def test_passwords_are_not_taken_and_not_taken_for_ever(world: World) -> None:
    transport = world.transport()
    try:
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            transport.auth_password("alpha", "guess")
        assert refused.value.allowed_types == ["publickey"]
        for guess in range(50):  # without waiting for the answers
            message = paramiko.Message()
            message.add_byte(bytes([50]))
            for text in ("alpha", "ssh-connection", "password"):
                message.add_string(text)
            message.add_boolean(False)
            message.add_string(f"guess {guess}")
            try:
                cast("Any", transport)._send_message(message)
            except (OSError, EOFError):
                break
        transport.join(5)
        assert not transport.is_active()
    finally:
        transport.close()
    assert world.wait_for("sftp.login_refused", "alpha")["keys"] == "none offered"


def test_rsa_keys_sign_with_sha2_or_not_at_all(world: World) -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    world.keys["alpha"] = [key.export_public_key("openssh").decode()]

    async def connect(algorithm: str) -> None:
        options = world.asyncssh_options("alpha") | {"client_keys": [key], "signature_algs": [algorithm]}
        async with asyncssh.connect(**options) as connection:
            assert await (await connection.start_sftp_client()).listdir("outbox") == [".", ".."]

    asyncio.run(connect("rsa-sha2-256"))
    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(connect("ssh-rsa"))


def _offered(port: int) -> list[list[str]]:
    """The ten name lists of the server's KEXINIT, read off the wire."""
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        stream = raw.makefile("rb")
        assert stream.readline().startswith(b"SSH-2.0-subgroups")
        raw.sendall(b"SSH-2.0-probe\r\n")
        length, padding = struct.unpack(">IB", stream.read(5))
        payload = stream.read(length - 1)[: length - 1 - padding]
    assert payload[0] == 20
    lists, at = [], 17
    for _ in range(10):
        (size,) = struct.unpack(">I", payload[at : at + 4])
        lists.append(payload[at + 4 : at + 4 + size].decode().split(","))
        at += 4 + size
    return lists


def test_only_pinned_algorithms_are_offered(shared_world: World) -> None:
    kex, host_keys, ciphers, _, macs, _, compression, *_ = _offered(shared_world.server.port)
    assert not [name for names in (kex, host_keys, ciphers, macs) for name in names if any(old in name for old in LEGACY)]
    assert host_keys == ["ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"]
    assert "kex-strict-s-v00@openssh.com" in kex
    assert {"mlkem768x25519-sha256", "curve25519-sha256"} <= set(kex)
    assert all(name.endswith(("-ctr", "-gcm@openssh.com", "-poly1305@openssh.com")) for name in ciphers)
    assert all("-etm@" in name for name in macs)
    assert compression == ["none"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("kex", "diffie-hellman-group14-sha256"),
        ("kex", "diffie-hellman-group-exchange-sha256"),
        ("ciphers", "aes128-cbc"),
        ("digests", "hmac-sha1"),
        ("digests", "hmac-sha2-256"),
        ("key_types", "ecdsa-sha2-nistp256"),
    ],
)
def test_a_client_that_knows_only_other_algorithms_is_refused(shared_world: World, option: str, value: str) -> None:
    transport = paramiko.Transport(("127.0.0.1", shared_world.server.port))
    options = transport.get_security_options()
    options.ciphers = ("aes128-ctr",)  # one that needs a MAC
    setattr(options, option, (value,))
    try:
        with pytest.raises(paramiko.SSHException):
            transport.start_client(timeout=5)
    finally:
        transport.close()


def test_there_is_no_shell_command_scp_terminal_or_other_subsystem(shared_world: World, clients: dict[str, Client]) -> None:
    transport = shared_world.transport()
    try:
        transport.auth_publickey("alpha", clients["alpha"].paramiko_key)
        asked: tuple[Callable[[Any], object], ...] = (
            lambda channel: channel.invoke_shell(),
            lambda channel: channel.exec_command("id"),
            lambda channel: channel.exec_command("scp -t /inbox/roster"),
            lambda channel: channel.get_pty(),
            lambda channel: channel.request_x11(),
            lambda channel: channel.invoke_subsystem("netconf"),
        )
        for ask in asked:
            channel = transport.open_session(timeout=5)
            with pytest.raises(paramiko.SSHException):
                ask(channel)
            channel.close()
        for operation in ("shell", "exec", "subsystem"):
            assert shared_world.wait_for("sftp.refused", "alpha", operation=operation)
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", shared_world.server.port), ("127.0.0.1", 1), timeout=5)
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward("127.0.0.1", 0)
        assert shared_world.wait_for("sftp.refused", "alpha", operation="forwarding")
    finally:
        transport.close()


def test_agent_and_socket_forwarding_are_refused(world: World) -> None:
    async def ask() -> None:
        async with asyncssh.connect(**world.asyncssh_options("alpha")) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection("/var/run/docker.sock")
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.forward_remote_path("/tmp/x.sock", "/tmp/y.sock")  # noqa: S108 - never made

    asyncio.run(ask())


def _opened(transport: paramiko.Transport) -> paramiko.SFTPClient | None:
    with suppress(paramiko.ChannelException):
        return paramiko.SFTPClient.from_transport(transport)
    return None


def test_sessions_of_a_connection_are_limited_and_given_back(shared_world: World, clients: dict[str, Client]) -> None:
    transport = shared_world.transport()
    try:
        transport.auth_publickey("alpha", clients["alpha"].paramiko_key)
        for _ in range(2):
            held = [waited(lambda: _opened(transport)) for _ in range(10)]  # closing is not answered
            with pytest.raises(paramiko.ChannelException):
                transport.open_session(timeout=5)
            for sftp in held:
                sftp.close()
    finally:
        transport.close()


def test_who_is_signed_in_with_a_key_that_is_taken_away_is_put_out(world: World, clients: dict[str, Client]) -> None:
    """Also in the middle of an upload, which is noted as not finished; another district's client stays."""
    with world.sftp("alpha") as gone, world.sftp("beta") as stays:
        upload = gone.open("inbox/roster/roster.zip", "wb")
        upload.write(b"half")
        world.keys["alpha"] = []
        closed = world.wait_for("sftp.closed", "alpha")
        assert (closed["key"], closed["peer"]) == (clients["alpha"].private.get_fingerprint(), "127.0.0.1")
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            gone.listdir("inbox")
        assert stays.listdir("inbox") == ["roster", "subgroups"]
    _refusal(world, "alpha", clients["alpha"].paramiko_key)
