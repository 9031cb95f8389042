"""Broken subgroup files, made here: what each must become, with code and line. The district's settings are `SETTINGS`."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

SETTINGS = """\
district: {district}
name: Made-up {district}
timezone: America/Chicago
subgroups:
  student_id_column: student_id
  columns:
    ell:  {{subgroup: english_learner, open: true, aliases: [LEP]}}
    note: {{subgroup: note, open: true}}
    frl:  {{subgroup: economic, open: true, optional: true}}
guards: {{first_delivery: accept}}
"""

HEADER = b"student_id,ell,note,frl\n"
ROW = b"s%d,y,x,n\n"
GOOD = HEADER + b"".join(ROW % n for n in range(20))

Found = tuple[str, int | None, str | None]
"""Code, first line, column."""


@dataclass(frozen=True)
class Broken:
    """A file, what is said of it, and how many rows are landed; None where it is rejected."""

    data: bytes
    found: frozenset[Found]
    rows: int | None = None


def _case(data: bytes, *found: Found, rows: int | None = None) -> Broken:
    return Broken(data, frozenset(found), rows)


def _at(code: str, line: int | None = 1, column: str | None = None) -> Found:
    return (code, line, column)


NO_HEADER = _at("HDR012", 1)


def _many(good: int, row: bytes, bad: int) -> bytes:
    return HEADER + b"".join(ROW % n for n in range(good)) + row * bad


def structural() -> dict[str, Broken]:
    """Every file-level row of the list of failures, by what is wrong."""
    return {
        "clean": _case(GOOD, rows=20),
        # Not a CSV at all.
        "xlsx": _case(b"PK\x03\x04\x14\0\6\0[Content_Types].xml" + b"\0" * 99, _at("FIL001")),
        "zip": _case(b"PK\x03\x04\x14\0\0\0\x08\0users.csv" + b"\0" * 99, _at("FIL001")),
        "empty zip": _case(b"PK\x05\x06" + b"\0" * 18, _at("FIL001")),
        "xls": _case(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, _at("FIL001")),
        "pdf": _case(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", _at("FIL001")),
        "gzip": _case(gzip.compress(GOOD), _at("FIL001")),
        "bzip2": _case(b"BZh91AY&SY" + b"\x11" * 40, _at("FIL001")),
        "7z": _case(b"7z\xbc\xaf\x27\x1c\0\4" + b"\x01" * 40, _at("FIL001")),
        "rar": _case(b"Rar!\x1a\x07\x01\0", _at("FIL001")),
        "parquet": _case(b"PAR1" + b"\x15" * 40, _at("FIL001")),
        "png": _case(b"\x89PNG\r\n\x1a\n" + b"\0" * 20, _at("FIL001")),
        "rtf": _case(b"{\\rtf1\\ansi student_id,ell}", _at("FIL001")),
        "pgp": _case(b"-----BEGIN PGP MESSAGE-----\n\nabc\n", _at("FIL001")),
        "web page": _case(b"\n <!DOCTYPE html>\n<html><body>Sign in</body></html>\n", _at("FIL001")),
        "web page without doctype": _case(b"<HTML><head></head></HTML>", _at("FIL001")),
        "xml": _case(b"<?xml version='1.0'?><a/>\n", _at("FIL001")),
        "json": _case(b'[{"student_id": "s1"}]\n', _at("FIL001")),
        # Encodings.
        "bom": _case(b"\xef\xbb\xbf" + GOOD, rows=20),
        "two boms": _case(b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD, _at("HDR010"), rows=20),
        "undefined in windows-1252": _case(GOOD + b"s20,y,\x81,n\n", _at("ENC001", 22)),
        "utf-8 and windows-1252 mixed": _case(GOOD + "s20,y,é,n\n".encode() + b"s21,y,\xe9,n\n", _at("ENC001", 23)),
        "utf-8 cut inside a letter": _case(GOOD + "s20,y,é,n\n".encode() + b"s21,y,\xc3", _at("ENC001", 23)),
        "bom and then windows-1252": _case(b"\xef\xbb\xbf" + GOOD + b"s20,y,\xe9,n\n", _at("ENC001", 22)),
        "utf-32": _case(GOOD.decode().encode("utf-32"), _at("ENC001")),
        "utf-16 with half a letter": _case(GOOD.decode().encode("utf-16") + b"\x41", _at("ENC001", 22)),
        "windows-1252": _case(GOOD + b"s20,y,Zo\xeb,n\n", _at("ENC003", 22), rows=21),
        "replacement characters": _case(GOOD + "s20,y,Zo\ufffd,n\n".encode(), _at("ENC004", 22), rows=21),
        "utf-8 twice": _case(GOOD + "s20,y,ZoÃ«,n\n".encode(), _at("ENC004", 22), rows=21),
        # Bytes that no export writes.
        "nul in a row": _case(GOOD + b"s20,\0,x,n\n", _at("CHR001", 22), rows=20),
        "escape in a row": _case(GOOD + b"s20,\x1b[0m,x,n\n", _at("CHR001", 22), rows=20),
        "delete in a row": _case(GOOD + b"s20,\x7f,x,n\n", _at("CHR001", 22), rows=20),
        "c1 control in a row": _case(GOOD + b"s20,\xc2\x9d,x,n\n", _at("CHR001", 22), rows=20),
        "tab in a cell": _case(GOOD + b"s20,a\tb,x,n\n", rows=21),
        "nul in the header": _case(b"student_id,ell\0,note,frl\ns1,y,x,n\n", _at("CHR002")),
        "five nul rows": _case(_many(20, b"s,\0,x,n\n", 5), _at("CHR001", 22), rows=20),
        "six nul rows": _case(_many(20, b"s,\0,x,n\n", 6), _at("CHR001", 22), _at("CHR002", 22)),
        "a stretch of zeros": _case(GOOD + b"\0" * 5000, _at("CHR001", 22), _at("EOF002", 22)),
        "vertical tabs in a column nobody reads": _case(
            HEADER.strip() + b",memo\n" + b"s1,y,x,n,a\x0bb\n" * 20, _at("HDR003", 1, "memo"), _at("CHR003", 2), rows=20),
        "vertical tab in two columns": _case(
            HEADER.strip() + b",memo\ns1,y\x0b,x,n,a\x0bb\n", _at("HDR003", 1, "memo"), _at("CHR001", 2), rows=0),
        "control character in the name of a column nobody reads": _case(
            HEADER.strip() + b",a\x0bb\ns1,y,x,n,1\n", _at("CHR003", 1), _at("HDR003", 1, "column 5"), rows=1),
        "mark of DOS at the end": _case(GOOD.replace(b"\n", b"\r\n") + b"\x1a", _at("EOF003", 22), rows=20),
        "mark of DOS behind the last cell": _case(GOOD.rstrip() + b"\x1a", _at("EOF003", 21), rows=20),
        # Header.
        "empty": _case(b"", _at("HDR005", None)),
        "bom only": _case(b"\xef\xbb\xbf", _at("HDR005", None)),
        "white space": _case(b" \n\t\n\r\n", _at("HDR005", None)),
        "commas only": _case(b",,,\n,,,\n", _at("HDR005", None)),
        "header only": _case(HEADER, _at("ROW005", None)),
        "header without an end": _case(HEADER.strip(), _at("ROW005", None), _at("EOF001", None)),
        "no header": _case(GOOD[len(HEADER) :], NO_HEADER),
        "line for Excel": _case(b"sep=,\r\n" + GOOD, _at("HDR013", 1), rows=20),
        "line for Excel, semicolons": _case(
            b"sep=;\n" + GOOD.replace(b",", b";"), _at("HDR013", 1), _at("DLM001", 2), rows=20),
        "line of PowerShell": _case(b"#TYPE System.Object\n" + GOOD, _at("HDR013", 1), rows=20),
        "title and date above the header": _case(
            b'"Subgroups, by ""ell"\n\nOctober 1, 2026,,\n' + GOOD + b"s20,y\n", _at("HDR013", 1), _at("ROW002", 25), rows=20),
        "header below the tenth line": _case(b"Title\n" * 10 + GOOD, NO_HEADER),
        "zero-width space in the header": _case("\u200b".encode() + GOOD, _at("HDR010"), rows=20),
        "one name for two columns nobody reads": _case(
            HEADER.strip() + b",memo,MEMO\ns1,y,x,n,1,2\n", _at("HDR011", 1, "memo"), _at("HDR003", 1, "memo, MEMO"), rows=1),
        "blank lines before the header": _case(b"\n,,\n" + GOOD, _at("HDR006", 3), rows=20),
        "header twice": _case(b"student_id,ell,ELL,note,frl\ns1,y,n,x,n\n", _at("HDR002", 1, "ell")),
        "header twice with hyphen": _case(b"student_id,student-id,ell,note,frl\ns,s,y,x,n\n", _at("HDR002", 1, "student_id")),
        "missing column": _case(b"student_id,ell,frl\ns1,y,n\n", _at("HDR001", 1, "note")),
        "renamed id": _case(b"student_no,ell,note,frl\ns1,y,x,n\n", _at("HDR001", 1, "student_id")),
        "renamed id below blank lines": _case(
            b"\n\nstudent_no,ell,note,frl\ns1,y,x,n\n", _at("HDR006", 3), _at("HDR001", 3, "student_id")
        ),
        "missing optional column": _case(b"student_id,ell,note\ns1,y,x\n", _at("HDR004", 1, "frl"), rows=1),
        "alias": _case(b"student_id,lep,note,frl\ns1,y,x,n\n", rows=1),
        "other order": _case(b"note,frl,student_id,ell\nx,n,s1,y\n", rows=1),
        "extra column": _case(b"student_id,ell,note,frl,lunch\ns1,y,x,n,1\n", _at("HDR003", 1, "lunch"), rows=1),
        "column without a name": _case(b"student_id,ell,note,frl,\ns1,y,x,n,1\n", _at("HDR007"), rows=1),
        "other case and spaces": _case(b" Student ID ,ELL,Note,F R L\ns1,y,x,n\n",
                                       _at("HDR003", 1, "F R L"), _at("HDR004", 1, "frl"), rows=1),
        "delimiter nobody knows": _case(GOOD.replace(b",", b"^"), NO_HEADER),
        "two delimiters in the header": _case(b"student_id;ell,note,frl\ns1,y,x,n\n",
                                              _at("HDR001", 1, "student_id, ell"), _at("ROW002", 2)),
        "too many columns": _case(HEADER.strip() + b",a" * 2000 + b"\n", _at("HDR009")),
        # Rows.
        "short row": _case(GOOD + b"s20,y\n", _at("ROW002", 22), rows=20),
        "long row": _case(GOOD + b"s20,y,x,n,z\n", _at("ROW002", 22), rows=20),
        "row with empty cells more": _case(GOOD + b"s20,y,x,n,,\n", _at("ROW001", 22), rows=21),
        "six ragged rows": _case(GOOD + b"s20,y\n" * 6, _at("ROW002", 22), _at("ROW003", 22)),
        "five ragged rows": _case(GOOD + b"s20,y\n" * 5, _at("ROW002", 22), rows=20),
        "ragged row behind a cell of two lines": _case(HEADER + b's1,"a\nb",x,n\ns2,y\n', _at("ROW002", 4), rows=1),
        "blank rows": _case(GOOD + b'\n,,,\n , ,\t,\n"","","",""\n" ","",,\n   \n' + b"s20,y,x,n\n", rows=21),
        "trailing commas for ever": _case(GOOD + b",,,\n" * 500, rows=20),
        "open quote": _case(GOOD + b's20,"y,x,n\ns21,y,x,n\n', _at("ROW004", 22)),
        "open quote far above a good one": _case(HEADER + b's1,"y,x,n\n' + b"s2,y,x,n\n" * 60 + b's3,"y",x,n\n',
                                                 _at("ROW004", 2)),
        "quote inside a cell": _case(GOOD + b's20,5\'4" tall,x,n\n', _at("ROW007", 22), rows=21),
        "blanks around quotes": _case(GOOD + b's20, "y" ,x, "a,b"\n', _at("ROW007", 22), rows=21),
        "formulas of nothing": _case(b'="",=""\n="",=""\n', _at("HDR012")),
        "white space around cells": _case(GOOD + b"s20, y,x,n\n", _at("CEL101", 22), rows=21),
        "formulas": _case(HEADER + b'="0042",y,x,n\n"=""0043""",y,x,n\n', _at("ROW008", 2), rows=2),
        "text behind a quote": _case(GOOD + b's20,"y"es,x,n\n', _at("ROW009", 22), rows=20),
        "text behind a quote in a column nobody reads": _case(
            HEADER.strip() + b',memo\ns1,y,x,n,"Robert "Bob" Smith"\n', _at("HDR003", 1, "memo"), _at("ROW007", 2), rows=1),
        "text behind a quote in six rows": _case(GOOD + b's20,"y"es,x,n\n' * 6, _at("ROW009", 22), _at("ROW004", 22)),
        "total": _case(GOOD + b"Total,20\n", _at("ROW010", 22), rows=20),
        "total padded by Excel": _case(GOOD + b",,,\nGrand Total:,20,,\n", _at("ROW010", 23), rows=20),
        "footer without an end": _case(
            GOOD + b"20 rows\nReport generated October 1, 2026 by Ann\n\nPage 1 of 1", _at("ROW010", 22), _at("EOF001", None),
            rows=20),
        "a student below a total": _case(GOOD + b"Total,20,,\ns20,y,x,n\n", rows=22),
        "quotes and line breaks": _case(GOOD + b's20,"say ""hi""\nand, bye",x,n\n', rows=21),
        "no line break at the end": _case(GOOD.rstrip(b"\n"), _at("EOF001", None), rows=20),
        "cut off in a row": _case(GOOD + b"s20,y", _at("EOF002", 22)),
        "cut off in a quoted cell": _case(GOOD + b's20,"y', _at("ROW004", 22)),
        "large cell": _case(GOOD + b"s20," + b"x" * 70_000 + b",x,n\n", _at("CAP001", 22), rows=20),
        "large quoted cell": _case(GOOD + b's20,"' + b"x,\n" * 30_000 + b'",x,n\n', _at("CAP001", 22), rows=20),
        "large line": _case(GOOD + b"s20," + b"x" * 1_100_000 + b",x,n\n", _at("CAP002", 22)),
        "large cell in the header": _case(HEADER.strip() + b"," + b"x" * 70_000 + b"\n", _at("CAP002", 1)),
        "picture in a column nobody reads": _case(
            HEADER.strip() + b",pic\ns1,y,x,n," + b"x" * 1_500_000 + b"\n", _at("HDR003", 1, "pic"), _at("CAP003", 2), rows=1),
        "everything on one line": _case(HEADER.strip() + b",s1,y,x,n" * 40_000, _at("HDR009")),
        # Content that is stored as it is.
        "formula": _case(GOOD + b's20,=1+1,"=HYPERLINK(""x"")",@a\n', rows=21),
        "zero-width space in an id": _case(GOOD + "s20\u200b,y,x,n\n".encode(), rows=21),
        "leading zeros": _case(GOOD + b"00020,y,x,n\n", rows=21),
    }  # fmt: skip
