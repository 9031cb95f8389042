"""The subgroup columns of a district as its people know them: header, subgroup, and what each cell may hold and means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.district_file import NOT_REPORTED
from subgroup_pipeline.districts.subgroup_settings import in_words

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import SubgroupColumn, Subgroups


@dataclass(frozen=True)
class ShownColumn:
    """One column. `values` are the texts of cells with what they mean; none where any text is taken (`takes_any`)."""

    header: str
    other_headers: list[str]
    subgroup: str
    values: list[tuple[str, str]]
    takes_any: bool
    blank: str
    is_optional: bool
    is_in_file: bool
    places: list[str]


def shown_columns(subgroups: Subgroups | None) -> list[ShownColumn]:
    """The columns in the order of the settings."""
    return [] if subgroups is None else [_shown(subgroups, name, column) for name, column in subgroups.columns.items()]


def _shown(subgroups: Subgroups, name: str, column: SubgroupColumn) -> ShownColumn:
    places = subgroups.places(name)
    return ShownColumn(
        header=name,
        other_headers=column.aliases,
        subgroup=column.shown_name,
        values=[(text, column.value_label(value) or in_words(value)) for text, value in subgroups.known_values(name).items()],
        takes_any=column.open,
        blank="nothing is known of the student" if column.blank == NOT_REPORTED else in_words(column.blank),
        is_optional=column.optional,
        is_in_file=any(place.source == "file" for place in places),
        places=["your subgroup file" if place.source == "file" else f"{place.column} of the roster" for place in places],
    )


def match_field_in_words(subgroups: Subgroups) -> str:
    """What the student ID of a subgroup file equals, in words."""
    field = subgroups.matches
    fixed = {
        "users.sourcedId": "sourcedId in users.csv of your roster",
        "users.identifier": "identifier in users.csv of your roster",
        "users.username": "username in users.csv of your roster",
    }
    if field.startswith("userIds:"):
        return f"the ID of the type {field.removeprefix('userIds:')} in the column userIds of users.csv"
    return fixed.get(field, f"the column {field} in users.csv of your roster")
