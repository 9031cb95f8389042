"""What hiding small groups costs: the rules over all districts, and the audit of some of them and of all.

`python -m benchmarks.disclosure [--districts 1000] [--schools 10] [--courses 0] [--pairs 0]`
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import combinations

import duckdb

from subgroup_pipeline.disclosure.audit import exposed
from subgroup_pipeline.disclosure.cells import make_cells
from subgroup_pipeline.disclosure.suppression import hide_further, suppress

RATES = {
    "english_learner": (88, 9, 3),
    "economically_disadvantaged": (55, 45),
    "foster": (99, 1),
    "gender": (51, 49),
    "gifted": (90, 10),
    "homeless": (97, 3),
    "immigrant": (96, 4),
    "migrant": (98, 2),
    "military_connected": (94, 6),
    "race_ethnicity": (46, 27, 15, 6, 5, 1),
    "section_504": (95, 5),
    "students_with_disabilities": (85, 15),
}
"""Students of each value in a hundred, roughly those of American public schools."""


def main() -> None:
    """Time the rules and the audit on made-up districts, and print seconds and shares."""
    words = argparse.ArgumentParser(prog="disclosure", description=__doc__)
    words.add_argument("--districts", type=int, default=1000)
    words.add_argument("--schools", type=int, default=10)
    words.add_argument("--courses", type=int, default=0, help="per school; every student takes two")
    words.add_argument("--pairs", type=int, default=0, help="this many subgroups are paired with each other")
    chosen = words.parse_args()
    for districts, words_of in ((max(1, chosen.districts // 100), "the changed 1%"), (chosen.districts, "all")):
        connection = duckdb.connect()
        _count(connection, districts, chosen.schools, chosen.courses, chosen.pairs)
        began = time.process_time()
        suppress(connection)
        rules = time.process_time() - began
        by_rules = _hidden(connection)
        began = time.process_time()
        turns = 0
        while further := exposed(connection):
            hide_further(connection, further)
            turns += 1
        audit = time.process_time() - began
        cells = connection.execute("select count(*) from cell").fetchone() or (0,)
        print(
            f"{words_of}: {districts:,} districts, {cells[0]:,} cells; rules {rules:.1f} s of CPU ({by_rules:.1%} hidden), "
            f"audit {audit:.1f} s ({_hidden(connection):.1%} hidden, {turns} turns)"
        )
        connection.close()


def _hidden(connection: duckdb.DuckDBPyConnection) -> float:
    row = connection.execute("select avg(hidden::int) from cell").fetchone()
    return float(row[0]) if row else 0.0


def _count(connection: duckdb.DuckDBPyConnection, districts: int, schools: int, courses: int, pairs: int) -> None:
    """Fill `cell` and `privacy` from students made up by hashes, in schools of 60 to 1,100."""
    values = ", ".join(
        f"list_position(list_transform({_sums(rates)}, x -> x > hash(one, '{name}') % 100), true) as {name}"
        for name, rates in RATES.items()
    )
    connection.execute(
        f"""create table student as
        select district, school, one % {max(courses, 1)} as first, (one // 7) % {max(courses, 1)} as second, {values}
        from (
            select
                district, school,
                unnest(range(60 + (hash(district, school) % 1040)::int)) + 10000 * (100 * district + school) as one
            from range({districts}) as d(district), range({schools}) as s(school)
        )"""
    )
    make_cells(connection)
    connection.execute(f"insert into privacy select 'd' || number, 10, true from range({districts}) as made(number)")
    connection.execute(_CELLS.format(counted=" union all ".join(_counts(courses > 0, pairs))))


def _counts(with_courses: bool, pairs: int) -> Iterator[str]:
    """A query per level and subgroup, and per pair of them."""
    places = {"district": ("null", "null", "student"), "school": ("'s' || school", "null", "student")}
    if with_courses:
        taken = "(from student union all select * replace (second as first) from student where first <> second)"
        places["course"] = ("'s' || school", "'c' || first", taken)
    one_by_one = [("all_students", "'all'", "null", "null"), *((name, f"'v' || {name}", "null", "null") for name in RATES)]
    crossed = [(one, f"'v' || {one}", f"'{other}'", f"'v' || {other}") for one, other in combinations(sorted(RATES)[:pairs], 2)]
    for level, (school, course, source) in places.items():
        for name, value, other, with_value in [*one_by_one, *(crossed if level != "course" else [])]:
            yield (
                f"select 'd' || district as district_id, '{level}' as level, {school} as school_id, {course} as course_id, "
                f"'{name}' as subgroup, {value} as value, {other} as with_subgroup, {with_value} as with_value, "
                f"count(*) as student_count from {source} group by all"
            )


def _sums(rates: tuple[int, ...]) -> list[int]:
    return [sum(rates[: place + 1]) for place in range(len(rates))]


_CELLS = """
insert into cell by name
with counted as ({counted})
select
    row_number() over (
        order by district_id, level, school_id nulls first, course_id nulls first, subgroup, value, with_subgroup nulls first,
            with_value nulls first
    ) as key,
    *,
    max(student_count) over (partition by district_id, level, school_id, course_id) as total_students,
    0 as scored_students,
    false as was_hidden,
    false as is_unchanged,
    false as is_carried,
    false as hidden,
    false as mean_hidden
from counted
"""


if __name__ == "__main__":
    main()
