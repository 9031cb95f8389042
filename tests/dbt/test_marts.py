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


Named = dict[tuple[object, ...], dict[str, object]]


def named(
    warehouse: Warehouse, table: str, keys: str, columns: str, district_id: str | None = None, where: str = "true"
) -> Named:
    """Rows of a mart by their keys; the other cells by the names of their columns."""
    rows = warehouse.mart(table, f"{keys}, {columns}", district_id, where)
    many, names = len(keys.split(",")), columns.split(", ")
    found = {row[:many]: dict(zip(names, row[many:], strict=True)) for row in rows}
    assert len(found) == len(rows), "two rows have the same keys"
    return found


def counts(students: int, *, of: int, members: int) -> dict[str, object]:
    """The counts and shares of a row of a report."""
    shares = {"student_share": students / of, "member_share": members / of}
    return {"student_count": students, "total_students": of, "member_count": members, **shares}


COUNTS = "student_count, total_students, student_share, member_count, member_share"


def test_dim_district(first_night: Warehouse) -> None:
    sources = "roster_delivery_id, subgroup_delivery_id, roster_received_at, subgroup_received_at"
    columns = f"as_of_date, school_year, student_count, {sources}, published_at, contract_version"
    both = {"as_of_date": AS_OF, "roster_received_at": ROSTER_AT, "published_at": at(3), "contract_version": "2.2.0"}
    file = {"subgroup_delivery_id": "alder-s2", "subgroup_received_at": FILE_AT}
    no_file = {"subgroup_delivery_id": None, "subgroup_received_at": None}
    assert named(first_night, "dim_district", "district_name", columns) == {
        ("Alder ISD",): {**both, "school_year": "2026", "student_count": 7, "roster_delivery_id": "alder-r2", **file},
        ("Birch ISD",): {**both, "school_year": None, "student_count": 2, "roster_delivery_id": "birch-r1", **no_file},
    }


def _student(number: str | None, given: str, family: str, *, is_active: bool = True) -> dict[str, object]:
    names = {"given_name": given, "family_name": family}
    return {"student_number": number, **names, "grade_level": "03", "is_active": is_active}


def test_dim_student_keeps_inactive_students_and_leading_zeros(first_night: Warehouse) -> None:
    columns = "student_number, given_name, family_name, grade_level, is_active"
    assert named(first_night, "dim_student", "student_id", columns, "alder") == {
        ("ada",): _student("0101", "Ada", "Ash"),
        ("bo",): _student("102", "Bo", "Beech"),
        ("cy",): _student("103", "Cy", "Cork", is_active=False),
        ("di",): _student("104", "Di", "Date"),
        ("ed",): _student("104", "Ed", "Elm"),
        ("fay",): _student("106", "Fay", "Fig"),
        ("gus",): _student("107", "Gus", "Gum"),
        ("hal",): _student(None, "Hal", "Holm"),
        ("ivy",): _student("109", "Ivy", "Ivory", is_active=False),
    }
    assert first_night.mart("dim_student", "student_id, student_number", "birch") == [("ada", "ada"), ("bob", "bob")]


def test_fct_enrollment_holds_on_as_of(first_night: Warehouse) -> None:
    keys = "student_id, school_id, course_id, class_id"
    fall, year = ({"begin_date": begin, "end_date": end} for begin, end in (FALL, YEAR))
    assert named(first_night, "fct_enrollment", keys, "begin_date, end_date", "alder") == {
        ("ada", "north", "math", "math-n"): fall,
        ("ada", "south", "art", "art-s"): year,
        ("ada", "south", None, "home-s"): {"begin_date": AS_OF, "end_date": None},
        ("di", "north", "unlisted", "unknown-n"): {"begin_date": None, "end_date": date(2025, 10, 2)},
    }


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
    math = {"course_title": "Math 3", "course_code": "M3"}
    assert named(first_night, "dim_course", "school_id, course_id", "course_title, course_code, student_count", "alder") == {
        ("north", "math"): {**math, "student_count": 1},
        ("north", "unlisted"): {"course_title": None, "course_code": None, "student_count": 1},
        ("south", "art"): {"course_title": "Art", "course_code": None, "student_count": 1},
        ("south", "math"): {**math, "student_count": 0},
    }


