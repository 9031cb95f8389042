"""Every page of the portal in Debian's Chromium, for staff, for a district and for strangers, after a real night.

A new page is walked by itself. Each is accessible at every width, is gone through by the Tab key, and says the same without
JavaScript; `opened` holds it against errors in the console and requests to other machines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from subgroup_pipeline.access.roles import Role
from tests.support.browser import WIDTHS, chromium, complaints, opened
from tests.support.every_page import CLERK, STAFF, EveryPage, deliver_to_every_page, parts_of_every_page
from tests.support.installation import installation_in
from tests.support.noticeboard import noticeboard_running
from tests.support.portal import PortalUnderTest, portal_running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.needs_chromium]

WHO = ("strangers", "staff", "district")
_MARK_CONTROLS = """() => {
  const controls = [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter((one) => one.checkVisibility() && !one.disabled);
  const groups = new Set();
  const reachable = controls.filter((one) => {
    if (one.type !== 'radio') return true;
    const group = `${one.form?.action} ${one.name}`;
    const counts = !groups.has(group) || one.checked;
    groups.add(group);
    return counts;
  });
  window.missed = new Set(reachable);
  window.unseen = [];
  document.addEventListener('focusin', ({target}) => {
    const group = (one) => one.type === 'radio' && target.type === 'radio' && one.name === target.name;
    for (const one of [...window.missed]) if (one === target || group(one)) window.missed.delete(one);
    const style = getComputedStyle(target);
    if (target.id !== 'main' && (style.outlineStyle !== 'solid' || parseFloat(style.outlineWidth) < 2))
      window.unseen.push(target.outerHTML.slice(0, 200));
  });
  return reachable.length;
}"""
_NOT_REACHED = "[...[...window.missed].map((one) => 'not reached: ' + one.outerHTML.slice(0, 200)), ...window.unseen]"


@dataclass
class Shown:
    """A portal in which every page has something to show, the pages, and who is signed in where."""

    portal: PortalUnderTest
    pages: EveryPage
    cookies: dict[str, str | None]

    def of(self, who: str) -> list[str]:
        pages: list[str] = getattr(self.pages, who)
        return pages


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with installation_in(tmp_path_factory.mktemp("every_page") / "home") as installation:
        deliver_to_every_page(installation)
        settings = installation.settings
        with noticeboard_running(settings), portal_running(settings, installation.registry) as portal:
            parts = parts_of_every_page(installation, portal)
            cookies = {"staff": portal.person(STAFF, Role.VENDOR), "district": portal.person(CLERK, Role.DISTRICT, "alder")}
            yield Shown(portal, EveryPage.of(parts), {"strangers": None, **cookies})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened_browser:
        yield opened_browser


def _go(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert (answer.status, page.locator("h1").count()) == (200, 1), path


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("who", WHO)
def test_axe_finds_nothing_and_nothing_sticks_out(shown: Shown, browser: Browser, who: str, width: int) -> None:
    with opened(browser, shown.portal.url, cookie=shown.cookies[who], width=width) as page:
        found = {}
        for path in shown.of(who):
            _go(page, path)
            page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
            found[path] = complaints(page)
    assert {path: said for path, said in found.items() if said} == {}


@pytest.mark.parametrize("who", WHO)
def test_the_tab_key_reaches_everything_and_shows_where_it_is(shown: Shown, browser: Browser, who: str) -> None:
    with opened(browser, shown.portal.url, cookie=shown.cookies[who]) as page:
        found = {}
        for path in shown.of(who):
            _go(page, path)
            for _ in range(page.evaluate(_MARK_CONTROLS) + 10):
                page.keyboard.press("Tab")
            found[path] = page.evaluate(_NOT_REACHED)
    assert {path: said for path, said in found.items() if said} == {}


@pytest.mark.parametrize("who", WHO)
def test_a_page_says_the_same_without_javascript(shown: Shown, browser: Browser, who: str) -> None:
    """Buttons that only work with it (class `needs-script`) are the only difference."""
    url, cookie = shown.portal.url, shown.cookies[who]
    with opened(browser, url, cookie=cookie) as page, opened(browser, url, cookie=cookie, javascript=False) as bare:
        for path in shown.of(who):
            _go(page, path)
            _go(bare, path)
            page.evaluate("document.documentElement.classList.remove('scripted')")
            words = [re.sub(r"\s+", " ", one.locator("main").inner_text()) for one in (page, bare)]
            assert words[0] == words[1], path
