"""Whether our SFTP server answers at an address: not only somebody, but one who proves to have our host key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

SECONDS = 3.0


async def who_answers(host: str, port: int, host_public_keys: Collection[str]) -> Literal["we", "another", "nobody"]:
    """Ask for the host key (OpenSSH line, without comment), within three seconds. Nobody signs in, and nothing is audited."""
    try:
        async with asyncio.timeout(SECONDS):
            key = await asyncssh.get_server_host_key(host, port, config=None)
    except ConnectionRefusedError:
        return "nobody"
    except (OSError, TimeoutError, asyncssh.Error):
        return "another" if await _accepts(host, port) else "nobody"
    shown = " ".join(key.export_public_key("openssh").decode().split()[:2]) if key else ""
    return "we" if shown in host_public_keys else "another"


def pinned_keys(known_hosts: Path) -> set[str]:
    """Host keys that the server of this installation had when it last started; none before the first start."""
    if not known_hosts.is_file():
        return set()
    return {line.partition(" ")[2] for line in known_hosts.read_text(encoding="ascii").splitlines() if line}


async def _accepts(host: str, port: int) -> bool:
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
