"""`/staff/districts/propose`: from a sample file to a registered district, with nothing of the file kept or shown."""

from __future__ import annotations

import html
import io
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.desk.limited_child import only_one
from subgroup_pipeline.desk.proposal.proposal import Identity
from subgroup_pipeline.desk.proposal.uploaded import propose_uploaded
from subgroup_pipeline.errors import ProposalError
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import District
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.portal import PortalUnderTest, portal_running, send_form, token_in

PAGE = "/staff/districts/propose"
FILE = "student_id,last name,ell,status,sped\n" + "".join(f"s{n:03},Family{n},{'YN'[n % 2]},{'AB'[n % 2]},X\n" for n in range(10))


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    settings = load_settings(home=tmp_path_factory.mktemp("propose"))
    registry = open_registry(settings)
    with portal_running(settings, registry) as running:
        yield running
    registry.close()


@pytest.fixture(scope="module")
def proposed(portal: PortalUnderTest) -> httpx.Response:
    """The answer to a sample with its roster, as a zip."""
    browser = portal.staff()
    files = {"sample": ("../sample.csv", FILE.encode()), "roster": ("roster.zip", zip_of(small.roster()))}
    fields = {"form_token": token_in(browser.get(PAGE)), "district": "pine", "name": "Pine", "timezone": "America/Chicago"}
    return browser.post(PAGE, data=fields, files=files)


def _text(page: httpx.Response) -> str:
    """What the form has for the settings."""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    assert found, page.text[:2000]
    return html.unescape(found[1])


def test_a_sample_is_shown_with_what_was_recognised_and_asked(proposed: httpx.Response) -> None:
    assert proposed.status_code == 200, proposed.text
    assert "1 question for the district" in proposed.text
    assert "english_learner" in proposed.text
    assert "10 of 10" in proposed.text
    assert "matches: users.sourcedId" in _text(proposed)
    for secret in ("Family3", "s003"):
        assert secret not in proposed.text


def test_nothing_of_the_files_is_kept(portal: PortalUnderTest, proposed: httpx.Response) -> None:
    assert proposed.status_code == 200
    left = [path for path in portal.settings.paths.root.rglob("*") if path.is_file()]
    assert not [path for path in left if b"Family3" in path.read_bytes()]
    assert not any(portal.settings.paths.rehearsals.iterdir())


def test_what_is_proposed_is_looked_at_and_registered_as_any_new_settings(
    portal: PortalUnderTest, proposed: httpx.Response
) -> None:
    browser, text = portal.staff(), _text(proposed)
    assert 'action="/staff/districts/new"' in proposed.text
    looked_at = send_form(browser, PAGE, {"yaml": text}, to="/staff/districts/new")
    assert looked_at.status_code == 200, looked_at.text
    done = send_form(browser, PAGE, {"yaml": text}, to="/staff/districts/new/apply")
    assert (done.status_code, done.headers["location"]) == (303, "/staff/districts/pine")


def test_a_file_that_is_none_is_refused_in_words_and_none_at_all_too(portal: PortalUnderTest) -> None:
    browser = portal.staff()
    fields = {"form_token": token_in(browser.get(PAGE))}
    page = browser.post(PAGE, data=fields, files={"sample": ("a.csv", b"%PDF-1.7 ...")})
    assert (page.status_code, "It is a PDF." in page.text) == (422, True)
    page = browser.post(PAGE, data=fields)
    assert (page.status_code, "Choose the sample file." in page.text) == (422, True)


def test_one_at_a_time_within_limits(portal: PortalUnderTest) -> None:
    settings = portal.settings
    sample = ("a.csv", io.BytesIO(FILE.encode()))
    with only_one(settings.paths.rehearsals), pytest.raises(ProposalError, match="Another file"):
        propose_uploaded(settings, sample, None, Identity())
    with pytest.raises(ProposalError, match="takes too long"):
        propose_uploaded(settings, ("a.csv", io.BytesIO(FILE.encode())), None, Identity(), seconds=0.01)
    with pytest.raises(ProposalError, match="larger than 20 MB"):
        propose_uploaded(settings, ("a.csv", io.BytesIO(bytes(21 * 1024**2))), None, Identity())
    assert not any(settings.paths.rehearsals.iterdir())


def test_nobody_but_staff_sees_it(portal: PortalUnderTest) -> None:
    with portal.registry.begin() as session:
        session.add(District(district_id="oak", name="Oak", settings_version=0, created_at=datetime.now(UTC)))
    assert portal.of_district("oak").get(PAGE).status_code == 404
    assert portal.browser().get(PAGE).status_code == 303


@pytest.mark.slow
@pytest.mark.needs_chromium
def test_from_sample_to_registered_by_keyboard_on_a_phone(portal: PortalUnderTest, tmp_path: Path) -> None:
    """Without JavaScript the whole way; with it axe looks at both pages, and nothing sticks out to the right."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Page as BrowserPage
    from playwright.sync_api import sync_playwright

    (tmp_path / "sample.csv").write_text(FILE)
    cookie = {"name": COOKIE, "value": portal.person("staff@vendor.example", Role.VENDOR), "url": portal.url}

    def propose(page: BrowserPage) -> None:
        page.goto(portal.url + PAGE)
        page.get_by_label("Sample of the subgroup file").set_input_files(tmp_path / "sample.csv")
        page.get_by_label("Key of the district").fill("elm")
        page.get_by_role("button", name="Propose settings").press("Enter")
        page.get_by_role("heading", name="The settings").wait_for()

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        phone = chromium.new_context(viewport={"width": 375, "height": 800})
        phone.add_cookies([cookie])  # type: ignore[list-item]
        page = phone.new_page()
        propose(page)
        page.screenshot(path=tmp_path / "phone.png", full_page=True)
        for width in (375, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        bare = chromium.new_context(java_script_enabled=False)
        bare.add_cookies([cookie])  # type: ignore[list-item]
        page = bare.new_page()
        propose(page)
        page.get_by_role("button", name="Look before it is registered").press("Enter")
        page.wait_for_url("**/staff/districts/new")
        assert "english_learner" in page.content()
        chromium.close()
