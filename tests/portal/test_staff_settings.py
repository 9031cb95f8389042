"""Settings of a district in the portal: looked at before they are in force, versioned, and never lost between two people."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.settings_change import apply_text, versions
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import StaleSettingsError
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import load_settings
from tests.support.portal import PortalUnderTest, portal_running, send_form, token_in
from tests.support.small_district import settings as small_settings

COMMENT = "# Agreed on in May.\n"


@pytest.fixture(scope="module")
def portal(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    home = tmp_path_factory.mktemp("settings") / "home"
    shutil.copytree(template, home)
    settings = load_settings(home=home)
    registry = open_registry(settings)
    for name in ("pine", "oak", "elm", "fir"):
        apply_text(registry, COMMENT + small_settings(name), name, made_from=0, actor="test")
    with portal_running(settings, registry) as running:
        yield running
    registry.close()


@pytest.fixture(scope="module")
def staff(portal: PortalUnderTest) -> Iterator[httpx.Client]:
    with portal.staff() as browser:
        yield browser


def _hidden(page: httpx.Response, name: str) -> str:
    """A hidden field of the form that puts a reviewed text in force."""
    form = re.search(r'<form method="post" action="[^"]*/apply">(.*?)</form>', page.text, re.DOTALL)
    assert form, page.text
    found = re.search(rf'name="{name}" value="([^"]*)"', form[1])
    assert found, form[1]
    return html.unescape(found[1])


def _confirm(staff: httpx.Client, page: httpx.Response, path: str) -> httpx.Response:
    fields = {name: _hidden(page, name) for name in ("yaml", "made_from")}
    return staff.post(f"{path}/apply", data={"form_token": token_in(page), **fields})


def test_a_change_in_the_form_is_seen_before_it_is_in_force(portal: PortalUnderTest, staff: httpx.Client) -> None:
    path = "/staff/districts/pine/settings"
    page = send_form(staff, path, {"way": "form", "made_from": "1", "schedule": "04:30", "guards.match_rate": "0.8"})
    assert page.status_code == 200
    shown = re.findall(r'<(?:ins|del) class="(\w+)">[+-] ([^<]*)<', page.text)
    assert ("added", "schedule: 04:30") in [(kind, html.unescape(line).replace("'", "")) for kind, line in shown]
    assert registered_district(portal.registry, "pine").version == 1
    answer = _confirm(staff, page, path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/districts/pine")
    district = registered_district(portal.registry, "pine")
    assert (district.version, district.settings.schedule, district.settings.guards.match_rate) == (2, "04:30", 0.8)
    newest = versions(portal.registry, "pine")[0]
    assert (newest.by, newest.text.startswith(COMMENT)) == ("staff@vendor.example", True)


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        (small_settings("oak").replace("America/Chicago", "Chicago"), "Line 3:"),
        (small_settings("oak") + "colour: red\n", "unknown key `colour`"),
        (small_settings("elm"), "of the district `elm`, and this page is of `oak`"),
        ("district: [", "not YAML"),
        ("", "a district file is a mapping"),
    ],
)
def test_faults_are_said_with_their_line_as_the_command_line_says_them(
    portal: PortalUnderTest, staff: httpx.Client, yaml: str, said: str
) -> None:
    path = "/staff/districts/oak/settings"
    page = send_form(staff, path, {"way": "text", "made_from": "1", "yaml": yaml})
    assert (page.status_code, said in html.unescape(page.text)) == (422, True)
    assert "/apply" not in page.text
    answer = send_form(staff, path, {"made_from": "1", "yaml": yaml}, to=f"{path}/apply")
    assert (answer.status_code, registered_district(portal.registry, "oak").version) == (422, 1)


def test_the_same_settings_are_nothing_to_apply(staff: httpx.Client) -> None:
    page = send_form(staff, "/staff/districts/oak/settings", {"way": "form", "made_from": "1"})
    assert "nothing to apply" in page.text


def test_a_newer_version_of_somebody_else_is_said(portal: PortalUnderTest, staff: httpx.Client) -> None:
    path = "/staff/districts/elm/settings"
    yaml = COMMENT + small_settings("elm")
    mine = send_form(staff, path, {"way": "text", "made_from": "1", "yaml": yaml + "publish_when: clean\n"})
    apply_text(portal.registry, yaml + "schedule: 05:00\n", "elm", made_from=1, actor="ann")
    late = _confirm(staff, mine, path)
    assert (late.status_code, "Somebody else changed these settings" in late.text) == (409, True)
    assert registered_district(portal.registry, "elm").version == 2
    again = send_form(staff, path, {"way": "form", "made_from": "1", "publish_when": "clean"})
    assert (again.status_code, "Somebody else changed these settings" in again.text) == (409, True)
    assert _confirm(staff, late, path).status_code == 303
    assert registered_district(portal.registry, "elm").version == 3


def test_of_two_who_apply_at_once_one_wins(portal: PortalUnderTest) -> None:
    yaml = COMMENT + small_settings("fir")

    def apply(number: int) -> bool:
        try:
            apply_text(portal.registry, yaml + f"privacy: {{minimum_count: {20 + number}}}\n", "fir", made_from=1, actor="x")
        except StaleSettingsError:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        assert list(people.map(apply, range(8))).count(True) == 1
    assert len(versions(portal.registry, "fir")) == 2


def test_an_older_version_is_put_in_force_as_a_new_one(portal: PortalUnderTest, staff: httpx.Client) -> None:
    path = "/staff/districts/fir/settings"
    first = versions(portal.registry, "fir")[-1]
    page = send_form(staff, f"{path}/version?number=1", {"way": "version", "number": "1"}, to=path)
    assert _confirm(staff, page, path).status_code == 303
    newest = versions(portal.registry, "fir")[0]
    assert (newest.number, newest.text, newest.by) == (3, first.text, "staff@vendor.example")
    with portal.registry.begin() as session:
        query = sa.select(AuditEvent).filter_by(district_id="fir", actor="staff@vendor.example")
        assert [event.kind for event in session.scalars(query)] == ["district.settings_applied"]


def test_a_version_is_shown_and_downloaded(portal: PortalUnderTest, staff: httpx.Client) -> None:
    path = "/staff/districts/fir/settings/version"
    assert '<ins class="added">+ privacy: {minimum_count: 2' in staff.get(f"{path}?number=2").text
    answer = staff.get(f"{path}?download=1")
    assert answer.headers["content-disposition"] == 'attachment; filename="fir.yml"'
    assert answer.text == versions(portal.registry, "fir")[0].text
    assert [staff.get(f"{path}?number={number}").status_code for number in ("99", "1", "x")] == [404, 200, 200]


def test_a_district_is_registered_from_the_template(portal: PortalUnderTest, staff: httpx.Client) -> None:
    page = staff.get("/staff/districts/new?id=ash_grove")
    text = html.unescape(page.text.partition('spellcheck="false">')[2].partition("</textarea>")[0])
    for blank, filled in re.findall(r"<((\w[\w./]*))>", text):
        text = text.replace(f"<{blank}>", filled)
    looked = send_form(staff, "/staff/districts/new", {"yaml": text})
    assert looked.status_code == 200, looked.text
    answer = _confirm(staff, looked, "/staff/districts/new")
    assert answer.headers["location"] == "/staff/districts/ash_grove"
    assert registered_district(portal.registry, "ash_grove").version == 1
    again = send_form(staff, "/staff/districts/new", {"yaml": text})
    assert (again.status_code, "There is a district `ash_grove` already" in again.text) == (422, True)
    late = _confirm(staff, looked, "/staff/districts/new")
    assert (late.status_code, registered_district(portal.registry, "ash_grove").version) == (422, 1)


def test_a_new_district_comes_from_a_file(portal: PortalUnderTest, staff: httpx.Client) -> None:
    token = {"form_token": token_in(staff.get("/staff/districts/new"))}
    file = {"file": ("yew.yml", ("\ufeff" + small_settings("yew")).encode())}
    looked = staff.post("/staff/districts/new", data=token, files=file)
    assert _confirm(staff, looked, "/staff/districts/new").status_code == 303
    assert registered_district(portal.registry, "yew").settings.name == "Made-up yew"
    binary = staff.post("/staff/districts/new", data=token, files={"file": ("x.yml", b"\xff\xfe\x00")})
    assert (binary.status_code, "not UTF-8 text" in binary.text) == (400, True)


@pytest.mark.parametrize("key", ["new", "propose", "Oak", "_x"])
def test_keys_that_no_district_can_have_are_refused(staff: httpx.Client, key: str) -> None:
    assert 'id="id-wrong"' in staff.get("/staff/districts/new", params={"id": key}).text
