"""Proof of completeness for a zip: every member is read to its end against its own CRC, within limits.

A cut-off upload has no end record or a member that does not match; a closed SFTP handle proves nothing (a client that is
interrupted closes cleanly). Each ZipInfo is opened itself: opening by name would skip a damaged member of the same name.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from subgroup_pipeline.registry.findings import Finding
from subgroup_pipeline.registry.ledger import UploadedFile

MAX_MEMBERS = 100
MAX_UNPACKED = 8 * 1024**3
"""Bytes; a state's largest district is below 1 GiB."""
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
    except (zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        return ZipProof(findings=(Finding("ZIP003", file=name),), cut_off=True)


def _refusal(members: list[zipfile.ZipInfo]) -> str:
    """Why this zip is not read at all, in words; empty when it may be."""
    names = [member.filename for member in members]
    if len(names) > MAX_MEMBERS:
        return f"It has {len(names)} members."
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        return "It would unpack to more than 8 GiB."
    if any(member.flag_bits & 0x1 for member in members):
        return "It is protected by a password."
    if any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") for name in names):
        return "A member's path leads out of the zip."
    if len({name.casefold() for name in names}) < len(names):
        return "Two members have the same name."
    return ""


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
