"""Small districts that break one thing each, and what a clerk makes of it who follows the text of the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.support import small_district as small
from tests.support.installation import zip_of

Files = dict[str, bytes | str]
STUDENTS = 30


@dataclass(frozen=True)
class Edit:
    """One district: its uploads before (if the code speaks of the last one), the broken one and the mended one, by feed."""

    code: str
    feed: str
    broken: Mapping[str, Files]
    mended: Mapping[str, Files]
    before: Mapping[str, Files] = field(default_factory=dict)
    more_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def district(self) -> str:
        """Its account, after the code."""
        return f"d_{self.code.lower()}"

    @property
    def settings(self) -> str:
        """Its YAML."""
        return small.settings(self.district, **self.more_settings)


def _lines(change: Callable[[list[str]], list[str]]) -> str:
    """The subgroup file with its lines changed; line 0 is the header, line 1 is of s000."""
    return "\n".join(change(small.subgroups(STUDENTS).splitlines())) + "\n"


def _line(number: int, text: str) -> str:
    return _lines(lambda lines: [*lines[:number], text, *lines[number + 1 :]])


def _without_zeros(text: str) -> str:
    return "\n".join(line.lstrip("0") or "0" for line in text.splitlines()) + "\n"


GOOD = small.subgroups(STUDENTS)
BY_NUMBER = GOOD.replace("s0", "000")
"""With the five digits of `users.identifier` as the student's ID."""
NUMBERS = {"users.sourcedId": "users.identifier"}
_ROSTER = small.roster(STUDENTS)
_GRADED = small.graded_roster(STUDENTS)


def _set(files: Mapping[str, str | bytes]) -> dict[str, Files]:
    return {"roster": {"roster.zip": zip_of(dict(files))}}


def _file(code: str, broken: str | bytes, mended: str = GOOD, **more_settings: str) -> Edit:
    """A subgroup file; its roster is good."""
    uploads: dict[str, Files] = {**_set(_ROSTER), "subgroups": {"s.csv": broken}}
    return Edit(code, "subgroups", uploads, {"subgroups": {"s.csv": mended}}, more_settings=more_settings)


def _later(code: str, broken: str, mended: str) -> Edit:
    """A subgroup file after a good one."""
    before: dict[str, Files] = {**_set(_ROSTER), "subgroups": {"s.csv": GOOD}}
    return Edit(code, "subgroups", {"subgroups": {"s.csv": broken}}, {"subgroups": {"s.csv": mended}}, before)


def _roster(code: str, file: str, old: str, new: str) -> Edit:
    """A roster of which one text is broken; the mend is that text as the student information system should have it."""
    assert old in _ROSTER[file], old
    return Edit(code, "roster", _set({**_ROSTER, file: _ROSTER[file].replace(old, new)}), _set(_ROSTER))


def _gradebook(code: str, file: str, old: str, new: str) -> Edit:
    """The same of a roster with a gradebook."""
    assert old in _GRADED[file], old
    return Edit(code, "roster", _set({**_GRADED, file: _GRADED[file].replace(old, new, 1)}), _set(_GRADED))


def _package(code: str, broken: Files) -> Edit:
    """A package that is no roster; the mend is the export as it is."""
    return Edit(code, "roster", {"roster": broken}, _set(_ROSTER))


def _damaged(package: bytes) -> bytes:
    """A zip with other bytes where the rows of users.csv are."""
    at = package.index(b"users.csv") + 60
    return package[:at] + bytes(20) + package[at + 20 :]


def _without(*names: str) -> dict[str, str]:
    return {name: text for name, text in _ROSTER.items() if name not in names}


