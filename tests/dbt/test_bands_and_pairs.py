"""Bands and pairs of the district alder, worked out by hand from a small gradebook.

Ada has 75% in Math at North and 50% in Art at South, Bo 60% in Math, Di 60% in a course that no file lists. Bo counts in
both schools and sits in no class any more.
"""

from __future__ import annotations

import pytest

from tests.dbt.alder_and_birch import ALDER, ALDER_FILE, ALDER_ROSTER, BIRCH, BIRCH_ROSTER, SETTINGS
from tests.support.dbt_warehouse import Warehouse

_LINE_ITEMS = [
    {"sourcedId": "quiz", "title": "Quiz", "classSourcedId": "math-n", "resultValueMin": "0", "resultValueMax": "20"},
    {"sourcedId": "sketch", "title": "Sketch", "classSourcedId": "art-s", "resultValueMin": "0", "resultValueMax": "10"},
    {"sourcedId": "talk", "title": "Talk", "classSourcedId": "unknown-n", "resultValueMin": "0", "resultValueMax": "10"},
]
_SCORES = [("quiz", "ada", "15"), ("sketch", "ada", "5"), ("quiz", "bo", "12"), ("talk", "di", "6")]
_RESULTS = [
    {
        "sourcedId": f"{item}-{student}",
        "lineItemSourcedId": item,
        "studentSourcedId": student,
        "scoreStatus": "fully graded",
        "score": score,
        "scoreDate": "2025-09-20",
    }
    for item, student, score in _SCORES
]
_BANDS = [("below", 1, 0), ("near", 2, 60), ("met", 3, 75)]


@pytest.fixture(scope="module")
def night(warehouse: Warehouse) -> Warehouse:
    bands = [{"district_id": "alder", "band": band, "band_order": order, "band_floor": floor} for band, order, floor in _BANDS]
    pair = {"district_id": "alder", "subgroup": "english_learner", "with_subgroup": "title_i"}
    warehouse.control(**SETTINGS, report_band=bands, report_pair=[pair])
    warehouse.deliver("alder", "alder-r2", {**ALDER_ROSTER, "line_items": _LINE_ITEMS, "results": _RESULTS})
    warehouse.deliver("alder", "alder-s2", ALDER_FILE)
    warehouse.deliver("birch", "birch-r1", BIRCH_ROSTER)
    warehouse.night(ALDER, BIRCH)
    return warehouse


def _banded(night: Warehouse, table: str, keys: str) -> dict[tuple[str, ...], list[int]]:
    """Students in each band, lowest first, by these keys."""
    rows = night.mart(table, f"{keys}, band, band_order, band_floor, student_count, scored_students, student_share")
    found: dict[tuple[str, ...], list[int]] = {}
    for *key, band, order, floor, students, scored, share in sorted(rows, key=lambda row: row[-5]):
        counted = found.setdefault(tuple(key), [])
        counted.append(students)
        assert (band, order, floor) == _BANDS[len(counted) - 1]
        assert share == students / scored
    for counted in found.values():
        assert len(counted) == len(_BANDS)
    return found


def test_bands_of_a_district(night: Warehouse) -> None:
    assert _banded(night, "rpt_district_subgroup_band", "district_id, subgroup, value") == {
        ("alder", "all_students", "all"): [0, 3, 0],
        ("alder", "english_learner", "yes"): [0, 1, 0],
        ("alder", "english_learner", "not_reported"): [0, 2, 0],
        ("alder", "title_i", "yes"): [0, 1, 0],
        ("alder", "title_i", "no"): [0, 1, 0],
        ("alder", "title_i", "not_reported"): [0, 1, 0],
        ("alder", "home_language", "Twi"): [0, 1, 0],
        ("alder", "home_language", "us_english"): [0, 1, 0],
        ("alder", "home_language", "not_reported"): [0, 1, 0],
        ("alder", "migrant", "not_reported"): [0, 3, 0],
    }


def test_bands_of_schools_and_courses(night: Warehouse) -> None:
    schools = _banded(night, "rpt_school_subgroup_band", "school_id, school_name, subgroup, value")
    assert {key: counted for key, counted in schools.items() if key[2] in ("all_students", "english_learner")} == {
        ("north", "North School", "all_students", "all"): [0, 2, 1],
        ("north", "North School", "english_learner", "yes"): [0, 0, 1],
        ("north", "North School", "english_learner", "not_reported"): [0, 2, 0],
        ("south", "South School", "all_students", "all"): [1, 0, 0],
        ("south", "South School", "english_learner", "yes"): [1, 0, 0],
    }
    courses = _banded(night, "rpt_course_subgroup_band", "school_id, course_id, subgroup, value")
    assert {key: counted for key, counted in courses.items() if key[2] == "all_students"} == {
        ("north", "math", "all_students", "all"): [0, 0, 1],
        ("north", "unlisted", "all_students", "all"): [0, 1, 0],
        ("south", "art", "all_students", "all"): [1, 0, 0],
    }


_PAIR = "subgroup, value, with_subgroup, with_value, student_count, scored_students, mean_score_pct"


def test_pairs_of_a_district_are_listed_both_ways(night: Warehouse) -> None:
    one_way = [
        ("english_learner", "no", "title_i", "no", 1, 0, None),
        ("english_learner", "not_reported", "title_i", "no", 1, 1, 60),
        ("english_learner", "not_reported", "title_i", "not_reported", 4, 1, 60),
        ("english_learner", "yes", "title_i", "yes", 1, 1, 62.5),
    ]
    other_way = [(*pair[2:4], *pair[0:2], *pair[4:]) for pair in one_way]
    assert night.mart("rpt_district_subgroup_pair", _PAIR) == sorted(one_way + other_way, key=repr)


def test_pairs_of_a_school_have_the_scores_of_that_school(night: Warehouse) -> None:
    learners = "subgroup = 'english_learner' and value = 'yes'"
    assert night.mart("rpt_school_subgroup_pair", f"school_id, {_PAIR}", where=learners) == [
        ("north", "english_learner", "yes", "title_i", "yes", 1, 1, 75),
        ("south", "english_learner", "yes", "title_i", "yes", 1, 1, 50),
    ]


def test_a_district_without_bands_and_subgroups_has_neither(night: Warehouse) -> None:
    for table in ("rpt_district_subgroup_band", "rpt_district_subgroup_pair", "rpt_school_subgroup_pair"):
        assert night.mart(table, "*", "birch") == []
