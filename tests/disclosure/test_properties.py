"""What holds for every district, whatever it counts."""

from __future__ import annotations

from collections import defaultdict

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from subgroup_pipeline.disclosure.cells import Privacy, read_cells
from subgroup_pipeline.disclosure.suppression import suppress
from tests.disclosure.made_up_marts import Counts, District, Place, made_up_marts

COUNT = st.one_of(st.integers(0, 14), st.integers(15, 90))
SCHOOLS = ("ash", "elm", "oak")
VALUES = {"flag": ("no", "yes"), "race": ("a", "b", "c", "d")}
Cell = tuple[str | None, str, str]


@st.composite
def districts(draw: st.DrawFn) -> District:
    """A district whose students are each in one school, with two subgroups that have no more to do with each other."""
    places: dict[Place, Counts] = {}
    for school in SCHOOLS[: draw(st.integers(1, 3))]:
        races = [draw(COUNT) for _ in VALUES["race"]]
        if not (total := sum(races)):
            continue
        yes = draw(st.integers(0, total))
        values = {"race": dict(zip(VALUES["race"], races, strict=True)), "flag": {"no": total - yes, "yes": yes}}
        places[school,] = {subgroup: {v: n for v, n in by.items() if n} for subgroup, by in values.items()}
    everyone: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for counts in places.values():
        for subgroup, by_value in counts.items():
            for value, students in by_value.items():
                everyone[subgroup][value] += students
    return District({(): everyone, **places} if places else {(): {"flag": {"no": 12}}})


def _hidden(connection: duckdb.DuckDBPyConnection, minimum: int) -> dict[Cell, tuple[int, int, bool, str | None]]:
    read_cells(connection, [Privacy("pine", minimum, shows_zero=True)])
    suppress(connection)
    query = "select school_id, subgroup, value, student_count, total_students, hidden, reason from cell order by key"
    return {row[:3]: row[3:] for row in connection.execute(query).fetchall()}


@settings(max_examples=15, deadline=None)
@given(district=districts(), minimum=st.integers(2, 12))
def test_no_small_group_is_shown_and_no_sum_has_one_hidden_part(district: District, minimum: int) -> None:
    with made_up_marts({"pine": district}) as connection:
        found = _hidden(connection, minimum)
        assert not [cell for cell, (n, total, is_hidden, _) in found.items() if not is_hidden and 0 < n < minimum]
        assert not [cell for cell, (n, total, is_hidden, _) in found.items() if not is_hidden and 0 < total - n < minimum]
        rows: dict[object, list[bool]] = defaultdict(list)
        for (school, subgroup, value), (_, _, is_hidden, _) in found.items():
            rows[subgroup, value].append(is_hidden)
            if subgroup != "all_students":
                rows[school, subgroup].append(is_hidden)
        for place in {school for school, _, _ in found}:
            for subgroup in VALUES:
                rows[place, subgroup].append(found[place, "all_students", "all"][2])
        assert not [row for row, hidden in rows.items() if sum(hidden) == 1 and len(hidden) > 1]


@settings(max_examples=6, deadline=None)
@given(district=districts(), minimum=st.integers(2, 11))
def test_what_is_small_stays_hidden_when_the_minimum_rises(district: District, minimum: int) -> None:
    with made_up_marts({"pine": district}) as connection:
        less, more = (
            {cell for cell, (*_, reason) in _hidden(connection, one).items() if reason in ("primary", "small_entity")}
            for one in (minimum, minimum + 1)
        )
        assert less <= more


@settings(max_examples=6, deadline=None)
@given(district=districts())
def test_the_order_of_rows_decides_nothing_and_a_second_time_changes_nothing(district: District) -> None:
    with made_up_marts({"pine": district}) as connection:
        found = _hidden(connection, 10)
        once = connection.execute("from cell order by key").fetchall()
        suppress(connection)
        assert connection.execute("from cell order by key").fetchall() == once
        for table in ("district", "school"):
            connection.execute(
                f"create or replace temp table turned as from source.marts.rpt_{table}_subgroup order by hash(value)"
            )
            connection.execute(f"delete from source.marts.rpt_{table}_subgroup")
            connection.execute(f"insert into source.marts.rpt_{table}_subgroup from turned")
        assert _hidden(connection, 10) == found


@settings(max_examples=6, deadline=None)
@given(district=districts())
def test_what_a_release_hid_stays_hidden_until_the_group_is_well_above_the_minimum(district: District) -> None:
    with made_up_marts({"pine": district}) as connection:
        read_cells(connection, [Privacy("pine", 10, shows_zero=True)])
        connection.execute("update cell set was_hidden = true where student_count between 10 and 14")
        suppress(connection)
        query = (
            "select count(*) from cell where student_count between 10 and 12 and student_count < total_students and not hidden"
        )
        assert connection.execute(query).fetchall() == [(0,)]
