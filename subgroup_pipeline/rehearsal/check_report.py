"""The report about a checked file, as files for the district's outbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.reports.forms import FORMS

if TYPE_CHECKING:
    from subgroup_pipeline.rehearsal.rehearse import Rehearsal

_NAME_MAX = 80
_ONLY_CHECKED = "This was a check. The file was not delivered; put it into the inbox when you are content with it."


def report_files(rehearsal: Rehearsal) -> dict[str, bytes]:
    """The report in every form, by file extension; it says that nothing was delivered."""
    done = {"verdict_in_words": rehearsal.outcome, "what_to_do": [_ONLY_CHECKED, *rehearsal.report.what_to_do[:2]]}
    report = rehearsal.report.model_copy(update=done)
    return {extension: form(report) for extension, form in FORMS.items()}


def report_name(file_name: str, now: datetime) -> str:
    """Name of a report without its extension; whatever the checked file was called, it is plain ASCII."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", file_name)[:_NAME_MAX]
    return f"check_{plain}_{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
