"""What every rule of the suites must count, as SQL over the raw tables: naive, slow, and written without the suites."""

from __future__ import annotations

from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

LIVE = "lower(coalesce(status, 'active')) = 'active'"
GONE = "lower(coalesce(status, '')) in ('tobedeleted', 'inactive')"
ACTIVE = (
    "lower(u.role) = 'student' and lower(coalesce(u.enabledUser, '')) not in ('false', '0', 'maybe') "
    "and coalesce(u.status, 'active') = 'active'"
)


def _blank(column: str) -> str:
    return f"coalesce(trim({column}, chr(160) || ' '), '') = ''"


def _is_date(column: str) -> str:
    looks = f"regexp_full_match(trim({column}), '\\d\\d\\d\\d-\\d\\d-\\d\\d')"
    return f"coalesce({looks} and try_strptime(trim({column}), '%Y-%m-%d') is not null, false)"


MATCHING = (
    "select count(distinct u.sourcedId) from raw.users u join control.run_delivery r on r.roster_delivery_id = u.delivery_id "
    "where r.delivery_id = t.delivery_id and u.identifier = trim(t.student_id) and not " + _blank("u.sourcedId")
)
MATCHED_ROWS = "select delivery_id, count(*) from raw.subgroup_row t where not " + _blank("student_id") + " and {} group by 1"


def _has_no(parent: str, column: str, more: str = "true") -> str:
    same = f"p.delivery_id = t.delivery_id and p.sourcedId = t.{column} and not {_blank('p.sourcedId')}"
    return f"not exists (select 1 from raw.{parent} p where {same} and {more})"


def _members_unknown(parent: str, column: str) -> str:
    known = f"(select list(sourcedId) from raw.{parent} p where p.delivery_id = t.delivery_id)"
    return f"(not {_blank(column)} and not list_has_all({known}, list_transform(string_split({column}, ','), lambda m: trim(m))))"


def _rows(table: str, where: str) -> str:
    return f"select delivery_id, count(*) from raw.{table} t where {where} group by 1"


def _stands_twice(table: str) -> str:
    others = f"select count(*) from raw.{table} o where o.delivery_id = t.delivery_id and o.sourcedId = t.sourcedId"
    return f"not {_blank('t.sourcedId')} and ({others}) > 1"


def _word(column: str, *words: str, blank: bool) -> str:
    empty = _blank(column)
    allowed = f"lower({column}) in ({', '.join(repr(word) for word in words)})"
    return f"not {allowed} and not {empty}" if blank else f"({empty} or not {allowed})"


def _bad_dates(first: str, last: str, *, may_be_blank: bool) -> str:
    forgiven = "false" if not may_be_blank else _blank("{0}")
    return " or ".join(f"not ({_is_date(name)} or {forgiven.format(name)})" for name in (first, last))


def _ends_first(first: str, last: str) -> str:
    return f"{_is_date(first)} and {_is_date(last)} and trim({last}) < trim({first})"


KEYED = [table for table in RAW_TABLES if table not in ("subgroup_row", "enrollments", "line_items", "results")]
HAS_KEY = f"not {_blank('sourcedId')}"
ODD_STATUS = f"{HAS_KEY} and not {LIVE} and not {GONE}"
ODD_TYPE = (
    f"{HAS_KEY} and {LIVE} and "
    + _word("type", "department", "school", "district", "local", "state", "national", blank=False)
)  # fmt: skip
_ROLES = ("administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher")
ODD_ROLE = f"{HAS_KEY} and {LIVE} and {_word('role', *_ROLES, blank=False)}"
ODD_ENABLED = f"{HAS_KEY} and {LIVE} and not ({ODD_ROLE}) and enabledUser = 'maybe'"
ODD_SESSION = f"{HAS_KEY} and {LIVE} and ({_bad_dates('startDate', 'endDate', may_be_blank=False)})"
SHORT_SESSION = f"{HAS_KEY} and {LIVE} and {_ends_first('startDate', 'endDate')}".replace(" < trim", " <= trim")


def _is_number(column: str) -> str:
    return f"coalesce(isfinite(try_cast({column} as double)), false)"


