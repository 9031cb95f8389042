"""Probes of the jail: whatever a district's client asks for, no byte is read or written outside what it may see.

One server and one signed-in client serve all probes; after each, the whole disk below the home is compared with before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import paramiko
import pytest
from paramiko.sftp import CMD_EXTENDED, CMD_OPEN, CMD_READLINK, CMD_SETSTAT, CMD_SYMLINK, SFTP_FLAG_CREATE, SFTP_FLAG_WRITE

from subgroup_pipeline.dropserver.jail import make_home
from tests.dropserver.world import SECRET, Client, World, open_world, snapshot

Sftp = paramiko.SFTPClient


@pytest.fixture(scope="module")
def furnished(
    tmp_path_factory: pytest.TempPathFactory, keys_dir: Path, clients: dict[str, Client]
) -> Iterator[tuple[World, Sftp]]:
    """Two districts with files, a secret beside the root, and links that somebody with a shell left in alpha's directories."""
    with open_world(tmp_path_factory.mktemp("home"), keys_dir, clients) as world:
        for account in ("alpha", "beta"):
            make_home(world.root, account)
        alpha, beta = world.root / "alpha", world.root / "beta"
        files = (
            world.home / "secret.txt", beta / "outbox/report.html", beta / "inbox/roster/users.csv", alpha / "stray.txt",
            alpha / "inbox/roster/own.csv", alpha / "check/own.csv", world.root / "top.txt",
        )  # fmt: skip
        for file in files:
            file.write_bytes(SECRET)
        (alpha / "outbox/report.csv").write_bytes(b"may be read")
        for box in ("inbox/roster", "outbox"):
            (alpha / box / "link_out").symlink_to(world.home / "secret.txt")
            (alpha / box / "link_in").symlink_to(alpha / "inbox/roster/own.csv")
            (alpha / box / "linkdir").symlink_to(beta / "outbox")
            (alpha / box / "dangling").symlink_to(world.home / "made_by_upload.txt")
            os.mkfifo(alpha / box / "pipe")
        with world.sftp("alpha") as sftp:
            yield world, sftp


OUTSIDE = [
    "../beta/outbox/report.html",
    "/../beta/outbox/report.html",
    "outbox/../../beta/outbox/report.html",
    "outbox/./../..//beta/./outbox/report.html",
    "/beta/outbox/report.html",
    "//beta/outbox/report.html",
    "/alpha/../beta/outbox/report.html",
    "../../secret.txt",
    "/../../secret.txt",
    "outbox/../../../secret.txt",
    "{home}/secret.txt",
    "{home}/sftp/beta/outbox/report.html",
    "../top.txt",
    "/etc/passwd",
    "../../../../../../../../etc/passwd",
    "/proc/self/environ",
    "stray.txt",
    "~/secret.txt",
    "outbox/..\\..\\beta\\outbox\\report.html",
    "outbox/%2e%2e/%2e%2e/beta/outbox/report.html",
    "outbox/\u2025/beta/outbox/report.html",
    "outbox/link_out",
    "outbox/link_in",
    "outbox/linkdir/report.html",
    "inbox/roster/link_out",
    "inbox/roster/linkdir/report.html",
    "inbox/roster/dangling",
    "inbox/roster/pipe",
    "outbox/pipe",
]
OWN_UNREADABLE = ["inbox/roster/own.csv", "inbox/subgroups/../roster/own.csv", "check/own.csv", "outbox/../check/own.csv"]
NOT_FOR_WRITING = [
    "outbox/new.csv", "outbox/report.csv", "outbox/../outbox/new.csv", "new.csv", "inbox/new.csv", "inbox", "inbox/roster",
    "check", "/", "", ".", "..", "inbox/roster/missing/new.csv", "inbox/roster/own.csv/new.csv", "inbox/other/new.csv",
    "INBOX/roster/new.csv",
]  # fmt: skip
BAD_NAMES = [
    b"inbox/roster/nul\0.csv", b"inbox/roster/\0", b"inbox/roster/x.csv\0/../../../secret.txt", b"inbox/roster/" + b"a" * 256,
    b"inbox/roster/" + "\u00e4".encode() * 128, b"inbox/roster/line\nbreak.csv", b"inbox/roster/esc\x1b[2J.csv",
    b"inbox/roster/latin1\xe4.csv", b"inbox/roster/c1\xc2\x85.csv", b"inbox/roster/back\\slash.csv",
    b"inbox/roster/" + b"./" * 600 + b"x.csv",
    b"inbox/roster/overlong\xc0\xaf..\xc0\xaf.csv", b"inbox/roster/surrogate\xed\xb2\x80.csv",
]  # fmt: skip

Probe = tuple[str, Callable[[Sftp, Path], object]]


