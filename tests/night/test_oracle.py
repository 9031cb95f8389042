"""Random districts in one night, against counts that plain Python makes of their files by docs/architecture.md section 3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import pytest

from subgroup_pipeline.publish.reader import open_published
from tests.oracle.random_district import RandomDistrict, random_district
from tests.oracle.recompute import Expected, recompute
from tests.oracle.scores import results_of
from tests.oracle.tables import REPORTS as MEASURED
from tests.oracle.tables import Rows, differences, expected_reports, read_tables
from tests.support.installation import Installation, installation_in

pytestmark = pytest.mark.slow

SEEDS = {f"rnd{number:02}": 20_261_000 + number for number in range(30)}
FEW = 10
"""Districts of `make test`; the slow tests have the others."""
MEASURES = "student_count, total_students, student_share, school_year, as_of_date, member_count, member_share"
REPORTS = {
    "rpt_district_subgroup": "subgroup, value",
    "rpt_school_subgroup": "school_id, subgroup, value",
    "rpt_course_subgroup": "school_id, course_id, subgroup, value",
}


@dataclass
class Night:
    """What the marts said after a night, by district, and what they should have said."""

    expected: dict[str, Expected] = field(default_factory=dict)
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    measured: dict[str, Rows] = field(default_factory=lambda: {table: {} for table in MEASURED})
    """The reports with their measures, bands and pairs, as they must be."""
    read: dict[str, Rows] = field(default_factory=dict)
    """The same as published."""


@dataclass
class Nights:
    """Both nights; the published file is read once a table."""

    first: Night
    second: Night
    changed: list[str]
    """Districts that deliver again on the second night, with other files and other settings."""
    second_scope: set[str]


@pytest.fixture(
    scope="module",
    params=[pytest.param(list(SEEDS)[:FEW], id="few"), pytest.param(list(SEEDS)[FEW:], id="others", marks=pytest.mark.slow)],
)
def nights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with installation_in(tmp_path_factory.mktemp("oracle") / "home") as installation:
        seeds = {district: SEEDS[district] for district in request.param}
        changed = [district for number, district in enumerate(SEEDS) if number % 3 == 0 and district in seeds]
        made = {district: random_district(Random(seed), district, has_gradebook=True) for district, seed in seeds.items()}  # noqa: S311
        first = _run(installation, made, list(made))
        keys = _builds(installation)
        made |= {
            district: random_district(Random(SEEDS[district] + 500), district, has_gradebook=True)  # noqa: S311
            for district in changed
        }
        second = _run(installation, made, changed)
        scope = {district for district, build in _builds(installation).items() if keys[district] != build}
        yield Nights(first, second, changed, scope)


def _builds(installation: Installation) -> dict[str, datetime]:
    return dict(installation.ask("select district_id, published_at from marts.dim_district"))


def _run(installation: Installation, made: dict[str, RandomDistrict], delivering: list[str]) -> Night:
    """Deliver and publish, then read everything, and recompute everything with the times of receipt in the ledger."""
    for district in delivering:
        installation.apply(made[district].settings_yaml())
        text = made[district].subgroup_text
        installation.drop(district, "roster", made[district].roster)
        installation.drop(district, "subgroups", {"subgroups.csv": text} if text is not None else {})
    installation.night()
    night = Night(found={district: {} for district in made})
    received: dict[str, str] = {}
    for delivery in installation.deliveries():
        if delivery["feed"] == "roster":
            received[delivery["district_id"]] = delivery["received_at"]
        night.states.setdefault(delivery["district_id"], []).append((delivery["state"], delivery["verdict"]))
    for district, one in made.items():
        at = datetime.fromisoformat(received[district])
        right = night.expected[district] = recompute(one.settings, one.roster, one.subgroup_text, at)
        for table, rows in expected_reports(one.settings, right, results_of(one.roster, right)).items():
            night.measured[table] |= rows
    _read(installation, night)
    with open_published(installation.settings) as connection:
        night.read = read_tables(connection, MEASURED)
    return night


def _read(installation: Installation, night: Night) -> None:
    def table(name: str, columns: str, key: int) -> None:
        """Note a table of each district as {key columns: the others}, the one other alone."""
        for found in night.found.values():
            found[name] = {}
        for district, *row in installation.ask(f"select district_id, {columns} from marts.{name}"):
            at = (district, *row[:key])
            assert at not in night.found[district][name], f"{name} has two rows {at}"
            night.found[district][name] = {**night.found[district][name], at: tuple(row[key:])}

    for report, key in REPORTS.items():
        table(report, f"{key}, {MEASURES}", key.count(",") + 1)
    table("fct_student_subgroup", "student_id, subgroup, value, raw_value", 2)
    table("fct_enrollment", "student_id, school_id, course_id, class_id", 4)
    table("dim_student", "student_id, student_number, is_active", 1)
    table("dim_school", "school_id, student_count", 1)
    table("dim_course", "school_id, course_id, student_count", 2)
    table("dim_district", "student_count, school_year, as_of_date", 0)
    table("dim_subgroup", "subgroup, value, is_member", 2)
    table("rpt_student_subgroup", "student_id, subgroups", 1)


@pytest.fixture(params=["first night", "second night"])
def night(request: pytest.FixtureRequest, nights: Nights) -> Night:
    return nights.first if request.param == "first night" else nights.second


def _tables(night: Night) -> Iterator[tuple[str, dict[str, Any], Expected]]:
    """Each district, what was found of it, and what should have been."""
    for district, found in night.found.items():
        yield district, found, night.expected[district]


def test_everything_is_published(nights: Nights) -> None:
    for night in (nights.first, nights.second):
        for district, states in night.states.items():
            live = [state for state, _ in states if state in ("accepted", "published")]
            assert live == ["published"] * len(live), district
            file = night.expected[district].file
            held = {"held"} if file is not None and file.is_held else set()
            assert {state for state, _ in states} - {"published", "superseded"} == held, (district, states)


def test_only_districts_that_delivered_are_built_again(nights: Nights) -> None:
    assert nights.second_scope == set(nights.changed)


@pytest.mark.parametrize("report", REPORTS)
def test_every_cell_of_a_report(night: Night, report: str) -> None:
    for district, found, expected in _tables(night):
        counts: dict[tuple[str, ...], int] = getattr(expected, report)
        assert found[report] == {at: _measures(expected, at, count) for at, count in counts.items()}, district


def _measures(expected: Expected, at: tuple[str, ...], count: int) -> tuple[object, ...]:
    total, members = expected.totals[at[:-2]], expected.member_counts.get(at[:-1])
    about = (expected.school_year, expected.as_of)
    return count, total, count / total, *about, members, None if members is None else members / total


@pytest.mark.parametrize("table", MEASURED)
def test_results_means_gaps_bands_and_pairs(night: Night, table: str) -> None:
    assert list(differences({table: night.measured[table]}, night.read)) == []
    assert night.read[table], "nothing was measured"


def test_every_value_and_what_the_cell_said(night: Night) -> None:
    for district, found, expected in _tables(night):
        assert found["fct_student_subgroup"] == {
            (district, *key): (value, expected.raw_values.get(key)) for key, value in expected.fct_student_subgroup.items()
        }, district


def test_enrollments_that_hold(night: Night) -> None:
    for district, found, expected in _tables(night):
        rows = {(district, e.student, e.school, e.course, e.class_id) for e in expected.enrollments}
        assert set(found["fct_enrollment"]) == rows, district


def test_dimensions(night: Night) -> None:
    for district, found, expected in _tables(night):
        assert {name: len(found[name]) for name in expected.dim_counts} == expected.dim_counts, district
        students = {at[1]: row for at, row in found["dim_student"].items()}
        assert {student: is_active for student, (_, is_active) in students.items()} == expected.students, district
        numbers = {student: number for student, (number, is_active) in students.items() if is_active and number is not None}
        assert numbers == expected.student_numbers, district
        sizes = {at: row[0] for name in ("dim_school", "dim_course", "dim_district") for at, row in found[name].items()}
        assert sizes == expected.totals, district
        assert found["dim_district"] == {(district,): (expected.totals[district,], expected.school_year, expected.as_of)}


def test_values_in_reports_are_in_dim_subgroup_and_say_whether_they_are_membership(night: Night) -> None:
    for district, found, expected in _tables(night):
        named = {at[1:]: row[0] for at, row in found["dim_subgroup"].items()}
        assert {at: named[at] for at in expected.members} == expected.members, district


def test_the_map_of_every_student(night: Night) -> None:
    for district, found, expected in _tables(night):
        maps: dict[tuple[str, str], dict[str, str]] = {(district, student): {} for student in expected.schools_of}
        for (student, subgroup), value in expected.fct_student_subgroup.items():
            if subgroup != "all_students":
                maps[district, student][subgroup] = value
        assert {at: row[0] for at, row in found["rpt_student_subgroup"].items()} == maps, district
