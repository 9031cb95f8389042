"""The portal under test: a real server on a free port, browsers that ask it, and people who are signed in."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Queue
from threading import Thread

import httpx

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.access.sign_ins import begin_sign_in
from subgroup_pipeline.portal.health import Parts
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.portal.server import PortalServer
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import Person as PersonRow
from subgroup_pipeline.settings import Settings
from tests.support.home import Home

_CERTIFICATES = ssl.create_default_context()
"""Never used on loopback; each browser would read all authorities anew."""


@dataclass
class PortalUnderTest(Home):
    """A running portal. `url` is where it listens; links that it makes begin with `settings.portal_url`."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def browser(self, *, cookie: str | None = None) -> httpx.Client:
        """A browser that nobody is signed in to, unless by this cookie; it follows no redirect by itself."""
        return httpx.Client(base_url=self.url, cookies={COOKIE: cookie} if cookie else None, timeout=30, verify=_CERTIFICATES)

    def person(self, email: str, role: Role, district_id: str | None = None, schools: Sequence[str] = ()) -> str:
        """A person, added if they are new, with a browser in which they are signed in; gives its cookie."""
        with self.registry.begin() as session:
            if session.get(PersonRow, email) is None:
                session.add(
                    PersonRow(
                        email=email,
                        role=role,
                        district_id=district_id,
                        school_ids=list(schools),
                        added_at=datetime.now(UTC),
                        added_by="test",
                    )
                )
                session.flush()
            return begin_sign_in(session, email, way="link", peer="127.0.0.1", browser="test")

    def staff(self) -> httpx.Client:
        """A browser of the vendor's staff."""
        return self.browser(cookie=self.person("staff@vendor.example", Role.VENDOR))

    def of_district(self, district_id: str) -> httpx.Client:
        """A browser of a district's own people."""
        return self.browser(cookie=self.person(f"data@{district_id.replace('_', '-')}.example", Role.DISTRICT, district_id))


def token_in(page: httpx.Response) -> str:
    """The token that the forms of a page carry."""
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found, page.text[:500]
    return found[1]


def send_form(browser: httpx.Client, path: str, fields: dict[str, str], *, to: str | None = None) -> httpx.Response:
    """Open a page and send its form, as a browser does."""
    page = browser.get(path)
    assert page.status_code == 200, (page.status_code, page.text[:500])
    return browser.post(to or path, data={"form_token": token_in(page), **fields})


@contextmanager
def portal_running(settings: Settings, registry: Registry, parts: Parts | None = None) -> Iterator[PortalUnderTest]:
    """A portal in a thread of its own, as `subgroups up` runs it."""

    async def nothing() -> dict[str, str]:
        return {}

    server = PortalServer(settings, registry, parts or nothing, port=0)
    running: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def serve() -> None:
        await server.start()
        stop = asyncio.Event()
        running.put((asyncio.get_running_loop(), stop))
        await stop.wait()
        await server.stop()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop, stop = running.get(timeout=10)
    try:
        yield PortalUnderTest(settings, registry, server.port)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
    assert not thread.is_alive()
