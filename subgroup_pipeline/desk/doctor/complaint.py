"""What a check of the doctor says: how bad it is, what is wrong, and the mend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
"""An error makes the doctor end with status 1; a warning wants a person; a note is only said."""


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong, and what to do, in full sentences; `mend` is empty where nothing has to be done."""

    level: Level
    what: str
    mend: str = ""
