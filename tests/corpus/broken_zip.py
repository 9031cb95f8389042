"""Zips that a roster never is, made here: which finding each gets. All are to be refused, quickly and without unpacking."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

from tests.support import small_district as small
from tests.support.installation import zip_of

ROSTER = small.roster()
WHOLE = zip_of(ROSTER)


def packed(*members: tuple[zipfile.ZipInfo | str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of members in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        for member, content in members:
            package.writestr(member, content, compress_type=method)
    return buffer.getvalue()


def _mode(name: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = mode << 16
    return member


def _patched(content: bytes, local: int, central: int, value: bytes) -> bytes:
    """A zip of one member with bytes of its local and its central header replaced."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = changed.index(mark) + offset
        changed[at : at + len(value)] = value
    return bytes(changed)


def _overlapping() -> bytes:
    """Two members of the list that share the bytes of one."""
    content = bytearray(packed(("a.csv", b"x" * 500), ("b.csv", b"x" * 500)))
    second = content.rindex(b"PK\x01\x02")
    first_local = content.index(b"PK\x03\x04")
    content[second + 42 : second + 46] = struct.pack("<L", first_local)
    return bytes(content)


def _damaged_first_of_two() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        package.writestr("users.csv", b"damaged-here")
        package.writestr("orgs.csv", b"fine")
    return buffer.getvalue().replace(b"damaged-here", b"damaged-hexe", 1)


def _many(count: int) -> bytes:
    return packed(*((f"{n}.csv", b"") for n in range(count)), method=zipfile.ZIP_STORED)


def _long_list_64() -> bytes:
    """A zip whose end record of zip64 gives 300 MB of members; the plain one does not say."""
    whole = bytearray(packed(("users.csv", b"x")))
    end, start = whole.rindex(b"PK\x05\x06"), whole.rindex(b"PK\x01\x02")
    size = 300 * 1024**2
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    whole[end + 12 : end + 20] = b"\xff" * 8
    return bytes(whole[:end] + record + locator + whole[end:])


def _nested(name: str) -> bytes:
    return packed((name, WHOLE))


def broken_zips() -> dict[str, tuple[bytes, str]]:
    """Content and code, by what is wrong."""
    one = packed(("users.csv", b"sourcedId\nu1\n"))
    stored = packed(("users.csv", b"sourcedId\n" + b"u1\n" * 99), method=zipfile.ZIP_STORED)
    return {
        "nothing": (b"", "ZIP001"),
        "two letters": (b"PK", "ZIP001"),
        "a csv under the name of a zip": (b"student_id,ell\n" * 40, "ZIP001"),
        "a web page": (b"<html>sign in</html>" * 40, "ZIP001"),
        "gzip": (b"\x1f\x8b\x08" + b"\0" * 90, "ZIP001"),
        "cut in half": (WHOLE[: len(WHOLE) // 2], "ZIP001"),
        "last byte missing": (WHOLE[:-1], "ZIP001"),
        "list of members missing": (WHOLE[: WHOLE.index(b"PK\x01\x02")], "ZIP001"),
        "first bytes missing": (WHOLE[50:], "ZIP003"),
        "empty": (packed(), "ZIP002"),
        "only a folder": (packed(("folder/", b"")), "ZIP002"),
        "only what a Mac adds": (packed(("__MACOSX/._users.csv", b"x"), (".DS_Store", b"x")), "ZIP002"),
        "damaged member": (stored.replace(b"u1\nu1", b"u1\nu2", 1), "ZIP003"),
        "damaged first member": (_damaged_first_of_two(), "ZIP003"),
        "other name in the member's own header": (stored.replace(b"users.csv", b"userz.csv", 1), "ZIP001"),
        "path upwards": (packed(("../users.csv", b"a")), "ZIP004"),
        "path upwards in the middle": (packed(("a/../../users.csv", b"a")), "ZIP004"),
        "path upwards on Windows": (packed(("..\\users.csv", b"a")), "ZIP004"),
        "absolute path": (packed(("/etc/users.csv", b"a")), "ZIP004"),
        "absolute path on Windows": (packed(("\\users.csv", b"a")), "ZIP004"),
        "member without a name": (one.replace(b"users.csv", b"\0sers.csv"), "ZIP004"),
        "drive letter": (packed(("C:/users.csv", b"a")), "ZIP004"),
        "drive letter without a slash": (packed(("C:users.csv", b"a")), "ZIP004"),
        "link": (packed((_mode("users.csv", stat.S_IFLNK | 0o777), b"/etc/passwd")), "ZIP004"),
        "pipe": (packed((_mode("users.csv", stat.S_IFIFO | 0o600), b"")), "ZIP004"),
        "device": (packed((_mode("users.csv", stat.S_IFCHR | 0o600), b"")), "ZIP004"),
        "names that differ in case": (packed(("users.csv", b"a"), ("Users.CSV", b"b")), "ZIP004"),
        "one name in two folders": (packed(("a/users.csv", b"a"), ("b/users.csv", b"b")), "ZIP004"),
        "password": (_patched(one, 6, 8, b"\x01"), "ZIP004"),
        "packed by a method of no standard": (_patched(one, 8, 10, struct.pack("<H", 99)), "ZIP005"),
        "packed by lzma": (packed(("users.csv", b"a" * 99), method=zipfile.ZIP_LZMA), "ZIP005"),
        "packed by bzip2": (packed(("users.csv", b"a" * 99), method=zipfile.ZIP_BZIP2), "ZIP005"),
        "list of members beyond measure, as zip64": (_long_list_64(), "ZIP004"),
        "bomb": (packed(("users.csv", b"0" * 30_000_000)), "ZIP004"),
        "says it is huge": (_patched(one, 22, 24, struct.pack("<L", 0xF0000000)), "ZIP004"),
        "says it is smaller than it is": (_patched(packed(("users.csv", b"0" * 9999)), 22, 24, struct.pack("<L", 10)), "ZIP003"),
        "zip in a zip": (_nested("roster.zip"), "ZIP004"),
        "zip in a zip under another name": (_nested("users.csv"), "ZIP004"),
        "gzip in a zip": (packed(("users.csv.gz", b"\x1f\x8b")), "ZIP004"),
        "members that overlap": (_overlapping(), "ZIP004"),
        "101 members": (_many(101), "ZIP004"),
        "10,000 members": (_many(10_000), "ZIP004"),
        "30,000 members": (_many(30_000), "ZIP004"),
        "long name": (packed(("x" * 300 + ".csv", b"a")), "ZIP004"),
    }
