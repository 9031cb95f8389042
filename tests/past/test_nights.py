"""Nights of several districts, each a case of its own, against what the rules of the history say in plain Python.

Deliveries are put into the ledger as they would be decided, so that a night costs a run of the models and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from subgroup_pipeline.build import history
from subgroup_pipeline.build.dbt import open_models
from subgroup_pipeline.build.history import keep_history
from subgroup_pipeline.build.scope import mark_built, set_scope
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.past.read_again import read_past_again
from subgroup_pipeline.registry.ledger import Feed, get_delivery
from subgroup_pipeline.registry.schema import Build
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import small_district as small
from tests.support.home import Home

pytestmark = pytest.mark.slow

FIRST = datetime(2026, 9, 27, 7, tzinfo=UTC)
ELL = "english_learner, values: {y: yes, n: no}}"
LUNCH = "\n    lunch: {subgroup: meals, values: {f: free, p: paid}}"
NO_FILE = "district: {0}\nname: Made-up {0}\ntimezone: America/Chicago\nas_of: 2026-10-01\nguards: {{first_delivery: accept}}\n"
NAMES = ("rejected_files", "rejected_roster", "without_file", "killed", "mapped", "quiet", "out_of_order", "upgraded")
Span = tuple[datetime, datetime | None, str]


class StoppedError(Exception):
    """A run that was killed."""


@dataclass
class Case:
    """A district as the rules have it: its deliveries, and the builds that hold, oldest first."""

    home: Home
    name: str
    received: dict[str, datetime] = field(default_factory=dict)
    says: dict[str, Mapping[str, str] | int] = field(default_factory=dict)
    live: dict[Feed, str] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    builds: list[tuple[datetime, str, str | None]] = field(default_factory=list)
    has_file: bool = True
    means: dict[str, str] = field(default_factory=lambda: {"y": "yes", "n": "no"})

    def send(self, feed: Feed, says: Mapping[str, str] | int, night: int, *, hours: int = 0, state: str = "published") -> str:
        """A roster of so many students, or a subgroup file of cells by student; live if it is published."""
        if isinstance(says, int):
            files = small.roster(says)
        else:
            lines = [f"{student},{cell},n,{'f' if cell == 'y' else 'p'}" for student, cell in says.items()]
            files = {"subgroups.csv": "\n".join(["student_id,ell,sped,lunch", *lines]) + "\n"}
        moment = FIRST + timedelta(days=night, hours=hours)
        sent = self.home.deliver(feed, files, self.name)
        with self.home.registry.begin() as session:
            delivery = get_delivery(session, sent)
            delivery.received_at, delivery.state = moment, state
        self.received[sent], self.says[sent] = moment, says
        if state == "published":
            self.make_live(feed, sent)
        return sent

    def make_live(self, feed: Feed, delivery_id: str) -> None:
        if feed in self.live and self.live[feed] not in self.rejected:
            self.home.set_state(self.live[feed], "superseded")
        self.home.set_state(delivery_id, "published")
        self.live[feed] = delivery_id

    def reject(self, feed: Feed, *, then: str) -> None:
        self.rejected.add(self.live[feed])
        self.home.set_state(self.live[feed], "rejected")
        self.make_live(feed, then)

    def built(self) -> None:
        """What the history holds after a night, if the night builds the district."""
        file = self.live.get("subgroups") if self.has_file else None
        effective = max(self.received[sent] for sent in (self.live["roster"], file) if sent)
        kept = []
        for build in self.builds:
            if build[0] >= effective or self.rejected & set(build[1:]):
                break
            kept.append(build)
        self.builds = [*kept, (effective, self.live["roster"], file)]

    def spans(self, subgroup: str) -> dict[str, list[Span]]:
        """Rows of fct_student_subgroup_history by student: from, to, value."""
        found: dict[str, list[Span]] = {}
        before: dict[str, str] = {}
        for effective, roster, file in self.builds:
            now = self._values(subgroup, roster, file)
            for student in before.keys() | now.keys():
                if before.get(student) == now.get(student):
                    continue
                rows = found.setdefault(student, [])
                if student in before:
                    rows[-1] = (rows[-1][0], effective, rows[-1][2])
                if student in now:
                    rows.append((effective, None, now[student]))
            before = now
        return found

    def _values(self, subgroup: str, roster: str, file: str | None) -> dict[str, str]:
        count, cells = self.says[roster], self.says[file] if file else {}
        assert isinstance(count, int)
        assert isinstance(cells, Mapping)
        students = [f"s{n:03}" for n in range(count)]
        if subgroup == "all_students":
            return dict.fromkeys(students, "all")
        if subgroup == "meals":
            return {s: {"y": "free", None: "not_reported"}.get(cells.get(s), "paid") for s in students}
        return {s: self.means.get(cells.get(s, ""), "not_reported") for s in students}


class Nights(Home):
    """A home whose nights are a scope, the past, the models and the history."""

    def night(self, stopped: Callable[[], object] | None = None) -> None:
        """A night; `stopped` stands in for the registry's part of the history, as a kill before it leaves it."""
        self.land()
        districts = registered_districts(self.registry)
        with open_warehouse(self.settings) as connection:
            built = dict(connection.execute("select district_id, build_key from control.build").fetchall())
            set_scope(connection, self.registry, districts, built)
        read_past_again(self.registry, self.settings, districts)
        with open_models(self.settings) as models, suppress(StoppedError):
            for _ in models.build():
                pass
            with models.connection() as connection:
                with pytest.MonkeyPatch.context() as patch:
                    if stopped is not None:
                        patch.setattr(history, "note_build", lambda *_: stopped())
                    keep_history(connection, self.registry)
                mark_built(connection)

    def rows(self, subgroup: str, name: str) -> dict[str, list[Span]]:
        with open_warehouse(self.settings) as connection:
            rows = connection.execute(
                "select student_id, valid_from, valid_to, value from analytics.marts.fct_student_subgroup_history "
                "where district_id = ? and subgroup = ? order by all",
                [name, subgroup],
            ).fetchall()
        found: dict[str, list[Span]] = {}
        for student, began, ended, value in rows:
            found.setdefault(student, []).append((began.replace(tzinfo=UTC), ended and ended.replace(tzinfo=UTC), value))
        return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Nights, dict[str, Case], dict[str, Any]]]:
    """Six nights of all cases."""
    home = Nights.at(tmp_path_factory.mktemp("nights") / "home", memory_limit="1GB")
    cases = {name: Case(home, name) for name in NAMES}
    seen: dict[str, Any] = {}
    _first_nights(home, cases)
    _later_nights(home, cases, seen)
    _upgrade(home, cases["upgraded"])
    yield home, cases, seen
    home.close()


