"""Performance bands and pairs of subgroups, recomputed in plain Python from what a district comes to otherwise.

Every band is listed for a group that has a score, and a score below the lowest band counts in the lowest. A pair is of two closed
subgroups, in both orders, where a student has both values; the settings name pairs, else all of the first eight are crossed.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from statistics import fmean
from typing import TYPE_CHECKING, Any

from tests.oracle.scores import scores_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.oracle.recompute import Expected
    from tests.oracle.scores import Result

CROSSED = 8


def bands_of(
    settings: Mapping[str, Any], expected: Expected, results: Mapping[tuple[str, str], Result]
) -> dict[tuple[str, ...], tuple[int, float, int, int]]:
    """(*place, subgroup, value, band) to its number and floor, the students in it, and all students with a score there."""
    bands = [(name, float(floor)) for name, floor in settings.get("reports", {}).get("bands", {}).items()]
    found: dict[tuple[str, ...], tuple[int, float, int, int]] = {}
    for place, students in expected.places.items():
        band_of = (
            {student: _band(score, bands) for student, score in scores_in(place, students, results).items()} if bands else {}
        )
        spread: Counter[tuple[str, ...]] = Counter()
        for (student, *pair), value in expected.fct_student_subgroup.items():
            if student in band_of:
                spread.update([(*pair, value), (*pair, value, band_of[student])])
        for group in [group for group in spread if len(group) == 2]:
            for number, (name, floor) in enumerate(bands, 1):
                found[*place, *group, name] = (number, floor, spread[*group, name], spread[group])
    return found


def _band(score: float, bands: list[tuple[str, float]]) -> str:
    """The highest band that the score reaches; sums in another order differ in the last digits, which must not matter."""
    reached = [name for name, floor in bands if round(score, 9) >= floor]
    return reached[-1] if reached else bands[0][0]


def pairs_of(
    settings: Mapping[str, Any], expected: Expected, results: Mapping[tuple[str, str], Result]
) -> dict[tuple[str, ...], tuple[int, int, float | None]]:
    """(*place, subgroup, value, other, its value) to students, those with a score, and their mean; not for courses."""
    crossed = [*_crossed(settings)]
    found = {}
    for place, students in expected.places.items():
        if len(place) > 2:
            continue
        scores = scores_in(place, students, results)
        groups: dict[tuple[str, ...], list[str]] = {}
        for student in students:
            for one, other in crossed:
                values = [(name, expected.fct_student_subgroup[student, name]) for name in (one, other)]
                for first, second in (values, values[::-1]):
                    groups.setdefault((*first, *second), []).append(student)
        for group, members in groups.items():
            own = [scores[student] for student in members if student in scores]
            found[*place, *group] = (len(members), len(own), fmean(own) if own else None)
    return found


def _crossed(settings: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    named = settings.get("reports", {}).get("pairs")
    if named is not None:
        return [(one, other) for one, other in named]
    columns = settings.get("subgroups", {"columns": {}})["columns"].values()
    closed = [column["subgroup"] for column in columns if str(column.get("open", "false")).lower() != "true"]
    return combinations(closed[:CROSSED], 2)
