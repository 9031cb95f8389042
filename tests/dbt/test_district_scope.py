"""The materialization district_scope: a run builds the districts in scope and leaves the others alone."""

from __future__ import annotations

import pytest

from tests.support.dbt_warehouse import Warehouse, scope, student

ALDER = scope("alder", "alder-r1")
BIRCH = scope("birch", "birch-r1")
SCHOOL = {"sourcedId": "north", "name": "North", "type": "school"}


def roster(*names: str) -> dict[str, list[dict[str, str]]]:
    return {"orgs": [SCHOOL], "users": [student(name.lower(), name, "Yew", orgSourcedIds="north") for name in names]}


@pytest.fixture(scope="module")
def two_districts(warehouse: Warehouse) -> Warehouse:
    warehouse.deliver("alder", "alder-r1", roster("Ada", "Ali"))
    warehouse.deliver("birch", "birch-r1", roster("Bea"))
    warehouse.deliver("birch", "birch-r2", roster("Bea", "Ben"))
    warehouse.deliver("birch", "birch-r3", {"orgs": [SCHOOL]})
    warehouse.night(ALDER, BIRCH, command="run")
    return warehouse


def test_a_second_night_over_the_same_input_gives_equal_tables(two_districts: Warehouse) -> None:
    before = two_districts.marts()
    assert before["dim_student"]
    two_districts.night(ALDER, BIRCH, command="run")
    assert two_districts.marts() == before


@pytest.mark.slow
def test_a_partial_scope_leaves_other_districts_untouched(two_districts: Warehouse) -> None:
    alder = two_districts.marts("alder")
    two_districts.night(scope("birch", "birch-r2"))
    assert two_districts.marts("alder") == alder
    assert two_districts.mart("dim_student", "student_id", "birch") == [("bea",), ("ben",)]

    # A district in scope that has no rows any more loses its old ones; dbt's own delete+insert would keep them.
    two_districts.night(scope("birch", "birch-r3"), command="run")
    assert two_districts.marts("alder") == alder
    assert two_districts.mart("dim_student", "student_id", "birch") == []
    assert two_districts.mart("fct_student_subgroup", "student_id", "birch") == []
    assert two_districts.mart("dim_school", "school_id, student_count", "birch") == [("north", 0)]


@pytest.mark.parametrize("command", [("run",), ("run", "--empty")])
def test_nothing_in_scope_changes_nothing(two_districts: Warehouse, command: tuple[str, ...]) -> None:
    before = two_districts.marts()
    two_districts.control(run_scope=[])
    assert two_districts.dbt(*command, "--select", "marts").success
    assert two_districts.marts() == before


def test_an_empty_run_never_empties_a_published_table(two_districts: Warehouse) -> None:
    before = two_districts.marts()
    two_districts.control(run_scope=[ALDER, BIRCH])
    assert two_districts.dbt("run", "--empty", "--select", "marts").success
    assert two_districts.marts() == before


def test_full_refresh_of_some_districts_is_refused(two_districts: Warehouse) -> None:
    before = two_districts.marts()
    two_districts.control(run_scope=[ALDER])
    result = two_districts.dbt("run", "--full-refresh", "--select", "dim_school")
    assert not result.success
    assert "would lose the 1 districts of dim_school" in result.result[0].message
    assert two_districts.marts() == before


@pytest.fixture(scope="module")
def parents_of_dim_school(two_districts: Warehouse) -> Warehouse:
    two_districts.control(run_scope=[ALDER, BIRCH])
    assert two_districts.dbt("run", "--select", "+dim_school").success
    return two_districts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("drop column school_name", None),
        ("add column nickname varchar", "column nickname is no longer in the contract"),
        ("alter column student_count type integer", "column student_count is INTEGER and the contract says BIGINT"),
        ("drop column student_count", "new column student_count has constraints"),
    ],
)
def test_a_changed_contract_adds_a_column_or_asks_for_a_rebuild(
    parents_of_dim_school: Warehouse, change: str, said: str | None
) -> None:
    parents_of_dim_school.control(run_scope=[ALDER, BIRCH])
    assert parents_of_dim_school.dbt("run", "--select", "dim_school").success
    parents_of_dim_school.write(lambda connection: connection.execute(f"alter table analytics.marts.dim_school {change}"))
    parents_of_dim_school.control(run_scope=[ALDER])
    result = parents_of_dim_school.dbt("run", "--select", "dim_school")
    if said is None:
        assert result.success
        assert parents_of_dim_school.mart("dim_school", "district_id, school_name") == [
            ("alder", "North"),
            ("birch", None),
        ]
    else:
        message = next(r.message for r in result.result if r.node.name == "dim_school")
        assert said in message
        assert "A compacting rebuild is needed" in message
