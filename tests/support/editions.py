"""A made-up roster of OneRoster 1.1 as an export of 1.0 or 1.2 would write the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from subgroup_pipeline.demo.made_up_roster import csv_text
from subgroup_pipeline.reading.roster_files import KINDS_OF_1P2

Rows = list[dict[str, str]]
_FLAGS = (
    "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican", "nativeHawaiianOrOtherPacificIslander", "white",
    "demographicRaceTwoOrMoreRaces", "hispanicOrLatinoEthnicity",
)  # fmt: skip
_OF_1P0: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "academicSessions.csv": ({}, ("schoolYear",)),
    "classes.csv": ({"grades": "grade", "termSourcedIds": "termSourcedId"}, ("subjectCodes", "periods")),
    "courses.csv": ({"schoolYearSourcedId": "schoolYearId", "grades": "grade"}, ("subjectCodes",)),
    "demographics.csv": ({"sourcedId": "userSourcedId", "birthDate": "birthdate"}, ()),
    "enrollments.csv": ({}, ("beginDate", "endDate")),
    "orgs.csv": ({}, ()),
    "users.csv": ({"userIds": "userId", "agentSourcedIds": "agents", "grades": "grade"}, ("enabledUser", "middleName")),
}
"""By file: what columns are called in 1.0, and those that it has not."""
_OF_USERS = (
    "userMasterIdentifier", "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
)  # fmt: skip
"""What 1.2 adds to users.csv."""
_STAFF = {"administrator": "principal", "aide": "counselor"}


def as_1p0(files: Mapping[str, str]) -> dict[str, str]:
    """The same without a manifest, with the names and words of 1.0: TRUE and FALSE, Male and Female."""
    texts = {}
    for name, (called, lacks) in _OF_1P0.items():
        if name not in files:
            continue
        rows = rows_of(files[name])
        for row in rows:
            row.update({flag: row[flag].upper() for flag in _FLAGS if flag in row})
            row.update({"sex": row["sex"].title()} if "sex" in row else {})
        texts[name] = _text([{called.get(key, key): cell for key, cell in row.items() if key not in lacks} for row in rows])
    return texts


def as_1p2(files: Mapping[str, str], mode: str = "bulk") -> dict[str, str]:
    """The same with roles.csv, where every org of a user is a row, and userProfiles.csv."""
    texts = dict(files)
    users = rows_of(files["users.csv"])
    roles: Rows = []
    for user in users:
        orgs = user.pop("orgSourcedIds").split(",")
        word = user.pop("role")
        roles += [
            role_row(f"{user['sourcedId']}-{org}", user["sourcedId"], _STAFF.get(word, word), org, status=user["status"])
            for org in orgs
        ]
        user.update(dict.fromkeys(_OF_USERS, ""))
        user.update({"preferredGivenName": "Preferred", "primaryOrgSourcedId": orgs[0], "pronouns": "they"})
    texts |= {"users.csv": _text(users), "roles.csv": _text(roles)}
    profile = {"sourcedId": "p1", "userSourcedId": users[0]["sourcedId"], "username": "login-9", "password": "secret-9"}
    texts["userProfiles.csv"] = _text([profile])
    if "lineItems.csv" in files:
        items = [{_called(key): cell for key, cell in row.items()} for row in rows_of(files["lineItems.csv"])]
        items = [item | {"schoolSourcedId": "school0"} for item in items]
        graded = dict.fromkeys(("textScore", "classSourcedId", "inProgress", "incomplete", "late", "missing"), "")
        texts |= {"lineItems.csv": _text(items), "results.csv": _text([row | graded for row in rows_of(files["results.csv"])])}
    return {"manifest.csv": manifest_1p2(texts, mode)} | {name: text for name, text in texts.items() if name != "manifest.csv"}


def manifest_1p2(files: Mapping[str, str], mode: str = "bulk") -> str:
    """A manifest of 1.2 that announces these files."""
    rows = [["propertyName", "value"], ["manifest.version", "1.0"], ["oneroster.version", "1.2"]]
    return csv_text([*rows, *([f"file.{kind}", mode if f"{kind}.csv" in files else "absent"] for kind in KINDS_OF_1P2)])


def role_row(key: str, user: str, role: str, org: str, **cells: str) -> dict[str, str]:
    """A row of roles.csv, a primary role without dates if nothing else is said."""
    row = {"sourcedId": key, "status": "", "dateLastModified": "", "userSourcedId": user, "roleType": "primary", "role": role}
    return row | {"beginDate": "", "endDate": "", "orgSourcedId": org, "userProfileSourcedId": ""} | cells


def with_roles(files: Mapping[str, str], *roles: dict[str, str]) -> dict[str, str]:
    """A set of 1.2 in which the users that these rows name have no other roles."""
    named = {row["userSourcedId"] for row in roles}
    kept = [row for row in rows_of(files["roles.csv"]) if row["userSourcedId"] not in named]
    return {**files, "roles.csv": _text([*kept, *roles])}


def rows_of(text: str) -> Rows:
    """The rows of a CSV by their header."""
    return list(csv.DictReader(io.StringIO(text)))


def _called(column: str) -> str:
    return {"gradingPeriodSourcedId": "academicSessionSourcedId"}.get(column, column)


def _text(rows: Rows) -> str:
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])
