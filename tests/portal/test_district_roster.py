"""`/d/<id>/roster`: secrets of a roster server given once and never shown, testing it live, and choosing it on the page."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from starlette.responses import JSONResponse, Response

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.desk import roster_trial
from subgroup_pipeline.districts.district_secrets import open_secrets
from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.logs import open_log
from subgroup_pipeline.registry.ledger import district_findings
from subgroup_pipeline.registry.schema import AuditEvent
from tests.oneroster_server.oauth import Bearer, Signed
from tests.oneroster_server.server import Asked, OneRosterServer, serving
from tests.support import small_district as small
from tests.support.home import Home
from tests.support.portal import PortalUnderTest, portal_running, send_form
from tests.support.roster_server import CLIENT_ID, CLIENT_SECRET, TOKEN, FetchedHome, fetched_home, settings

SECRETS = (CLIENT_ID, CLIENT_SECRET, TOKEN)


@pytest.fixture(scope="module")
def server() -> Iterator[OneRosterServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: OneRosterServer) -> Iterator[FetchedHome]:
    home = fetched_home(tmp_path_factory.mktemp("roster") / "home", server, roster_networks="127.0.0.0/8")
    open_log(home.settings)
    yield home
    home.close()


@pytest.fixture(scope="module")
def portal(home: FetchedHome) -> Iterator[PortalUnderTest]:
    with portal_running(home.settings, home.registry) as portal:
        yield portal


def words(page: httpx.Response) -> str:
    """What a page says, without its tags."""
    main = page.text.partition("<main")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))


def events(home: FetchedHome, district: str) -> list[AuditEvent]:
    with home.registry.begin() as session:
        return list(session.scalars(sa.select(AuditEvent).filter_by(district_id=district).order_by(AuditEvent.event_id)))


def secrets_of(home: Home, district: str) -> dict[str, str]:
    return dict(open_secrets(home.registry, Keyring(home.settings.paths), district))


def test_secrets_are_given_once_tested_and_shown_to_nobody(home: FetchedHome, portal: PortalUnderTest) -> None:
    home.server.add("cedar", Signed(CLIENT_ID, CLIENT_SECRET), small.made_roster(10).texts())
    home.apply(settings("cedar", home.server.root("cedar")))
    with portal.of_district("cedar") as browser, portal.staff() as staff:
        page = browser.get("/d/cedar/roster")
        assert "client id and client secret are missing" in words(page)
        first = browser.get("/d/cedar")
        assert "We cannot fetch your roster yet: enter the client id and the client secret" in words(first)
        assert "I have uploaded" not in words(first)
        untried = send_form(browser, "/d/cedar/roster", {}, to="/d/cedar/roster/test")
        assert "Still missing: Client ID, Client secret" in words(untried)
        half = send_form(browser, "/d/cedar/roster", {"client_id": CLIENT_ID}, to="/d/cedar/roster/secrets")
        assert half.status_code == 422
        assert "Enter the client secret." in words(half)
        assert CLIENT_ID not in half.text
        assert secrets_of(home, "cedar") == {}
        given = {"client_id": CLIENT_ID, "client_secret": f" {CLIENT_SECRET}\n"}
        assert send_form(browser, "/d/cedar/roster", given, to="/d/cedar/roster/secrets").status_code == 303
        assert secrets_of(home, "cedar") == {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        pages = [browser.get("/d/cedar/roster"), staff.get("/d/cedar/roster")]
        assert all(re.search(r"Set on .* by data@cedar\.example", words(page)) for page in pages)
        tried = send_form(browser, "/d/cedar/roster", {}, to="/d/cedar/roster/test")
        pages += [
            tried,
            browser.get("/d/cedar/settings"),
            staff.get("/staff/districts/cedar"),
            staff.get("/staff/audit?district=cedar"),
        ]
        guide = browser.get("/d/cedar/guide")
        pages += [guide, browser.get("/d/cedar")]
        home.fetch("cedar")
        home.judge()
        come = [browser.get(f"/d/cedar{path}") for path in ("", "/deliveries", "/try")]
        pages += come
    assert "We cannot fetch" not in words(pages[-1])
    told_to_upload = re.compile(r"[Uu]pload (your|the|a) |Send the roster|I have uploaded|inbox/roster|upload whenever")
    assert [words(page) for page in (first, guide, *come) if told_to_upload.search(words(page))] == []
    assert "We fetch your roster in the next nightly run. Test the connection" in words(first)
    assert "There is nothing to upload" in words(guide)
    assert "inbox/roster" not in guide.text
    assert "The connection works" in words(tried)
    assert re.search(r"Students and staff users Offered 1[0-9] records", words(tried))
    assert "Gradebook: scores results Not offered We can do without" in words(tried)
    assert all(page.status_code == 200 for page in pages)
    assert [secret for page in pages for secret in SECRETS if secret in html.unescape(page.text)] == []
    found = events(home, "cedar")
    assert [event.kind for event in found].count("district.secret_set") == 2
    tests = [event for event in found if event.kind == "district.roster_tested"]
    assert tests[-1].detail == {"host": home.server.url.removeprefix("http://"), "good": 6, "lists": 9}
    assert not [secret for event in found for secret in SECRETS if secret in json.dumps(event.detail)]


def test_who_sends_a_subgroup_file_beside_a_fetched_roster_is_told_to_upload_that_alone(
    home: FetchedHome, portal: PortalUnderTest
) -> None:
    of_file = small.SETTINGS.partition("subgroups:")[2].partition("guards:")[0].format()
    home.apply(settings("hazel", home.server.root("hazel"), subgroups=f"subgroups:{of_file}"))
    with portal.of_district("hazel") as browser:
        first, guide = (words(browser.get(f"/d/hazel{path}")) for path in ("", "/guide"))
    assert "Upload your subgroup file." in first
    assert "I have uploaded" in first
    assert "Subgroup file into inbox/subgroups" in guide
    assert "Put the subgroup file into the inbox for subgroup files." in guide
    home.apply(
        "district: oak\nname: Oak\ntimezone: UTC\n"
        "server: {host: sftp.oak.example, username: us, host_key: ssh-ed25519 AAAA, private_key: oak}\n"
    )
    with portal.of_district("oak") as browser:
        assert "We fetch your files from your own server." in words(browser.get("/d/oak/guide"))
    about_rosters = re.compile(r"Upload your roster|Put the roster|Send the roster|inbox/roster")
    assert [said for said in (first, guide) if about_rosters.search(said)] == []


def test_it_is_said_what_a_server_refuses_and_what_to_do(home: FetchedHome, portal: PortalUnderTest) -> None:
    def refusals(asked: Asked) -> Response | None:
        answers = {"enrollments": 403, "classes": 302, "courses": 500}
        if asked.collection == "orgs":
            return Response("<html>not JSON</html>", media_type="text/html")
        code = answers.get(asked.collection)
        return JSONResponse({}, code, headers={"location": "http://127.0.0.1:1/elsewhere"}) if code else None

    district = home.offer("dogwood", behaviour={"fault": refusals, "gives_total": False})
    with portal.of_district("dogwood") as browser:
        said = words(send_form(browser, "/d/dogwood/roster", {}, to="/d/dogwood/roster/test"))
        assert "The connection does not work yet" in said
        for text in (
            "Who is in which class enrollments Not shared with us",
            "open DataGuard for our application",
            "Classes classes Not readable",
            "sends us elsewhere for classes (302)",
            "Schools and district orgs Not readable",
            "Courses courses Not readable",
            "Students and staff users Offered It does not say how many",
        ):
            assert text in said, text
        asked = [name for name, _, _ in district.asked]
        assert len(asked) == len(set(asked)), "each list is asked for once"
        district.access = Signed(CLIENT_ID, "another")
        said = words(send_form(browser, "/d/dogwood/roster", {}, to="/d/dogwood/roster/test"))
        assert said.count("The server does not accept the secrets that we have") == 1
        for _ in range(3):
            send_form(browser, "/d/dogwood/roster", {}, to="/d/dogwood/roster/test")
        assert send_form(browser, "/d/dogwood/roster", {}, to="/d/dogwood/roster/test").status_code == 429


def test_a_server_that_is_slow_does_not_keep_the_page(
    home: FetchedHome, portal: PortalUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.offer("larch")
    monkeypatch.setattr(roster_trial, "SECONDS", 0.3)
    monkeypatch.setattr(home.server, "delay", 5.0)
    began = time.monotonic()
    with portal.of_district("larch") as browser:
        said = words(send_form(browser, "/d/larch/roster", {}, to="/d/larch/roster/test"))
    assert time.monotonic() - began < 4
    assert "No answer in time" in said
    assert said.count("Test again later") == 1


def test_a_district_chooses_a_server_and_its_secrets_come_with_it(home: FetchedHome, portal: PortalUnderTest) -> None:
    home.server.add("elm", Bearer(TOKEN), small.made_roster(10).texts())
    home.add("elm")
    root = home.server.root("elm")
    with portal.of_district("elm") as browser:
        for fields, text in (
            ({"token": TOKEN}, "Enter the address"),
            ({"address": root, "client_id": "a"}, "Enter the client secret."),
            ({"address": root, "client_id": "a", "client_secret": "b", "token": TOKEN}, "one of the two ways"),
            ({"address": "http://roster.example/ims", "token": TOKEN}, "Plain http shows rosters and secrets"),
            ({"address": "https://10.1.2.3/ims", "token": TOKEN}, "inside a private network"),
            ({"application": "a/../b", "token": TOKEN}, "letters, digits, - and _ only"),
        ):
            refused = send_form(browser, "/d/elm/roster", fields, to="/d/elm/roster/server")
            assert refused.status_code == 422
            assert text in words(refused), text
            assert TOKEN not in refused.text
        assert not registered_district(home.registry, "elm").settings.roster.is_fetched
        assert (
            send_form(browser, "/d/elm/roster", {"address": root, "token": TOKEN}, to="/d/elm/roster/server").status_code == 303
        )
        roster = registered_district(home.registry, "elm").settings.roster
        assert (roster.source, roster.url, roster.auth and roster.auth.type) == ("oneroster_api", root, "bearer")
        assert secrets_of(home, "elm") == {"token": TOKEN}
        tried = send_form(browser, "/d/elm/roster", {}, to="/d/elm/roster/test")
        assert "The connection works" in words(tried)
    applied = [event for event in events(home, "elm") if event.kind == "district.settings_applied"]
    assert (applied[-1].actor, applied[-1].detail) == ("data@elm.example", {"version": 2})


def test_a_name_that_leads_into_a_private_network_is_not_asked(tmp_path: Path, server: OneRosterServer) -> None:
    """2130706433 is a name to us, and a resolver makes 127.0.0.1 of it, as a hostile name server would."""
    home = fetched_home(tmp_path / "home", server)
    try:
        url = server.url.replace("http://127.0.0.1", "https://2130706433")
        home.apply(settings("fir", f"{url}/fir/ims/oneroster/v1p1", auth="{type: bearer}"))
        with portal_running(home.settings, home.registry) as portal, portal.of_district("fir") as browser:
            send_form(browser, "/d/fir/roster", {"token": TOKEN}, to="/d/fir/roster/secrets")
            said = words(send_form(browser, "/d/fir/roster", {}, to="/d/fir/roster/test"))
            assert "is an address inside a private network" in said
            assert "SUBGROUPS_ROSTER_NETWORKS" in said
            home.fetch("fir")
            with home.registry.begin() as session:
                assert [finding.code for finding in district_findings(session)] == ["API007"]
            loopback = {"address": server.root("elm"), "token": TOKEN}
            refused = send_form(browser, "/d/fir/roster", loopback, to="/d/fir/roster/server")
            assert "inside a private network" in words(refused), "only staff may name this machine"
    finally:
        home.close()


def test_only_the_district_and_staff_may(home: FetchedHome, portal: PortalUnderTest) -> None:
    home.add("gum")
    cookies = [portal.person(f"{role}@gum.example", role, "gum") for role in (Role.SCHOOL, Role.AGGREGATE)]
    for cookie in (*cookies, portal.person("data@hazel.example", Role.DISTRICT, "cedar")):
        with portal.browser(cookie=cookie) as browser:
            assert browser.get("/d/gum/roster").status_code == 404


def test_no_secret_is_in_a_log_or_in_the_registry(home: FetchedHome, portal: PortalUnderTest) -> None:
    """After everything above."""
    assert portal.url
    found = [
        (path.name, secret)
        for path in home.settings.paths.root.rglob("*")
        if path.is_file()
        for secret in SECRETS
        if secret.encode() in path.read_bytes()
    ]
    assert found == []
