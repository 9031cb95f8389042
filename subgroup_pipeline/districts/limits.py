"""What stands beside a district's guards: floors and shares that no district sets, and limits in words.

A guard on a share has a floor in numbers, below which nobody is asked: a few rows of a small file are a large share of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import DistrictSettings

FEW_ROWS = 5
"""Rows or IDs; a guard on shares of a file's rows needs more than this (docs/architecture.md 3.12)."""
FEW_STUDENTS = 20
"""Students; a guard on shares of students needs more than this."""
REMOVED_FLOOR = 20
"""Records of a roster; a guard on what is gone, changed or set aside never fires for so few (docs/architecture.md 3.12)."""
GROWTH_FLOOR = 50
"""Records; a guard on growth never fires for so few."""
REJECT_FLOOR = 50
"""Rows; fewer set aside never reject a roster (docs/architecture.md 3.12)."""
ROLLOVER_SHARE = 0.40
"""Of the students may be gone when a new school year begins (docs/architecture.md 3.14)."""
VANISHED_FLOOR = 5
"""Students; a column of the roster that so few had filled may be empty the next day without anything being wrong."""
ORGS_KNOWN_ELSEWHERE = 0.80
USERS_KNOWN_ELSEWHERE = 0.50
"""Shares of a new roster's IDs that another district has, from which on the roster is most likely that one's."""
ID_LIKE = 0.95
"""Of the filled cells of an open column; so many different texts are a column of IDs."""
REPEATS_IDS = 0.50
"""Of the filled cells of an open column that are student IDs of the same file."""
USUAL_BAND = 0.10
"""Share by which the rows of each file may differ from the last good delivery's to be as usual."""
LAG_DAYS = 7
"""How much older than the roster a subgroup file may be without a word when the district has no schedule; 1 with one."""


def share_in_words(share: float) -> str:
    """A share of 1 as a percentage, cut to one decimal: what misses a limit never reads as if it reached it."""
    return f"{math.floor(round(1000 * share, 6)) / 10:g}%"


def limit_in_words(settings: DistrictSettings, guard: str, default: float | None = None) -> str:
    """A guard's value and where it comes from, as `95% (our default)`; `default` is that of a guard whose default depends."""
    value = getattr(settings.guards, guard)
    value = default if value is None else value
    return f"{share_in_words(value) if isinstance(value, float) else value} ({settings.guards.origin(guard)})"
