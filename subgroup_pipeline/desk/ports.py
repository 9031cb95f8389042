"""Ports that `subgroups up` needs: asked for before anything heavy starts, and who has one that is taken."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from subgroup_pipeline.errors import SettingsError


def require_free(wanted: dict[str, tuple[str, int]]) -> None:
    """Each setting's address can be listened on. Raises SettingsError that names every port that is taken, and by whom."""
    said = {name: taken_by(*place) for name, place in wanted.items()}
    taken = [f"{words} Stop it, or set SUBGROUPS_{name}_PORT." for name, words in said.items() if words]
    if taken:
        raise SettingsError(" ".join(taken))


def taken_by(host: str, port: int) -> str:
    """A sentence on who listens there; empty when the port is free (or the address cannot be had at all, which `up` says)."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except OSError as error:
        return f"Port {port} on {host} is taken by {_holder(port)}." if error.errno == errno.EADDRINUSE else ""
    return ""


def _holder(port: int) -> str:
    """The process that listens on a port, as far as Linux shows it to this account."""
    sockets = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.is_file():
            rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
            sockets |= {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text(encoding='utf-8').strip()})"
        except OSError:
            continue  # it has ended, or belongs to somebody else
    return "another process"
