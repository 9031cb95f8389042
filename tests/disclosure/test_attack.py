"""Random districts are suppressed, and then an outsider attacks what is shown of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from subgroup_pipeline.disclosure.cells import Privacy, read_cells
from subgroup_pipeline.disclosure.releases import protect
from tests.disclosure.attack import Fact, Knowledge, Published, attack
from tests.disclosure.shapes import Shape, known_of, random_shape, write_marts

MINIMUM = 10
SAMPLE = range(2, 10)
SHAPES = int(os.environ.get("SUBGROUPS_TORTURE_SHAPES", "200"))


@contextmanager
def marts_of(shapes: list[Shape]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the marts of these districts attached as `source`, and their cells read."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as source")
        write_marts(connection, shapes)
        read_cells(connection, [Privacy(shape.district_id, MINIMUM, shows_zero=True) for shape in shapes])
        yield connection


def shown_of(connection: duckdb.DuckDBPyConnection, district_id: str) -> Published:
    rows = connection.execute(
        """select coalesce(month::text, ''), school_id, course_id, subgroup, value, with_subgroup, with_value,
            if(hidden, null, student_count)
        from cell where district_id = ?""",
        [district_id],
    ).fetchall()
    counts = {}
    for month, school, course, subgroup, value, other, with_value, count in rows:
        values = frozenset(
            (name, has) for name, has in ((subgroup, value), (other, with_value)) if name not in (None, "all_students")
        )
        counts[Fact(month, tuple(one for one in (school, course) if one is not None), values)] = count
    return Published(counts, MINIMUM)


def attacked(seeds: range, most: int) -> Counter[str]:
    """Attack the districts of these seeds, of at most so many students each.

    Gives how many cells there are, and are shown, in districts of 300 students or more. Raises AssertionError naming the seed
    where anything came out.
    """
    cells: Counter[str] = Counter()
    shapes = [random_shape(seed, most) for seed in seeds]
    with marts_of(shapes) as connection:
        protect(connection)
        for shape in shapes:
            published = shown_of(connection, shape.district_id)
            found = attack(published, known_of([shape]))
            assert not found, f"seed {shape.district_id}: {found}"
            if len(shape.values) >= 300:
                cells["all"] += len(published.counts)
                cells["shown"] += sum(count is not None for count in published.counts.values())
    return cells


def test_nothing_comes_out_of_a_sample_of_districts_and_most_is_shown() -> None:
    cells = attacked(SAMPLE, most=1500)

    assert cells["shown"] >= 0.6 * cells["all"], cells


def test_the_attack_sees_through_rows_that_are_closed_in_one_school_only() -> None:
    """Two hidden counts side by side in one school of three: the columns give both back."""
    counts = {place: {"a": a, "b": b, "c": c} for place, (a, b, c) in {(): (74, 82, 405), ("elm",): (4, 22, 140)}.items()}
    counts |= {("oak",): {"a": 30, "b": 25, "c": 140}, ("fir",): {"a": 40, "b": 35, "c": 125}}
    shown: dict[Fact, int | None] = {
        Fact("", place, frozenset({("race", value)})): count for place, of in counts.items() for value, count in of.items()
    }
    shown |= {Fact("", place, frozenset()): sum(of.values()) for place, of in counts.items()}
    hidden = [Fact("", ("elm",), frozenset({("race", value)})) for value in "ab"]
    everyone_in_one = Knowledge(full=frozenset({()}), disjoint=frozenset({()}))

    closed = attack(Published(shown | dict.fromkeys(hidden), MINIMUM), everyone_in_one)
    rectangle = [*hidden, *(fact._replace(place=("oak",)) for fact in hidden)]
    safe = attack(Published(shown | dict.fromkeys(rectangle), MINIMUM), everyone_in_one)

    assert closed.exact == dict(zip(hidden, (4, 22), strict=True))
    assert not safe


@pytest.mark.torture
def test_nothing_comes_out_of_many_districts_and_most_is_shown() -> None:
    """SUBGROUPS_TORTURE_SHAPES says of how many."""
    cells: Counter[str] = Counter()
    for first in range(1000, 1000 + SHAPES, 20):
        cells += attacked(range(first, min(first + 20, 1000 + SHAPES)), most=6000)

    assert cells["shown"] >= 0.6 * cells["all"], cells
