"""More than thirty ways in which an upload is broken, a district for each, and what each is told."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.support import small_district as small
from tests.support.installation import zip_of

Files = Mapping[str, str | bytes]


Roster = dict[str, str | bytes]


STUDENTS = 60


# -- breaking a roster: each takes the files of a good one and gives what is uploaded ------------------------------------------


def _zip(files: Files) -> Files:
    return {"roster.zip": zip_of(files)}


def edited(name: str, old: str, new: str, count: int = -1) -> Callable[[Roster], Files]:
    """A file of the roster with a text replaced."""

    def edit(files: Roster) -> Files:
        text = str(files[name])
        assert re.search(old, text), (name, old)
        return _zip({**files, name: re.sub(old, new, text, count=max(count, 0))})

    return edit


def encoded(name: str, old: str, new: bytes) -> Callable[[Roster], Files]:
    """A file of the roster with bytes put in."""
    return lambda files: _zip({**files, name: str(files[name]).encode().replace(old.encode(), new, 1)})


def appended(name: str, *rows: str) -> Callable[[Roster], Files]:
    """A file of the roster with rows put at its end."""
    return lambda files: _zip({**files, name: str(files[name]) + "".join(f"{row}\n" for row in rows)})


def without(name: str, *, announced: bool) -> Callable[[Roster], Files]:
    """A roster that lacks a file, which its manifest announces or not."""

    def drop(files: Roster) -> Files:
        rest = {key: text for key, text in files.items() if key != name}
        return _zip(rest if announced else {**rest, "manifest.csv": small.manifest({k: str(v) for k, v in rest.items()})})

    return drop


def header_only(name: str) -> Callable[[Roster], Files]:
    return lambda files: _zip({**files, name: str(files[name]).partition("\n")[0] + "\n"})


def first_students(count: int) -> Callable[[Roster], Files]:
    """A roster that holds fewer students."""

    def keep(files: Roster) -> Files:
        users, enrollments = (str(files[name]).splitlines(keepends=True) for name in ("users.csv", "enrollments.csv"))
        return _zip({**files, "users.csv": "".join(users[: count + 1]), "enrollments.csv": "".join(enrollments[: count + 1])})

    return keep


def packed(change: Callable[[bytes], bytes]) -> Callable[[Roster], Files]:
    """The bytes of a good zip, changed."""
    return lambda files: {"roster.zip": change(zip_of(files))}


def as_members(rename: Callable[[str], list[str]]) -> Callable[[Roster], Files]:
    """A zip whose members have other names; one file may be in it more than once."""
    return lambda files: _zip({member: text for name, text in files.items() for member in rename(name)})


def flipped(files: Roster) -> Files:
    """A zip in which one byte of a member changed on the way."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name, text in files.items():
            package.writestr(name, text)
    return {"roster.zip": buffer.getvalue().replace(b"Elm School", b"Elm Schoo1")}


# -- breaking a subgroup file: each takes the text of a good one -----------------------------------------------------------------


def text(old: str, new: str, count: int = 0) -> Callable[[str], Files]:
    """The file with a text replaced."""

    def edit(good: str) -> Files:
        assert re.search(old, good), old
        return {"s.csv": re.sub(old, new, good, count=count)}

    return edit


def data(change: Callable[[bytes], bytes], name: str = "s.csv") -> Callable[[str], Files]:
    """The file with its bytes changed, or under another name."""
    return lambda good: {name: change(good.encode())}


def more(*rows: str) -> Callable[[str], Files]:
    """The file with rows at its end; `{0}` is its first student."""
    return lambda good: {"s.csv": good + "".join(row.format(good.splitlines()[1].split(",")[0]) + "\n" for row in rows)}


# -- the table -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Breakage:
    """What is broken in the second night's upload (a roster or a subgroup file), and what the district is told.

    `again`: what comes in the second night came once before, ahead of the good files of the first; `first` says that the district
    has nothing before the second night.
    """

    code: str
    verdict: str
    roster: Callable[[Roster], Files] | None = None
    subgroups: Callable[[str], Files] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    again: bool = False
    first: bool = False

    @property
    def feed(self) -> str:
        return "roster" if self.roster else "subgroups"


OK, ASIDE = "accepted", "accepted_with_rows_set_aside"
SHORT = [f"x{n},,,true" for n in range(7)]
WORKBOOK = zip_of({"xl/workbook.xml": "<workbook/>", "[Content_Types].xml": "<Types/>"})


