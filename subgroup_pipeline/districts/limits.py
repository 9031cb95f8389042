"""The limits of a district's guards in words: the number, and whether the district set it. Floors stand here too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import DistrictSettings

FEW_ROWS = 5
"""Rows or IDs; a guard on shares of a file's rows needs more than this (docs/architecture.md 3.12)."""
FEW_STUDENTS = 20
"""Students; a guard on shares of students needs more than this."""


def share_in_words(share: float) -> str:
    """A share of 1 as a percentage, cut to one decimal: what misses a limit never reads as if it reached it."""
    return f"{math.floor(round(1000 * share, 6)) / 10:g}%"


def limit_in_words(settings: DistrictSettings, guard: str, default: float | None = None) -> str:
    """A guard's value and where it comes from, as `95% (our default)`; `default` is that of a guard whose default depends."""
    value = getattr(settings.guards, guard)
    value = default if value is None else value
    return f"{share_in_words(value) if isinstance(value, float) else value} ({settings.guards.origin(guard)})"
