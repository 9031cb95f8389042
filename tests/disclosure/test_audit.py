"""What the audit finds in patterns whose answer was worked out by hand, and what it hides then."""

from __future__ import annotations

import duckdb
import pytest

from subgroup_pipeline.disclosure.audit import exposed
from subgroup_pipeline.disclosure.cells import Privacy, read_cells
from subgroup_pipeline.disclosure.program import SolverError
from subgroup_pipeline.disclosure.worlds import Worlds
from tests.disclosure.made_up_marts import District, Place, made_up_marts

Named = tuple[str | None, str, str]
"""Course or else school, value and the value it is paired with ("" for none)."""
THREE_SCHOOLS: dict[Place, dict[str, dict[str, int]]] = {
    ("elm",): {"race": {"a": 4, "b": 22, "c": 90, "d": 50}},
    ("oak",): {"race": {"a": 30, "b": 25, "c": 80, "d": 60}},
    ("fir",): {"race": {"a": 40, "b": 35, "c": 70, "d": 55}},
    (): {"race": {"a": 74, "b": 82, "c": 240, "d": 165}},
}
"""Three schools, four groups and one small count, which a linear program gives back unless a rectangle is hidden."""


def audited(district: District, hide: set[Named]) -> set[Named]:
    """What the audit hides beyond these cells."""
    with made_up_marts({"pine": district}) as connection:
        read_cells(connection, [Privacy("pine", 10, shows_zero=True)])
        for cell in hide:
            connection.execute(
                """update cell set hidden = true, reason = 'by hand'
            where school_id is not distinct from ? and value = ? and coalesce(with_value, '') = ?""",
                cell,
            )
        return _named(connection, [one.key for one in exposed(connection)])


def _named(connection: duckdb.DuckDBPyConnection, keys: list[int]) -> set[Named]:
    names = "coalesce(course_id, school_id), value, coalesce(with_value, '')"
    return set(connection.execute(f"select {names} from cell where key in (select unnest(?))", [keys]).fetchall())


def test_a_hidden_count_alone_in_its_row_and_column_gets_a_rectangle() -> None:
    further = audited(District(THREE_SCHOOLS), {("elm", "a", "")})

    # The cheapest rectangle with elm/a: b is the smallest group beside it in elm, and oak has the smallest b and a.
    assert further == {("elm", "b", ""), ("oak", "a", ""), ("oak", "b", "")}


def test_a_row_closed_in_its_school_alone_is_open_by_the_columns() -> None:
    further = audited(District(THREE_SCHOOLS), {("elm", "a", ""), ("elm", "b", "")})

    assert further == {("oak", "a", ""), ("oak", "b", "")}


def test_a_rectangle_is_left_alone() -> None:
    assert not audited(District(THREE_SCHOOLS), {(school, value, "") for school in ("elm", "oak") for value in "ab"})


def test_students_in_several_schools_leave_no_more_room_than_there_are_of_them() -> None:
    """One student is in two schools: the counts of the schools exceed the district's by one, so the columns bound by one."""
    places = THREE_SCHOOLS | {("fir",): {"race": {"a": 40, "b": 35, "c": 70, "d": 56}}}
    further = audited(District(places), {("elm", "a", ""), ("elm", "b", "")})

    assert further >= {("oak", "a", ""), ("oak", "b", "")} or further >= {("fir", "a", ""), ("fir", "b", "")}


def test_a_course_that_lacks_a_few_of_its_school_is_hidden() -> None:
    """47 of 50 yes are in the course, so the others are three."""
    places: dict[Place, dict[str, dict[str, int]]] = {
        (): {"ell": {"yes": 50, "no": 100}},
        ("elm",): {"ell": {"yes": 50, "no": 100}},
        ("elm", "art"): {"ell": {"yes": 47, "no": 60}},
    }
    assert audited(District(places), set()) == {("art", "yes", ""), ("art", "no", "")}


def test_a_pair_is_no_way_round_its_margins() -> None:
    """Girls who learn English are 4; the other three pairs of the table would give them back."""
    places: dict[Place, dict[str, dict[str, int]]] = {(): {"ell": {"yes": 60, "no": 140}, "sex": {"f": 90, "m": 110}}}
    pairs = {
        ("ell", "yes", "sex", "f"): 4,
        ("ell", "yes", "sex", "m"): 56,
        ("ell", "no", "sex", "f"): 86,
        ("ell", "no", "sex", "m"): 54,
    }
    further = audited(District(places, pairs={(): pairs}), {(None, "yes", "f")})

    assert further == {(None, "yes", "m"), (None, "no", "f"), (None, "no", "m")}


def test_two_small_groups_that_are_known_to_be_ten_are_not_enough() -> None:
    """3 and 7 are each at most 9, since both are there: whoever reads that knows that both are small."""
    further = audited(District({(): {"race": {"a": 3, "b": 7, "c": 40, "d": 90}}}), {(None, "a", ""), (None, "b", "")})

    assert further == {(None, "c", "")}


def test_where_the_solver_gives_no_answer_the_district_is_hidden_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_worlds: Worlds) -> None:
        raise SolverError("no answer")

    monkeypatch.setattr(Worlds, "search", fails)
    with made_up_marts({"pine": District(THREE_SCHOOLS)}) as connection:
        read_cells(connection, [Privacy("pine", 10, shows_zero=True)])
        connection.execute("update cell set hidden = true where student_count < 10")
        further = exposed(connection)
        shown = connection.execute("select count(*) from cell where not hidden").fetchone()

    assert shown == (len(further),)
    assert {one.reason for one in further} == {"audit_whole"}
