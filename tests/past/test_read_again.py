"""Reading the past again: what the archive still has is read under today's settings, and folded into the history as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from subgroup_pipeline.build.scope import set_scope
from subgroup_pipeline.districts.past_keys import reading_key
from subgroup_pipeline.districts.registered import registered_district, registered_districts
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.past.lost_history import begin_history_again
from subgroup_pipeline.past.read_again import ReadAgain, read_past_again
from subgroup_pipeline.registry.builds import builds_of, note_build
from subgroup_pipeline.registry.damage import damage_since
from subgroup_pipeline.registry.ledger import Feed, get_delivery
from subgroup_pipeline.registry.schema import Build
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.proof import HISTORY, prove_warehouse
from tests.support import small_district as small
from tests.support.home import Home

pytestmark = pytest.mark.slow

FIRST = datetime(2026, 9, 28, 7, tzinfo=UTC)
ELL = "english_learner, values: {y: yes, n: no}}"
WITH_LUNCH = ELL + "\n    lunch: {subgroup: meals, values: {f: free, p: paid}}"


def night(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def naive(number: int) -> datetime:
    return night(number).replace(tzinfo=None)


def file(rows: Mapping[str, str], header: str = "student_id,ell,sped,lunch") -> dict[str, str]:
    """A subgroup file; the texts are what follows the student's number."""
    return {"subgroups.csv": "\n".join([header, *(f"{student},{cells}" for student, cells in rows.items())]) + "\n"}


class Past(Home):
    """A home whose district was built on several nights, of which the history may know as much as a test likes."""

    def nights(self, *deliveries: tuple[Feed, Mapping[str, str]], reading: str = "before", district: str = "alpha") -> None:
        """One delivery a night, the last of them live; each night made a build once there was a roster."""
        live: dict[Feed, str] = {}
        settings = registered_district(self.registry, district).settings
        for number, (feed, files) in enumerate(deliveries):
            if feed in live:
                self.set_state(live[feed], "superseded")
            live[feed] = self.deliver(feed, files, district)
            with self.registry.begin() as session:
                delivery = get_delivery(session, live[feed])
                delivery.received_at, delivery.state = night(number), "published"
            if "roster" in live:
                self.note(district, number, live["roster"], live.get("subgroups"), reading or reading_key(settings))

    def note(self, district: str, number: int, roster: str, subgroups: str | None, key: str) -> None:
        month = night(number).date().replace(day=1).isoformat()
        made = Build(
            district_id=district, effective_at=night(number), roster_delivery_id=roster, subgroup_delivery_id=subgroups,
            month=month, reading_key=key, meaning_key=key, built_at=night(number),
        )  # fmt: skip
        with self.registry.begin() as session:
            note_build(session, made, night(number))

    def read(self) -> ReadAgain:
        """Scope and the past, as a night does it before the models."""
        districts = registered_districts(self.registry)
        self.land()
        with open_warehouse(self.settings) as connection:
            set_scope(connection, self.registry, districts, {})
        return read_past_again(self.registry, self.settings, districts)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.settings) as connection:
            return connection.execute(query).fetchall()

    def run(self, statement: str) -> None:
        with open_warehouse(self.settings) as connection:
            connection.execute(statement)

    def cells(self, subgroup: str, district: str = "alpha") -> dict[str, list[tuple[Any, ...]]]:
        """By student: nights from and to, and the cell."""
        rows = self.ask(
            "select student_id, valid_from, valid_to, cells from history.student_cell "
            f"where subgroup = '{subgroup}' and district_id = '{district}' order by all"
        )
        found: dict[str, list[tuple[Any, ...]]] = {}
        for student, began, ended, cells in rows:
            span = [None if moment is None else (moment - naive(0)).days for moment in (began, ended)]
            found.setdefault(student, []).append((*span, cells))
        return found

    def keys(self, district: str = "alpha") -> list[bool]:
        """Which builds are noted as read under today's settings."""
        today = reading_key(registered_district(self.registry, district).settings)
        with self.registry.begin() as session:
            return [build.reading_key == today for build in builds_of(session, district)]


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    home = Past.at(tmp_path / "home", memory_limit="1GB")
    home.apply(small.settings("alpha", **{ELL: WITH_LUNCH}))
    yield home
    home.close()


NIGHTS: list[tuple[Feed, dict[str, str]]] = [
    ("roster", small.roster(3)),
    ("subgroups", file({"s000": "y,n", "s001": "n,n"}, "student_id,ell,sped")),
    ("subgroups", file({"s000": "y,n,f", "s001": "y,,p", "s002": "n,n,f"})),
    ("roster", small.roster(2)),
    ("roster", small.roster(4)),
    ("subgroups", file({"s000": "y,n,f", "s001": "y,n,f", "s003": "n,n,x"})),
]


