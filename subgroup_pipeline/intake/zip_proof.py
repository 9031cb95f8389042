"""Proof of completeness for a zip: every member is read to its end against its own CRC, within limits.

A cut-off upload has no end record or a member that does not match; a closed SFTP handle proves nothing (a client that is
interrupted closes cleanly). Each ZipInfo is opened itself: opening by name would skip a damaged member of the same name.
"""

from __future__ import annotations

import hashlib
import lzma
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from subgroup_pipeline.registry.findings import Finding
from subgroup_pipeline.registry.ledger import UploadedFile

MAX_MEMBERS = 100
MAX_UNPACKED = 8 * 1024**3
"""Bytes; a state's largest district is below 1 GiB."""
MAX_RATIO, RATIO_FLOOR = 200, 10 * 1024**2
"""A member above the floor that unpacks to more than this many times its size is a bomb; rosters shrink 5 to 20 times."""
_BOMB = f"A member would unpack to more than {MAX_RATIO} times its size."
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class ZipProof:
    """What reading the zip showed: its members when it is whole, else findings; `cut_off` when more bytes might mend it."""

    members: tuple[UploadedFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    cut_off: bool = False


def prove_zip(path: Path, name: str) -> ZipProof:
    """Read every member of the zip at `path`, which was uploaded as `name`."""
    try:
        with zipfile.ZipFile(path) as package:
            refused = _refusal(package.infolist())
            if refused:
                return ZipProof(findings=(Finding("ZIP004", file=name, about=refused),))
            members = [m for m in package.infolist() if not m.is_dir()]
            if not members:
                return ZipProof(findings=(Finding("ZIP002", file=name),))
            return ZipProof(members=tuple(_read(package, member, name) for member in members))
    except zipfile.BadZipFile as error:
        damaged = "CRC" in str(error)
        return ZipProof(findings=(Finding("ZIP003" if damaged else "ZIP001", file=name),), cut_off=True)
    except (zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        return ZipProof(findings=(Finding("ZIP003", file=name),), cut_off=True)


def member_name(path: str) -> str:
    """Name of a member without the folders it lies in, which do not count; Windows programs write them with backslashes."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _refusal(members: list[zipfile.ZipInfo]) -> str:
    """Why this zip is not read at all, in words; empty when it may be."""
    names = [member.filename for member in members]
    steps = [name.replace("\\", "/").split("/") for name in names]
    plain = [member_name(name).casefold() for name in names if not name.endswith(("/", "\\"))]
    refusals = (
        (len(members) > MAX_MEMBERS, f"It has {len(members)} members."),
        (sum(m.file_size for m in members) > MAX_UNPACKED, "It would unpack to more than 8 GiB."),
        (any(m.file_size > max(RATIO_FLOOR, MAX_RATIO * m.compress_size) for m in members), _BOMB),
        (any(stat.S_ISLNK(m.external_attr >> 16) for m in members), "A member is a link."),
        (any(m.flag_bits & 0x1 for m in members), "It is protected by a password."),
        (any(not path[0] or ".." in path for path in steps), "A member's path leads out of the zip."),
        (len(set(plain)) < len(plain), "Two members have the same name."),
        (any(len(name) > 255 for name in names), "A member's name is longer than 255 characters."),
    )
    return next((words for is_refused, words in refusals if is_refused), "")


def _read(package: zipfile.ZipFile, member: zipfile.ZipInfo, zip_name: str) -> UploadedFile:
    digest = hashlib.sha256()
    size = 0
    with package.open(member) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if size > member.file_size:
                raise zipfile.BadZipFile("a member is larger than it says")
    return UploadedFile(member.filename, digest.hexdigest(), size, member_of=zip_name)
