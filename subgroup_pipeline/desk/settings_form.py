"""A district's YAML as a form: the common settings as fields, and what was changed in them put back into the same text.

Only what was changed is written, so comments, order and everything that the form does not show stay as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from subgroup_pipeline.desk.settings_texts import as_one_text, from_one_text
from subgroup_pipeline.desk.settings_yaml import Path, at, put, read_yaml, written_yaml
from subgroup_pipeline.districts.district_file import Subgroups
from subgroup_pipeline.districts.guards import Guards
from subgroup_pipeline.districts.privacy_profiles import PROFILES
from subgroup_pipeline.districts.privacy_settings import COUNT_DAY, ReleaseRhythm
from subgroup_pipeline.districts.report_settings import PAIRED_BY_DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW_COLUMNS = 2
"""Empty rows for columns that are added."""


@dataclass(frozen=True)
class Field:
    """One setting. `name` is its field in the form; `value` is what the YAML says, empty where `default` is in force."""

    path: Path
    label: str
    value: str
    default: str
    hint: str = ""
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The field's name: the place of the setting in the file."""
        return ".".join(self.path)


@dataclass(frozen=True)
class ColumnFields:
    """One column of the subgroup file; `values` has a line a value, as `Y = yes`. The number names its fields."""

    number: int
    header: str
    subgroup: str
    values: str
    blank: str
    is_open: bool
    is_optional: bool


@dataclass(frozen=True)
class SettingsForm:
    """The fields of a district's settings, in parts."""

    common: list[Field]
    subgroups: list[Field]
    columns: list[ColumnFields]
    guards: list[Field]


def settings_form(text: str) -> SettingsForm:
    """The form of a YAML text that was accepted."""
    document = read_yaml(text)

    def field(path: str, label: str, hint: str = "", default: str = "", choices: tuple[str, ...] = ()) -> Field:
        parts = tuple(path.split("."))
        return Field(parts, label, as_one_text(at(document, parts)), default, hint, choices)

    columns = at(document, ("subgroups", "columns")) or {}
    return SettingsForm(
        common=[
            field("name", "Name"),
            field("timezone", "Time zone", "A name as America/Chicago."),
            field("contacts", "Contacts", "Mail addresses, with commas between them."),
            field("schedule", "Uploads expected by", "Local time as 02:00. Empty: at no fixed hour."),
            field("as_of", "Enrollments count as of", "delivery, roster, or a date as 2026-10-01.", "delivery"),
            field("roster.path", "Folder of the roster", default="inbox/roster"),
            field("publish_when", "Publish", "clean: only uploads without rows left out.", "tolerant", ("tolerant", "clean")),
            field("privacy.profile", "Rule for small groups", default="custom", choices=PROFILES),
            field("privacy.minimum_count", "Smallest group that is shown", default="that of the rule"),
            field("privacy.zero", "Groups of nobody", default="that of the rule", choices=("show", "hide")),
            field("privacy.release", "Shared numbers are new", default="monthly", choices=get_args(ReleaseRhythm)),
            field("privacy.count_day", "Count day", f"Month and day as {COUNT_DAY}, with count_day above only."),
            field("privacy.public_page", "Public page", "Everybody may see the shared numbers.", "false", ("false", "true")),
            field("reports.bands", "Performance bands", "Name and lowest percent, as below 0, near 60, met 75.", "none"),
            field(
                "reports.pairs",
                "Subgroups shown together",
                "Two names with a + between them, and commas between the pairs.",
                f"all pairs of the first {PAIRED_BY_DEFAULT} subgroups",
            ),
            field("reports.nsla_student_level", "Meal status in lists of students", default="false", choices=("false", "true")),
        ],
        subgroups=[
            field(f"subgroups.{name}", label, hint, str(Subgroups.model_fields[name].default))
            for name, label, hint in (
                ("path", "Folder of the subgroup file", ""),
                ("files", "Names of its files", "A pattern as *.csv."),
                ("student_id_column", "Column with the student's ID", ""),
                ("matches", "What of the roster it equals", "users.sourcedId, users.identifier, users.username, userIds:<type>."),
            )
        ],
        columns=[_column_fields(number, header, column) for number, (header, column) in enumerate(columns.items())],
        guards=[
            field(f"guards.{name}", name.replace("_", " ").capitalize(), default=_default(info.default), choices=_choices(info))
            for name, info in Guards.model_fields.items()
            if name != "seasons"
        ],
    )


