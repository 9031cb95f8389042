"""The shape of a CSV file is what Python's csv module reads, and what DuckDB then loads is the same, cell by cell."""

from __future__ import annotations

import csv
import io
import random

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from tests.reading.table import HEADER, Table, as_loaded, by_python, codes

CELL = st.one_of(
    st.sampled_from(
        ["", "s001", "007", "0.50", "NULL", "null", "NaN", " padded ", "a,b", 'say "hi"', "two\nlines", ",", '"', "\n", "é", "名"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffd"), max_size=6),
)


@st.composite
def written_file(draw: st.DrawFn) -> tuple[bytes, int]:
    """A file as some program wrote it: any cells, quoted as needed or always, any line ends, blank rows, BOM or none."""
    width = draw(st.integers(1, 5))
    header = [f"h{n}" if draw(st.booleans()) else f'h "{n}",\n' for n in range(width)]
    rows = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=12))
    always = draw(st.booleans())
    end = draw(st.sampled_from(["\n", "\r\n", "\r", "mixed"]))
    lines = []
    for row in [header, *rows]:
        line = ",".join(_written(cell, always=always or (width == 1 and not cell and draw(st.booleans()))) for cell in row)
        lines.append(line + ("\n" if end == "mixed" and draw(st.booleans()) else "\r\n" if end == "mixed" else end))
        if draw(st.integers(0, 9)) == 0:
            lines.append(draw(st.sampled_from(["", "," * (width - 1), ",,,,,,"])) + (end if end != "mixed" else "\n"))
    text = "".join(lines)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    bom = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    return bom + text.encode(), width


def _written(cell: str, *, always: bool) -> str:
    needs = always or any(mark in cell for mark in ',"\n\r')
    return '"' + cell.replace('"', '""') + '"' if needs else cell


@with_settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(written_file())
@example((b'a\n""\n\n1', 1))
@example((b'\xef\xbb\xbf"a","b"\r\n1,"x\r\ny"\r\n', 2))
@example((b"a,b\r1,2\r\r,\r3,4", 2))
@example((b"a\n\xc3\x82\xc2\xa0\n", 1))
@example((b'a,b\n,"\n"\n', 2))
def test_what_is_loaded_is_what_python_reads(table: Table, file: tuple[bytes, int]) -> None:
    data, width = file
    header, rows = by_python(data)
    shape, loaded, screening = table.load(data)
    if not any(name.strip() for name in header):
        assert "HDR005" in {finding.code for finding in shape.findings}
        return
    assert shape.is_readable, shape.findings
    assert shape.header == header
    expected = [as_loaded(row) for row in rows if _says_something(row)]
    assert loaded == expected
    assert shape.records == len(loaded)
    assert shape.set_aside == 0
    # Texts that look as if they were decoded twice are told, and loaded as they are.
    assert {finding.code for finding in screening.findings} <= {"EOF001", "ENC004", "CEL101"}
    assert all(len(row) == width for row in loaded)


def _says_something(row: list[str]) -> bool:
    """Rows of nothing but delimiters, white space (line breaks in quotes too) and quoted nothing are blank."""
    return any(cell.strip(" \t\n") for cell in row)


@with_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(["", "x", "y z", "q,q", "n\nn"]), min_size=1, max_size=6), min_size=1, max_size=40))
@example([["1", "2"], ["1", "2", "3", "4"]])
@example([["1", "2"], ["1", "2", "3", ""]])
@example([["1"], ["1", "2", "3", "4", "5"]])
def test_rows_are_taken_trimmed_set_aside_or_blank_as_their_widths_say(table: Table, rows: list[list[str]]) -> None:
    """Where widths made up for each other the file passed as even, and good rows with empty cells at their end were lost."""
    data = HEADER + "".join(",".join(_written(cell, always=False) for cell in row) + "\n" for row in rows).encode()
    shape, loaded, screening = table.load(data)
    blank = [row for row in rows if not any(row)]
    filled = [row for row in rows if any(row)]
    wider = [row for row in filled if len(row) > 3 and not any(row[3:])]
    ragged = [row for row in filled if len(row) != 3 and row not in wider]
    taken = [row[:3] for row in filled if row not in ragged]
    assert (shape.records, shape.blank, shape.set_aside) == (len(filled), len(blank), len(ragged))
    too_many = len(ragged) > 5 and len(ragged) > 0.01 * len(filled)
    assert shape.is_readable is not too_many
    assert {f.code: f.count for f in screening.findings if f.code != "EOF001"} == (
        ({"ROW001": len(wider)} if wider else {})
        | ({"ROW002": len(ragged)} if ragged else {})
        | ({"ROW003": len(ragged)} if too_many else {})
    )
    if not too_many:
        assert loaded == [as_loaded(row) for row in taken]


