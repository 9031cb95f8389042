"""What the marts hold after one night, cell by cell, of the two districts of `alder_and_birch`."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.settings import bundled
from tests.dbt.alder_and_birch import (
    ALDER,
    ALDER_FILE,
    ALDER_ROSTER,
    AS_OF,
    BIRCH,
    BIRCH_ROSTER,
    FALL,
    FILE_AT,
    ROSTER_AT,
    SETTINGS,
    YEAR,
    row,
)
from tests.support.dbt_warehouse import Warehouse, at, student


@pytest.fixture(scope="module")
def first_night(warehouse: Warehouse) -> Warehouse:
    warehouse.control(**SETTINGS)
    warehouse.deliver("alder", "alder-r1", {"users": [student("old", "Old", "Oak")]})
    warehouse.deliver("alder", "alder-s1", {"subgroup_row": [row("0101", "n", "0", "Old")]})
    warehouse.deliver("alder", "alder-r2", ALDER_ROSTER)
    warehouse.deliver("alder", "alder-s2", ALDER_FILE)
    warehouse.deliver("birch", "birch-r1", BIRCH_ROSTER)
    warehouse.night(ALDER, BIRCH)
    return warehouse


def test_dim_district(first_night: Warehouse) -> None:
    sources = "roster_delivery_id, subgroup_delivery_id, roster_received_at, subgroup_received_at"
    columns = f"district_name, as_of_date, school_year, student_count, {sources}, published_at, contract_version"
    assert first_night.mart("dim_district", columns) == [
        ("Alder ISD", AS_OF, "2026", 7, "alder-r2", "alder-s2", ROSTER_AT, FILE_AT, at(3), "2.0.0"),
        ("Birch ISD", AS_OF, None, 2, "birch-r1", None, ROSTER_AT, None, at(3), "2.0.0"),
    ]


def test_dim_student_keeps_inactive_students_and_leading_zeros(first_night: Warehouse) -> None:
    columns = "student_id, student_number, given_name, family_name, grade_level, is_active"
    assert first_night.mart("dim_student", columns, "alder") == [
        ("ada", "0101", "Ada", "Ash", "03", True),
        ("bo", "102", "Bo", "Beech", "03", True),
        ("cy", "103", "Cy", "Cork", "03", False),
        ("di", "104", "Di", "Date", "03", True),
        ("ed", "104", "Ed", "Elm", "03", True),
        ("fay", "106", "Fay", "Fig", "03", True),
        ("gus", "107", "Gus", "Gum", "03", True),
        ("hal", None, "Hal", "Holm", "03", True),
        ("ivy", "109", "Ivy", "Ivory", "03", False),
    ]
    assert first_night.mart("dim_student", "student_id, student_number", "birch") == [("ada", "ada"), ("bob", "bob")]


def test_fct_enrollment_holds_on_as_of(first_night: Warehouse) -> None:
    assert first_night.mart("fct_enrollment", "student_id, school_id, course_id, class_id, begin_date, end_date", "alder") == [
        ("ada", "north", "math", "math-n", *FALL),
        ("ada", "south", "art", "art-s", *YEAR),
        ("ada", "south", None, "home-s", AS_OF, None),
        ("di", "north", "unlisted", "unknown-n", None, date(2025, 10, 2)),
    ]


def test_schools_of_a_student(first_night: Warehouse) -> None:
    """Bo sits in no class on as_of and counts where their orgs say; Fay's only class is of a school that is gone."""
    assert first_night.mart("fct_student_school", "student_id, school_id", "alder") == [
        ("ada", "north"),
        ("ada", "south"),
        ("bo", "north"),
        ("bo", "south"),
        ("di", "north"),
        ("ed", "north"),
    ]
    schools = first_night.mart("dim_school", "school_id, school_name, student_count", "alder")
    assert schools == [("north", "North School", 4), ("south", "South School", 2)]


def test_dim_course_is_the_pairs_that_exist_in_classes(first_night: Warehouse) -> None:
    assert first_night.mart("dim_course", "school_id, course_id, course_title, course_code, student_count", "alder") == [
        ("north", "math", "Math 3", "M3", 1),
        ("north", "unlisted", None, None, 1),
        ("south", "art", "Art", None, 1),
        ("south", "math", "Math 3", "M3", 0),
    ]


