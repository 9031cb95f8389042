"""What reading one CSV file showed: its shape, and the rows of it that were set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.reading.delimiter import COMMA

if TYPE_CHECKING:
    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.reading.text_encoding import Encoding


@dataclass(frozen=True)
class SetAsideRow:
    """A row that is not landed: its physical line, the code that says why, and the beginning of its text."""

    line: int
    code: str
    text: str


@dataclass
class CsvShape:
    """What a file is made of; lines count from 1 in the file as uploaded.

    `records` are rows after the header that are not blank; `set_aside` of them are not landed. `blank` counts blank rows, also
    those before the header; `skipped` are lines that are no rows: above the header, and behind `last_line` where one is given.
    `continued` are lines that a quoted line break makes part of the record before. `is_padded` says that a cell of a row begins
    or ends with white space, `is_ascii` that no character is beyond ASCII.
    """

    header: list[str] = field(default_factory=list)
    header_line: int = 1
    lines: int = 0
    records: int = 0
    blank: int = 0
    skipped: int = 0
    last_line: int | None = None
    continued: int = 0
    set_aside: int = 0
    is_padded: bool = False
    is_ascii: bool = True
    encoding: Encoding = "utf-8"
    delimiter: str = COMMA
    findings: list[Finding] = field(default_factory=list)
    set_aside_rows: list[SetAsideRow] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.severity == "fatal" for finding in self.findings)