_SCORE_STATUSES = ("exempt", "fully graded", "not submitted", "partially graded", "submitted")
_SPAN = "try_cast(resultValueMin as double) < try_cast(resultValueMax as double)"
NO_POINTS = f"{HAS_KEY} and {LIVE} and not ({_is_number('resultValueMin')} and {_is_number('resultValueMax')} and {_SPAN})"
ODD_SEAT_STATUS = f"not {LIVE} and not {GONE}"
ODD_SCORE_STATUS = f"{LIVE} and {_word('scoreStatus', *_SCORE_STATUSES, blank=False)}"
NO_SCORE = f"{LIVE} and lower(scoreStatus) = 'fully graded' and not {_is_number('score')}"
FAULTS = {
    "orgs": [ODD_STATUS, ODD_TYPE],
    "academic_sessions": [ODD_STATUS, ODD_SESSION, SHORT_SESSION],
    "courses": [ODD_STATUS],
    "classes": [ODD_STATUS],
    "users": [ODD_STATUS, ODD_ROLE, ODD_ENABLED],
    "demographics": [ODD_STATUS],
    "line_items": [ODD_STATUS, NO_POINTS],
    "results": [ODD_SEAT_STATUS, ODD_SCORE_STATUS, NO_SCORE],
}
"""What is wrong with a row by its own cells, besides a blank key."""
HAS_CLASS = _has_no("classes", "classSourcedId").replace("not exists", "exists")
OF_NOTHING = _has_no("line_items", "lineItemSourcedId")
OF_NOBODY = _has_no("users", "studentSourcedId")
_THEY = "p.delivery_id = t.delivery_id and p.sourcedId = t.studentSourcedId"
OF_NO_STUDENT = (
    f"(select count(*) from raw.users p where {_THEY}) = 1 and exists (select 1 from raw.users p where {_THEY} and "
    f"lower(coalesce(p.role, '')) <> 'student' and {' and '.join(f'not coalesce({fault}, false)' for fault in FAULTS['users'])})"
)
IS_SCHOOL = "lower(p.type) = 'school' and lower(coalesce(p.status, '')) not in ('tobedeleted', 'inactive')"
SEAT = f"{LIVE} and not {_word('role', 'administrator', 'proctor', 'student', 'teacher', blank=False)}"
DATED_SEAT = (
    f"{SEAT} and not ({_bad_dates('beginDate', 'endDate', may_be_blank=True)}) and not ({_ends_first('beginDate', 'endDate')})"
)


def _unless(table: str) -> str:
    return " and ".join(f"not coalesce({fault}, false)" for fault in FAULTS[table])


