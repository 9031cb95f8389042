"""Looking rows up ends in time; what is found, and on which line, is tested where files are landed (`landing/test_lines`)."""

from __future__ import annotations

import time
from pathlib import Path

from subgroup_pipeline.reading.row_lookup import HowRead, KeyedRows, find_rows


def test_looking_for_lines_ends_in_time(tmp_path: Path) -> None:
    """A file of line ends would keep the night looking for minutes."""
    path = tmp_path / "s.csv"
    path.write_text("student_id,ell\ns1,y\n" + "\n" * 20_000_000 + "s2,y\n")
    began = time.monotonic()
    (found,) = find_rows(path, "", HowRead(), [KeyedRows("student_id", ["s1", "s2"])], 5, seconds=0.2)
    assert [row.line for row in found] == [2]
    assert time.monotonic() - began < 5
