"""`may` about reports: whose district, whose school. The walk of every page with every role says the same over the network."""

from __future__ import annotations

import pytest

from subgroup_pipeline.access.roles import Need, Person, Role, may

OF_SCHOOL = Person("office@elm.example", Role.SCHOOL, "alder", frozenset({"elm", "s/1 %"}))


@pytest.mark.parametrize(
    ("role", "district_id", "school_id", "expected"),
    [
        (Role.VENDOR, "alder", None, True),
        (Role.VENDOR, "birch", "elm", True),
        (Role.DISTRICT, "alder", None, True),
        (Role.DISTRICT, "alder", "any", True),
        (Role.DISTRICT, "birch", None, False),
        (Role.AGGREGATE, "alder", None, False),
        (Role.AGGREGATE, "alder", "elm", False),
    ],
)
def test_reports_are_for_staff_and_for_the_districts_own_people(
    role: Role, district_id: str, school_id: str | None, *, expected: bool
) -> None:
    person = Person("x@alder.example", role, None if role == Role.VENDOR else "alder")
    assert may(person, Need.REPORTS, district_id, school_id) is expected


@pytest.mark.parametrize("school_id", ["elm", "s/1 %"])
def test_people_of_schools_have_the_reports_of_their_own(school_id: str) -> None:
    assert may(OF_SCHOOL, Need.REPORTS, "alder", school_id)
    assert not may(OF_SCHOOL, Need.REPORTS, "birch", school_id)


@pytest.mark.parametrize("school_id", [None, "", "oak", "ELM", "elm ", "s%2F1%20%25"])
def test_people_of_schools_have_no_other_report(school_id: str | None) -> None:
    assert not may(OF_SCHOOL, Need.REPORTS, "alder", school_id)
    assert not may(None, Need.REPORTS, "alder", school_id)
