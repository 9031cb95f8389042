"""A real server on loopback with two districts, the clients that sign in to it, and what it told its audit log."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import paramiko

from subgroup_pipeline.access.password_checker import PasswordChecker
from subgroup_pipeline.dropserver.accounts import Accounts
from subgroup_pipeline.dropserver.server import DropServer, running
from tests.support.waiting import waited

SECRET = b"student rows that nobody outside may see"


@dataclass
class Client:
    """A key pair in the forms that the clients under test take."""

    private: asyncssh.SSHKey
    public: str
    path: Path

    @property
    def paramiko_key(self) -> paramiko.PKey:
        return paramiko.Ed25519Key.from_private_key_file(str(self.path))


@dataclass
class World:
    """The server, what it was told, and what it told."""

    home: Path
    server: DropServer
    keys: dict[str, list[str]]
    clients: dict[str, Client]
    events: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.home / "sftp"

    def transport(self) -> paramiko.Transport:
        connection = socket.create_connection(("127.0.0.1", self.server.port), 10)
        # Else each small request may wait 40 ms for the acknowledgement of the one before.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(connection)
        transport.start_client(timeout=10)
        return transport

    @contextmanager
    def sftp(self, account: str, client: str | None = None) -> Iterator[paramiko.SFTPClient]:
        transport = self.transport()
        try:
            transport.auth_publickey(account, self.clients[client or account].paramiko_key)
            sftp = paramiko.SFTPClient.from_transport(transport)
            assert sftp is not None
            yield sftp
        finally:
            transport.close()

    @property
    def known_hosts(self) -> Path:
        assert self.server.keyring is not None
        return self.server.keyring.known_hosts

    def asyncssh_options(self, account: str) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "username": account,
            "client_keys": [self.clients[account].private],
            "known_hosts": str(self.known_hosts),
            "config": None,
            "agent_path": None,
        }

    def wait_for(self, kind: str, account: str, **details: str) -> dict[str, str]:
        """The latest such event, once it is there."""

        def latest() -> dict[str, str]:
            meant = (what for seen, who, what in reversed(self.events) if (seen, who) == (kind, account))
            return next((what for what in meant if details.items() <= what.items()), {})

        return waited(latest)


def snapshot(home: Path) -> dict[str, tuple[object, ...]]:
    """Everything below a directory: kinds, modes, times, contents and where links lead."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(home.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            content: object = path.readlink()
        else:
            content = path.read_bytes() if path.is_file() else None
        # The time of a directory says that something was made in it, even if it is gone again.
        found[str(path.relative_to(home))] = (status.st_mode, status.st_mtime_ns, status.st_nlink, content)
    return found


def make_client(directory: Path, name: str) -> Client:
    key = asyncssh.generate_private_key("ssh-ed25519", comment=name)
    path = directory / name
    path.write_bytes(key.export_private_key("openssh"))
    path.chmod(0o600)
    return Client(key, key.export_public_key("openssh").decode().strip(), path)


@contextmanager
def open_world(
    home: Path, keys_dir: Path, clients: dict[str, Client], *, passwords: PasswordChecker | None = None, **settings: int
) -> Iterator[World]:
    keys = {name: [clients[name].public] for name in ("alpha", "beta")}
    events: list[tuple[str, str, dict[str, str]]] = []
    threads: set[str] = set()

    def audit(kind: str, account: str, details: dict[str, str]) -> None:
        threads.add(threading.current_thread().name)
        events.append((kind, account, details))

    server = DropServer(
        root=home / "sftp", keys_dir=keys_dir, host="127.0.0.1", port=0, accounts=Accounts(keys.get, passwords), audit=audit,
        **settings,
    )  # fmt: skip
    with running(server):
        yield World(home, server, keys, dict(clients), events)
    assert threads <= {"dropserver-audit"}, "an audit call ran on the event loop"
