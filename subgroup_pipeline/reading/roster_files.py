"""The names of OneRoster's files (OneRoster 1.1 CSV tables), and which of them a name stands for.

Apart from the columns (`warehouse.oneroster`), because intake needs the names alone.
"""

from __future__ import annotations

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
"""Every data file that the specification names, landed or not."""
MANIFEST = "manifest.csv"

_SPELLED = {name.casefold(): name for name in (MANIFEST, *(f"{kind}.csv" for kind in KINDS))}


def roster_file(name: str) -> str | None:
    """OneRoster's name for a file, whatever its capitals and the blanks around it; None for a file that is none of its."""
    return _SPELLED.get(name.strip().casefold())
