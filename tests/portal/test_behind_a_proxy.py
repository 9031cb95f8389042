"""The portal behind nginx and Caddy as `deploy/` sets them up: TLS, what stays inside, whose address counts, no link in a log."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.access.sign_in_links import make_link
from subgroup_pipeline.portal.app import PAGES
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import Settings, load_settings
from tests.support import small_district as small
from tests.support.command import free_port
from tests.support.home import apply
from tests.support.portal import portal_running, send_form
from tests.support.proxies import DEPLOY, NAME, URL, Proxy, proxy_running, replaced
from tests.support.waiting import waited

ANN, DAN = "ann@vendor.example", "dan@alpha.example"
VISITOR, SPOOFED = "127.0.0.2", "203.0.113.9"
SECRETS = ("/setup/", "/sign-in/", "/connection/", "/oidc/callback?code=")


@dataclass
class Site:
    """A portal, and the proxy in front of it."""

    proxy: Proxy
    settings: Settings
    registry: Registry
    addresses: Iterator[int]

    def link(self, email: str) -> str:
        """The path of a new link to sign in."""
        with self.registry.begin() as session:
            return f"/sign-in/{make_link(session, email, actor='test').token}"

    @contextmanager
    def signed_in(self, email: str) -> Iterator[httpx.Client]:
        """A browser in which somebody signed in, at an address of its own."""
        with self.proxy.browser(f"127.0.1.{next(self.addresses)}") as browser:
            assert send_form(browser, self.link(email), {}).status_code == 303
            yield browser

    def events(self, kind: str) -> list[AuditEvent]:
        with self.registry.begin() as session:
            return list(session.scalars(sa.select(AuditEvent).filter_by(kind=kind).order_by(AuditEvent.event_id)))


@pytest.fixture(scope="module")
def dagster(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Dagster's read-only web server, as `subgroups-dagster-viewer.service` starts it; gives its port."""
    home = tmp_path_factory.mktemp("dagster") / "home"
    shutil.copytree(template, home)
    port = free_port()
    unit = (DEPLOY / "systemd/subgroups-dagster-viewer.service").read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    command = replaced(line, {"/opt/subgroups/.venv/bin": str(Path(sys.executable).parent), "3001": str(port)}).split()
    environment = os.environ | {"SUBGROUPS_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    with (home / "said.log").open("wb") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        try:
            waited(lambda: process.poll() is not None or _is_there(port), 90, every=0.5)
            assert process.poll() is None, (home / "said.log").read_text()
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _is_there(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/dagster/server_info").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(
    scope="module",
    params=[pytest.param("nginx", marks=pytest.mark.needs_nginx), pytest.param("caddy", marks=pytest.mark.needs_caddy)],
)
def site(
    request: pytest.FixtureRequest, template: Path, dagster: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(template, folder / "home")
    settings = load_settings(home=folder / "home", public_url=URL)
    registry = open_registry(settings)
    apply(registry, small.settings("alpha"))
    with registry.begin() as session:
        keep_person(session, described(ANN, "vendor"), actor="test")
        keep_person(session, described(DAN, "district", "alpha"), actor="test")
    with (
        portal_running(settings, registry) as portal,
        proxy_running(request.param, folder / "proxy", portal.port, dagster) as proxy,
    ):
        yield Site(proxy, settings, registry, itertools.count(1))
    registry.close()


pytestmark = pytest.mark.slow


def test_signing_in_through_tls(site: Site) -> None:
    with site.proxy.browser(VISITOR) as browser:
        link = site.link(ANN)
        done = send_form(browser, link, {"next": "/me"})
        cookie = next(line for line in done.headers.get_list("set-cookie") if COOKIE in line)
        assert cookie.startswith(f"__Host-{COOKIE}=")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        me = browser.get(done.headers["location"])
        assert ANN in me.text
        assert me.headers["strict-transport-security"] == "max-age=31536000"
        assert browser.get("/static/portal.css").headers["content-type"].startswith("text/css")
    assert link.rpartition("/")[2] not in site.proxy.logged()


def test_without_tls_one_is_sent_to_it_and_a_foreign_form_is_refused(site: Site) -> None:
    with site.proxy.browser() as browser:
        answer = browser.get(f"http://{NAME}/sign-in?next=/me")
        assert (answer.status_code, answer.headers["location"]) == (
            301 if site.proxy.name == "nginx" else 308, f"{URL}/sign-in?next=/me",
        )  # fmt: skip
    with site.signed_in(ANN) as staff:
        for origin in ("https://evil.example", f"http://{NAME}"):
            assert staff.post("/sign-out", headers={"origin": origin}).status_code == 403


INSIDE = ["/healthz", "/metrics", "/hooks/sftpgo/auth", "/auth/staff", "//healthz", "/./metrics", "/%68ealthz"]


@pytest.mark.parametrize("path", INSIDE)
def test_what_is_for_the_machine_stays_on_it(site: Site, path: str) -> None:
    spoofed = [{"x-forwarded-for": "127.0.0.1"}, {"x-forwarded-host": "localhost"}, {"forwarded": "for=127.0.0.1"}]
    headers: list[dict[str, str]] = [{}, {"host": "localhost"}, *spoofed]
    with site.signed_in(ANN) as staff:
        for more in headers:
            for method in ("GET", "POST"):
                answer = staff.request(method, URL + path, headers=more)
                assert answer.status_code in (403, 404, 405, 421) or _is_elsewhere(answer), (method, more, answer)
                assert "subgroups_" not in answer.text


def _is_elsewhere(answer: httpx.Response) -> bool:
    """Caddy answers nothing for a name that it does not serve."""
    return answer.request.headers["host"] == "localhost" and not answer.content


def test_the_visitors_own_address_counts_whatever_they_claim(site: Site) -> None:
    claims = {"x-forwarded-for": f"{SPOOFED}, 127.0.0.1", "x-real-ip": SPOOFED, "forwarded": f"for={SPOOFED}"}
    with site.proxy.browser("127.0.0.3") as browser:
        browser.headers.update(claims)
        assert send_form(browser, site.link(ANN), {}).status_code == 303
    assert site.events("portal.signed_in")[-1].detail["peer"] == "127.0.0.3"
    with site.proxy.browser("127.0.0.4") as browser:
        for number in range(30):
            claims["x-forwarded-for"] = f"198.51.100.{number}"
            statuses = browser.get("/sign-in/unknown", headers=claims), send_form(browser, "/sign-in", {"email": "a@b.example"})
        assert statuses[1].status_code == 429
    with site.proxy.browser("127.0.0.5") as browser:
        assert send_form(browser, "/sign-in", {"email": "a@b.example"}).status_code == 200


def test_links_begin_with_the_public_address_whatever_host_is_asked(site: Site) -> None:
    forged = {"x-forwarded-host": "evil.example", "x-forwarded-server": "evil.example"}
    with site.signed_in(ANN) as staff:
        for headers in ({}, forged):
            staff.headers.update(headers)
            made = send_form(staff, "/staff/invitations", {"district": "alpha"})
            assert f"{URL}/setup/" in made.text, made.text
            assert "evil.example" not in made.text


def test_forms_with_files_get_through_and_larger_ones_end_at_the_proxy(site: Site) -> None:
    with site.signed_in(ANN) as staff:
        for page in PAGES:
            if page.post is None or page.most_bytes <= 1024**2:
                continue
            path = re.sub(r"{\w+}", "alpha", page.path)
            kind = {"content-type": "application/x-www-form-urlencoded"}
            fits = staff.post(path, content=b"x" * page.most_bytes, headers=kind)
            assert fits.status_code in (400, 403, 404, 413), (path, fits.status_code)
            assert fits.headers["referrer-policy"] == "no-referrer", f"{path}: the proxy answered, not the portal"
        large = staff.post("/sign-out", content=b"x" * (2 * 1024**2))
        assert large.status_code == (413 if site.proxy.name == "nginx" else 502)  # so Caddy says that it cut a body


def test_dagster_is_shown_to_staff_read_only_and_to_nobody_else(site: Site) -> None:
    ask = {"query": "{ permissions { permission value } }"}
    with site.signed_in(ANN) as staff:
        assert '"assetPrefix":"/dagster"' in staff.get("/dagster/").text
        permissions = staff.post("/dagster/graphql", json=ask).json()["data"]["permissions"]
        assert permissions
        assert not [one for one in permissions if one["value"]]
    with site.signed_in(DAN) as district, site.proxy.browser() as stranger:
        for browser in (district, stranger):
            for answer in (browser.get("/dagster/"), browser.post("/dagster/graphql", json=ask)):
                assert (answer.status_code, answer.headers["location"].removeprefix(URL)) == (303, "/sign-in?next=/staff")
                assert "permissions" not in answer.text


def test_no_link_stands_in_any_log_even_when_the_portal_is_away(site: Site, tmp_path: Path, dagster: int) -> None:
    secret = "made-up-secret-of-a-link"
    with proxy_running(site.proxy.name, tmp_path / "proxy", free_port(), dagster) as alone:
        with alone.browser() as browser:
            for path in SECRETS:
                for way in (f"{path}{secret}", f"/{path}{secret}", f"{path}{secret}/x?y=1", f"{path.upper()}{secret}"):
                    assert browser.get(URL + way).status_code in (404, 502)
                large = browser.post(f"{URL}{path}{secret}", content=b"x" * (43 * 1024**2))
                assert large.status_code in (413, 502)
                assert browser.get(f"http://{NAME}{path}{secret}").is_redirect
                # A browser that speaks plain HTTP to the port of TLS.
                assert browser.get(f"http://{NAME}:{alone.port}{path}{secret}").status_code == 400
            assert browser.get("/sign-in").status_code == 502
        logged = alone.logged()
    assert secret not in logged
    assert logged


@pytest.mark.needs_systemd
def test_the_units_are_sound_and_give_little_away(tmp_path: Path) -> None:
    units = tmp_path / "units"
    shutil.copytree(DEPLOY / "systemd", units)
    programs = str(Path(sys.executable).parent)
    for unit in units.glob("*.service"):
        unit.write_text(unit.read_text().replace("/opt/subgroups/.venv/bin", programs))
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{units}:"}
    names = sorted(path.name for path in units.glob("subgroups-*.*") if path.is_file())
    assert len(names) == 7
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(units / name) for name in names)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    for name in names:
        if name.endswith(".service"):
            command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(units / name)]
            graded = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert graded.returncode == 0, graded.stdout[-400:]
            assert "User=subgroups" in (units / name).read_text()
