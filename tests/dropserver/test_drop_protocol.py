"""What clients do all night: upload, rename, set times, read the outbox; and how an upload ended."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, cast

import asyncssh
import paramiko
import pytest

from tests.dropserver.world import Client, World, open_world

CSV = b"student_id,ell\r\n0001,y\r\n"


def _channel(sftp: paramiko.SFTPClient) -> paramiko.Channel:
    channel = sftp.get_channel()
    assert channel is not None
    return channel


def test_upload_as_winscp_does(world: World) -> None:
    """A temporary name, rename over the old file, then times and mode: all answered, and the clock stays the server's."""
    roster = world.root / "alpha/inbox/roster"
    with world.sftp("alpha") as sftp:
        for content in (CSV, CSV * 2):
            with sftp.open("/inbox/roster/x.csv.filepart", "w") as file:
                file.write(content)
                file.utime((1, 1))
                file.chmod(0o777)
            names = sftp.listdir("/inbox/roster")
            if "x.csv" in names:
                with pytest.raises(OSError, match="exists"):
                    sftp.rename("/inbox/roster/x.csv.filepart", "/inbox/roster/x.csv")
                sftp.remove("/inbox/roster/x.csv")
            sftp.rename("/inbox/roster/x.csv.filepart", "/inbox/roster/x.csv")
            sftp.utime("/inbox/roster/x.csv", (1, 1))
            sftp.chmod("/inbox/roster/x.csv", 0o777)
            sftp.chown("/inbox/roster/x.csv", 0, 0)
            sftp.truncate("/inbox/roster/x.csv", 0)
            assert (roster / "x.csv").read_bytes() == content
        status = (roster / "x.csv").stat()
        assert abs(status.st_mtime - time.time()) < 60
        assert status.st_mode & 0o7777 == 0o600
        assert sftp.stat("/inbox/roster/x.csv").st_size == len(CSV * 2)
    assert world.wait_for("sftp.rename", "alpha") == {"path": "/inbox/roster/x.csv.filepart", "to": "/inbox/roster/x.csv"}
    assert world.wait_for("sftp.remove", "alpha") == {"path": "/inbox/roster/x.csv"}
    kinds = [kind for kind, *_ in world.events]
    assert kinds == [
        "sftp.login", "sftp.upload", "sftp.rename", "sftp.upload", "sftp.remove", "sftp.rename"
    ], "events are kept in order"  # fmt: skip


def test_appending_overwriting_and_resuming(world: World) -> None:
    path = world.root / "alpha/check/x.csv"
    with world.sftp("alpha") as sftp:
        sftp.putfo(io.BytesIO(b"12345"), "check/x.csv", confirm=True)
        with sftp.open("check/x.csv", "a") as file:
            file.write(b"678")
        assert path.read_bytes() == b"12345678"
        flags = paramiko.sftp.SFTP_FLAG_WRITE  # neither CREATE nor TRUNCATE: how an interrupted upload is resumed
        _, answer = cast("Any", sftp)._request(paramiko.sftp.CMD_OPEN, "check/x.csv", flags, paramiko.SFTPAttributes())
        handle = answer.get_binary()
        cast("Any", sftp)._request(paramiko.sftp.CMD_WRITE, handle, paramiko.sftp.int64(2), b"xx")
        cast("Any", sftp)._request(paramiko.sftp.CMD_CLOSE, handle)
        assert path.read_bytes() == b"12xx5678"
        with sftp.open("check/x.csv", "w") as file:
            file.write(b"new")
        assert path.read_bytes() == b"new"
        sftp.posix_rename("check/x.csv", "inbox/subgroups/sub \u00e4\u00f6\u4e2d.csv")
        assert sftp.listdir("inbox/subgroups") == ["sub \u00e4\u00f6\u4e2d.csv"]
        with sftp.open("inbox/roster/" + "n" * 255, "wx") as file:
            file.write(b"a name of 255 bytes is one")
        with pytest.raises(OSError):  # noqa: PT011 - exclusive, and it is there
            sftp.open("inbox/roster/" + "n" * 255, "wx")


def test_a_handle_for_writing_does_not_read(world: World) -> None:
    with world.sftp("alpha") as sftp:
        file = sftp.open("check/x.csv", "w")
        file.write(CSV)
        with pytest.raises(PermissionError):
            cast("Any", sftp)._request(paramiko.sftp.CMD_READ, file.handle, paramiko.sftp.int64(0), 100)
        assert file.stat().st_size == len(CSV)


def test_the_end_of_an_upload_is_told_apart(world: World, clients: dict[str, Client]) -> None:
    with world.sftp("alpha") as sftp:
        sftp.open("check/done.csv", "w").close()
    assert world.wait_for("sftp.upload", "alpha", path="/check/done.csv") == {
        "path": "/check/done.csv", "bytes": "0", "clean_close": "true"
    }  # fmt: skip
    for how in ("socket", "channel"):
        transport = world.transport()
        transport.auth_publickey("alpha", clients["alpha"].paramiko_key)
        opened = paramiko.SFTPClient.from_transport(transport)
        assert opened is not None
        sftp = opened
        file = sftp.open(f"check/{how}.csv", "w")
        file.write(CSV)
        file.stat()  # the write was answered
        if how == "socket":
            transport.sock.close()
        else:
            _channel(sftp).close()
        event = world.wait_for("sftp.upload", "alpha", path=f"/check/{how}.csv")
        assert event == {"path": f"/check/{how}.csv", "bytes": str(len(CSV)), "clean_close": "false"}
        transport.close()


