"""What a check of the doctor says: how bad it is, what is wrong, and the mend."""

from __future__ import annotations

from typing import Literal, TypedDict

Level = Literal["error", "warning", "note"]
"""An error makes the doctor end with status 1; a warning wants a person; a note is only said."""


class Complaint(TypedDict):
    """One thing that is wrong, as `doctor --json` prints it. `mend` is empty where nothing has to be done."""

    level: Level
    what: str
    mend: str


def complaint(level: Level, what: str, mend: str = "") -> Complaint:
    """Two full sentences: what is wrong, and what to do."""
    return {"level": level, "what": what, "mend": mend}
