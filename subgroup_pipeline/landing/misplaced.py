"""Uploads in the wrong inbox: whether a CSV looks like a file of a roster, or like the district's subgroup file.

Told from the first lines alone, and only of files that do not fit where they lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.landing.header import known_roster_columns, known_subgroup_columns
from subgroup_pipeline.reading.manifest import HEADER
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.districts.district_file import Subgroups
    from subgroup_pipeline.reading.reading_pool import ReadingPool

_ENOUGH = 3
"""Columns of one of OneRoster's tables, `sourcedId` among them."""


def looks_like_roster(readers: ReadingPool, path: Path, subgroups: Subgroups) -> bool:
    """Whether a file has the header of a OneRoster file or manifest, and none of the district's subgroup columns."""
    tables = [known_roster_columns(table) for table in roster_tables().values()]
    own = known_subgroup_columns(subgroups) - {canonical(subgroups.student_id_column)}
    return any(
        names[:2] == [*HEADER]
        or ("sourcedid" in names and not own & set(names) and any(len(known & set(names)) >= _ENOUGH for known in tables))
        for names in readers.first_lines(path, frozenset.union(*tables))
    )


def looks_like_subgroups(readers: ReadingPool, path: Path, subgroups: Subgroups) -> bool:
    """Whether a file has the column of student IDs and at least one subgroup column of the district."""
    known = known_subgroup_columns(subgroups)
    student_id = canonical(subgroups.student_id_column)
    return any(student_id in names and len(known & set(names)) > 1 for names in readers.first_lines(path, known))