def test_dim_subgroup(first_night: Warehouse) -> None:
    columns = "subgroup, value, is_member, subgroup_label, value_label, source_column, sensitivity, display_order"
    rows = first_night.mart("dim_subgroup", columns, "alder")
    assert sorted(rows, key=lambda row: row[-1]) == [
        ("all_students", "all", True, "All students", "All", None, "standard", 1),
        ("english_learner", "yes", True, "English learner", "Yes", "ell", "standard", 2),
        ("english_learner", "no", False, "English learner", "No", "ell", "standard", 3),
        ("english_learner", "not_reported", False, "English learner", "Not reported", "ell", "standard", 4),
        ("title_i", "yes", True, "Title I", "Yes", "title_i", "standard", 5),
        ("title_i", "no", False, "Title I", "No", "title_i", "standard", 6),
        ("title_i", "not_reported", False, "Title I", "Not reported", "title_i", "standard", 7),
        ("home_language", "us_english", None, "Home language", "Us english", "home_lang", "nsla", 8),
        ("home_language", "Twi", None, "Home language", "Twi", "home_lang", "nsla", 9),
        ("home_language", "not_reported", None, "Home language", "Not reported", "home_lang", "nsla", 10),
        ("migrant", "yes", True, "Migrant", "Yes", "migrant", "standard", 11),
        ("migrant", "no", False, "Migrant", "No", "migrant", "standard", 12),
        ("migrant", "not_reported", False, "Migrant", "Not reported", "migrant", "standard", 13),
    ]
    assert first_night.mart("dim_subgroup", "subgroup, value", "birch") == [("all_students", "all")]


NOBODY = ["not_reported", None, "file", None, FILE_AT]


@pytest.mark.parametrize(
    ("student_id", "english_learner", "title_i", "home_language", "migrant"),
    [
        pytest.param("ada", ("yes", "Y"), ("yes", "1"), ("Twi", "Twi"), ("not_reported", None), id="mapped, column missing"),
        pytest.param(
            "bo", ("not_reported", "maybe"), ("no", None), ("us_english", "ENG"), ("not_reported", None), id="unmapped, blank"
        ),
        pytest.param("fay", ("no", "n"), ("no", None), ("not_reported", None), ("not_reported", None), id="equal rows"),
        pytest.param("di", None, None, None, None, id="ambiguous number"),
        pytest.param("ed", None, None, None, None, id="ambiguous number, the other"),
        pytest.param("gus", None, None, None, None, id="contradicting rows"),
        pytest.param("hal", None, None, None, None, id="no number of that type"),
    ],
)
def test_fct_student_subgroup(
    first_night: Warehouse, student_id: str, english_learner: object, title_i: object, home_language: object, migrant: object
) -> None:
    cells = first_night.mart(
        "fct_student_subgroup", "student_id, subgroup, value, raw_value, source, delivery_id, received_at", "alder"
    )
    rows = {subgroup: cell for student, subgroup, *cell in cells if student == student_id}
    assert rows.pop("all_students") == ["all", None, "roster", "alder-r2", ROSTER_AT]
    expected = {
        "english_learner": english_learner,
        "title_i": title_i,
        "home_language": home_language,
        "migrant": migrant,
    }
    assert rows == {
        subgroup: [*cell, "file", "alder-s2", FILE_AT] if isinstance(cell, tuple) else NOBODY
        for subgroup, cell in expected.items()
    }


def test_only_active_students_have_values(first_night: Warehouse) -> None:
    students = first_night.mart("fct_student_subgroup", "distinct student_id", "alder")
    assert {student_id for (student_id,) in students} == {"ada", "bo", "di", "ed", "fay", "gus", "hal"}


COUNTS = "student_count, total_students, student_share, member_count, member_share"


def test_rpt_district_subgroup(first_night: Warehouse) -> None:
    assert first_night.mart("rpt_district_subgroup", "subgroup, value, student_count, total_students", "alder") == [
        ("all_students", "all", 7, 7),
        ("english_learner", "no", 1, 7),
        ("english_learner", "not_reported", 5, 7),
        ("english_learner", "yes", 1, 7),
        ("home_language", "Twi", 1, 7),
        ("home_language", "not_reported", 5, 7),
        ("home_language", "us_english", 1, 7),
        ("migrant", "not_reported", 7, 7),
        ("title_i", "no", 2, 7),
        ("title_i", "not_reported", 4, 7),
        ("title_i", "yes", 1, 7),
    ]
    assert set(first_night.mart("rpt_district_subgroup", "subgroup, member_count, member_share", "alder")) == {
        ("all_students", 7, 1.0),
        ("english_learner", 1, 1 / 7),
        ("home_language", None, None),
        ("migrant", 0, 0.0),
        ("title_i", 1, 1 / 7),
    }
    birch = first_night.mart("rpt_district_subgroup", f"subgroup, value, school_year, as_of_date, {COUNTS}", "birch")
    assert birch == [("all_students", "all", None, AS_OF, 2, 2, 1.0, 2, 1.0)]


