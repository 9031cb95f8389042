"""The oracle's measures and its history are right: on a district of four students that is worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.oracle.bands_and_pairs import bands_of, pairs_of
from tests.oracle.past import State, Stretch, changes_of, held_at, history_of
from tests.oracle.recompute import Expected, recompute
from tests.oracle.scores import Measure, Result, measures_of, results_of
from tests.oracle.tables import differences

SETTINGS: dict[str, Any] = {
    "district": "tiny",
    "timezone": "America/Chicago",
    "as_of": "2026-10-01",
    "subgroups": {
        "student_id_column": "id",
        "matches": "users.sourcedId",
        "columns": {
            "ell": {"subgroup": "english_learner", "values": {"y": "yes", "n": "no"}},
            "sped": {"subgroup": "disability", "values": {"y": "yes", "n": "no"}},
            "lang": {"subgroup": "language", "open": "true"},
        },
    },
    "reports": {"bands": {"below": "10", "near": "50", "met": "75"}},
}
ROSTER = {
    "orgs.csv": "sourcedId,name,type\nnorth,North,school\nsouth,South,school\n",
    "academicSessions.csv": "sourcedId,type,startDate,endDate,schoolYear\nsy,schoolYear,2026-08-10,2027-06-05,2027\n",
    "courses.csv": "sourcedId,title\nmath,Math\n",
    "classes.csv": "sourcedId,courseSourcedId,schoolSourcedId,termSourcedIds\nm1,math,north,sy\nm2,math,south,sy\n",
    "users.csv": "sourcedId,status,enabledUser,orgSourcedIds,role,username,userIds,identifier\n"
    + "".join(f"{name},,{name != 'off'},north,student,{name},,\n" for name in ("ada", "bo", "cy", "di", "off")),
    "enrollments.csv": "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate,endDate\n"
    + "".join(f"e{n},,m1,north,{name},student,,\n" for n, name in enumerate(("ada", "bo", "cy", "off"))),
    "lineItems.csv": "sourcedId,status,classSourcedId,resultValueMin,resultValueMax\n"
    "quiz,,m1,0,20\nessay,,m1,10,20\nold,,m2,0,10\ngone,tobedeleted,m1,0,20\nflat,,m1,5,5\ntwin,,m1,0,10\ntwin,,m1,0,20\n",
    "results.csv": "sourcedId,status,lineItemSourcedId,studentSourcedId,scoreStatus,score\n"
    "1,,quiz,ada,fully graded,10\n"  # 50
    "2,,essay,ada,Fully Graded,21\n"  # 110: extra points
    "3,,old,ada,fully graded,2\n"  # 20, at a school that ada left
    "4,,quiz,bo,fully graded,1\n"  # 5
    "5,,quiz,bo,fully graded,1\n"  # the same again
    "6,,quiz,cy,fully graded,5\n7,,quiz,cy,fully graded,6\n"  # contradicting
    "8,,essay,cy,submitted,15\n9,,essay,cy,fully graded,A\n"
    "10,,gone,cy,fully graded,5\n11,,flat,cy,fully graded,5\n12,,twin,cy,fully graded,5\n13,,none,cy,fully graded,5\n"
    "14,,quiz,off,fully graded,5\n15,,quiz,nobody,fully graded,5\n16,tobedeleted,quiz,cy,fully graded,5\n",
}
FILE = "id,ell,sped,lang\nada,y,n,Tewa\nbo,y,y,\ncy,n,n,Hmong\n"
DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 6)]


@pytest.fixture(scope="module")
def tiny() -> Expected:
    return recompute(SETTINGS, ROSTER, FILE, DAYS[0])


@pytest.fixture(scope="module")
def results(tiny: Expected) -> dict[tuple[str, str], Result]:
    return results_of(ROSTER, tiny)


def test_what_counts_as_a_result(results: dict[tuple[str, str], Result]) -> None:
    assert {at: result.percent for at, result in results.items()} == {
        ("ada", "quiz"): 50, ("ada", "essay"): 110, ("ada", "old"): 20, ("bo", "quiz"): 5,
    }  # fmt: skip
    assert results["ada", "old"] == Result("south", "math", "m2", 2, 20)


def test_each_student_counts_once_in_a_mean(tiny: Expected, results: dict[tuple[str, str], Result]) -> None:
    measures = measures_of(tiny, results)
    assert measures["tiny", "english_learner", "yes"] == Measure(2, 32.5, None)  # nobody else has a score
    assert measures["tiny", "disability", "no"] == Measure(1, 60, 55)
    assert measures["tiny", "north", "disability", "no"] == Measure(1, 80, 75)
    assert measures["tiny", "north", "math", "all_students", "all"] == Measure(2, 42.5, None)
    assert measures["tiny", "english_learner", "no"] == Measure(0, None, None)


def test_bands_and_pairs(tiny: Expected, results: dict[tuple[str, str], Result]) -> None:
    bands = bands_of(SETTINGS, tiny, results)
    assert bands["tiny", "english_learner", "yes", "below"] == (1, 10, 1, 2)  # 5 lies below the lowest band
    assert bands["tiny", "english_learner", "yes", "near"] == (2, 50, 1, 2)
    assert bands["tiny", "english_learner", "yes", "met"] == (3, 75, 0, 2)
    assert bands["tiny", "north", "english_learner", "yes", "met"] == (3, 75, 1, 2)
    assert ("tiny", "english_learner", "no", "below") not in bands
    pairs = pairs_of(SETTINGS, tiny, results)
    assert pairs["tiny", "english_learner", "yes", "disability", "no"] == (1, 1, 60)
    assert pairs["tiny", "disability", "no", "english_learner", "yes"] == (1, 1, 60)
    assert pairs["tiny", "disability", "no", "english_learner", "no"] == (1, 0, None)
    assert pairs["tiny", "north", "english_learner", "not_reported", "disability", "not_reported"] == (1, 0, None)
    assert not any("language" in at for at in pairs)


def test_the_history_of_states() -> None:
    ada, bo = ("ada", "ell"), ("bo", "ell")
    states = [
        State(DAYS[0], {ada: "yes", bo: "no"}, {ada: "s1", bo: "s1"}),
        State(DAYS[1], {ada: "yes", bo: "yes"}, {ada: "s2", bo: "s2"}),
        State(DAYS[2], {ada: "yes"}, {ada: "s3"}),
        State(DAYS[3], {ada: "no", bo: "yes"}, {ada: "s4", bo: None}),
    ]
    assert history_of(states) == {
        (*ada, DAYS[0]): Stretch(DAYS[3], "yes", "s1"), (*ada, DAYS[3]): Stretch(None, "no", "s4"),
        (*bo, DAYS[0]): Stretch(DAYS[1], "no", "s1"), (*bo, DAYS[1]): Stretch(DAYS[2], "yes", "s2"),
        (*bo, DAYS[3]): Stretch(None, "yes", None),
    }  # fmt: skip
    assert changes_of(states) == {
        (DAYS[0], "ell", None, "yes"): 1, (DAYS[0], "ell", None, "no"): 1, (DAYS[1], "ell", "no", "yes"): 1,
        (DAYS[2], "ell", "yes", None): 1, (DAYS[3], "ell", "yes", "no"): 1, (DAYS[3], "ell", None, "yes"): 1,
    }  # fmt: skip
    assert held_at(states, DAYS[2]) == states[1].values
    assert held_at(states, DAYS[0]) == {}


def test_what_differs_is_found() -> None:
    right = {"t": {("d", "same"): (1, 0.1 + 0.2), ("d", "other"): (1, 2.5), ("d", "missing"): (1, None)}}
    found = {"t": {("d", "same"): (1, 0.3), ("d", "other"): (1, 2.4), ("d", "new"): (1, None)}}
    assert {(at[1], said) for _, at, _, said in differences(right, found)} == {
        ("other", (1, 2.4)), ("missing", None), ("new", (1, None)),
    }  # fmt: skip
