"""Debian's PostgreSQL as tests use it: a server of its own on loopback, a new database for every test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import load_settings
from tests.support.waiting import waited

_USER = "subgroups"
_SECONDS_TO_START = 30


def programs() -> Path | None:
    """Where the newest installed server's programs are; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    return found[-1].parent if found else None


@dataclass
class Server:
    """A running server. Its user is no superuser and owns the databases; its password needs escaping in a URL."""

    port: int
    administrator: sa.Engine
    password: str = field(default_factory=lambda: f"{secrets.token_hex(4)}@:/ %+?#é")
    template: str = "migrated"

    def url(self, database: str) -> str:
        """What an operator would set."""
        return f"postgresql://{_USER}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    def run(self, statement: str) -> None:
        """One statement as the administrator."""
        with self.administrator.connect() as connection:
            connection.exec_driver_sql(statement.replace("%", "%%"))

    def make_database(self, template: str = "template1", options: str = "") -> str:
        """A new database; gives its URL."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"create database {name} template {template} owner {_USER} {options}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database that `make_database` made, whoever is still connected."""
        self.run(f"drop database if exists {url.rpartition('/')[2]} with (force)")


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server, sorting by the rules of English and not bytewise, and stop it by its pid."""
    bin_directory = programs()
    assert bin_directory is not None
    account = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    home = Path(tempfile.mkdtemp(prefix="subgroups-postgres-"))
    secret = home / "password"
    secret.write_text(secrets.token_hex(16))
    if account:
        for place in (home, secret):
            shutil.chown(place, account, account)
    how: dict[str, Any] = {"user": account, "group": account, "extra_groups": []} if account else {}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "America/Chicago"}
    log = (home / "log").open("wb")
    output: dict[str, Any] = {"cwd": home, "env": environment, "stdout": log, "stderr": log}
    locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
    subprocess.run(
        [bin_directory / "initdb", "-D", home / "data", "-U", "administrator", "--auth=scram-sha-256", f"--pwfile={secret}",
         "--no-sync", *locale],
        check=True, **how, **output,
    )  # fmt: skip
    port = _free_port()
    options = (
        f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "synchronous_commit=off",
        "full_page_writes=off", "shared_buffers=16MB", "max_connections=60", "timezone=America/Chicago",
    )  # fmt: skip
    set_options = (word for option in options for word in ("-c", option))
    command = [str(bin_directory / "postgres"), "-D", str(home / "data"), *set_options]
    server = subprocess.Popen(command, **how, **output)
    try:
        address = sa.URL.create("postgresql+psycopg2", "administrator", secret.read_text(), "127.0.0.1", port, "postgres")
        made = Server(port, sa.create_engine(address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT"))
        _wait(made.administrator, server, home / "log")
        with made.administrator.connect() as connection:
            quoted = "'" + made.password.replace("'", "''").replace("%", "%%") + "'"
            connection.exec_driver_sql(f"create role {_USER} login password {quoted}")
        made.run(f"create database {made.template} owner {_USER}")
        open_registry(load_settings(home=home / "home", database_url=made.url(made.template))).close()
        yield made
    finally:
        server.send_signal(signal.SIGINT)  # ends the sessions and stops
        server.wait(timeout=_SECONDS_TO_START)
        log.close()
        shutil.rmtree(home)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(engine: sa.Engine, server: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        with suppress(sa.exc.OperationalError), engine.connect():
            return True
        return False

    waited(answers, _SECONDS_TO_START)