def test_rpt_school_subgroup(first_night: Warehouse) -> None:
    columns = f"school_id, subgroup, value, school_year, as_of_date, school_name, {COUNTS}"
    rows = first_night.mart("rpt_school_subgroup", columns, "alder", "subgroup in ('all_students', 'title_i')")
    assert rows == [
        ("north", "all_students", "all", "2026", AS_OF, "North School", 4, 4, 1.0, 4, 1.0),
        ("north", "title_i", "no", "2026", AS_OF, "North School", 1, 4, 0.25, 1, 0.25),
        ("north", "title_i", "not_reported", "2026", AS_OF, "North School", 2, 4, 0.5, 1, 0.25),
        ("north", "title_i", "yes", "2026", AS_OF, "North School", 1, 4, 0.25, 1, 0.25),
        ("south", "all_students", "all", "2026", AS_OF, "South School", 2, 2, 1.0, 2, 1.0),
        ("south", "title_i", "no", "2026", AS_OF, "South School", 1, 2, 0.5, 1, 0.5),
        ("south", "title_i", "yes", "2026", AS_OF, "South School", 1, 2, 0.5, 1, 0.5),
    ]


def test_rpt_course_subgroup(first_night: Warehouse) -> None:
    columns = f"school_id, course_id, subgroup, value, school_year, as_of_date, school_name, course_title, {COUNTS}"
    assert first_night.mart("rpt_course_subgroup", columns, "alder", "subgroup = 'english_learner'") == [
        ("north", "math", "english_learner", "yes", "2026", AS_OF, "North School", "Math 3", 1, 1, 1.0, 1, 1.0),
        ("north", "unlisted", "english_learner", "not_reported", "2026", AS_OF, "North School", None, 1, 1, 1.0, 0, 0.0),
        ("south", "art", "english_learner", "yes", "2026", AS_OF, "South School", "Art", 1, 1, 1.0, 1, 1.0),
    ]


def test_rpt_student_subgroup(first_night: Warehouse) -> None:
    columns = "school_year, as_of_date, student_number, given_name, family_name, grade_level, school_names, subgroups"
    students = first_night.mart("rpt_student_subgroup", f"student_id, {columns}", "alder")
    rows = {student_id: cells for student_id, *cells in students}
    assert set(rows) == {"ada", "bo", "di", "ed", "fay", "gus", "hal"}
    subgroups = {"english_learner": "yes", "title_i": "yes", "home_language": "Twi", "migrant": "not_reported"}
    names = ["North School", "South School"]
    assert rows["ada"] == ["2026", AS_OF, "0101", "Ada", "Ash", "03", names, subgroups]
    assert rows["hal"] == ["2026", AS_OF, None, "Hal", "Holm", "03", [], dict.fromkeys(subgroups, "not_reported")]
    assert first_night.mart("rpt_student_subgroup", "subgroups", "birch") == [({},), ({},)]


def test_the_student_view_works_in_a_copy_of_any_name(first_night: Warehouse, tmp_path: Path) -> None:
    expected = first_night.mart("rpt_student_subgroup", "*", "alder")
    copy = shutil.copy(first_night.settings.paths.analytics_database, tmp_path / "snapshot_of_tonight.duckdb")
    query = "select * from {}marts.rpt_student_subgroup where district_id = 'alder'"
    with duckdb.connect(str(copy), read_only=True) as opened:
        assert sorted(opened.execute(query.format("")).fetchall(), key=repr) == expected
    with duckdb.connect() as attached:
        attached.execute(f"attach '{copy}' as elsewhere (read_only)")
        assert sorted(attached.execute(query.format("elsewhere.")).fetchall(), key=repr) == expected


def test_the_published_file_holds_the_marts_and_nothing_else(first_night: Warehouse) -> None:
    with duckdb.connect(str(first_night.settings.paths.analytics_database), read_only=True) as connection:
        assert connection.execute("select distinct schema_name from duckdb_tables()").fetchall() == [("marts",)]
        nullable = connection.execute(
            "select column_name from duckdb_columns() where table_name = 'dim_student' and not is_nullable order by 1"
        ).fetchall()
    assert nullable == [("district_id",), ("is_active",), ("student_id",)]


def test_dbt_writes_nothing_into_the_project(first_night: Warehouse) -> None:
    project = bundled("dbt_project")
    assert not [p.name for p in project.iterdir() if p.name in {"target", "logs", "dbt_packages", ".user.yml"}]
