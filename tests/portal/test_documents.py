"""Pages that were written as files, the headers of every answer, and `/healthz`."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.portal.page import COOKIE
from subgroup_pipeline.portal.server import PortalServer
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.portal import PortalUnderTest, portal_running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pages")
    (home / "secret.html").write_text("not for the web")
    for name, text in {
        "gx/data_docs/index.html": "<!doctype html><p>Data Docs",
        "gx/data_docs/notes.json": "{}",
        "gx/validations/users/one.html": "no page",
        "gx/other.html": "no page",
        "reports/pine/20260101T000000-abc123.html": "not for the web",
        "registry.sqlite": "",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (home / "gx" / "data_docs" / "way_out.html").symlink_to(home / "secret.html")
    return home


@pytest.fixture(scope="module")
def states() -> dict[str, str]:
    return {"sftp": "up", "dagster-webserver": "up"}


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return load_settings(home=home)


@pytest.fixture(scope="module")
def registry(settings: Settings) -> Iterator[Registry]:
    opened = open_registry(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def portal(settings: Settings, registry: Registry, states: dict[str, str]) -> Iterator[PortalUnderTest]:
    async def parts() -> dict[str, str]:
        return states

    with portal_running(settings, registry, parts) as portal:
        yield portal


@pytest.fixture(scope="module")
def cookie(portal: PortalUnderTest) -> str:
    return portal.person("staff@vendor.example", Role.VENDOR)


@pytest.fixture
def port(portal: PortalUnderTest) -> int:
    return portal.port


def _ask(
    port: int, path: str, *, method: str = "GET", host: str = "127.0.0.1", cookie: str = "", forwarded: str = ""
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    if cookie:
        connection.putheader("Cookie", f"{COOKIE}={cookie}")
    if forwarded:
        connection.putheader("X-Forwarded-For", forwarded)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_pages_are_served_by_their_names(port: int, cookie: str) -> None:
    assert _ask(port, "/data-docs/index.html", cookie=cookie)[::2] == (200, "<!doctype html><p>Data Docs")
    assert _ask(port, "/data-docs/index.html", cookie=cookie)[1]["content-type"] == "text/html; charset=utf-8"
    assert _ask(port, "/data-docs/index.html", method="HEAD", cookie=cookie)[::2] == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/data-docs",
        "/data-docs/",
        "/data-docs/none.html",
        "/data-docs/notes.json",
        "/data-docs/../validations/users/one.html",
        "/data-docs/..%2f..%2fsecret.html",
        "/data-docs/%2e%2e%2f%2e%2e%2fsecret.html",
        "/data-docs//etc/passwd",
        "/reports",
        "/reports/pine/20260101T000000-abc123.html",
        "/data-docs/%2e%2e/secret.html",
        "/data-docs/..%2freports%2fpine%2f20260101T000000-abc123.html",
        "/data-docs/way_out.html",
        "/data-docs/x%00.html",
        "/static/../registry.sqlite",
        "/registry.sqlite",
    ],
)
def test_nothing_else_is_served_or_listed(port: int, cookie: str, path: str) -> None:
    status, headers, body = _ask(port, path, cookie=cookie)
    assert status == 404, body
    assert "not for the web" not in body
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_changed(port: int, method: str) -> None:
    assert _ask(port, "/data-docs/index.html", method=method)[0] == 405


def test_strangers_are_sent_to_the_sign_in(port: int) -> None:
    status, headers, body = _ask(port, "/data-docs/index.html")
    assert (status, headers["location"], body) == (303, "/sign-in?next=/data-docs/index.html", "")


def test_a_page_may_load_nothing_from_elsewhere_and_is_kept_by_nobody(port: int, cookie: str) -> None:
    for path in ("/data-docs/index.html", "/none", "/healthz"):
        headers = _ask(port, path, cookie=cookie)[1]
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src ")
        assert "http" not in policy
        assert ("'unsafe-inline'" in policy) == (not path.startswith(("/none", "/healthz")))
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "server" not in headers
    assert _ask(port, "/static/portal.css")[1]["cache-control"] == "public, max-age=3600"


def test_what_every_page_loads_is_there(port: int) -> None:
    page = _ask(port, "/none")[2]
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(named) == 3
    for path in named:
        status, headers, body = _ask(port, path)
        kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        assert (status, headers["content-type"].partition(";")[0]) == (200, kinds[path.rpartition(".")[2]])
        assert body


def test_another_name_for_this_machine_is_refused(port: int) -> None:
    """A site could point its own name here and read the pages with the visitor's browser."""
    assert _ask(port, "/data-docs/index.html", host="localhost:8080")[0] == 303
    assert _ask(port, "/data-docs/index.html", host="evil.example")[0] == 400


def test_healthz_names_the_part_that_is_down(port: int, states: dict[str, str]) -> None:
    status, _, body = _ask(port, "/healthz")
    assert (status, json.loads(body)) == (200, {"ok": True, "parts": {"sftp": "up", "dagster-webserver": "up"}, "why": {}})
    states["sftp"] = "nobody answers"
    status, _, body = _ask(port, "/healthz")
    assert (status, json.loads(body)["parts"]["sftp"], json.loads(body)["why"]) == (503, "down", {"sftp": "nobody answers"})


def test_healthz_says_what_to_know_of_a_part_that_works(port: int, states: dict[str, str]) -> None:
    states |= {"sftp": "up", "mail": "up, but mail waits since yesterday"}
    status, _, body = _ask(port, "/healthz")
    said = json.loads(body)
    assert (status, said["ok"], said["parts"]["mail"]) == (200, True, "up")
    assert said["why"] == {"mail": "up, but mail waits since yesterday"}


def test_healthz_is_for_this_machine_only(port: int) -> None:
    assert _ask(port, "/healthz", forwarded="203.0.113.9")[0] == 404


def test_a_taken_port_is_an_error(port: int, settings: Settings, registry: Registry) -> None:
    async def parts() -> dict[str, str]:
        return {}

    with pytest.raises(OSError, match="in use"):
        asyncio.run(PortalServer(settings, registry, parts, port=port).start())
