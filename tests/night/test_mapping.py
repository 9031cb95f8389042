"""Mapping is one settings change, applied to what already came: nobody uploads anything after the first night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import get_delivery
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in

pytestmark = pytest.mark.slow

STUDENTS = 10
LUNCH = ("F", "r", "P", "", "x", "F", "r", "P", "", "x")
"""What each student has in a column that nobody mapped yet."""
ELL = "english_learner, values: {y: yes, n: no}}"
WITH_LUNCH = ELL + "\n    lunch: {subgroup: meals, values: {f: free, r: reduced, p: paid}"


def _file(header: str = "student_id,ell,sped,Lunch", first: str = "s{n:03}") -> str:
    """A subgroup file of ten students: the three columns of `small.subgroups`, and Lunch."""
    rows = small.subgroups(STUDENTS).splitlines()[1:]
    cells = [(first.format(n=n), *row.split(",")[1:], LUNCH[n]) for n, row in enumerate(rows)]
    return "\n".join([header, *(",".join(row) for row in cells)]) + "\n"


@dataclass(frozen=True)
class Plan:
    """A district's settings in three nights (as replacements in its YAML), its file, and its report after each night.

    `after` has for each night the parts of the district report that are looked at; None: nothing but all_students.
    """

    settings: tuple[dict[str, str], ...]
    after: tuple[dict[str, dict[str, int]] | None, ...]
    verdicts: tuple[str | None, ...]
    file: str = field(default_factory=_file)
    codes: tuple[set[str], ...] = (set(), set(), set())


_ELL = {"yes": 4, "no": 6}
_BLANK_IS_PAID = {"free": 2, "reduced": 2, "paid": 4, "not_reported": 2}
_MEALS = {"free": 2, "reduced": 2, "paid": 2, "not_reported": 4}
_SAME = {"english_learner": _ELL}
_OK = "accepted"

PLANS = {
    "new_column": Plan(
        ({}, {ELL: WITH_LUNCH + "}"}, {ELL: WITH_LUNCH + ", blank: paid}"}),
        ({"english_learner": _ELL}, {"english_learner": _ELL, "meals": _MEALS}, {"meals": _BLANK_IS_PAID}),
        (_OK, _OK, _OK),
        codes=({"HDR003"}, {"SUB506"}, {"SUB506"}),
    ),
    "new_optional_column": Plan(
        ({}, {ELL: WITH_LUNCH + ", optional: true}"}, {}),
        (_SAME, {"english_learner": _ELL, "meals": _MEALS}, _SAME),
        (_OK, _OK, _OK),
    ),
    "a_column_the_file_lacks": Plan(
        ({}, {ELL: ELL + "\n    bus: {subgroup: rides_bus, open: true}"},
         {ELL: ELL + "\n    bus: {subgroup: rides_bus, open: true, optional: true}"}),
        (_SAME, _SAME, {"english_learner": _ELL, "rides_bus": {"not_reported": 10}}),
        (_OK, _OK, _OK),
        codes=(set(), {"HDR001"}, {"HDR004"}),
    ),
    "alias_of_a_rejected_file": Plan(
        ({}, {ELL: ELL[:-1] + ", aliases: [EL Status]}"}, {ELL: ELL[:-1] + ", aliases: [el-status]}"}),
        (None, _SAME, _SAME),
        ("rejected", _OK, _OK),
        file=_file("student_id,EL Status,sped,Lunch"),
        codes=({"HDR001"}, set(), set()),
    ),
    "renamed_with_the_old_name_as_alias": Plan(
        ({}, {"    ell:  ": "    el_status: ", ELL: ELL[:-1] + ", aliases: [ell]}"}, {}),
        (_SAME, _SAME, _SAME),
        (_OK, _OK, _OK),
    ),
    "value_of_a_closed_column": Plan(
        ({ELL: "english_learner, values: {y: yes}}"}, {}, {ELL: "english_learner, values: {Y: current, n: never}}"}),
        ({"english_learner": {"yes": 4, "not_reported": 6}}, _SAME, {"english_learner": {"current": 4, "never": 6}}),
        (_OK, _OK, _OK),
        codes=({"SUB506"}, set(), set()),
    ),
    "closed_becomes_open": Plan(
        ({ELL: "english_learner, values: {y: yes}}"}, {ELL: "english_learner, values: {y: yes}, open: true}"}, {}),
        ({"english_learner": {"yes": 4, "not_reported": 6}}, {"english_learner": {"yes": 4, "N": 6}}, _SAME),
        (_OK, _OK, _OK),
    ),
    "another_roster_field_for_a_held_file": Plan(
        ({}, {"matches: users.sourcedId": "matches: users.username"}, {"matches: users.sourcedId": "matches: users.username"}),
        (None, _SAME, _SAME),
        ("held", _OK, _OK),
        file=_file(first="user{n}"),
        codes=({"SUB527"}, set(), set()),
    ),
    "a_field_that_no_longer_matches": Plan(
        ({}, {"matches: users.sourcedId": "matches: users.username"}, {}),
        (_SAME, _SAME, _SAME),
        (_OK, _OK, _OK),  # what is live keeps its verdict and its reports; the finding says what no longer fits
        codes=(set(), {"SUB527"}, set()),
    ),
    "another_column_with_the_id": Plan(
        ({}, {"student_id_column: student_id": "student_id_column: local_id"}, {}),
        (None, _SAME, _SAME),
        ("rejected", _OK, _OK),
        file=_file("local_id,ell,sped,Lunch"),
        codes=({"HDR001"}, set(), {"HDR001"}),
    ),
    "untouched": Plan(({}, {}, {}), (_SAME, _SAME, _SAME), (_OK, _OK, _OK)),
}  # fmt: skip


@dataclass
class Seen:
    """What one night left: the district's report, its newest subgroup delivery, and its marts cell by cell."""

    report: dict[str, dict[str, int]]
    delivery: dict[str, Any]
    students: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, list[dict[str, Seen]]]]:
    with installation_in(tmp_path_factory.mktemp("mapping") / "home") as installation:
        for district, plan in PLANS.items():
            installation.apply(small.settings(district, **plan.settings[0]))
            installation.drop(district, "roster", small.roster(STUDENTS))
            installation.drop(district, "subgroups", {"subgroups.csv": plan.file})
        seen = []
        for night in range(3):
            for district, plan in PLANS.items():
                installation.apply(small.settings(district, **plan.settings[night]))
            installation.night()
            seen.append({district: _look(installation, district) for district in PLANS})
        yield installation, seen