def _built(cases: Mapping[str, Case], *but: str) -> None:
    for name, case in cases.items():
        if name not in but:
            case.built()


FILE = {"s000": "y", "s001": "n", "s002": "x"}


def _first_nights(home: Nights, cases: Mapping[str, Case]) -> None:
    for name, case in cases.items():
        home.apply(small.settings(name))
        case.send("roster", 3, 0)
        case.send("subgroups", FILE, 0, hours=1)
    home.night()
    _built(cases)
    for name in ("rejected_files", "without_file", "mapped", "upgraded"):
        cases[name].send("subgroups", {"s000": "n", "s001": "n", "s002": "x"}, 1)
    cases["rejected_roster"].send("roster", 2, 1)
    cases["killed"].send("subgroups", {"s000": "x", "s001": "y"}, 1)
    cases["quiet"].send("subgroups", FILE, 1)
    order = cases["out_of_order"]
    order.send("subgroups", {"s000": "n", "s001": "y"}, 1, state="held")
    order.send("roster", 4, 1, hours=2)

    def stop() -> None:
        raise StoppedError

    home.night(stop)
    for name in ("killed", "quiet"):
        cases[name].send("subgroups", {"s000": "n", "s001": "n"} if name == "killed" else FILE, 2)
    home.night()
    _built(cases)


def _later_nights(home: Nights, cases: Mapping[str, Case], seen: dict[str, Any]) -> None:
    cases["rejected_files"].send("subgroups", {"s000": "y", "s001": "y"}, 3)
    cases["quiet"].send("subgroups", FILE, 3)
    order, without, mapped = cases["out_of_order"], cases["without_file"], cases["mapped"]
    order.make_live("subgroups", next(sent for sent, at in order.received.items() if at == FIRST + timedelta(days=1)))
    home.apply(NO_FILE.format("without_file"))
    without.has_file = False
    home.apply(small.settings("mapped", **{ELL: ELL.replace("n: no", "n: no, x: former")}))
    mapped.means["x"] = "former"
    home.night()
    _built(cases)
    seen["without a file"] = (home.rows("all_students", "without_file"), without.spans("all_students"))

    files = [sent for sent, says in cases["rejected_files"].says.items() if isinstance(says, Mapping)]
    rosters = [sent for sent, says in cases["rejected_roster"].says.items() if isinstance(says, int)]
    cases["rejected_files"].reject("subgroups", then=files[1])
    cases["rejected_roster"].reject("roster", then=rosters[0])
    home.apply(small.settings("without_file"))
    without.has_file = True
    home.apply(small.settings("mapped", **{ELL: ELL.replace("n: no", "n: no, x: former") + LUNCH}))
    home.night()
    _built(cases)
    seen["rejected once"] = (home.rows("english_learner", "rejected_files"), cases["rejected_files"].spans("english_learner"))
    cases["rejected_files"].reject("subgroups", then=files[0])
    home.night()
    _built(cases, *(name for name in cases if name != "rejected_files"))


def _upgrade(home: Nights, case: Case) -> None:
    """A district that was built by a release without a history: that begins with the first build of this one."""
    with open_warehouse(home.settings) as connection, home.registry.begin() as session:
        for table in ("history.student_cell", "history.month_count", "control.build"):
            connection.execute(f"delete from {table} where district_id = ?", [case.name])
        session.execute(sa.delete(Build).where(Build.district_id == case.name))
    home.night()
    case.builds = []
    case.built()


@pytest.mark.parametrize("name", NAMES)
def test_the_history_is_what_the_builds_that_hold_said(lived: tuple[Nights, dict[str, Case], dict[str, Any]], name: str) -> None:
    home, cases, _ = lived
    for subgroup in ("all_students", "english_learner", *(["meals"] if name == "mapped" else [])):
        assert home.rows(subgroup, name) == cases[name].spans(subgroup), subgroup


def test_it_was_so_on_the_way_too(lived: tuple[Nights, dict[str, Case], dict[str, Any]]) -> None:
    for what, (found, expected) in lived[2].items():
        assert found == expected, what


def test_the_cases_are_what_they_are_called(lived: tuple[Nights, dict[str, Case], dict[str, Any]]) -> None:
    _, cases, _ = lived
    assert {name: len(case.builds) for name, case in cases.items()} == {
        "rejected_files": 1, "rejected_roster": 1, "without_file": 2, "killed": 2, "mapped": 2, "quiet": 3, "out_of_order": 2,
        "upgraded": 1,
    }  # fmt: skip
    assert cases["mapped"].spans("english_learner")["s002"][0][2] == "former"
