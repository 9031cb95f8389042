"""Connections cut after any number of bytes, on the district's way to the server and on ours: half a file is never data."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import paramiko
import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.intake.archive import archived_files
from subgroup_pipeline.intake.archive_proof import changed_files
from subgroup_pipeline.intake.fetch import Fetched, fetch_deliveries
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.waiting import waited
from tests.torture.homes import TortureHome, home_at
from tests.torture.proxy import Cut, proxy_to

SEED = int(os.environ.get("SUBGROUPS_TORTURE_SEED", "1"))
OFFSETS = sorted({0, 1, 21, *(random.Random(SEED).randint(100, 9_000) for _ in range(12))})  # noqa: S311 - a seed to repeat it by
ROSTER = zip_of({"users.csv": "sourcedId\n" + "".join(f"{hashlib.sha256(b'%d' % n).hexdigest()}\n" for n in range(60))})
SUBGROUPS = small.subgroups(300).encode()
BROKEN_ON_PURPOSE = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[TortureHome]:
    with home_at(tmp_path / "home") as made:
        made.add("alpha")
        made.add("beta")
        yield made


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    import tenacity

    monkeypatch.setattr(tenacity, "wait_random_exponential", lambda **_: tenacity.wait_none())


def _fetch(home: TortureHome, port: int | None = None) -> Fetched:
    """Fetch, perhaps by another port, where the same keys are expected."""
    settings = home.settings
    if port is not None:
        known_hosts = settings.paths.keys / "known_hosts"
        known = known_hosts.read_text()
        known_hosts.write_text(known + known.replace(f":{settings.sftp_port} ", f":{port} "))
        settings = load_settings(**(settings.model_dump() | {"sftp_port": port}))
    return fetch_deliveries(home.registry, settings, registered_districts(home.registry))


def _whole(home: TortureHome, allowed: set[str]) -> None:
    """Everything in ledger and archive is a file as it was uploaded."""
    paths = home.settings.paths
    kept = archived_files(paths)
    assert not changed_files(paths, kept)
    assert {path.name for path in kept} <= allowed
    assert {d.sha256 for d in all_deliveries(home.registry)} - {None} <= allowed
    assert list(paths.archive.glob(".*")) == []


@BROKEN_ON_PURPOSE
@pytest.mark.parametrize("is_reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("direction", ["down", "up"])
def test_our_fetch_is_cut(home: TortureHome, direction: Literal["up", "down"], is_reset: bool) -> None:
    allowed = set()
    for number, offset in enumerate(OFFSETS):
        roster, subgroups = ROSTER + b"", SUBGROUPS + b"s%d,y,n\n" % number
        roster = zip_of({"users.csv": f"sourcedId\nu{number}\n" + "x" * 8000})
        allowed |= {hashlib.sha256(roster).hexdigest(), hashlib.sha256(subgroups).hexdigest()}
        home.upload((("alpha", "roster", {"roster.zip": roster}), ("beta", "subgroups", {"subgroups.csv": subgroups})))
        with proxy_to(home.settings.sftp_port, Cut(offset, direction, is_reset)) as port:
            _fetch(home, port)
        _whole(home, allowed)
        _fetch(home)
        assert {d.sha256 for d in all_deliveries(home.registry)} == allowed
        assert len(all_deliveries(home.registry)) == 2 * (number + 1)
        assert list(home.settings.paths.sftp.glob("*/inbox/*/*")) == []


def _upload(home: TortureHome, port: int, key: Path, path: str, content: bytes) -> bool:
    """Upload as the district's client does; gives whether the client took it for done."""
    known = (home.settings.paths.keys / "known_hosts").read_text().replace(f":{home.settings.sftp_port} ", f":{port} ")
    hosts = key.with_name("known_hosts")
    hosts.write_text(known)
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(hosts))
        with suppress(paramiko.SSHException, EOFError, OSError):
            client.connect(
                "127.0.0.1", port, username="alpha", key_filename=str(key), allow_agent=False, look_for_keys=False,
                timeout=5, banner_timeout=5, auth_timeout=5,
            )  # fmt: skip
            with client.open_sftp() as sftp:
                sftp.get_channel().settimeout(5)  # type: ignore[union-attr]
                with sftp.open(path, "wb") as remote:
                    for at in range(0, len(content), 512):
                        remote.write(content[at : at + 512])
                return True
    return False


_ESTABLISHED, _CLOSE_WAIT = "01", "08"


def _connections(port: int) -> list[str]:
    """What the kernel knows of connections that a server here on this port has not closed yet (proc(5), net/tcp)."""
    sockets = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    here = f"0100007F:{port:04X}"
    return [state for _, local, _, state, *_ in sockets if local == here and state in {_ESTABLISHED, _CLOSE_WAIT}]


def _cut_uploads(home: TortureHome, path: str, content: bytes) -> list[tuple[int, str]]:
    """Cut an upload at every offset and fetch; gives (offset, state) of every delivery of bytes that are not the whole file."""
    key = home.client_key("alpha")
    whole = hashlib.sha256(content).hexdigest()
    found = []
    for offset in (2_000 + at for at in OFFSETS):
        with proxy_to(home.settings.sftp_port, Cut(offset, "up")) as port:
            _upload(home, port, key, path, content)
        waited(lambda: not _connections(home.settings.sftp_port))
        seen = {delivery.delivery_id for delivery in all_deliveries(home.registry)}
        _fetch(home)
        new = [delivery for delivery in all_deliveries(home.registry) if delivery.delivery_id not in seen]
        found += [(offset, delivery.state) for delivery in new if delivery.sha256 not in (whole, None)]
    assert _upload(home, home.settings.sftp_port, key, path, content)
    _fetch(home)
    assert all_deliveries(home.registry)[-1].sha256 == whole
    return found


@BROKEN_ON_PURPOSE
def test_a_districts_zip_is_cut(home: TortureHome) -> None:
    found = _cut_uploads(home, "/inbox/roster/roster.zip", ROSTER)
    assert {state for _, state in found} <= {"rejected"}


@BROKEN_ON_PURPOSE
def test_a_districts_subgroup_file_is_cut(home: TortureHome) -> None:
    found = _cut_uploads(home, "/inbox/subgroups/subgroups.csv", SUBGROUPS)
    assert {state for _, state in found} <= {"rejected"}


@BROKEN_ON_PURPOSE
def test_a_client_cannot_set_the_time_of_a_file(home: TortureHome) -> None:
    """A client's mtime in 2096 would keep a file from ever settling, or put it last in the order for good."""
    key = home.client_key("alpha")
    assert _upload(home, home.settings.sftp_port, key, "/inbox/subgroups/subgroups.csv", SUBGROUPS)
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(home.settings.paths.keys / "known_hosts"))
        client.connect("127.0.0.1", home.settings.sftp_port, username="alpha", key_filename=str(key), allow_agent=False)
        with client.open_sftp() as sftp:
            with suppress(OSError):
                sftp.utime("/inbox/subgroups/subgroups.csv", (3_976_214_400, 3_976_214_400))
            assert abs((sftp.stat("/inbox/subgroups/subgroups.csv").st_mtime or 0) - time.time()) < 60
    _fetch(home)
    assert [d.state for d in all_deliveries(home.registry)] == ["received"]