def _read(path: str) -> Probe:
    return f"read {path}", lambda sftp, home: sftp.open(path.format(home=home), "r").read()


def _open(path: str, mode: str) -> Probe:
    def probe(sftp: Sftp, home: Path) -> object:
        with sftp.open(path.format(home=home), mode) as file:
            file.write(b"written by a probe")
        return b""

    return f"open {mode} {path}", probe


def _raw_open(path: bytes) -> Probe:
    # Below paramiko's own handling of names.
    flags = SFTP_FLAG_WRITE | SFTP_FLAG_CREATE
    return f"open {path[:60]!r}", lambda sftp, _: cast("Any", sftp)._request(CMD_OPEN, path, flags, paramiko.SFTPAttributes())


def _call(name: str, *arguments: object) -> Probe:
    def probe(sftp: Sftp, home: Path) -> object:
        return getattr(sftp, name)(*(a.format(home=home) if isinstance(a, str) else a for a in arguments))

    return f"{name} {arguments}", probe


def _raw(label: str, *packet: object) -> Probe:
    def probe(sftp: Sftp, home: Path) -> object:
        return cast("Any", sftp)._request(*(a.format(home=home) if isinstance(a, str) else a for a in packet))

    return label, probe


def _extended(name: str, *arguments: object) -> Probe:
    return _raw(f"{name} {arguments}", CMD_EXTENDED, name, *arguments)


MODE = paramiko.SFTPAttributes()
MODE.st_mode = 0o777
OWN = "inbox/roster/own.csv"
RENAMES = [
    (OWN, "../beta/inbox/roster/own.csv"), (OWN, "/beta/inbox/roster/x.csv"), (OWN, "outbox/own.csv"), (OWN, "own.csv"),
    (OWN, "../../secret.txt"), (OWN, "{home}/x.csv"), (OWN, "inbox/roster/linkdir/x.csv"), (OWN, "inbox/roster/link_out"),
    (OWN, "check"), (OWN, "inbox/roster/a\0b"), ("outbox/report.csv", "inbox/roster/report.csv"),
    ("outbox/report.csv", "outbox/other.csv"), ("../beta/outbox/report.html", "inbox/roster/x.html"),
    ("../../secret.txt", "inbox/roster/x.txt"), ("inbox/roster/link_out", "inbox/roster/x.txt"),
    ("inbox/roster/pipe", "inbox/roster/pipe2"), ("inbox/roster", "inbox/subgroups/roster"), ("inbox", "check/inbox"),
    ("stray.txt", "inbox/roster/stray.txt"), ("outbox", "inbox/roster/outbox"),
]  # fmt: skip
PROBES: list[Probe] = [
    *(_read(path) for path in (*OUTSIDE, *OWN_UNREADABLE)),
    *(_open(path, "w") for path in (*OUTSIDE, *NOT_FOR_WRITING)),
    *(_open(path, "a") for path in ("outbox/report.csv", "../beta/inbox/roster/users.csv", "../../secret.txt")),
    *(_open(path, "wx") for path in ("outbox/new.csv", "../beta/inbox/roster/new.csv", OWN)),
    *(_open(path, mode) for path in (OWN, "outbox/report.csv") for mode in ("r+", "w+", "a+")),
    *(_raw_open(name) for name in BAD_NAMES),
    *(_call("stat", path) for path in OUTSIDE if not path.endswith("pipe")),
    *(_call("lstat", path) for path in ("../beta", "/etc", "stray.txt", "outbox/link_out", "../../secret.txt")),
    *(_call("listdir", p) for p in ("../beta", "/beta/outbox", "/etc", "outbox/linkdir", "inbox/roster/linkdir", "{home}", OWN)),
    *(_call("remove", p) for p in (
        *OUTSIDE, "outbox/report.csv", "inbox/roster/linkdir", "inbox/roster", "inbox", "/")),
    *(_call("rmdir", path) for path in ("inbox/roster", "inbox", "check", "outbox", "../beta", "/", "inbox/roster/linkdir")),
    *(_call("mkdir", path) for path in (
        "inbox/roster/sub", "check/sub", "outbox/sub", "sub", "../gamma", "inbox/roster/linkdir/sub")),
    *(_call("rename", *ends) for ends in RENAMES),
    *(_call("posix_rename", *ends) for ends in RENAMES),
    *(_call("symlink", target, "inbox/roster/made") for target in (
        "/etc/passwd", "../../../beta", "own.csv", "{home}/secret.txt")),
    _call("symlink", "own.csv", "../../made"),
    _raw("symlink, arguments the other way", CMD_SYMLINK, "inbox/roster/made", "/etc/passwd"),
    *(_raw(f"readlink {path}", CMD_READLINK, path) for path in (
        "inbox/roster/link_out", "outbox/link_out", OWN, "../../secret.txt")),
    *(_extended("hardlink@openssh.com", a, b) for a, b in (
        (OWN, "inbox/roster/made"), ("outbox/report.csv", "inbox/roster/made"), ("../../secret.txt", "inbox/roster/made"),
        ("../beta/outbox/report.html", "outbox/made"))),
    *(_raw(f"setstat {path}", CMD_SETSTAT, path, MODE) for path in (
        "../../secret.txt", "../beta/outbox/report.html", "/etc", "outbox/link_out", "inbox/roster/linkdir", "stray.txt")),
    *(_extended("lsetstat@openssh.com", path, MODE) for path in ("../../secret.txt", "inbox/roster/link_out")),
    *(_extended("posix-rename@openssh.com", a, b) for a, b in ((OWN, "../../secret.txt"), ("outbox/report.csv", "check/x"))),
    *(_extended("statvfs@openssh.com", path) for path in (".", "/", "../..", "/etc")),
    *(_extended(name, "outbox/report.csv") for name in (
        "copy-file", "check-file-name", "md5-hash", "expand-path@openssh.com", "users-groups-by-id@openssh.com",
        "space-available",
        "home-directory", "copy-data", "ranges@asyncssh.com", "fstatvfs@openssh.com", "write-file")),
]  # fmt: skip