def test_dim_subgroup(first_night: Warehouse) -> None:
    values = first_night.mart("dim_subgroup", "display_order, subgroup, value, is_member, value_label", "alder")
    assert sorted(values) == [
        (1, "all_students", "all", True, "All"),
        (2, "english_learner", "yes", True, "Yes"),
        (3, "english_learner", "no", False, "No"),
        (4, "english_learner", "not_reported", False, "Not reported"),
        (5, "title_i", "yes", True, "Yes"),
        (6, "title_i", "no", False, "No"),
        (7, "title_i", "not_reported", False, "Not reported"),
        (8, "home_language", "us_english", None, "English (US)"),
        (9, "home_language", "Twi", None, "Twi"),
        (10, "home_language", "not_reported", None, "Not reported"),
        (11, "migrant", "yes", True, "Yes"),
        (12, "migrant", "no", False, "No"),
        (13, "migrant", "not_reported", False, "Not reported"),
    ]
    columns = "subgroup_label, source_column, sensitivity, is_on_student_pages, essa_group, subgroup_order"
    facts = {
        "all_students": ("All students", None, "standard", True, None, 0),
        "english_learner": ("English learner", "ell", "standard", True, "english_learner", 14),
        "title_i": ("Title I", "title_i", "standard", True, None, 26),
        "home_language": ("Home language", "home_lang", "nsla", False, None, 28),
        "migrant": ("Migrant", "migrant", "standard", True, "migrant", 17),
    }
    of_values = {
        (subgroup, value): dict(zip(columns.split(", "), facts[subgroup], strict=True)) for _, subgroup, value, *_ in values
    }
    assert named(first_night, "dim_subgroup", "subgroup, value", columns, "alder") == of_values
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
    birch = named(first_night, "rpt_district_subgroup", "subgroup, value", f"school_year, as_of_date, {COUNTS}", "birch")
    all_of_birch = {"school_year": None, "as_of_date": AS_OF, **counts(2, of=2, members=2)}
    assert birch == {("all_students", "all"): all_of_birch}


THIS_YEAR = {"school_year": "2026", "as_of_date": AS_OF}
NORTH = {**THIS_YEAR, "school_name": "North School"}
SOUTH = {**THIS_YEAR, "school_name": "South School"}


def test_rpt_school_subgroup(first_night: Warehouse) -> None:
    keys, columns = "school_id, subgroup, value", f"school_year, as_of_date, school_name, {COUNTS}"
    two = "subgroup in ('all_students', 'title_i')"
    assert named(first_night, "rpt_school_subgroup", keys, columns, "alder", two) == {
        ("north", "all_students", "all"): {**NORTH, **counts(4, of=4, members=4)},
        ("north", "title_i", "no"): {**NORTH, **counts(1, of=4, members=1)},
        ("north", "title_i", "not_reported"): {**NORTH, **counts(2, of=4, members=1)},
        ("north", "title_i", "yes"): {**NORTH, **counts(1, of=4, members=1)},
        ("south", "all_students", "all"): {**SOUTH, **counts(2, of=2, members=2)},
        ("south", "title_i", "no"): {**SOUTH, **counts(1, of=2, members=1)},
        ("south", "title_i", "yes"): {**SOUTH, **counts(1, of=2, members=1)},
    }


def test_rpt_course_subgroup(first_night: Warehouse) -> None:
    keys = "school_id, course_id, value"
    columns = f"school_year, as_of_date, school_name, course_title, {COUNTS}"
    learners = "subgroup = 'english_learner'"
    assert named(first_night, "rpt_course_subgroup", keys, columns, "alder", learners) == {
        ("north", "math", "yes"): {**NORTH, "course_title": "Math 3", **counts(1, of=1, members=1)},
        ("north", "unlisted", "not_reported"): {**NORTH, "course_title": None, **counts(1, of=1, members=0)},
        ("south", "art", "yes"): {**SOUTH, "course_title": "Art", **counts(1, of=1, members=1)},
    }


def test_rpt_student_subgroup(first_night: Warehouse) -> None:
    columns = "school_year, as_of_date, student_number, given_name, family_name, grade_level, school_names, subgroups"
    rows = named(first_night, "rpt_student_subgroup", "student_id", columns, "alder")
    assert {student_id for (student_id,) in rows} == {"ada", "bo", "di", "ed", "fay", "gus", "hal"}
    ada = {"student_number": "0101", "given_name": "Ada", "family_name": "Ash", "grade_level": "03"}
    hal = {"student_number": None, "given_name": "Hal", "family_name": "Holm", "grade_level": "03"}
    schools = ["North School", "South School"]
    subgroups = {"english_learner": "yes", "title_i": "yes", "home_language": "Twi", "migrant": "not_reported"}
    nothing = dict.fromkeys(subgroups, "not_reported")
    assert rows["ada",] == {**THIS_YEAR, **ada, "school_names": schools, "subgroups": subgroups}
    assert rows["hal",] == {**THIS_YEAR, **hal, "school_names": [], "subgroups": nothing}
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
