"""Real files of one district (8 students), published as six districts that differ in as_of only; every cell against literals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from tests.night.grand_bend import (
    ALGEBRA,
    ALGEBRA_CLASS,
    AS_OF,
    COURSES,
    ENGLISH,
    ENGLISH_CLASS,
    ENROLLED,
    EVERYBODY,
    HIGH,
    IN_ALGEBRA,
    IN_ENGLISH,
    NOT,
    PEOPLE,
    RAW_VALUES,
    SUBGROUP_FILE,
    SUBGROUPS,
    TITLES,
    VALUES,
    YAML,
)
from tests.support.installation import SAMPLES, Installation, installation_in, lines_of

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One night over the same files under six names."""
    with installation_in(tmp_path_factory.mktemp("grand_bend") / "home") as installation:
        files = sorted((SAMPLES / "edfi_oneroster_1p1").glob("*.csv"))
        for district, as_of in AS_OF.items():
            installation.apply(YAML.format(district=district, as_of=as_of.isoformat()))
            installation.upload(district, "roster", files)
            installation.upload(district, "subgroups", {"subgroups.csv": SUBGROUP_FILE})
        installation.night()
        yield installation


@pytest.fixture(params=list(AS_OF))
def district(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _school_year_and_as_of(district: str) -> tuple[str, date]:
    return "2021", AS_OF[district]


def test_a_district_of_eight_shares_every_row_and_no_number(published: Installation, district: str) -> None:
    file = published.settings.paths.current_snapshot / "shareable.duckdb"
    with duckdb.connect(str(file.resolve()), read_only=True) as connection:
        shared = connection.execute(
            "select subgroup, value, student_count, display_value, student_share_display from public.rpt_district_subgroup "
            "where district_id = ? order by all",
            [district],
        ).fetchall()
    rows = published.ask(f"select subgroup, value from marts.rpt_district_subgroup where district_id = '{district}' order by all")
    assert shared == [(*row, None, "*", "*") for row in rows]


def test_both_deliveries_are_accepted_and_published(published: Installation, district: str) -> None:
    assert [(d["feed"], d["state"], d["verdict"], d["proof"]) for d in published.deliveries(district)] == [
        ("roster", "published", "accepted", "settled"),
        ("subgroups", "published", "accepted", "settled"),
    ]


def test_the_quirks_of_the_real_roster_are_findings_and_no_failures(published: Installation) -> None:
    (delivery,) = published.deliveries("grand_bend", "roster")
    found = {(f["code"], f["severity"], f["file"], f["count"]) for f in delivery["findings"]}
    assert found == {
        ("ROW001", "warning", "users.csv", 2),
        ("PKG004", "warning", "manifest.csv", None),
        ("DUP401", "info", "enrollments.csv", 24),
        *(("EOF001", "info", f"{name}.csv", None) for name in ("courses", "demographics", "enrollments", "users")),
    }
    (row001,) = [f for f in delivery["findings"] if f["code"] == "ROW001"]
    assert row001["line"] == 10
    assert lines_of(published.registry, delivery["delivery_id"], "ROW001") == [10, 11]
    (pkg004,) = [f for f in delivery["findings"] if f["code"] == "PKG004"]
    assert (pkg004["line"], pkg004["column"]) == (2, "manifest.version")


def test_every_row_of_every_file_is_accounted_for(published: Installation) -> None:
    roster, subgroups = published.deliveries("grand_bend")
    landed = {name: (f["records"], f["set_aside"], f["landed"]) for name, f in roster["counts"]["files"].items()}
    assert landed == {
        "orgs.csv": (2, 0, 2),
        "academicSessions.csv": (3, 0, 3),
        "courses.csv": (2, 0, 2),
        "classes.csv": (2, 0, 2),
        "users.csv": (10, 0, 10),
        "enrollments.csv": (24, 0, 24),
        "demographics.csv": (8, 0, 8),
    }
    assert roster["counts"]["active_students"] == 8
    assert {k: subgroups["counts"][k] for k in ("student_ids", "matched", "absent_students")} == {
        "student_ids": 7,
        "matched": 7,
        "absent_students": 1,
    }
    assert {row[0] for row in published.ask("select is_balanced from quality.reconciliation")} == {True}


def test_the_subgroup_file_has_three_findings(published: Installation) -> None:
    (delivery,) = published.deliveries("grand_bend", "subgroups")
    assert [(f["code"], f["file"], f["column"], f["line"], f["count"]) for f in delivery["findings"]] == [
        ("CEL101", "subgroups.csv", None, 7, 1),
        ("SUB507", "subgroups.csv", None, None, 1),
        ("SUB506", "subgroups.csv", "sped", 5, 1),
    ]


def test_the_district(published: Installation, district: str) -> None:
    roster, subgroups = published.deliveries(district)
    rows = published.ask(
        "select district_name, as_of_date, school_year, student_count, roster_delivery_id, subgroup_delivery_id, "
        "strftime(roster_received_at, '%Y-%m-%dT%H:%M:%S.%fZ'), strftime(subgroup_received_at, '%Y-%m-%dT%H:%M:%S.%fZ'), "
        f"published_at > subgroup_received_at from marts.dim_district where district_id = '{district}'"
    )
    assert rows == [
        (
            "Grand Bend ISD", AS_OF[district], "2021", 8, roster["delivery_id"], subgroups["delivery_id"],
            roster["received_at"], subgroups["received_at"], True,
        )
    ]  # fmt: skip


def test_the_schools_and_courses(published: Installation, district: str) -> None:
    schools = published.ask(
        f"select school_id, school_name, student_count from marts.dim_school where district_id = '{district}'"
    )
    assert schools == [(HIGH, "Grand Bend High School", 8)]
    courses = published.ask(f"select * exclude (district_id) from marts.dim_course where district_id = '{district}' order by 2")
    enrolled = 5 if district in ENROLLED else 0
    assert courses == [(HIGH, ALGEBRA, "Algebra I", "ALG-1", enrolled), (HIGH, ENGLISH, "English I", "ENG-1", enrolled)]


def test_the_students(published: Installation, district: str) -> None:
    students = published.ask(f"select * exclude (district_id) from marts.dim_student where district_id = '{district}' order by 1")
    assert students == [(student, *names, "09", True) for student, names in PEOPLE.items()]


def test_the_subgroups_and_their_values(published: Installation) -> None:
    rows = published.ask(
        "select subgroup, value, subgroup_label, value_label, source_column, sensitivity from marts.dim_subgroup "
        "where district_id = 'grand_bend' order by display_order"
    )
    disabilities = ("students_with_disabilities", "Students with disabilities", "sped", "standard")

    def row(of: tuple[str, str, str, str], value: str, label: str) -> tuple[str, ...]:
        return of[0], value, of[1], label, of[2], of[3]

    learner = ("english_learner", "English learner", "ell", "standard")
    title = ("title_i", "Title I", "title_i", "standard")
    language = ("home_language", "Home language", "home_lang", "standard")
    yes_no = (("yes", "Yes"), ("no", "No"), (NOT, "Not reported"))
    languages = ((name, name) for name in ("English", "Spanish", "Vietnamese", "spanish"))
    assert rows == [
        ("all_students", "all", "All students", "All", None, "standard"),
        *(row(learner, *value) for value in yes_no),
        *(row(disabilities, *value) for value in yes_no),
        *(row(title, *value) for value in yes_no),
        *(row(language, *value) for value in languages),
        row(language, NOT, "Not reported"),
    ]


def test_enrollments_hold_from_begin_to_the_day_before_end(published: Installation, district: str) -> None:
    rows = published.ask(f"select * exclude (district_id) from marts.fct_enrollment where district_id = '{district}'")
    in_spring = district == "gb_spring_begins"
    days = (date(2021, 1, 4), date(2021, 5, 28)) if in_spring else (date(2020, 8, 17), date(2020, 12, 18))
    expected = {(student, HIGH, ENGLISH, ENGLISH_CLASS, *days) for student in IN_ENGLISH}
    expected |= {(student, HIGH, ALGEBRA, ALGEBRA_CLASS, *days) for student in IN_ALGEBRA}
    assert len(rows) == len(set(rows))
    assert set(rows) == (expected if district in ENROLLED else set())


def test_the_values_of_every_student(published: Installation, district: str) -> None:
    roster, subgroups = published.deliveries(district)
    rows = published.ask(
        "select student_id, subgroup, value, raw_value, source, delivery_id, strftime(received_at, '%Y-%m-%dT%H:%M:%S.%fZ') "
        f"from marts.fct_student_subgroup where district_id = '{district}'"
    )
    expected: set[tuple[Any, ...]] = set()
    for student in PEOPLE:
        expected.add((student, "all_students", "all", None, "roster", roster["delivery_id"], roster["received_at"]))
        delivery_id = None if student == "604974" else subgroups["delivery_id"]
        for at, subgroup in enumerate(SUBGROUPS):
            cell = (VALUES[student][at], RAW_VALUES[student][at])
            expected.add((student, subgroup, *cell, "file", delivery_id, subgroups["received_at"]))
    assert len(rows) == 40
    assert set(rows) == expected


def test_the_district_report(published: Installation, district: str) -> None:
    rows = published.ask(
        "select subgroup, value, school_year, as_of_date, student_count, total_students, student_share "
        f"from marts.rpt_district_subgroup where district_id = '{district}'"
    )
    about = _school_year_and_as_of(district)
    assert sorted(rows) == sorted((*pair, *about, count, 8, count / 8) for pair, count in EVERYBODY.items())


def test_the_school_report(published: Installation, district: str) -> None:
    rows = published.ask(
        "select school_id, subgroup, value, school_year, as_of_date, school_name, student_count, total_students, "
        f"student_share from marts.rpt_school_subgroup where district_id = '{district}'"
    )
    about = (*_school_year_and_as_of(district), "Grand Bend High School")
    assert sorted(rows) == sorted((HIGH, *pair, *about, count, 8, count / 8) for pair, count in EVERYBODY.items())


def test_the_course_report(published: Installation, district: str) -> None:
    rows = published.ask(
        "select school_id, course_id, subgroup, value, school_year, as_of_date, school_name, course_title, student_count, "
        f"total_students, student_share from marts.rpt_course_subgroup where district_id = '{district}'"
    )
    about = (*_school_year_and_as_of(district), "Grand Bend High School")
    expected = [
        (HIGH, course, *pair, *about, TITLES[course][0], count, 5, count / 5)
        for course, counts in COURSES.items()
        for pair, count in counts.items()
    ]
    assert sorted(rows) == (sorted(expected) if district in ENROLLED else [])


def test_the_student_report_with_its_map(published: Installation, district: str) -> None:
    rows = published.ask(
        "select student_id, school_year, as_of_date, student_number, given_name, family_name, grade_level, school_names, "
        f"subgroups from marts.rpt_student_subgroup where district_id = '{district}' order by student_id"
    )
    about = _school_year_and_as_of(district)
    assert rows == [
        (student, *about, *names, "09", ["Grand Bend High School"], dict(zip(SUBGROUPS, VALUES[student], strict=True)))
        for student, names in PEOPLE.items()
    ]


def test_a_map_is_asked_by_its_key(published: Installation) -> None:
    rows = published.ask(
        "select student_number from marts.rpt_student_subgroup "
        "where district_id = 'grand_bend' and subgroups['english_learner'] = 'yes' order by 1"
    )
    assert rows == [("015",), ("863",), ("918",)]


def test_a_real_roster_without_a_gradebook_has_no_scores(published: Installation) -> None:
    assert published.ask("select count(*) from marts.fct_result") == [(0,)]
    for level in ("district", "school", "course"):
        scores = f"select distinct scored_students, mean_score_pct, score_gap_pct from marts.rpt_{level}_subgroup"
        assert published.ask(scores) == [(0, None, None)]