BREAKAGES: dict[str, Breakage] = {
    "roster_not_text": Breakage("ENC001", "rejected", encoded("users.csv", "Given", b"\x81\x8dven")),
    "roster_nul": Breakage("ENC001", "rejected", encoded("users.csv", "Given", b"\x81\x00ven")),
    "roster_no_id_column": Breakage("HDR001", "rejected", edited("users.csv", "^sourcedId", "id")),
    "roster_two_columns": Breakage("HDR002", "rejected", edited("users.csv", "middleName", "givenName")),
    "roster_ragged": Breakage("ROW003", "rejected", appended("users.csv", *SHORT)),
    "roster_open_quote": Breakage("ROW004", "rejected", edited("users.csv", ",Given", ',"Given', 1)),
    "roster_no_rows": Breakage("ROW005", "rejected", header_only("enrollments.csv")),
    "roster_empty_file": Breakage("HDR005", "rejected", lambda files: _zip({**files, "users.csv": ""})),
    "zip_cut": Breakage("ZIP001", "rejected", packed(lambda whole: whole[:-200])),
    "zip_damaged": Breakage("ZIP003", "rejected", flipped),
    "zip_empty": Breakage("ZIP002", "rejected", lambda _: _zip({})),
    "zip_is_text": Breakage("ZIP001", "rejected", packed(lambda _: b"sourcedId,status\n")),
    "zip_leads_out": Breakage("ZIP004", "rejected", as_members(lambda name: [f"../../{name}"])),
    "zip_twice": Breakage("ZIP004", "rejected", as_members(lambda name: [name, f"copy/{name}"])),
    "roster_no_classes": Breakage("PKG001", "rejected", without("classes.csv", announced=False)),
    "roster_lost_classes": Breakage("PKG003", "rejected", without("classes.csv", announced=True)),
    "roster_version": Breakage("PKG006", "rejected", edited("manifest.csv", "oneroster.version,1.1", "oneroster.version,2.0")),
    "roster_nobody": Breakage("STU601", "rejected", edited("users.csv", ",true,", ",false,")),
    "roster_shrunk": Breakage("VOL301", "held", first_students(20)),
    "roster_double_ids": Breakage("KEY002", "held", edited("users.csv", r"(zq\d\dzq)002,,", r"\g<1>001,,", 1)),
    "roster_no_ids": Breakage("KEY001", "held", edited("users.csv", r"\nzq\d\dzq002,,", "\n,,", 1)),
    "roster_older": Breakage("OLD801", "held", edited("orgs.csv", "Oak School", "Oak Lane School"), again=True),
    "roster_delta_first": Breakage(
        "PKG008", "rejected", edited("manifest.csv", "file.users,bulk", "file.users,delta"), first=True
    ),
    "roster_first_look": Breakage("FST701", "held", _zip, settings={"accept": "review"}, first=True),
    "file_not_text": Breakage("ENC001", "rejected", subgroups=data(lambda good: good.replace(b"Y", b"\x81\x8d", 1))),
    "file_no_id_column": Breakage("HDR001", "rejected", subgroups=text("student_id", "Pupil")),
    "file_renamed_column": Breakage("HDR001", "rejected", subgroups=text("sped", "special")),
    "file_two_columns": Breakage("HDR002", "rejected", subgroups=text("student_id,ell,sped", "student_id,ell,ELL")),
    "file_empty": Breakage("HDR005", "rejected", subgroups=data(lambda _: b"")),
    "file_no_rows": Breakage("ROW005", "rejected", subgroups=data(lambda good: good.partition(b"\n")[0] + b"\n")),
    "file_ragged": Breakage("ROW003", "rejected", subgroups=more(*["{0}"] * 7)),
    "file_open_quote": Breakage("ROW004", "rejected", subgroups=text(",Y,", ',"Y,', 1)),
    "file_is_a_workbook": Breakage("PKG007", "rejected", subgroups=data(lambda _: WORKBOOK, "s.xlsx")),
    "workbook_named_csv": Breakage("FIL001", "rejected", subgroups=data(lambda _: WORKBOOK + b"\xff\xfe\x81")),
    "file_of_strangers": Breakage("SUB508", "held", subgroups=text(r"(zq\d\dzq)0", r"\g<1>9")),
    "file_low_match": Breakage("SUB508", "held", subgroups=text(r"(zq\d\dzq)0([0-4])", r"\g<1>9\2")),
    "file_older": Breakage("OLD801", "held", subgroups=text(",n", ",y", 1), again=True),
    "file_not_clean": Breakage(
        "CLN702", "held", subgroups=more("{0},N,y"), settings={"match_rate: 0.5}": "match_rate: 0.5}\npublish_when: clean"}
    ),
    "file_contradiction": Breakage("SUB502", ASIDE, subgroups=more("{0},N,y")),
    "file_unknown_value": Breakage("SUB506", OK, subgroups=text(",Y,", ",maybe,", 1)),
    "file_new_column": Breakage("HDR003", OK, subgroups=text("\n", ",x\n")),
    "roster_orphan": Breakage("REF106", ASIDE, edited("enrollments.csv", r"(zq\d\dzq)002,", r"\g<1>902,", 1)),
}  # fmt: skip


DISTRICTS = {f"d{number:02}_{name}": breakage for number, (name, breakage) in enumerate(BREAKAGES.items())}
PUBLISHED = [district for district, breakage in DISTRICTS.items() if not breakage.first]
REFUSED = [d for d in PUBLISHED if DISTRICTS[d].verdict in ("held", "rejected")]
CHECKING = list(DISTRICTS)[:3]


def mark_of(district: str) -> str:
    return f"zq{district[1:3]}zq"


def marked(content: str, district: str) -> str:
    """Give every student an id, a login and a name that say whose they are."""
    mark = mark_of(district)
    content = re.sub(r"\bs(\d{3})\b", rf"{mark}\1", content)
    content = re.sub(r",user(\d+),", rf",login{mark}\1,", content)
    return re.sub(r"(Given|Family)(\d+)", rf"\1{mark}\2", content)


def roster(district: str) -> Roster:
    return {name: marked(content, district) for name, content in small.roster(STUDENTS).items()}


def broken(district: str) -> Files:
    breakage = DISTRICTS[district]
    if breakage.roster:
        return breakage.roster(roster(district))
    assert breakage.subgroups
    return breakage.subgroups(marked(small.subgroups(STUDENTS), district))