def edited_text(text: str, given: Mapping[str, str]) -> str:
    """The YAML with what was changed in the form. Fields that are not given stay; nothing is checked here."""
    form, document = settings_form(text), read_yaml(text)
    for field in [*form.common, *form.subgroups, *form.guards]:
        new = given.get(field.name, field.value).strip()
        if new != field.value:
            put(document, field.path, from_one_text(field.name, new))
    _edit_columns(document, form.columns, given)
    return written_yaml(document, text)


def _edit_columns(document: Any, columns: list[ColumnFields], given: Mapping[str, str]) -> None:  # noqa: ANN401 - a YAML tree
    """Change, add and take out columns. A header that is empty takes its column out."""
    known = {column.number: column for column in columns}
    for number in [*known, *range(len(columns), len(columns) + NEW_COLUMNS)]:
        was = known.get(number)
        new = _given_column(number, given)
        if new is None or new == was:
            continue
        if was is not None and new.header != was.header:
            _rename(document["subgroups"]["columns"], was.header, new.header)
        if new.header:
            _put_column(document, ("subgroups", "columns", new.header), was or _no_column(number), new)


def _rename(columns: Any, old: str, new: str) -> None:  # noqa: ANN401 - a YAML tree
    """Give a column another header in its place; an empty one takes it out."""
    place, column = list(columns).index(old), columns.pop(old)
    if new:
        columns.insert(place, new, column)


def _no_column(number: int) -> ColumnFields:
    return ColumnFields(number, "", "", "", "", is_open=False, is_optional=False)


def _given_column(number: int, given: Mapping[str, str]) -> ColumnFields | None:
    if f"column.{number}.header" not in given:
        return None

    def one(name: str) -> str:
        return given.get(f"column.{number}.{name}", "").strip()

    values = "\n".join(line.strip() for line in one("values").splitlines() if line.strip())
    is_open, is_optional = bool(one("open")), bool(one("optional"))
    return ColumnFields(number, one("header"), one("subgroup"), values, one("blank"), is_open, is_optional)


def _put_column(document: Any, path: Path, was: ColumnFields, new: ColumnFields) -> None:  # noqa: ANN401 - a YAML tree
    for name, before, now in (
        ("subgroup", was.subgroup, new.subgroup),
        ("blank", was.blank, new.blank),
        ("open", "true" * was.is_open, "true" * new.is_open),
        ("optional", "true" * was.is_optional, "true" * new.is_optional),
    ):
        if before != now:
            put(document, (*path, name), now)
    if was.values != new.values:
        put(document, (*path, "values"), read_values(new.values))


def _column_fields(number: int, header: str, column: Any) -> ColumnFields:  # noqa: ANN401 - a YAML tree
    values = "\n".join(f"{text} = {_value_words(value)}" for text, value in (column.get("values") or {}).items())
    flags = [str(column.get(name, "")).lower() == "true" for name in ("open", "optional")]
    return ColumnFields(number, header, str(column.get("subgroup", "")), values, str(column.get("blank", "")), *flags)


def _value_words(value: Any) -> str:  # noqa: ANN401 - a text, or a mapping with `member`
    if isinstance(value, str):
        return value
    return str(value["value"]) + {"true": " (member)", "false": " (not a member)"}.get(str(value.get("member", "")).lower(), "")


def read_values(text: str) -> dict[str, Any]:
    """Values from lines as `Y = yes` or `1 = level_1 (member)`; a line without `=` becomes a value without a meaning."""
    values: dict[str, Any] = {}
    for line in text.splitlines():
        cell, _, meaning = (part.strip() for part in line.partition("="))
        said = re.fullmatch(r"(.*?)\s*\((not a )?member\)", meaning)
        values[cell] = {"value": said[1], "member": "false" if said[2] else "true"} if said else meaning
    return values


def _default(value: Any) -> str:  # noqa: ANN401 - a guard's default
    return "" if value is None else str(value)


def _choices(info: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydantic's FieldInfo
    return tuple(one for one in get_args(info.annotation) if isinstance(one, str))