@with_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [b"a", b",", b'"', b'""', b"\n", b"\r", b"\xc3\xa9", b"\xff", b"\0", b" ", b"\xef\xbb\xbf", b'="', b"\x1a"]
        ),
        max_size=30,
    )
)
@example([b'="', b'"'])
@example([b'="', b'"', b"\n", b"a", b"\n"])
def test_any_bytes_get_an_answer_and_every_record_is_accounted_for(table: Table, parts: list[bytes]) -> None:
    shape, loaded, screening = table.load(b"".join(parts))
    if not shape.is_readable:
        assert loaded == []
        return
    assert len(loaded) == shape.records - shape.set_aside
    said = {finding.code for finding in screening.findings}
    assert said <= {
        "EOF001", "CEL101", "ROW001", "ROW002", "ENC002", "ENC003", "CHR001", "HDR006", "ROW007", "ROW008", "ROW009", "HDR010",
        "EOF003",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ragged", "records", "is_fatal"), [(5, 20, False), (6, 20, True), (6, 600, False), (7, 600, True), (11, 1000, True)]
)
def test_more_than_one_percent_and_more_than_five_ragged_rows_reject_a_file(
    table: Table, ragged: int, records: int, is_fatal: bool
) -> None:
    shape, loaded, _ = table.load(HEADER + b"1,2\n" * ragged + b"1,2,3\n" * (records - ragged))
    assert shape.is_readable is not is_fatal
    assert (shape.records, shape.set_aside) == (records, ragged)
    assert len(loaded) == (0 if is_fatal else records - ragged)


def test_ragged_rows_are_named_by_physical_lines(table: Table) -> None:
    shape, _, _ = table.load(HEADER + b'1,"two\nlines",3\n\n1,2\n,,\n1,2,3\n1,2,3,4\n')
    assert [f.lines for f in shape.findings if f.code == "ROW002"] == [(5, 8)]


def test_every_line_is_named(table: Table) -> None:
    shape, _, _ = table.load(HEADER + b"1,2,3,\n" * 9)
    assert [(f.lines, f.count) for f in shape.findings] == [(tuple(range(2, 11)), 9)]


def test_lines_records_and_blank_rows_add_up(table: Table) -> None:
    shape, loaded, _ = table.load(HEADER + b"1,2,3\n\n,,\n,,,,,\n4,5\n6,7,8,\n9,10,11\n")
    assert (shape.lines, shape.blank, shape.records, shape.set_aside) == (8, 3, 4, 1)
    assert shape.lines - 1 - shape.blank == shape.records
    assert loaded == [["1", "2", "3"], ["6", "7", "8"], ["9", "10", "11"]]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n", b" \r\n\t\n", b",,\n", b'"",""\n'])
def test_a_file_without_a_header_is_said_to_be_empty(table: Table, data: bytes) -> None:
    assert "HDR005" in [code for code, _ in codes(table.load(data)[0])]


@pytest.mark.parametrize("data", [b"a,b,c\n", b"a,b,c", b"\xef\xbb\xbfa,b,c\r\n\r\n"])
def test_a_file_with_a_header_only_has_no_records(table: Table, data: bytes) -> None:
    shape, loaded, _ = table.load(data)
    assert (shape.header, shape.records, loaded) == (["a", "b", "c"], 0, [])


def test_a_last_line_without_an_end_is_read_and_noted(table: Table) -> None:
    shape, loaded, _ = table.load(HEADER + b"1,2,3\n4,5,6")
    assert codes(shape) == [("EOF001", None)]
    assert loaded[-1] == ["4", "5", "6"]


