"""Each finding code, planted alone in a delivery of its own, is found there and nowhere else, in one validation a table."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from subgroup_pipeline.landing.warehouse import RAW_TABLES
from subgroup_pipeline.quality.expectations import checks_of, suite_names
from subgroup_pipeline.quality.validation import Failure, Validation, validate
from subgroup_pipeline.settings import Settings

from .conftest import CLEAN, Land, LandMany, Rows


def _set(table: str, row: int, **cells: str | None) -> Callable[[Rows], None]:
    return lambda rows: rows[table][row].update(cells)


def _add(table: str, copy_of: int, **cells: Any) -> Callable[[Rows], None]:  # noqa: ANN401
    return lambda rows: rows[table].append(copy.deepcopy(rows[table][copy_of]) | cells)


def _user_twin(rows: Rows) -> None:
    rows["users"].append(rows["users"][0] | {"sourcedId": "u9"})


# Each name has: the change, then the code, table, check, column, number of rows and keys that are expected of it.
PLANTED: dict[str, tuple[Callable[[Rows], None], str, str, str, str, int, tuple[str, ...]]] = {
    "blank_key": (_add("courses", 0, sourcedId=" \t\u00a0"), "KEY001", "courses", "sourcedId_is_not_null", "sourcedId", 1, ()),
    "blank_key_demographics": (
        _set("demographics", 1, sourcedId=""), "KEY001", "demographics", "sourcedId_is_not_null", "sourcedId", 1, ()),
    "two_of_a_key": (_add("users", 0), "KEY002", "users", "sourcedId_is_unique", "sourcedId", 2, ("u1",)),
    "two_of_an_enrollment": (
        _add("enrollments", 0, classSourcedId="k2", schoolSourcedId="s2"),
        "KEY002", "enrollments", "rows_are_unique", "sourcedId", 2, ("e1",)),
    "unknown_org": (
        _set("users", 1, orgSourcedIds="s1, s9"), "REF101", "users", "orgSourcedIds_are_in_orgs", "orgSourcedIds", 1, ("u2",)),
    "no_org": (_set("users", 1, orgSourcedIds=" "), "REF101", "users", "orgSourcedIds_are_in_orgs", "orgSourcedIds", 1, ("u2",)),
    "unknown_course": (
        _set("classes", 0, courseSourcedId="c9"), "REF102", "classes", "courseSourcedId_is_in_courses", "courseSourcedId", 1,
        ("k1",)),
    "class_of_a_district": (
        lambda rows: [_set("classes", 0, schoolSourcedId="d1")(rows)]
        + [entry.update(schoolSourcedId="d1") for entry in rows["enrollments"] if entry["classSourcedId"] == "k1"],
        "REF103", "classes", "schoolSourcedId_is_a_school", "schoolSourcedId", 1, ("k1",)),
    "unknown_term": (
        _set("classes", 1, termSourcedIds="t1,t9"), "REF104", "classes", "termSourcedIds_are_in_academic_sessions",
        "termSourcedIds", 1, ("k2",)),
    "unknown_class": (
        _set("enrollments", 1, classSourcedId="k9"), "REF105", "enrollments", "class_is_known_and_school_agrees",
        "classSourcedId", 1, ("e2",)),
    "unknown_user": (
        _set("enrollments", 1, userSourcedId="U2"), "REF106", "enrollments", "userSourcedId_is_in_users", "userSourcedId", 1,
        ("e2",)),
    "course_without_org": (
        _set("courses", 0, orgSourcedId=None), "REF107", "courses", "orgSourcedId_is_in_orgs", "orgSourcedId", 1, ("c1",)),
    "nobodys_demographics": (
        _add("demographics", 0, sourcedId="u8"), "REF108", "demographics", "sourcedId_is_in_users", "sourcedId", 1, ("u8",)),
    "other_school": (
        _set("enrollments", 0, schoolSourcedId="s2"), "REF109", "enrollments", "class_is_known_and_school_agrees",
        "schoolSourcedId", 1, ("e1",)),
    "role": (_set("users", 3, role="wizard"), "VOC201", "users", "role_is_known", "role", 1, ("u4",)),
    "no_role": (_set("enrollments", 0, role=None), "VOC201", "enrollments", "role_is_known", "role", 1, ("e1",)),
    "enabled": (_set("users", 0, enabledUser=""), "VOC201", "users", "enabledUser_is_known", "enabledUser", 1, ("u1",)),
    "status": (_set("orgs", 0, status="inactive"), "VOC201", "orgs", "status_is_known", "status", 1, ("d1",)),
    "sex": (_set("demographics", 0, sex="f"), "VOC201", "demographics", "sex_is_known", "sex", 1, ("u1",)),
    "class_type": (_set("classes", 0, classType="lab"), "VOC201", "classes", "classType_is_known", "classType", 1, ("k1",)),
    "no_start": (
        _set("academic_sessions", 0, startDate=""), "DAT301", "academic_sessions", "dates_are_readable_and_in_order",
        "startDate", 1, ("t1",)),
    "us_date": (
        _set("enrollments", 1, endDate="12/18/2026"), "DAT301", "enrollments", "dates_are_readable_and_in_order", "endDate", 1,
        ("e2",)),
    "no_such_day": (
        _set("demographics", 0, birthDate="2015-02-29"), "DAT301", "demographics", "birthDate_is_readable", "birthDate", 1,
        ("u1",)),
    "year": (
        _set("academic_sessions", 0, schoolYear="26-27"), "DAT301", "academic_sessions", "schoolYear_is_a_year", "schoolYear",
        1, ("t1",)),
    "ends_first": (
        _set("enrollments", 0, endDate="2026-08-16"), "DAT302", "enrollments", "dates_are_readable_and_in_order", "endDate", 1,
        ("e1",)),
    "session_ends_first": (
        _set("academic_sessions", 1, endDate="2027-01-01"), "DAT302", "academic_sessions", "dates_are_readable_and_in_order",
        "endDate", 1, ("t2",)),
    "enrolled_twice": (
        _add("enrollments", 0, sourcedId="e9", beginDate="2027-01-05", endDate="2027-05-28"), "DUP401", "enrollments",
        "rows_are_unique", "userSourcedId", 2, ("e1",)),
    "blank_student": (
        _add("subgroup_row", 0, student_id=" "), "SUB501", "subgroup_row", "student_id_is_not_null", "student_id", 1, ()),
    "two_answers": (
        _add("subgroup_row", 0, student_id="101\u00a0", cells={"ell": "N", "sped": ""}), "SUB502", "subgroup_row",
        "student_id_states_one_thing", "student_id", 2, ("101",)),
    "nobody": (
        _add("subgroup_row", 0, student_id="0101"), "SUB503", "subgroup_row", "student_id_matches_one_active_student",
        "student_id", 1, ("0101",)),
    "scientific": (
        _add("subgroup_row", 0, student_id=" 1.23457E+11"), "SUB510", "subgroup_row", "student_id_matches_one_active_student",
        "student_id", 1, (" 1.23457E+11",)),
    "excel_wreck": (
        _add("subgroup_row", 0, student_id="1-Jan"), "SUB511", "subgroup_row", "student_id_matches_one_active_student",
        "student_id", 1, ("1-Jan",)),
    "invisible": (
        _add("subgroup_row", 0, student_id="101\u200b"), "SUB512", "subgroup_row", "student_id_matches_one_active_student",
        "student_id", 1, ("101\u200b",)),
    "two_students": (
        _user_twin, "SUB504", "subgroup_row", "student_id_matches_one_active_student", "student_id", 1, ("101",)),
    "disabled_student": (
        _add("subgroup_row", 0, student_id="103"), "SUB505", "subgroup_row", "student_id_matches_one_active_student",
        "student_id", 1, ("103",)),
    "teacher": (
        _add("subgroup_row", 0, student_id="104"), "SUB505", "subgroup_row", "student_id_matches_one_active_student",
        "student_id", 1, ("104",)),
}  # fmt: skip


@pytest.fixture(scope="module")
def planted(land_many: LandMany) -> Validation:
    deliveries = {name: copy.deepcopy(CLEAN) for name in [*PLANTED, "clean_1", "clean_2"]}
    for name, (change, *_) in PLANTED.items():
        change(deliveries[name])
    return validate(land_many(deliveries), RAW_TABLES, run_name="codes")


def test_each_delivery_has_exactly_the_failure_that_was_planted(planted: Validation) -> None:
    found: dict[str, list[Failure]] = {}
    for failure in planted.failures:
        found.setdefault(failure.delivery_id.removesuffix(":sub"), []).append(failure)
    seen = {
        name: [(one.code, one.table, one.check, one.column, one.count, one.keys) for one in failures]
        for name, failures in found.items()
    }
    assert seen == {name: [tuple(expected)] for name, (_, *expected) in PLANTED.items()}
    assert {failure.key_column for failure in planted.failures} == {"sourcedId", "student_id"}


def test_every_code_of_the_suites_is_planted() -> None:
    codes = {rule.code for table in suite_names() for check in checks_of(table) for rule in check.rules}
    assert codes == {code for _, code, *_ in PLANTED.values()}


def test_totals_and_rows_speak_of_all_deliveries(planted: Validation, clean: Rows) -> None:
    assert planted.rows["users", "clean_1"] == len(clean["users"])
    assert planted.rows["subgroup_row", "nobody:sub"] == len(clean["subgroup_row"]) + 1
    totals = {(total.table, total.check): total for total in planted.checks}
    assert len(totals) == len(planted.checks) == sum(len(checks_of(table)) for table in suite_names())
    match = totals["subgroup_row", "student_id_matches_one_active_student"]
    assert (match.failing_rows, match.failing_deliveries, match.passed, match.severity) == (7, 7, False, "critical")
    unfailed = totals["courses", "sourcedId_is_unique"]
    assert (unfailed.failing_rows, unfailed.passed, unfailed.severity) == (0, True, "critical")


def test_a_mild_rule_of_a_grave_check_makes_it_mild(settings: Settings, land: Land, clean: Rows) -> None:
    land("r", clean | {"enrollments": [*clean["enrollments"], clean["enrollments"][0] | {"sourcedId": "e9"}]})
    validation = validate(settings, ["enrollments"], run_name="dup")
    total = next(total for total in validation.checks if total.check == "rows_are_unique")
    assert (total.severity, total.passed) == ("info", False)


def test_what_student_id_is_matched_against(settings: Settings, land: Land, clean: Rows) -> None:
    fields = {
        "users.sourcedId": ("u2", "u3"),
        "users.identifier": ("102", "103"),
        "users.username": ("bob", "cyd"),
        "userIds:Local": ("2", "3"),
        "metadata.sis": ("a2", "a3"),
    }
    for match_field, (known, inactive) in fields.items():
        ids = (f"\u00a0 {known}\t", inactive, "{Local:2}", "x")
        rows = clean | {"subgroup_row": [{"student_id": one, "cells": {"ell": "Y"}} for one in ids]}
        land(match_field, rows, match_field=match_field)
    failures = validate(settings, ["subgroup_row"], run_name="match").failures
    expected = [("SUB503", field, ("x", "{Local:2}")) for field in fields]
    expected += [("SUB505", field, (inactive,)) for field, (_, inactive) in fields.items()]
    seen = [(one.code, one.delivery_id.removesuffix(":sub"), one.keys) for one in failures]
    assert sorted(seen) == sorted(expected)


def test_without_a_roster_nothing_is_matched(settings: Settings, land: Land, clean: Rows) -> None:
    rows = {"subgroup_row": [*clean["subgroup_row"], {"student_id": "nobody", "cells": {}}, {"student_id": "", "cells": {}}]}
    land("alone", rows, roster=None)
    failures = validate(settings, ["subgroup_row"], run_name="alone").failures
    assert [failure.code for failure in failures] == ["SUB501"]


def test_rows_to_be_deleted_refer_to_anything(settings: Settings, land: Land, clean: Rows) -> None:
    rows = copy.deepcopy(clean)
    gone = {"status": "tobedeleted"}
    rows["users"].append({"sourcedId": "u7", "role": "student", "enabledUser": "true", "orgSourcedIds": "gone"} | gone)
    rows["enrollments"].append({"sourcedId": "e7", "classSourcedId": "gone", "userSourcedId": "gone", "role": "student"} | gone)
    rows["classes"].append({"sourcedId": "k7", "classType": "homeroom"} | gone)
    land("r", rows)
    assert validate(settings, RAW_TABLES, run_name="deleted").failures == []
