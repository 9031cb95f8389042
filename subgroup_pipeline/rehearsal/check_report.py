"""The report about a checked file, as files for the district's outbox."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.rehearsal.rehearse import Rehearsal

_NAME_MAX = 80


def report_files(rehearsal: Rehearsal) -> dict[str, bytes]:
    """The report in every form that there is, by file extension. This is the one place that knows the renderers."""
    text = json.dumps(rehearsal.described(), indent=2, ensure_ascii=False)
    return {"json": (text + "\n").encode()}


def report_name(file_name: str, now: datetime) -> str:
    """Name of a report without its extension; whatever the checked file was called, it is plain ASCII."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", file_name)[:_NAME_MAX]
    return f"check_{plain}_{now.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
