"""Bytes are read in processes under limits: a file that its process does not survive gets a finding, and the others go on."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from subgroup_pipeline.reading import csv_shape
from subgroup_pipeline.reading.csv_shape import read_shape
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.row_lookup import HowRead, KeyedRows
from tests.corpus.broken_csv import GOOD, structural
from tests.support.installation import zip_of


def _file(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def _codes(pool: ReadingPool, path: Path) -> list[str]:
    shape, _ = pool.read_shape(path, "s.csv", path.with_suffix(".clean"))
    return [finding.code for finding in shape.findings]


def test_a_process_says_what_reading_here_says(tmp_path: Path) -> None:
    known = ("student_id", "ell", "note")
    with ReadingPool(1) as pool:
        for number, case in enumerate(structural().values()):
            path = _file(tmp_path, f"{number}.csv", case.data)
            here, plain = read_shape(path, "s.csv", tmp_path / "a.clean", known)
            there, readable = pool.read_shape(path, "s.csv", tmp_path / "b.clean", known)
            assert there == here
            assert readable.read_bytes() == plain.read_bytes()


def test_a_file_that_needs_too_much_memory_is_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    large = _file(tmp_path, "large.csv", GOOD + b" " * 60_000_000)
    with ReadingPool(1, memory=400 * 1024**2) as pool:
        assert _codes(pool, large) == ["FIL003"]
        assert _codes(pool, _file(tmp_path, "good.csv", GOOD)) == []


def test_a_file_that_takes_too_long_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    slow = _file(tmp_path, "slow.csv", GOOD + b" " * 60_000_000)
    good = [_file(tmp_path, f"{n}.csv", GOOD) for n in range(6)]
    with ReadingPool(2, seconds=1) as pool, ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(lambda path: _codes(pool, path), [slow, *good]))
    assert codes == [["FIL003"], *[[]] * 6]


@pytest.mark.parametrize("line", [b"\n", b"\r", b"x,\r\n"], ids=["blank", "CR", "rows"])
def test_a_file_of_more_lines_than_any_district_has_is_refused_at_once(tmp_path: Path, line: bytes) -> None:
    """300 MB of line ends in an upload of 3 MB kept a process busy for a minute, at six gigabytes."""
    path = _file(tmp_path, "vast.csv", GOOD + line * 20_000_001)
    began = time.monotonic()
    with ReadingPool(1) as pool:
        assert _codes(pool, path) == ["FIL004"]
    assert time.monotonic() - began < 10


def test_a_process_that_is_killed_is_made_anew(tmp_path: Path) -> None:
    path = _file(tmp_path, "s.csv", GOOD)
    with ReadingPool(1) as pool:
        assert _codes(pool, path) == []
        worker = pool._places.get()
        assert worker is not None
        worker.kill()
        pool._places.put(worker)
        assert [_codes(pool, path) for _ in range(2)] == [["FIL003"], []]


def test_a_file_beyond_two_gigabytes_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.csv"
    with path.open("wb") as file:
        file.truncate(csv_shape.MAX_FILE + 1)
    with ReadingPool(1) as pool:
        assert _codes(pool, path) == ["FIL002"]


def test_a_question_that_its_process_does_not_survive_has_an_answer_all_the_same(tmp_path: Path) -> None:
    """A zip, a manifest, a row count or a line was read by the night itself, which would have died with it."""
    long_line = _file(tmp_path, "long.csv", b"x" * 3_000_000)
    roster = _file(tmp_path, "roster.zip", zip_of({"users.csv": "sourcedId\n" + "u1\n" * 500_000}))
    manifest = _file(tmp_path, "manifest.csv", b"propertyName,value\n" + b"a,b\n" * 16_000)
    with ReadingPool(1, memory=1) as pool:
        assert [finding.code for finding in pool.prove_zip(roster, "roster.zip").findings] == ["FIL003"]
        assert pool.find_rows(long_line, "", HowRead(), [KeyedRows("student_id", ["s1"])], 5) == [[]]
        assert (pool.read_manifest(manifest), pool.count_rows(long_line), pool.said_row_counts(long_line)) == (None, -1, {})
    with ReadingPool(1) as pool:
        assert len(pool.prove_zip(roster, "roster.zip").members) == 1
        assert len(pool.read_manifest(manifest) or []) == 16_001


def test_a_process_starts_with_nothing_heavy() -> None:
    """It starts for one small file, too: numpy comes with the first rows, and what the ledger needs never does."""
    heavy = "print(sorted({'numpy', 'pydantic', 'sqlalchemy', 'yaml', 'duckdb'} & set(sys.modules)))"
    said = subprocess.run(
        [sys.executable, "-c", f"import sys, subgroup_pipeline.reading.worker; {heavy}"], capture_output=True, check=True
    )
    assert said.stdout == b"[]\n"
