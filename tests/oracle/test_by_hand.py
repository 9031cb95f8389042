"""The benchmark's hand-written script publishes what the oracle expects, so that its time is the time of the right answer."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from ruamel.yaml import YAML

from benchmarks.by_hand import run
from benchmarks.generate import AS_OF, COLUMNS, generate
from tests.oracle.bands_and_pairs import pairs_of
from tests.oracle.recompute import Expected, recompute

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Expected]]]:
    folder = tmp_path_factory.mktemp("night")
    inputs = generate(folder / "in", 3, 700)
    run(inputs, folder / "analytics.duckdb", AS_OF, everything=True)
    expected = []
    for district in inputs:
        with zipfile.ZipFile(district.roster) as package:
            texts = {name: package.read(name).decode() for name in package.namelist()}
        settings = YAML(typ="base", pure=True).load(district.settings.read_text())
        expected.append(recompute(settings, texts, district.subgroup_csv.read_text(), datetime(2026, 10, 1, tzinfo=UTC)))
    with duckdb.connect(str(folder / "analytics.duckdb"), read_only=True) as db:
        yield db, expected


def _counts(db: duckdb.DuckDBPyConnection, table: str, keys: str) -> dict[Any, int]:
    rows = db.execute(f"select {keys}, student_count from marts.{table}").fetchall()
    return {tuple(row[:-1]): row[-1] for row in rows}


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("rpt_district_subgroup", "district_id, subgroup, value"),
        ("rpt_school_subgroup", "district_id, school_id, subgroup, value"),
        ("rpt_course_subgroup", "district_id, school_id, course_id, subgroup, value"),
    ],
)
def test_reports(night: tuple[duckdb.DuckDBPyConnection, list[Expected]], table: str, keys: str) -> None:
    db, expected = night
    counts = {at: n for one in expected for at, n in getattr(one, table).items()}
    assert _counts(db, table, keys) == counts
    members = {at: n for one in expected for at, n in one.member_counts.items()}
    found = db.execute(f"select {keys}, member_count from marts.{table}").fetchall()
    assert {tuple(row[:-1]): row[-1] for row in found} == {at: members.get(at[:-1]) for at in counts}


def test_facts_and_dimensions(night: tuple[duckdb.DuckDBPyConnection, list[Expected]]) -> None:
    db, expected = night
    values = db.execute("select district_id, student_id, subgroup, value from marts.fct_student_subgroup").fetchall()
    assert sorted(values) == sorted(
        (one.district, *at, value) for one in expected for at, value in one.fct_student_subgroup.items()
    )
    seats = db.execute("select student_id, school_id, course_id, class_id from marts.fct_enrollment").fetchall()
    assert sorted(seats) == sorted(
        (seat.student, seat.school, seat.course, seat.class_id) for one in expected for seat in one.enrollments
    )
    totals = {
        **_counts(db, "dim_district", "district_id"),
        **_counts(db, "dim_school", "district_id, school_id"),
        **_counts(db, "dim_course", "district_id, school_id, course_id"),
    }
    assert totals == {at: n for one in expected for at, n in one.totals.items()}
    assert db.execute("select count(*) from marts.rpt_student_subgroup").fetchone() == (
        sum(o.totals[o.district,] for o in expected),
    )


def test_pairs(night: tuple[duckdb.DuckDBPyConnection, list[Expected]]) -> None:
    db, expected = night
    crossed = "subgroup, value, with_subgroup, with_value"
    counts = _counts(db, "rpt_district_subgroup_pair", f"district_id, {crossed}")
    counts |= _counts(db, "rpt_school_subgroup_pair", f"district_id, school_id, {crossed}")
    columns: dict[str, Any] = {"subgroups": {"columns": {c.header: {"subgroup": c.subgroup, "open": c.is_open} for c in COLUMNS}}}
    assert counts == {at: n for one in expected for at, (n, _, _) in pairs_of(columns, one, {}).items()}


def test_history_and_trend_begin_with_what_the_reports_hold(night: tuple[duckdb.DuckDBPyConnection, list[Expected]]) -> None:
    db, _ = night
    of_fact = db.execute(
        "select district_id, student_id, subgroup, value from marts.fct_student_subgroup order by all"
    ).fetchall()
    of_history = db.execute(
        "select district_id, student_id, subgroup, value from marts.fct_student_subgroup_history where is_current order by all"
    )
    assert of_history.fetchall() == of_fact
    for level in ("district", "school", "course"):
        report = _counts(db, f"rpt_{level}_subgroup", "district_id, subgroup, value, student_count")
        trend = _counts(db, f"rpt_trend_subgroup where level = '{level}'", "district_id, subgroup, value, student_count")
        assert trend == report != {}


def test_lake_has_a_folder_per_district(night: tuple[duckdb.DuckDBPyConnection, list[Expected]]) -> None:
    db, expected = night
    (path,) = db.execute("select path from duckdb_databases() where not internal").fetchall()[0]
    lake = Path(path).parent / "lake"
    names = {f"district_id={one.district}" for one in expected}
    assert all({folder.name for folder in table.iterdir()} == names for table in lake.iterdir())
    for table in ("fct_student_subgroup", "rpt_school_subgroup_pair", "rpt_student_subgroup"):
        found = db.execute(f"select count(*) from read_parquet('{lake}/{table}/*/*.parquet')").fetchone()
        assert found == db.execute(f"select count(*) from marts.{table}").fetchone()