def test_all_builds_are_read_again_by_one_run_of_the_models(past: Past) -> None:
    past.nights(*NIGHTS)
    said = past.read()
    assert (said.builds, said.districts, said.deliveries) == (6, 1, 6)
    assert past.keys() == [True] * 6
    assert past.cells("all_students") == {
        "s000": [(0, None, None)],
        "s001": [(0, None, None)],
        "s002": [(0, 3, None), (4, None, None)],
        "s003": [(4, None, None)],
    }
    assert past.cells("english_learner") == {
        "s000": [(0, 1, None), (1, None, "file:y")],
        "s001": [(0, 1, None), (1, 2, "file:n"), (2, None, "file:y")],
        "s002": [(0, 2, None), (2, 3, "file:n"), (4, 5, "file:n"), (5, None, None)],
        "s003": [(4, 5, None), (5, None, "file:n")],
    }
    # The column came into the files with the third night; before that, nothing was said of it.
    assert past.cells("meals") == {
        "s000": [(0, 2, None), (2, None, "file:f")],
        "s001": [(0, 2, None), (2, 5, "file:p"), (5, None, "file:f")],
        "s002": [(0, 2, None), (2, 3, "file:f"), (4, 5, "file:f"), (5, None, None)],
        "s003": [(4, 5, None), (5, None, "file:x")],
    }
    # September ended in the district with the third night; it is counted as it was then.
    counts = "select month, subgroup, value, student_count, total_students from history.month_count where level = 'district'"
    assert past.ask(f"{counts} and subgroup in ('all_students', 'meals') order by all") == [
        (date(2026, 9, 1), "all_students", "all", 3, 3),
        (date(2026, 9, 1), "meals", "free", 2, 3),
        (date(2026, 9, 1), "meals", "paid", 1, 3),
    ]
    kept = past.ask("from history.student_cell order by all")
    assert past.read() == ReadAgain()
    assert past.ask("from history.student_cell order by all") == kept


def test_what_the_archive_lost_keeps_what_it_has_and_the_rest_is_glued_to_it(past: Past) -> None:
    past.nights(*NIGHTS)
    past.read()
    before = {name: past.cells(name) for name in ("all_students", "english_learner", "meals")}
    with past.registry.begin() as session:
        session.execute(Build.__table__.update().values(reading_key="before"))  # type: ignore[attr-defined]
        lost = builds_of(session, "alpha")[1].subgroup_delivery_id
    assert lost
    for upload in past.delivery(lost).files:
        DistrictArchive(past.settings.paths, "alpha").place(upload.sha256).unlink()
    past.apply(small.settings("alpha", **{ELL: "el, values: {y: yes, n: no}}" + WITH_LUNCH.removeprefix(ELL)}))
    assert past.read().builds == 4
    assert past.keys() == [False, False, True, True, True, True]
    assert {name: past.cells(name) for name in ("all_students", "meals")} == {
        name: before[name] for name in ("all_students", "meals")
    }
    assert past.cells("el")["s001"] == [(2, None, "file:y")]
    assert past.cells("english_learner")["s001"] == [(0, 1, None), (1, 2, "file:n")]


def test_a_month_whose_last_build_was_taken_back_is_counted_from_the_one_before(past: Past) -> None:
    past.nights(*NIGHTS, reading="")
    with past.registry.begin() as session:
        rejected = builds_of(session, "alpha")[2].subgroup_delivery_id
    assert rejected
    past.set_state(rejected, "rejected")
    past.run(f"insert into history.student_cell values ('alpha', 's000', 'all_students', null, '{naive(0)}', null, 'r')")
    said = past.read()
    assert (said.builds, said.months, said.deliveries) == (0, 1, 2)
    counts = "select month, effective_at, subgroup, value, student_count from history.month_count where level = 'district'"
    assert past.ask(f"{counts} order by all") == [
        (date(2026, 9, 1), naive(1), "all_students", "all", 3),
        (date(2026, 9, 1), naive(1), "english_learner", "no", 1),
        (date(2026, 9, 1), naive(1), "english_learner", "not_reported", 1),
        (date(2026, 9, 1), naive(1), "english_learner", "yes", 1),
        (date(2026, 9, 1), naive(1), "meals", "not_reported", 3),
        (date(2026, 9, 1), naive(1), "students_with_disabilities", "no", 2),
        (date(2026, 9, 1), naive(1), "students_with_disabilities", "not_reported", 1),
    ]
    assert past.ask("select history_from from control.run_scope") == [(naive(1) + timedelta(microseconds=1),)]


def test_a_lost_history_is_read_again_and_people_are_told_what_is_gone(past: Past) -> None:
    past.nights(*NIGHTS)
    past.read()
    before = past.cells("english_learner")
    home = past.settings.paths
    (users,) = (file for file in past.delivery(_builds(past)[0].roster_delivery_id).files if file.name == "users.csv")
    DistrictArchive(home, "alpha").place(users.sha256).unlink()
    home.history_database.write_bytes(b"not what was written" * 1000)
    assert prove_warehouse(past.settings) == [HISTORY]
    begin_history_again(past.registry, past.settings)
    assert past.read().builds == 3
    assert [build.effective_at for build in _builds(past)] == [night(3), night(4), night(5)]
    told = damage_since(past.registry, datetime.now(UTC) - timedelta(hours=1))
    assert ["damaged or missing" in told[0], "alpha were up to 2026-09-30" in told[1], len(told)] == [True, True, 2]
    after = {student: [row for row in rows if row[1] is None or row[1] > 3] for student, rows in before.items()}
    expected = {student: [(max(row[0], 3), *row[1:]) for row in rows] for student, rows in after.items()}
    assert past.cells("english_learner") == expected


def _builds(past: Past) -> list[Build]:
    with past.registry.begin() as session:
        return builds_of(session, "alpha")