def test_a_quoted_header_name_with_a_line_break_behind_a_byte_order_mark_costs_no_row(table: Table) -> None:
    """DuckDB ended the header in the middle of the name, and the first student was taken for the rest of it."""
    _, loaded, screening = table.load(b'\xef\xbb\xbf"student\nid",ell\ns1,y\ns2,n\n')
    assert loaded == [["s1", "y"], ["s2", "n"]]
    assert screening.findings == []


def test_a_header_cell_beyond_what_python_reads_is_a_fault_of_the_file(table: Table) -> None:
    """It raised `field larger than field limit`, and no district was landed that night."""
    assert codes(table.load(b"a," + b"x" * 200_000 + b"\n1,2\n")[0]) == [("CAP002", 1)]


def test_a_row_beyond_a_megabyte_rejects_the_file_with_its_line(table: Table) -> None:
    assert codes(table.load(b"a,b\n1,2\n3," + b"x" * 1_100_000 + b"\n5,6\n")[0]) == [("CAP002", 3)]


def test_a_cell_beyond_64_kilobytes_sets_its_row_aside(table: Table) -> None:
    shape, loaded, screening = table.load(b"a,b\n1," + b"x" * 65_536 + b"\n3," + b"x" * 65_537 + b"\n5,6\n")
    assert [row[0] for row in loaded] == ["1", "5"]
    assert [(f.code, f.lines) for f in screening.findings] == [("CAP001", (3,))]
    assert (shape.records, shape.set_aside) == (3, 1)
    assert [(row.line, row.code, len(row.text)) for row in shape.set_aside_rows] == [(3, "CAP001", 4096)]


def test_a_large_file_with_quoted_newlines_is_read_in_order(table: Table) -> None:
    """Larger than one of DuckDB's buffers, so that several threads read it from places in the middle."""
    dice = random.Random(7)  # noqa: S311 - repeatable on purpose
    rows = [[str(n), dice.choice(["x", "two\nlines", 'a "b", c', ""]), "y" * dice.randrange(3600)] for n in range(20_000)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["a", "b", "c"], *rows])
    data = text.getvalue().encode()
    assert len(data) > 32 * 1024 * 1024
    shape, loaded, _ = table.load(data)
    assert shape.lines == data.count(b"\n")
    assert sorted(loaded, key=lambda row: int(row[0] or 0)) == [as_loaded(row) for row in rows]


@with_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(' \tab"\n,', max_size=4), min_size=2, max_size=2), max_size=4), st.booleans(), st.booleans())
@example([["x", 'say "hi" '], ["", "\n"]], False, True)
@example([["x", "\n"]], True, False)
@example([['"" x', '" '], ['a "" b', '"']], True, False)
def test_white_space_at_an_end_of_a_cell_is_noticed(table: Table, rows: list[list[str]], always: bool, is_ended: bool) -> None:
    lines = [",".join(_written(cell, always=always or cell == "") for cell in row) for row in [[" a ", "b"], *rows]]
    shape, loaded, _ = table.load(("\n".join(lines) + "\n" * is_ended).encode())
    assert shape.is_ascii
    says_something = [row for row in rows if _says_something(row)]
    assert shape.is_padded or loaded == [as_loaded([cell.strip() for cell in row]) for row in says_something]
    assert not shape.is_padded or any(cell != cell.strip() for row in rows for cell in row)


def test_a_letter_beyond_ascii_is_noticed(table: Table) -> None:
    assert [table.load(HEADER + b"1,2,%s\n" % cell)[0].is_ascii for cell in (b"e", "é".encode(), b"\xe9")] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a,b\n1,2\n x,2\n1,y \n", (3, 4)),
        ('a,b\n"1 ",2\n"1, 1",2\n', (2,)),
        ("a,b\n\u00a01,2\n1,\u30002\n", (2, 3)),
        ("a,b\n1, \n \n1,2\n", ()),  # a blank cell and a blank row have no padding
    ],
    ids=["plain", "quoted", "wide", "blank"],
)
def test_padded_cells_are_told_with_their_lines(table: Table, text: str, lines: tuple[int, ...]) -> None:
    shape, _, _ = table.load(text.encode())
    assert [finding.lines for finding in shape.findings if finding.code == "CEL101"] == ([lines] if lines else [])