def _label(number: int) -> str:
    return f"{number}-{PROBES[number][0]}"[:90].encode("ascii", "backslashreplace").decode()


@pytest.mark.parametrize("probe", [pytest.param(PROBES[n][1], id=_label(n)) for n in range(len(PROBES))])
def test_nothing_outside_is_read_or_written(furnished: tuple[World, Sftp], probe: Callable[[Sftp, Path], object]) -> None:
    world, sftp = furnished
    before = snapshot(world.home)
    # Refused by the server (OSError is what paramiko makes of an SFTP status), and the connection lives on.
    with pytest.raises(OSError):  # noqa: PT011
        probe(sftp, world.home)
    assert snapshot(world.home) == before
    assert sftp.open("outbox/report.csv").read() == b"may be read"


def test_the_world_of_a_district_is_four_directories(furnished: tuple[World, Sftp]) -> None:
    _, sftp = furnished
    assert sorted(sftp.listdir("/")) == ["check", "inbox", "outbox"]
    assert sorted(sftp.listdir("/inbox")) == ["roster", "subgroups"]
    assert sftp.listdir("../../..") == sftp.listdir("/")
    assert sftp.normalize("../../etc/../inbox/./roster") == "/inbox/roster"


def test_links_and_pipes_are_not_listed(furnished: tuple[World, Sftp]) -> None:
    _, sftp = furnished
    assert sftp.listdir("inbox/roster") == ["own.csv"]
    assert sftp.listdir("outbox") == ["report.csv"]


def test_listings_say_nothing_of_the_server(furnished: tuple[World, Sftp]) -> None:
    _, sftp = furnished
    (entry,) = sftp.listdir_attr("outbox")
    assert (entry.st_uid, entry.st_gid, entry.st_size) == (0, 0, len(b"may be read"))
    assert entry.longname.split()[2:4] == ["drop", "drop"]


def test_a_district_directory_that_is_a_link_is_refused(furnished: tuple[World, Sftp], tmp_path: Path) -> None:
    world, _ = furnished
    elsewhere = world.root / "moved"
    (world.root / "beta").rename(elsewhere)
    (world.root / "beta").symlink_to(elsewhere)
    try:
        with world.sftp("beta") as sftp, pytest.raises(PermissionError):
            sftp.listdir("outbox")
    finally:
        (world.root / "beta").unlink()
        elsewhere.rename(world.root / "beta")


def test_refusals_are_events_without_content(furnished: tuple[World, Sftp]) -> None:
    world, _ = furnished
    with world.sftp("alpha") as sftp:
        with pytest.raises(PermissionError):
            sftp.open("/beta/outbox/x\x1b.csv", "w")
        # The control character is spelled out, so that no terminal acts on it.
        assert world.wait_for("sftp.refused", "alpha", operation="write", path="/beta/outbox/x\\x1b.csv")
        with pytest.raises(PermissionError, match="inbox/roster"):
            sftp.open("lost.csv", "w")
        assert world.wait_for("sftp.refused", "alpha", path="lost.csv")["operation"] == "write"


def test_a_client_gone_wild_does_not_fill_the_audit_log(furnished: tuple[World, Sftp]) -> None:
    world, _ = furnished
    with world.sftp("alpha") as sftp:
        for number in range(150):
            with pytest.raises(PermissionError):
                sftp.remove(f"wild_{number}")
    noted = [d for kind, _, d in world.events if kind == "sftp.refused" and d["path"].startswith("wild_")]
    assert len(noted) == 100
    assert "not noted" in noted[-1]["reason"]
