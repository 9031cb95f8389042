"""Our rules as far as Great Expectations' own expectations on pandas can say them, by table.

What is not here needs a recursion (trees), members of lists, several tables in one row, or the words of another row; GX has no
expectation for these without a query or a class of one's own. A key is `district/id`, because ids are unique in a district only.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Rule(NamedTuple):
    """One expectation: its class in `great_expectations.expectations`, and which finding of ours it stands for."""

    code: str
    expectation: str
    arguments: dict[str, Any]
    parent: str = ""
    """Where the values of the column must stand, `table.column`; a `|where` after it names a filter. Asked of a column of yes and
    no that pandas makes (`is_unknown`): with the values themselves as `value_set` GX takes three times as long in all."""


_GUID = r"^[A-Za-z0-9_.\-/@]{1,255}$"
_USABLE = r"^[^,\x00-\x1f\u00a0\u2000-\u200f\u202f\u3000\ufeff]{1,255}$"
_DATE = "%Y-%m-%d"
_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$"
_LIST = r"^[^,\s]([^,]*[^,\s])?(,[^,\s]([^,]*[^,\s])?)*$"
_GRADE = "(IT|PR|PK|TK|KG|0[1-9]|1[0-3]|PS|UG|Other)"
_IDS = r"^\{[^:{},]+:[^{},]+\}(\s*,\s*\{[^:{},]+:[^{},]+\})*$"
_WRECK = r"^(#(REF!|N/A|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)|##+|\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2})$"
_STATUS = ["active", "tobedeleted"]
_TRUTH = ["true", "false"]


def _filled(column: str, code: str = "REQ101") -> Rule:
    return Rule(code, "ExpectColumnValuesToNotBeNull", {"column": column})


def _matches(code: str, column: str, pattern: str) -> Rule:
    return Rule(code, "ExpectColumnValuesToMatchRegex", {"column": column, "regex": pattern})


def _spared(code: str, column: str, pattern: str) -> Rule:
    return Rule(code, "ExpectColumnValuesToNotMatchRegex", {"column": column, "regex": pattern})


def _among(code: str, column: str, words: list[str]) -> Rule:
    return Rule(code, "ExpectColumnValuesToBeInSet", {"column": column, "value_set": words})


def _known(code: str, column: str, parent: str, only: str = "") -> Rule:
    condition = {"row_condition": only, "condition_parser": "pandas"} if only else {}
    return Rule(code, "ExpectColumnValuesToBeInSet", {"column": column, "value_set": [False], **condition}, parent)


def _unique(code: str, columns: list[str], only: str = "") -> Rule:
    condition = {"row_condition": only, "condition_parser": "pandas"} if only else {}
    if len(columns) == 1:
        return Rule(code, "ExpectColumnValuesToBeUnique", {"column": columns[0], **condition})
    columns_of = {"column_list": columns, "ignore_row_if": "any_value_is_missing"}
    return Rule(code, "ExpectCompoundColumnsToBeUnique", columns_of | condition)


def _dated(column: str) -> Rule:
    return Rule("DAT301", "ExpectColumnValuesToMatchStrftimeFormat", {"column": column, "strftime_format": _DATE})


def _later(last: str, first: str, *, or_equal: bool) -> Rule:
    arguments = {"column_A": last, "column_B": first, "or_equal": or_equal, "ignore_row_if": "either_value_is_missing"}
    return Rule("DAT302", "ExpectColumnPairValuesAToBeGreaterThanB", arguments)


def _of_full_file() -> list[Rule]:
    """What every file has: status and dateLastModified, both blank in a full file."""
    return [
        _among("VOC205", "status", _STATUS),
        _matches("DAT303", "dateLastModified", _TIME),
        Rule("DLT101", "ExpectColumnValuesToBeNull", {"column": "status"}),
        Rule("DLT103", "ExpectColumnValuesToBeNull", {"column": "dateLastModified"}),
    ]


def _of_keyed_file() -> list[Rule]:
    return [
        _filled("sourcedId", "KEY001"),
        _unique("KEY002", ["key"]),
        _matches("KEY003", "sourcedId", _USABLE),
        _matches("KEY004", "sourcedId", _GUID),
        *_of_full_file(),
    ]


def _lists(*columns: str) -> list[Rule]:
    grades = [_matches("VOC204", "grades", f"^{_GRADE}(,{_GRADE})*$")] if "grades" in columns else []
    return [*(_matches("LST101", column, _LIST) for column in columns), *grades]


RULES: dict[str, list[Rule]] = {
    "orgs": [
        *_of_keyed_file(),
        _among("VOC203", "type", ["department", "school", "district", "local", "state", "national"]),
        _filled("name"),
        _known("REF111", "parent_key", "orgs.key"),
    ],
    "academicSessions": [
        *_of_keyed_file(),
        _filled("startDate", "DAT301"),
        _filled("endDate", "DAT301"),
        _dated("startDate"),
        _dated("endDate"),
        _later("endDate", "startDate", or_equal=False),
        _among("VOC201", "type", ["gradingPeriod", "semester", "schoolYear", "term"]),
        _filled("title"),
        _filled("schoolYear"),
        _matches("DAT305", "schoolYear", r"^\d{4}$"),
        _known("REF111", "parent_key", "academicSessions.key"),
    ],
    "courses": [
        *_of_keyed_file(),
        _filled("orgSourcedId"),
        _filled("title"),
        *_lists("grades", "subjects", "subjectCodes"),
        _known("REF107", "org_key", "orgs.key"),
        _known("REF114", "year_key", "academicSessions.key|type == 'schoolYear'"),
    ],
    "classes": [
        *_of_keyed_file(),
        _among("VOC201", "classType", ["homeroom", "scheduled"]),
        _filled("courseSourcedId"),
        _filled("termSourcedIds"),
        _filled("title"),
        *_lists("termSourcedIds", "grades", "subjects", "subjectCodes", "periods"),
        _known("REF102", "course_key", "courses.key"),
        _filled("schoolSourcedId", "REF103"),
        _known("REF103", "school_key", "orgs.key|type == 'school'"),
        _known("ENR105", "key", "enrollments.class_key|role == 'student'"),
        _known("ENR106", "key", "enrollments.class_key|role == 'teacher'"),
    ],
    "users": [
        *_of_keyed_file(),
        _among("VOC203", "role", ["administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"]),
        _filled("role", "VOC203"),
        _filled("enabledUser", "VOC209"),
        _among("VOC206", "enabledUser", _TRUTH),
        *(_filled(column) for column in ("orgSourcedIds", "username", "givenName", "familyName")),
        *_lists("orgSourcedIds", "agentSourcedIds", "grades"),
        _matches("LST103", "userIds", _IDS),
        _unique("DUP402", ["district_id", "username"]),
        _known("ENR107", "key", "enrollments.user_key", "role == 'student' and enabledUser != 'false'"),
    ],
    "enrollments": [
        _filled("sourcedId", "KEY005"),
        _unique("KEY006", ["key"]),
        _matches("KEY004", "sourcedId", _GUID),
        *_of_full_file(),
        _filled("role", "VOC203"),
        _among("VOC203", "role", ["administrator", "proctor", "student", "teacher"]),
        _among("VOC201", "primary", _TRUTH),
        _dated("beginDate"),
        _dated("endDate"),
        _later("endDate", "beginDate", or_equal=True),
        _unique("DUP401", ["user_key", "class_key", "role"]),
        _unique("ENR102", ["class_key"], "primary == 'true' and role == 'teacher'"),
        *(_filled(column) for column in ("schoolSourcedId", "classSourcedId", "userSourcedId")),
        _known("REF105", "class_key", "classes.key"),
        _known("REF106", "user_key", "users.key"),
        _known("REF109", "school_key", "orgs.key"),
    ],
    "subgroups": [
        _filled("student_id", "SUB501"),
        _unique("SUB502", ["key"]),
        _known("SUB503", "key", "users.number_key|role == 'student' and enabledUser != 'false'"),
        _spared("SUB510", "student_id", r"^\d([.,]\d+)?[eE]\+\d+$"),
        _spared("SUB511", "student_id", _WRECK),
        _spared("SUB512", "student_id", r"[\x00-\x1f\u00a0\u200b-\u200f\u2000-\u200a\u202f\u3000\ufeff]"),
    ],
}  # fmt: skip
"""The rules by table."""

KEYS: dict[str, dict[str, str]] = {
    "orgs": {"key": "sourcedId", "parent_key": "parentSourcedId"},
    "academicSessions": {"key": "sourcedId", "parent_key": "parentSourcedId"},
    "courses": {"key": "sourcedId", "org_key": "orgSourcedId", "year_key": "schoolYearSourcedId"},
    "classes": {"key": "sourcedId", "course_key": "courseSourcedId", "school_key": "schoolSourcedId"},
    "users": {"key": "sourcedId", "number_key": "identifier"},
    "enrollments": {
        "key": "sourcedId", "class_key": "classSourcedId", "user_key": "userSourcedId", "school_key": "schoolSourcedId",
    },
    "subgroups": {"key": "student_id"},
}  # fmt: skip
"""Columns `district/id` and what each is made of."""
