"""How one district uploads, made from its own settings: its files, their columns, and a template of its subgroup file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.columns_in_words import match_field_in_words, shown_columns
from subgroup_pipeline.desk.connection import connection_of
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    from subgroup_pipeline.desk.columns_in_words import ShownColumn
    from subgroup_pipeline.desk.connection import Connection
    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.settings import Settings

EXAMPLE_ID = "00012345"
"""Of no student; its zeros show that an ID is text."""
_EXAMPLE_TEXT = "Example"


@dataclass(frozen=True)
class RosterFile:
    """A file of the roster: columns whose cells must be filled, and the others that its first line also has."""

    name: str
    needed: list[str]
    others: list[str]
    may_be_left_out: bool


@dataclass(frozen=True)
class SubgroupFile:
    """The subgroup file: where it goes, its name, its ID column with what that equals, and its columns."""

    folder: str
    name: str
    id_column: str
    id_is: str
    columns: list[ShownColumn]


@dataclass(frozen=True)
class UploadGuide:
    """All of it. `connection` is None for a district that has us fetch from its own SFTP server, or that uploads nothing.

    `roster_url` is where a roster that is not uploaded is fetched from.
    """

    connection: Connection | None
    roster_folder: str
    roster_url: str
    roster_files: list[RosterFile]
    subgroup_file: SubgroupFile | None
    columns_of_the_roster: list[ShownColumn]


def upload_guide(settings: Settings, district: RegisteredDistrict) -> UploadGuide:
    """The guide of one district."""
    columns = shown_columns(district.settings.subgroups)
    return UploadGuide(
        connection=connection_of(settings, district)
        if district.settings.uploaded_feeds and not district.settings.server
        else None,
        roster_folder=district.settings.roster.path,
        roster_url=district.settings.roster.url or "",
        roster_files=_roster_files(columns),
        subgroup_file=_subgroup_file(district.settings, columns),
        columns_of_the_roster=[column for column in columns if not column.is_in_file],
    )


def template_csv(settings: DistrictSettings) -> str | None:
    """The header of the subgroup file and one made-up row; None for a district without such a file."""
    file = _subgroup_file(settings, shown_columns(settings.subgroups))
    if file is None:
        return None
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([file.id_column, *(column.header for column in file.columns)])
    writer.writerow([EXAMPLE_ID, *(column.values[0][0] if column.values else _EXAMPLE_TEXT for column in file.columns)])
    return text.getvalue()


def _roster_files(columns: list[ShownColumn]) -> list[RosterFile]:
    reads_demographics = any(place.startswith("demographics.") for column in columns for place in column.places)
    return [
        RosterFile(
            name=table.file_name,
            needed=[column for column in table.columns if column in table.required],
            others=[column for column in table.columns if column not in table.required],
            may_be_left_out=not table.is_core and not reads_demographics,
        )
        for table in roster_tables().values()
    ]


def _subgroup_file(settings: DistrictSettings, columns: list[ShownColumn]) -> SubgroupFile | None:
    subgroups = settings.subgroups
    if subgroups is None or not subgroups.reads_file:
        return None
    return SubgroupFile(
        folder=subgroups.path,
        name=subgroups.files,
        id_column=subgroups.student_id_column,
        id_is=match_field_in_words(subgroups),
        columns=[column for column in columns if column.is_in_file],
    )
