"""A portal beside an SFTP server, for districts that set themselves up: links, browsers and sign-ins."""

from __future__ import annotations

import itertools
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import paramiko

from subgroup_pipeline.access.invitations import find_invitation, make_invitation
from subgroup_pipeline.cli.up import drop_server
from subgroup_pipeline.dropserver.server import DropServer, running
from subgroup_pipeline.errors import DeadInvitationError
from subgroup_pipeline.logs import open_log
from subgroup_pipeline.portal.portal_key import portal_key
from subgroup_pipeline.portal.shield import form_token
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.home import apply
from tests.support.installation import keep_host_keys
from tests.support.portal import PortalUnderTest, portal_running, send_form

PASSWORD = "seven green walnuts under a bridge"
_addresses = itertools.count(1)


@dataclass
class Desk:
    """A portal beside an SFTP server, a district for each test, and every secret that a test met."""

    portal: PortalUnderTest
    server: DropServer
    secrets: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def district(self, more: str = "") -> str:
        """A new district, with more lines in its settings."""
        name = f"oak_{next(self._numbers)}"
        apply(self.portal.registry, small.settings(name) + more)
        return name

    def link(self, district_id: str) -> str:
        """The path of a new link."""
        with self.portal.registry.begin() as session:
            token = make_invitation(session, district_id, by="staff").token
        self.secrets.add(token)
        return f"/setup/{token}"

    def browser(self, **headers: str) -> httpx.Client:
        """A browser at an address of its own."""
        number = next(_addresses)
        forwarded = {"x-forwarded-for": f"198.51.{number // 250}.{number % 250}"}
        return httpx.Client(base_url=self.portal.url, headers=forwarded | headers, timeout=60)

    def choose(self, browser: httpx.Client, path: str, password: str = PASSWORD, again: str | None = None) -> httpx.Response:
        """Open the page and send a password."""
        self.secrets.add(password)
        return send_form(browser, path, {"way": "password", "password": password, "again": again or password})

    def form_of(self, path: str) -> dict[str, str]:
        """What the form of a link holds when it was opened while the link was live."""
        token = form_token(portal_key(self.portal.settings.paths), path.rpartition("/")[2])
        return {"form_token": token, "way": "password", "password": PASSWORD, "again": PASSWORD}

    def is_live(self, path: str) -> bool:
        try:
            find_invitation(self.portal.registry, path.rpartition("/")[2], peer="test")
        except DeadInvitationError:
            return False
        return True

    def sign_in(self, account: str, password: str) -> None:
        """Sign in over SFTP; raises paramiko.AuthenticationException when it is refused."""
        transport = paramiko.Transport(socket.create_connection(("127.0.0.1", self.server.port), 10))
        try:
            transport.start_client(timeout=20)
            transport.auth_password(account, password, fallback=False)
            sftp = paramiko.SFTPClient.from_transport(transport)
            assert sftp is not None
            assert "inbox" in sftp.listdir(".")
        finally:
            transport.close()


@contextmanager
def open_desk(home: Path, template: Path, **more: object) -> Iterator[Desk]:
    """All of it in a home of its own, whose log is kept."""
    shutil.copytree(template, home)
    keep_host_keys(home / "keys")
    settings = load_settings(home=home, contact_mail="help@vendor.example", **more)
    registry = open_registry(settings)
    open_log(settings)
    with running(drop_server(settings, registry, port=0)) as server, portal_running(settings, registry) as portal:
        yield Desk(portal, server)
    registry.close()


def permit_in(page: httpx.Response) -> str:
    """The part of the address under which a page about the connection is seen again."""
    return page.text.partition('<a href="/connection/')[2].partition('"')[0]
