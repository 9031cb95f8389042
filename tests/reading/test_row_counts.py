"""Rows of a file, and what `_manifest.csv` says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from subgroup_pipeline.reading.row_counts import count_rows, said_row_counts


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_rows_are_counted_without_the_header_and_empty_ones(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes('student_id,note\n\ns1,"two\nlines"\n , \ns2,é\n'.encode(codec))
    assert count_rows(path) == 2


def test_a_file_that_is_nothing_but_line_ends_is_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("student_id\ns1\n" + "\n" * 2000)
    assert (count_rows(path), count_rows(path, most_lines=1000)) == (1, -1)


def test_what_a_district_says_is_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "_manifest.csv"
    path.write_text("file,rows\nS.csv , 2\nother\nt.csv,many\n")
    assert said_row_counts(path) == {"s.csv": "2", "t.csv": "many"}
    path.write_text("file,rows\n" + "x" * 200_000)
    assert said_row_counts(path) == {}
