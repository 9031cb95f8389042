"""What every rule of the suites must count, as SQL over the raw tables: naive, slow, and written without the suites."""

from __future__ import annotations

from subgroup_pipeline.landing.warehouse import RAW_TABLES

LIVE = "coalesce(status, '') <> 'tobedeleted'"
ACTIVE = (
    "lower(u.role) = 'student' and lower(coalesce(u.enabledUser, '')) <> 'false' "
    "and coalesce(trim(u.status), '') in ('', 'active')"
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
    return f"({_blank(column)} or not list_has_all({known}, list_transform(string_split({column}, ','), lambda m: trim(m))))"


def _rows(table: str, where: str) -> str:
    return f"select delivery_id, count(*) from raw.{table} t where {where} group by 1"


def _twice(table: str) -> str:
    others = f"select count(*) from raw.{table} o where o.delivery_id = t.delivery_id and o.sourcedId = t.sourcedId"
    return _rows(table, f"not {_blank('t.sourcedId')} and ({others}) > 1")


def _word(column: str, *words: str, blank: bool) -> str:
    empty = _blank(column)
    allowed = f"lower({column}) in ({', '.join(repr(word) for word in words)})"
    return f"not {allowed} and not {empty}" if blank else f"({empty} or not {allowed})"


def _bad_dates(first: str, last: str, *, may_be_blank: bool) -> str:
    forgiven = "false" if not may_be_blank else _blank("{0}")
    return " or ".join(f"not ({_is_date(name)} or {forgiven.format(name)})" for name in (first, last))


def _ends_first(first: str, last: str) -> str:
    return f"{_is_date(first)} and {_is_date(last)} and trim({last}) < trim({first})"


KEYED = [table for table in RAW_TABLES if table != "subgroup_row"]
EXPECTED: dict[tuple[str, str, str], str] = {
    **{(table, "KEY001", "sourcedId"): _rows(table, _blank("sourcedId")) for table in KEYED},
    **{(table, "KEY002", "sourcedId"): _twice(table) for table in KEYED},
    **{
        (table, "VOC201", "status"): _rows(table, _word("status", "active", "tobedeleted", blank=True))
        for table in ("orgs", "academic_sessions", "courses", "users")
    },
    ("orgs", "VOC203", "type"): _rows(
        "orgs", _word("type", "department", "school", "district", "local", "state", "national", blank=False)
    ),
    ("academic_sessions", "VOC201", "type"): _rows(
        "academic_sessions", _word("type", "gradingperiod", "semester", "schoolyear", "term", blank=False)
    ),
    ("academic_sessions", "DAT301", ""): _rows(
        "academic_sessions", f"{LIVE} and ({_bad_dates('startDate', 'endDate', may_be_blank=False)})"
    ),
    ("academic_sessions", "DAT302", "endDate"): _rows(
        "academic_sessions", f"{LIVE} and {_ends_first('startDate', 'endDate')}".replace(" < trim", " <= trim")
    ),
    ("courses", "REF107", "orgSourcedId"): _rows("courses", f"{LIVE} and {_has_no('orgs', 'orgSourcedId')}"),
    ("classes", "REF102", "courseSourcedId"): _rows("classes", f"{LIVE} and {_has_no('courses', 'courseSourcedId')}"),
    ("classes", "REF103", "schoolSourcedId"): _rows(
        "classes", f"{LIVE} and {_has_no('orgs', 'schoolSourcedId', 'lower(p.type) = $$school$$')}"
    ),
    ("classes", "REF104", "termSourcedIds"): _rows(
        "classes", f"{LIVE} and {_members_unknown('academic_sessions', 'termSourcedIds')}"
    ),
    ("classes", "VOC201", "classType"): _rows("classes", _word("classType", "homeroom", "scheduled", blank=False)),
    ("users", "REF101", "orgSourcedIds"): _rows("users", f"{LIVE} and {_members_unknown('orgs', 'orgSourcedIds')}"),
    ("users", "VOC203", "role"): _rows(
        "users",
        _word("role", *["administrator", "aide", "guardian", "parent", "proctor", "relative", "student", "teacher"], blank=False),
    ),
    ("users", "VOC201", "enabledUser"): _rows("users", _word("enabledUser", "true", "false", blank=False)),
    ("enrollments", "REF105", "classSourcedId"): _rows("enrollments", f"{LIVE} and {_has_no('classes', 'classSourcedId')}"),
    ("enrollments", "REF109", "schoolSourcedId"): _rows(
        "enrollments",
        f"{LIVE} and not {_has_no('classes', 'classSourcedId', LIVE.replace('status', 'p.status'))} and "
        f"({_blank('schoolSourcedId')} or "
        f"(not {_has_no('classes', 'classSourcedId', 'not ' + _blank('p.schoolSourcedId'))} and "
        f"{_has_no('classes', 'classSourcedId', 'p.schoolSourcedId = t.schoolSourcedId')}))",
    ),
    ("enrollments", "REF106", "userSourcedId"): _rows("enrollments", f"{LIVE} and {_has_no('users', 'userSourcedId')}"),
    ("enrollments", "VOC203", "role"): _rows(
        "enrollments", _word("role", "administrator", "proctor", "student", "teacher", blank=False)
    ),
    ("enrollments", "DAT301", ""): _rows("enrollments", f"{LIVE} and ({_bad_dates('beginDate', 'endDate', may_be_blank=True)})"),
    ("enrollments", "DAT302", "endDate"): _rows("enrollments", f"{LIVE} and {_ends_first('beginDate', 'endDate')}"),
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
        "trim(o.student_id) = trim(t.student_id) and (trim(o.cells['ell']) <> trim(t.cells['ell']) or "
        "trim(o.cells['sped']) <> trim(t.cells['sped'])))",
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
