"""Our fetch over SFTP against OpenSSH's own client: a file of 500 MB and 2,000 of 20 KB, on loopback and with 20 ms round trip.

Both take the same files from the same server (ours, and Debian's sshd where it is installed) in turn. Our side is a connection as
a night's fetch has it, with as many threads; the bytes are hashed and written, not yet made durable. OpenSSH's client writes
them into a folder. A figure is OpenSSH's time divided by ours.
Run: python -m benchmarks.sftp
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.night import Home
from subgroup_pipeline.dropserver.jail import make_home
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.fetch import AT_ONCE
from subgroup_pipeline.intake.sources.sftp import SftpConnection
from subgroup_pipeline.intake.sources.sftp_server import SftpServer
from subgroup_pipeline.settings import SERVICE_ACCOUNT, load_settings
from tests.support.servers import free_port, run_sshd

AIMS = {"one file of 500 MB": (0.4, 1.3), "2,000 files of 20 KB": (1.0, 1.0)}
"""OpenSSH's time over ours that is wanted on loopback, and with 20 ms of round trip."""
ROUND_TRIP = 0.020
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Remote:
    """A server under test, and the folder on it that holds the folders of files."""

    name: str
    server: SftpServer
    folder: str


@contextmanager
def delayed_way(target: int, delay: float) -> Iterator[int]:
    """A way to a port of this machine with a delay in each direction, in seconds, in a process of its own; gives its port."""
    command = [sys.executable, "-m", "benchmarks.delayed_way", str(target), str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None  # noqa: S101 - opened as a pipe
        try:
            yield int(proxy.stdout.readline())
        finally:
            proxy.terminate()


def fetch_ours(remote: Remote, names: str, into: Path) -> None:
    """Fetch a folder as a night does."""
    connection = SftpConnection(remote.server)
    places = load_settings(home=into).paths
    places.make()
    archive = DistrictArchive(places, "bench")

    def fetch(number: int) -> None:
        for entry in entries[number::AT_ONCE]:
            with incoming_file(archive) as incoming:
                if not connection.fetch(entry, incoming):
                    raise SystemExit(f"{entry.path} changed")

    try:
        entries = connection.list_files(f"{remote.folder}/{names}")
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(fetch, range(AT_ONCE)))
    finally:
        connection.close()


def fetch_theirs(remote: Remote, names: str, into: Path) -> None:
    """Fetch a folder with OpenSSH's `sftp`."""
    server = remote.server
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR")
    command = ["sftp", "-q", "-b", "-", "-P", str(server.port), "-i", str(server.private_key)]
    for option in options:
        command += ["-o", option]
    batch = f"get -r {remote.folder}/{names} {into}/\n"
    subprocess.run(
        [*command, f"{server.username}@{server.host}"],
        input=batch,
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=1800,
    )


def compare(remote: Remote, names: str, scratch: Path) -> tuple[float, float]:
    """Seconds of OpenSSH's client and of ours; the better of two runs each, in turn."""
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    for _ in range(2):
        for who, fetch in (("theirs", fetch_theirs), ("ours", fetch_ours)):
            with tempfile.TemporaryDirectory(dir=scratch) as into:
                begun = time.perf_counter()
                fetch(remote, names, Path(into))
                seconds[who].append(time.perf_counter() - begun)
    return min(seconds["theirs"]), min(seconds["ours"])


def put_files(folder: Path, megabytes: int, count: int) -> dict[str, str]:
    """Make the files; gives their folders by what is in them."""
    for name in ("one", "many"):
        (folder / name).mkdir(parents=True)
    with (folder / "one" / "large.csv").open("wb") as large:
        for _ in range(megabytes):
            large.write(os.urandom(_BLOCK))
    for number in range(count):
        (folder / "many" / f"{number:04}.csv").write_bytes(os.urandom(20_000))
    return dict(zip(AIMS, ("one", "many"), strict=True))


@contextmanager
def servers(scratch: Path, files: Path) -> Iterator[list[Remote]]:
    """Our server and Debian's, where that is installed, with the same files."""
    port = free_port()
    home = Home(scratch / "home", port)
    root = scratch / "home" / "sftp"
    with home.serving():
        make_home(root, "bench")
        for name in ("one", "many"):
            shutil.copytree(files / name, root / "bench" / "inbox" / "roster" / name)
        keys = scratch / "home" / "keys"
        ours = SftpServer("127.0.0.1", port, SERVICE_ACCOUNT, keys / "pipeline", keys / "known_hosts")
        found = [Remote("our server", ours, "/bench/inbox/roster")]
        if not (shutil.which("sshd") or Path("/usr/sbin/sshd").exists()):
            yield found
            return
        key = scratch / "client"
        with run_sshd(scratch / "sshd", key) as sshd:
            theirs = SftpServer("127.0.0.1", sshd.port, sshd.user, key, host_key=sshd.host_key, is_ours=False)
            yield [*found, Remote("OpenSSH's server", theirs, str(files))]


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--files", type=int, default=2000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".subgroups-benchmark-") as place:
        scratch = Path(place)
        folders = put_files(scratch / "files", arguments.megabytes, arguments.files)
        print("| server | files | way | OpenSSH's client | ours | ratio | aim |\n|-|-|-|-|-|-|-|")
        with servers(scratch, scratch / "files") as remotes:
            for remote in remotes:
                for what, names in folders.items():
                    for way, delay, aim in (("loopback", 0.0, AIMS[what][0]), ("20 ms", ROUND_TRIP / 2, AIMS[what][1])):
                        with delayed_way(remote.server.port, delay) as port:
                            pinned = _pinned(remote.server, port if delay else remote.server.port, scratch)
                            theirs, ours = compare(replace(remote, server=pinned), names, scratch)
                        print(
                            f"| {remote.name} | {what} | {way} | {theirs:.1f} s | {ours:.1f} s | {theirs / ours:.2f} | {aim:g} |",
                            flush=True,
                        )


def _pinned(server: SftpServer, port: int, scratch: Path) -> SftpServer:
    """The same server at another port; its key is on record under that port too."""
    if server.known_hosts is None or port == server.port:
        return replace(server, port=port)
    text = server.known_hosts.read_text().replace(f"]:{server.port}", f"]:{port}")
    known = scratch / f"known_hosts_{port}"
    known.write_text(text)
    return replace(server, port=port, known_hosts=known)


if __name__ == "__main__":
    main()
