"""What was built of a district, in order: what must be published now, the history, and the counts of each month.

The rules are those of docs/architecture.md; what a build comes to is the oracle's answer, by the newest settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.oracle.past import State
from tests.oracle.recompute import Expected, recompute, term_on
from tests.oracle.scores import Result, results_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime


@dataclass(frozen=True)
class Delivery:
    """A delivery that was accepted: its texts by file name."""

    delivery_id: str
    received_at: datetime
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Build:
    """What a district was built from: two deliveries, and the settings of that night as JSON."""

    roster: Delivery
    subgroups: Delivery | None
    settings: str

    @property
    def made_of(self) -> set[str]:
        """The ids of its deliveries."""
        return {delivery.delivery_id for delivery in (self.roster, self.subgroups) if delivery}

    @property
    def effective_at(self) -> datetime:
        """The newest receipt of its deliveries: from then on it holds."""
        return max(delivery.received_at for delivery in (self.roster, self.subgroups) if delivery)

    @property
    def day(self) -> date:
        """The day of that moment where the district is."""
        return self.effective_at.astimezone(ZoneInfo(json.loads(self.settings)["timezone"])).date()

    @property
    def month(self) -> date:
        """The month of that day."""
        return self.day.replace(day=1)

    @property
    def term(self) -> str | None:
        """The term that the day is in."""
        return term_on(self.roster.texts["academicSessions.csv"], self.day)

    @property
    def meaning(self) -> object:
        """What the settings of that night say of subgroups."""
        return json.loads(self.settings).get("subgroups")

    def is_from_same_as(self, other: Build) -> bool:
        """Whether both were made from the same deliveries."""
        return (self.roster, self.subgroups) == (other.roster, other.subgroups)

    @cached_property
    def expected(self) -> Expected:
        """What its reports say."""
        text = self.subgroups.texts["subgroups.csv"] if self.subgroups else None
        return recompute(json.loads(self.settings), self.roster.texts, text, self.roster.received_at)

    @cached_property
    def results(self) -> dict[tuple[str, str], Result]:
        """The results that count."""
        return results_of(self.roster.texts, self.expected)

    @cached_property
    def state(self) -> State:
        """What it says of each student, and which delivery said so."""
        expected, file = self.expected, self.subgroups.delivery_id if self.subgroups else None
        said_by = {
            (student, subgroup): self.roster.delivery_id
            if subgroup == "all_students"
            else file
            if student in expected.reported
            else None
            for student, subgroup in expected.fct_student_subgroup
        }
        return State(self.effective_at, expected.fct_student_subgroup, said_by)


@dataclass
class Past:
    """The builds that hold, oldest first, and the last of each month as it was counted."""

    settings: dict[str, Any]
    builds: list[Build] = field(default_factory=list)
    months: dict[date, Build] = field(default_factory=dict)

    def build(self, roster: Delivery, subgroups: Delivery | None, rejected: set[str]) -> None:
        """Build from what is live by today's settings: it stands in place of all from its own time on, and of what is rejected.

        What was built after a rejected delivery came in was built on sand, and goes with it.
        """
        new = Build(roster, subgroups, json.dumps(self.settings, sort_keys=True))
        if self.builds and new == self.builds[-1]:
            return
        begin = min([new.effective_at, *(build.effective_at for build in self.builds if build.made_of & rejected)])
        self.builds = [build for build in self.builds if build.effective_at < begin] + [new]
        last = {build.month: build for build in self.builds}
        self.months = {month: self._counted(month, build, new) for month, build in last.items()} | {new.month: new}

    def _counted(self, month: date, build: Build, new: Build) -> Build:
        """The last build of a month as it was counted; if it is another now, or its cells mean something else, counted again."""
        before = self.months.get(month)
        if before and before.is_from_same_as(build) and before.meaning == new.meaning:
            return before
        return Build(build.roster, build.subgroups, new.settings)

    @property
    def newest(self) -> Build:
        """What must be published."""
        return self.builds[-1]

    def states(self) -> list[State]:
        """What each build says by the newest settings."""
        settings = self.newest.settings
        return [Build(build.roster, build.subgroups, settings).state for build in self.builds]
