"""The files of a OneRoster 1.1 CSV set as the objects of the JSON binding (OneRoster 1.1, section 4; refs as GUIDRef, 4.13.4)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Object = dict[str, Any]
Rows = list[dict[str, str]]

COLLECTIONS = (
    "orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics", "categories", "lineItems",
    "results",
)  # fmt: skip
_METADATA = "metadata."


def read_set(files: Mapping[str, str | bytes]) -> dict[str, Rows]:
    """The rows of a set's files by collection."""
    texts = {Path(name).stem: content for name, content in files.items()}
    return {kind: _rows(texts[kind]) for kind in COLLECTIONS if kind in texts}


def _rows(content: str | bytes) -> Rows:
    text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _members(cell: str) -> list[str]:
    return [member.strip() for member in cell.split(",") if member.strip()]


class Maker:
    """Makes the objects of one server; `root` begins the hrefs."""

    def __init__(self, root: str) -> None:
        self._root = root

    def objects(self, kind: str, rows: Rows) -> list[Object]:
        """The objects of a collection, in sourcedId order."""
        made = [self._object(kind, row) for row in rows]
        return sorted(made, key=lambda one: str(one["sourcedId"]))

    def _object(self, kind: str, row: dict[str, str]) -> Object:
        metadata = {name.strip()[len(_METADATA) :]: cell or "" for name, cell in row.items() if _is_metadata(name)}
        common: Object = {
            "sourcedId": row.get("sourcedId", ""),
            "status": row.get("status") or "active",
            "dateLastModified": row.get("dateLastModified") or "2026-08-01T00:00:00.000Z",
            **({"metadata": metadata} if metadata else {}),
        }
        return common | _SHAPES[kind](self, row)

    def ref(self, kind: str, sourced_id: str | None, endpoint: str = "") -> Object | None:
        """A GUIDRef."""
        if not sourced_id:
            return None
        href = f"{self._root}/{endpoint or kind + 's'}/{sourced_id}"
        return {"href": href, "sourcedId": sourced_id, "type": kind}

    def refs(self, kind: str, cell: str | None) -> list[Object]:
        """GUIDRefs of a list-valued cell."""
        return [ref for member in _members(cell or "") if (ref := self.ref(kind, member))]


def _is_metadata(name: str | None) -> bool:
    return name is not None and name.strip().casefold().startswith(_METADATA)


def _plain(*names: str) -> Callable[[dict[str, str]], Object]:
    return lambda row: {name: row[name] for name in names if row.get(name)}


def _org(make: Maker, row: dict[str, str]) -> Object:
    return _plain("name", "type", "identifier")(row) | {"parent": make.ref("org", row.get("parentSourcedId")), "children": []}


def _session(make: Maker, row: dict[str, str]) -> Object:
    parent = make.ref("academicSession", row.get("parentSourcedId"))
    return _plain("title", "type", "startDate", "endDate", "schoolYear")(row) | {"parent": parent, "children": []}


def _course(make: Maker, row: dict[str, str]) -> Object:
    return _plain("title", "courseCode")(row) | {
        "schoolYear": make.ref("academicSession", row.get("schoolYearSourcedId")),
        "grades": _members(row.get("grades", "")),
        "subjects": _members(row.get("subjects", "")),
        "subjectCodes": _members(row.get("subjectCodes", "")),
        "org": make.ref("org", row.get("orgSourcedId")),
    }


def _class(make: Maker, row: dict[str, str]) -> Object:
    return _plain("title", "classCode", "classType", "location")(row) | {
        "grades": _members(row.get("grades", "")),
        "subjects": _members(row.get("subjects", "")),
        "subjectCodes": _members(row.get("subjectCodes", "")),
        "periods": _members(row.get("periods", "")),
        "course": make.ref("course", row.get("courseSourcedId")),
        "school": make.ref("org", row.get("schoolSourcedId")),
        "terms": make.refs("academicSession", row.get("termSourcedIds")),
    }