def _look(installation: Installation, district: str) -> Seen:
    report: dict[str, dict[str, int]] = {}
    for (subgroup, value), count in installation.district_report(district).items():
        report.setdefault(subgroup, {})[value] = count
    students = installation.ask(f"from marts.fct_student_subgroup where district_id = '{district}' order by all")
    return Seen(report, installation.deliveries(district, "subgroups")[-1], students)


@pytest.mark.parametrize("night", [0, 1, 2])
@pytest.mark.parametrize("district", PLANS)
def test_the_marts_show_what_the_settings_say_of_the_archived_file(
    nights: tuple[Installation, list[dict[str, Seen]]], district: str, night: int
) -> None:
    seen, expected = nights[1][night][district], PLANS[district].after[night]
    assert seen.report["all_students"] == {"all": STUDENTS}
    if expected is None:
        mapped = [values for subgroup, values in seen.report.items() if subgroup != "all_students"]
        assert [_counted(values) for values in mapped] == [{"not_reported": STUDENTS}] * len(mapped)
        return
    assert {subgroup: _counted(seen.report.get(subgroup, {})) for subgroup in expected} == expected


def _counted(values: dict[str, int]) -> dict[str, int]:
    return {value: count for value, count in values.items() if count}


@pytest.mark.parametrize("night", [0, 1, 2])
@pytest.mark.parametrize("district", PLANS)
def test_the_verdict_and_the_findings_are_those_of_the_settings_in_force(
    nights: tuple[Installation, list[dict[str, Seen]]], district: str, night: int
) -> None:
    seen, plan = nights[1][night][district], PLANS[district]
    assert seen.delivery["verdict"] == plan.verdicts[night], seen.delivery["findings"]
    assert {finding["code"] for finding in seen.delivery["findings"]} >= plan.codes[night]
    if night and plan.codes[night - 1] - plan.codes[night] and seen.delivery["verdict"] == _OK:
        gone = plan.codes[night - 1] - plan.codes[night]
        assert not gone & {finding["code"] for finding in seen.delivery["findings"]}


def test_nobody_uploaded_anything_after_the_first_night(nights: tuple[Installation, list[dict[str, Seen]]]) -> None:
    for district in PLANS:
        assert len(nights[0].deliveries(district)) == 2


def test_a_district_whose_settings_stay_keeps_every_cell(nights: tuple[Installation, list[dict[str, Seen]]]) -> None:
    first, *later = [night["untouched"].students for night in nights[1]]
    assert first
    assert all(students == first for students in later)


def test_replay_of_what_is_live_changes_no_cell_and_lands_it_again(nights: tuple[Installation, list[dict[str, Seen]]]) -> None:
    installation, _ = nights
    before = _look(installation, "new_column")
    with installation.registry.begin() as session:
        decisions.replay(session, get_delivery(session, before.delivery["delivery_id"]), by="Ana")
    installation.night()
    after = _look(installation, "new_column")
    assert after.students == before.students
    assert after.delivery == before.delivery


def test_a_file_that_a_person_rejected_stays_rejected_whatever_is_mapped(
    nights: tuple[Installation, list[dict[str, Seen]]],
) -> None:
    installation, _ = nights
    delivery_id = installation.deliveries("closed_becomes_open", "subgroups")[-1]["delivery_id"]
    with installation.registry.begin() as session:
        decisions.reject(session, get_delivery(session, delivery_id), by="Ana", reason="last year's")
    installation.apply(small.settings("closed_becomes_open", **{ELL: WITH_LUNCH + "}"}))
    installation.night()
    seen = _look(installation, "closed_becomes_open")
    assert seen.delivery["state"] == "rejected"
    assert _counted(seen.report["meals"]) == {"not_reported": STUDENTS}
    with installation.registry.begin() as session:
        decisions.replay(session, get_delivery(session, delivery_id), by="Ana")
    installation.night()
    assert _counted(_look(installation, "closed_becomes_open").report["meals"]) == _MEALS