def test_a_close_without_waiting_for_the_answer_is_clean(world: World, clients: dict[str, Client]) -> None:
    """The last requests and the end of the connection arrive together."""
    transport = world.transport()
    transport.auth_publickey("alpha", clients["alpha"].paramiko_key)
    sftp = paramiko.SFTPClient.from_transport(transport)
    assert sftp is not None
    file = sftp.open("check/hasty.csv", "w")
    file.write(CSV)
    cast("Any", sftp)._async_request(type(None), paramiko.sftp.CMD_CLOSE, file.handle)
    _channel(sftp).shutdown_write()
    event = world.wait_for("sftp.upload", "alpha", path="/check/hasty.csv")
    assert event["clean_close"] == "true"
    transport.close()


def test_an_upload_that_grows_too_big_fails_and_is_not_clean(tmp_path: Path, keys_dir: Path, clients: dict[str, Client]) -> None:
    with open_world(tmp_path, keys_dir, clients, max_file_bytes=1000) as world, world.sftp("alpha") as sftp:
        file = sftp.open("check/big.csv", "w")
        file.write(b"x" * 1000)
        with pytest.raises(OSError, match="at most 1000 bytes"):
            cast("Any", sftp)._request(paramiko.sftp.CMD_WRITE, file.handle, paramiko.sftp.int64(2**40), b"far away")
        file.close()
        assert (world.root / "alpha/check/big.csv.filepart").stat().st_size == 1000
        assert world.wait_for("sftp.upload", "alpha")["clean_close"] == "false"


def test_open_files_are_limited_and_given_back(world: World) -> None:
    with world.sftp("alpha") as first, world.sftp("alpha") as second:
        held = [(first, second)[n % 2].open(f"check/{n}", "w") for n in range(128)]
        with pytest.raises(PermissionError, match="128"):
            first.open("check/more", "w")
        with world.sftp("beta") as other:
            other.open("check/x", "w").close()
        held.pop().close()
        first.open("check/more", "w").close()


def test_only_reviewed_extensions_are_offered(world: World) -> None:
    """Guards our use of asyncssh's inner parts: copy-data and hard links are neither announced nor done."""

    async def probe() -> None:
        async with asyncssh.connect(**world.asyncssh_options("alpha")) as connection:
            sftp = await connection.start_sftp_client()
            assert not sftp.supports_remote_copy
            handler = sftp._handler
            assert handler._supports_posix_rename
            assert not handler._supports_hardlink
            assert not handler._supports_copy_data
            async with sftp.open("check/x.csv", "wb") as file:
                await file.write(CSV)
                # As a client that does not care what was announced.
                handler._supports_copy_data = handler._supports_hardlink = True
                assert file._handle is not None
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    await handler.copy_data(file._handle, 0, 0, file._handle, 100)
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    await handler.link(b"check/x.csv", b"check/y.csv")
                await file.fsync()
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await sftp.get("check/x.csv", os.devnull)
            assert [name for name in await sftp.listdir("check") if name[0] != "."] == ["x.csv"]

    asyncio.run(probe())
    assert world.wait_for("sftp.refused", "alpha", operation="copy-data")


@pytest.mark.needs_sshd
def test_openssh_sftp(world: World, clients: dict[str, Client], tmp_path: Path) -> None:
    program = shutil.which("sftp")
    assert program is not None
    (tmp_path / "x.csv").write_bytes(CSV)
    with world.sftp("alpha"), world.sftp("_pipeline") as pipeline, pipeline.open("/alpha/outbox/report.csv", "w") as file:
        file.write(b"report")
    commands = [
        "pwd", "cd inbox/roster", "put -p x.csv x.csv.part", "rename x.csv.part x.csv", "ls -l", "chmod 777 x.csv",
        "-get x.csv stolen.csv",
        "-ln -s /etc/passwd p", "-ln x.csv y.csv", "-mkdir sub", "-copy x.csv z.csv", "-get ../../../beta/outbox/r stolen2.csv",
        "cd ../../outbox", "get report.csv", "-put x.csv", "bye",
    ]  # fmt: skip
    done = subprocess.run(
        [
            program, "-b", "-", "-F", "none", "-P", str(world.server.port), "-i", str(clients["alpha"].path),
            "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={world.known_hosts}",
            "-o", "StrictHostKeyChecking=yes", "alpha@127.0.0.1",
        ],
        input="\n".join(commands), text=True, capture_output=True, cwd=tmp_path, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (world.root / "alpha/inbox/roster/x.csv").read_bytes() == CSV
    assert [p.name for p in (world.root / "alpha/inbox/roster").iterdir()] == ["x.csv"]
    assert (tmp_path / "report.csv").read_bytes() == b"report"
    assert not (tmp_path / "stolen.csv").exists() or (tmp_path / "stolen.csv").read_bytes() == b""
    assert list((world.root / "alpha/outbox").iterdir()) == [world.root / "alpha/outbox/report.csv"]
    assert "/alpha" not in done.stdout
