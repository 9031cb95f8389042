"""Line items and results for a random district, in every form that decides whether a score counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from subgroup_pipeline.demo.made_up_roster import MadeUpRoster

BANDS = {"below": "0", "near": "60", "met": "75"}
SPANS = (("0", "20"), ("0", "100"), (" 10 ", "20"), ("-5", "5"), ("0", "7.5"), ("5", "5"), ("20", "0"), ("", "10"), ("0", "A"))
GRADED = "fully graded"
STATUSES = (*[GRADED] * 6, "Fully Graded", "exempt", "submitted", "not submitted", "partially graded")
STATES = (*[""] * 12, "active", "tobedeleted")


def add_gradebook(rng: Random, made: MadeUpRoster, prefix: str, people: Sequence[str]) -> None:
    """Add line items of any class and results of any of these people, by their ids."""
    classes = [row["sourcedId"] for row in made.rows["classes"]]
    items = []
    for number in range(rng.randint(1, 8)):
        item = f"{prefix}-li{number}"
        lowest, highest = rng.choice(SPANS[:5] if rng.random() < 0.8 else SPANS)
        owner = rng.choice(classes) if rng.random() < 0.95 else "nowhere"
        _add_line_item(rng, made, item, owner, lowest, highest)
        if rng.random() < 0.05:
            _add_line_item(rng, made, item, owner, lowest, highest)
        items.append((item, lowest, highest))
    for item, lowest, highest in items:
        for person in rng.sample(list(people), rng.randint(0, len(people))):
            for _ in range(rng.choice((1, 1, 1, 1, 2))):
                _add_result(rng, made, item if rng.random() < 0.97 else "none", person, (lowest, highest))
        if rng.random() < 0.2:
            _add_result(rng, made, item, "nobody", (lowest, highest))


def _add_line_item(rng: Random, made: MadeUpRoster, item: str, owner: str, lowest: str, highest: str) -> None:
    term = made.rows["academicSessions"][0]["sourcedId"]
    made.add(
        "lineItems", sourcedId=item, status=rng.choice(STATES), title=f"Quiz {item}", assignDate="2026-09-01",
        dueDate=rng.choice(("2026-10-01", "2026-10-31")), classSourcedId=owner, categorySourcedId="c",
        gradingPeriodSourcedId=term, resultValueMin=lowest, resultValueMax=highest,
    )  # fmt: skip


def _add_result(rng: Random, made: MadeUpRoster, item: str, person: str, span: tuple[str, str]) -> None:
    points = ("0", "3", "3", "3.0", " 7.25", "15", "21", "-1", *span, *(("", "B+", "1,5") if rng.random() < 0.2 else ()))
    made.add(
        "results", sourcedId=f"{item}-{len(made.rows['results'])}", status=rng.choice(STATES), lineItemSourcedId=item,
        studentSourcedId=person, scoreStatus=rng.choice(STATUSES), score=rng.choice(points), scoreDate="2026-10-02",
    )  # fmt: skip
