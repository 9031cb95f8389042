"""The web port: what it serves, to whom, and what it never does."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from subgroup_pipeline.cli.pages import PageServer
from subgroup_pipeline.settings import load_settings

REPORT = "<!doctype html><p>a report"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pages")
    (home / "secret.html").write_text("not for the web")
    for name, text in {
        "gx/data_docs/index.html": "<!doctype html><p>Data Docs",
        "gx/data_docs/notes.json": "{}",
        "gx/validations/users/one.html": "no page",
        "gx/other.html": "no page",
        "reports/pine/20260101T000000-abc123.html": REPORT,
        "reports/pine/20260101T000000-abc123.csv": "s001",
        "registry.sqlite": "",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    (home / "reports" / "pine" / "way_out.html").symlink_to(home / "secret.html")
    (home / "reports" / "oak").symlink_to(home / "gx")
    return home


@pytest.fixture(scope="module")
def states() -> dict[str, str]:
    return {"sftp": "up", "dagster-webserver": "up"}


@pytest.fixture(scope="module")
def port(home: Path, states: dict[str, str]) -> Iterator[int]:
    """A server in a thread of its own, as `subgroups up` runs it."""

    async def parts() -> dict[str, str]:
        return states

    server = PageServer(load_settings(home=home), parts, port=0)
    running: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def serve() -> None:
        await server.start()
        stop = asyncio.Event()
        running.put((asyncio.get_running_loop(), stop))
        await stop.wait()
        await server.stop()

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop, stop = running.get(timeout=10)
    yield server.port
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    assert not thread.is_alive()


def _ask(port: int, path: str, *, method: str = "GET", host: str = "127.0.0.1") -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def test_pages_are_served_by_their_names(port: int) -> None:
    assert _ask(port, "/data-docs/index.html")[::2] == (200, "<!doctype html><p>Data Docs")
    status, headers, body = _ask(port, "/reports/pine/20260101T000000-abc123.html")
    assert (status, body) == (200, REPORT)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert _ask(port, "/data-docs/index.html", method="HEAD")[::2] == (200, "")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/data-docs",
        "/data-docs/",
        "/data-docs/none.html",
        "/data-docs/notes.json",
        "/data-docs/../validations/users/one.html",
        "/data-docs/..%2f..%2fsecret.html",
        "/data-docs/%2e%2e%2f%2e%2e%2fsecret.html",
        "/data-docs//etc/passwd",
        "/reports",
        "/reports/pine/",
        "/reports/pine/20260101T000000-abc123.csv",
        "/reports/../secret.html",
        "/reports/%2e%2e/secret.html",
        "/reports/pine/..%2f..%2fsecret.html",
        "/reports/pine/way_out.html",
        "/reports/pine/x%00.html",
        "/reports/oak/other.html",
        "/registry.sqlite",
    ],
)
def test_nothing_else_is_served_or_listed(port: int, path: str) -> None:
    status, headers, body = _ask(port, path)
    assert status == 404, body
    assert "not for the web" not in body
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_changed(port: int, method: str) -> None:
    assert _ask(port, "/data-docs/index.html", method=method)[0] == 405


def test_a_page_may_load_nothing_and_is_kept_by_nobody(port: int) -> None:
    for path in ("/data-docs/index.html", "/reports/pine/20260101T000000-abc123.html", "/none", "/healthz"):
        headers = _ask(port, path)[1]
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")
        assert "server" not in headers


def test_another_name_for_this_machine_is_refused(port: int) -> None:
    """A site could point its own name here and read the pages with the visitor's browser."""
    assert _ask(port, "/data-docs/index.html", host="localhost:8080")[0] == 200
    assert _ask(port, "/data-docs/index.html", host="evil.example")[0] == 400


def test_healthz_names_the_part_that_is_down(port: int, states: dict[str, str]) -> None:
    status, _, body = _ask(port, "/healthz")
    assert (status, json.loads(body)) == (200, {"ok": True, "parts": {"sftp": "up", "dagster-webserver": "up"}, "why": {}})
    states["sftp"] = "nobody answers"
    status, _, body = _ask(port, "/healthz")
    assert (status, json.loads(body)["parts"]["sftp"], json.loads(body)["why"]) == (503, "down", {"sftp": "nobody answers"})


def test_a_taken_port_is_an_error(port: int, home: Path) -> None:
    async def parts() -> dict[str, str]:
        return {}

    with pytest.raises(OSError, match="in use"):
        asyncio.run(PageServer(load_settings(home=home), parts, port=port).start())
