"""Servers to fetch from: our drop server, OpenSSH's sshd, and a proxy that breaks connections; and what a fetch then did."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncssh

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.dropserver.accounts import Accounts
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.dropserver.server import DropServer, running
from subgroup_pipeline.intake.fetch import Fetched, fetch_deliveries
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.home import Files, Home
from tests.support.installation import keep_host_keys
from tests.support.waiting import waited


class World(Home):
    """An installation whose server runs, and the directories that its districts upload to."""

    @property
    def root(self) -> Path:
        return self.settings.paths.sftp

    def add(self, district: str = "alpha", more: str = "", **replacements: str) -> str:
        """As everywhere, and its directories, which a first sign-in makes."""
        make_home(self.root, super().add(district, more, **replacements))
        return district

    def drop(self, district: str, feed: str, files: Files, *, age: float = 3600) -> None:
        super().drop(district, feed, files, age=age)

    def put(self, district: str, feed: str, name: str, content: bytes | str, *, age: float = 3600) -> Path:
        """A file as an upload left it so many seconds ago."""
        self.drop(district, feed, {name: content}, age=age)
        return self.root / district / "inbox" / feed / name

    def left(self, district: str, feed: str = "roster") -> list[str]:
        return sorted(path.name for path in (self.root / district / "inbox" / feed).iterdir())

    def fetch(self, *districts: str, settings: Settings | None = None) -> Fetched:
        return fetch_deliveries(self.registry, settings or self.settings, registered_districts(self.registry, list(districts)))

    def with_settings(self, **changes: object) -> Settings:
        """The installation's settings with some changed."""
        return load_settings(**(self.settings.model_dump() | changes))

    def deliveries(self, district: str | None = None) -> list[Delivery]:
        return [d for d in all_deliveries(self.registry, [district] if district else None) if d.sha256 is not None]

    def states(self, district: str | None = None) -> list[tuple[str, str | None, list[str]]]:
        """State, proof and finding codes of every delivery that came, oldest first."""
        return [(d.state, d.proof, [f.code for f in d.findings]) for d in self.deliveries(district)]

    def archived(self) -> list[Path]:
        return sorted(path for path in self.settings.paths.archive.rglob("*") if path.is_file())


@contextmanager
def open_world(home: Path, template: Path, settle_seconds: float = 60) -> Iterator[World]:
    """An installation with its own server, made from a template: keys and tables take a second."""
    shutil.copytree(template, home)
    keep_host_keys(home / "keys")
    settings = load_settings(home=home, settle_seconds=settle_seconds)
    registry = open_registry(settings)
    server = DropServer(
        root=settings.paths.sftp, keys_dir=settings.paths.keys, host="127.0.0.1", port=0, accounts=Accounts(lambda _: None),
        audit=lambda *_: None,
    )  # fmt: skip
    with running(server):
        yield World(load_settings(home=home, settle_seconds=settle_seconds, sftp_port=server.port), registry)
    registry.close()


@dataclass
class Proxy:
    """A way to a server that ends connections after so many bytes from the server; `cuts` says how, one a connection."""

    target: int
    cuts: list[int | None]
    port: int = 0
    connections: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._stack.callback(_end, listener)
        self.port = listener.getsockname()[1]
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                cut = self.cuts[min(self.connections, len(self.cuts) - 1)]
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self.target))
                for source, sink, limit in ((client, server, None), (server, client, cut)):
                    threading.Thread(target=_pump, args=(source, sink, limit), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, limit: int | None) -> None:
    passed = 0
    with suppress(OSError):
        while data := source.recv(65536):
            if limit is not None and passed + len(data) > limit:
                sink.sendall(data[: limit - passed])
                break
            passed += len(data)
            sink.sendall(data)
    for connection in (source, sink):
        _end(connection)


def _end(connection: socket.socket) -> None:
    """End a connection for whoever waits on it, in other threads too; closing alone does not."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def silent_server() -> Iterator[int]:
    """A port where somebody accepts and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Sshd:
    """OpenSSH as a district's own server: where it listens, its key, and the directory with the files."""

    port: int
    host_key: str
    files: Path
    user: str

    def yaml(self, **changes: str) -> str:
        """The `server:` block of a district whose files lie here."""
        server = {
            "host": "127.0.0.1", "port": str(self.port), "username": self.user, "host_key": self.host_key,
            "private_key": "foreign", "root": str(self.files),
        } | changes  # fmt: skip
        return "server:\n" + "".join(f"  {key}: {value}\n" for key, value in server.items())

    def put(self, feed: str, name: str | bytes, content: bytes | str) -> Path:
        path = self.files / "inbox" / feed / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


@contextmanager
def run_sshd(directory: Path, client_key: Path) -> Iterator[Sshd]:
    """Run sshd as the current user on a free port, with a key, a configuration and authorized keys of its own."""
    binary = shutil.which("sshd") or "/usr/sbin/sshd"
    directory.mkdir(mode=0o700)
    for name in ("host", "client"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        path = directory / name if name == "host" else client_key
        path.write_bytes(key.export_private_key("openssh"))
        path.chmod(0o600)
        (directory / f"{name}.pub").write_bytes(key.export_public_key("openssh"))
    port = free_port()
    (directory / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"AuthorizedKeysFile {directory}/client.pub\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([binary, "-D", "-e", "-f", str(directory / "sshd_config")], stderr=log, start_new_session=True)
    try:
        _wait_for_port(port, process, directory / "log")
        host_key = " ".join((directory / "host.pub").read_text().split()[:2])
        yield Sshd(port, host_key, directory / "files", getpass.getuser())
    finally:
        process.terminate()
        process.wait(5)


def _wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    waited(answers)
