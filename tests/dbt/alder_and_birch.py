"""Two made-up districts with one nasty case per rule: alder has a roster and a subgroup file, birch a roster only."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.support.dbt_warehouse import at, scope, student

ROSTER_AT = at(1)
FILE_AT = at(2)
AS_OF = date(2025, 10, 1)
FALL = (date(2025, 8, 1), date(2026, 1, 10))
YEAR = (date(2025, 8, 1), date(2026, 6, 30))


def enrollment(user: str, class_: str, **more: str) -> dict[str, str]:
    return {"userSourcedId": user, "classSourcedId": class_, "role": "student", **more}


ALDER_ROSTER: dict[str, list[dict[str, Any]]] = {
    "orgs": [
        {"sourcedId": "alder", "name": "Alder ISD", "type": "district"},
        {"sourcedId": "north", "name": "North School", "type": "school"},
        {"sourcedId": "south", "name": "South School", "type": "school", "status": "active"},
        {"sourcedId": "closed", "name": "Closed School", "type": "school", "status": "tobedeleted"},
    ],
    "academic_sessions": [
        {"sourcedId": "y26", "type": "schoolYear", "startDate": "2025-08-01", "endDate": "2026-06-30", "schoolYear": "2026"},
        {"sourcedId": "fall", "type": "term", "startDate": "2025-08-01", "endDate": "2026-01-10", "schoolYear": "2026"},
        {"sourcedId": "spring", "type": "term", "startDate": "2026-01-10", "endDate": "2026-06-30", "schoolYear": "2026"},
    ],
    "courses": [
        {"sourcedId": "math", "title": "Math 3", "courseCode": "M3"},
        {"sourcedId": "art", "title": "Art", "courseCode": None},
    ],
    "classes": [
        {"sourcedId": "math-n", "courseSourcedId": "math", "schoolSourcedId": "north", "termSourcedIds": "fall"},
        {"sourcedId": "art-s", "courseSourcedId": "art", "schoolSourcedId": "south", "termSourcedIds": "spring, fall"},
        {"sourcedId": "empty-s", "courseSourcedId": "math", "schoolSourcedId": "south", "termSourcedIds": "fall"},
        {"sourcedId": "unknown-n", "courseSourcedId": "unlisted", "schoolSourcedId": "north"},
        {"sourcedId": "home-s", "courseSourcedId": "", "schoolSourcedId": "south"},
        {"sourcedId": "lost", "courseSourcedId": "math", "schoolSourcedId": "closed"},
    ],
    "users": [
        student("ada", "Ada", "Ash", orgSourcedIds="south", userIds="{LDAP:x},{Local:0101}"),
        student("bo", "Bo", "Beech", orgSourcedIds="south, north,alder,south", userIds="{ Local : 102 }"),
        student("cy", "Cy", "Cork", orgSourcedIds="north", userIds="{Local:103}", enabledUser="False"),
        student("di", "Di", "Date", orgSourcedIds="north", userIds="{Local:104}"),
        student("ed", "Ed", "Elm", orgSourcedIds="north", userIds="{Local:104}"),
        student("fay", "Fay", "Fig", orgSourcedIds="closed", userIds="{Local:106}", enabledUser="", status="active"),
        student("gus", "Gus", "Gum", orgSourcedIds="alder", userIds="{Local:107}"),
        student("hal", "Hal", "Holm", userIds="{local:108}"),
        student("ivy", "Ivy", "Ivory", userIds="{Local:109}", status="tobedeleted"),
        student("tia", "Tia", "Teak", userIds="{Local:110}", role="teacher"),
    ],
    "enrollments": [
        enrollment("ada", "math-n"),
        enrollment("ada", "math-n", beginDate="2025-09-15"),
        enrollment("ada", "art-s"),
        enrollment("ada", "home-s", beginDate="2025-10-01"),
        enrollment("bo", "math-n", endDate="2025-10-01"),
        enrollment("bo", "art-s", beginDate="2025-10-02"),
        enrollment("cy", "math-n"),
        enrollment("di", "unknown-n", endDate="2025-10-02"),
        enrollment("ed", "math-n", status="tobedeleted"),
        enrollment("fay", "lost"),
        enrollment("gus", "art-s", beginDate="15.08.2025"),
        enrollment("hal", "art-s", role="teacher"),
        enrollment("tia", "math-n", role="teacher"),
    ],
}


def row(student_id: str | None, ell: str | None, title_i: str | None, lang: str | None) -> dict[str, Any]:
    return {"student_id": student_id, "cells": {"ell": ell, "title_i": title_i, "home_lang": lang}}


ALDER_FILE = {
    "subgroup_row": [
        row("0101", " Y", "1", "Twi"),
        row("102\u00a0", "maybe", None, "ENG"),
        row("103", "y", "1", "Twi"),
        row("104", "y", "1", "Twi"),
        row("106", "n", " ", None),
        row(" 106", "n ", "", None),
        row("107", "y", "1", "Twi"),
        row("107", "Y", "1", "Twi"),
        row("108", "y", "1", "Twi"),
        row("110", "y", "1", "Twi"),
        row("101", "n", "0", "Twi"),
        row(None, "n", "0", "Twi"),
        {"student_id": "999", "cells": {}},
    ]
}


LEARNER = "english_learner"
COLUMNS = [
    *("district_id", "subgroup", "subgroup_label", "source", "source_column", "is_open", "blank_value", "sensitivity"),
    *("is_on_student_pages", "essa_group", "subgroup_order"),
]
VALUES = ["district_id", "subgroup", "raw_key", "value", "value_label", "is_member", "display_order"]
SETTINGS = {
    "subgroup_column": [
        dict(zip([*COLUMNS, "display_order"], ["alder", *values], strict=True), precedence=1)
        for values in (
            (
                "english_learner",
                "English learner",
                "file",
                "ell",
                False,
                "not_reported",
                "standard",
                True,
                "english_learner",
                14,
                0,
            ),
            ("title_i", "Title I", "file", "title_i", False, "no", "standard", True, None, 26, 1),
            ("home_language", "Home language", "file", "home_lang", True, "not_reported", "nsla", False, None, 28, 2),
            ("migrant", "Migrant", "file", "migrant", False, "no", "standard", True, "migrant", 17, 3),
        )
    ],
    "subgroup_value": [
        dict(zip(VALUES, ["alder", *values], strict=True))
        for values in (
            ("english_learner", "Y", "yes", None, True, 0),
            ("english_learner", "n", "no", None, False, 1),
            ("title_i", "1", "yes", None, True, 0),
            ("title_i", "0", "no", None, False, 1),
            ("home_language", "eng", "us_english", "English (US)", None, 0),
            ("migrant", "y", "yes", None, True, 0),
        )
    ],
}


BIRCH_ROSTER = {
    "orgs": [{"sourcedId": "north", "name": "Birch North", "type": "school"}],
    "users": [student("ada", "Ann", "Aspen", orgSourcedIds="north"), student("bob", "Bob", "Bay", orgSourcedIds="north")],
}


ALDER = scope("alder", "alder-r2", "alder-s2", match_field="userIds:Local")
BIRCH = scope("birch", "birch-r1")
