"""Bad uploads, a district for each: what it uploads on the night that is looked at, and what it must be told."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support import small_district as small
from tests.support.installation import zip_of

Files = dict[str, str | bytes]


STUDENT_WORDS = (b"pupil", b"Zephyrine", b"Quillfeather", b"loginof")
"""What ids, names and user names of the made-up students hold, and nothing else does."""


def _marked(text: str) -> str:
    """Give students ids and names that can be found anywhere."""
    text = re.sub(r"\bs(\d{3})\b", r"pupil\1", text)
    text = re.sub(r",user(\d+),", r",loginof\1,", text)
    return text.replace("Given", "Zephyrine").replace("Family", "Quillfeather")


def good_roster(students: int = 10, **replacements: tuple[str, str]) -> dict[str, str]:
    """A roster; `users=(old, new)` replaces a text in users.csv."""
    files = {name: _marked(text) for name, text in small.roster(students).items()}
    for kind, (old, new) in replacements.items():
        assert old in files[f"{kind}.csv"], old
        files[f"{kind}.csv"] = files[f"{kind}.csv"].replace(old, new)
    return files


def zipped(files: Mapping[str, str | bytes]) -> Files:
    return {"roster.zip": zip_of(files)}


def _vast_manifest() -> bytes:
    """A zip of 300 KB whose manifest.csv would unpack to 300 MB of line ends."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package, package.open("manifest.csv", "w") as member:
        for _ in range(300):
            member.write(b"\n" * 2**20)
    return buffer.getvalue()


def good_subgroups(old: str = "", new: str = "", students: int = 10) -> Files:
    text = _marked(small.subgroups(students))
    assert old in text
    return {"subgroups.csv": text.replace(old, new) if old else text}


def _without(files: dict[str, str], name: str) -> dict[str, str]:
    rest = {key: text for key, text in files.items() if key not in (name, "manifest.csv")}
    return {"manifest.csv": small.manifest(rest), **rest}


@dataclass(frozen=True)
class Case:
    """What a district uploads on the night that is looked at, and what it must be told.

    `before` says that a good roster and subgroup file were published the night before. `where` is the file or column that
    the finding names, `says` stands in its message and `mend` in what to do.
    """

    code: str
    state: str
    verdict: str | None
    roster: Files | None = None
    subgroups: Files | None = None
    where: tuple[str | None, str | None] = (None, None)
    says: str = ""
    mend: str = ""
    before: bool = False
    students: int = 10
    line: int | None = None
    count: int | None = None


