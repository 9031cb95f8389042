"""Made-up districts of random shape, as the tables of marts that suppression reads: what an attack is tried on.

A shape has schools of 5 to 3,000 students, courses that lie within them (from all of a school to a handful), students in
several schools or in none, values that are rare or heaped up in one school, and a night later a few students less or changed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from subgroup_pipeline.publish.mart_tables import mart_tables
from tests.disclosure.attack import Knowledge, Place

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.warehouse.table import Table

CLOSED = {
    "english_learner": ("yes", "no", "not_reported"),
    "homeless": ("yes", "no"),
    "race_ethnicity": ("white", "hispanic", "black", "asian", "two_or_more"),
    "sex": ("female", "male"),
    "students_with_disabilities": ("yes", "no"),
    "title_i": ("yes", "no"),
}
PAIRED = ("english_learner", "sex", "students_with_disabilities")
OPEN = "home_language"
LANGUAGES = 5
MOST_STUDENTS = 6000


@dataclass
class Shape:
    """One district: where each student is (by number), what they take, what values they have, and their scores."""

    district_id: str
    schools: dict[int, list[str]] = field(default_factory=dict)
    courses: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    values: dict[int, dict[str, str]] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)


def random_shape(seed: int, most: int = MOST_STUDENTS) -> Shape:
    """The district of a seed, of at most so many students."""
    chance = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    shape = Shape(f"d{seed}")
    sizes = _sizes(chance, most)
    common = _common(chance)
    student = 0
    for number, size in enumerate(sizes):
        school = f"s{number}"
        rates = _rates(chance, common)
        members = list(range(student, student + size))
        student += size
        for one in members:
            shape.schools[one] = [school]
            shape.courses[one] = []
            shape.values[one] = _values(chance, rates)
            if chance.random() < 0.9:
                shape.scores[one] = round(chance.uniform(20, 100), 3)
        for course, share in enumerate(_course_shares(chance)):
            for one in _class_list(chance, members, share):
                shape.courses[one].append((school, f"c{course}"))
    _move_about(chance, shape, len(sizes))
    return shape


def a_night_later(shape: Shape, seed: int) -> Shape:
    """The district after a handful of students left, were read anew or changed a value."""
    chance = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    gone = set(chance.sample(sorted(shape.values), min(len(shape.values) // 3, chance.choice((0, 1, 3)))))
    values = {one: dict(has) for one, has in shape.values.items() if one not in gone}
    for one in chance.sample(sorted(values), min(len(values), chance.choice((1, 2, 5)))):
        name = chance.choice(sorted(CLOSED))
        values[one][name] = chance.choice(CLOSED[name])
    keep = {one: list(places) for one, places in shape.schools.items() if one not in gone}
    return Shape(shape.district_id, keep, {one: shape.courses[one] for one in keep}, values, shape.scores)


def known_of(shapes: list[Shape]) -> Knowledge:
    """What people know of a district that was in these shapes: only what was true of all of them."""
    full: list[set[Place]] = []
    disjoint: list[set[Place]] = []
    for shape in shapes:
        within: dict[Place, list[int]] = {(): [len(schools) for schools in shape.schools.values()]}
        for one, schools in shape.schools.items():
            for school in schools:
                within.setdefault((school,), []).append(sum(at == school for at, _ in shape.courses[one]))
        full.append({place for place, numbers in within.items() if min(numbers) > 0})
        disjoint.append({place for place, numbers in within.items() if max(numbers) < 2})
    return Knowledge(frozenset(set.intersection(*full)), frozenset(set.intersection(*disjoint)))


def _sizes(chance: random.Random, most: int) -> list[int]:
    """Schools of 5 to 3,000: most have some hundreds of students, one in eight is tiny."""
    sizes: list[int] = []
    for _ in range(chance.choice((1, 2, 2, 3, 4, 6, 9))):
        size = round(5 * 24 ** chance.random() if chance.random() < 1 / 8 else 120 * 25 ** chance.random())
        if sum(sizes) + size <= most:
            sizes.append(size)
    return sizes or [min(most, 40)]


def _common(chance: random.Random) -> dict[str, list[float]]:
    """How common each value is in a district: some are rare, some are everybody's."""
    rates: dict[str, list[float]] = {}
    for name, values in CLOSED.items():
        kind = chance.random()
        if kind < 0.05:  # all students share it, or nearly
            rates[name] = [1.0] + [0.002] * (len(values) - 1)
        elif kind < 0.2:  # rare ones
            rates[name] = [1.0] + [chance.choice((0.01, 0.05, 0.3)) for _ in values[1:]]
        else:
            rates[name] = [chance.uniform(0.3, 1) for _ in values]
        chance.shuffle(rates[name])
    rates[OPEN] = [1 / (1 + place) for place in range(LANGUAGES)]
    return rates


def _rates(chance: random.Random, common: dict[str, list[float]]) -> dict[str, list[float]]:
    """How common each value is in one school: as in the district, or heaped up there."""
    rates = {name: [rate * chance.uniform(0.6, 1.6) for rate in of] for name, of in common.items()}
    for of in rates.values():
        if chance.random() < 0.07:
            of[chance.randrange(len(of))] *= chance.choice((0.0, 0.05, 8))
    return rates


def _values(chance: random.Random, rates: dict[str, list[float]]) -> dict[str, str]:
    values = {name: chance.choices(CLOSED[name], rates[name])[0] for name in CLOSED}
    values[OPEN] = f"language {chance.choices(range(LANGUAGES), rates[OPEN])[0]}"
    return values


def _course_shares(chance: random.Random) -> list[float]:
    return [chance.choice((1.0, 0.97, 0.7, 0.6, 0.5, 0.5, 0.3, 0.3, 0.05)) for _ in range(chance.choice((1, 2, 3, 4)))]


