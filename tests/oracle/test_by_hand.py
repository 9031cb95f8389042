"""The benchmark's hand-written script publishes what the oracle expects, so that its time is the time of the right answer."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from ruamel.yaml import YAML

from benchmarks.by_hand import run
from benchmarks.generate import AS_OF, generate
from tests.oracle.recompute import Expected, recompute


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, list[Expected]]:
    folder = tmp_path_factory.mktemp("night")
    inputs = generate(folder / "in", 3, 700)
    run(inputs, folder / "analytics.duckdb", AS_OF)
    expected = []
    for district in inputs:
        with zipfile.ZipFile(district.roster) as package:
            texts = {name: package.read(name).decode() for name in package.namelist()}
        settings = YAML(typ="base", pure=True).load(district.settings.read_text())
        expected.append(recompute(settings, texts, district.subgroup_csv.read_text(), datetime(2026, 10, 1, tzinfo=UTC)))
    return duckdb.connect(str(folder / "analytics.duckdb"), read_only=True), expected


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
