"""Published tables as rows by key: as the oracle has them, as they are read, and where the two differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.oracle.bands_and_pairs import bands_of, pairs_of
from tests.oracle.scores import measures_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from tests.oracle.recompute import Expected
    from tests.oracle.scores import Result

Rows = dict[tuple[Any, ...], tuple[Any, ...]]
"""Key, the district first, to the other cells."""
Columns = Mapping[str, tuple[str, str]]
"""By table its key behind the district, and the cells that are compared."""

_LEVELS = {"district": "", "school": "school_id, ", "course": "school_id, course_id, "}
_COUNTED = "student_count, total_students, scored_students, mean_score_pct, score_gap_pct, member_count, school_year, as_of_date"
_BANDED = "band_order, band_floor, student_count, scored_students, student_share, school_year, as_of_date"
_PAIRED = "student_count, scored_students, mean_score_pct, school_year, as_of_date"
REPORTS: Columns = {
    **{f"rpt_{level}_subgroup": (f"{key}subgroup, value", _COUNTED) for level, key in _LEVELS.items()},
    **{f"rpt_{level}_subgroup_band": (f"{key}subgroup, value, band", _BANDED) for level, key in _LEVELS.items()},
    **{
        f"rpt_{level}_subgroup_pair": (f"{_LEVELS[level]}subgroup, value, with_subgroup, with_value", _PAIRED)
        for level in ("district", "school")
    },
    "fct_result": ("student_id, line_item_id", "school_id, course_id, class_id, score, score_pct"),
}


def expected_reports(
    settings: Mapping[str, Any], expected: Expected, results: Mapping[tuple[str, str], Result]
) -> dict[str, Rows]:
    """What the reports of a district must hold."""
    tables: dict[str, Rows] = {name: {} for name in REPORTS}
    about = (expected.school_year, expected.as_of)
    for at, counted in expected_groups(expected, results):
        members = counted[1] if at[-2] == "all_students" else expected.member_counts.get(at[:-1])
        tables[f"rpt_{level_of(at[:-2])}_subgroup"][at] = (*counted, members, *about)
    for at, (number, floor, count, scored) in bands_of(settings, expected, results).items():
        tables[f"rpt_{level_of(at[:-3])}_subgroup_band"][at] = (number, floor, count, scored, count / scored, *about)
    for at, cells in pairs_of(settings, expected, results).items():
        tables[f"rpt_{level_of(at[:-4])}_subgroup_pair"][at] = (*cells, *about)
    for at, result in results.items():
        cells_of_result = (result.school, result.course, result.class_id, result.score, result.percent)
        tables["fct_result"][expected.district, *at] = cells_of_result
    return tables


def expected_groups(
    expected: Expected, results: Mapping[tuple[str, str], Result]
) -> Iterator[tuple[tuple[str, ...], tuple[int, int, int, float | None, float | None]]]:
    """(*place, subgroup, value), and students, students of the place, those with a score, their mean and its gap."""
    measures = measures_of(expected, results)
    for report in (expected.rpt_district_subgroup, expected.rpt_school_subgroup, expected.rpt_course_subgroup):
        for at, count in report.items():
            measure = measures[at]
            yield at, (count, expected.totals[at[:-2]], measure.scored_students, measure.mean, measure.gap)


def level_of(place: tuple[str, ...]) -> str:
    """What (district, school, course) names, as far as it goes."""
    return ("district", "school", "course")[len(place) - 1]


def read_tables(connection: duckdb.DuckDBPyConnection, tables: Columns) -> dict[str, Rows]:
    """What is published. A key that stands twice is a row of its own, so that it is found out."""
    found: dict[str, Rows] = {}
    for name, (key, cells) in tables.items():
        columns = ", ".join(filter(None, ("district_id", key, cells)))
        width = len(key.split(",")) + 1 if key else 1
        rows: Rows = {}
        for row in connection.execute(f"select {columns} from marts.{name}").fetchall():
            at = row[:width]
            rows[(*at, "again") if at in rows else at] = row[width:]
        found[name] = rows
    return found


def differences(expected: Mapping[str, Rows], found: Mapping[str, Rows]) -> Iterator[tuple[str, tuple[Any, ...], Any, Any]]:
    """Table, key, and what must stand there and what does; nothing where a row is missing."""
    for name, rows in expected.items():
        for at in rows.keys() | found[name].keys():
            right, said = rows.get(at), found[name].get(at)
            if right is None or said is None or not all(map(_is_same, right, said)):
                yield name, at, right, said


def _is_same(right: object, said: object) -> bool:
    if isinstance(right, float) and isinstance(said, float):
        return math.isclose(right, said, rel_tol=1e-9, abs_tol=1e-9)  # sums in another order
    return right == said
