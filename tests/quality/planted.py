"""One defect per finding code of the suites: how it is planted in clean rows, and the failure that must come of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.quality.conftest import Rows


def _set(table: str, row: int, **cells: str | None) -> Callable[[Rows], None]:
    return lambda rows: rows[table][row].update(cells)


def _add(table: str, copy_of: int, **cells: Any) -> Callable[[Rows], None]:  # noqa: ANN401
    return lambda rows: rows[table].append(copy.deepcopy(rows[table][copy_of]) | cells)


def _all(table: str, **cells: str) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        for entry in rows[table]:
            entry.update(cells)

    return change


def _ring(rows: Rows) -> None:
    rows["academic_sessions"][2].update(parentSourcedId="t1")
    rows["academic_sessions"][1].update(parentSourcedId=None)


def _second_teacher(rows: Rows) -> None:
    _add("users", 3, sourcedId="u6", username="eve")(rows)
    _add("enrollments", 2, sourcedId="e9", userSourcedId="u6")(rows)


def _without_enrollment(row: int) -> Callable[[Rows], None]:
    def change(rows: Rows) -> None:
        rows["enrollments"].pop(row)

    return change


def _later(rows: Rows) -> None:
    rows["classes"][0].update(termSourcedIds="t2")


def _user_twin(rows: Rows) -> None:
    rows["users"].append(rows["users"][0] | {"sourcedId": "u9"})


# Each name has: the change, then the code, table, check, column, number of rows and keys that are expected of it.
PLANTED: dict[str, tuple[Callable[[Rows], object], str, str, str, str, int, tuple[str, ...]]] = {
    "blank_key": (_add("courses", 0, sourcedId=" \t\u00a0"), "KEY001", "courses", "sourcedId_is_not_null", "sourcedId", 1, ()),
    "blank_key_demographics": (
        _set("demographics", 1, sourcedId="", sex="male"), "KEY001", "demographics", "sourcedId_is_not_null", "sourcedId", 1, ()),
    "two_of_a_key": (_add("users", 0), "KEY002", "users", "sourcedId_is_unique", "sourcedId", 2, ("u1",)),
    "two_of_an_enrollment": (
        _add("enrollments", 0, classSourcedId="k2", schoolSourcedId="s2"),
        "KEY006", "enrollments", "rows_are_unique", "sourcedId", 2, ("e11",)),
    "enrollment_without_key": (
        _set("enrollments", 1, sourcedId=""), "KEY005", "enrollments", "rows_are_unique", "sourcedId", 1, ()),
    "unknown_org": (
        _set("users", 1, orgSourcedIds="s1,s9"), "REF101", "users", "orgSourcedIds_are_in_orgs", "orgSourcedIds", 1, ("u2",)),
    "no_org": (_set("users", 1, orgSourcedIds=" "), "REQ101", "users", "cells_are_complete", "orgSourcedIds", 1, ("u2",)),
    "no_school": (
        _set("enrollments", 0, schoolSourcedId=""), "REQ101", "enrollments", "rows_can_be_used", "schoolSourcedId", 1, ("e11",)),
    "unknown_course": (
        _set("classes", 0, courseSourcedId="c9"), "REF102", "classes", "courseSourcedId_is_in_courses", "courseSourcedId", 1,
        ("k1",)),
    "class_of_a_district": (
        lambda rows: [_set("classes", 0, schoolSourcedId="d1")(rows)]
        + [entry.update(schoolSourcedId="d1") for entry in rows["enrollments"] if entry["classSourcedId"] == "k1"],
        "REF103", "classes", "rows_can_be_used", "schoolSourcedId", 1, ("k1",)),
    "unknown_term": (
        _set("classes", 1, termSourcedIds="t1,t9"), "REF104", "classes", "termSourcedIds_are_in_academic_sessions",
        "termSourcedIds", 1, ("k2",)),
    "unknown_class": (
        _set("enrollments", 1, classSourcedId="k9"), "REF105", "enrollments", "rows_can_be_used",
        "classSourcedId", 1, ("e22",)),
    "unknown_user": (
        _set("enrollments", 1, userSourcedId="U2"), "REF106", "enrollments", "rows_can_be_used", "userSourcedId", 1,
        ("e22",)),
    "course_without_org": (
        _set("courses", 0, orgSourcedId=None), "REQ101", "courses", "cells_are_complete", "orgSourcedId", 1, ("c1",)),
    "course_of_an_unknown_org": (
        _set("courses", 0, orgSourcedId="s9"), "REF107", "courses", "orgSourcedId_is_in_orgs", "orgSourcedId", 1, ("c1",)),
    "nobodys_demographics": (
        _add("demographics", 0, sourcedId="u8"), "REF108", "demographics", "sourcedId_is_in_users", "sourcedId", 1, ("u8",)),
    "other_school": (
        _set("enrollments", 0, schoolSourcedId="s2"), "REF109", "enrollments", "rows_can_be_used",
        "schoolSourcedId", 1, ("e11",)),
    "role": (_set("users", 3, role="wizard"), "VOC203", "users", "rows_can_be_used", "role", 1, ("u4",)),
    "no_role": (_set("enrollments", 0, role=None), "VOC203", "enrollments", "rows_can_be_used", "role", 1, ("e11",)),
    "enabled": (_set("users", 0, enabledUser=""), "VOC209", "users", "words_are_known", "enabledUser", 1, ("u1",)),
    "enabled_another_way": (_set("users", 2, enabledUser="N"), "VOC207", "users", "words_are_known", "enabledUser", 1, ("u3",)),
    "enabled_perhaps": (_set("users", 2, enabledUser="?"), "VOC206", "users", "rows_can_be_used", "enabledUser", 1, ("u3",)),
    "inactive": (_set("orgs", 0, status="inactive"), "VOC208", "orgs", "words_are_known", "status", 1, ("d1",)),
    "status": (_set("orgs", 0, status="NULL"), "VOC205", "orgs", "rows_can_be_used", "status", 1, ("d1",)),
    "school_set_aside": (_set("orgs", 2, status="NULL"), "REF115", "classes", "rows_can_be_used", "schoolSourcedId", 1, ("k2",)),
    "class_set_aside": (
        _set("classes", 1, status="NULL"), "ENR108", "enrollments", "rows_can_be_used", "classSourcedId", 2, ("e22", "e42")),
    "sex": (_set("demographics", 0, sex="f"), "VOC201", "demographics", "words_are_known", "sex", 1, ("u1",)),
    "class_type": (_set("classes", 0, classType="lab"), "VOC201", "classes", "words_are_known", "classType", 1, ("k1",)),
    "no_start": (
        _set("academic_sessions", 0, startDate=""), "DAT301", "academic_sessions", "rows_can_be_used",
        "startDate", 1, ("t1",)),
    "us_date": (
        _set("enrollments", 1, endDate="12/18/26"), "DAT301", "enrollments", "rows_can_be_used", "endDate", 1,
        ("e22",)),
    "no_such_day": (
        _set("demographics", 0, birthDate="2015-02-29"), "DAT304", "demographics", "words_are_known", "birthDate", 1,
        ("u1",)),
    "year": (
        _set("academic_sessions", 0, schoolYear="26-27"), "DAT305", "academic_sessions", "cells_are_complete", "schoolYear",
        1, ("t1",)),
    "ends_first": (
        _set("enrollments", 0, endDate="2026-08-16"), "DAT302", "enrollments", "rows_can_be_used", "endDate", 1,
        ("e11",)),
    "session_ends_first": (
        _set("academic_sessions", 1, endDate="2027-01-01"), "DAT302", "academic_sessions", "rows_can_be_used",
        "endDate", 1, ("t2",)),
    "enrolled_twice": (
        _add("enrollments", 0, sourcedId="e9", beginDate="2027-01-05", endDate="2027-05-28"), "DUP401", "enrollments",
        "rows_are_unique", "userSourcedId", 2, ("e11", "e9")),
    "odd_key": (
        _add("courses", 0, sourcedId="c,2"), "KEY003", "courses", "rows_can_be_used", "sourcedId", 1, ("c,2",)),
    "key_with_a_space": (
        _add("courses", 0, sourcedId="c 2"), "KEY004", "courses", "sourcedId_is_a_guid", "sourcedId", 1, ("c 2",)),
    "long_key": (
        _add("orgs", 1, sourcedId="s" * 256), "KEY003", "orgs", "rows_can_be_used", "sourcedId", 1, ("s" * 256,)),
    "odd_key_of_an_enrollment": (
        _set("enrollments", 1, sourcedId="e 2"), "KEY004", "enrollments", "sourcedId_is_a_guid", "sourcedId", 1, ("e 2",)),
    "no_name": (_set("users", 2, familyName=" "), "REQ101", "users", "cells_are_complete", "familyName", 1, ("u3",)),
    "no_title": (_set("classes", 1, title=""), "REQ101", "classes", "cells_are_complete", "title", 1, ("k2",)),
    "no_agent": (
        _set("users", 0, agentSourcedIds="u4,p9"), "REF110", "users", "agentSourcedIds_are_in_users", "agentSourcedIds", 1,
        ("u1",)),
    "no_parent": (
        _set("academic_sessions", 0, parentSourcedId="y9"), "REF111", "academic_sessions", "parents_are_a_tree",
        "parentSourcedId", 1, ("t1",)),
    "ring": (_ring, "REF112", "academic_sessions", "parents_are_a_tree", "parentSourcedId", 2, ("t1", "y1")),
    "own_parent": (
        _set("orgs", 0, parentSourcedId="d1"), "REF112", "orgs", "parents_are_a_tree", "parentSourcedId", 1, ("d1",)),
    "no_district": (
        _set("orgs", 2, parentSourcedId=""), "REF113", "orgs", "parents_are_a_tree", "parentSourcedId", 1, ("s2",)),
    "no_school_year": (
        _set("courses", 0, schoolYearSourcedId="t1"), "REF114", "courses", "schoolYearSourcedId_is_a_school_year",
        "schoolYearSourcedId", 1, ("c1",)),
    "capitals": (_set("users", 1, role="Student"), "VOC202", "users", "words_are_known", "role", 1, ("u2",)),
    "capitals_of_a_status": (_set("orgs", 2, status="Active"), "VOC202", "orgs", "words_are_known", "status", 1, ("s2",)),
    "type_of_org": (_add("orgs", 1, sourcedId="x1", type="team"), "VOC203", "orgs", "rows_can_be_used", "type", 1, ("x1",)),
    "primary": (
        _set("enrollments", 0, primary="?"), "VOC201", "enrollments", "words_are_known", "primary", 1, ("e11",)),
    "race_flag": (_set("demographics", 1, asian="Y"), "VOC207", "demographics", "words_are_known", "asian", 1, ("u2",)),
    "grade": (_set("users", 0, grades="08,3"), "VOC204", "users", "cells_are_complete", "grades", 1, ("u1",)),
    "time_of_change": (
        _set("orgs", 1, dateLastModified="9/1/2026"), "DAT303", "orgs", "words_are_known", "dateLastModified", 1, ("s1",)),
    "year_of_another_time": (
        _set("academic_sessions", 1, schoolYear="2026"), "DAT305", "academic_sessions", "cells_are_complete", "schoolYear", 1,
        ("t2",)),
    "no_such_term_day": (
        _set("academic_sessions", 0, endDate="2026-11-31"), "DAT301", "academic_sessions", "rows_can_be_used",
        "endDate", 1, ("t1",)),
    "spaces_in_a_list": (
        _set("classes", 0, termSourcedIds="t1, t2"), "LST101", "classes", "cells_are_complete", "termSourcedIds", 1, ("k1",)),
    "empty_member": (
        _set("users", 0, orgSourcedIds="s1,s2,"), "LST101", "users", "cells_are_complete", "orgSourcedIds", 1, ("u1",)),
    "subjects": (
        _set("classes", 0, subjectCodes="1"), "LST102", "classes", "cells_are_complete", "subjectCodes", 1, ("k1",)),
    "user_ids": (_set("users", 2, userIds="863"), "LST103", "users", "cells_are_complete", "userIds", 1, ("u3",)),
    "username_twice": (
        _set("users", 2, username="dee"), "DUP402", "users", "username_is_unique", "username", 2, ("u3", "u4")),
    "bulk_with_status": (
        _set("classes", 0, status="active"), "DLT101", "classes", "status_and_date_agree_with_the_mode", "status", 1, ("k1",)),
    "delta_without_status": (
        _all("orgs", status="active"), "DLT102", "orgs", "status_and_date_agree_with_the_mode", "status", 3,
        ("d1", "s1", "s2")),
    "bulk_like_changes": (
        _all("courses", status="active", dateLastModified="2026-09-01T03:00:00.000Z"), "DLT103", "courses",
        "status_and_date_agree_with_the_mode", "status", 1, ("c1",)),
    "student_teaches": (
        _add("enrollments", 0, sourcedId="e9", role="teacher"), "ENR101", "enrollments", "rows_can_be_used", "role", 1,
        ("e9",)),
    "two_primary_teachers": (
        _second_teacher, "ENR102", "enrollments", "class_has_one_primary_teacher", "primary", 2, ("e41", "e9")),
    "disabled_and_enrolled": (
        _add("enrollments", 0, sourcedId="e9", userSourcedId="u3"), "ENR103", "enrollments", "rows_can_be_used",
        "userSourcedId", 1, ("e9",)),
    "class_deleted": (
        _set("classes", 1, status="toBeDeleted"), "ENR103", "enrollments", "rows_can_be_used",
        "classSourcedId", 2, ("e22", "e42")),
    "later": (_later, "ENR104", "classes", "class_is_taught", "termSourcedIds", 1, ("k1",)),
    "no_students": (
        _without_enrollment(1), "ENR105", "classes", "class_is_taught", "sourcedId", 1, ("k2",)),
    "no_teacher": (
        _without_enrollment(3), "ENR106", "classes", "class_is_taught", "sourcedId", 1, ("k2",)),
    "in_no_class": (
        _without_enrollment(1), "ENR107", "users", "student_is_enrolled", "sourcedId", 1, ("u2",)),
    "line_item_without_key": (
        _add("line_items", 0, sourcedId=""), "GRD611", "line_items", "rows_can_be_used", "sourcedId", 1, ()),
    "two_line_items_of_a_key": (
        _add("line_items", 0, dueDate="2026-09-04"), "GRD612", "line_items", "sourcedId_is_unique", "sourcedId", 2, ("li1",)),
    "line_item_of_an_unknown_class": (
        _set("line_items", 0, classSourcedId="k9"), "GRD613", "line_items", "rows_can_be_used", "classSourcedId", 1, ("li1",)),
    "no_points": (
        _set("line_items", 0, resultValueMin="none"), "GRD614", "line_items", "rows_can_be_used", "resultValueMin", 1, ("li1",)),
    "points_without_a_span": (
        _set("line_items", 1, resultValueMax="0.0"), "GRD614", "line_items", "rows_can_be_used", "resultValueMax", 1, ("li2",)),
    "school_year_is_no_grading_period": (
        _set("line_items", 0, gradingPeriodSourcedId="y1"), "GRD615", "line_items", "gradingPeriodSourcedId_is_a_period",
        "gradingPeriodSourcedId", 1, ("li1",)),
    "due_on_no_day": (
        _set("line_items", 0, dueDate="2026-08-32"), "DAT304", "line_items", "words_are_known", "dueDate", 1, ("li1",)),
    "result_of_an_unknown_line_item": (
        _set("results", 0, lineItemSourcedId="LI1"), "GRD621", "results", "rows_can_be_used", "lineItemSourcedId", 1, ("r1",)),
    "result_of_nobody": (
        _set("results", 0, studentSourcedId="u9"), "GRD622", "results", "rows_can_be_used", "studentSourcedId", 1, ("r1",)),
    "result_of_a_teacher": (
        _set("results", 1, studentSourcedId="u4"), "GRD623", "results", "rows_can_be_used", "studentSourcedId", 1, ("r2",)),
    "score_status": (
        _set("results", 1, scoreStatus="graded"), "GRD624", "results", "rows_can_be_used", "scoreStatus", 1, ("r2",)),
    "capitals_of_a_score_status": (
        _set("results", 1, scoreStatus="Fully Graded"), "VOC202", "results", "words_are_known", "scoreStatus", 1, ("r2",)),
    "letter_grade": (_set("results", 0, score="B+"), "GRD625", "results", "rows_can_be_used", "score", 1, ("r1",)),
    "endless_score": (_set("results", 0, score="inf"), "GRD625", "results", "rows_can_be_used", "score", 1, ("r1",)),
    "two_scores": (
        _add("results", 0, sourcedId="r9", score="12"), "GRD626", "results", "rows_can_be_used", "score", 2, ("r1", "r9")),
    "one_score_twice": (
        _add("results", 0, sourcedId="r9", score="17.50"), "GRD627", "results", "rows_can_be_used", "score", 2, ("r1", "r9")),
    "extra_points": (_set("results", 0, score="21"), "GRD628", "results", "rows_can_be_used", "score", 1, ("r1",)),
    "negative_points": (_set("results", 0, score="-1"), "GRD628", "results", "rows_can_be_used", "score", 1, ("r1",)),
    "result_in_another_class": (
        _set("results", 0, lineItemSourcedId="li2"), "GRD629", "results", "rows_can_be_used", "studentSourcedId", 1, ("r1",)),
    "result_of_a_student_who_left": (
        _set("results", 0, studentSourcedId="u3"), "GRD630", "results", "rows_can_be_used", "studentSourcedId", 1, ("r1",)),
    "result_of_a_deleted_line_item": (
        _set("line_items", 0, status="tobedeleted"), "GRD630", "results", "rows_can_be_used", "lineItemSourcedId", 1, ("r1",)),
    "student_of_a_result_set_aside": (
        _set("users", 1, enabledUser="?"), "GRD631", "results", "rows_can_be_used", "studentSourcedId", 1, ("r2",)),
    "line_item_set_aside": (
        _set("line_items", 1, status="NULL"), "GRD631", "results", "rows_can_be_used", "lineItemSourcedId", 1, ("r2",)),
    "two_results_of_a_key": (
        _set("results", 1, sourcedId="r1"), "KEY006", "results", "sourcedId_is_unique", "sourcedId", 2, ("r1",)),
    "results_delta_without_status": (
        _all("results", status="active"), "GRD632", "results", "status_and_date_agree_with_the_mode", "status", 2, ("r1", "r2")),
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
        "student_id", 1, ("1.23457E+11",)),
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


FOLLOWS = {
    "ENR101", "ENR103", "ENR104", "ENR105", "ENR106", "ENR107", "ENR108", "DUP402", "DLT101", "VOC202", "VOC208", "GRD613",
    "GRD615", "GRD622", "GRD623", "GRD629", "GRD630", "GRD631",
}  # fmt: skip
"""Codes that follow from other faults (an unknown user is in no class); exact where they are planted themselves."""


CAUSES = {
    "school_set_aside": {"VOC205"},
    "class_set_aside": {"VOC205"},
    "student_of_a_result_set_aside": {"VOC206", "SUB505"},
    "line_item_set_aside": {"VOC205"},
}
"""Codes that must stand beside those that are planted, because they are their cause."""
