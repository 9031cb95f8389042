"""What the gradebook files of a roster come to, recomputed in plain Python: results, and the measures of every report.

Docs/architecture.md section 3 has the rules: what counts is fully graded, of an active student and a line item that counts; a
student's score in a place is the mean over the own results there, and a group's the mean over its students.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.oracle.recompute import Expected

Row = dict[str, str]
Scores = dict[str, float]
"""Student to the mean of the own results in a place, in percent."""


@dataclass(frozen=True)
class Result:
    """What a student reached in a line item, and where that was."""

    school: str
    course: str
    class_id: str
    score: float
    percent: float


@dataclass(frozen=True)
class Measure:
    """Students of a group who have a score in a place, their mean, and how far it lies from everyone else's there."""

    scored_students: int
    mean: float | None
    gap: float | None


def results_of(roster: Mapping[str, str], expected: Expected) -> dict[tuple[str, str], Result]:
    """(student, line item) to the result that counts, of a roster's texts by file name and what they come to otherwise."""
    classes = {row["sourcedId"]: row for row in _rows(roster, "classes.csv") if _counts(row)}
    items = _line_items(roster, classes)
    given: dict[tuple[str, str], set[float]] = defaultdict(set)
    for row in _rows(roster, "results.csv"):
        student, item = row["studentSourcedId"], row["lineItemSourcedId"]
        score = _number(row["score"])
        is_graded = _counts(row) and row["scoreStatus"].lower() == "fully graded"
        if is_graded and score is not None and item in items and expected.students.get(student):
            given[student, item].add(score)
    results = {}
    for (student, item), scores in given.items():
        if len(scores) == 1:  # of results that contradict each other none counts
            [score] = scores
            class_id, lowest, highest = items[item]
            place = classes[class_id]
            percent = 100 * (score - lowest) / (highest - lowest)
            results[student, item] = Result(place["schoolSourcedId"], place["courseSourcedId"], class_id, score, percent)
    return results


def measures_of(expected: Expected, results: Mapping[tuple[str, str], Result]) -> dict[tuple[str, ...], Measure]:
    """(*place, subgroup, value) to the measure of every group that somebody is in."""
    groups = _groups(expected.fct_student_subgroup)
    measures = {}
    for place, students in expected.places.items():
        scores = scores_in(place, students, results)
        for pair, members in groups.items():
            if members & students:
                measures[*place, *pair] = _measure(scores, members)
    return measures


def scores_in(place: tuple[str, ...], students: set[str], results: Mapping[tuple[str, str], Result]) -> Scores:
    """The scores of the students of a place: in the district of all results, in a school or course of those there."""
    own = defaultdict(list)
    for (student, _), result in results.items():
        if student in students and place[1:] == (result.school, result.course)[: len(place) - 1]:
            own[student].append(result.percent)
    return {student: fmean(percents) for student, percents in own.items()}


def _measure(scores: Scores, members: set[str]) -> Measure:
    inside = [score for student, score in scores.items() if student in members]
    outside = [score for student, score in scores.items() if student not in members]
    mean = fmean(inside) if inside else None
    return Measure(len(inside), mean, mean - fmean(outside) if mean is not None and outside else None)


def _groups(values: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], set[str]]:
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (student, subgroup), value in values.items():
        groups[subgroup, value].add(student)
    return groups


def _line_items(roster: Mapping[str, str], classes: Mapping[str, Row]) -> dict[str, tuple[str, float, float]]:
    """Line items that a result may be of: the class, and the lowest and highest score. An ID that stands twice is nobody's."""
    rows = _rows(roster, "lineItems.csv")
    copies = Counter(row["sourcedId"] for row in rows)
    items = {}
    for row in rows:
        lowest, highest = _number(row["resultValueMin"]), _number(row["resultValueMax"])
        is_good = row["sourcedId"] and copies[row["sourcedId"]] == 1 and _counts(row) and row["classSourcedId"] in classes
        if is_good and lowest is not None and highest is not None and lowest < highest:
            items[row["sourcedId"]] = (row["classSourcedId"], lowest, highest)
    return items


def _rows(roster: Mapping[str, str], name: str) -> list[Row]:
    text = roster.get(name, "").removeprefix("\ufeff")
    return [
        {key: (cell or "").strip() for key, cell in row.items() if key} for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def _counts(row: Row) -> bool:
    return row.get("status", "").lower() in ("", "active")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
