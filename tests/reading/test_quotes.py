"""Quotes in a CSV file: where none belongs, where one is not closed, and where they are read as Python reads them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from tests.reading.table import Row, Table, codes


@pytest.mark.parametrize(
    ("data", "code", "line", "row"),
    [
        (b'a,b\n1,x"y\n', "ROW007", 2, ["1", 'x"y']),
        (b'a,b\n1,2\n"x" ,2\n', "ROW007", 3, ["x", "2"]),
        (b'a"b,c\n1,2\n', "ROW007", 1, ["1", "2"]),
        (b'a,b\n1,"two\nlines"\n3,x"y\n', "ROW007", 4, ["3", 'x"y']),
        (b'a,b\r\n1,2\r\n3,x"\r\n', "ROW007", 3, ["3", 'x"']),
        (b'a,b\r1,2\r3,x"\r', "ROW007", 3, ["3", 'x"']),
        (b'a,b\n\n\n1,Robert "Bob"\n', "ROW007", 4, ["1", 'Robert "Bob"']),
        (b'a,b\n1, "x, y"\n', "ROW007", 2, ["1", "x, y"]),
        (b'a,b\n="004",2\n', "ROW008", 2, ["004", "2"]),
        (b'a,b\n"=""004""",2\n', "ROW008", 2, ["004", "2"]),
        (b'a,b\n1,"x"y\n', "ROW009", 2, None),
        (b'a,b\n1,"x,"y",2\n', "ROW009", 2, None),
    ],
)
def test_a_quote_where_none_belongs_is_read_or_its_row_set_aside(
    table: Table, data: bytes, code: str, line: int, row: Row | None
) -> None:
    shape, loaded, _ = table.load(data)
    assert codes(shape) == [(code, line)]
    assert loaded[-1:] == ([row] if row else [])


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'a,b\n1,2\n3,"x\n5,6\n', 3),
        (b'\xef\xbb\xbfa,b\n1,"x\n', 2),
        (b'a,b\n\n1,"two\nlines"\n3,"x\n5,"y"\n', 5),
        (b'a,b\n1,"open\n2,5\'2"\n3,4"\n', 2),
        (b'a,b\n1,"', 2),
    ],
)
def test_a_quote_that_is_not_closed_is_named_with_its_line(table: Table, data: bytes, line: int) -> None:
    assert codes(table.load(data)[0]) == [("ROW004", line)]


def test_too_many_quotes_that_nobody_can_place_reject_the_file(table: Table) -> None:
    shape, _, _ = table.load(b"a,b\n1,2\n" + b'3,"x"y\n' * 6)
    assert codes(shape) == [("ROW009", 3), ("ROW004", 3)]


ODD_CELL = st.one_of(
    st.sampled_from(
        ["x", "", "5'2\"", ' "a, b"', '"a" ', '="007"', '"=""7"""', 'say "hi"', '"say ""hi"""', '"two\nlines"', '"', "é"]
    ),
    st.text('a" =', max_size=5),
)


@with_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(ODD_CELL, ODD_CELL), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "t\n", "\n\n"]),
)
@example([("x", '"="""')], "\n", "")
@example([("", '"'), ('"', "")], "\n", "")
@example([("x", '"'), ("5'2\"", "")], "\n", "")
def test_quotes_that_are_read_are_read_as_python_reads_them(
    table: Table, rows: list[tuple[str, str]], end: str, above: str
) -> None:
    text = "".join(f"{line}\n" for line in [f"{above}a,b", *map(",".join, rows)])
    shape, loaded, screening = table.load(text.replace("\n", end).encode(), ("a", "b"))
    if not shape.is_readable:
        assert {finding.code for finding in shape.findings if finding.severity == "fatal"} == {"ROW004"}
        return
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    at, by_python = 1, {}
    for row in reader:
        if at > shape.header_line and any(map(_text_of_formula, row)):
            by_python[at] = row
        at = reader.line_num + 1
    aside = {row.line for row in shape.set_aside_rows}
    assert len(by_python) == shape.records == len(loaded) + len(aside)
    # A row may be wider by empty cells (ROW001).
    width = len(shape.header)
    expected = [[_text_of_formula(cell) for cell in row[:width]] for line, row in by_python.items() if line not in aside]
    assert [[(cell or "").strip() for cell in row] for row in loaded] == expected
    told = {line for finding in screening.findings for line in finding.lines}
    at = shape.header_line + 1
    for cells in rows:
        alone = next(csv.reader(io.StringIO(",".join(cells), newline=""), skipinitialspace=True), [])
        if by_python.get(at) == alone and not all(map(STRICT_CELL.fullmatch, cells)):
            assert at in told
        at += 1 + sum(cell.count("\n") for cell in cells)


STRICT_CELL = re.compile(r'"(?!=""[^"]*"""$)([^"]|"")*"|[^"]*')
"""A cell of RFC 4180 that is no formula of Excel in quotes."""


def _text_of_formula(cell: str) -> str:
    found = re.fullmatch(r'="([^"]*)"', cell.strip())
    return (found[1] if found else cell).strip()


def test_a_quote_that_is_never_closed_is_named_where_it_opened(table: Table) -> None:
    """It was named at the next cell with quotes, which may be thousands of lines further down."""
    data = b'a,b\n1,"never closed\n' + b"2,x\n" * 1000 + b'3,"fine"\n4,y\n'
    assert codes(table.load(data)[0]) == [("ROW004", 2)]
