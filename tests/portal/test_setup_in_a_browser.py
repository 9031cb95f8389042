"""From the link to a seen sign-in in Chromium: by keyboard, on a phone, with and without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from subgroup_pipeline.access.passwords import HASHER, password_on_record
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.portal.page import COOKIE
from tests.portal.setting_up import PASSWORD, Desk, open_desk

pytestmark = [pytest.mark.slow, pytest.mark.needs_chromium]
WIDTHS = (375, 320, 1280)
"""A phone, 400 % of a screen that is 1280 wide, and that screen."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("browser") / "home", template) as desk:
        yield desk


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


def _hold(page: Page) -> None:
    """Hold a page against what axe knows, and see that nothing sticks out to the right, with all of it unfolded."""
    folded = page.locator("main details:not([open]) > summary")
    for _ in range(folded.count()):
        folded.first.press("Enter")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_a_password_is_chosen_and_a_sign_in_is_seen_as_it_happens(desk: Desk, chromium: Browser) -> None:
    district = desk.district()
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    link = desk.portal.url + desk.link(district)
    page.goto(link)
    _hold(page)
    page.get_by_label("Password", exact=True).fill("password password")
    page.get_by_label("The same password again").fill("password password")
    page.get_by_role("button", name="Save this password").press("Enter")
    expect(page.get_by_text("this link is still good")).to_be_visible()
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    _hold(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Show the password").press("Space")
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    page.get_by_label("The same password again").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are set up")).to_be_visible()
    _hold(page)
    expect(page.get_by_text("Nobody has signed in")).to_be_visible()
    desk.sign_in(district, PASSWORD)
    expect(page.get_by_text("Your connection works")).to_be_visible(timeout=15_000)
    _hold(page)
    page.goto(link)
    expect(page.get_by_role("heading", name="This link is no longer good")).to_be_visible()
    _hold(page)
    assert {url for url in asked if not url.startswith(desk.portal.url)} == set()


def test_all_of_it_goes_without_javascript(desk: Desk, chromium: Browser, tmp_path: Path) -> None:
    district = desk.district()
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 375, "height": 800})
    page = context.new_page()
    page.goto(desk.portal.url + desk.link(district))
    page.get_by_role("link", name="Make one for me").press("Enter")
    suggested = page.get_by_label("Password", exact=True).input_value()
    expect(page.get_by_label("Show the password")).to_be_hidden()
    page.get_by_role("button", name="Save this password").press("Enter")
    expect(page.get_by_role("heading", name="You are set up")).to_be_visible()
    kept = password_on_record(desk.portal.registry, district)
    assert kept is not None
    assert HASHER.verify(kept.password_hash, suggested)
    page.get_by_role("link", name="open it at its own address").press("Enter")
    desk.sign_in(district, suggested)
    page.get_by_role("link", name="look again").press("Enter")
    page.reload()
    expect(page.get_by_text("Your connection works")).to_be_visible()
    (tmp_path / "subgroups.csv").write_text("student_id,ell,sped\ns1,Y,n\n")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "subgroups.csv")
    page.get_by_role("button", name="Check this file").press("Enter")
    expect(page.get_by_role("heading", name="subgroups.csv: It would wait for a roster")).to_be_visible(timeout=60_000)
    context.close()


def test_staff_invite_by_keyboard(desk: Desk, chromium: Browser) -> None:
    district = desk.district()
    context = chromium.new_context()
    cookie = desk.portal.person("staff@vendor.example", Role.VENDOR)
    context.add_cookies([{"name": COOKIE, "value": cookie, "url": desk.portal.url}])
    page = context.new_page()
    page.goto(desk.portal.url + "/staff/invitations")
    page.get_by_label("The district's key").fill(district)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"The link for {district}")).to_be_visible()
    _hold(page)
    page.get_by_role("button", name="Revoke the link").press("Enter")
    expect(page.get_by_text("The link was revoked.")).to_be_visible()
    _hold(page)
    context.close()
