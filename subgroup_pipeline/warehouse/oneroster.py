"""The OneRoster CSV contract: which files we land, their columns, required columns and vocabularies.

Read from `oneroster_v1p1_columns.yml` (1EdTech OneRoster v1.1 CSV tables) and `oneroster_editions.yml`, which says how 1.0 and
1.2 differ; nothing else in the package spells a column list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

from subgroup_pipeline.reading.roster_files import Edition

NEVER_LANDED = frozenset({"password", "email", "sms", "phone", "comment", "description", "categorySourcedId"})
"""Columns that no rule or report needs (data minimisation); they stay in the archive."""


@dataclass(frozen=True)
class RosterTable:
    """One OneRoster file: `file_name` in the package, `name` of its raw table, and its columns in specification order.

    `columns` are called as in 1.1 whatever the edition, as the raw table calls them. `required` are the columns without which
    the file is not read. A file of the gradebook never stops a roster.
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
    called: Mapping[str, str] = field(default_factory=dict)
    """The edition's own name of columns that 1.1 calls otherwise."""
    may_lack: frozenset[str] = frozenset()
    """Columns of which nothing is said when they are missing."""
    not_read: tuple[str, ...] = ()
    """Further columns of the edition, which are never landed."""
    is_ordered: bool = True

    def names_of(self, column: str) -> tuple[str, ...]:
        """What a file may call a column: its name in this edition, and that of 1.1, which exports mix."""
        return (self.called[column], column) if column in self.called else (column,)

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
def roster_tables(edition: Edition = "1.1") -> dict[str, RosterTable]:
    """The files of an edition that are landed, by their OneRoster kind (`academicSessions`), parents before children.

    Those of 1.1 are the tables that everything after landing reads; `roles` of 1.2 is landed beside them.
    """
    of_1p1 = _contract()["files"]
    tables = {kind: _table(kind, name, of_1p1[kind]) for kind, name in _RAW_NAMES.items()}
    if edition == "1.1":
        return tables
    differs = _editions()[edition]
    for kind, changes in differs["files"].items():
        kept = [column for column in of_1p1[kind]["columns"] if column["name"] not in changes.get("gone", ())]
        tables[kind] = _table(kind, _RAW_NAMES[kind], {**of_1p1[kind], "is_ordered": "false", **changes, "columns": kept})
    return tables | {kind: _table(kind, kind, file) for kind, file in differs.get("added", {}).items()}


def _table(kind: str, name: str, file: Mapping[str, Any]) -> RosterTable:
    columns, may_lack = file["columns"], frozenset(file.get("may_lack", ()))
    required = frozenset(c["name"] for c in columns if c["required"] == c.get("needed", "true") == "true")
    return RosterTable(
        kind=kind,
        name=name,
        file_name=file["file"],
        columns=tuple(column["name"] for column in columns),
        required=required - may_lack,
        is_core=kind not in _OPTIONAL,
        is_gradebook=file["service"] == "gradebook",
        date_columns=tuple(c["name"] for c in columns if c["type"] == "date"),
        meanings={c["name"]: _meaning(c) for c in columns},
        called=file.get("called", {}),
        may_lack=may_lack,
        not_read=tuple(file.get("not_read", ())),
        is_ordered=file.get("is_ordered", "true") == "true",
    )


@cache
def words_as_1p1(edition: Edition) -> dict[str, dict[str, str]]:
    """What words of an edition are called in 1.1, by `<raw table>.<column>`: in lower case, `ext:` for all words of vendors.

    Of 1.0, whose exports write words in any capitals, these are the words of 1.1 themselves.
    """
    if edition == "1.0":
        columns = {f"{t.name}.{c['name']}": c for t in roster_tables().values() for c in _contract()["files"][t.kind]["columns"]}
        enums = {name: column["enum"] for name, column in columns.items() if column["type"] == "enum"}
        return {name: {word.lower(): word for word in words} for name, words in enums.items()}
    return _editions()[edition].get("words", {}) if edition != "1.1" else {}


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


def is_endpoint(place: str | None) -> bool:
    """Whether a place is an endpoint of a OneRoster server, and no file."""
    return place in _endpoints()


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
def _contract() -> Any:  # noqa: ANN401 - nested maps and lists of texts
    return _read("oneroster_v1p1_columns.yml")


@cache
def _editions() -> Any:  # noqa: ANN401 - nested maps and lists of texts
    return _read("oneroster_editions.yml")


def _read(name: str) -> Any:  # noqa: ANN401 - nested maps and lists of texts
    return YAML(typ="base", pure=True).load(files(__package__).joinpath(name).read_text(encoding="utf-8"))