def _user(make: Maker, row: dict[str, str]) -> Object:
    ids = re.findall(r"\{([^:{}]*):([^{}]*)\}", row.get("userIds") or "")
    names = ("username", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "role", "password")
    return _plain(*names, "enabledUser")(row) | {
        "userIds": [{"type": kind, "identifier": identifier} for kind, identifier in ids],
        "orgs": make.refs("org", row.get("orgSourcedIds")),
        "agents": make.refs("user", row.get("agentSourcedIds")),
        "grades": _members(row.get("grades", "")),
    }


def _enrollment(make: Maker, row: dict[str, str]) -> Object:
    return _plain("role", "primary", "beginDate", "endDate")(row) | {
        "user": make.ref("user", row.get("userSourcedId")),
        "class": make.ref("class", row.get("classSourcedId"), "classes"),
        "school": make.ref("org", row.get("schoolSourcedId")),
    }


def _demographics(make: Maker, row: dict[str, str]) -> Object:
    skipped = ("sourcedId", "status", "dateLastModified")
    return {name: cell for name, cell in row.items() if name and cell and name not in skipped and not _is_metadata(name)}


def _category(make: Maker, row: dict[str, str]) -> Object:
    return _plain("title")(row)


def _number(cell: str) -> float | str:
    """A cell as servers send it: a number, or the text that stands where one should."""
    try:
        return float(cell)
    except ValueError:
        return cell


def _line_item(make: Maker, row: dict[str, str]) -> Object:
    spans = {name: _number(row[name]) for name in ("resultValueMin", "resultValueMax") if row.get(name)}
    return (
        _plain("title", "description", "assignDate", "dueDate")(row)
        | spans
        | {
            "class": make.ref("class", row.get("classSourcedId"), "classes"),
            "category": make.ref("category", row.get("categorySourcedId"), "categories"),
            "gradingPeriod": make.ref("academicSession", row.get("gradingPeriodSourcedId")),
        }
    )


def _result(make: Maker, row: dict[str, str]) -> Object:
    score = {"score": _number(row["score"])} if row.get("score") else {}
    return (
        _plain("scoreStatus", "scoreDate", "comment")(row)
        | score
        | {
            "lineItem": make.ref("lineItem", row.get("lineItemSourcedId")),
            "student": make.ref("user", row.get("studentSourcedId")),
        }
    )


_SHAPES: dict[str, Callable[[Maker, dict[str, str]], Object]] = {
    "orgs": _org,
    "academicSessions": _session,
    "courses": _course,
    "classes": _class,
    "users": _user,
    "enrollments": _enrollment,
    "demographics": _demographics,
    "categories": _category,
    "lineItems": _line_item,
    "results": _result,
}


_STAFF_1P2 = {"administrator": "districtAdministrator", "aide": "counselor"}
"""Words of 1.1 for which 1.2 has several."""


def as_1p2(kind: str, made: Object) -> Object:
    """The same object of OneRoster 1.2: roles and profiles in the user, and an academicSession in the line item."""
    one = dict(made)
    if kind == "users":
        role, orgs = one.pop("role", None), one.pop("orgs")
        word = _STAFF_1P2.get(str(role), role)
        one["roles"] = [{"roleType": "primary", "role": word, "org": org} for org in orgs]
        one["primaryOrg"] = orgs[0] if orgs else None
        one["userMasterIdentifier"] = f"master-{one['sourcedId']}"
        one |= {"preferredFirstName": "Preferred", "preferredMiddleName": "Or", "preferredLastName": "Not", "pronouns": "they"}
        one["userProfiles"] = [
            {"profileId": "p1", "credentials": [{"type": "basic", "username": "login-9", "password": "hush-9"}]}
        ]
    if kind == "lineItems":
        one["academicSession"] = one.pop("gradingPeriod")
    return one
