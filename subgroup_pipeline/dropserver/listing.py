"""What a client is told of files and directories: size, kind and time, and nothing of the server around them."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator

import asyncssh

from subgroup_pipeline.dropserver.jail import JailPath

LISTED_OWNER = "drop"
"""Whom listings name as owner and group: not the server's operating system account."""


def attributes(found: os.stat_result) -> asyncssh.SFTPAttrs:
    """What a client learns of a file: size, kind and time, nothing of the server's users."""
    attrs = asyncssh.SFTPAttrs.from_local(found)
    attrs.uid = attrs.gid = 0
    attrs.owner = attrs.group = LISTED_OWNER
    attrs.nlink = 1
    return attrs


async def listing(place: JailPath) -> AsyncIterator[asyncssh.SFTPName]:
    """`.`, `..` and what stands in a directory, read from disk when the client asks for it."""
    own = attributes(os.lstat(place.local))
    yield asyncssh.SFTPName(b".", attrs=own)
    yield asyncssh.SFTPName(b"..", attrs=own)
    for name, found in _entries(place):
        yield asyncssh.SFTPName(name, attrs=attributes(found))


def _entries(place: JailPath) -> Iterator[tuple[bytes, os.stat_result]]:
    """The files and directories of a place; links and devices are not shown, for nobody could do anything with them."""
    names = [name.encode() for name in place.children] if place.children is not None else sorted(os.listdir(place.local))  # noqa: PTH208 - bytes
    for name in names:
        try:
            found = os.lstat(os.path.join(place.local, name))  # noqa: PTH118 - bytes
        except FileNotFoundError:
            continue  # taken away meanwhile
        if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
            yield name, found
