"""The set-up page of districts whose roster is fetched: secrets in place of a password, ClassLink chosen there, and its test."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from subgroup_pipeline.access.passwords import password_on_record
from subgroup_pipeline.districts.registered import registered_district
from tests.oneroster_server.oauth import Bearer, Signed
from tests.oneroster_server.server import OneRosterServer, serving
from tests.portal.setting_up import PASSWORD, Desk, open_desk, permit_in
from tests.portal.test_district_roster import secrets_of, words
from tests.support import small_district as small
from tests.support.portal import send_form
from tests.support.roster_server import CLIENT_ID, CLIENT_SECRET, METADATA, TOKEN, settings

SECRETS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
NO_SUBGROUPS = re.sub(r"subgroups:\n(  .*\n)+", "", small.SETTINGS)


@pytest.fixture(scope="module")
def server() -> Iterator[OneRosterServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("setup") / "home", template, roster_networks="127.0.0.0/8") as desk:
        yield desk


def fetched(desk: Desk, server: OneRosterServer, name: str, subgroups: str = METADATA) -> str:
    """A district whose settings name the server of the tests."""
    server.add(name, Signed(CLIENT_ID, CLIENT_SECRET), small.made_roster(10).texts())
    desk.portal.apply(settings(name, server.root(name), subgroups=subgroups))
    return name


def test_a_district_that_uploads_nothing_gives_secrets_and_no_password(desk: Desk, server: OneRosterServer) -> None:
    district = fetched(desk, server, "sorrel")
    path, browser = desk.link(district), desk.browser()
    page = browser.get(path)
    assert 'name="password"' not in page.text
    assert "You upload nothing" in words(page)
    refused = send_form(browser, path, {"way": "server", "client_id": CLIENT_ID, "client_secret": ""})
    assert refused.status_code == 422
    assert "Enter the client secret." in words(refused)
    assert CLIENT_ID not in refused.text
    assert desk.is_live(path)
    assert secrets_of(desk.portal, district) == {}
    done = send_form(browser, path, {"way": "server", **SECRETS})
    assert done.status_code == 200
    said = words(done)
    assert "From the next night on we fetch your roster" in said
    assert "there is nothing that you have to upload" in said
    assert "Put this into your SFTP program" not in said
    assert secrets_of(desk.portal, district) == SECRETS
    assert password_on_record(desk.portal.registry, district) is None
    assert not desk.is_live(path)
    assert browser.post(path, data=desk.form_of(path) | {"way": "server", **SECRETS}).status_code == 404
    permit = permit_in(done)
    tried = send_form(browser, f"/connection/{permit}", {}, to=f"/connection/{permit}/server")
    assert "The connection works" in words(tried)
    for page in (done, tried):
        assert [secret for secret in SECRETS.values() if secret in html.unescape(page.text)] == []


def test_a_district_that_uploads_its_subgroups_chooses_a_password_as_well(desk: Desk, server: OneRosterServer) -> None:
    of_file = METADATA.replace("roster_metadata", "file")
    district = fetched(desk, server, "tansy", of_file)
    path, browser = desk.link(district), desk.browser()
    password = {"way": "password", "password": PASSWORD, "again": PASSWORD}
    assert "Enter the client id." in words(send_form(browser, path, password))
    assert "15 characters" in words(send_form(browser, path, {"way": "server", **SECRETS}))
    with pytest.raises(paramiko.AuthenticationException):
        desk.sign_in(district, PASSWORD)
    assert secrets_of(desk.portal, district) == {}
    done = send_form(browser, path, password | SECRETS)
    said = words(done)
    assert "Your password is in force now" in said
    assert "The subgroup file goes to inbox/subgroups" in said
    assert "inbox/roster" not in done.text
    assert secrets_of(desk.portal, district) == SECRETS
    desk.sign_in(district, PASSWORD)


def test_a_district_says_that_its_roster_is_in_classlink(desk: Desk, server: OneRosterServer) -> None:
    server.add("yarrow", Bearer(TOKEN), small.made_roster(10).texts())
    district = desk.portal.apply(NO_SUBGROUPS.format(district="yarrow"))
    path, browser = desk.link(district), desk.browser()
    for fields, text in (
        ({"address": "http://roster.example/ims", "token": TOKEN}, "Plain http shows rosters"),
        ({"address": "https://192.168.7.7/ims", "token": TOKEN}, "inside a private network"),
        ({"application": "app-1"}, "Enter the token."),
    ):
        refused = send_form(browser, path, {"way": "server", **fields})
        assert text in words(refused)
        assert TOKEN not in refused.text
    assert desk.is_live(path)
    done = send_form(browser, path, {"way": "server", "address": server.root("yarrow"), "token": TOKEN})
    assert done.status_code == 200
    roster = registered_district(desk.portal.registry, district).settings.roster
    assert (roster.source, roster.url) == ("oneroster_api", server.root("yarrow"))
    assert secrets_of(desk.portal, district) == {"token": TOKEN}
    assert not desk.is_live(path)


def test_classlinks_application_id_is_an_address_of_its_proxy(desk: Desk) -> None:
    district = desk.district()
    path, browser = desk.link(district), desk.browser()
    in_classlink = {"way": "server", "application": "app-1_x", "token": TOKEN}
    assert "15 characters" in words(send_form(browser, path, in_classlink)), "its subgroup file is uploaded"
    send_form(browser, path, in_classlink | {"password": PASSWORD, "again": PASSWORD})
    roster = registered_district(desk.portal.registry, district).settings.roster
    assert roster.url == "https://oneroster-proxy.classlink.io/app-1_x/ims/oneroster/v1p1"
    desk.sign_in(district, PASSWORD)


def test_no_secret_is_in_a_log_or_in_the_registry(desk: Desk) -> None:
    """After everything above."""
    found = [
        (path.name, secret)
        for path in desk.portal.settings.paths.root.rglob("*")
        if path.is_file()
        for secret in (CLIENT_ID, CLIENT_SECRET, TOKEN, *desk.secrets)
        if secret.encode() in path.read_bytes()
    ]
    assert found == []
