"""Proof of completeness for a zip: every member is read to its end against its own CRC, within limits, and kept on the way.

A cut-off upload has no end record or a member that does not match; a closed SFTP handle proves nothing (a client that is
interrupted closes cleanly). Each ZipInfo is opened itself: opening by name would skip a damaged member of the same name.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.reading.litter import is_litter
from subgroup_pipeline.reading.manifest import MAX_SIZE as MAX_MANIFEST
from subgroup_pipeline.reading.roster_files import MANIFEST, roster_file

MAX_MEMBERS = 100
"""OneRoster has 14 files; districts zip whole export folders, and what is not OneRoster is only named."""
MAX_DIRECTORY = 1024**2
"""Bytes of a zip's list of members; read before zipfile makes an object of each."""
MAX_UNPACKED = 2 * 1024**3
"""Bytes; a state's largest district is below 1 GiB."""
MAX_RATIO, RATIO_FLOOR = 200, 10 * 1024**2
"""A member above the floor that unpacks to more than this many times its size is a bomb; rosters shrink 5 to 20 times."""
_NESTED = "A member is a zip itself."
_BOMB = f"A member would unpack to more than {MAX_RATIO} times its size."
_BLOCK = 1024 * 1024
_READ = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
}
"""Names of the other methods (PKWARE APPNOTE 4.4.5)."""
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"


class _DamagedError(Exception):
    """The bytes of a member are not those that were packed."""


class _NotKeptError(Exception):
    """The disk did not take a member; the zip itself may be whole."""


class _RefusedError(Exception):
    """The zip holds what a roster never holds; the message says what, the code how."""

    def __init__(self, words: str, code: str = "ZIP004", file: str = "") -> None:
        super().__init__(words)
        self.code = code
        self.file = file


@dataclass(frozen=True)
class ZipMember:
    """A file in a zip: its name with the folders it lies in, the sha256 of its bytes in hex, and how many there are."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ZipProof:
    """What reading the zip showed: its members when it is whole, else findings; `cut_off` when more bytes might mend it.

    `is_unpacked` says that the members lie where they were asked for, each under its sha256.
    """

    members: tuple[ZipMember, ...] = ()
    findings: tuple[Finding, ...] = ()
    cut_off: bool = False
    is_unpacked: bool = False


def prove_zip(path: Path, name: str, into: Path | None = None, room: int = MAX_UNPACKED) -> ZipProof:
    """Read every member of the zip at `path`, which was uploaded as `name`.

    In the same pass they are unpacked into the empty directory `into`, unless together they take more than `room` bytes. What a
    pass that failed wrote there is left to the caller.
    """
    try:
        with _opened(path) as package:
            _refuse(package)
            members = data_members(package)
            if not members:
                return ZipProof(findings=(Finding("ZIP002", file=name),))
            target = into if sum(member.file_size for member in members) <= room else None
            read = tuple(_read(package, member, target) for member in members)
            return ZipProof(members=read, is_unpacked=target is not None)
    except _NotKeptError:
        return prove_zip(path, name)
    except _RefusedError as refused:
        return ZipProof(findings=(Finding(refused.code, file=refused.file or name, about=str(refused)),))
    except zipfile.BadZipFile:
        return ZipProof(findings=(Finding("ZIP001", file=name),), cut_off=True)
    except (
        _DamagedError,
        zlib.error,
        lzma.LZMAError,
        struct.error,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ):
        return ZipProof(findings=(Finding("ZIP003", file=name),), cut_off=True)


def roster_members(path: Path) -> list[str]:
    """OneRoster's names of the files that a zip lists, nothing unpacked; none where it cannot be opened."""
    try:
        with _opened(path) as package:
            names = [roster_file(member_name(member.filename)) for member in package.infolist()]
    except (_RefusedError, zipfile.BadZipFile, struct.error, OSError, ValueError, NotImplementedError):
        return []
    return [name for name in names if name is not None]


def member_name(path: str) -> str:
    """Name of a member without the folders it lies in, which do not count; Windows programs write them with backslashes."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def data_members(package: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members that are files of the district: no folders, and nothing that a program added on its own."""
    # Not by is_dir(), which fails on a member without a name.
    named = [(member, member.filename.replace("\\", "/")) for member in package.infolist()]
    return [member for member, name in named if not name.endswith("/") and not is_litter(name)]


