"""How grave a finding is: the words, and their one order."""

from __future__ import annotations

from typing import Literal, get_args

Severity = Literal["fatal", "hold", "error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the gravest to the mildest. `fatal` rejects the delivery, `hold` keeps it for a person, `error` sets rows aside; `warning`
and `info` keep everything. `quality.verdict` decides by them."""

GRAVE = frozenset(SEVERITIES[:3])
"""Those that keep rows, or the whole delivery, out of the reports."""

SEVERITY_WORDS: dict[str, str] = {
    "fatal": "Stops the upload",
    "hold": "Needs a person",
    "error": "Rows left out",
    "warning": "Please check",
    "info": "Good to know",
}
"""What a clerk reads of each, in reports and in mail."""
