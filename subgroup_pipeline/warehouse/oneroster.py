"""The OneRoster 1.1 CSV contract: which files we land, their columns, required columns and vocabularies.

Read from `oneroster_v1p1_columns.yml` (1EdTech OneRoster v1.1 CSV tables); nothing else in the package spells a column list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

NEVER_LANDED = frozenset({"password", "email", "sms", "phone", "comment", "description", "categorySourcedId"})
"""Columns that no rule or report needs (data minimisation); they stay in the archive."""


@dataclass(frozen=True)
class RosterTable:
    """One OneRoster file: `file_name` in the package, `name` of its raw table, and its columns in specification order.

    `required` are the columns without which the file is not read. A file of the gradebook never stops a roster.
    """

    kind: str
    name: str
    file_name: str
    columns: tuple[str, ...]
    required: frozenset[str]
    is_core: bool
    is_gradebook: bool
    date_columns: tuple[str, ...]
    meanings: Mapping[str, str]
    """What the specification says of each column: its form, and a note."""

    @property
    def landed_columns(self) -> tuple[str, ...]:
        """The columns of the raw table after the lineage columns, without `metadata`."""
        return tuple(column for column in self.columns if column not in NEVER_LANDED)


_RAW_NAMES = {
    "orgs": "orgs",
    "academicSessions": "academic_sessions",
    "courses": "courses",
    "classes": "classes",
    "users": "users",
    "enrollments": "enrollments",
    "demographics": "demographics",
    "lineItems": "line_items",
    "results": "results",
}
_FORMS = {
    "date": "YYYY-MM-DD",
    "datetime": "Time in UTC",
    "enum": "One of {words}",
    "float": "Decimal number",
    "guid": "GUID",
    "guid_ref": "GUID in {ref}",
    "id": "Identifier",
    "list_guid_ref": "GUIDs in {ref}, comma separated",
    "list_string": "Texts, comma separated",
    "list_typed_id": "Identifiers with their types, comma separated",
    "string": "Text",
    "year": "YYYY",
}
"""How the specification writes each type."""
_OPTIONAL = frozenset({"demographics", "lineItems", "results"})


@cache
def roster_tables() -> dict[str, RosterTable]:
    """The files that are landed, by their OneRoster kind (`academicSessions`), parents before children."""
    files_ = _contract()["files"]
    return {
        kind: RosterTable(
            kind=kind,
            name=name,
            file_name=files_[kind]["file"],
            columns=tuple(column["name"] for column in files_[kind]["columns"]),
            required=frozenset(c["name"] for c in files_[kind]["columns"] if c["required"] == c.get("needed", "true") == "true"),
            is_core=kind not in _OPTIONAL,
            is_gradebook=files_[kind]["service"] == "gradebook",
            date_columns=tuple(c["name"] for c in files_[kind]["columns"] if c["type"] == "date"),
            meanings={c["name"]: _meaning(c) for c in files_[kind]["columns"]},
        )
        for kind, name in _RAW_NAMES.items()
    }


def _meaning(column: Mapping[str, Any]) -> str:
    form = _FORMS[column["type"]].format(ref=column.get("ref", ""), words=", ".join(column.get("enum", ())))
    return f"{form}; {column['note']}." if "note" in column else f"{form}."


def gradebook_files() -> frozenset[str]:
    """Names of the gradebook's files that are landed."""
    return frozenset(table.file_name for table in roster_tables().values() if table.is_gradebook)


@cache
def _endpoints() -> dict[str, str]:
    return {f"/{table.kind}": table.file_name for table in roster_tables().values()}


def file_at(place: str | None) -> str | None:
    """The file that has what an endpoint of a OneRoster server gives (`/users`: users.csv); any other place as it is."""
    return _endpoints().get(place or "", place)


@cache
def vocabularies() -> dict[str, tuple[str, ...]]:
    """The words that the specification allows, by `<raw table>.<column>`, as it writes them.

    Words that many columns share have one name: `status`, `truth` (yes and no), and `grades` (the national list, CEDS).
    """
    words = {"grades": tuple(_contract()["vocabularies"]["grades"])}
    for table in roster_tables().values():
        for column in _contract()["files"][table.kind]["columns"]:
            if column["type"] == "enum":
                name = f"{table.name}.{column['name']}"
                name = {("active", "tobedeleted"): "status", ("true", "false"): "truth"}.get(tuple(column["enum"]), name)
                words[name] = tuple(column["enum"])
    return words


@cache
def _contract() -> dict[str, dict[str, dict]]:  # type: ignore[type-arg]
    text = files(__package__).joinpath("oneroster_v1p1_columns.yml").read_text(encoding="utf-8")
    return YAML(typ="base", pure=True).load(text)  # type: ignore[no-any-return]
