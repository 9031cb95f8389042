"""Bytes are read in processes under limits: a file that its process does not survive gets a finding, and the others go on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from subgroup_pipeline.reading import csv_shape
from subgroup_pipeline.reading.csv_shape import read_shape
from subgroup_pipeline.reading.scan_pool import ScanPool
from tests.corpus.broken_csv import GOOD, structural


def _file(directory: Path, name: str, data: bytes) -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def _codes(pool: ScanPool, path: Path) -> list[str]:
    shape, _ = pool.read_shape(path, "s.csv", path.with_suffix(".clean"))
    return [finding.code for finding in shape.findings]


def test_a_process_says_what_reading_here_says(tmp_path: Path) -> None:
    known = ("student_id", "ell", "note")
    with ScanPool(1) as pool:
        for number, case in enumerate(structural().values()):
            path = _file(tmp_path, f"{number}.csv", case.data)
            here, plain = read_shape(path, "s.csv", tmp_path / "a.clean", known)
            there, readable = pool.read_shape(path, "s.csv", tmp_path / "b.clean", known)
            assert there == here
            assert readable.read_bytes() == plain.read_bytes()


def test_a_file_that_needs_too_much_memory_is_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    large = _file(tmp_path, "large.csv", GOOD + b" " * 60_000_000)
    with ScanPool(1, memory=400 * 1024**2) as pool:
        assert _codes(pool, large) == ["FIL003"]
        assert _codes(pool, _file(tmp_path, "good.csv", GOOD)) == []


def test_a_file_that_takes_too_long_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    slow = _file(tmp_path, "slow.csv", GOOD + b" " * 60_000_000)
    good = [_file(tmp_path, f"{n}.csv", GOOD) for n in range(6)]
    with ScanPool(2, seconds=1) as pool, ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(lambda path: _codes(pool, path), [slow, *good]))
    assert codes == [["FIL003"], *[[]] * 6]


@pytest.mark.parametrize("line", [b"\n", b"\r", b"x,\r\n"], ids=["blank", "CR", "rows"])
def test_a_file_of_more_lines_than_any_district_has_is_refused_at_once(tmp_path: Path, line: bytes) -> None:
    """300 MB of line ends in an upload of 3 MB kept a process busy for a minute, at six gigabytes."""
    path = _file(tmp_path, "vast.csv", GOOD + line * 20_000_001)
    began = time.monotonic()
    with ScanPool(1) as pool:
        assert _codes(pool, path) == ["FIL004"]
    assert time.monotonic() - began < 10


def test_a_process_that_is_killed_is_made_anew(tmp_path: Path) -> None:
    path = _file(tmp_path, "s.csv", GOOD)
    with ScanPool(1) as pool:
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
    with ScanPool(1) as pool:
        assert _codes(pool, path) == ["FIL002"]
