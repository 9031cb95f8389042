"""What a report is: one delivery, its problems with root causes first, and the rows behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

REPORT_VERSION = "1.0"
"""Of the published JSON Schema: additions raise the second number, anything else the first."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UploadedFile(_Part):
    """A file as it was uploaded."""

    name: str
    size: int = Field(description="in bytes")
    sha256: str = Field(description="first 12 characters of the hash of its bytes")


class Counts(_Part):
    """Lines and rows of the delivery. Rows are those after the header, without blank ones."""

    lines: int
    rows: int
    used: int = Field(description="rows that are in the reports, or will be")
    set_aside: int = Field(description="rows that are in no report")
    duplicates: int = Field(description="rows whose ID stands on another row too")
    student_ids: int | None = Field(None, description="different student IDs of a subgroup file")
    matched: int | None = Field(None, description="of these, IDs of one active student of the roster")


class Changes(_Part):
    """Students against the last delivery that was used."""

    new: int
    changed: int
    removed: int


class Solved(_Part):
    """Rows with problems in the delivery before, how many of them are mended, and how many are new."""

    previous_delivery_id: str
    before: int
    solved: int
    new: int


class Shown(_Part):
    """What the published reports show when this report is written."""

    is_this_delivery: bool
    student_count: int
    as_of_date: str
    published_at: str
    in_words: str
    roster_received_at: str | None
    subgroups_received_at: str | None


class Problem(_Part):
    """One kind of problem in one column of one file. `follows_from` is the number of the problem that may have caused it."""

    number: int
    code: str
    severity: Literal["fatal", "hold", "error", "warning", "info"]
    file: str | None
    column: str | None
    count: int | None = Field(description="rows; null when it is about the file as a whole")
    lines: list[int] = Field(description="the first lines; the header is line 1")
    message: str
    why: str
    how_to_fix: str
    in_excel: str
    example: str
    doc: str = Field(description="where the code is explained")
    follows_from: int | None = None


class Row(_Part):
    """One row with a problem. `row_key` is the district's own ID of the record."""

    file: str
    line: int | None = Field(description="physical line; the header is line 1; null for an ID that is missing from the file")
    record: int | None = Field(description="number of the row after the header, blank rows not counted")
    column: str
    code: str
    severity: str
    message: str
    how_to_fix: str
    row_key: str


class Report(_Part):
    """The report of one delivery. Times are ISO-8601 UTC; `received_local` is in the district's time zone."""

    report_version: str = REPORT_VERSION
    delivery_id: str
    district_id: str
    district_name: str
    feed: Literal["roster", "subgroups"]
    state: str
    verdict: str | None
    verdict_in_words: str
    what_to_do: list[str] = Field(max_length=3)
    received_at: str
    received_local: str
    files: list[UploadedFile]
    counts: Counts
    changes: Changes | None
    solved: Solved | None
    shown: Shown | None
    next_run: str | None = Field(description="when the next nightly run starts")
    problems: list[Problem] = Field(description="root causes first, each followed by what may follow from it")
    rows: list[Row] = Field(description="at most 10,000")
    rows_not_listed: int

    @property
    def roots(self) -> list[Problem]:
        """The problems that follow from no other."""
        return [problem for problem in self.problems if problem.follows_from is None]

    def following(self, root: Problem) -> list[Problem]:
        """The problems that may follow from this one."""
        return [problem for problem in self.problems if problem.follows_from == root.number]
