"""Sign-in and people in Chromium: what is shown after a form, by keyboard, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.desk.sign_in_links import sign_in_link
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.browser import WIDTHS, chromium, complaints, signed_in, tab_to
from tests.support.home import apply
from tests.support.portal import PortalUnderTest, portal_running
from tests.support.waiting import waited

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow, pytest.mark.needs_chromium]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    settings = load_settings(home=tmp_path_factory.mktemp("home"), oidc_issuer="https://login.example.com")
    registry = open_registry(settings)
    apply(registry, small.settings("ash"))
    with registry.begin() as session:
        keep_person(session, described("ann.with.a.rather.long.name@ash.example", "school", "ash", ["s1", "s2"]), actor="test")
    with portal_running(settings, registry) as portal:
        yield portal
    registry.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_ones_own_page_and_a_link_of_somebody_else_are_accessible(portal: PortalUnderTest, browser: Browser, width: int) -> None:
    ann = "ann.with.a.rather.long.name@ash.example"
    link = sign_in_link(portal.settings, portal.registry, ann, actor="test").url.removeprefix(portal.settings.portal_url)
    with signed_in(browser, portal, portal.person("staff@vendor.example", Role.VENDOR), width=width) as page:
        for path in ("/staff/people/staff@vendor.example", link):
            page.goto(path)
            assert complaints(page) == "", path
        page.goto(f"/staff/people/{ann}")
        page.get_by_role("button", name="Show it to me").click()
        assert complaints(page) == ""


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_somebody_is_added_and_signs_in_by_keyboard(portal: PortalUnderTest, browser: Browser, javascript: bool) -> None:
    email = f"clerk.{javascript}@ash.example".lower()
    with signed_in(browser, portal, portal.person("staff@vendor.example", Role.VENDOR), javascript=javascript) as page:
        page.goto("/staff/people")
        page.get_by_label("Mail address", exact=True).fill(email)
        page.get_by_label("Key of their district").fill("ash")
        page.keyboard.press("Enter")
        page.get_by_text(f"{email} may sign in now.").wait_for()
        page.get_by_role("button", name="Send it by mail").press("Enter")
        page.get_by_text("is queued").wait_for()
    with signed_in(browser, portal, "nobody", javascript=javascript) as page:
        page.goto("/me")
        assert "/sign-in?next=/me" in page.url
        page.get_by_label("Your mail address").fill(email)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Look into your mail").wait_for()

        def asked_for() -> list[str]:
            with portal.registry.begin() as session:
                query = sa.select(Mail.text).where(Mail.recipient == email).order_by(Mail.mail_id.desc())
                return [text for text in session.scalars(query) if "next=/me" in text]

        found = re.search(rf"{portal.settings.portal_url}(/sign-in/\S+)", waited(asked_for)[0])
        assert found
        page.goto(found[1])
        tab_to(page, "Sign in")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Where you are signed in").wait_for()
        page.get_by_role("button", name="Sign out here").press("Enter")
        page.get_by_text("You are signed out.").wait_for()
