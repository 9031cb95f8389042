"""What a finding code is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "hold", "error", "warning", "info"]


@dataclass(frozen=True)
class FindingCode:
    """What a code means, in a clerk's words; a finding may add its own words to `message`.

    `how_to_fix` speaks of the student information system's export, `in_excel` of a file that a person edits; `why` says what
    would go wrong otherwise; `example` shows what is wrong and what is right, made up.
    """

    code: str
    severity: Severity
    message: str
    how_to_fix: str
    why: str = ""
    in_excel: str = ""
    example: str = ""


EXPORT_AGAIN = "Export the file again from the student information system and upload it without opening it in Excel."
CHECK_SIS = "Correct these records in the student information system. The next export carries the correction."
