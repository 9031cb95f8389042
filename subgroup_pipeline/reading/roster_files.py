"""The names of OneRoster's files (OneRoster 1.1 and 1.2 CSV tables), and which of them a name stands for.

Apart from the columns (`warehouse.oneroster`), because intake needs the names alone.
"""

from __future__ import annotations

from typing import Literal

Edition = Literal["1.0", "1.1", "1.2"]
"""The versions of OneRoster CSV that are read. What is not said to be of another one is of 1.1."""
KINDS = (
    "academicSessions",
    "categories",
    "classResources",
    "classes",
    "courseResources",
    "courses",
    "demographics",
    "enrollments",
    "lineItems",
    "orgs",
    "resources",
    "results",
    "users",
)
"""Every data file that OneRoster 1.1 names, landed or not."""
KINDS_OF_1P2 = (
    *KINDS,
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "roles",
    "scoreScales",
    "userProfiles",
    "userResources",
)
"""The same of OneRoster 1.2."""
MANIFEST = "manifest.csv"

_SPELLED = {name.casefold(): name for name in (MANIFEST, *(f"{kind}.csv" for kind in KINDS_OF_1P2))}


def kinds_of(edition: Edition) -> tuple[str, ...]:
    """Every data file of an edition; OneRoster 1.0 had no file that 1.1 has not."""
    return KINDS_OF_1P2 if edition == "1.2" else KINDS


def roster_file(name: str) -> str | None:
    """OneRoster's name for a file, whatever its capitals and the blanks around it; None for a file that is none of its."""
    return _SPELLED.get(name.strip().casefold())