def _directory_size(path: Path) -> int:
    """Size of the list of members as the end record gives it, the one of zip64 where there is one; 0 without an end record."""
    size = path.stat().st_size
    start = max(0, size - 65557 - 20 - 56)
    with path.open("rb") as stream:
        stream.seek(start)
        end = stream.read()
    # zipfile prefers a record at the very end, and so must we: a record may hold the letters of another.
    is_last = end[-22:].startswith(_END) and end.endswith(b"\0\0")
    at = len(end) - 22 if is_last else end.rfind(_END)
    if at < 0:
        return 0
    if end[max(0, at - 20) : at].startswith(_LOCATOR_64) and end[max(0, at - 76) : at].startswith(_END_64):
        return int.from_bytes(end[at - 76 + 40 : at - 76 + 48], "little")
    return int.from_bytes(end[at + 12 : at + 16], "little")


def _opened(path: Path) -> zipfile.ZipFile:
    if _directory_size(path) > MAX_DIRECTORY:
        raise _RefusedError("It has too many members.")
    return zipfile.ZipFile(path)


def _refuse(package: zipfile.ZipFile) -> None:
    """Raise _RefusedError, in words, when this zip is not to be read at all."""
    members = package.infolist()
    names = [member.filename for member in members]
    steps = [name.replace("\\", "/").split("/") for name in names]
    data = data_members(package)
    plain = [member_name(member.filename).strip().casefold() for member in data]
    if any(name == MANIFEST and m.file_size > MAX_MANIFEST for name, m in zip(plain, data, strict=True)):
        raise _RefusedError("", "PKG017", MANIFEST)
    _refuse_method(data)
    refusals = (
        (len(members) > MAX_MEMBERS, f"It has {len(members)} members."),
        (sum(m.file_size for m in members) > MAX_UNPACKED, "It would unpack to more than 2 GiB."),
        (any(m.file_size > max(RATIO_FLOOR, MAX_RATIO * m.compress_size) for m in members), _BOMB),
        (any(stat.S_ISLNK(m.external_attr >> 16) for m in members), "A member is a link."),
        (any(_is_special(m) for m in members), "A member is a device."),
        (_overlaps(package), "Its members overlap."),
        (any(name.casefold().endswith((".zip", ".7z", ".gz", ".rar")) for name in plain), _NESTED),
        (any(m.flag_bits & 0x1 for m in members), "It is protected by a password."),
        (any(not path[0] or ".." in path or ":" in path[0] for path in steps), "A member's path leads out of the zip."),
        (len(set(plain)) < len(plain), "Two members have the same name."),
        (any(len(name) > 255 for name in names), "A member's name is longer than 255 characters."),
    )
    for is_refused, words in refusals:
        if is_refused:
            raise _RefusedError(words)


def _refuse_method(members: list[zipfile.ZipInfo]) -> None:
    """Raise _RefusedError for a member that is packed by a method other than the usual one (a locked one is told by that)."""
    odd = next((m.compress_type for m in members if m.compress_type not in _READ and not m.flag_bits & 0x1), None)
    if odd is not None:
        raise _RefusedError(f"It is packed by {_METHODS.get(odd, f'method {odd}')}.", "ZIP005")


def _is_special(member: zipfile.ZipInfo) -> bool:
    mode = member.external_attr >> 16
    return bool(stat.S_IFMT(mode)) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _overlaps(package: zipfile.ZipFile) -> bool:
    """Whether two members share bytes, as in a bomb that packs one block many times, or reach into the list of members."""
    places = sorted((m.header_offset, m.header_offset + 30 + len(m.orig_filename) + m.compress_size) for m in package.infolist())
    following = [start for start, _ in places[1:]] + [package.start_dir]
    return any(end > start for (_, end), start in zip(places, following, strict=False))


def _read(package: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path | None) -> ZipMember:
    digest = hashlib.sha256()
    size = 0
    with package.open(member) as stream, _keeping(), (into / "part" if into else Path(os.devnull)).open("wb") as copy:
        while block := _next_block(stream):
            if not size and block.startswith(b"PK\x03\x04") and b"[Content_Types].xml" not in block:
                raise _RefusedError(_NESTED)
            digest.update(block)
            size += len(block)
            if size > member.file_size:
                raise zipfile.BadZipFile("a member is larger than it says")
            copy.write(block)
        if into:
            (into / "part").replace(into / digest.hexdigest())
    return ZipMember(member.filename, digest.hexdigest(), size)


@contextmanager
def _keeping() -> Iterator[None]:
    """What fails in writing is told apart from what is wrong with the zip. Raises _NotKeptError."""
    try:
        yield
    except OSError as error:
        raise _NotKeptError from error


def _next_block(stream: IO[bytes]) -> bytes:
    """The next bytes of a member. Raises _DamagedError where they are not those that were packed.

    zipfile has one error for all that is wrong with a zip: while bytes are read it means the CRC, before that something else.
    """
    try:
        return stream.read(_BLOCK)
    except (zipfile.BadZipFile, OSError) as error:
        raise _DamagedError from error
