"""Marks for what a machine may lack, and the installation that end-to-end tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.installation import Installation
    from tests.support.place import Place
    from tests.support.postgres import Server
    from tests.support.servers import World

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT.parent / "shared" / "samples"

_NEEDS = {
    "needs_sshd": (
        bool(shutil.which("sftp") and (shutil.which("sshd") or Path("/usr/sbin/sshd").exists())),
        "OpenSSH is not installed: apt-get install openssh-server openssh-client",
    ),
    "needs_postgres": (
        any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "PostgreSQL's server is not installed: apt-get install postgresql",
    ),
    "needs_nginx": (Path("/usr/sbin/nginx").exists(), "nginx is not installed: apt-get install nginx-light"),
    "needs_caddy": (bool(shutil.which("caddy")), "Caddy is not installed: apt-get install caddy"),
    "needs_systemd": (bool(shutil.which("systemd-analyze")), "systemd-analyze is not installed: apt-get install systemd"),
    "needs_chromium": (bool(shutil.which("chromium")), "Chromium is not installed: apt-get install chromium"),
    "needs_analyst_tools": (
        (Path(__file__).parents[1] / ".analysts" / "ready").exists(),
        "the tools of analysts are not installed: make .analysts/ready",
    ),
    "needs_java": (
        bool(shutil.which("java")) and (Path(__file__).parents[1] / ".spark" / "ready").exists(),
        "Java or Spark is not installed: apt-get install openjdk-17-jre-headless, and make .spark/ready",
    ),
    "needs_argus": (
        (Path(__file__).parents[1] / ".argus" / "ready").exists(),
        "tau-argus is not installed: make .argus/ready",
    ),
    "real_data": (SAMPLES.is_dir(), "the folder with real samples is not beside the project (../shared/samples)"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the machine cannot run, saying how to mend it; with SUBGROUPS_REQUIRE_ALL=1 fail instead."""
    for mark, (is_there, mend) in _NEEDS.items():
        if item.get_closest_marker(mark) and not is_there:
            if os.environ.get("SUBGROUPS_REQUIRE_ALL") == "1":
                pytest.fail(mend)
            pytest.skip(mend)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process unless a mark names their group: most files share a night or a warehouse."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


@pytest.fixture
def samples() -> Path:
    """The folder of real files."""
    return SAMPLES


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """A whole installation in a home of its own, its SFTP server running on a free port."""
    from tests.support.installation import installation_in

    with installation_in(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty registry: its tables take half a second to make."""
    from tests.support.home import Home

    home = tmp_path_factory.mktemp("template")
    Home.at(home).close()
    return home


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Iterator[Place]:
    """An installation without a server: a registry, an archive and a warehouse of its own."""
    from tests.support.place import Place

    shutil.copytree(template, tmp_path / "home")
    made = Place.at(tmp_path / "home", memory_limit="1GB")
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path, template: Path) -> Iterator[World]:
    """An installation with a server to fetch from, and alpha's directories on it; uploads settle as shipped, in 60 s."""
    from tests.support.servers import open_world

    with open_world(tmp_path / "home", template) as made:
        made.add("alpha")
        yield made


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Debian's PostgreSQL on a free port of loopback, gone with the session."""
    from tests.support.postgres import running_server

    with running_server() as server:
        yield server


@pytest.fixture
def empty_postgres_url(postgres_server: Server) -> Iterator[str]:
    """A database of its own with nothing in it."""
    url = postgres_server.make_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """A database of its own with the registry's tables, empty: a copy, which is quicker than a migration."""
    url = postgres_server.make_database(postgres_server.template)
    yield url
    postgres_server.drop_database(url)
