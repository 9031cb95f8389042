"""Columns of a subgroup file that are not set up, and what the district's people tell us about them.

Cells of such a column are shown only where they are codes: at most 20 different texts, none longer than 40 characters, shared by
three rows each on average, in a column whose name is not that of an ID, a person or a place. Of any other column its name alone
is shown, and none where the name itself may be a student's value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.desk.proposal.catalogue import catalogue
from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.districts.subgroup_settings import subgroup_in_words
from subgroup_pipeline.errors import ArchiveDamagedError, SettingsError
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.landing.header import known_subgroup_columns
from subgroup_pipeline.landing.unknown_names import Header
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.row_lookup import HowRead
from subgroup_pipeline.registry.database import record_event
from subgroup_pipeline.registry.delivery_record import FileReading
from subgroup_pipeline.registry.ledger import latest_delivery
from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subgroup_pipeline.districts.district_file import Subgroups
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.reading.column_values import ColumnValues
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

MOST_VALUES = 20
_ROWS_OF_A_CODE = 3
"""Rows that share each text of a column of codes, on average; names and words of one person repeat less."""
MOST_WORDS = 500
"""Characters that a person may write about a column."""
TOLD = "district.column_told"
MEMBER = {"yes": "in the group", "no": "not in the group", "unsure": "not sure"}
"""What a person may say of a code."""


@dataclass(frozen=True)
class NewColumn:
    """A column that is not set up. `values` are its codes with the rows that have them; `likely` is the subgroup it may be.

    `is_asked` is false where its name is that of an ID, a person or a place, or no name: then nobody is asked what it means.
    """

    name: str
    filled: int
    values: list[tuple[str, int]]
    likely: str
    is_asked: bool


@dataclass(frozen=True)
class NewColumns:
    """The columns of the newest subgroup file that are not set up. `problem` says why a file cannot be looked at."""

    delivery_id: str
    received_at: datetime | None
    file_name: str
    columns: list[NewColumn]
    problem: str = ""


@dataclass(frozen=True)
class ToldColumn:
    """What somebody told us about a column."""

    at: datetime
    by: str
    column: str
    subgroup: str
    meaning: str
    values: dict[str, str]


def subgroup_choices() -> list[tuple[str, str]]:
    """Subgroups that a column may be, by name, with their words."""
    return [(name, subgroup_in_words(name)) for name in catalogue().subgroups]


def new_columns(registry: Registry, settings: Settings, district: RegisteredDistrict) -> NewColumns:
    """What of the newest subgroup file is not set up."""
    with registry.begin() as session:
        delivery = latest_delivery(session, district.district_id, "subgroups")
    subgroups = district.settings.subgroups
    if delivery is None or subgroups is None:
        return NewColumns("", None, "", [], "No subgroup file has come yet.")
    (file, *others) = [one for one in delivery.files if not one.member_of]
    archive = DistrictArchive(settings.paths, district.district_id)
    seen = NewColumns(delivery.delivery_id, delivery.received_at, file.name, [])
    if others or not file.name.casefold().endswith(".csv"):
        return _with_problem(seen, "Your newest upload is not one CSV file, so its columns cannot be told.")
    if archive.find(file.sha256) is None:
        return _with_problem(seen, "Your newest subgroup file is not kept any more; its columns show with the next upload.")
    how = delivery.record.reading_of(file.name).model_dump_json()
    read = _read(archive, file.sha256, how)
    if read is None:
        return _with_problem(seen, "Your newest subgroup file could not be read.")
    return NewColumns(seen.delivery_id, seen.received_at, seen.file_name, _unmapped(read, how, subgroups))


def tell_column(  # noqa: PLR0913 - the fields of a form
    registry: Registry,
    settings: Settings,
    district: RegisteredDistrict,
    column: NewColumn,
    *,
    by: str,
    subgroup: str,
    meaning: str,
    values: Mapping[str, str],
) -> None:
    """Write down what a person tells about a column, and mail our staff that it was told. Raises SettingsError in words."""
    meaning = " ".join(meaning.split())
    if not subgroup and not meaning:
        raise SettingsError("Choose a subgroup, or write in your own words what the column means.")
    if len(meaning) > MOST_WORDS:
        raise SettingsError(f"Please say it in at most {MOST_WORDS} characters.")
    if subgroup and subgroup not in catalogue().subgroups:
        raise SettingsError("Choose one of the subgroups in the list.")
    codes = {text: values.get(text, "unsure") for text, _ in column.values}
    if unknown := set(codes.values()) - MEMBER.keys():
        raise SettingsError(f"Say of each value one of: {', '.join(MEMBER.values())}; {min(unknown)} is none of these.")
    detail: dict[str, Any] = {"column": column.name, "subgroup": subgroup, "meaning": meaning, "values": codes}
    with registry.begin() as session:
        record_event(session, TOLD, actor=by, district_id=district.district_id, detail=detail)
        queue_mail(
            session,
            kind="column_told",
            key=f"column_told:{district.district_id}:{column.name}:{datetime.now(UTC).isoformat()}",
            to=settings.staff_addresses,
            district_id=district.district_id,
            district_name=district.settings.name,
            column=column.name,
            url=f"{settings.portal_url}/d/{district.district_id}/columns",
        )


def told_columns(registry: Registry, district_id: str, most: int = 50) -> list[ToldColumn]:
    """What was told of columns, the newest first."""
    query = sa.select(AuditEvent).filter_by(kind=TOLD, district_id=district_id).order_by(AuditEvent.event_id.desc()).limit(most)
    with registry.begin() as session:
        return [
            ToldColumn(
                at=event.at,
                by=event.actor,
                column=event.detail["column"],
                subgroup=subgroup_in_words(event.detail["subgroup"]),
                meaning=event.detail["meaning"],
                values={text: MEMBER[said] for text, said in event.detail["values"].items()},
            )
            for event in session.scalars(query)
        ]


def _with_problem(seen: NewColumns, words: str) -> NewColumns:
    return NewColumns(seen.delivery_id, seen.received_at, seen.file_name, [], words)


@lru_cache(maxsize=500)
def _read(archive: DistrictArchive, sha256: str, how: str) -> list[ColumnValues] | None:
    """The columns of an archived file, read in a process under limits; its bytes never change, so it is read once.

    Its plain bytes lie among the rehearsals meanwhile: a run that lands clears the scratch directory.
    """
    noted = FileReading.model_validate_json(how)
    how_read = HowRead(noted.encoding, noted.delimiter, noted.columns, noted.header_line, noted.last_line)
    try:
        with ReadingPool(1) as readers, archive.opened(sha256, archive.home.rehearsals) as path:
            return readers.column_values(path, how_read, MOST_VALUES)
    except (FileNotFoundError, ArchiveDamagedError):
        return None


def _unmapped(read: list[ColumnValues], how: str, subgroups: Subgroups) -> list[NewColumn]:
    renamed = {canonical(name) for name in FileReading.model_validate_json(how).columns.values()}
    known = known_subgroup_columns(subgroups) | renamed
    header = Header([column.header for column in read], known, subgroups.student_id_column)
    return [
        _new(column, header.shown(position))
        for position, column in enumerate(read)
        if column.header and header.forms[position] not in known
    ]


def _new(column: ColumnValues, shown: str) -> NewColumn:
    naming = catalogue().naming(column.header)
    is_asked = naming.way not in ("student_id", "other") and shown == column.header
    are_codes = is_asked and 0 < _ROWS_OF_A_CODE * len(column.counts) <= column.filled
    values = list(column.counts.items()) if are_codes else []
    return NewColumn(shown, column.filled, values, naming.subgroup.name if naming.subgroup and is_asked else "", is_asked)
