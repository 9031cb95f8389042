"""What the pipeline noted about a delivery's content: one typed document per delivery, which the ledger keeps as JSON.

Belongs here: counts of lines, rows and students, how each file was read, and what a delta changes. Never a value from a row.
A field that was never noted has its default here and is absent from the JSON, so the JSON tells "none" from "not counted yet".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


class _Noted(BaseModel):
    """Frozen, so that a change is a new record that the ledger sees; an unknown field is a programming error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileReading(_Noted):
    """How a file was read, as far as that is not the plain way: UTF-8, commas, the header in line 1."""

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    header_line: int = 1
    last_line: int | None = None
    """The last line of the rows, where others follow that are none."""
    columns: Mapping[str, str] = {}
    """Columns that the settings can name and the file writes in another way: the header's name of each."""


class FileRecord(_Noted):
    """Rows of one file. `lines` are physical ones, `records` rows as CSV reads them without the header, blank ones left out.

    `set_aside` are records that do not fit the header, `landed` those in the warehouse. `skipped` lines lie above the header
    or below the rows; `continued` ones belong to the record that began before them.
    """

    table: str
    lines: int = 0
    records: int = 0
    blank: int = 0
    skipped: int = 0
    continued: int = 0
    set_aside: int = 0
    landed: int = 0
    reading: FileReading | None = None


class ChangedStudents(_Noted):
    """Students against the delivery before: those it had not, those it has otherwise, and those whom it alone has."""

    new: int
    changed: int
    removed: int


class Count(_Noted):
    """How many there are, and how many the delivery has that would be replaced; None where nothing would be."""

    before: int | None = None
    now: int


class SchoolCount(Count):
    """Students in the classes of a school, which the roster calls so."""

    school_id: str
    name: str


class GroupCount(Count):
    """Students of a value of a subgroup; None stands for all texts that the settings do not name."""

    subgroup: str
    value: str | None


class Preview(_Noted):
    """What approving a held delivery would change, counted when it was judged. `replaces` is what was live then."""

    replaces: str | None = None
    students: Count | None = None
    new_students: int | None = None
    gone_students: int | None = None
    classes: Count | None = None
    enrollments: Count | None = None
    student_ids: Count | None = None
    """Distinct IDs of the subgroup file, and how many of them are students of the roster."""
    matched: Count | None = None
    schools: tuple[SchoolCount, ...] = ()
    groups: tuple[GroupCount, ...] = ()
    uncounted_subgroups: tuple[str, ...] = ()
    """Subgroups that several sources give, or that are rolled up: what they would be is known once they are built."""


class DeliveryRecord(_Noted):
    """All that is noted about one delivery. Landing notes the files, the checks note what they counted."""

    files_waiting: int = 0
    """Uploads that are not proved complete yet; then nothing else is noted."""
    files: Mapping[str, FileRecord] = {}
    """By the name that the file has in the delivery."""
    oneroster_version: str | None = None
    """Of a roster: the version of OneRoster that it was read as."""
    is_delta: bool = False
    delta_tables: tuple[str, ...] = ()
    bulk_tables: tuple[str, ...] = ()
    rows_carried_over: int = 0
    """Rows that a delta took over from the roster that it changes."""
    active_students: int | None = None
    student_ids: int | None = None
    matched: int | None = None
    """Student IDs of a subgroup file that are students of the roster."""
    absent_students: int | None = None
    changes: ChangedStudents | None = None
    preview: Preview | None = None
    """Of a delivery that waits for a person."""
    rows_set_aside_by_checks: int = 0
    ended_runs: int = 0
    """Runs in a row that ended while the delivery was being read (`landing.interrupted`)."""

    @property
    def lines(self) -> int:
        """Physical lines of all files."""
        return sum(file.lines for file in self.files.values())

    @property
    def records(self) -> int:
        """Records of all files."""
        return sum(file.records for file in self.files.values())

    @property
    def landed(self) -> int:
        """Rows of all files that are in the warehouse."""
        return sum(file.landed for file in self.files.values())

    @property
    def rows_set_aside(self) -> int:
        """Rows that are in no mart: those that did not fit the header, and those that the checks refused."""
        return sum(file.set_aside for file in self.files.values()) + self.rows_set_aside_by_checks

    def reading_of(self, file_name: str) -> FileReading:
        """How a file was read."""
        file = self.files.get(file_name)
        return file.reading if file is not None and file.reading is not None else FileReading()

    def updated(self, newer: DeliveryRecord) -> DeliveryRecord:
        """This record with every field that the newer one notes."""
        return self.model_copy(update={name: getattr(newer, name) for name in newer.model_fields_set})

    def without_ended_runs(self) -> DeliveryRecord:
        """This record with nothing noted of ended runs."""
        return DeliveryRecord(**{name: getattr(self, name) for name in self.model_fields_set - {"ended_runs"}})

    def as_json(self) -> dict[str, Any]:
        """What is noted, as it is stored and as the command line prints it."""
        return self.model_dump(mode="json", exclude_unset=True)
