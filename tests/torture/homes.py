"""Installations to torture: a home made once a scenario and copied for every case, and what its undisturbed twin came to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import live_deliveries
from tests.support.home import Home
from tests.support.installation import served
from tests.torture.cases import BUILT
from tests.torture.invariants import State, read_state
from tests.torture.kills import KillAt, Moment
from tests.torture.night import Order, Outcome, RunningNight, begin
from tests.torture.scenarios import SCENARIOS, Scenario, Upload


@dataclass
class TortureHome(Home):
    """An installation whose SFTP server runs in this process, and whose nights run in processes of their own."""

    plant: str = ""

    @cached_property
    def root(self) -> Path:
        """The home."""
        return self.settings.paths.root

    def order(self, kill: Moment | None = None, **changes: Any) -> Order:  # noqa: ANN401 - fields of an order
        """A night over this home; its report lies beside it."""
        environment = {
            "SUBGROUPS_HOME": str(self.root),
            "SUBGROUPS_SETTLE_SECONDS": "0",
            "SUBGROUPS_MEMORY_LIMIT": "1GB",
            "SUBGROUPS_SFTP_PORT": str(self.settings.sftp_port),
        }
        report = self.root.parent / f"{self.root.name}.report"
        values: dict[str, Any] = {"environment": environment, "report": report, "kill": kill, "plant": self.plant} | changes
        return Order(**values)

    def night(self, kill: Moment | None = None, **changes: Any) -> Outcome:  # noqa: ANN401
        """Run a night, to its end or its kill."""
        return begin(self.order(kill, **changes)).join()

    def begin(self, kill: Moment | None = None, **changes: Any) -> RunningNight:  # noqa: ANN401
        """Start a night."""
        return begin(self.order(kill, **changes))

    def upload(self, uploads: tuple[Upload, ...]) -> None:
        """Put uploads where the SFTP server puts them, each a second after the one before."""
        for number, (district, feed, files) in enumerate(uploads, 1):
            self.drop(district, feed, files, age=600 - number)

    def begin_day(self, scenario: Scenario) -> None:
        """Uploads come in, and a person decides about live rosters."""
        self.upload(scenario.day)
        with self.registry.begin() as session:
            for district, deed in scenario.deeds:
                roster = live_deliveries(session, "roster")[district]
                if deed == "reject":
                    decisions.reject(session, roster, by="a person", reason="wrong school year")
                else:
                    decisions.replay(session, roster, by="a person")

    def state(self) -> State:
        """Everything that is compared, without ids and times."""
        return read_state(self.settings)


@contextmanager
def home_at(root: Path, **settings: str) -> Iterator[TortureHome]:
    """Start the SFTP server over a home (made or copied before); free port."""
    with served(root, **{"memory_limit": "1GB", **settings}) as (_, loaded, registry):
        yield TortureHome(loaded, registry)


@dataclass
class Bench:
    """Homes by scenario, made on first use under one directory; every case runs at the same path, as caches hold paths."""

    directory: Path
    _ready: dict[str, tuple[Scenario, State, State]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def twin(self, name: str) -> tuple[Scenario, State, State]:
        """The scenario, and the state before its day and after an undisturbed night."""
        if name == BUILT and name not in self._ready:
            self._ready[name] = self._build()
        if name not in self._ready:
            self._ready[name] = self._make(name)
        return self._ready[name]

    @contextmanager
    def home(self, name: str) -> Iterator[TortureHome]:
        """A fresh copy of the scenario's home, its day in the inboxes."""
        scenario, _, _ = self.twin(name)
        with self._copy(name) as home:
            home.plant = scenario.plant
            if name != BUILT:
                home.begin_day(scenario)
            yield home

    @property
    def _home(self) -> Path:
        return self.directory / "home"

    def _template(self, name: str) -> Path:
        return self.directory / "templates" / name.replace(" ", "_")

    @contextmanager
    def _copy(self, name: str) -> Iterator[TortureHome]:
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(self._template(name), self._home, symlinks=True)
        with home_at(self._home) as home:
            yield home

    def _build(self) -> tuple[Scenario, State, State]:
        scenario, before, after = self.twin("changes")
        with self.home("changes") as home:
            outcome = home.night(KillAt(publish_snapshot))
            assert outcome.was_killed, outcome.errors
        shutil.copytree(self._home, self._template(BUILT), symlinks=True)
        return scenario, before, after

    def _make(self, name: str) -> tuple[Scenario, State, State]:
        scenario = SCENARIOS[name]()
        shutil.rmtree(self._home, ignore_errors=True)
        with home_at(self._home) as home:
            for district in scenario.districts:
                home.add(district)
            for uploads in filter(None, (scenario.base, scenario.later)):
                home.upload(uploads)
                outcome = home.night()
                assert outcome.is_good, outcome.errors
            before = home.state()
        shutil.copytree(self._home, self._template(name), symlinks=True)
        with self._copy(name) as home:
            home.plant = scenario.plant
            home.begin_day(scenario)
            outcome = home.night(step=scenario.step)
            assert outcome.is_good, outcome.errors
            self.seconds[name] = outcome.seconds
            after = home.state()
        assert before.shown != after.shown, "a day must change what readers see"
        return scenario, before, after
