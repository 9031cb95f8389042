"""Chromium as people use the portal: signed in at a desk, on a phone, at 400% zoom or without JavaScript; and what axe says."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.support.portal import PortalUnderTest

WIDTHS = {"at a desk": 1280, "on a phone": 375, "at 400% zoom": 320}
"""CSS pixels; a desk of 1,280 at 400% has 320 (WCAG 2.2, 1.4.10)."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, url: str, *, cookie: str | None = None, width: int = 1280, javascript: bool = True
) -> Iterator[Page]:
    """A page of a browser of its own, in which this cookie signs somebody in. Nothing it asks for may lie on another machine.

    Nor may it write an error to its console, which is also where breaches of the content security policy are told.
    """
    from subgroup_pipeline.portal.page import COOKIE

    asked: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=javascript, base_url=url, accept_downloads=True
    )
    if cookie:
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": url}])
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert {urlsplit(url).hostname for url in asked} <= {"127.0.0.1"}
    assert not faults, faults


def signed_in(
    browser: Browser, portal: PortalUnderTest, cookie: str, *, width: int = 1280, javascript: bool = True
) -> AbstractContextManager[Page]:
    """A page of a browser that this cookie is in."""
    return opened(browser, portal.url, cookie=cookie, width=width, javascript=javascript)


def complaints(page: Page) -> str:
    """What axe finds on a page (WCAG 2.2 A and AA, and its best practices), and whether the page sticks out to the right."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    wide, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    said = found.generate_report() if found.violations_count else ""
    return said + (f"the page is {wide} px wide, and has {room}" if wide > room else "")


def tab_to(page: Page, words: str, most: int = 60) -> None:
    """Go on by the Tab key until the control with these words has the focus, and see that the focus shows."""
    for _ in range(most):
        page.keyboard.press("Tab")
        said = page.evaluate("document.activeElement.innerText || document.activeElement.value || ''")
        if said.strip() == words:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"no control says {words!r} within {most} steps")
