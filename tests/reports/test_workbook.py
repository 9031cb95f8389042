"""The workbook: every ID is a text cell, nothing in it can run, and writing it again gives the same bytes."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter.workbook import Workbook

from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.reports.text_sheet import TextSheet
from subgroup_pipeline.reports.workbook import as_xlsx
from tests.reports.made_up import finding, problems, report, row

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def _tree(package: zipfile.ZipFile, name: str) -> ET.Element:
    return ET.fromstring(package.read(name))  # noqa: S314 - made a moment ago by ourselves


def _cells(workbook: bytes, sheet: int) -> dict[str, tuple[str, str]]:
    """Kind and content of each cell by its place, as Excel reads them: `s` is text, `n` a number."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        texts = ["".join(item.itertext()) for item in _tree(package, "xl/sharedStrings.xml")]
        tree = _tree(package, f"xl/worksheets/sheet{sheet}.xml")
    assert not list(tree.iter(f"{_SPACE}f")), "a formula"
    found = {}
    for cell in tree.iter(f"{_SPACE}c"):
        kind, value = cell.get("t", "n"), cell.findtext(f"{_SPACE}v") or ""
        found[str(cell.get("r"))] = (kind, texts[int(value)] if kind == "s" else value)
    return found


def test_an_id_keeps_its_zeros_and_a_line_is_a_number() -> None:
    book = as_xlsx(report(rows=[row(line=7, row_key="00123", value="1E5")]))
    cells = _cells(book, 2)
    assert [cells[at][1] for at in ("A1", "B1", "D1", "E1")] == ["File", "Line", "Your ID", "What stands there"]
    assert (cells["B2"], cells["D2"], cells["E2"]) == (("n", "7"), ("s", "00123"), ("s", "1E5"))


def test_the_first_sheet_says_what_to_fix() -> None:
    book = as_xlsx(report(problems=problems(finding(1, "SUB514", file="s.csv", column="student_id", count=3))))
    cells = _cells(book, 1)
    entry = catalogue()["SUB514"]
    assert [cells[f"{column}2"][1] for column in "ABCDEFGH"] == [
        entry.what, "s.csv, column student_id", "3", "Stops the upload", entry.how_to_fix, entry.in_excel, entry.why, "SUB514",
    ]  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(value=st.one_of(st.text(max_size=30), st.sampled_from(["=1+1", "https://example.org", "x" * 40_000, "\0", "_x0041_"])))
def test_whatever_a_file_holds_is_text(value: str) -> None:
    book = as_xlsx(report(district_name=value, rows=[row(row_key=value, value=value)]))
    if value:
        assert _cells(book, 2)["D2"][0] == "s"
    assert "hyperlink" not in str(zipfile.ZipFile(io.BytesIO(book)).namelist())


def test_a_report_that_is_written_again_is_the_same_file() -> None:
    shown = report(problems=problems(finding(1, "SUB503", file="s.csv")), rows=[row()])
    assert as_xlsx(shown) == as_xlsx(shown)


def test_a_sheet_of_texts_is_the_bytes_that_xlsxwriter_writes() -> None:
    rows: list[list[str | int | None]] = [[None, f"id {n}", n, "same", "" if n % 3 else " x<&\n_x0041_"] for n in range(40)]
    rows += [[None] * 5, ["a" * 40_000, 0, "\U0001f600" * 20_000, "\x01", "é"], [None, None, None, 7, None]]
    ours, theirs = io.BytesIO(), io.BytesIO()
    for out in (ours, theirs):
        with Workbook(out, {"in_memory": True}) as book:
            book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
            style = book.add_format({"text_wrap": True})
            if out is ours:
                filled: TextSheet = book.add_worksheet("S", TextSheet)
                for cells in rows:
                    filled.append(cells, style)
                continue
            sheet = book.add_worksheet("S")
            for at, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, int):
                        sheet.write_number(at, column, cell)
                    elif cell:
                        sheet.write_string(at, column, cell, style)
    assert ours.getvalue() == theirs.getvalue()
