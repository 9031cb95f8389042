"""Physical lines of rows, looked up in the archived file as it was uploaded."""

from __future__ import annotations

import pytest

from tests.support.installation import zip_of
from tests.support.place import Place

TEXT = 'student_id,note\ns1,"two\nlines"\n\n s2 ,x\n,blank\n,,\ns2,y\n'


def _put(place: Place, text: str | bytes) -> str:
    place.add()
    return place.deliver("subgroups", {"s.csv": text})


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_count_quoted_line_breaks_and_blank_lines(place: Place, end: str, bom: str) -> None:
    delivery = _put(place, (bom + TEXT.replace("\n", end)).encode())
    assert place.lines(delivery, "s.csv", "student_id", "s1") == (2,)
    assert place.lines(delivery, "s.csv", "student_id", "s2") == (5, 8)


def test_a_blank_cell_is_found_and_a_blank_row_is_not(place: Place) -> None:
    assert place.lines(_put(place, TEXT), "s.csv", "student_id", "") == (6,)


def test_cells_are_compared_trimmed_and_otherwise_exactly(place: Place) -> None:
    delivery = _put(place, "student_id\nS1\n s1\ns10\ns1 \n")
    assert place.lines(delivery, "s.csv", "student_id", "s1") == (3, 5)


def test_the_column_is_found_in_any_form(place: Place) -> None:
    delivery = _put(place, "note,Student-ID\nx,s1\n")
    assert place.lines(delivery, "s.csv", "student id", "s1") == (2,)


def test_the_first_lines_are_enough(place: Place) -> None:
    delivery = _put(place, "student_id\n" + "s1\n" * 100)
    assert place.lines(delivery, "s.csv", "student_id", "s1") == (2, 3, 4, 5, 6)
    assert place.lines(delivery, "s.csv", "student_id", "s1", most=1) == (2,)


def test_a_short_row_has_a_blank_cell(place: Place) -> None:
    delivery = _put(place, "note,student_id\nx,s1\ny\n")
    assert place.lines(delivery, "s.csv", "student_id", "") == (3,)


@pytest.mark.parametrize("name", ["users.csv", "folder/users.csv", "folder\\users.csv"])
def test_a_member_of_a_zip_is_looked_into(place: Place, name: str) -> None:
    place.add()
    delivery = place.deliver("roster", {"roster.zip": zip_of({"orgs.csv": "sourcedId\nu1\n", name: "sourcedId\n\nu1\n"})})
    assert place.lines(delivery, "users.csv", "sourcedId", "u1") == (3,)


@pytest.mark.parametrize(("file", "column"), [("none.csv", "student_id"), ("s.csv", "none")])
def test_what_is_not_there_has_no_lines(place: Place, file: str, column: str) -> None:
    assert place.lines(_put(place, TEXT), file, column, "s1") == ()


def test_a_cell_beyond_what_python_reads_ends_the_search_and_not_the_run(place: Place) -> None:
    """It raised `field larger than field limit` while findings were written, for every district of the run."""
    delivery = _put(place, "student_id,note\ns1,x\ns2," + "x" * 1_100_000 + "\ns1,y\n")
    assert place.lines(delivery, "s.csv", "student_id", "s1") == (2,)


def test_lines_of_landing_and_lines_looked_up_agree(place: Place) -> None:
    delivery = _put(place, 'student_id,ell,sped\ns0,"a\nb",n\n\nRAGGED,y\ns1,y,n\n')
    place.land()
    assert place.found(delivery, "ROW002")[0][1] == 5
    assert place.lines(delivery, "s.csv", "student_id", "RAGGED") == (5,)


ODD = """\
"a title, not closed

student_id,ell,sped,note
="s1",y,n,5'2"
 "s2" ,y,n,"two
lines"
s1,n,n,"Bob "B" Smith"
Total,4
"""


def test_lines_of_a_file_that_was_read_with_leniency_agree(place: Place) -> None:
    place.add()
    delivery = place.deliver("subgroups", {"s.csv": ODD.replace("\n", "\r\n") + "\x1a"})
    place.land()
    assert place.ask("select student_id from raw.subgroup_row order by all") == [("s1",), ("s1",), ("s2",)]
    lines = {
        code: line for code in ("HDR013", "ROW007", "ROW008", "ROW010", "EOF003") for _, line, *_ in place.found(delivery, code)
    }
    assert lines == {"HDR013": 1, "ROW007": 4, "ROW008": 4, "ROW010": 8, "EOF003": 9}
    assert place.lines(delivery, "s.csv", "student_id", "s1") == (4, 7)
    assert place.lines(delivery, "s.csv", "student_id", "s2") == (5,)
    assert place.lines(delivery, "s.csv", "ell", "4", "") == ()