def _class_list(chance: random.Random, members: list[int], share: float) -> list[int]:
    return members if share == 1 else [one for one in members if chance.random() < share]


def _move_about(chance: random.Random, shape: Shape, schools: int) -> None:
    """In some districts students are in a second school, or in none."""
    kind = chance.random()
    rate = 0.0 if kind < 0.4 else chance.choice((0.002, 0.02, 0.1))
    for one in shape.schools:
        if chance.random() < rate and schools > 1:
            other = f"s{chance.randrange(schools)}"
            if other not in shape.schools[one]:
                shape.schools[one].append(other)
        elif kind > 0.85 and chance.random() < rate:
            shape.schools[one], shape.courses[one] = [], []


def write_marts(connection: duckdb.DuckDBPyConnection, shapes: list[Shape], months: dict[str, list[Shape]] | None = None) -> None:
    """Fill `source.marts` with the reports of these districts; `source` is attached to the connection.

    `months`, by first day, are what these districts were in months before: they are in the trend only.
    """
    connection.execute("drop schema if exists source.marts cascade; create schema source.marts")
    for table in _tables():
        connection.execute(f"create table source.marts.{table.name} {table.definition}")
    for month, those in (months or {}).items():
        _count(connection, those)
        _fill(connection, "rpt_trend_subgroup", f"select *, date '{month}' as month from counted")
    _count(connection, shapes)
    _fill(connection, "rpt_trend_subgroup", "select *, date '2026-10-01' as month from counted")
    for level in ("district", "school", "course"):
        _fill(connection, f"rpt_{level}_subgroup", f"from counted where level = '{level}'")
    for level in ("district", "school"):
        _fill(connection, f"rpt_{level}_subgroup_pair", f"from crossed where level = '{level}'")
    _fill(connection, "dim_district", "from counted where level = 'district' and subgroup = 'all_students'")
    _fill(connection, "dim_school", "from counted where level = 'school' and subgroup = 'all_students'")
    _fill(connection, "dim_course", "from counted where level = 'course' and subgroup = 'all_students'")
    _fill(connection, "dim_subgroup", "select distinct district_id, subgroup, value from counted where level = 'district'")


@cache
def _tables() -> list[Table]:
    return list(mart_tables())


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> None:
    """Insert what both sides have; the other columns stay null."""
    has, wants = ({row[0] for row in connection.execute(f"describe {one}").fetchall()} for one in (rows, f"source.marts.{table}"))
    shared = ", ".join(sorted(has & wants))
    connection.execute(f"insert into source.marts.{table} by name select {shared} from ({rows})")


def _count(connection: duckdb.DuckDBPyConnection, shapes: list[Shape]) -> None:
    """Leave the tables `counted` and `crossed`."""
    places: list[tuple[object, ...]] = []
    values: list[tuple[object, ...]] = []
    scores: list[tuple[object, ...]] = []
    for shape in shapes:
        for one, has in shape.values.items():
            at = (shape.district_id, one)
            places.append((*at, "district", None, None))
            places += [(*at, "school", school, None) for school in shape.schools[one]]
            places += [(*at, "course", school, course) for school, course in shape.courses[one]]
            values += [(*at, name, value) for name, value in {**has, "all_students": "all"}.items()]
            if one in shape.scores:
                scores.append((*at, shape.scores[one]))
    _make(connection, "place (district_id text, student int, level text, school_id text, course_id text)", places)
    _make(connection, "has (district_id text, student int, subgroup text, value text)", values)
    _make(connection, "score (district_id text, student int, score double)", scores)
    connection.execute(_COUNTED)
    connection.execute(_CROSSED)


def _make(connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]) -> None:
    """Column by column: a million rows one by one would take a minute."""
    connection.execute(f"create or replace temp table {table}")
    if rows:
        columns = {f"c{number}": np.array(column, dtype=object) for number, column in enumerate(zip(*rows, strict=True))}
        connection.register("rows_of_shape", columns)
        connection.execute(f"insert into {table.split(maxsplit=1)[0]} select * from rows_of_shape")
        connection.unregister("rows_of_shape")


_COUNTED = """
create or replace temp table counted as
with total as (
    select district_id, level, school_id, course_id, count(*) as students, count(score) as scored, sum(score) as points
    from place left join score using (district_id, student)
    group by all
)
select
    place.district_id, place.level, place.school_id, place.course_id, subgroup, value,
    '2027' as school_year, date '2026-10-01' as as_of_date, 'School ' || place.school_id as school_name,
    'Course ' || place.course_id as course_title, count(*) as student_count, any_value(total.students) as total_students,
    count(*) / any_value(total.students) as student_share, count(score) as scored_students, avg(score) as mean_score_pct,
    avg(score) - (any_value(total.points) - sum(score)) / nullif(any_value(total.scored) - count(score), 0) as score_gap_pct
from place
join has using (district_id, student)
left join score using (district_id, student)
join total
    on place.district_id = total.district_id and place.level = total.level
    and place.school_id is not distinct from total.school_id and place.course_id is not distinct from total.course_id
group by place.district_id, place.level, place.school_id, place.course_id, subgroup, value
"""
_CROSSED = f"""
create or replace temp table crossed as
select
    place.district_id, level, school_id, one.subgroup, one.value, other.subgroup as with_subgroup, other.value as with_value,
    '2027' as school_year, date '2026-10-01' as as_of_date, 'School ' || school_id as school_name,
    count(*) as student_count, count(score) as scored_students, avg(score) as mean_score_pct
from place
join has as one using (district_id, student)
join has as other using (district_id, student)
left join score using (district_id, student)
where one.subgroup <> other.subgroup and one.subgroup in {PAIRED} and other.subgroup in {PAIRED} and level <> 'course'
group by all
"""
