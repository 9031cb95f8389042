"""600 real-looking people of a header-less SDS export over five nights, every cell against counts in plain Python.

Test code turns the tables into OneRoster 1.1 (a class a school and grade) and their flags into a wide subgroup file. Some
cells are tiny (three students of 600), and blanks come as nothing and as a single space, as the export has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import get_delivery
from tests.night.oea_people import CONTOSO, LATE, Person, after_a_day, read_people, roster_of, settings_of, subgroups_of
from tests.oracle.recompute import Expected, recompute
from tests.support.installation import Installation, installation_in, zip_of

pytestmark = [pytest.mark.real_data, pytest.mark.slow]


RECEIVED = datetime(2022, 3, 2, tzinfo=UTC)
"""No cell depends on it: as_of is a date."""


KEYS = {
    "rpt_district_subgroup": "district_id, subgroup, value",
    "rpt_school_subgroup": "district_id, school_id, subgroup, value",
    "rpt_course_subgroup": "district_id, school_id, course_id, subgroup, value",
}


@dataclass
class Night:
    """What readers saw after a night, and what they should have seen."""

    expected: list[Expected] = field(default_factory=list)
    found: dict[str, dict[tuple[Any, ...], Any]] = field(default_factory=dict)
    states: dict[tuple[str, str], list[str]] = field(default_factory=dict)


class Week:
    """The installation, and the live texts of each district as the rules have them."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._rosters: dict[str, dict[str, str]] = {}
        self._subgroups: dict[str, str] = {}
        for district in (CONTOSO, LATE):
            installation.apply(json.dumps(settings_of(district)))

    def upload(self, district: str, *, roster: list[Person] | None = None, subgroups: list[Person] | None = None,
               is_held: bool = False) -> None:  # fmt: skip
        """Upload over SFTP; what is held is not live."""
        if roster is not None:
            texts = roster_of(roster)
            self._installation.upload(district, "roster", {"roster.zip": zip_of(texts)})
            if not is_held:
                self._rosters[district] = texts
        if subgroups is not None:
            text = subgroups_of(subgroups)
            self._installation.upload(district, "subgroups", {"flags.csv": text})
            if not is_held:
                self._subgroups[district] = text

    def approve(self, district: str, people: list[Person]) -> None:
        """Approve the newest roster and the newest subgroup file, which are of these people."""
        for feed in ("roster", "subgroups"):
            delivery_id = self._installation.deliveries(district, feed)[-1]["delivery_id"]
            with self._installation.registry.begin() as session:
                decisions.approve(session, get_delivery(session, delivery_id), by="Ana", reason="a school has closed")
        self._rosters[district], self._subgroups[district] = roster_of(people), subgroups_of(people)

    def night(self) -> Night:
        """Run a night and read everything."""
        self._installation.night()
        night = Night()
        for district, texts in self._rosters.items():
            night.expected.append(recompute(settings_of(district), texts, self._subgroups.get(district), RECEIVED))
        ask = self._installation.ask
        counts = {report: f"{keys}, student_count" for report, keys in KEYS.items()}
        values = {"fct_student_subgroup": "district_id, student_id, subgroup, value"}
        for table, columns in (counts | values).items():
            rows = ask(f"select {columns} from marts.{table}")
            night.found[table] = {row[:-1]: row[-1] for row in rows}
            assert len(rows) == len(night.found[table]), f"{table} says a thing twice"
        for table in ("dim_school", "dim_course", "dim_student"):
            rows = ask(f"select district_id, count(*) from marts.{table} group by all")
            night.found[table] = {(row[0],): row[1] for row in rows}
        for delivery in self._installation.deliveries():
            night.states.setdefault((delivery["district_id"], delivery["feed"]), []).append(delivery["state"])
        return night


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Night]]:
    people = read_people()
    changed = after_a_day(people)
    shrunken = changed[90:]
    done = []
    with installation_in(tmp_path_factory.mktemp("oea") / "home") as installation:
        week = Week(installation)
        week.upload(CONTOSO, roster=people, subgroups=people)
        week.upload(LATE, subgroups=people)
        done.append(week.night())
        week.upload(CONTOSO, roster=changed, subgroups=changed)
        week.upload(LATE, roster=people)
        done.append(week.night())
        done.append(week.night())
        week.upload(CONTOSO, roster=shrunken, subgroups=shrunken, is_held=True)
        done.append(week.night())
        week.approve(CONTOSO, shrunken)
        done.append(week.night())
        yield done


@pytest.fixture(params=range(1, 6))
def night(request: pytest.FixtureRequest, nights: list[Night]) -> Night:
    return nights[int(request.param) - 1]


@pytest.mark.parametrize("report", KEYS)
def test_every_cell_of_a_report(night: Night, report: str) -> None:
    assert night.found[report] == {at: count for one in night.expected for at, count in getattr(one, report).items()}


def test_every_value_and_the_dimensions(night: Night) -> None:
    assert night.found["fct_student_subgroup"] == {
        (one.district, *at): value for one in night.expected for at, value in one.fct_student_subgroup.items()
    }
    for table in ("dim_school", "dim_course", "dim_student"):
        assert night.found[table] == {(one.district,): one.dim_counts[table] for one in night.expected}


def test_the_counts_that_the_export_is_known_by(nights: list[Night]) -> None:
    """Counted by hand in persondemographicpersonflag.csv, persondemographicrace.csv and persondemographicethnicity.csv."""
    first = {at[1:]: count for at, count in nights[0].found["rpt_district_subgroup"].items()}
    known = {"reduced_lunch": 27, "gifted": 25, "english_learner": 6, "homeless": 6, "students_with_disabilities": 3}
    assert {(name, "yes"): first[name, "yes"] for name in known} == {(name, "yes"): count for name, count in known.items()}
    assert (first["limited_english", "yes"], first["limited_english", "not_reported"]) == (3, 597)
    assert (first["hispanic", "yes"], first["hispanic", "no"]) == (141, 459)
    assert (first["race", "asian"], first["race", "not_reported"], first["all_students", "all"]) == (57, 19, 600)


def test_a_day_changes_what_changed(nights: list[Night]) -> None:
    totals = [{at[0]: n for at, n in night.found["rpt_district_subgroup"].items() if at[1] == "all_students"} for night in nights]
    assert totals == [
        {CONTOSO: 600},
        {CONTOSO: 597, LATE: 600},
        {CONTOSO: 597, LATE: 600},
        {CONTOSO: 597, LATE: 600},
        {CONTOSO: 507, LATE: 600},
    ]
    assert nights[1].found == nights[2].found
    assert nights[3].found == nights[2].found  # both files of that day are held


def test_states(nights: list[Night]) -> None:
    assert nights[0].states[LATE, "subgroups"] == ["landed"]
    assert nights[1].states[LATE, "subgroups"] == ["published"]
    assert nights[3].states[CONTOSO, "roster"] == ["superseded", "published", "held"]
    assert nights[3].states[CONTOSO, "subgroups"] == ["superseded", "published", "held"]
    assert nights[4].states[CONTOSO, "roster"] == ["superseded", "superseded", "published"]
