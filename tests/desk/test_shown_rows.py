"""What is kept in memory of a snapshot: whoever asks again gets it without a query, and no more rows stay than are allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.desk.dashboard import shown_rows
from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows


@dataclass(frozen=True)
class One:
    number: int


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("create table t as select number::bigint as number from range(40) as r(number)")
        yield made


def _rows(connection: duckdb.DuckDBPyConnection, snapshot: str, district: str = "alder", most: int = 40) -> list[int]:
    shown = ShownRows(connection, district, snapshot, Path("published"))
    return [one.number for one in shown.kept(One, "select number from t where number < $most order by 1", most=most)]


def test_a_snapshot_is_read_once_and_another_or_another_district_anew(connection: duckdb.DuckDBPyConnection) -> None:
    before = _rows(connection, "one")
    connection.execute("delete from t where number > 2")
    assert _rows(connection, "one") == before
    assert _rows(connection, "one", most=2) == [0, 1]
    assert _rows(connection, "two") == _rows(connection, "one", "birch") == [0, 1, 2]


def test_what_was_asked_least_lately_goes_first(connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_rows, "_kept", shown_rows._Kept())
    monkeypatch.setattr(shown_rows, "_MOST_ROWS", 60)
    before = {snapshot: _rows(connection, snapshot, most=15) for snapshot in ("one", "two")}
    connection.execute("update t set number = number + 1")
    assert _rows(connection, "one", most=15) == before["one"]
    _rows(connection, "three", most=15)  # for which `two` has to go
    assert _rows(connection, "one", most=15) == before["one"]
    assert _rows(connection, "two", most=15) != before["two"]


def test_a_large_result_is_not_kept(connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_rows, "_kept", shown_rows._Kept())
    monkeypatch.setattr(shown_rows, "_MOST_ROWS", 60)
    assert len(_rows(connection, "large")) == 40
    connection.execute("delete from t")
    assert _rows(connection, "large") == []
