"""The made-up students of the demo's districts: who they are, and facts about them that hang together.

How a district spells these facts stands in `profiles`; rosters and files are made by `districts`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.demo.profiles import FAMILY, GIVEN, Profile

if TYPE_CHECKING:
    import random

GRADES = ("KG", *(f"{grade:02d}" for grade in range(1, 13)))


@dataclass
class Student:
    """A student as the district knows them; `traits` are facts before any district spells them."""

    source_id: str
    key: str
    given: str
    family: str
    grade: str
    school: int
    active: bool = True
    traits: dict[str, str] = field(default_factory=dict)


def make_students(profile: Profile, rng: random.Random) -> list[Student]:
    """Spread the students over grades and over the schools that teach them."""
    students = []
    for number in range(profile.students):
        grade = GRADES[number % len(GRADES)]
        schools = [at for at, school in enumerate(profile.schools) if grade in school.grades]
        key = profile.key(number * 7 + rng.randrange(7))
        source_id = key if profile.matches == "users.sourcedId" else str(uuid.UUID(int=rng.getrandbits(128), version=4))
        student = Student(source_id, key, rng.choice(GIVEN), rng.choice(FAMILY), grade, rng.choice(schools))
        student.active = rng.random() > 0.006
        student.traits = _traits(profile, student, rng)
        students.append(student)
    return students


def _traits(profile: Profile, student: Student, rng: random.Random) -> dict[str, str]:
    """Draw facts that hang together: English learner with home language, lunch with the poverty of the school."""
    school = profile.schools[student.school]
    language = rng.choices(list(profile.languages), list(profile.languages.values()))[0]
    learner = "never"
    if language != "English":
        young = 0.65 if student.grade in GRADES[:6] else 0.35
        learner = rng.choices(("current", "former", "initially_fluent"), (young, 0.8 - young, 0.2))[0]
    is_homeless, in_foster_care = rng.random() < 0.016, rng.random() < 0.005
    poverty = school.poverty + (0.22 if learner == "current" else 0)
    lunch = "paid"
    if is_homeless or in_foster_care or rng.random() < poverty:
        lunch = "free" if rng.random() < 0.82 else "reduced"

    def flag(share: float) -> str:
        return "yes" if rng.random() < share else "no"

    targeted = "targeted" if lunch != "paid" and flag(0.12) == "yes" else "no"
    return {
        "english_learner": learner,
        "level": str(rng.choices((1, 2, 3, 4, 5), (10, 18, 34, 26, 12))[0]) if learner == "current" else "",
        "home_language": language,
        "lunch": lunch,
        "title_i": "schoolwide" if school.poverty >= 0.5 else targeted,
        "disability": flag(0.145),
        "gifted": flag(0.03 if learner == "current" else 0.06 if lunch != "paid" else 0.11),
        "homeless": "yes" if is_homeless else "no",
        "foster": "yes" if in_foster_care else "no",
        "migrant": flag(0.05 if language == "Spanish" else 0.002),
        "military": flag(0.025),
        "section_504": flag(0.04),
    }
