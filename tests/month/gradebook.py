"""The gradebook of a made-up district: line items and results that grow day by day, written with a fault now and then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tests.support.small_district import SmallRoster

FAULTS = (
    "class that nobody knows", "line item twice", "no span of points", "deleted line item", "line item that nobody knows",
    "teacher's result", "letter for a score", "contradicting results", "equal results", "deleted results",
    "results of those who left",
)  # fmt: skip
STATUSES = ("exempt", "submitted", "not submitted", "partially graded")


@dataclass
class LineItem:
    """A line item of a class, with the results of students by number."""

    number: int
    at: int
    lowest: int
    highest: int
    scores: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Student to status and score, as written."""

    @property
    def cells(self) -> dict[str, str]:
        """The row in lineItems.csv."""
        return {
            "sourcedId": f"li{self.number}", "title": f"Quiz {self.number}", "assignDate": "2026-10-01", "dueDate": "2026-10-08",
            "classSourcedId": f"class{self.at}", "categorySourcedId": "cat0", "gradingPeriodSourcedId": "fall",
            "resultValueMin": str(self.lowest), "resultValueMax": str(self.highest),
        }  # fmt: skip


class Gradebook:
    """What teachers wrote until today."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._items: list[LineItem] = []

    def pass_day(self, classes: Mapping[int, set[int]]) -> None:
        """Give a quiz in a class, and correct a score; `classes` says where each student sits, by number."""
        rng = self._rng
        if rng.random() < 0.5:
            lowest = rng.choice((0, 0, 0, 10))
            item = LineItem(len(self._items), rng.randrange(3), lowest, lowest + rng.choice((5, 20, 100)))
            item.scores = {
                number: self._graded(item) for number, seats in classes.items() if item.at in seats and rng.random() < 0.9
            }
            self._items.append(item)
        if self._items:
            item = rng.choice(self._items)
            for number in rng.sample(sorted(item.scores), min(2, len(item.scores))):
                item.scores[number] = self._graded(item)

    def _graded(self, item: LineItem) -> tuple[str, str]:
        rng = self._rng
        if rng.random() < 0.1:
            return rng.choice(STATUSES), rng.choice(("", "0"))
        beyond = 3 if rng.random() < 0.05 else 0  # extra points
        score = rng.randint(item.lowest, item.highest) + beyond
        return "fully graded", rng.choice((f"{score}", f"{score}.5", f" {score}"))

    def write(self, made: SmallRoster, present: set[int]) -> None:
        """Write both files into an export in which these students stand; some days one of the faults is in it."""
        fault = self._rng.choice((*FAULTS, *[""] * len(FAULTS)))
        for item in self._items:
            made.add("lineItems", **item.cells)
            for number, (status, score) in item.scores.items():
                if number in present or fault == "results of those who left":
                    self._result(made, item.cells["sourcedId"], f"s{number:03}", status, score)
        if self._items:
            self._spoil(made, fault, self._rng.choice(self._items))

    def _spoil(self, made: SmallRoster, fault: str, item: LineItem) -> None:
        line_item, row = item.cells["sourcedId"], made.rows["lineItems"][item.number]
        spoiled = {
            "class that nobody knows": {"classSourcedId": "class99"},
            "no span of points": {"resultValueMax": row["resultValueMin"]},
            "deleted line item": {"status": "tobedeleted"},
        }
        row |= spoiled.get(fault, {})
        some = made.rows["results"][:3]
        told = {"letter for a score": {"score": "B+"}, "deleted results": {"status": "tobedeleted"}}.get(fault, {})
        for result in some:
            result.update(told)
        match fault:
            case "line item twice":
                made.add("lineItems", **(item.cells | {"title": "Another"}))
            case "line item that nobody knows":
                self._result(made, "li999", "s000", "fully graded", "5")
            case "teacher's result":
                self._result(made, line_item, "t001", "fully graded", "5")
            case "contradicting results" | "equal results":
                for said in some:
                    score = said["score"] if fault == "equal results" else "1.25"
                    self._result(made, said["lineItemSourcedId"], said["studentSourcedId"], said["scoreStatus"], score)

    def _result(self, made: SmallRoster, item: str, student: str, status: str, score: str) -> None:
        made.add(
            "results", sourcedId=f"r{len(made.rows['results'])}", lineItemSourcedId=item, studentSourcedId=student,
            scoreStatus=status, score=score, scoreDate="2026-10-09",
        )  # fmt: skip