EXPECTED: dict[tuple[str, str, str], str] = {
    **{(table, "KEY001", "sourcedId"): _rows(table, _blank("sourcedId")) for table in KEYED},
    **{(table, "KEY002", "sourcedId"): _rows(table, f"{_stands_twice(table)} and {_unless(table)}") for table in KEYED},
    ("line_items", "GRD611", "sourcedId"): _rows("line_items", _blank("sourcedId")),
    ("line_items", "GRD612", "sourcedId"): _rows("line_items", f"{_stands_twice('line_items')} and {_unless('line_items')}"),
    ("line_items", "GRD613", "classSourcedId"): _rows(
        "line_items",
        f"{HAS_KEY} and {LIVE} and {_unless('line_items')} and not ({_stands_twice('line_items')}) and not {HAS_CLASS}",
    ),
    ("line_items", "GRD614", ""): _rows("line_items", NO_POINTS),
    ("line_items", "GRD615", "gradingPeriodSourcedId"): _rows(
        "line_items",
        f"{LIVE} and not {_blank('gradingPeriodSourcedId')} and "
        + _has_no("academic_sessions", "gradingPeriodSourcedId", "lower(coalesce(p.type, '')) <> 'schoolyear'"),
    ),
    ("results", "KEY005", "sourcedId"): _rows("results", _blank("sourcedId")),
    ("results", "KEY006", "sourcedId"): _rows("results", _stands_twice("results")),
    ("results", "GRD624", "scoreStatus"): _rows("results", ODD_SCORE_STATUS),
    ("results", "GRD625", "score"): _rows("results", NO_SCORE),
    ("results", "GRD621", "lineItemSourcedId"): _rows("results", f"{LIVE} and {_unless('results')} and {OF_NOTHING}"),
    ("results", "GRD622", "studentSourcedId"): _rows(
        "results", f"{LIVE} and {_unless('results')} and not {OF_NOTHING} and {OF_NOBODY}"
    ),
    ("results", "GRD623", "studentSourcedId"): _rows(
        "results", f"{LIVE} and {_unless('results')} and not {OF_NOTHING} and {OF_NO_STUDENT}"
    ),
    ("enrollments", "KEY005", "sourcedId"): _rows("enrollments", _blank("sourcedId")),
    ("enrollments", "KEY006", "sourcedId"): _rows("enrollments", _stands_twice("enrollments")),
    **{(table, "VOC205", "status"): _rows(table, ODD_STATUS) for table in ("orgs", "academic_sessions", "courses", "users")},
    **{(table, "VOC208", "status"): _rows(table, GONE) for table in ("orgs", "courses", "users")},
    ("orgs", "VOC203", "type"): _rows("orgs", ODD_TYPE),
    ("academic_sessions", "VOC201", "type"): _rows(
        "academic_sessions", _word("type", "gradingperiod", "semester", "schoolyear", "term", blank=False)
    ),
    ("academic_sessions", "DAT301", ""): _rows("academic_sessions", ODD_SESSION),
    ("academic_sessions", "DAT302", "endDate"): _rows("academic_sessions", SHORT_SESSION),
    ("courses", "REF107", "orgSourcedId"): _rows(
        "courses", f"{LIVE} and not {_blank('orgSourcedId')} and {_has_no('orgs', 'orgSourcedId')}"
    ),
    ("classes", "REF102", "courseSourcedId"): _rows(
        "classes", f"{LIVE} and not {_blank('courseSourcedId')} and {_has_no('courses', 'courseSourcedId')}"
    ),
    ("classes", "REQ101", "courseSourcedId"): _rows("classes", f"{LIVE} and {_blank('courseSourcedId')}"),
    ("classes", "REF103", "schoolSourcedId"): _rows(
        "classes",
        f"{HAS_KEY} and {LIVE} and not ({_stands_twice('classes')}) and {_has_no('orgs', 'schoolSourcedId', IS_SCHOOL)}",
    ),
    ("classes", "REF104", "termSourcedIds"): _rows(
        "classes", f"{LIVE} and {_members_unknown('academic_sessions', 'termSourcedIds')}"
    ),
    ("classes", "VOC201", "classType"): _rows("classes", _word("classType", "homeroom", "scheduled", blank=False)),
    ("users", "REF101", "orgSourcedIds"): _rows("users", f"{LIVE} and {_members_unknown('orgs', 'orgSourcedIds')}"),
    ("users", "VOC203", "role"): _rows("users", ODD_ROLE),
    ("users", "VOC206", "enabledUser"): _rows("users", ODD_ENABLED),
    ("users", "VOC207", "enabledUser"): _rows("users", "enabledUser = '0'"),
    ("users", "VOC209", "enabledUser"): _rows("users", _blank("enabledUser")),
    ("enrollments", "VOC203", "role"): _rows(
        "enrollments", f"{LIVE} and {_word('role', 'administrator', 'proctor', 'student', 'teacher', blank=False)}"
    ),
    ("enrollments", "DAT301", ""): _rows("enrollments", f"{SEAT} and ({_bad_dates('beginDate', 'endDate', may_be_blank=True)})"),
    ("enrollments", "DAT302", "endDate"): _rows("enrollments", f"{SEAT} and {_ends_first('beginDate', 'endDate')}"),
    ("enrollments", "REF105", "classSourcedId"): _rows("enrollments", f"{DATED_SEAT} and {_has_no('classes', 'classSourcedId')}"),
    ("enrollments", "REF106", "userSourcedId"): _rows(
        "enrollments",
        f"{DATED_SEAT} and not {_has_no('classes', 'classSourcedId')} and {_has_no('users', 'userSourcedId')}",
    ),
    ("enrollments", "DUP401", "userSourcedId"): (
        "select delivery_id, sum(n) from (select delivery_id, count(*) as n from raw.enrollments where "
        f"{LIVE} and not {_blank('userSourcedId')} and not {_blank('classSourcedId')} "
        f"group by delivery_id, userSourcedId, classSourcedId, case when not {_blank('role')} then role end "
        "having count(*) > 1) group by 1"
    ),
    ("demographics", "REF108", "sourcedId"): _rows(
        "demographics", f"{LIVE} and not {_blank('sourcedId')} and {_has_no('users', 'sourcedId')}"
    ),
    ("demographics", "VOC201", "sex"): _rows("demographics", _word("sex", "male", "female", blank=True)),
    ("demographics", "DAT304", "birthDate"): _rows("demographics", f"not {_is_date('birthDate')} and not {_blank('birthDate')}"),
    ("subgroup_row", "SUB501", "student_id"): _rows("subgroup_row", _blank("student_id")),
    ("subgroup_row", "SUB502", "student_id"): _rows(
        "subgroup_row",
        f"not {_blank('student_id')} and exists (select 1 from raw.subgroup_row o where o.delivery_id = t.delivery_id and "
        "trim(o.student_id) = trim(t.student_id) and (o.cells['ell'] is distinct from t.cells['ell'] or "
        "o.cells['sped'] is distinct from t.cells['sped']))",
    ),
    ("subgroup_row", "SUB503", "student_id"): MATCHED_ROWS.format(
        f"({MATCHING}) = 0 and student_id not like '%E+%' and student_id not like '%#%' and student_id not like '%' || chr(8203)"
    ),
    ("subgroup_row", "SUB510", "student_id"): MATCHED_ROWS.format(f"({MATCHING}) = 0 and student_id like '%E+%'"),
    ("subgroup_row", "SUB511", "student_id"): MATCHED_ROWS.format(f"({MATCHING}) = 0 and student_id like '%#%'"),
    ("subgroup_row", "SUB512", "student_id"): MATCHED_ROWS.format(f"({MATCHING}) = 0 and student_id like '%' || chr(8203)"),
    ("subgroup_row", "SUB504", "student_id"): MATCHED_ROWS.format(f"({MATCHING} and {ACTIVE}) > 1"),
    ("subgroup_row", "SUB505", "student_id"): MATCHED_ROWS.format(f"({MATCHING}) > 0 and ({MATCHING} and {ACTIVE}) = 0"),
}
