"""Made-up gradebooks: the line items of each class up to today, and what its students reached in them.

Scores hang together as in life: a student who is good at one thing mostly is at others, courses differ, some work is missing, and
the students of a group do worse or better on average, with overlap. The sizes are invention, in the order of what states publish.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator
    from datetime import date

    from subgroup_pipeline.demo.made_up_roster import MadeUpRoster
    from subgroup_pipeline.demo.students import Student

_FIRST_DUE, _EVERY, _AHEAD = timedelta(days=14), timedelta(days=24), timedelta(days=21)
"""When the first work of a class is due, how far apart works are, and how long before it is due one stands in the gradebook."""
_WORKS = (("Quiz", 20), ("Homework", 10), ("Unit test", 100), ("Project", 50))
"""What is graded, in turn, and its points."""
_USUAL, _AMONG_STUDENTS, _AMONG_WORKS = 82.0, 7.5, 8.0
"""Percent that a student reaches, and standard deviations: of the students of a group, and of one student's works."""
_OF_A_GROUP = {
    ("english_learner", "current"): -7.0,
    ("english_learner", "former"): -0.5,
    ("disability", "yes"): -9.0,
    ("lunch", "free"): -6.0,
    ("lunch", "reduced"): -3.5,
    ("homeless", "yes"): -4.0,
    ("gifted", "yes"): 8.0,
}
"""Points of percentage by trait and value."""
_OF_A_COURSE = {"Math": -4.0, "Algebra": -5.0, "Geometry": -4.0, "Precalculus": -5.0, "Chemistry": -5.0, "Physics": -5.0,
                "Physical": 7.0, "Art": 6.0, "Theatre": 6.0, "Exploratory": 5.0}  # fmt: skip
"""Points of percentage by the first word of a course's title."""
_IN_WORDS, _OF_WORDS = -4.5, ("English", "Social", "World", "US", "Civics")
"""Points of percentage that a course with much reading costs an English learner, and how titles of such courses begin."""


@dataclass(frozen=True)
class TaughtClass:
    """A class with its course, its first day, the first day after it, its grading period and its students."""

    class_id: str
    title: str
    begin: date
    end: date
    period: str
    students: list[Student]


def add_gradebook(roster: MadeUpRoster, classes: Iterable[TaughtClass], today: date, rng: random.Random) -> None:
    """Add the line items and results of these classes, as far as they are there today."""
    ability: dict[str, float] = {}
    for taught in classes:
        for student in taught.students:
            if student.source_id not in ability:
                ability[student.source_id] = rng.gauss(_USUAL + _usual_difference(student), _AMONG_STUDENTS)
        for number, (work, points, due) in enumerate(_works(taught, today), start=1):
            item = f"{taught.class_id}-L{number}"
            roster.add(
                "lineItems", sourcedId=item, title=f"{work} {number}", assignDate=(due - timedelta(days=7)).isoformat(),
                dueDate=due.isoformat(), classSourcedId=taught.class_id, categorySourcedId=work.replace(" ", "-").lower(),
                gradingPeriodSourcedId=taught.period, resultValueMin="0", resultValueMax=str(points),
            )  # fmt: skip
            for place, student in enumerate(taught.students if due < today else (), start=1):
                usual = ability[student.source_id] + _course_difference(taught.title, student)
                status, score = _result(student, usual, points, rng)
                roster.add(
                    "results", sourcedId=f"{item}-{place}", lineItemSourcedId=item, studentSourcedId=student.source_id,
                    scoreStatus=status, score=score, scoreDate=(due + timedelta(days=1)).isoformat(),
                )  # fmt: skip


def _works(taught: TaughtClass, today: date) -> Iterator[tuple[str, int, date]]:
    due, number = taught.begin + _FIRST_DUE, 0
    while due < min(taught.end, today + _AHEAD):
        yield (*_WORKS[number % len(_WORKS)], due)
        due, number = due + _EVERY, number + 1


def _usual_difference(student: Student) -> float:
    return sum(points for (trait, value), points in _OF_A_GROUP.items() if student.traits[trait] == value)


def _course_difference(title: str, student: Student) -> float:
    difference = next((points for word, points in _OF_A_COURSE.items() if title.startswith(word)), 0.0)
    return difference + (_IN_WORDS if student.traits["english_learner"] == "current" and title.startswith(_OF_WORDS) else 0.0)


def _result(student: Student, usual: float, points: int, rng: random.Random) -> tuple[str, str]:
    """Status and score: work is missing more often where home is harder; of 100 results one is excused."""
    luck = rng.random()
    if luck < 0.01:
        return "exempt", ""
    is_harder = student.traits["lunch"] != "paid" or student.traits["homeless"] == "yes"
    if luck < (0.06 if is_harder else 0.035):
        return "not submitted", ""
    percent = min(100.0, max(5.0, rng.gauss(usual, _AMONG_WORKS)))
    return "fully graded", f"{round(percent * points / 50) / 2:g}"
