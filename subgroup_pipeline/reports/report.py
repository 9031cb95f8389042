"""What a report is: one delivery, its problems with root causes first, and the rows behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from subgroup_pipeline.findings.severity import Severity

REPORT_VERSION = "2.1"
"""Of the published JSON Schema: additions raise the second number, anything else the first."""

MOST_CHANGES = 50
"""Changes of a build that a report lists: an open column may have thousands."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReportedFile(_Part):
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


class SubgroupChange(_Part):
    """Students who went from one value of a subgroup to another; null is not being active."""

    subgroup: str
    from_value: str | None
    to_value: str | None
    student_count: int
    in_words: str


class Shown(_Part):
    """What the published reports show when this report is written."""

    is_this_delivery: bool
    student_count: int
    as_of_date: str
    published_at: str
    in_words: str
    roster_received_at: str | None
    subgroups_received_at: str | None
    changes: list[SubgroupChange] = Field(
        [],
        max_length=MOST_CHANGES,
        description="by the newest build, the largest first; empty unless it has this upload",
    )


class Contact(_Part):
    """Who "we" and "us" are in the texts: settings of the installation, each blank when it is not set."""

    name: str
    mail: str
    phone: str
    in_words: str


class Value(_Part):
    """A text that stands in cells at fault, as the district wrote it."""

    text: str
    count: int = Field(description="of the rows that are listed")
    lines: list[int] = Field(description="the first lines")


class Place(_Part):
    """A file, or a column of one, in which a problem was found."""

    file: str | None
    column: str | None
    count: int | None = Field(description="rows; null when it is about the file as a whole")
    lines: list[int] = Field(description="the first lines; the header is line 1")
    about: str = Field(description="what is to be said of this place alone")
    values: list[Value] = Field([], description="for a problem with a word: which ones stand there, the most frequent first")


class Problem(_Part):
    """One kind of problem, wherever it was found. `follows_from` is the number of the problem that may have caused it."""

    number: int
    code: str
    severity: Severity
    level: str = Field(description="the severity in words, as things stand now")
    count: int | None = Field(description="rows of all places; null when it is about files as a whole")
    places: list[Place] = Field(min_length=1)
    message: str
    why: str
    how_to_fix: str
    in_excel: str
    example: str
    doc: str = Field(description="where the code is explained")
    follows_from: int | None = None


class Row(_Part):
    """One row with a problem. `row_key` is the district's own ID of the record."""

    problem: int = Field(description="number of its problem")
    file: str
    line: int | None = Field(description="physical line; the header is line 1; null for an ID that is missing from the file")
    record: int | None = Field(description="number of the row after the header, blank rows not counted")
    column: str
    code: str
    severity: str
    message: str
    how_to_fix: str
    row_key: str
    value: str = Field("", description="what stands in the cell, for a problem with a word")


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
    files: list[ReportedFile]
    counts: Counts
    changes: Changes | None
    solved: Solved | None
    shown: Shown | None
    next_run: str | None = Field(description="when the next nightly run starts")
    contact: Contact
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