_FILES = (
    # Mended in the first line.
    _file("HDR001", GOOD.replace("student_id,", "id,"), _lines(lambda lines: ["student_id,ell,sped", *lines[1:]])),
    _file("HDR002", GOOD.replace(",sped", ",ELL"), _lines(lambda lines: ["student_id,ell,sped", *lines[1:]])),
    # Exported again.
    _file("HDR005", ""),
    _file("ROW003", _lines(lambda lines: [lines[0], *(f"{line},x,y" for line in lines[1:])])),
    _file("ROW005", "student_id,ell,sped\n"),
    _file("EOF002", GOOD[:-4]),
    _file("FIL001", zip_of({"xl/workbook.xml": "x"})),
    _file("CHR002", GOOD.replace("n\n", "\0\n")),
    # Mended on the line that the report names.
    _file("ROW002", _line(5, "s004,Y,n,Smith, Ann"), _line(5, "s004,Y,n")),
    _file("ROW004", _line(5, 's004,"Y,n'), _line(5, "s004,Y,n")),
    _file("CHR001", _line(5, "s004,Y,n\0"), _line(5, "s004,Y,n")),
    _file("SUB501", _line(5, ",N,n"), _lines(lambda lines: [*lines[:5], *lines[6:]])),  # the row that was left over is deleted
    _file("SUB502", GOOD + "s004,Y,n\n"),
    _file("SUB503", _line(5, "s904,N,n"), _line(5, "s004,N,n")),
    _file("SUB510", _line(5, "1.23457E+11,N,n"), _line(5, "s004,N,n")),
    _file("SUB511", _line(5, "#REF!,N,n"), _line(5, "s004,N,n")),
    _file("SUB512", _line(5, "s0\u200b04,N,n"), _line(5, "s004,N,n")),
    # The student ID exported as text, of the column that was agreed on.
    _file("SUB508", GOOD.replace("\ns0", "\nlunch")),
    _file("SUB513", _lines(lambda lines: [lines[0], *(f"1.2345{n % 9}E+11,N,n" for n in range(STUDENTS))])),
    _file("SUB514", _without_zeros(BY_NUMBER), BY_NUMBER, **NUMBERS),
    # Every active student, one row each.
    _file("SUB520", small.subgroups(5)),
    _file("SUB524", _lines(lambda lines: [lines[0], *(f",{line.partition(',')[2]}" for line in lines[1:])])),
    # Against the last file.
    _later("SUB541", GOOD.replace(",Y,", ",N,"), GOOD + "\n"),
)
_ROSTERS = (
    _roster("KEY001", "orgs.csv", "school1,,,Oak", ",,,Oak"),
    _roster("KEY002", "classes.csv", "class1,,,", "class0,,,"),
    _roster("REF103", "classes.csv", "scheduled,,school1", "scheduled,,school9"),
    _roster("REF105", "enrollments.csv", "e7,,,class1", "e7,,,class9"),
    _roster("REF106", "enrollments.csv", "s007,student", "s907,student"),
    _roster("REF112", "orgs.csv", "d1,,,Made-up,district,,", "d1,,,Made-up,district,,d1"),
    _roster("VOC203", "users.csv", "school1,student,user7", "school1,pupil,user7"),
    _roster("VOC205", "users.csv", "s007,,,true", "s007,NULL,,true"),
    _roster("VOC206", "users.csv", "s007,,,true", "s007,,,pending"),
    _roster("KEY003", "courses.csv", "course1,,,year", '"course,1",,,year'),
    _roster("REF115", "orgs.csv", "school1,,,Oak", "school1,A,,Oak"),
    _roster("ENR108", "classes.csv", "class1,,,", "class1,A,,"),
    _roster("DAT301", "academicSessions.csv", "2026-08-10", "August 10"),
    _roster("DAT302", "academicSessions.csv", "2027-06-12", "2026-06-12"),
    _roster("STU601", "users.csv", ",true,", ",false,"),
    _roster("PKG011", "manifest.csv", "propertyName,value", "name,setting"),
    _roster("PKG013", "manifest.csv", "file.users,bulk", "file.users,full"),
    _package("PKG001", {"roster.zip": zip_of(_without("users.csv", "manifest.csv"))}),
    _package("PKG003", {"roster.zip": zip_of(_without("users.csv"))}),
    _package("PKG007", {"roster.xlsx": b"PK\x03\x04 a workbook"}),
    _package("PKG008", {"roster.zip": zip_of({**_ROSTER, "manifest.csv": _ROSTER["manifest.csv"].replace("bulk", "delta")})}),
    _package("ZIP001", {"roster.zip": b"Rar!"}),
    _package("ZIP002", {"roster.zip": zip_of({})}),
    _package("ZIP003", {"roster.zip": _damaged(zip_of(_ROSTER))}),
    _package("ZIP004", {"roster.zip": zip_of({**_ROSTER, "backup.zip": zip_of(_ROSTER)})}),
    _roster("VOL309", "enrollments.csv", ",s0", ",t0"),
)
_GRADEBOOKS = (
    _gradebook("GRD602", "results.csv", "score,", "points,"),
    _gradebook("GRD611", "lineItems.csv", "quiz0,,,", ",,,"),
    _gradebook("GRD612", "lineItems.csv", "quiz0,,,", "essay0,,,"),
    _gradebook("GRD613", "lineItems.csv", "class1", "class9"),
    _gradebook("GRD614", "lineItems.csv", "0,20", "0,0"),
    _gradebook("GRD621", "results.csv", "quiz-1,,,quiz1", "quiz-1,,,quiz9"),
    _gradebook("GRD622", "results.csv", "s001", "s901"),
    _gradebook("GRD624", "results.csv", "fully graded", "graded"),
    _gradebook("GRD625", "results.csv", "graded,19", "graded,A-"),
    _gradebook("GRD626", "results.csv", "quiz-3,,,quiz1,s003", "quiz-3,,,quiz1,s001"),
    _gradebook("GRD631", "lineItems.csv", "quiz0,,,", "quiz0,A,,"),
)
EDITS = (*_FILES, *_ROSTERS, *_GRADEBOOKS)