def _cases() -> dict[str, Case]:
    """Districts by key; their feed is the one that is given last."""
    good = good_roster()
    users = good["users.csv"]
    torn = zip_of(good)[:-200]
    ragged = "".join(f"pupil{n:03},,,true,school0,student,loginof{n}\n" for n in range(100, 107))
    truncated_rows = users.replace(",05,\n", ",05,,\n")
    aside, set_aside = "accepted_with_rows_set_aside", "published"
    return {
        # Broken second deliveries of districts that are published.
        "torn_zip": Case("ZIP001", "rejected", "rejected", {"roster.zip": torn}, where=("roster.zip", None), mend=".zip",
                         says="zip", before=True),
        "double_ids": Case("KEY002", "held", "held", zipped(good_roster(users=("pupil003,,", "pupil002,,"))),
                           where=("users.csv", "sourcedId"), says="same ID", mend="one row", before=True,
                           line=4, count=2),
        "renamed_column": Case("HDR001", "rejected", "rejected", None, good_subgroups("student_id", "Student No"),
                               ("subgroups.csv", "student_id"), "nearest header is `Student No`", "first line", before=True,
                               line=1),
        "strangers": Case("SUB508", "held", "held", None, good_subgroups("pupil00", "pupil70"), ("subgroups.csv", "student_id"),
                          "0 of 10", "student ID column", before=True),
        "shrunken": Case("VOL301", "held", "held", zipped(good_roster(30)), where=("users.csv", None), says="30 of 60 are gone",
                         mend="export the whole roster", before=True, students=60, count=30),
        # First deliveries.
        "no_users": Case("PKG001", "rejected", "rejected", zipped(_without(good, "users.csv")), where=("users.csv", None),
                         says="Missing: users.csv", mend="export"),
        "lost_file": Case("PKG003", "rejected", "rejected",
                          zipped({name: text for name, text in good.items() if name != "classes.csv"}),
                          where=("manifest.csv", None), says="Missing: classes.csv", mend="whole set"),
        "empty_zip": Case("ZIP002", "rejected", "rejected", zipped({}), where=("roster.zip", None), says="empty", mend="Export"),
        "no_zip": Case("ZIP001", "rejected", "rejected", {"roster.zip": b""}, where=("roster.zip", None), says="zip",
                       mend=".zip"),
        "latin_one": Case("ENC001", "rejected", "rejected",
                          zipped({**good, "users.csv": users.replace("Zephyrine4", "Zephyrine4\x81").encode("latin-1")}),
                          where=("users.csv", None), says="UTF-8", mend="CSV UTF-8", line=6),
        "ragged": Case("ROW003", "rejected", "rejected", zipped({**good, "users.csv": users + ragged}), where=("users.csv", None),
                       says="more or fewer cells", mend="Excel", line=12, count=7),
        "header_only": Case("ROW005", "rejected", "rejected", zipped({**good, "users.csv": users.partition("\n")[0] + "\n"}),
                            where=("users.csv", None), says="no rows", mend="Export"),
        "open_quote": Case("ROW004", "rejected", "rejected",
                           zipped({**good, "users.csv": users.replace("Zephyrine4", '"Zephyrine4')}),
                           where=("users.csv", None), says="cannot be read as CSV", mend="quotation mark", line=6),
        "nobody": Case("STU601", "rejected", "rejected", zipped(good_roster(users=(",true,", ",false,"))),
                       where=("users.csv", "enabledUser"), says="10 are not enabled", mend="enabledUser"),
        "delta": Case("PKG008", "rejected", "rejected", zipped(good_roster(manifest=("file.users,bulk", "file.users,delta"))),
                      where=("manifest.csv", None), says="delta", mend="bulk"),
        "wrong_version": Case("PKG006", "rejected", "rejected",
                              zipped(good_roster(manifest=("oneroster.version,1.1", "oneroster.version,2.0"))),
                              where=("manifest.csv", None), says="2.0", mend="OneRoster 1.1", line=3),
        "workbook": Case("PKG007", "rejected", "rejected", zipped(good), {"subgroups.xlsx": b"PK\x03\x04 not csv"},
                         ("subgroups.xlsx", None), "cannot be read", ".csv"),
        "manifest_of_300_mb": Case("PKG017", "rejected", "rejected", {"roster.zip": _vast_manifest()},
                                   where=("manifest.csv", None), says="far too large", mend="Export the roster again"),
        "wrong_inbox": Case("PKG018", "rejected", "rejected", None, {**good}, says="Put it into inbox/roster.", mend="folder",
                            where=("academicSessions.csv", None)),
        "too_early": Case("SUB509", "landed", None, None, good_subgroups(), ("subgroups.csv", None), "waits", "roster"),
        # Taken, with something to mend.
        "orphans": Case("REF106", set_aside, aside, zipped(good_roster(enrollments=(",pupil004,", ",pupil904,"))),
                        where=("enrollments.csv", "userSourcedId"), says="not in users.csv", mend="or correct", line=6, count=1),
        "contradiction": Case("SUB502", set_aside, aside, zipped(good),
                              good_subgroups("pupil002,N,n\n", "pupil002,N,n\npupil002,Y,n\n"),
                              ("subgroups.csv", "student_id"), "several rows that differ", "one row per", line=4, count=2),
        "new_column": Case("HDR003", set_aside, "accepted", zipped(good),
                           {"subgroups.csv": "".join(f"{line},x\n" for line in
                                                     _marked(small.subgroups()).replace("sped", "sped,Lunch").splitlines())
                            .replace("Lunch,x", "Lunch")},
                           ("subgroups.csv", "Lunch"), "not set up", "subgroup"),
        "wide_quoted": Case("ROW001", set_aside, "accepted",
                            zipped({**good, "users.csv": truncated_rows.replace(",,\n", ',"",""\n')}),
                            where=("users.csv", None), says="extra empty cells", mend="empty columns", line=2, count=10),
        "six_short_rows": Case("ROW002", set_aside, aside,
                               zipped({**good, "users.csv": users + "".join(ragged.splitlines(keepends=True)[:5])}),
                               where=("users.csv", None), says="left out", mend="quotation marks", line=12, count=5),
    }  # fmt: skip


CASES = _cases()
GOOD = ("better", "twin_one", "twin_two")
SERVERS = ("unreachable", "other_host_key")
